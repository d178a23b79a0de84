// Lengths of time.
(native, shared, { NumberFormat, ListFormat }) => {
  const {
    canonicalLocales, option, integer, optionsObject, readMatcher, typeOption, resolve, publish, copy, list, add, from, joined,
    bind,
  } = shared;
  const padStart = bind(String.prototype.padStart);
  const slice = bind(String.prototype.slice);
  const toBigInt = BigInt;

  const WORDS = ["long", "short", "narrow"];
  const CLOCK = [...WORDS, "numeric", "2-digit"];
  const FRACTION = [...WORDS, "numeric"];
  /** The units with the styles of each, and its style in a digital duration. */
  const UNITS = [
    ["years", WORDS, "short"],
    ["months", WORDS, "short"],
    ["weeks", WORDS, "short"],
    ["days", WORDS, "short"],
    ["hours", CLOCK, "numeric"],
    ["minutes", CLOCK, "numeric"],
    ["seconds", CLOCK, "numeric"],
    ["milliseconds", FRACTION, "numeric"],
    ["microseconds", FRACTION, "numeric"],
    ["nanoseconds", FRACTION, "numeric"],
  ];
  const NAMES = ["years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"];
  const IN_ORDER_OF_READING = [
    "days", "hours", "microseconds", "milliseconds", "minutes", "months", "nanoseconds", "seconds", "weeks", "years",
  ];
  const isSubsecond = (unit) => unit === "milliseconds" || unit === "microseconds" || unit === "nanoseconds";

  /** GetDurationUnitOptions: `{ style, display }`. */
  const unitOptions = (given, [unit, styles, digital], base, previous) => {
    let style = option(given, unit, styles);
    let defaultDisplay = "always";
    if (style === undefined) {
      if (base === "digital") {
        if (unit !== "hours" && unit !== "minutes" && unit !== "seconds") defaultDisplay = "auto";
        style = digital;
      } else if (previous === "fractional" || previous === "numeric" || previous === "2-digit") {
        if (unit !== "minutes" && unit !== "seconds") defaultDisplay = "auto";
        style = "numeric";
      } else {
        defaultDisplay = "auto";
        style = base;
      }
    }
    if (style === "numeric" && isSubsecond(unit)) {
      style = "fractional";
      defaultDisplay = "auto";
    }
    const display = option(given, `${unit}Display`, ["auto", "always"], defaultDisplay);
    if (display === "always" && style === "fractional") {
      throw new RangeError(`${unit} that are a fraction cannot always be shown`);
    }
    if (previous === "fractional" && style !== "fractional") {
      throw new RangeError(`${unit} after a fraction must be numeric too`);
    }
    if (previous === "numeric" || previous === "2-digit") {
      if (style !== "fractional" && style !== "numeric" && style !== "2-digit") {
        throw new RangeError(`${unit} after a numeric unit must be numeric too`);
      }
      if (unit === "minutes" || unit === "seconds") style = "2-digit";
    }
    return { style, display };
  };

  /** ToDurationRecord. */
  const recordOf = (input) => {
    if (typeof input === "string") return native.duration(input);
    if (typeof input !== "object" && typeof input !== "function" || input === null) {
      throw new TypeError("a duration is an object or a string");
    }
    const own = native.duration(input);
    if (own !== undefined) return own;
    const record = { __proto__: null };
    let isAny = false;
    for (let index = 0; index < IN_ORDER_OF_READING.length; index++) {
      const name = IN_ORDER_OF_READING[index];
      const value = input[name];
      if (value !== undefined) {
        isAny = true;
        const number = +value;
        if (!Number.isInteger(number)) throw new RangeError(`${name} is not an integer`);
        record[name] = number + 0;
      } else {
        record[name] = 0;
      }
    }
    if (!isAny) throw new TypeError("the duration has no unit");
    return native.checkedDuration(record);
  };

  /** Seconds or a smaller unit with all that is smaller, as decimal digits (DurationToFractional). */
  const fractional = (record, unit) => {
    const exponent = { seconds: 9, milliseconds: 6, microseconds: 3 }[unit];
    const exact = (name) => toBigInt(record[name]);
    let total = exact("nanoseconds") + exact("microseconds") * 1_000n;
    if (exponent > 3) total += exact("milliseconds") * 1_000_000n;
    if (exponent > 6) total += exact("seconds") * 1_000_000_000n;
    const digits = padStart(`${total < 0n ? -total : total}`, exponent + 1, "0");
    return `${total < 0n ? "-" : ""}${slice(digits, 0, -exponent)}.${slice(digits, -exponent)}`;
  };
  const isZero = (value) => value === 0 || (typeof value === "string" && !/[1-9]/.test(value));

  class DurationFormat {
    #resolved;
    #units = { __proto__: null };
    #formats = { __proto__: null };
    #list;

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      const given = optionsObject(options);
      readMatcher(given);
      const numberingSystem = typeOption(given, "numberingSystem");
      const { locale, full, keywords } = resolve(requested, ["nu"], { nu: numberingSystem });
      const style = option(given, "style", ["long", "short", "narrow", "digital"], "short");
      const resolved = { __proto__: null, locale, numberingSystem: keywords.nu ?? native.numberingSystemOf(full), style };
      let previous;
      for (let index = 0; index < UNITS.length; index++) {
        const name = UNITS[index][0];
        const unit = unitOptions(given, UNITS[index], style, previous);
        this.#units[name] = unit;
        resolved[name] = unit.style === "fractional" ? "numeric" : unit.style;
        resolved[`${name}Display`] = unit.display;
        if (index >= 4 && index <= 8) previous = unit.style;
      }
      const fractionalDigits = integer(given, "fractionalDigits", 0, 9);
      if (fractionalDigits !== undefined) resolved.fractionalDigits = fractionalDigits;
      this.#resolved = resolved;
      this.#list = new ListFormat(locale, { type: "unit", style: style === "digital" ? "short" : style });
    }
    /** A formatter of the numbers of one unit. */
    #format(name, options) {
      const key = `${name} ${options.signDisplay} ${options.roundingMode}`;
      return (this.#formats[key] ??= new NumberFormat(this.#resolved.locale, options));
    }
    #numberOptions(name, isSigned, isFraction) {
      const { style } = this.#units[name];
      const { numberingSystem, fractionalDigits } = this.#resolved;
      const options = { __proto__: null, numberingSystem };
      if (!isSigned) options.signDisplay = "never";
      if (isFraction) {
        options.maximumFractionDigits = fractionalDigits ?? 9;
        options.minimumFractionDigits = fractionalDigits ?? 0;
        options.roundingMode = "trunc";
      }
      if (style === "2-digit") options.minimumIntegerDigits = 2;
      if (style === "numeric" || style === "2-digit" || style === "fractional") {
        options.useGrouping = false;
      } else {
        options.style = "unit";
        options.unit = slice(name, 0, -1);
        options.unitDisplay = style;
      }
      return options;
    }
    /** The parts of each unit that is shown (PartitionDurationFormatPattern). */
    #groups(record) {
      const groups = list();
      let isNegative = false;
      for (let index = 0; index < NAMES.length; index++) isNegative ||= record[NAMES[index]] < 0;
      let isSigned = true;
      let clock;
      for (let index = 0; index < NAMES.length; index++) {
        const name = NAMES[index];
        const { style, display } = this.#units[name];
        const isFraction = index >= 6 && index < 9 && this.#units[NAMES[index + 1]].style === "fractional";
        let value = isFraction ? fractional(record, name) : record[name];
        const isDue = name === "minutes" && clock !== undefined && this.#showsSeconds(record);
        if (!isZero(value) || display === "always" || isDue) {
          if (isSigned && isNegative && isZero(value)) value = -0;
          const format = this.#format(name, this.#numberOptions(name, isSigned, isFraction));
          isSigned = false;
          const parts = format.formatToParts(value);
          const group = clock ?? list();
          if (clock !== undefined) add(group, { type: "literal", value: ":" });
          for (let part = 0; part < parts.length; part++) add(group, { ...parts[part], unit: slice(name, 0, -1) });
          if (clock === undefined) add(groups, group);
          if (style === "numeric" || style === "2-digit") clock = group;
        }
        if (isFraction) break;
      }
      return groups;
    }
    #showsSeconds(record) {
      if (this.#units.seconds.display === "always") return true;
      for (let index = 6; index < NAMES.length; index++) if (record[NAMES[index]] !== 0) return true;
      return false;
    }
    #parts(input) {
      this.#resolved;
      const groups = this.#groups(recordOf(input));
      const texts = list();
      for (let index = 0; index < groups.length; index++) add(texts, joined(groups[index]));
      const between = this.#list.formatToParts(from(texts));
      const parts = list();
      let next = 0;
      for (let index = 0; index < between.length; index++) {
        if (between[index].type !== "element") {
          add(parts, between[index]);
          continue;
        }
        const group = groups[next++];
        for (let part = 0; part < group.length; part++) add(parts, group[part]);
      }
      return from(parts);
    }
    format(duration) {
      return joined(this.#parts(duration));
    }
    formatToParts(duration) {
      return this.#parts(duration);
    }
    resolvedOptions() {
      return copy(this.#resolved);
    }
  }

  return publish(DurationFormat);
};
