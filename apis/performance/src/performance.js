// The interface Performance and its one instance.
({ expose }, { now, timeOrigin, EventTarget }) => {
  let allowed = false;

  class Performance extends EventTarget {
    #brand;

    constructor() {
      if (!allowed) throw new TypeError("Performance cannot be constructed");
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
  }

  expose(Performance);
  allowed = true;
  const performance = new Performance();
  allowed = false;
  return { Performance, performance };
};
