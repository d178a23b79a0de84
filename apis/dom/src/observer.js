// Mutation observers.
(() => (kit) => {
  const { idl, native, isNode, classes, illegal } = kit;
  const { expose, need, dictionary } = idl;
  const { queueMicrotask } = globalThis;

  /** Who observes a node: node → Map of observer → options. */
  const registered = new WeakMap();
  /** Observers with records to deliver. */
  const pending = new Set();
  let isScheduled = false;
  let isWatching = false;

  const token = Symbol("MutationRecord");

  class MutationRecord {
    #of;

    constructor(given, of) {
      if (given !== token) illegal();
      this.#of = of;
    }
    get type() {
      return this.#of.type;
    }
    get target() {
      return this.#of.target;
    }
    get addedNodes() {
      return (this.#of.addedList ??= native.nodeList(this.#of.added));
    }
    get removedNodes() {
      return (this.#of.removedList ??= native.nodeList(this.#of.removed));
    }
    get previousSibling() {
      return this.#of.previous;
    }
    get nextSibling() {
      return this.#of.next;
    }
    get attributeName() {
      return this.#of.name;
    }
    get attributeNamespace() {
      return this.#of.namespace;
    }
    get oldValue() {
      return this.#of.oldValue;
    }
  }
  Object.defineProperty(MutationRecord, "length", { value: 0, configurable: true });
  expose(MutationRecord);

  const record = (type, target, fields) => ({
    type,
    target,
    added: [],
    removed: [],
    previous: null,
    next: null,
    name: null,
    namespace: null,
    oldValue: null,
    ...fields,
  });

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(deliver);
  };

  const deliver = () => {
    isScheduled = false;
    const observers = [...pending];
    pending.clear();
    for (const observer of observers) observer.deliver();
  };

  const isInterested = (options, type, isTarget, name, namespace) => {
    if (!isTarget && !options.subtree) return false;
    if (type !== "attributes") return options[type];
    if (!options.attributes) return false;
    return options.attributeFilter === undefined || (options.attributeFilter.includes(name) && namespace === null);
  };

  const queue = (type, target, fields, oldValue = null) => {
    const interested = new Map();
    for (const node of native.observedFrom(target)) {
      for (const [observer, registrations] of registered.get(node) ?? []) {
        for (const options of registrations) {
          if (!isInterested(options, type, node === target, fields.name, fields.namespace)) continue;
          const wantsOld =
            (type === "attributes" && options.attributeOldValue) || (type === "characterData" && options.characterDataOldValue);
          interested.set(observer, wantsOld || interested.get(observer) === true);
        }
      }
    }
    for (const [observer, wantsOld] of interested) {
      const of = record(type, target, fields);
      if (wantsOld) of.oldValue = oldValue;
      observer.add(new MutationRecord(token, of));
    }
  };

  /** Nodes that were removed from an observed tree are observed until the records are delivered. */
  const addTransient = (parent, node) => {
    for (const ancestor of native.observedFrom(parent)) {
      for (const [observer, registrations] of registered.get(ancestor) ?? []) {
        for (const options of registrations) {
          if (options.subtree) observer.observeTransiently(node, options);
        }
      }
    }
  };

  const watch = () => {
    if (isWatching) return;
    isWatching = true;
    kit.watch((change) => {
      switch (change[0]) {
        case 0:
          addTransient(change[1], change[2]);
          break;
        case 2: {
          const [, target, added, removed, previous, next] = change;
          queue("childList", target, { added, removed, previous, next });
          break;
        }
        case 3: {
          const [, element, namespace, name, old] = change;
          queue("attributes", element, { name, namespace }, old);
          break;
        }
        case 4:
          queue("characterData", change[1], {}, change[2]);
      }
    });
  };

  const register = (node, observer, options) => {
    let observers = registered.get(node);
    if (observers === undefined) {
      registered.set(node, (observers = new Map()));
      native.markObserved(node, true);
    }
    let registrations = observers.get(observer);
    if (registrations === undefined) observers.set(observer, (registrations = []));
    registrations.push(options);
  };

  const unregister = (node, observer) => {
    const observers = registered.get(node);
    if (!observers?.delete(observer) || observers.size > 0) return;
    registered.delete(node);
    native.markObserved(node, false);
  };

  const observeOptions = (given) => {
    const init = dictionary(given, "the options of observe");
    const options = {
      childList: Boolean(init.childList),
      subtree: Boolean(init.subtree),
      attributes: init.attributes === undefined ? undefined : Boolean(init.attributes),
      attributeOldValue: Boolean(init.attributeOldValue),
      attributeFilter: init.attributeFilter === undefined ? undefined : [...init.attributeFilter].map((name) => `${name}`),
      characterData: init.characterData === undefined ? undefined : Boolean(init.characterData),
      characterDataOldValue: Boolean(init.characterDataOldValue),
    };
    const wantsAttributes = init.attributeOldValue !== undefined || options.attributeFilter !== undefined;
    if (wantsAttributes && options.attributes === undefined) options.attributes = true;
    if (init.characterDataOldValue !== undefined && options.characterData === undefined) options.characterData = true;
    if (!options.childList && !options.attributes && !options.characterData) {
      throw new TypeError("observe: one of childList, attributes and characterData must be true");
    }
    if (wantsAttributes && (options.attributeOldValue || options.attributeFilter) && !options.attributes) {
      throw new TypeError("observe: attributeOldValue and attributeFilter need attributes");
    }
    if (options.characterDataOldValue && !options.characterData) {
      throw new TypeError("observe: characterDataOldValue needs characterData");
    }
    return options;
  };

  /** The inner side of an observer. */
  class Observation {
    records = [];
    /** Nodes that it observes, weakly, and those that it observes until records are delivered. */
    nodes = [];
    transients = [];
    observer;
    callback;

    constructor(observer, callback) {
      this.observer = observer;
      this.callback = callback;
    }
    add(made) {
      this.records.push(made);
      pending.add(this);
      schedule();
    }
    observe(node, options) {
      const registrations = registered.get(node)?.get(this);
      if (registrations !== undefined) {
        const own = registrations.findIndex((known) => known.source === undefined);
        if (own >= 0) {
          this.forget(registrations[own]);
          registrations[own] = options;
          return;
        }
      } else {
        this.nodes.push(new WeakRef(node));
      }
      register(node, this, options);
    }
    observeTransiently(node, options) {
      const known = registered.get(node)?.get(this);
      if (known?.some(({ source }) => source === options)) return;
      register(node, this, { ...options, source: options });
      this.transients.push(node);
    }
    /** Ends the transient registrations of one source, or all. */
    forget(source = undefined) {
      this.transients = this.transients.filter((node) => {
        const observers = registered.get(node);
        const left = observers?.get(this)?.filter((known) => known.source === undefined || (source && known.source !== source));
        if (left === undefined) return false;
        if (left.length === 0) unregister(node, this);
        else observers.set(this, left);
        return left.some((known) => known.source !== undefined);
      });
    }
    take() {
      return this.records.splice(0);
    }
    deliver() {
      const records = this.take();
      this.forget();
      if (records.length === 0) return;
      try {
        Reflect.apply(this.callback, this.observer, [records, this.observer]);
      } catch (error) {
        native.report(error);
      }
    }
    disconnect() {
      this.forget();
      for (const reference of this.nodes) {
        const node = reference.deref();
        if (node !== undefined) unregister(node, this);
      }
      this.nodes = [];
      this.records = [];
    }
  }

  class MutationObserver {
    #of;

    constructor(callback) {
      need(arguments, 1, "MutationObserver");
      if (typeof callback !== "function") throw new TypeError("MutationObserver: the callback is not a function");
      this.#of = new Observation(this, callback);
    }
    observe(target, options = {}) {
      const of = this.#of;
      need(arguments, 1, "observe");
      if (!isNode(target)) throw new TypeError("observe: argument 1 is not a Node");
      of.observe(target, observeOptions(options));
      watch();
    }
    disconnect() {
      this.#of.disconnect();
    }
    takeRecords() {
      return this.#of.take();
    }
  }
  Object.defineProperty(MutationObserver.prototype.observe, "length", { value: 1, configurable: true });
  expose(MutationObserver);

  Object.assign(classes, { MutationObserver, MutationRecord });
  return {};
})();
