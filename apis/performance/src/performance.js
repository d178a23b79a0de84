// The interface Performance and its one instance.
({ expose, illegal, need }, { now, timeOrigin, EventTarget }, { methods, classes }) => {
  let allowed = false;

  const optional = (text) => (text === undefined ? undefined : `${text}`);

  class Performance extends EventTarget {
    #brand;

    constructor() {
      if (!allowed) throw illegal("Performance");
      super();
    }
    now() {
      this.#brand;
      return now();
    }
    get timeOrigin() {
      this.#brand;
      return timeOrigin;
    }
    toJSON() {
      this.#brand;
      return { timeOrigin };
    }

    mark(markName, markOptions = {}) {
      this.#brand;
      need(arguments, 1, "performance.mark");
      return methods.mark(markName, markOptions);
    }
    clearMarks(markName = undefined) {
      this.#brand;
      methods.clear("mark", optional(markName));
    }
    measure(measureName, startOrMeasureOptions = {}, endMark = undefined) {
      this.#brand;
      need(arguments, 1, "performance.measure");
      return methods.measure(`${measureName}`, startOrMeasureOptions, endMark);
    }
    clearMeasures(measureName = undefined) {
      this.#brand;
      methods.clear("measure", optional(measureName));
    }

    getEntries() {
      this.#brand;
      return methods.getEntries();
    }
    getEntriesByType(type) {
      this.#brand;
      need(arguments, 1, "performance.getEntriesByType");
      return methods.getEntries(undefined, `${type}`);
    }
    getEntriesByName(name, type = undefined) {
      this.#brand;
      need(arguments, 1, "performance.getEntriesByName");
      return methods.getEntries(`${name}`, optional(type));
    }
  }

  expose(Performance);
  allowed = true;
  const performance = new Performance();
  allowed = false;
  return { Performance, performance, ...classes };
};
