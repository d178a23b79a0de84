// Numbers and plural forms.
(native, shared) => {
  const {
    bind, has, canonicalLocales, option, integer, integerOf, coerced, readMatcher, typeOption, quoted, resolve,
    publish, unwrapped, copy, partsOf, textOf, rangeOf, joined, nameless, matches, assign,
  } = shared;
  const trim = bind(String.prototype.trim);
  const { toPrimitive } = Symbol;

  // ── Digits ──

  const INCREMENTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000];
  const MODES = ["ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven"];

  /** SetNumberFormatDigitOptions. */
  const digitOptions = (given, least, most, notation) => {
    const digits = { __proto__: null };
    digits.minimumIntegerDigits = integer(given, "minimumIntegerDigits", 1, 21, 1);
    const { minimumFractionDigits, maximumFractionDigits, minimumSignificantDigits, maximumSignificantDigits } = given;
    const increment = integer(given, "roundingIncrement", 1, 5000, 1);
    if (!has(INCREMENTS, increment)) throw new RangeError(`roundingIncrement cannot be ${increment}`);
    const roundingMode = option(given, "roundingMode", MODES, "halfExpand");
    const priority = option(given, "roundingPriority", ["auto", "morePrecision", "lessPrecision"], "auto");
    const trailingZeroDisplay = option(given, "trailingZeroDisplay", ["auto", "stripIfInteger"], "auto");
    const hasSignificant = minimumSignificantDigits !== undefined || maximumSignificantDigits !== undefined;
    const hasFraction = minimumFractionDigits !== undefined || maximumFractionDigits !== undefined;
    const needsSignificant = priority !== "auto" || hasSignificant;
    const needsFraction = priority !== "auto" || (!hasSignificant && (hasFraction || notation !== "compact"));
    const isDefault = !needsFraction && !needsSignificant;
    if (needsSignificant) {
      const first = integerOf(minimumSignificantDigits, "minimumSignificantDigits", 1, 21, 1);
      digits.minimumSignificantDigits = first;
      digits.maximumSignificantDigits = integerOf(maximumSignificantDigits, "maximumSignificantDigits", first, 21, 21);
    }
    if (needsFraction) {
      const minimum = integerOf(minimumFractionDigits, "minimumFractionDigits", 0, 100);
      const maximum = integerOf(maximumFractionDigits, "maximumFractionDigits", 0, 100);
      if (minimum > maximum) throw new RangeError("minimumFractionDigits is greater than maximumFractionDigits");
      digits.minimumFractionDigits = minimum ?? Math.min(least, maximum ?? least);
      digits.maximumFractionDigits = maximum ?? Math.max(most, digits.minimumFractionDigits);
    }
    if (isDefault) {
      digits.minimumFractionDigits = digits.maximumFractionDigits = 0;
      digits.minimumSignificantDigits = 1;
      digits.maximumSignificantDigits = 2;
    }
    if (increment !== 1) {
      if (needsSignificant) throw new TypeError("roundingIncrement is for digits after the point");
      if (digits.minimumFractionDigits !== digits.maximumFractionDigits) {
        throw new RangeError("roundingIncrement needs as many digits after the point at least as at most");
      }
    }
    digits.roundingIncrement = increment;
    digits.roundingMode = roundingMode;
    digits.roundingPriority = isDefault ? "morePrecision" : priority;
    digits.trailingZeroDisplay = trailingZeroDisplay;
    return digits;
  };

  const DIGITS = [
    "minimumIntegerDigits", "minimumFractionDigits", "maximumFractionDigits", "minimumSignificantDigits",
    "maximumSignificantDigits",
  ];
  const ROUNDING = ["roundingIncrement", "roundingMode", "roundingPriority", "trailingZeroDisplay"];

  /** Copies those of the keys that there are, in their order. */
  const pick = (target, source, keys) => {
    for (let index = 0; index < keys.length; index++) {
      if (source[keys[index]] !== undefined) target[keys[index]] = source[keys[index]];
    }
  };

  /** The decimal digits of a value that is to be formatted (ToIntlMathematicalValue). */
  const digitsOf = (value) => {
    const primitive = primitiveOf(value);
    if (typeof primitive === "bigint") return `${primitive}`;
    if (typeof primitive === "string") {
      const [text, sign, whole, fraction] = matches(/^([+-]?)([0-9]*)(?:\.([0-9]*))?$/, trim(primitive)) ?? [];
      if (text !== undefined && (whole !== "" || (fraction ?? "") !== "")) {
        return `${sign === "-" ? "-" : ""}${whole === "" ? "0" : whole}${(fraction ?? "") === "" ? "" : `.${fraction}`}`;
      }
    }
    return native.digits(+primitive);
  };

  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  /** ToPrimitive with the hint `number`. */
  const primitiveOf = (value) => {
    if (!isObject(value)) return value;
    const exotic = value[toPrimitive];
    const methods = exotic === undefined || exotic === null ? [value.valueOf, value.toString] : [exotic];
    for (let index = 0; index < methods.length; index++) {
      const method = methods[index];
      if (typeof method !== "function") continue;
      const primitive = Reflect.apply(method, value, methods.length === 1 ? ["number"] : []);
      if (!isObject(primitive)) return primitive;
    }
    throw new TypeError("an object has no primitive form");
  };

  // ── NumberFormat ──

  const groupingOption = (given, fallback) => {
    const value = given.useGrouping;
    if (value === undefined) return fallback;
    if (value === true) return "always";
    if (!value) return false;
    const text = `${value}`;
    if (text === "true" || text === "false") return fallback;
    if (!has(["min2", "auto", "always"], text)) throw new RangeError(`useGrouping cannot be ${quoted(text)}`);
    return text;
  };

  const upperCase = bind(String.prototype.toUpperCase);
  const split = bind(String.prototype.split);

  /** Reads a currency or a unit, with what belongs to it (SetNumberFormatUnitOptions). */
  const unitOptions = (given) => {
    const style = option(given, "style", ["decimal", "percent", "currency", "unit"], "decimal");
    const currency = option(given, "currency");
    if (currency !== undefined && matches(/^[a-z]{3}$/i, currency) === null) {
      throw new RangeError(`${quoted(currency)} is not a code of a currency`);
    }
    if (style === "currency" && currency === undefined) throw new TypeError("the style currency needs the option currency");
    const currencyDisplay = option(given, "currencyDisplay", ["code", "symbol", "narrowSymbol", "name"], "symbol");
    const currencySign = option(given, "currencySign", ["standard", "accounting"], "standard");
    const unit = option(given, "unit");
    if (unit !== undefined && !isUnit(unit)) throw new RangeError(`${quoted(unit)} is not a unit`);
    if (style === "unit" && unit === undefined) throw new TypeError("the style unit needs the option unit");
    const unitDisplay = option(given, "unitDisplay", ["short", "narrow", "long"], "short");
    const resolved = { __proto__: null, style };
    if (style === "currency") assign(resolved, { currency: upperCase(currency), currencyDisplay, currencySign });
    if (style === "unit") assign(resolved, { unit, unitDisplay });
    return resolved;
  };

  /** IsWellFormedUnitIdentifier. */
  const isUnit = (unit) => {
    const parts = split(unit, "-per-");
    return parts.length <= 2 && has(native.units, parts[0]) && (parts.length === 1 || has(native.units, parts[1]));
  };

  class NumberFormat {
    #resolved;
    #handle;
    #format;

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      const given = coerced(options);
      readMatcher(given);
      const numberingSystem = typeOption(given, "numberingSystem");
      const { locale, full, keywords } = resolve(requested, ["nu"], { nu: numberingSystem });
      const resolved = { __proto__: null, locale, numberingSystem: keywords.nu ?? native.numberingSystemOf(full) };
      const unit = unitOptions(given);
      pick(resolved, unit, ["style", "currency", "currencyDisplay", "currencySign", "unit", "unitDisplay"]);
      const { style } = unit;
      const notation = option(given, "notation", ["standard", "scientific", "engineering", "compact"], "standard");
      const isMoney = style === "currency" && notation === "standard";
      const least = isMoney ? native.currencyDigits(resolved.currency) : 0;
      const digits = digitOptions(given, least, isMoney ? least : style === "percent" ? 0 : 3, notation);
      const compactDisplay = option(given, "compactDisplay", ["short", "long"], "short");
      const useGrouping = groupingOption(given, notation === "compact" ? "min2" : "auto");
      const signDisplay = option(given, "signDisplay", ["auto", "never", "always", "exceptZero", "negative"], "auto");
      pick(resolved, digits, DIGITS);
      assign(resolved, { useGrouping, notation });
      if (notation === "compact") resolved.compactDisplay = compactDisplay;
      resolved.signDisplay = signDisplay;
      pick(resolved, digits, ROUNDING);
      this.#resolved = resolved;
      this.#handle = native.numberFormat(full, resolved);
    }
    static unwrap(object) {
      return unwrapped(object, NumberFormat.prototype, (value) => #handle in value);
    }
    get format() {
      const self = unwrap(this);
      const handle = self.#handle;
      return (self.#format ??= nameless((value) => textOf(native.formatNumber(handle, digitsOf(value)))));
    }
    formatToParts(value) {
      const handle = this.#handle;
      return partsOf(native.formatNumber(handle, digitsOf(value)));
    }
    #range(start, end) {
      if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
      const [first, last] = [digitsOf(start), digitsOf(end)];
      if (first === "NaN" || last === "NaN") throw new RangeError("an end of the range is not a number");
      const [from, to] = [native.formatNumber(this.#handle, first), native.formatNumber(this.#handle, last)];
      // What stands between two numbers is set apart from it by spaces.
      const isTight = from[from.length - 2] !== "currency" && to[0] !== "currency" && to[0] !== "minusSign";
      return rangeOf(from, to, isTight ? "–" : " – ", (pieces) => [
        { type: "approximatelySign", value: "~", source: "shared" },
        ...partsOf(pieces, { source: "shared" }),
      ]);
    }
    formatRange(start, end) {
      return joined(this.#range(start, end));
    }
    formatRangeToParts(start, end) {
      return this.#range(start, end);
    }
    resolvedOptions() {
      return copy(unwrap(this).#resolved);
    }
  }
  const { unwrap } = NumberFormat;
  delete NumberFormat.unwrap;

  // ── PluralRules ──

  class PluralRules {
    #resolved;
    #rules;
    #digits;

    constructor(locales, options) {
      const requested = canonicalLocales(locales);
      const given = coerced(options);
      readMatcher(given);
      const { locale, full } = resolve(requested, []);
      const type = option(given, "type", ["cardinal", "ordinal"], "cardinal");
      const notation = option(given, "notation", ["standard", "scientific", "engineering", "compact"], "standard");
      const compactDisplay = option(given, "compactDisplay", ["short", "long"], "short");
      const digits = digitOptions(given, 0, 3, notation);
      const resolved = { __proto__: null, locale, type, notation };
      if (notation === "compact") resolved.compactDisplay = compactDisplay;
      pick(resolved, digits, DIGITS);
      this.#rules = native.pluralRules(full, type);
      this.#digits = native.numberFormat(full, { ...digits, __proto__: null, notation, compactDisplay });
      resolved.pluralCategories = native.pluralCategories(this.#rules);
      pick(resolved, digits, ROUNDING);
      this.#resolved = resolved;
    }
    select(value) {
      const rules = this.#rules;
      const number = +value;
      return Number.isFinite(number) ? native.pluralCategory(rules, this.#digits, native.digits(number)) : "other";
    }
    selectRange(start, end) {
      const rules = this.#rules;
      if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
      const [first, last] = [+start, +end];
      if (Number.isNaN(first) || Number.isNaN(last)) throw new RangeError("an end of the range is not a number");
      return Number.isFinite(last) ? native.pluralCategory(rules, this.#digits, native.digits(last)) : "other";
    }
    resolvedOptions() {
      const resolved = copy(this.#resolved);
      resolved.pluralCategories = [...resolved.pluralCategories];
      return resolved;
    }
  }

  return {
    NumberFormat: publish(NumberFormat, { callable: true, legacy: true }),
    PluralRules: publish(PluralRules),
  };
};
