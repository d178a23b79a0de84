// Hyperlinks (HTML Standard, "HTMLHyperlinkElementUtils"): the parts of the URL in `href`.
(() => (kit) => {
  const { native } = kit;
  const { defineProperty } = Object;

  const href = (element) => element.getAttribute("href");

  /** Members of `HTMLAnchorElement` and `HTMLAreaElement`. */
  const hyperlink = {
    toString() {
      return this.href;
    },
    get origin() {
      const url = href(this);
      return url === null ? "" : (native.partOfURL(url, this.baseURI, "origin") ?? "");
    },
  };
  for (const part of ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"]) {
    const absent = part === "protocol" ? ":" : "";
    const accessor = {
      get [part]() {
        const url = href(this);
        return url === null ? absent : (native.partOfURL(url, this.baseURI, part) ?? absent);
      },
      set [part](value) {
        value = `${value}`;
        const url = href(this);
        const changed = url === null ? undefined : native.withPartOfURL(url, this.baseURI, part, value);
        if (changed !== undefined) this.setAttribute("href", changed);
      },
    };
    defineProperty(hyperlink, part, Object.getOwnPropertyDescriptor(accessor, part));
  }
  return { hyperlink };
})();
