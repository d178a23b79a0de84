// The interface URL.
(idl, native, { URLSearchParams, attach, replace }) => {
  const { expose, need } = idl;

  // Where the parts of a URL are; see `parts` in lib.rs.
  const HREF = 0;
  const PROTOCOL_END = 1;
  const USERNAME_END = 2;
  const HOST_START = 3;
  const HOST_END = 4;
  const PATHNAME = 5;
  const SEARCH = 6;
  const HASH = 7;
  /** The URLSearchParams, `null` until they are asked for; setters keep them. */
  const SEARCH_PARAMS = 8;

  /** Where what starts before the query and the fragment ends. */
  const beforeQuery = (parts) =>
    parts[SEARCH] >= 0 ? parts[SEARCH] : parts[HASH] >= 0 ? parts[HASH] : parts[HREF].length;

  const hostStart = (parts) => {
    const start = parts[HOST_START];
    return parts[HREF][start] === "@" && parts[HOST_END] > start ? start + 1 : start;
  };

  const search = (parts) => {
    const start = parts[SEARCH];
    if (start < 0) return "";
    const end = parts[HASH] >= 0 ? parts[HASH] : parts[HREF].length;
    return end - start > 1 ? parts[HREF].slice(start, end) : "";
  };

  let partsOf;
  let setParts;

  const change = (url, attribute, value) => {
    const parts = native.set(partsOf(url)[HREF], attribute, value);
    if (parts !== null) setParts(url, parts);
  };

  const renewSearchParams = (url) => {
    const params = partsOf(url)[SEARCH_PARAMS];
    if (params !== null) replace(params, search(partsOf(url)));
  };

  /** The constructor is native. */
  class Members {
    #parts;

    static {
      partsOf = (url) => url.#parts;
      setParts = (url, parts) => {
        parts[SEARCH_PARAMS] = url.#parts[SEARCH_PARAMS];
        url.#parts = parts;
      };
    }

    static parse(url, base = undefined) {
      need(arguments, 1, "URL.parse");
      const parts = native.tryParse(url, base);
      if (parts === null) return null;
      const made = new Members();
      made.#parts = parts;
      return made;
    }

    static canParse(url, base = undefined) {
      need(arguments, 1, "URL.canParse");
      return native.canParse(url, base);
    }

    get href() {
      return this.#parts[HREF];
    }
    set href(value) {
      this.#parts;
      setParts(this, native.parse(value));
      renewSearchParams(this);
    }

    get origin() {
      return native.origin(this.#parts[HREF]);
    }

    get protocol() {
      const parts = this.#parts;
      return parts[HREF].slice(0, parts[PROTOCOL_END]);
    }
    set protocol(value) {
      change(this, "protocol", value);
    }

    get username() {
      const parts = this.#parts;
      const start = parts[PROTOCOL_END] + 2;
      return start < parts[USERNAME_END] ? parts[HREF].slice(start, parts[USERNAME_END]) : "";
    }
    set username(value) {
      change(this, "username", value);
    }

    get password() {
      const parts = this.#parts;
      const start = parts[USERNAME_END];
      return parts[HOST_START] > start ? parts[HREF].slice(start + 1, parts[HOST_START]) : "";
    }
    set password(value) {
      change(this, "password", value);
    }

    get host() {
      const parts = this.#parts;
      const start = hostStart(parts);
      // Behind an empty host there may be a "/." that is part of neither.
      return start === parts[HOST_END] ? "" : parts[HREF].slice(start, parts[PATHNAME]);
    }
    set host(value) {
      change(this, "host", value);
    }

    get hostname() {
      const parts = this.#parts;
      return parts[HREF].slice(hostStart(parts), parts[HOST_END]);
    }
    set hostname(value) {
      change(this, "hostname", value);
    }

    get port() {
      const parts = this.#parts;
      const end = parts[HOST_END];
      return parts[PATHNAME] > end && parts[HREF][end] === ":" ? parts[HREF].slice(end + 1, parts[PATHNAME]) : "";
    }
    set port(value) {
      change(this, "port", value);
    }

    get pathname() {
      const parts = this.#parts;
      return parts[HREF].slice(parts[PATHNAME], beforeQuery(parts));
    }
    set pathname(value) {
      change(this, "pathname", value);
    }

    get search() {
      return search(this.#parts);
    }
    set search(value) {
      change(this, "search", value);
      renewSearchParams(this);
    }

    get searchParams() {
      const parts = this.#parts;
      return (parts[SEARCH_PARAMS] ??= attach(search(parts), (query) => change(this, "search", query)));
    }

    get hash() {
      const parts = this.#parts;
      const start = parts[HASH];
      return start >= 0 && parts[HREF].length - start > 1 ? parts[HREF].slice(start) : "";
    }
    set hash(value) {
      change(this, "hash", value);
    }

    toString() {
      return this.#parts[HREF];
    }

    toJSON() {
      return this.#parts[HREF];
    }
  }

  const shown = "href origin protocol username password host hostname port pathname search searchParams hash";
  return { URL: expose(native.constructorOf(Members), { shown }), URLSearchParams };
};
