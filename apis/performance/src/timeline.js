// Entries of the performance timeline, and their observers.
(idl, { now, clone, queueTask, report }) => {
  const { expose, dictionary, need, illegal, double, domException } = idl;

  const TYPES = Object.freeze(["mark", "measure"]);

  /** Set while an entry, or a list of them, is made here and not by a script. */
  let allowed = false;
  const make = (Class, ...args) => {
    allowed = true;
    try {
      return new Class(...args);
    } finally {
      allowed = false;
    }
  };

  const detailOf = (detail) => (detail === undefined || detail === null ? null : clone(detail));

  const time = (value, what) => {
    const number = double(value, what);
    if (number < 0) throw new TypeError(`${what} is negative`);
    return number;
  };

  class PerformanceEntry {
    #name;
    #entryType;
    #startTime;
    #duration;

    constructor(name, entryType, startTime, duration) {
      if (!allowed) throw illegal("PerformanceEntry");
      this.#name = name;
      this.#entryType = entryType;
      this.#startTime = startTime;
      this.#duration = duration;
    }
    get name() {
      return this.#name;
    }
    get entryType() {
      return this.#entryType;
    }
    get startTime() {
      return this.#startTime;
    }
    get duration() {
      return this.#duration;
    }
    toJSON() {
      this.#name;
      const { name, entryType, startTime, duration } = this;
      const isDetailed = this instanceof PerformanceMark || this instanceof PerformanceMeasure;
      return { name, entryType, startTime, duration, ...(isDetailed && { detail: this.detail }) };
    }
  }

  class PerformanceMark extends PerformanceEntry {
    #detail;

    constructor(markName, markOptions = {}) {
      need(arguments, 1, "PerformanceMark");
      const name = `${markName}`;
      const { detail, startTime } = dictionary(markOptions, "PerformanceMark: the options");
      const start = startTime === undefined ? now() : time(startTime, "PerformanceMark: startTime");
      allowed = true;
      super(name, "mark", start, 0);
      allowed = false;
      this.#detail = detailOf(detail);
    }
    get detail() {
      return this.#detail;
    }
  }

  class PerformanceMeasure extends PerformanceEntry {
    #detail;

    constructor(name, startTime, duration, detail) {
      if (!allowed) throw illegal("PerformanceMeasure");
      super(name, "measure", startTime, duration);
      this.#detail = detail;
    }
    get detail() {
      return this.#detail;
    }
  }

  // ── The timeline ──

  let timeline = [];

  const chosen = (entries, name, type) =>
    entries
      .filter((entry) => (name === undefined || entry.name === name) && (type === undefined || entry.entryType === type))
      .sort((a, b) => a.startTime - b.startTime);

  const add = (entry) => {
    timeline.push(entry);
    notify(entry);
    return entry;
  };

  const clear = (type, name) => {
    timeline = timeline.filter((entry) => entry.entryType !== type || (name !== undefined && entry.name !== name));
  };

  /** Attributes of PerformanceTiming, which stand for times of a page in a window and for nothing elsewhere. */
  const OF_PAGES = new Set(
    `navigationStart unloadEventStart unloadEventEnd redirectStart redirectEnd fetchStart domainLookupStart domainLookupEnd connectStart
    connectEnd secureConnectionStart requestStart responseStart responseEnd domLoading domInteractive domContentLoadedEventStart
    domContentLoadedEventEnd domComplete loadEventStart loadEventEnd`.split(/\s+/),
  );

  /** What a start or an end of a measure means. */
  const timestamp = (mark, what) => {
    if (typeof mark === "number") return time(mark, what);
    const name = `${mark}`;
    if (OF_PAGES.has(name)) throw new TypeError(`performance.measure: ${name} stands for a time only where pages are shown`);
    const found = timeline.findLast((entry) => entry.entryType === "mark" && entry.name === name);
    if (found === undefined) throw domException("SyntaxError", `performance.measure: there is no mark ${JSON.stringify(name)}`);
    return found.startTime;
  };

  const measure = (name, startOrOptions, endMark) => {
    const isOptions = startOrOptions === undefined || startOrOptions === null || typeof startOrOptions === "object"
      || typeof startOrOptions === "function";
    const { detail, duration, end, start } = (isOptions ? startOrOptions : null) ?? { __proto__: null };
    const length = duration === undefined ? undefined : double(duration, "performance.measure: duration");
    if ([detail, duration, end, start].some((member) => member !== undefined)) {
      const fail = (problem) => new TypeError(`performance.measure: ${problem}`);
      if (endMark !== undefined) throw fail("with options, an end mark belongs into them");
      if (start === undefined && end === undefined) throw fail("neither start nor end is given");
      if (start !== undefined && end !== undefined && length !== undefined) throw fail("start, end and duration are too many");
    }
    const at = (mark) => timestamp(mark, "performance.measure: a time");
    const until =
      endMark !== undefined ? at(`${endMark}`)
      : end !== undefined ? at(end)
      : start !== undefined && length !== undefined ? at(start) + length
      : now();
    const from =
      start !== undefined ? at(start)
      : end !== undefined && length !== undefined ? until - length
      : isOptions ? 0
      : at(`${startOrOptions}`);
    return add(make(PerformanceMeasure, name, from, until - from, detailOf(detail)));
  };

  // ── Observers ──

  /** Observers that observe something, in the order in which they began. */
  let observers = [];
  let isScheduled = false;

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    queueTask(() => {
      isScheduled = false;
      for (const observer of [...observers]) deliver(observer);
    });
  };

  const notify = (entry) => {
    for (const observer of observers) offer(observer, entry);
  };

  let deliver;
  let offer;

  class PerformanceObserverEntryList {
    #entries;

    constructor(entries) {
      if (!allowed) throw illegal("PerformanceObserverEntryList");
      this.#entries = entries;
    }
    getEntries() {
      return chosen(this.#entries);
    }
    getEntriesByType(type) {
      const entries = this.#entries;
      need(arguments, 1, "getEntriesByType");
      return chosen(entries, undefined, `${type}`);
    }
    getEntriesByName(name, type = undefined) {
      const entries = this.#entries;
      need(arguments, 1, "getEntriesByName");
      return chosen(entries, `${name}`, type === undefined ? undefined : `${type}`);
    }
  }

  class PerformanceObserver {
    #callback;
    #types = new Set();
    /** Whether it observes several types at once, or one a call; unset before the first. */
    #isMultiple = undefined;
    #entries = [];
    #knowsDropped = false;

    static {
      offer = (observer, entry) => {
        if (!observer.#types.has(entry.entryType)) return;
        observer.#entries.push(entry);
        schedule();
      };
      deliver = (observer) => {
        const entries = observer.takeRecords();
        if (entries.length === 0) return;
        const options = observer.#knowsDropped ? {} : { droppedEntriesCount: 0 };
        observer.#knowsDropped = true;
        const list = make(PerformanceObserverEntryList, entries);
        try {
          Reflect.apply(observer.#callback, observer, [list, observer, options]);
        } catch (error) {
          report(error);
        }
      };
    }

    constructor(callback) {
      need(arguments, 1, "PerformanceObserver");
      if (typeof callback !== "function") throw new TypeError("PerformanceObserver: the callback is not a function");
      this.#callback = callback;
    }

    static get supportedEntryTypes() {
      return TYPES;
    }

    observe(options = {}) {
      this.#callback;
      const { buffered, entryTypes, type } = dictionary(options, "PerformanceObserver.observe: the options");
      if (entryTypes === undefined && type === undefined) {
        throw new TypeError("PerformanceObserver.observe: neither entryTypes nor type is given");
      }
      if (entryTypes !== undefined && (type !== undefined || buffered !== undefined)) {
        throw new TypeError("PerformanceObserver.observe: entryTypes goes with no other option");
      }
      const isMultiple = entryTypes !== undefined;
      if (isMultiple && (entryTypes === null || typeof entryTypes !== "object")) {
        throw new TypeError("PerformanceObserver.observe: entryTypes is not a sequence");
      }
      if (isMultiple !== (this.#isMultiple ?? isMultiple)) {
        throw domException("InvalidModificationError", "PerformanceObserver.observe: type and entryTypes cannot be mixed");
      }
      this.#isMultiple = isMultiple;
      const types = (isMultiple ? [...entryTypes] : [type]).map(String).filter((name) => TYPES.includes(name));
      if (types.length === 0) return;
      if (isMultiple) this.#types.clear();
      for (const name of types) this.#types.add(name);
      if (!observers.includes(this)) observers.push(this);
      if (buffered) for (const entry of chosen(timeline, undefined, types[0])) offer(this, entry);
    }

    disconnect() {
      this.#types.clear();
      this.#entries = [];
      this.#isMultiple = undefined;
      observers = observers.filter((observer) => observer !== this);
    }

    takeRecords() {
      const entries = this.#entries;
      this.#entries = [];
      return entries;
    }
  }

  const methods = {
    mark: (name, options) => add(new PerformanceMark(name, options)),
    measure,
    clear,
    getEntries: (name, type) => chosen(timeline, name, type),
  };
  const classes = { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList };
  const entry = "name entryType startTime duration";
  expose(PerformanceEntry, { shown: entry });
  for (const Class of [PerformanceMark, PerformanceMeasure]) expose(Class, { shown: `${entry} detail` });
  for (const Class of [PerformanceObserver, PerformanceObserverEntryList]) expose(Class);
  for (const Class of [PerformanceEntry, PerformanceMeasure, PerformanceObserverEntryList]) {
    Object.defineProperty(Class, "length", { value: 0, configurable: true });
  }
  return { methods, classes };
};
