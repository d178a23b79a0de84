// Intl.Locale.
(native, shared) => {
  const { option, flag, coerced, typeOption, keywordsOf, withKeywords, publish, quoted, matches, bind, useLocale } = shared;
  const split = bind(String.prototype.split);
  const lowerCase = bind(String.prototype.toLowerCase);

  const LANGUAGE = /^(?:[a-z]{2,3}|[a-z]{5,8})$/i;
  const SCRIPT = /^[a-z]{4}$/i;
  const REGION = /^(?:[a-z]{2}|[0-9]{3})$/i;
  const VARIANT = /^(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3})$/;
  const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

  const subtag = (given, name, pattern) => {
    const value = option(given, name);
    if (value !== undefined && matches(pattern, value) === null) throw new RangeError(`${name} cannot be ${quoted(value)}`);
    return value;
  };

  const variantsOption = (given) => {
    const value = option(given, "variants");
    if (value === undefined) return undefined;
    const variants = split(lowerCase(value), "-");
    const seen = { __proto__: null };
    for (let index = 0; index < variants.length; index++) {
      const variant = variants[index];
      if (matches(VARIANT, variant) === null || variant in seen) throw new RangeError(`variants cannot be ${quoted(value)}`);
      seen[variant] = true;
    }
    return variants;
  };

  /** WeekdayToString. */
  const weekdayOption = (given) => {
    const value = option(given, "firstDayOfWeek");
    if (value === undefined) return undefined;
    const day = WEEKDAYS[value === "0" ? 6 : value - 1];
    const type = value.length === 1 && day !== undefined ? day : lowerCase(value);
    if (matches(/^[a-z0-9]{3,8}(?:-[a-z0-9]{3,8})*$/, type) === null) {
      throw new RangeError(`firstDayOfWeek cannot be ${quoted(value)}`);
    }
    return type;
  };

  class Locale {
    #tag;
    #subtags;
    #keywords;

    constructor(tag, options) {
      if (typeof tag !== "string" && (typeof tag !== "object" || tag === null)) {
        throw new TypeError("a locale is a string or an Intl.Locale");
      }
      let canonical = isLocale(tag) ? tagOf(tag) : native.canonical(`${tag}`);
      const given = coerced(options);
      const [base, attributes, keywords] = keywordsOf(canonical);
      const language = subtag(given, "language", LANGUAGE);
      const script = subtag(given, "script", SCRIPT);
      const region = subtag(given, "region", REGION);
      const variants = variantsOption(given);
      const changed = native.withSubtags(base, language, script, region, variants);
      keywords.ca = typeOption(given, "calendar") ?? keywords.ca;
      keywords.co = typeOption(given, "collation") ?? keywords.co;
      keywords.fw = weekdayOption(given) ?? keywords.fw;
      keywords.hc = option(given, "hourCycle", ["h11", "h12", "h23", "h24"]) ?? keywords.hc;
      keywords.kf = option(given, "caseFirst", ["upper", "lower", "false"]) ?? keywords.kf;
      const numeric = flag(given, "numeric");
      if (numeric !== undefined) keywords.kn = numeric ? "" : "false";
      keywords.nu = typeOption(given, "numberingSystem") ?? keywords.nu;
      canonical = native.canonical(withKeywords(changed, attributes, keywords));
      this.#tag = canonical;
      [, , this.#keywords] = keywordsOf(canonical);
      this.#subtags = native.subtags(canonical);
    }
    static isLocale(value) {
      return typeof value === "object" && value !== null && #tag in value;
    }
    static tagOf(locale) {
      return locale.#tag;
    }
    get baseName() {
      return native.baseName(this.#tag);
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
      let variants;
      for (let index = 3; index < this.#subtags.length; index++) {
        variants = variants === undefined ? this.#subtags[index] : `${variants}-${this.#subtags[index]}`;
      }
      return variants;
    }
    getCalendars() {
      const { ca } = this.#keywords;
      return ca === undefined ? native.calendarsOf(this.#tag) : [ca];
    }
    getCollations() {
      const { co } = this.#keywords;
      return co === undefined || co === "standard" || co === "search" ? native.collationsOf(this.#tag) : [co];
    }
    getHourCycles() {
      const { hc } = this.#keywords;
      return hc === undefined ? [native.hasTwelveHours(this.#tag) ? "h12" : "h23"] : [hc];
    }
    getNumberingSystems() {
      const { nu } = this.#keywords;
      return [nu === undefined ? native.numberingSystemOf(this.#tag) : nu];
    }
    getTextInfo() {
      return { direction: native.direction(this.#tag) };
    }
    getTimeZones() {
      return this.#subtags[2] === undefined ? undefined : native.timeZonesOf(this.#subtags[2]);
    }
    getWeekInfo() {
      const { fw } = this.#keywords;
      const info = native.weekInfo(this.#tag);
      for (let index = 0; index < WEEKDAYS.length; index++) if (fw === WEEKDAYS[index]) info.firstDay = index + 1;
      return info;
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
  useLocale({ isLocale, tagOf });
  return publish(Locale, { length: 1, lists: false });
};
