// Headers: lists of `[name in lower case, value]`.
(idl, native, common) => {
  const { expose, need, iterable } = idl;
  const { isObject, apply } = common;
  const { ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { call } = Function.prototype;
  const test = call.bind(RegExp.prototype.test);
  const replace = call.bind(String.prototype.replace);
  const toLowerCase = call.bind(String.prototype.toLowerCase);
  const split = call.bind(String.prototype.split);

  const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
  const WIDE = /[^\0-\xff]/;
  const BROKEN = /[\0\r\n]/;
  const EDGES = /^[\t\n\r ]+|[\t\n\r ]+$/g;

  const byteString = (value, what) => {
    value = `${value}`;
    if (test(WIDE, value)) throw new TypeError(`${what}: ${JSON.stringify(value)} has characters above U+00FF`);
    return value;
  };

  const headerName = (name, what) => {
    if (!test(TOKEN, name)) throw new TypeError(`${what}: ${JSON.stringify(name)} is not a header name`);
    return toLowerCase(name);
  };

  const headerValue = (value, what) => {
    value = replace(value, EDGES, "");
    if (test(BROKEN, value)) throw new TypeError(`${what}: ${JSON.stringify(value)} is not a header value`);
    return value;
  };

  /** The values of a name as one; `null` if there are none. */
  const getHeader = (list, name) => {
    let value = null;
    for (const [key, part] of list) if (key === name) value = value === null ? part : `${value}, ${part}`;
    return value;
  };

  const withoutHeader = (list, name) => list.filter(([key]) => key !== name);

  /** Replaces the first value of a name and removes the others. */
  const setHeader = (list, name, value) => {
    const first = list.findIndex(([key]) => key === name);
    if (first === -1) {
      list[list.length] = [name, value];
      return list;
    }
    const kept = list.filter(([key], index) => key !== name || index === first);
    kept[first] = [name, value];
    return kept;
  };

  /** Names in order, each with its values as one; every `set-cookie` stands for itself. */
  const sortAndCombine = (list) => {
    const byName = new Map();
    for (const [name, value] of list) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [value]);
      else known[known.length] = value;
    }
    const names = [...byName.keys()].sort();
    return names.flatMap((name) => {
      const values = byName.get(name);
      return name === "set-cookie" ? values.map((value) => [name, value]) : [[name, values.join(", ")]];
    });
  };

  /** The pairs of a HeadersInit, as byte strings. */
  const pairsOfInit = (init, what) => {
    if (!isObject(init)) throw new TypeError(`${what}: the headers are neither a sequence nor a record`);
    const method = init[Symbol.iterator];
    if (method !== undefined && method !== null) {
      if (typeof method !== "function") throw new TypeError(`${what}: the iterator of the headers is not a function`);
      const outer = { __proto__: null, [Symbol.iterator]: () => apply(method, init, []) };
      const pairs = [];
      for (const item of outer) {
        if (!isObject(item)) throw new TypeError(`${what}: a header is not a pair`);
        const pair = [];
        for (const part of item) pair[pair.length] = byteString(part, what);
        if (pair.length !== 2) throw new TypeError(`${what}: a header is not a pair`);
        pairs[pairs.length] = pair;
      }
      return pairs;
    }
    const pairs = [];
    for (const key of ownKeys(init)) {
      if (!getOwnPropertyDescriptor(init, key)?.enumerable) continue;
      if (typeof key === "symbol") throw new TypeError(`${what}: the name of a header is a symbol`);
      const name = byteString(key, what);
      pairs[pairs.length] = [name, byteString(init[key], what)];
    }
    return pairs;
  };

  const INTERNAL = {};

  class Headers {
    #list = [];
    #isImmutable = false;
    #sorted = undefined;

    static listOf = (headers) => headers.#list;
    static is = (value) => isObject(value) && #list in value;
    static sorted = (headers) => (headers.#sorted ??= sortAndCombine(headers.#list));

    constructor(init = undefined, state = undefined) {
      if (init === INTERNAL) {
        this.#list = state.list;
        this.#isImmutable = state.isImmutable;
        return;
      }
      if (init !== undefined) {
        for (const [name, value] of pairsOfInit(init, "Headers")) this.#append("Headers", name, value);
      }
    }

    #change(list) {
      this.#list = list;
      this.#sorted = undefined;
    }

    #check(what) {
      if (this.#isImmutable) throw new TypeError(`${what}: these headers cannot be changed`);
    }

    #append(what, name, value) {
      value = headerValue(value, what);
      name = headerName(name, what);
      this.#check(what);
      const list = this.#list;
      list[list.length] = [name, value];
      this.#sorted = undefined;
    }

    append(name, value) {
      this.#list;
      need(arguments, 2, "Headers.append");
      this.#append("Headers.append", byteString(name, "Headers.append"), byteString(value, "Headers.append"));
    }

    delete(name) {
      const list = this.#list;
      need(arguments, 1, "Headers.delete");
      name = headerName(byteString(name, "Headers.delete"), "Headers.delete");
      this.#check("Headers.delete");
      this.#change(withoutHeader(list, name));
    }

    get(name) {
      const list = this.#list;
      need(arguments, 1, "Headers.get");
      return getHeader(list, headerName(byteString(name, "Headers.get"), "Headers.get"));
    }

    getSetCookie() {
      return this.#list.filter(([name]) => name === "set-cookie").map(([, value]) => value);
    }

    has(name) {
      const list = this.#list;
      need(arguments, 1, "Headers.has");
      name = headerName(byteString(name, "Headers.has"), "Headers.has");
      return list.some(([key]) => key === name);
    }

    set(name, value) {
      const list = this.#list;
      need(arguments, 2, "Headers.set");
      name = byteString(name, "Headers.set");
      value = headerValue(byteString(value, "Headers.set"), "Headers.set");
      name = headerName(name, "Headers.set");
      this.#check("Headers.set");
      this.#change(setHeader(list, name, value));
    }
  }

  const { listOf, is: isHeaders, sorted } = Headers;
  for (const name of ["listOf", "is", "sorted"]) delete Headers[name];
  const makeHeaders = (list, isImmutable) => new Headers(INTERNAL, { list, isImmutable });

  // ── Of requests and responses ──
  //
  // Their state has `headers`, `undefined` until somebody asks for the object; `fields`, what is in it at first: a list, or what a server
  // sent, a text of which each name and each value is a line; and `isImmutable`.

  const listOfText = (text) => {
    const lines = split(text, "\n");
    const list = [];
    for (let index = 1; index < lines.length; index += 2) list[list.length] = [lines[index - 1], lines[index]];
    return list;
  };

  const initialList = ({ fields }) => (typeof fields === "string" ? listOfText(fields) : fields);

  /** The headers of a state as an object. */
  const headersOf = (state) => (state.headers ??= makeHeaders(initialList(state), state.isImmutable));

  /** The headers of a state as a list. */
  const fieldsOf = (state) => (state.headers === undefined ? initialList(state) : listOf(state.headers));

  /** The values of a name in a state as one; `null` if there are none. */
  const fieldOf = (state, name) => getHeader(fieldsOf(state), name);

  const shown = (headers) => {
    const record = { __proto__: null };
    for (const [name, value] of listOf(headers)) record[name] = name in record ? `${record[name]}, ${value}` : value;
    return record;
  };
  expose(Headers, { shown });
  iterable(Headers, sorted);

  return { Headers, headersOf, fieldsOf, fieldOf, listOf, byteString, token: (text) => test(TOKEN, text) };
};
