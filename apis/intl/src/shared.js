// What all of Intl shares: lists of locales, options, and the resolution of a locale.
(native) => {
  const { call } = Function.prototype;
  const { defineProperty, assign } = Object;
  const { construct } = Reflect;
  const { from } = Array;
  const bind = (method) => call.bind(method);
  const isPrototypeOf = bind(Object.prototype.isPrototypeOf);
  const lowerCase = bind(String.prototype.toLowerCase);

  /** A list that no script's setters and methods can touch; `from` makes it an array. */
  const list = () => ({ __proto__: null, length: 0 });
  const add = (items, item) => {
    items[items.length++] = item;
  };
  const has = (items, wanted) => {
    for (let index = 0; index < items.length; index++) if (items[index] === wanted) return true;
    return false;
  };

  let isLocale = () => false;
  let tagOf;
  /** Tells the rest how to know an `Intl.Locale`. */
  const useLocale = (functions) => {
    ({ isLocale, tagOf } = functions);
  };

  /** CanonicalizeLocaleList. */
  const canonicalLocales = (locales) => {
    const seen = list();
    if (locales === undefined) return seen;
    if (locales === null) throw new TypeError("null is not a list of locales");
    const source = typeof locales === "string" || isLocale(locales) ? { __proto__: null, 0: locales, length: 1 } : Object(locales);
    const count = Math.min(Math.max(Math.trunc(+source.length) || 0, 0), Number.MAX_SAFE_INTEGER);
    for (let index = 0; index < count; index++) {
      if (!(index in source)) continue;
      const value = source[index];
      if (typeof value !== "string" && (typeof value !== "object" || value === null)) {
        throw new TypeError("a locale is a string or an Intl.Locale");
      }
      const tag = isLocale(value) ? tagOf(value) : native.canonical(`${value}`);
      if (!has(seen, tag)) add(seen, tag);
    }
    return seen;
  };

  const option = (options, name, values, fallback) => {
    const value = options[name];
    if (value === undefined) return fallback;
    const text = `${value}`;
    if (values !== undefined && !has(values, text)) throw new RangeError(`${name} cannot be ${quoted(text)}`);
    return text;
  };

  const { stringify } = JSON;
  const quoted = (text) => stringify(text);

  const flag = (options, name, fallback) => {
    const value = options[name];
    return value === undefined ? fallback : Boolean(value);
  };

  /** DefaultNumberOption. */
  const integerOf = (value, name, least, most, fallback) => {
    if (value === undefined) return fallback;
    const number = +value;
    if (!(number >= least && number <= most)) throw new RangeError(`${name} is outside the range from ${least} to ${most}`);
    return Math.floor(number);
  };
  const integer = (options, name, least, most, fallback) => integerOf(options[name], name, least, most, fallback);

  /** GetOptionsObject. */
  const optionsObject = (options) => {
    if (options === undefined) return { __proto__: null };
    if ((typeof options === "object" && options !== null) || typeof options === "function") return options;
    throw new TypeError("the options are not an object");
  };

  /** CoerceOptionsToObject. */
  const coerced = (options) => {
    if (options === undefined) return { __proto__: null };
    if (options === null) throw new TypeError("the options are not an object");
    return Object(options);
  };

  const readMatcher = (options) => void option(options, "localeMatcher", ["lookup", "best fit"]);

  const TYPE = /^[a-z0-9]{3,8}(-[a-z0-9]{3,8})*$/;
  const matches = bind(RegExp.prototype.exec);

  const typeOption = (options, name) => {
    const value = option(options, name);
    if (value === undefined) return undefined;
    const lower = lowerCase(value);
    if (matches(TYPE, lower) === null) throw new RangeError(`${name} cannot be ${quoted(value)}`);
    return lower;
  };

  /** The keywords of a tag's Unicode extension: `[tag without it, its attributes, { key: value }]`. */
  const keywordsOf = (tag) => {
    const parts = native.keywords(tag);
    const keywords = { __proto__: null };
    for (let index = 2; index < parts.length; index += 2) keywords[parts[index]] = parts[index + 1];
    return [parts[0], parts[1], keywords];
  };

  /** A tag with attributes and keywords, those of an empty value without one. */
  const withKeywords = (tag, attributes, keywords) => {
    let extension = attributes;
    for (const key in keywords) {
      const value = keywords[key];
      if (value === undefined) continue;
      extension += (extension === "" ? "" : "-") + (value === "" ? key : `${key}-${value}`);
    }
    return native.withExtension(tag, extension);
  };

  const DEFAULT = "en-US";

  const supported = (tags) => {
    const found = list();
    for (let index = 0; index < tags.length; index++) if (native.isSupported(tags[index])) add(found, tags[index]);
    return found;
  };

  /** Values that a formatter may have for a key of the Unicode extension. */
  const CHOICES = {
    __proto__: null,
    ca: (value) => has(native.calendars, value),
    co: (value, language) => native.hasCollation(language, value),
    hc: (value) => has(["h11", "h12", "h23", "h24"], value),
    kf: (value) => has(["upper", "lower", "false"], value),
    kn: (value) => has(["", "true", "false"], value),
    nu: (value) => native.isNumberingSystem(value),
  };

  /**
   * The first of the locales that there is data for, and of its keywords those that the formatter knows, over which options
   * win: `{ locale, full, keywords }`, of which `locale` shows those keywords that decided.
   */
  const resolve = (tags, known, chosen = {}) => {
    const [tag = DEFAULT] = [supported(tags)[0]];
    const [base, , keywords] = keywordsOf(tag);
    const shown = { __proto__: null };
    const used = { __proto__: null };
    const { 0: language } = native.subtags(base);
    for (let index = 0; index < known.length; index++) {
      const key = known[index];
      const isChoice = (value) => value !== undefined && CHOICES[key](value, language);
      if (isChoice(keywords[key])) shown[key] = used[key] = keywords[key];
      if (isChoice(chosen[key]) && chosen[key] !== used[key]) {
        used[key] = chosen[key];
        delete shown[key];
      }
    }
    return { locale: withKeywords(base, "", shown), full: withKeywords(base, "", used), base, keywords: used, shown };
  };

  const supportedLocalesOf = (locales, options) => {
    const requested = canonicalLocales(locales);
    readMatcher(coerced(options));
    return from(supported(requested));
  };

  /** IntlLegacyConstructedSymbol: where a constructor called on an instance leaves what it made. */
  const FALLBACK = Symbol("IntlLegacyConstructedSymbol");

  /** What a legacy constructor left on an object, or the object. */
  const unwrapped = (object, prototype, isOwn) => {
    const isLegacy = typeof object === "object" && object !== null && !isOwn(object) && isPrototypeOf(prototype, object);
    return isLegacy ? object[FALLBACK] : object;
  };

  /** Makes a class that may be called without `new`, with its name and its static method. */
  const publish = (Class, { callable = false, legacy = false, length = 0, lists = true } = {}) => {
    const { name, prototype } = Class;
    let Public = Class;
    if (callable) {
      Public = function (locales, options) {
        const made = construct(Class, [locales, options], new.target ?? Public);
        if (!legacy || new.target !== undefined || !isPrototypeOf(prototype, Object(this))) return made;
        defineProperty(this, FALLBACK, { value: made });
        return this;
      };
      defineProperty(Public, "name", { value: name, configurable: true });
      defineProperty(Public, "prototype", { value: prototype, writable: false });
      defineProperty(prototype, "constructor", { value: Public, writable: true, configurable: true });
    }
    defineProperty(Public, "length", { value: length, configurable: true });
    defineProperty(prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true });
    if (lists) {
      const method = { supportedLocalesOf(locales) { return supportedLocalesOf(locales, arguments[1]); } };
      defineProperty(Public, "supportedLocalesOf", { value: method.supportedLocalesOf, writable: true, configurable: true });
    }
    return Public;
  };

  /** A copy that scripts may have. */
  const copy = (record) => ({ ...record });

  /** `[kind, text, …]` as `formatToParts` gives it. */
  const partsOf = (pieces, more) => {
    const parts = list();
    for (let index = 0; index < pieces.length; index += 2) {
      add(parts, { type: pieces[index], value: pieces[index + 1], ...more });
    }
    return from(parts);
  };

  const textOf = (pieces) => {
    let text = "";
    for (let index = 1; index < pieces.length; index += 2) text += pieces[index];
    return text;
  };

  /** Two formatted ends as one text in parts; an end that looks like the other is `alone`. */
  const rangeOf = (first, last, separator, alone) => {
    if (textOf(first) === textOf(last)) return alone(first);
    const parts = list();
    const all = (some) => {
      for (let index = 0; index < some.length; index++) add(parts, some[index]);
    };
    all(partsOf(first, { source: "startRange" }));
    add(parts, { type: "literal", value: separator, source: "shared" });
    all(partsOf(last, { source: "endRange" }));
    return from(parts);
  };

  /** The text of such parts. */
  const joined = (parts) => {
    let text = "";
    for (let index = 0; index < parts.length; index++) text += parts[index].value;
    return text;
  };

  const nameless = (bound) => defineProperty(bound, "name", { value: "", configurable: true });

  return {
    __proto__: null,
    bind, list, add, has, from, assign, matches,
    canonicalLocales, useLocale, keywordsOf, withKeywords,
    option, flag, integer, integerOf, optionsObject, coerced, readMatcher, typeOption, quoted, resolve,
    publish, unwrapped, copy, partsOf, textOf, rangeOf, joined, nameless,
  };
};
