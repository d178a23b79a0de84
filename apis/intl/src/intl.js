// The object Intl, and the methods of other objects that know locales.
(native, shared, makeLocale, makeText, makeNumber, makeDateTime, makeDuration) => {
  const { canonicalLocales, from, bind } = shared;
  const { defineProperty } = Object;
  const Locale = makeLocale(native, shared);
  const text = makeText(native, shared);
  const number = makeNumber(native, shared);
  const { textOfDate, textOfTemporal, DateTimeFormat } = makeDateTime(native, shared);
  const { NumberFormat } = number;
  const DurationFormat = makeDuration(native, shared, { NumberFormat, ListFormat: text.ListFormat });

  const VALUES = {
    __proto__: null,
    calendar: () => from(native.calendars),
    collation: () => native.allCollations(),
    currency: () => native.currencies(),
    numberingSystem: () => native.numberingSystems(),
    timeZone: () => native.timeZones(),
    unit: () => from(native.units),
  };

  const Intl = {};
  const define = (name, value) => defineProperty(Intl, name, { value, writable: true, configurable: true });
  const { Segmenter, Collator, ListFormat, RelativeTimeFormat, DisplayNames } = text;
  const { PluralRules } = number;
  const classes = {
    __proto__: null,
    Segmenter, Collator, ListFormat, RelativeTimeFormat, DisplayNames, NumberFormat, PluralRules, DateTimeFormat,
    DurationFormat, Locale,
  };
  for (const name in classes) {
    define(name, classes[name]);
    native.refuseClones(classes[name]);
  }
  const functions = {
    __proto__: null,
    getCanonicalLocales(locales) {
      return from(canonicalLocales(locales));
    },
    supportedValuesOf(key) {
      const name = `${key}`;
      if (!(name in VALUES)) throw new RangeError(`there is no list of ${JSON.stringify(name)}`);
      return VALUES[name]();
    },
  };
  for (const name in functions) define(name, functions[name]);
  defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });

  const numberOf = bind(Number.prototype.valueOf);
  const bigintOf = bind(BigInt.prototype.valueOf);
  const timeOf = bind(Date.prototype.getTime);
  const textOfItems = (object, length, locales, options) => {
    let joined = "";
    for (let index = 0; index < length; index++) {
      if (index > 0) joined += ",";
      const item = object[index];
      if (item !== undefined && item !== null) joined += `${item.toLocaleString(locales, options)}`;
    }
    return joined;
  };
  const theLocale = (locales) => {
    return canonicalLocales(locales)[0] ?? "en-US";
  };
  const onString = (value, name) => {
    if (value === undefined || value === null) throw new TypeError(`String.prototype.${name} needs a string`);
    return `${value}`;
  };
  const onDate = (required, defaults) => (date, locales, options) => {
    const time = timeOf(date);
    return textOfDate(time, locales, options, required, defaults);
  };

  return {
    Intl,
    methods: {
      number: (value, locales, options) => new NumberFormat(locales, options).format(numberOf(value)),
      bigint: (value, locales, options) => new NumberFormat(locales, options).format(bigintOf(value)),
      dateTime: onDate("any", "all"),
      date: onDate("date", "date"),
      time: onDate("time", "time"),
      temporal: textOfTemporal,
      duration: (value, locales, options) => new DurationFormat(locales, options).format(value),
      compare: (value, that, locales, options) =>
        new Collator(locales, options).compare(onString(value, "localeCompare"), `${that}`),
      upper: (value, locales) => native.upperCase(onString(value, "toLocaleUpperCase"), theLocale(locales)),
      lower: (value, locales) => native.lowerCase(onString(value, "toLocaleLowerCase"), theLocale(locales)),
      array(array, locales, options) {
        const object = Object(array);
        const length = Math.min(Math.max(Math.trunc(+object.length) || 0, 0), Number.MAX_SAFE_INTEGER);
        return textOfItems(object, length, locales, options);
      },
      typedArray(array, locales, options) {
        return textOfItems(array, native.typedLength(array), locales, options);
      },
    },
  };
};
