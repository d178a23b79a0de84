// The object Intl, and the methods of other objects that know locales.
(native, shared, makeText, makeFormats) => {
  const { canonicalLocales, Locale } = shared;
  const { nameless, ...text } = makeText(native, shared);
  const { textOfDate, ...formats } = makeFormats(native, shared, nameless);
  const { call } = Function.prototype;
  const bind = (method) => call.bind(method);

  const VALUES = {
    calendar: () => [
      "buddhist", "chinese", "coptic", "dangi", "ethioaa", "ethiopic", "gregory", "hebrew", "indian", "islamic-civil",
      "islamic-tbla", "islamic-umalqura", "iso8601", "japanese", "persian", "roc",
    ],
    collation: () => ["compat", "dict", "emoji", "eor", "phonebk", "pinyin", "searchjl", "stroke", "trad", "zhuyin"],
    currency: () => [],
    numberingSystem: () => ["arab", "arabext", "beng", "deva", "fullwide", "gujr", "guru", "hanidec", "khmr", "knda", "laoo", "latn", "mlym", "mymr", "orya", "tamldec", "telu", "thai", "tibt"],
    timeZone: () => native.timeZones(),
    unit: () => [],
  };

  const Intl = {};
  const define = (object, name, value) => Object.defineProperty(object, name, { value, writable: true, configurable: true });
  for (const [name, value] of Object.entries({ ...text, ...formats, Locale })) define(Intl, name, value);
  const functions = {
    getCanonicalLocales(locales) {
      return canonicalLocales(locales);
    },
    supportedValuesOf(key) {
      const name = `${key}`;
      if (!Object.hasOwn(VALUES, name)) throw new RangeError(`there is no list of ${JSON.stringify(name)}`);
      return VALUES[name]();
    },
  };
  for (const name of Object.keys(functions)) define(Intl, name, functions[name]);
  Object.defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });

  const { NumberFormat, Collator } = Intl;
  const numberOf = bind(Number.prototype.valueOf);
  const bigintOf = bind(BigInt.prototype.valueOf);
  const timeOf = bind(Date.prototype.getTime);
  const theLocale = (locales) => {
    const [first] = canonicalLocales(locales);
    return first ?? "en-US";
  };
  const onString = (value, name) => {
    if (value === undefined || value === null) throw new TypeError(`String.prototype.${name} needs a string`);
    return `${value}`;
  };
  const onDate = (required, defaults) => (date, locales, options) => {
    const time = timeOf(date);
    return textOfDate({ getTime: () => time }, locales, options, required, defaults);
  };

  return {
    Intl,
    methods: {
      number: (value, locales, options) => new NumberFormat(locales, options).format(numberOf(value)),
      bigint: (value, locales, options) => new NumberFormat(locales, options).format(bigintOf(value)),
      dateTime: onDate("any", "all"),
      date: onDate("date", "date"),
      time: onDate("time", "time"),
      temporal: (value) => value.toJSON(),
      duration: (value) => value.toJSON(),
      compare: (value, that, locales, options) =>
        new Collator(locales, options).compare(onString(value, "localeCompare"), `${that}`),
      upper: (value, locales) => native.upperCase(onString(value, "toLocaleUpperCase"), theLocale(locales)),
      lower: (value, locales) => native.lowerCase(onString(value, "toLocaleLowerCase"), theLocale(locales)),
      array(array, locales, options) {
        const object = Object(array);
        const length = Math.min(Math.max(Math.trunc(+object.length) || 0, 0), Number.MAX_SAFE_INTEGER);
        let joined = "";
        for (let index = 0; index < length; index++) {
          if (index > 0) joined += ",";
          const item = object[index];
          if (item !== undefined && item !== null) joined += `${item.toLocaleString(locales, options)}`;
        }
        return joined;
      },
    },
  };
};
