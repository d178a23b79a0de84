// Segments, order, lists, plural forms, relative times, names.
(native, shared) => {
  const {
    canonicalLocales, option, flag, optionsObject, coerced, readMatcher, typeOption, quoted, has, resolve, publish, copy, partsOf,
    textOf, nameless, matches, bind, list, add,
  } = shared;

  // ── Segmenter ──

  const { 0: usual, 1: longest } = native.segmentSizes();
  const { abs, min, trunc } = Math;
  const charCodeAt = bind(String.prototype.charCodeAt);
  const substring = bind(String.prototype.substring);
  const isHalf = (text, at) => at < text.length && (charCodeAt(text, at - 1) & 0xfc00) === 0xd800;

  class Segments {
    #text;
    #granularity;
    /** The pieces that have been cut so far: where each starts, and what the native part has made of it. */
    #pieces = list();
    #done = 0;
    /** How far before that the next piece must begin. */
    #back = 0;

    constructor(text, granularity) {
      this.#text = text;
      this.#granularity = granularity;
    }
    /** Cuts one more piece, unless there is none. */
    static cut(segments) {
      const text = segments.#text;
      const done = segments.#done;
      const start = done - segments.#back;
      if (done >= text.length) return false;
      for (let size = usual; ; size = min(size * 2, longest)) {
        let end = min(start + size, text.length);
        if (isHalf(text, end)) end++;
        const isLast = end === text.length;
        const ends = native.segments(substring(text, start, end), segments.#granularity, start, done - start, isLast);
        if (ends.length === 1) continue;
        add(segments.#pieces, { __proto__: null, start: done, ends });
        segments.#back = ends[0];
        segments.#done = abs(ends[ends.length - 1]);
        return true;
      }
    }
    /** A piece; `undefined` if there are fewer. */
    static piece(segments, number) {
      while (number >= segments.#pieces.length) if (!cut(segments)) return undefined;
      return segments.#pieces[number];
    }
    /** A segment of a piece; the first one is 1. */
    static segment(segments, { start, ends }, number) {
      const index = number === 1 ? start : abs(ends[number - 1]);
      const found = { segment: substring(segments.#text, index, abs(ends[number])), index, input: segments.#text };
      return segments.#granularity === "word" ? { ...found, isWordLike: ends[number] > 0 } : found;
    }
    containing(index) {
      const at = trunc(+index) || 0;
      if (at < 0 || at >= this.#text.length) return undefined;
      while (at >= this.#done) cut(this);
      const pieces = this.#pieces;
      let low = 0;
      let high = pieces.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (pieces[middle].start <= at) low = middle;
        else high = middle - 1;
      }
      const piece = pieces[low];
      low = 1;
      high = piece.ends.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (abs(piece.ends[middle]) > at) high = middle;
        else low = middle + 1;
      }
      return segmentAt(this, piece, low);
    }
    [Symbol.iterator]() {
      return new SegmentIterator(this);
    }
  }
  const { cut, piece: pieceAt, segment: segmentAt } = Segments;
  delete Segments.cut;
  delete Segments.piece;
  delete Segments.segment;

  class SegmentIterator {
    #segments;
    #piece = 0;
    #next = 1;

    constructor(segments) {
      this.#segments = segments;
    }
    next() {
      let piece = pieceAt(this.#segments, this.#piece);
      if (piece !== undefined && this.#next >= piece.ends.length) {
        this.#next = 1;
        piece = pieceAt(this.#segments, ++this.#piece);
      }
      const done = piece === undefined;
      return { value: done ? undefined : segmentAt(this.#segments, piece, this.#next++), done };
    }
  }
  Object.setPrototypeOf(SegmentIterator.prototype, Iterator.prototype);
  Object.defineProperty(SegmentIterator.prototype, Symbol.toStringTag, {
    value: "Segmenter String Iterator",
    configurable: true,
  });
  for (const Class of [Segments, SegmentIterator]) {
    native.refuseClones(Class);
    delete Class.prototype.constructor;
  }

  class Segmenter {
    #resolved;

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      const given = optionsObject(options);
      readMatcher(given);
      const { locale } = resolve(requested, []);
      this.#resolved = { locale, granularity: option(given, "granularity", ["grapheme", "word", "sentence"], "grapheme") };
    }
    segment(text) {
      return new Segments(`${text}`, this.#resolved.granularity);
    }
    resolvedOptions() {
      return { ...this.#resolved };
    }
  }

  // ── Collator ──

  const numbers = /[0-9]+/g;
  // Runs of digits in an order of their own: first how long they are, then what they are.
  const padded = (text) =>
    text.replace(numbers, (run) => {
      const digits = run.replace(/^0+(?=.)/, "");
      return `${String(digits.length).padStart(5, "0")}${digits}`;
    });

  class Collator {
    #resolved;
    #handle;
    #compare;

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      const given = coerced(options);
      const usage = option(given, "usage", ["sort", "search"], "sort");
      readMatcher(given);
      const collation = typeOption(given, "collation");
      const numeric = flag(given, "numeric");
      const caseFirst = option(given, "caseFirst", ["upper", "lower", "false"]);
      const { locale, full, base, keywords } = resolve(requested, ["co", "kf", "kn"], {
        co: collation,
        kf: caseFirst,
        kn: numeric === undefined ? undefined : numeric ? "" : "false",
      });
      const sensitivity = option(given, "sensitivity", ["base", "accent", "case", "variant"], "variant");
      const ignorePunctuation = flag(given, "ignorePunctuation");
      this.#resolved = {
        locale,
        usage,
        sensitivity,
        ignorePunctuation: ignorePunctuation ?? locale.startsWith("th"),
        collation: keywords.co ?? "default",
        numeric: keywords.kn === "" || keywords.kn === "true",
        caseFirst: keywords.kf ?? "false",
      };
      const isSearch = usage === "search" && keywords.co === undefined;
      this.#handle = native.collator(isSearch ? native.withExtension(base, "co-search") : full, sensitivity, ignorePunctuation);
    }
    get compare() {
      const compare = (first, second) => {
        let [one, other] = [`${first}`, `${second}`];
        if (this.#resolved.numeric) [one, other] = [padded(one), padded(other)];
        return native.compare(this.#handle, one, other);
      };
      return (this.#compare ??= nameless((first, second) => compare(first, second)));
    }
    resolvedOptions() {
      return { ...this.#resolved };
    }
  }

  // ── ListFormat ──

  class ListFormat {
    #resolved;
    #handle;

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      const given = optionsObject(options);
      readMatcher(given);
      const { locale, full } = resolve(requested, []);
      const type = option(given, "type", ["conjunction", "disjunction", "unit"], "conjunction");
      const style = option(given, "style", ["long", "short", "narrow"], "long");
      this.#resolved = { locale, type, style };
      this.#handle = native.listFormat(full, type, style);
    }
    #pieces(list) {
      const strings = [];
      for (const item of list === undefined ? [] : list) {
        if (typeof item !== "string") throw new TypeError("an item of the list is not a string");
        strings.push(item);
      }
      return native.formatList(this.#handle, strings);
    }
    format(list) {
      return textOf(this.#pieces(list));
    }
    formatToParts(list) {
      return partsOf(this.#pieces(list));
    }
    resolvedOptions() {
      return { ...this.#resolved };
    }
  }

  // ── RelativeTimeFormat ──

  const UNITS = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];

  class RelativeTimeFormat {
    #resolved;
    #full;
    #handles = { __proto__: null };

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      const given = coerced(options);
      readMatcher(given);
      const numberingSystem = typeOption(given, "numberingSystem");
      const { locale, full, keywords } = resolve(requested, ["nu"], { nu: numberingSystem });
      const style = option(given, "style", ["long", "short", "narrow"], "long");
      const numeric = option(given, "numeric", ["always", "auto"], "always");
      this.#full = full;
      this.#resolved = { locale, style, numeric, numberingSystem: keywords.nu ?? native.numberingSystemOf(full) };
    }
    #pieces(value, unit) {
      this.#full;
      const number = +value;
      const singular = `${unit}`.replace(/s$/, "");
      if (!UNITS.includes(singular)) throw new RangeError(`${JSON.stringify(`${unit}`)} is not a unit of time`);
      if (!Number.isFinite(number)) throw new RangeError("the value is not a finite number");
      const { style, numeric } = this.#resolved;
      const handle = (this.#handles[singular] ??= native.relativeTime(this.#full, singular, style, numeric));
      // The word for now has no sign.
      const digits = native.digits(number === 0 && numeric === "auto" ? 0 : number);
      return [native.formatRelativeTime(handle, digits), singular];
    }
    format(value, unit) {
      return textOf(this.#pieces(value, unit)[0]);
    }
    formatToParts(value, unit) {
      const [pieces, singular] = this.#pieces(value, unit);
      return partsOf(pieces).map((part) => (part.type === "literal" ? part : { ...part, unit: singular }));
    }
    resolvedOptions() {
      return { ...this.#resolved };
    }
  }

  // ── DisplayNames ──

  const upperCase = bind(String.prototype.toUpperCase);
  const lowerCase = bind(String.prototype.toLowerCase);
  const slice = bind(String.prototype.slice);

  /** What codes of each type look like; those of languages are judged by the canonical form. */
  const CODES = {
    __proto__: null,
    region: /^(?:[a-z]{2}|[0-9]{3})$/i,
    script: /^[a-z]{4}$/i,
    currency: /^[a-z]{3}$/i,
    calendar: /^[a-z0-9]{3,8}(?:-[a-z0-9]{3,8})*$/i,
    dateTimeField:
      /^(?:era|year|quarter|month|weekOfYear|weekday|day|dayPeriod|hour|minute|second|timeZoneName)$/,
    language: /^(?!root$)[a-z]{2,8}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*$/i,
  };
  const TYPES = ["language", "region", "script", "currency", "calendar", "dateTimeField"];

  class DisplayNames {
    #resolved;
    #full;

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      if (options === undefined) throw new TypeError("Intl.DisplayNames needs the option type");
      const given = optionsObject(options);
      readMatcher(given);
      const { locale, full } = resolve(requested, []);
      const style = option(given, "style", ["narrow", "short", "long"], "long");
      const type = option(given, "type", TYPES);
      if (type === undefined) throw new TypeError("Intl.DisplayNames needs the option type");
      const fallback = option(given, "fallback", ["code", "none"], "code");
      const languageDisplay = option(given, "languageDisplay", ["dialect", "standard"], "dialect");
      this.#full = full;
      this.#resolved = { locale, style, type, fallback };
      if (type === "language") this.#resolved.languageDisplay = languageDisplay;
    }
    of(code) {
      const { type, style, fallback, languageDisplay = "" } = this.#resolved;
      let text = `${code}`;
      if (matches(CODES[type], text) === null) throw new RangeError(`${quoted(text)} is not a code of the type ${type}`);
      if (type === "language") text = native.canonical(text);
      if (type === "region" || type === "currency") text = upperCase(text);
      if (type === "script") text = upperCase(slice(text, 0, 1)) + lowerCase(slice(text, 1));
      if (type === "calendar") text = native.calendar(lowerCase(text)) ?? lowerCase(text);
      return native.displayName(this.#full, type, style, text, languageDisplay) ?? (fallback === "code" ? text : undefined);
    }
    resolvedOptions() {
      return copy(this.#resolved);
    }
  }

  return {
    Segmenter: publish(Segmenter),
    Collator: publish(Collator, { callable: true }),
    ListFormat: publish(ListFormat),
    RelativeTimeFormat: publish(RelativeTimeFormat),
    DisplayNames: publish(DisplayNames, { length: 2 }),
  };
};
