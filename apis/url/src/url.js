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

  /** Where what starts before the query and the fragment ends. */
  const beforeQuery = (parts) =>
    parts[SEARCH] >= 0 ? parts[SEARCH] : parts[HASH] >= 0 ? parts[HASH] : parts[HREF].length;

  const hostStart = (parts) => {
    const start = parts[HOST_START];
    return parts[HREF][start] === "@" && parts[HOST_END] > start ? start + 1 : start;
  };

  class URL {
    #parts;
    #searchParams = null;

    constructor(url, base = undefined) {
      need(arguments, 1, "URL");
      this.#parts = native.parse(url, base);
    }

    static parse(url, base = undefined) {
      need(arguments, 1, "URL.parse");
      const parts = native.tryParse(url, base);
      if (parts === null) return null;
      const made = new URL("data:");
      made.#parts = parts;
      return made;
    }

    static canParse(url, base = undefined) {
      need(arguments, 1, "URL.canParse");
      return native.canParse(url, base);
    }

    #set(attribute, value) {
      const parts = native.set(this.#parts[HREF], attribute, value);
      if (parts !== null) this.#parts = parts;
    }

    #renewSearchParams() {
      if (this.#searchParams !== null) replace(this.#searchParams, this.search);
    }

    get href() {
      return this.#parts[HREF];
    }
    set href(value) {
      this.#parts;
      this.#parts = native.parse(value);
      this.#renewSearchParams();
    }

    get origin() {
      return native.origin(this.#parts[HREF]);
    }

    get protocol() {
      const parts = this.#parts;
      return parts[HREF].slice(0, parts[PROTOCOL_END]);
    }
    set protocol(value) {
      this.#set("protocol", value);
    }

    get username() {
      const parts = this.#parts;
      const start = parts[PROTOCOL_END] + 2;
      return start < parts[USERNAME_END] ? parts[HREF].slice(start, parts[USERNAME_END]) : "";
    }
    set username(value) {
      this.#set("username", value);
    }

    get password() {
      const parts = this.#parts;
      const start = parts[USERNAME_END];
      return parts[HOST_START] > start ? parts[HREF].slice(start + 1, parts[HOST_START]) : "";
    }
    set password(value) {
      this.#set("password", value);
    }

    get host() {
      const parts = this.#parts;
      const start = hostStart(parts);
      // Behind an empty host there may be a "/." that is part of neither.
      return start === parts[HOST_END] ? "" : parts[HREF].slice(start, parts[PATHNAME]);
    }
    set host(value) {
      this.#set("host", value);
    }

    get hostname() {
      const parts = this.#parts;
      return parts[HREF].slice(hostStart(parts), parts[HOST_END]);
    }
    set hostname(value) {
      this.#set("hostname", value);
    }

    get port() {
      const parts = this.#parts;
      const end = parts[HOST_END];
      return parts[PATHNAME] > end && parts[HREF][end] === ":" ? parts[HREF].slice(end + 1, parts[PATHNAME]) : "";
    }
    set port(value) {
      this.#set("port", value);
    }

    get pathname() {
      const parts = this.#parts;
      return parts[HREF].slice(parts[PATHNAME], beforeQuery(parts));
    }
    set pathname(value) {
      this.#set("pathname", value);
    }

    get search() {
      const parts = this.#parts;
      const start = parts[SEARCH];
      if (start < 0) return "";
      const end = parts[HASH] >= 0 ? parts[HASH] : parts[HREF].length;
      return end - start > 1 ? parts[HREF].slice(start, end) : "";
    }
    set search(value) {
      this.#set("search", value);
      this.#renewSearchParams();
    }

    get searchParams() {
      this.#parts;
      return (this.#searchParams ??= attach(this.search, (query) => this.#set("search", query)));
    }

    get hash() {
      const parts = this.#parts;
      const start = parts[HASH];
      return start >= 0 && parts[HREF].length - start > 1 ? parts[HREF].slice(start) : "";
    }
    set hash(value) {
      this.#set("hash", value);
    }

    toString() {
      return this.#parts[HREF];
    }

    toJSON() {
      return this.#parts[HREF];
    }
  }

  return { URL: expose(URL), URLSearchParams };
};
