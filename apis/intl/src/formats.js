// Numbers, plural forms, dates and times.
(native, shared, nameless) => {
  const { option, flag, integer, coerced, typeOption, resolve, publish, partsOf, textOf } = shared;

  // ── NumberFormat ──

  const INCREMENTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000];
  const MODES = ["ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven"];

  /** SetNumberFormatDigitOptions. */
  const digitOptions = (given, resolved, least, most, notation) => {
    resolved.minimumIntegerDigits = integer(given, "minimumIntegerDigits", 1, 21, 1);
    const { minimumFractionDigits, maximumFractionDigits, minimumSignificantDigits, maximumSignificantDigits } = given;
    const increment = integer(given, "roundingIncrement", 1, 5000, 1);
    if (!INCREMENTS.includes(increment)) throw new RangeError(`roundingIncrement cannot be ${increment}`);
    const roundingMode = option(given, "roundingMode", MODES, "halfExpand");
    const priority = option(given, "roundingPriority", ["auto", "morePrecision", "lessPrecision"], "auto");
    const trailingZeroDisplay = option(given, "trailingZeroDisplay", ["auto", "stripIfInteger"], "auto");
    const hasSignificant = minimumSignificantDigits !== undefined || maximumSignificantDigits !== undefined;
    const hasFraction = minimumFractionDigits !== undefined || maximumFractionDigits !== undefined;
    const needsSignificant = priority !== "auto" || hasSignificant;
    const needsFraction = priority !== "auto" || (!hasSignificant && (hasFraction || notation !== "compact"));
    if (needsSignificant) {
      resolved.minimumSignificantDigits = integer({ minimumSignificantDigits }, "minimumSignificantDigits", 1, 21, 1);
      resolved.maximumSignificantDigits = integer(
        { maximumSignificantDigits },
        "maximumSignificantDigits",
        resolved.minimumSignificantDigits,
        21,
        21,
      );
    }
    if (needsFraction) {
      const minimum = integer({ minimumFractionDigits }, "minimumFractionDigits", 0, 100);
      const maximum = integer({ maximumFractionDigits }, "maximumFractionDigits", 0, 100);
      if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
        throw new RangeError("minimumFractionDigits is greater than maximumFractionDigits");
      }
      resolved.minimumFractionDigits = minimum ?? Math.min(least, maximum ?? least);
      resolved.maximumFractionDigits = maximum ?? Math.max(most, resolved.minimumFractionDigits);
    }
    if (!needsFraction && !needsSignificant) {
      Object.assign(resolved, {
        minimumFractionDigits: 0,
        maximumFractionDigits: 0,
        minimumSignificantDigits: 1,
        maximumSignificantDigits: 2,
      });
    }
    resolved.roundingIncrement = increment;
    resolved.roundingMode = roundingMode;
    resolved.roundingPriority = !needsFraction && !needsSignificant ? "morePrecision" : priority;
    resolved.trailingZeroDisplay = trailingZeroDisplay;
  };

  const groupingOption = (given, notation) => {
    const value = given.useGrouping;
    const fallback = notation === "compact" ? "min2" : "auto";
    if (value === undefined) return fallback;
    if (value === true) return "always";
    if (value === false || value === null || value === 0 || value === "") return false;
    const text = `${value}`;
    if (text === "true" || text === "false") return fallback;
    if (!["min2", "auto", "always"].includes(text)) throw new RangeError(`useGrouping cannot be ${JSON.stringify(text)}`);
    return text;
  };

  /** The decimal digits of a value that is to be formatted. */
  const digitsOf = (value) => {
    const primitive = typeof value === "object" && value !== null ? value[Symbol.toPrimitive]?.("number") ?? value.valueOf() : value;
    if (typeof primitive === "bigint") return `${primitive}`;
    if (typeof primitive === "string") {
      const trimmed = primitive.trim();
      if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(trimmed)) return trimmed.replace(/^\+/, "").replace(/^(-?)\./, "$10.").replace(/\.$/, "");
    }
    return native.digits(+primitive);
  };

  class NumberFormat {
    #resolved;
    #handle;
    #format;

    constructor(locales, options) {
      const given = coerced(options);
      const numberingSystem = typeOption(given, "numberingSystem");
      const { locale, full, keywords } = resolve(locales, given, ["nu"], { nu: numberingSystem });
      const style = option(given, "style", ["decimal", "percent", "currency", "unit"], "decimal");
      const resolved = { locale, numberingSystem: keywords.nu ?? "latn", style };
      const currency = option(given, "currency");
      if (currency !== undefined && !/^[a-z]{3}$/i.test(currency)) throw new RangeError(`${JSON.stringify(currency)} is not a code of a currency`);
      if (style === "currency" && currency === undefined) throw new TypeError("the style currency needs the option currency");
      const currencyDisplay = option(given, "currencyDisplay", ["code", "symbol", "narrowSymbol", "name"], "symbol");
      const currencySign = option(given, "currencySign", ["standard", "accounting"], "standard");
      const unit = option(given, "unit");
      if (style === "unit" && unit === undefined) throw new TypeError("the style unit needs the option unit");
      const unitDisplay = option(given, "unitDisplay", ["short", "narrow", "long"], "short");
      if (style === "currency") Object.assign(resolved, { currency: currency.toUpperCase(), currencyDisplay, currencySign });
      if (style === "unit") Object.assign(resolved, { unit, unitDisplay });
      const notation = option(given, "notation", ["standard", "scientific", "engineering", "compact"], "standard");
      const digits = style === "currency" && notation === "standard" ? native.currencyDigits(resolved.currency) : 0;
      const most = style === "currency" ? digits : style === "percent" ? 0 : 3;
      digitOptions(given, resolved, digits, most, notation);
      const compactDisplay = option(given, "compactDisplay", ["short", "long"], "short");
      resolved.useGrouping = groupingOption(given, notation);
      resolved.notation = notation;
      if (notation === "compact") resolved.compactDisplay = compactDisplay;
      resolved.signDisplay = option(given, "signDisplay", ["auto", "never", "always", "exceptZero", "negative"], "auto");
      this.#resolved = resolved;
      this.#handle = native.numberFormat(full, resolved);
    }
    get format() {
      const format = (value) => textOf(native.formatNumber(this.#handle, digitsOf(value)));
      return (this.#format ??= nameless((value) => format(value)));
    }
    formatToParts(value) {
      return partsOf(native.formatNumber(this.#handle, digitsOf(value)));
    }
    #range(start, end) {
      if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
      const [first, last] = [digitsOf(start), digitsOf(end)];
      if (first === "NaN" || last === "NaN") throw new RangeError("an end of the range is not a number");
      const [from, to] = [native.formatNumber(this.#handle, first), native.formatNumber(this.#handle, last)];
      if (textOf(from) === textOf(to)) {
        return [{ type: "approximatelySign", value: "~", source: "shared" }, ...partsOf(from, { source: "shared" })];
      }
      return [
        ...partsOf(from, { source: "startRange" }),
        { type: "literal", value: "–", source: "shared" },
        ...partsOf(to, { source: "endRange" }),
      ];
    }
    formatRange(start, end) {
      return this.#range(start, end).map(({ value }) => value).join("");
    }
    formatRangeToParts(start, end) {
      return this.#range(start, end);
    }
    resolvedOptions() {
      return { ...this.#resolved };
    }
  }

  // ── PluralRules ──

  class PluralRules {
    #resolved;
    #rules;
    #digits;

    constructor(locales, options) {
      const given = coerced(options);
      const { locale, full } = resolve(locales, given, []);
      const type = option(given, "type", ["cardinal", "ordinal"], "cardinal");
      const resolved = { locale, type };
      digitOptions(given, resolved, 0, 3, "standard");
      this.#rules = native.pluralRules(full, type);
      this.#digits = native.numberFormat(full, resolved);
      this.#resolved = resolved;
    }
    select(value) {
      const digits = digitsOf(+value);
      return Number.isFinite(+value) ? native.pluralCategory(this.#rules, native.rounded(this.#digits, digits)) : "other";
    }
    selectRange(start, end) {
      if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
      if (Number.isNaN(+start) || Number.isNaN(+end)) throw new RangeError("an end of the range is not a number");
      return this.select(end);
    }
    resolvedOptions() {
      return { ...this.#resolved, pluralCategories: native.pluralCategories(this.#rules) };
    }
  }

  // ── DateTimeFormat ──

  const TEXT = ["narrow", "short", "long"];
  const NUMERIC = ["2-digit", "numeric"];
  const STYLES = ["full", "long", "medium", "short"];
  const ZONE_NAMES = ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"];
  const DATE_FIELDS = { weekday: TEXT, era: TEXT, year: NUMERIC, month: [...NUMERIC, ...TEXT], day: NUMERIC };
  const TIME_FIELDS = { dayPeriod: TEXT, hour: NUMERIC, minute: NUMERIC, second: NUMERIC };

  const zoneOption = (given) => {
    const value = given.timeZone;
    if (value === undefined) return native.defaultTimeZone();
    const zone = native.timeZone(`${value}`);
    if (zone === undefined) throw new RangeError(`${JSON.stringify(`${value}`)} is not a time zone`);
    return zone;
  };

  const LAST = 8.64e15;
  const timeOf = (date) => {
    const time = date === undefined ? Date.now() : +date;
    if (!(Math.abs(time) <= LAST)) throw new RangeError("Invalid time value");
    return Math.trunc(time);
  };

  class DateTimeFormat {
    #resolved;
    #handle;
    #format;

    constructor(locales, options, required = "any", defaults = "date") {
      const given = coerced(options);
      const calendar = typeOption(given, "calendar");
      const numberingSystem = typeOption(given, "numberingSystem");
      const hour12 = flag(given, "hour12");
      const hourCycle = option(given, "hourCycle", ["h11", "h12", "h23", "h24"]);
      const chosen = { ca: calendar, nu: numberingSystem, hc: hour12 === undefined ? hourCycle : undefined };
      const { locale, full, keywords } = resolve(locales, given, ["ca", "hc", "nu"], chosen);
      const resolved = { locale, calendar: keywords.ca ?? "gregory", numberingSystem: keywords.nu ?? "latn" };
      resolved.timeZone = zoneOption(given);
      const fields = {};
      for (const [name, values] of Object.entries({ ...DATE_FIELDS, ...TIME_FIELDS })) {
        const value = option(given, name, values);
        if (value !== undefined) fields[name] = value;
      }
      const fraction = integer(given, "fractionalSecondDigits", 1, 3);
      if (fraction !== undefined) fields.fractionalSecondDigits = fraction;
      const zoneName = option(given, "timeZoneName", ZONE_NAMES);
      if (zoneName !== undefined) fields.timeZoneName = zoneName;
      option(given, "formatMatcher", ["basic", "best fit"]);
      const dateStyle = option(given, "dateStyle", STYLES);
      const timeStyle = option(given, "timeStyle", STYLES);
      if (dateStyle !== undefined || timeStyle !== undefined) {
        if (Object.keys(fields).length > 0) throw new TypeError("a style and single fields exclude each other");
        if (required === "date" && timeStyle !== undefined) throw new TypeError("a date has no timeStyle");
        if (required === "time" && dateStyle !== undefined) throw new TypeError("a time has no dateStyle");
        if (dateStyle !== undefined) fields.dateStyle = dateStyle;
        if (timeStyle !== undefined) fields.timeStyle = timeStyle;
      } else {
        const has = (names) => names.some((name) => name in fields);
        const hasDate = has(["weekday", "year", "month", "day"]);
        const hasTime = has(["dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"]);
        const needs = !((required !== "time" && hasDate) || (required !== "date" && hasTime));
        if (needs && defaults !== "time") Object.assign(fields, { year: "numeric", month: "numeric", day: "numeric" });
        if (needs && defaults !== "date") Object.assign(fields, { hour: "numeric", minute: "numeric", second: "numeric" });
      }
      let cycle;
      if (fields.hour !== undefined || fields.timeStyle !== undefined) {
        const twelve = native.hasTwelveHours(full);
        cycle = keywords.hc || (twelve ? "h12" : "h23");
        if (hour12 !== undefined) cycle = hour12 ? (locale.startsWith("ja") ? "h11" : "h12") : "h23";
        Object.assign(resolved, { hourCycle: cycle, hour12: cycle === "h11" || cycle === "h12" });
      }
      if (fields.minute !== undefined && fields.hour !== undefined) fields.minute = "2-digit";
      if (fields.second !== undefined && fields.minute !== undefined) fields.second = "2-digit";
      this.#resolved = { ...resolved, ...fields };
      this.#handle = native.dateTimeFormat(full, resolved.timeZone, { __proto__: null, ...fields, hourCycle: cycle });
    }
    get format() {
      const format = (date) => textOf(native.formatDateTime(this.#handle, timeOf(date)));
      return (this.#format ??= nameless((date) => format(date)));
    }
    formatToParts(date) {
      return partsOf(native.formatDateTime(this.#handle, timeOf(date)));
    }
    #range(start, end) {
      if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
      const from = native.formatDateTime(this.#handle, timeOf(start));
      const to = native.formatDateTime(this.#handle, timeOf(end));
      if (textOf(from) === textOf(to)) return partsOf(from, { source: "shared" });
      return [
        ...partsOf(from, { source: "startRange" }),
        { type: "literal", value: " – ", source: "shared" },
        ...partsOf(to, { source: "endRange" }),
      ];
    }
    formatRange(start, end) {
      return this.#range(start, end).map(({ value }) => value).join("");
    }
    formatRangeToParts(start, end) {
      return this.#range(start, end);
    }
    resolvedOptions() {
      return { ...this.#resolved };
    }
  }

  const textOfDate = (date, locales, options, required, defaults) => {
    const time = date.getTime();
    if (Number.isNaN(time)) return "Invalid Date";
    return new DateTimeFormat(locales, options, required, defaults).format(time);
  };

  return {
    NumberFormat: publish(NumberFormat, { callable: true }),
    PluralRules: publish(PluralRules),
    DateTimeFormat: publish(DateTimeFormat, { callable: true }),
    textOfDate,
  };
};
