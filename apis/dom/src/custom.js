// Custom elements: definitions, upgrades and reactions.
(() => (kit) => {
  const { idl, native, isNode, classes, illegal, HTML } = kit;
  const { expose, need, domException, dictionary } = idl;

  /** Definitions by name and by constructor. */
  const byName = new Map();
  const byClass = new Map();
  /** The definition of an element that is custom. */
  const definitions = new WeakMap();
  const waiting = new Map();

  const RESERVED = [
    "annotation-xml",
    "color-profile",
    "font-face",
    "font-face-src",
    "font-face-uri",
    "font-face-format",
    "font-face-name",
    "missing-glyph",
  ];
  const isValidName = (name) => /^[a-z][^\t\n\f\r \0/>A-Z]*$/.test(name) && name.includes("-") && !RESERVED.includes(name);

  const definitionOf = (element) => {
    if (element.namespaceURI !== HTML || element.ownerDocument !== kit.document()) return undefined;
    const name = native.isValue(element) ?? element.getAttribute("is");
    const definition = byName.get(element.localName) ?? (name === null ? undefined : byName.get(name));
    return definition?.localName === element.localName ? definition : undefined;
  };

  const react = (element, name, args) => {
    const callback = definitions.get(element)?.callbacks[name];
    if (callback === undefined) return;
    try {
      Reflect.apply(callback, element, args);
    } catch (error) {
      native.report(error);
    }
  };

  /** Turns an element into a custom one; what its constructor throws is thrown. */
  const upgrade = (element, definition) => {
    if (definitions.has(element) || definition.failed.has(element)) return;
    definitions.set(element, definition);
    definition.stack.push(element);
    try {
      const made = Reflect.construct(definition.Class, []);
      if (made !== element) throw new TypeError("The constructor of a custom element returned something else");
    } catch (error) {
      definitions.delete(element);
      definition.failed.add(element);
      throw error;
    } finally {
      definition.stack.pop();
    }
    for (const { name, value, namespaceURI } of [...element.attributes]) {
      attributeChanged(element, namespaceURI, name, null, value);
    }
    if (element.isConnected) react(element, "connectedCallback", []);
  };

  const tryUpgrade = (element) => {
    const definition = definitionOf(element);
    if (definition === undefined) return;
    try {
      upgrade(element, definition);
    } catch (error) {
      native.report(error);
    }
  };

  const attributeChanged = (element, namespace, name, old, value) => {
    if (definitions.get(element)?.observed.has(name)) {
      react(element, "attributeChangedCallback", [name, old, value, namespace]);
    }
  };

  let isWatching = false;
  const watch = () => {
    if (isWatching) return;
    isWatching = true;
    kit.watch((record) => {
      const [kind, node, ...rest] = record;
      switch (kind) {
        case 3: {
          const [namespace, name, old, value] = rest;
          attributeChanged(node, namespace, name, old, value);
          break;
        }
        case 6:
          if (definitions.has(node)) react(node, "adoptedCallback", rest);
          break;
        case 7:
          if (definitions.has(node)) react(node, "connectedCallback", []);
          else tryUpgrade(node);
          break;
        case 8:
          react(node, "disconnectedCallback", []);
      }
    });
  };

  const CALLBACKS = [
    "connectedCallback",
    "disconnectedCallback",
    "connectedMoveCallback",
    "adoptedCallback",
    "attributeChangedCallback",
    "formAssociatedCallback",
    "formResetCallback",
    "formDisabledCallback",
    "formStateRestoreCallback",
  ];

  const isConstructor = (value) => {
    if (typeof value !== "function") return false;
    try {
      Reflect.construct(Object, [], value);
      return true;
    } catch {
      return false;
    }
  };

  class CustomElementRegistry {
    #isDefining = false;

    constructor(given) {
      if (given !== token) illegal();
    }
    define(name, Class, options = undefined) {
      this.#isDefining;
      need(arguments, 2, "define");
      name = `${name}`;
      if (!isConstructor(Class)) throw new TypeError("define: argument 2 is not a constructor");
      if (!isValidName(name)) throw domException("SyntaxError", `${name} is not a valid name for a custom element`);
      if (byName.has(name)) throw domException("NotSupportedError", `${name} is already defined`);
      if (byClass.has(Class)) throw domException("NotSupportedError", "The constructor is already used for another element");
      const base = dictionary(options, "the options of define").extends;
      let localName = name;
      if (base !== undefined) {
        localName = `${base}`;
        if (isValidName(localName)) throw domException("NotSupportedError", "A custom element cannot be extended");
        if (kit.htmlInterfaceOf(localName) === "HTMLUnknownElement") {
          throw domException("NotSupportedError", `${localName} is no HTML element`);
        }
      }
      if (this.#isDefining) throw domException("NotSupportedError", "Another element is being defined");
      this.#isDefining = true;
      const definition = { name, localName, Class, callbacks: {}, observed: new Set(), stack: [], failed: new WeakSet() };
      try {
        const { prototype } = Class;
        if (prototype === null || typeof prototype !== "object") throw new TypeError("define: the prototype is not an object");
        for (const key of CALLBACKS) {
          const callback = prototype[key];
          if (callback === undefined) continue;
          if (typeof callback !== "function") throw new TypeError(`define: ${key} is not a function`);
          definition.callbacks[key] = callback;
        }
        if (definition.callbacks.attributeChangedCallback !== undefined) {
          const { observedAttributes } = Class;
          if (observedAttributes !== undefined) {
            definition.observed = new Set([...observedAttributes].map((attribute) => `${attribute}`));
          }
        }
      } finally {
        this.#isDefining = false;
      }
      byName.set(name, definition);
      byClass.set(Class, definition);
      native.define(localName);
      watch();
      for (const element of native.candidates(kit.document())) tryUpgrade(element);
      waiting.get(name)?.resolve(Class);
      waiting.delete(name);
    }
    get(name) {
      this.#isDefining;
      need(arguments, 1, "get");
      return byName.get(`${name}`)?.Class;
    }
    getName(Class) {
      this.#isDefining;
      need(arguments, 1, "getName");
      return byClass.get(Class)?.name ?? null;
    }
    whenDefined(name) {
      name = `${name}`;
      if (!isValidName(name)) {
        return Promise.reject(domException("SyntaxError", `${name} is not a valid name for a custom element`));
      }
      const definition = byName.get(name);
      if (definition !== undefined) return Promise.resolve(definition.Class);
      if (!waiting.has(name)) waiting.set(name, Promise.withResolvers());
      return waiting.get(name).promise;
    }
    upgrade(root) {
      this.#isDefining;
      if (!isNode(root)) throw new TypeError("upgrade: argument 1 is not a Node");
      for (const element of native.candidates(root)) if (!definitions.has(element)) tryUpgrade(element);
    }
  }
  const token = Symbol("CustomElementRegistry");
  Object.defineProperty(CustomElementRegistry, "length", { value: 0, configurable: true });
  Object.defineProperty(CustomElementRegistry.prototype.define, "length", { value: 2, configurable: true });
  expose(CustomElementRegistry);
  const customElements = new CustomElementRegistry(token);

  /** What a constructor of an HTML element returns: the element that is being upgraded, or a new one. */
  const constructElement = (NewTarget, Active) => {
    const definition = byClass.get(NewTarget);
    if (definition === undefined || NewTarget === Active) illegal();
    const isAutonomous = definition.localName === definition.name;
    if (Active.name !== (isAutonomous ? "HTMLElement" : kit.htmlInterfaceOf(definition.localName))) illegal();
    const { prototype } = NewTarget;
    const { stack } = definition;
    const known = stack.at(-1);
    if (stack.length === 0) {
      const is = isAutonomous ? null : definition.name;
      const element = native.constructElement(kit.document(), definition.localName, prototype, is);
      definitions.set(element, definition);
      return element;
    }
    if (known === undefined) throw new TypeError("The element was already constructed");
    stack[stack.length - 1] = undefined;
    Object.setPrototypeOf(known, prototype);
    return known;
  };

  Object.assign(classes, { CustomElementRegistry });
  kit.constructElement = constructElement;
  return {
    globals: { customElements },
    /** An element that `createElement` made: upgraded at once if there is a definition. */
    created(element, is, document) {
      if (byName.size === 0) return element;
      const definition = definitionOf(element);
      if (definition === undefined) return element;
      try {
        if (is === null && definition.localName === definition.name && document === kit.document()) {
          const made = new definition.Class();
          if (!isNode(made) || made.localName !== definition.localName || made.namespaceURI !== HTML) {
            throw new TypeError("The constructor of a custom element returned something else");
          }
          for (const [has, what] of [
            [made.attributes.length > 0, "attributes"],
            [made.hasChildNodes(), "children"],
            [made.parentNode !== null, "a parent"],
          ]) {
            if (has) throw domException("NotSupportedError", `A new custom element must not have ${what}`);
          }
          return made;
        }
        upgrade(element, definition);
      } catch (error) {
        native.report(error);
        Object.setPrototypeOf(element, classes.HTMLUnknownElement.prototype);
      }
      return element;
    },
    cloned(_, copy) {
      if (byName.size === 0) return;
      for (const element of native.candidates(copy)) if (!definitions.has(element)) tryUpgrade(element);
    },
    isDefined: (element) => definitions.has(element),
  };
})();
