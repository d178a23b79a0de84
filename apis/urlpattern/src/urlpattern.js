// The interface URLPattern.
(idl, native) => {
  const { expose, dictionary, need, usvString } = idl;
  const { components } = native;
  const { exec } = RegExp.prototype;
  const { apply } = Reflect;

  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  /** A URLPatternInput: a string, or the members of a URLPatternInit as an array and as an object. */
  const inputOf = (value) => {
    if (value !== undefined && value !== null && !isObject(value)) {
      const text = usvString(value);
      return { native: text, given: text };
    }
    const init = value ?? { __proto__: null };
    const given = { __proto__: null };
    // Members are read in the order of their names.
    for (const name of ["baseURL", "hash", "hostname", "password", "pathname", "port", "protocol", "search", "username"]) {
      const member = init[name];
      if (member !== undefined) given[name] = usvString(member);
    }
    return { native: [...components.map((name) => given[name]), given.baseURL], given: { ...given } };
  };

  const regExp = (source, flags) => {
    try {
      return new RegExp(source, flags);
    } catch (error) {
      throw new TypeError(`URLPattern: ${error.message}`);
    }
  };

  class URLPattern {
    /** `{ pattern, regExp, names }` by component. */
    #components = {};
    #hasRegExpGroups;

    constructor(input = {}, baseURL = undefined, options = undefined) {
      const isBase = arguments.length > 2 || (baseURL !== undefined && baseURL !== null && !isObject(baseURL));
      const pattern = inputOf(input);
      const base = isBase ? usvString(baseURL) : undefined;
      const { ignoreCase } = dictionary(isBase ? options : baseURL, "URLPattern: the options");
      const compiled = native.compile(pattern.native, base, Boolean(ignoreCase));
      components.forEach((name, index) => {
        const [text, source, names] = compiled[index];
        const folds = ignoreCase && (name === "pathname" || name === "search" || name === "hash");
        this.#components[name] = { pattern: text, regExp: regExp(source, folds ? "vi" : "v"), names };
      });
      this.#hasRegExpGroups = compiled[components.length];
    }

    #exec(input, baseURL) {
      const { native: text, given } = inputOf(input);
      const base = baseURL === undefined ? undefined : usvString(baseURL);
      const found = native.match(text, base);
      if (found === null) return null;
      const result = { inputs: base === undefined ? [given] : [given, base] };
      for (let index = 0; index < components.length; index++) {
        const name = components[index];
        const { regExp, names } = this.#components[name];
        const match = apply(exec, regExp, [found[index]]);
        if (match === null) return null;
        const groups = {};
        names.forEach((group, position) => (groups[group] = match[position + 1]));
        result[name] = { input: found[index], groups };
      }
      return result;
    }

    test(input = {}, baseURL = undefined) {
      return this.#exec(input, baseURL) !== null;
    }

    exec(input = {}, baseURL = undefined) {
      return this.#exec(input, baseURL);
    }

    get protocol() {
      return this.#components.protocol.pattern;
    }
    get username() {
      return this.#components.username.pattern;
    }
    get password() {
      return this.#components.password.pattern;
    }
    get hostname() {
      return this.#components.hostname.pattern;
    }
    get port() {
      return this.#components.port.pattern;
    }
    get pathname() {
      return this.#components.pathname.pattern;
    }
    get search() {
      return this.#components.search.pattern;
    }
    get hash() {
      return this.#components.hash.pattern;
    }
    get hasRegExpGroups() {
      return this.#hasRegExpGroups;
    }

    static compareComponent(component, left, right) {
      need(arguments, 3, "URLPattern.compareComponent");
      const [a, b] = [left, right].map((pattern) => pattern.#components);
      return native.compare(component, a[component]?.pattern ?? "", b[component]?.pattern ?? "");
    }

    generate(component, groups = {}) {
      const own = this.#components;
      need(arguments, 1, "URLPattern.generate");
      const values = dictionary(groups, "URLPattern.generate: the groups");
      const get = (name) => (Object.hasOwn(values, name) ? usvString(values[name]) : undefined);
      return native.generate(component, own[component]?.pattern ?? "", own.protocol.pattern, get);
    }
  }

  Object.defineProperty(URLPattern.prototype.test, "length", { value: 0, configurable: true });
  return { URLPattern: expose(URLPattern) };
};
