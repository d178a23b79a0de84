// What all of Intl shares: lists of locales, options, and the resolution of a locale.
(native) => {
  const { defineProperty } = Object;
  const { construct } = Reflect;

  /** CanonicalizeLocaleList. */
  const canonicalLocales = (locales) => {
    if (locales === undefined) return [];
    if (locales === null) throw new TypeError("null is not a list of locales");
    const source = typeof locales === "string" || isLocale(locales) ? [locales] : Object(locales);
    const { length } = source;
    const seen = [];
    const count = Math.min(Math.max(Math.trunc(+length) || 0, 0), 1000);
    for (let index = 0; index < count; index++) {
      if (!(index in source)) continue;
      const value = source[index];
      if (typeof value !== "string" && (typeof value !== "object" || value === null)) {
        throw new TypeError("a locale is a string or an Intl.Locale");
      }
      const tag = isLocale(value) ? tagOf(value) : native.canonical(`${value}`);
      if (!seen.includes(tag)) seen.push(tag);
    }
    return seen;
  };

  const option = (options, name, values, fallback) => {
    const value = options[name];
    if (value === undefined) return fallback;
    const text = `${value}`;
    if (values !== undefined && !values.includes(text)) throw new RangeError(`${name} cannot be ${JSON.stringify(text)}`);
    return text;
  };

  const flag = (options, name, fallback) => {
    const value = options[name];
    return value === undefined ? fallback : Boolean(value);
  };

  const integer = (options, name, least, most, fallback) => {
    const value = options[name];
    if (value === undefined) return fallback;
    const number = Math.floor(+value);
    if (!(number >= least && number <= most)) throw new RangeError(`${name} is outside the range from ${least} to ${most}`);
    return number;
  };

  /** GetOptionsObject. */
  const optionsObject = (options) => {
    if (options === undefined) return { __proto__: null };
    if ((typeof options === "object" && options !== null) || typeof options === "function") return options;
    throw new TypeError("the options are not an object");
  };

  /** CoerceOptionsToObject. */
  const coerced = (options) => (options === undefined ? { __proto__: null } : Object(options));

  const DEFAULT = "en-US";
  const TYPE = /^[a-z0-9]{3,8}(-[a-z0-9]{3,8})*$/;

  const typeOption = (options, name) => {
    const value = option(options, name);
    if (value !== undefined && !TYPE.test(value.toLowerCase())) throw new RangeError(`${name} cannot be ${JSON.stringify(value)}`);
    return value?.toLowerCase();
  };

  /** The keywords of a tag's Unicode extension: `[tag without it, { key: value }]`. */
  const keywordsOf = (tag) => {
    const parts = tag.split("-");
    const start = parts.indexOf("u");
    const privateUse = parts.indexOf("x");
    if (start < 0 || (privateUse >= 0 && privateUse < start)) return [tag, {}];
    let end = start + 1;
    while (end < parts.length && parts[end].length > 1) end++;
    const keywords = { __proto__: null };
    let key;
    for (const part of parts.slice(start + 1, end)) {
      if (part.length === 2) keywords[(key = part)] = "";
      else if (key !== undefined) keywords[key] += keywords[key] === "" ? part : `-${part}`;
    }
    return [[...parts.slice(0, start), ...parts.slice(end)].join("-"), keywords];
  };

  /** A tag with keywords, those of an empty value without one. */
  const withKeywords = (tag, keywords) => {
    const keys = Object.keys(keywords).filter((key) => keywords[key] !== undefined).sort();
    if (keys.length === 0) return tag;
    const extension = keys.map((key) => (keywords[key] === "" ? key : `${key}-${keywords[key]}`)).join("-");
    const at = tag.search(/-(?:[v-z]|x)-/);
    return at < 0 ? `${tag}-u-${extension}` : `${tag.slice(0, at)}-u-${extension}${tag.slice(at)}`;
  };

  /** The first locale that there is data for, and of its keywords those that the formatter knows, over which options win. */
  const resolve = (locales, options, known, chosen = {}) => {
    option(options, "localeMatcher", ["lookup", "best fit"]);
    const tag = canonicalLocales(locales).find((candidate) => native.isSupported(candidate)) ?? DEFAULT;
    const [base, keywords] = keywordsOf(tag);
    const shown = { __proto__: null };
    const used = { __proto__: null };
    for (const key of known) {
      if (key in keywords) shown[key] = used[key] = keywords[key];
      if (chosen[key] !== undefined && chosen[key] !== used[key]) {
        used[key] = chosen[key];
        delete shown[key];
      }
    }
    return { locale: withKeywords(base, shown), full: withKeywords(base, used), keywords: used };
  };

  const supportedLocalesOf = (locales, options) => {
    const requested = canonicalLocales(locales);
    option(coerced(options), "localeMatcher", ["lookup", "best fit"]);
    return requested.filter((tag) => native.isSupported(tag));
  };

  /** Makes a class that may be called without `new`, with its name and its static method. */
  const publish = (Class, { callable = false, length = 0, lists = true } = {}) => {
    const { name, prototype } = Class;
    let Public = Class;
    if (callable) {
      Public = function (locales, options) {
        return construct(Class, [locales, options], new.target ?? Public);
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

  /** `[kind, text, …]` as `formatToParts` gives it. */
  const partsOf = (pieces, more = {}) => {
    const parts = [];
    for (let index = 0; index < pieces.length; index += 2) {
      parts.push({ type: pieces[index], value: pieces[index + 1], ...more });
    }
    return parts;
  };

  const textOf = (pieces) => {
    let text = "";
    for (let index = 1; index < pieces.length; index += 2) text += pieces[index];
    return text;
  };

  class Locale {
    #tag;
    #subtags;
    #keywords;

    constructor(tag, options) {
      if (typeof tag !== "string" && (typeof tag !== "object" || tag === null)) {
        throw new TypeError("a locale is a string or an Intl.Locale");
      }
      const given = coerced(options);
      let canonical = isLocale(tag) ? tagOf(tag) : native.canonical(`${tag}`);
      const subtag = (name, pattern) => {
        const value = option(given, name);
        if (value !== undefined && !pattern.test(value)) throw new RangeError(`${name} cannot be ${JSON.stringify(value)}`);
        return value;
      };
      const language = subtag("language", /^(?:[a-z]{2,3}|[a-z]{5,8})$/i);
      const script = subtag("script", /^[a-z]{4}$/i);
      const region = subtag("region", /^(?:[a-z]{2}|[0-9]{3})$/i);
      const [base, keywords] = keywordsOf(canonical);
      const [oldLanguage, oldScript, oldRegion, ...variants] = native.subtags(base);
      const rest = base.slice([oldLanguage, oldScript, oldRegion, ...variants].filter((part) => part !== undefined).join("-").length);
      const parts = [language ?? oldLanguage, script ?? oldScript, region ?? oldRegion, ...variants];
      keywords.ca = typeOption(given, "calendar") ?? keywords.ca;
      keywords.co = typeOption(given, "collation") ?? keywords.co;
      keywords.fw = typeOption(given, "firstDayOfWeek") ?? keywords.fw;
      keywords.hc = option(given, "hourCycle", ["h11", "h12", "h23", "h24"]) ?? keywords.hc;
      keywords.kf = option(given, "caseFirst", ["upper", "lower", "false"]) ?? keywords.kf;
      const numeric = flag(given, "numeric");
      if (numeric !== undefined) keywords.kn = numeric ? "" : "false";
      keywords.nu = typeOption(given, "numberingSystem") ?? keywords.nu;
      canonical = native.canonical(withKeywords(parts.filter((part) => part !== undefined).join("-") + rest, keywords));
      this.#tag = canonical;
      [, this.#keywords] = keywordsOf(canonical);
      this.#subtags = native.subtags(canonical);
    }
    static isLocale(value) {
      return typeof value === "object" && value !== null && #tag in value;
    }
    static tagOf(locale) {
      return locale.#tag;
    }
    get baseName() {
      return this.#subtags.filter((part) => part !== undefined).join("-");
    }
    get calendar() {
      return this.#keywords.ca;
    }
    get caseFirst() {
      return this.#keywords.kf;
    }
    get collation() {
      return this.#keywords.co;
    }
    get firstDayOfWeek() {
      return this.#keywords.fw;
    }
    get hourCycle() {
      return this.#keywords.hc;
    }
    get language() {
      return this.#subtags[0];
    }
    get numberingSystem() {
      return this.#keywords.nu;
    }
    get numeric() {
      return this.#keywords.kn === "" || this.#keywords.kn === "true";
    }
    get region() {
      return this.#subtags[2];
    }
    get script() {
      return this.#subtags[1];
    }
    get variants() {
      const variants = this.#subtags.slice(3);
      return variants.length === 0 ? undefined : variants.join("-");
    }
    maximize() {
      return new Locale(native.maximize(this.#tag));
    }
    minimize() {
      return new Locale(native.minimize(this.#tag));
    }
    toString() {
      return this.#tag;
    }
  }

  const { isLocale, tagOf } = Locale;
  delete Locale.isLocale;
  delete Locale.tagOf;
  publish(Locale, { length: 1, lists: false });

  return {
    canonicalLocales,
    option,
    flag,
    integer,
    optionsObject,
    coerced,
    typeOption,
    resolve,
    publish,
    partsOf,
    textOf,
    Locale,
  };
};
