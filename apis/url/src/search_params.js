// The interface URLSearchParams.
(idl, native) => {
  const { expose, iterable, need, usvString } = idl;

  const pairsOfSequence = (init) => {
    const pairs = [];
    for (const item of init) {
      if (item === null || (typeof item !== "object" && typeof item !== "function")) {
        throw new TypeError("URLSearchParams: an element of the sequence is not a pair");
      }
      const pair = [...item].map(usvString);
      if (pair.length !== 2) {
        throw new TypeError(`URLSearchParams: an element of the sequence has ${pair.length} elements instead of 2`);
      }
      pairs.push(pair);
    }
    return pairs;
  };

  const pairsOfRecord = (init) => {
    const record = new Map();
    for (const key of Reflect.ownKeys(init)) {
      if (Reflect.getOwnPropertyDescriptor(init, key)?.enumerable) record.set(usvString(key), usvString(init[key]));
    }
    return [...record];
  };

  const pairsOf = (init) => {
    if (init === null || (typeof init !== "object" && typeof init !== "function")) {
      const text = `${init}`;
      return native.parseQuery(text[0] === "?" ? text.slice(1) : text);
    }
    const method = init[Symbol.iterator];
    if (method === undefined || method === null) return pairsOfRecord(init);
    if (typeof method !== "function") throw new TypeError("URLSearchParams: the initialiser is not iterable");
    return pairsOfSequence({ [Symbol.iterator]: () => method.call(init) });
  };

  let listOf;
  let attach;
  let replace;

  class URLSearchParams {
    #list;
    /** Tells the URL that this is the query of. */
    #update = null;

    static {
      listOf = (params) => params.#list;
      attach = (search, update) => {
        const params = new URLSearchParams(search);
        params.#update = update;
        return params;
      };
      replace = (params, search) => {
        params.#list = native.parseQuery(search.slice(1));
      };
    }

    constructor(init = "") {
      this.#list = pairsOf(init);
    }

    #changed() {
      if (this.#update !== null) this.#update(native.serializeQuery(this.#list));
    }

    get size() {
      return this.#list.length;
    }

    append(name, value) {
      const list = this.#list;
      need(arguments, 2, "URLSearchParams.append");
      list.push([usvString(name), usvString(value)]);
      this.#changed();
    }

    delete(name, value = undefined) {
      this.#list;
      need(arguments, 1, "URLSearchParams.delete");
      name = usvString(name);
      if (value !== undefined) value = usvString(value);
      this.#list = this.#list.filter((pair) => pair[0] !== name || (value !== undefined && pair[1] !== value));
      this.#changed();
    }

    get(name) {
      const list = this.#list;
      need(arguments, 1, "URLSearchParams.get");
      name = usvString(name);
      for (const pair of list) if (pair[0] === name) return pair[1];
      return null;
    }

    getAll(name) {
      const list = this.#list;
      need(arguments, 1, "URLSearchParams.getAll");
      name = usvString(name);
      const values = [];
      for (const pair of list) if (pair[0] === name) values.push(pair[1]);
      return values;
    }

    has(name, value = undefined) {
      const list = this.#list;
      need(arguments, 1, "URLSearchParams.has");
      name = usvString(name);
      if (value !== undefined) value = usvString(value);
      for (const pair of list) if (pair[0] === name && (value === undefined || pair[1] === value)) return true;
      return false;
    }

    set(name, value) {
      this.#list;
      need(arguments, 2, "URLSearchParams.set");
      name = usvString(name);
      value = usvString(value);
      const rest = [];
      let found = false;
      for (const pair of this.#list) {
        if (pair[0] !== name) rest.push(pair);
        else if (!found) rest.push([name, value]);
        found ||= pair[0] === name;
      }
      if (!found) rest.push([name, value]);
      this.#list = rest;
      this.#changed();
    }

    sort() {
      this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      this.#changed();
    }

    toString() {
      return native.serializeQuery(this.#list);
    }
  }

  iterable(URLSearchParams, (params) => listOf(params));
  expose(URLSearchParams, { shown: (params) => listOf(params) });
  return { URLSearchParams, attach, replace };
};
