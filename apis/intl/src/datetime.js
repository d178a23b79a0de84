// Dates and times.
(native, shared) => {
  const {
    canonicalLocales, option, flag, integer, coerced, readMatcher, typeOption, quoted, resolve, publish, unwrapped, copy,
    partsOf, textOf, rangeOf, joined, nameless, assign, has, bind,
  } = shared;
  const { now } = Date;
  const slice = bind(Array.prototype.slice);

  const TEXT = ["narrow", "short", "long"];
  const NUMERIC = ["2-digit", "numeric"];
  const STYLES = ["full", "long", "medium", "short"];
  const ZONE_NAMES = ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"];
  const FIELDS = {
    __proto__: null,
    weekday: TEXT, era: TEXT, year: NUMERIC, month: [...NUMERIC, ...TEXT], day: NUMERIC,
    dayPeriod: TEXT, hour: NUMERIC, minute: NUMERIC, second: NUMERIC,
  };
  const CLOCK = ["dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"];

  /** Fields of which one must be shown, by what is required. */
  const REQUIRED = {
    __proto__: null,
    date: ["weekday", "year", "month", "day"],
    time: CLOCK,
    "year-month": ["year", "month"],
    "month-day": ["month", "day"],
    any: ["weekday", "year", "month", "day", ...CLOCK],
  };
  /** Fields that are shown if none of the required ones is asked for. */
  const DEFAULTS = {
    __proto__: null,
    date: ["year", "month", "day"],
    time: ["hour", "minute", "second"],
    "year-month": ["year", "month"],
    "month-day": ["month", "day"],
    all: ["year", "month", "day", "hour", "minute", "second"],
  };

  const isAny = (names, asked) => {
    for (let index = 0; index < names.length; index++) if (asked[names[index]] !== undefined) return true;
    return false;
  };
  const addDefaults = (fields, names) => {
    for (let index = 0; index < names.length; index++) fields[names[index]] = "numeric";
    return fields;
  };

  /** GetDateTimeFormat for every field that is asked for. */
  const fieldsOfAll = (asked, required, defaults) => {
    const fields = { __proto__: null, ...asked };
    return isAny(REQUIRED[required], asked) ? fields : addDefaults(fields, DEFAULTS[defaults]);
  };

  /** GetDateTimeFormat for the fields that a type of Temporal has; `null` if others are asked for, and none of these. */
  const relevantFields = (asked, required, defaults) => {
    const fields = { __proto__: null };
    if (asked.era !== undefined && required !== "time" && required !== "month-day") fields.era = asked.era;
    const names = REQUIRED[required];
    for (let index = 0; index < names.length; index++) {
      if (asked[names[index]] !== undefined) fields[names[index]] = asked[names[index]];
    }
    if (isAny(names, asked)) return fields;
    return isAny(REQUIRED.any, asked) ? null : addDefaults(fields, DEFAULTS[defaults]);
  };

  /** How the types of Temporal are shown: what is required, the defaults, and the part of a style. */
  const TYPES = {
    __proto__: null,
    PlainDate: ["date", "date", "date"],
    PlainYearMonth: ["year-month", "year-month", "year-month"],
    PlainMonthDay: ["month-day", "month-day", "month-day"],
    PlainTime: ["time", "time", "time"],
    PlainDateTime: ["any", "all", "date-time"],
  };

  const zoneOf = (value) => {
    const zone = native.timeZone(value);
    if (zone === undefined) throw new RangeError(`${quoted(value)} is not a time zone`);
    return zone;
  };

  const LAST = 8.64e15;
  const clipped = (time) => {
    if (!(Math.abs(time) <= LAST)) throw new RangeError("Invalid time value");
    return Math.trunc(time);
  };

  /** ToDateTimeFormattable: `[type, time, calendar]`, of which a number has no calendar. */
  const formattable = (value) => {
    if (value === undefined) return ["Number", now()];
    return native.temporal(value) ?? ["Number", +value];
  };

  class DateTimeFormat {
    #resolved;
    #full;
    #asked;
    #cycle;
    #handles = { __proto__: null };
    #defaults;
    #format;

    /** `context` is what `toLocaleString` requires and shows; scripts cannot give it. */
    constructor(locales, options, { required, defaults, timeZone } = { required: "any", defaults: "date" }) {
      const requested = canonicalLocales(locales);
      const given = coerced(options);
      readMatcher(given);
      const calendar = native.calendar(typeOption(given, "calendar"));
      const numberingSystem = typeOption(given, "numberingSystem");
      const hour12 = flag(given, "hour12");
      const hourCycle = option(given, "hourCycle", ["h11", "h12", "h23", "h24"]);
      const chosen = { ca: calendar, nu: numberingSystem, hc: hour12 === undefined ? hourCycle : undefined };
      const found = resolve(requested, hour12 === undefined ? ["ca", "hc", "nu"] : ["ca", "nu"], chosen);
      const { keywords } = found;
      const zone = given.timeZone;
      if (timeZone !== undefined && zone !== undefined) throw new TypeError("a ZonedDateTime has a time zone of its own");
      const resolved = {
        __proto__: null,
        locale: found.locale,
        calendar: keywords.ca ?? native.calendarOf(found.full),
        numberingSystem: keywords.nu ?? native.numberingSystemOf(found.full),
        timeZone: timeZone ?? (zone === undefined ? native.defaultTimeZone() : zoneOf(`${zone}`)),
      };
      const asked = { __proto__: null };
      for (const name in FIELDS) {
        const value = option(given, name, FIELDS[name]);
        if (value !== undefined) asked[name] = value;
      }
      const fraction = integer(given, "fractionalSecondDigits", 1, 3);
      if (fraction !== undefined) asked.fractionalSecondDigits = fraction;
      const zoneName = option(given, "timeZoneName", ZONE_NAMES);
      if (zoneName !== undefined) asked.timeZoneName = zoneName;
      option(given, "formatMatcher", ["basic", "best fit"]);
      const dateStyle = option(given, "dateStyle", STYLES);
      const timeStyle = option(given, "timeStyle", STYLES);
      let fields;
      if (dateStyle !== undefined || timeStyle !== undefined) {
        for (const name in asked) throw new TypeError(`a style and ${name} exclude each other`);
        if (required === "date" && timeStyle !== undefined) throw new TypeError("a date has no timeStyle");
        if (required === "time" && dateStyle !== undefined) throw new TypeError("a time has no dateStyle");
        if (dateStyle !== undefined) asked.dateStyle = dateStyle;
        if (timeStyle !== undefined) asked.timeStyle = timeStyle;
        fields = asked;
      } else {
        fields = fieldsOfAll(asked, required, defaults);
        if (timeZone !== undefined && zoneName === undefined && !isAny(REQUIRED.any, asked)) {
          fields.timeZoneName = "short";
        }
      }
      this.#cycle = hour12 === undefined ? keywords.hc : undefined;
      if (hour12 !== undefined) this.#cycle = hour12 ? native.twelveHours(found.full) : "h23";
      this.#cycle ??= native.hasTwelveHours(found.full) ? "h12" : "h23";
      if (fields.hour !== undefined || fields.timeStyle !== undefined) {
        assign(resolved, { hourCycle: this.#cycle, hour12: this.#cycle === "h11" || this.#cycle === "h12" });
      }
      this.#full = found.full;
      this.#asked = asked;
      this.#defaults = defaults;
      this.#handles.Number = this.#made(fields, resolved.timeZone);
      // That of a ZonedDateTime shows its time zone too.
      if (timeZone !== undefined) this.#handles.Instant = this.#handles.Number;
      this.#resolved = assign(resolved, aligned(fields));
    }
    static unwrap(object) {
      return unwrapped(object, DateTimeFormat.prototype, (value) => #handles in value);
    }
    #made(fields, zone) {
      return native.dateTimeFormat(this.#full, zone, { ...aligned(fields), hourCycle: this.#cycle, __proto__: null });
    }
    /** The formatter of a type; throws if the options show nothing of it. */
    #handleOf(type) {
      if (type === "ZonedDateTime") throw new TypeError("a ZonedDateTime is formatted by its own toLocaleString");
      if (this.#handles[type] !== undefined) return this.#handles[type];
      const asked = this.#asked;
      let fields;
      let zone = "UTC";
      if (type === "Instant") {
        const isStyled = asked.dateStyle !== undefined || asked.timeStyle !== undefined;
        fields = isStyled ? asked : fieldsOfAll(asked, "any", "all");
        zone = this.#resolved.timeZone;
      } else {
        fields = this.#fieldsOf(TYPES[type]);
      }
      if (fields === null) throw new TypeError(`these options show nothing of a ${type}`);
      return (this.#handles[type] = this.#made(fields, zone));
    }
    #fieldsOf([required, defaults, part]) {
      const { dateStyle, timeStyle } = this.#asked;
      if (dateStyle === undefined && timeStyle === undefined) return relevantFields(this.#asked, required, defaults);
      const fields = { __proto__: null, part };
      if (part !== "time" && dateStyle !== undefined) fields.dateStyle = dateStyle;
      if ((part === "time" || part === "date-time") && timeStyle !== undefined) fields.timeStyle = timeStyle;
      return fields.dateStyle === undefined && fields.timeStyle === undefined ? null : fields;
    }
    #pieces([type, time, calendar]) {
      const handle = this.#handleOf(type);
      if (type === "Number") return native.formatDateTime(handle, clipped(time));
      const own = this.#resolved.calendar;
      const isNeutral = calendar === "iso8601" && type !== "PlainYearMonth" && type !== "PlainMonthDay";
      if (calendar !== undefined && calendar !== own && !isNeutral) {
        throw new RangeError(`the calendar ${calendar} is not that of the format, ${own}`);
      }
      return native.formatDateTime(handle, time);
    }
    get format() {
      const self = unwrap(this);
      const pieces = (date) => self.#pieces(formattable(date));
      return (self.#format ??= nameless((date) => textOf(pieces(date))));
    }
    formatToParts(date) {
      this.#handles;
      return partsOf(this.#pieces(formattable(date)));
    }
    #range(start, end) {
      if (start === undefined || end === undefined) throw new TypeError("a range has a start and an end");
      const [first, last] = [formattable(start), formattable(end)];
      if (first[0] !== last[0]) throw new TypeError("the ends of a range are of one type");
      if (first[2] !== last[2]) throw new RangeError("the ends of a range have one calendar");
      return rangeOfTimes(this.#pieces(first), this.#pieces(last));
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
    /** The text of a ZonedDateTime, whose time zone the format was made with. */
    static zoned(format, [, time, calendar]) {
      return textOf(format.#pieces(["Instant", time, calendar]));
    }
  }
  const { unwrap, zoned } = DateTimeFormat;
  delete DateTimeFormat.unwrap;
  delete DateTimeFormat.zoned;

  /** A range of which a date that both ends have, before their times, is shown once. */
  const rangeOfTimes = (from, to) => {
    const whole = (pieces) => partsOf(pieces, { source: "shared" });
    let common = 0;
    while (common < from.length && from[common] === to[common] && from[common + 1] === to[common + 1]) common += 2;
    let start = 0;
    while (start < from.length && !has(CLOCK, from[start])) start += 2;
    const isDated = start > 0 && start < from.length && common >= start && common < from.length;
    for (let index = start; isDated && index < from.length; index += 2) {
      if (has(REQUIRED.date, from[index])) return rangeOf(from, to, " – ", whole);
    }
    if (!isDated) return rangeOf(from, to, " – ", whole);
    return [...whole(slice(from, 0, start)), ...rangeOf(slice(from, start), slice(to, start), " – ", whole)];
  };

  /** Minutes and seconds have two digits beside each other or an hour, and else as few as they need. */
  const aligned = (fields) => {
    const shown = { __proto__: null, ...fields };
    const { hour, minute, second, fractionalSecondDigits } = shown;
    const isOf = (other) => (hour === undefined && other === undefined ? "numeric" : "2-digit");
    if (minute !== undefined) shown.minute = isOf(second ?? fractionalSecondDigits);
    if (second !== undefined) shown.second = isOf(minute);
    return shown;
  };

  const textOfDate = (time, locales, options, required, defaults) => {
    if (Number.isNaN(time)) return "Invalid Date";
    return new DateTimeFormat(locales, options, { required, defaults }).format(time);
  };

  /** What `toLocaleString` of the types of Temporal requires and shows. */
  const LOCAL = {
    __proto__: null,
    PlainDate: { required: "date", defaults: "date" },
    PlainYearMonth: { required: "date", defaults: "date" },
    PlainMonthDay: { required: "date", defaults: "date" },
    PlainTime: { required: "time", defaults: "time" },
    PlainDateTime: { required: "any", defaults: "all" },
    Instant: { required: "any", defaults: "all" },
  };

  const textOfTemporal = (value, locales, options) => {
    const parts = native.temporal(value);
    const [type, , , zone] = parts;
    if (type !== "ZonedDateTime") return new DateTimeFormat(locales, options, LOCAL[type]).format(value);
    return zoned(new DateTimeFormat(locales, options, { required: "any", defaults: "all", timeZone: zone }), parts);
  };

  return {
    DateTimeFormat: publish(DateTimeFormat, { callable: true, legacy: true }),
    textOfDate,
    textOfTemporal,
  };
};
