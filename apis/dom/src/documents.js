// Documents, what makes them, and what writes them.
(() => (kit, parts) => {
  const { idl, native, classes, isNode, illegal, document, give, made, unscopable, HTML, SVG } = kit;
  const { expose, need, domException } = idl;
  const { members } = native;
  const { Node } = classes;
  const { defineProperty } = Object;

  /** URLs of documents other than `about:blank`. */
  const urls = new WeakMap();
  const implementations = new WeakMap();

  class Document extends Node {
    constructor() {
      return made(native.createDocument(false, "application/xml"), new.target);
    }
    get implementation() {
      documentCheck(this);
      let implementation = implementations.get(this);
      if (implementation === undefined) {
        implementation = new DOMImplementation(token, this);
        implementations.set(this, implementation);
      }
      return implementation;
    }
    get URL() {
      documentCheck(this);
      return urlOf(this);
    }
    get documentURI() {
      return this.URL;
    }
    get characterSet() {
      documentCheck(this);
      return "UTF-8";
    }
    get charset() {
      return this.characterSet;
    }
    get inputEncoding() {
      return this.characterSet;
    }
    get defaultView() {
      return this === document() ? globalThis : null;
    }
    get location() {
      return this === document() ? (globalThis.location ?? null) : null;
    }
    get readyState() {
      return "complete";
    }
    get hidden() {
      return true;
    }
    get visibilityState() {
      return "hidden";
    }
    get activeElement() {
      return parts.focused(this) ?? this.body;
    }
    hasFocus() {
      return false;
    }
    get referrer() {
      return "";
    }
    get lastModified() {
      return "01/01/1970 00:00:00";
    }
    get cookie() {
      return "";
    }
    set cookie(value) {}
    get currentScript() {
      return null;
    }
    get scrollingElement() {
      return this.documentElement;
    }
    get dir() {
      return this.documentElement?.getAttribute("dir") ?? "";
    }
    set dir(value) {
      this.documentElement?.setAttribute("dir", value);
    }
    get title() {
      const text = titleOf(this)?.textContent ?? "";
      return text.replace(/[\t\n\f\r ]+/g, " ").replace(/^ | $/g, "");
    }
    set title(value) {
      value = `${value}`;
      let title = titleOf(this);
      if (title === null) {
        const root = this.documentElement;
        if (root?.namespaceURI === SVG) {
          title = this.createElementNS(SVG, "title");
          root.insertBefore(title, root.firstChild);
        } else {
          if (this.head === null) return;
          title = this.createElementNS(HTML, "title");
          this.head.append(title);
        }
      }
      title.textContent = value;
    }
    importNode(node, options = false) {
      need(arguments, 1, "importNode");
      const deep = typeof options === "object" && options !== null ? !options.selfOnly : Boolean(options);
      const copy = importNode.call(this, node, deep);
      parts.cloned(node, copy, deep);
      return copy;
    }
    createEvent(name) {
      documentCheck(this);
      need(arguments, 1, "createEvent");
      return parts.createEvent(`${name}`);
    }
    createRange() {
      documentCheck(this);
      return parts.createRange(this);
    }
    createNodeIterator(root, whatToShow = 0xffffffff, filter = null) {
      need(arguments, 1, "createNodeIterator");
      return parts.createNodeIterator(root, whatToShow, filter);
    }
    createTreeWalker(root, whatToShow = 0xffffffff, filter = null) {
      need(arguments, 1, "createTreeWalker");
      return parts.createTreeWalker(root, whatToShow, filter);
    }
    open() {
      this.replaceChildren();
      return this;
    }
    close() {}
    write(...markup) {
      const { body } = this;
      (body ?? this.documentElement)?.insertAdjacentHTML("beforeend", markup.join(""));
    }
    writeln(...markup) {
      this.write(...markup, "\n");
    }
    getSelection() {
      return null;
    }
    createExpression() {
      throw domException("NotSupportedError", "XPath is not supported");
    }
    evaluate() {
      throw domException("NotSupportedError", "XPath is not supported");
    }
    static parseHTMLUnsafe(markup) {
      return native.parseHTML(`${markup}`);
    }
  }
  const { createElement, createElementNS, importNode } = members.Document;
  delete members.Document.importNode;
  give(Document, members.Document, members.ParentNode);
  unscopable(Document, ["append", "prepend", "replaceChildren"]);
  for (const [name, length] of Object.entries({
    importNode: 1,
    createNodeIterator: 1,
    createTreeWalker: 1,
  })) {
    defineProperty(Document.prototype[name], "length", { value: length, configurable: true });
  }
  expose(Document);

  const urlOf = (given) => (given === document() ? native.baseURL() : urls.get(given)) ?? "about:blank";

  /** The document base URL: of the first `base` element with a `href`, or the document's. */
  const baseOf = (given) => {
    const url = urlOf(given);
    const href = given.head?.querySelector("base[href]")?.getAttribute("href") ?? null;
    return href === null ? url : (native.resolveURL(href, url) ?? url);
  };
  /** A document that a script of this one parsed has its URL. */
  const inherit = (parsed) => {
    urls.set(parsed, urlOf(document()));
    return parsed;
  };

  const documentCheck = (value) => {
    if (!isNode(value) || value.nodeType !== 9) throw new TypeError("Illegal invocation");
  };

  const titleOf = (document) => {
    const root = document.documentElement;
    if (root?.namespaceURI !== SVG) return document.querySelector("title");
    for (const child of root.children) if (child.localName === "title" && child.namespaceURI === SVG) return child;
    return null;
  };

  class XMLDocument extends Document {
    constructor() {
      illegal();
    }
  }
  expose(XMLDocument);

  class HTMLDocument extends Document {
    constructor() {
      illegal();
    }
  }
  expose(HTMLDocument);

  const token = Symbol("DOMImplementation");

  class DOMImplementation {
    #document;

    constructor(given, document) {
      if (given !== token) illegal();
      this.#document = document;
    }
    createDocumentType(qualifiedName, publicId, systemId) {
      need(arguments, 3, "createDocumentType");
      return native.createDoctype(this.#document, `${qualifiedName}`, `${publicId}`, `${systemId}`);
    }
    createDocument(namespace, qualifiedName, doctype = null) {
      this.#document;
      need(arguments, 2, "createDocument");
      namespace = namespace === null || namespace === undefined ? null : `${namespace}`;
      qualifiedName = qualifiedName === null ? "" : `${qualifiedName}`;
      if (doctype !== null && !(isNode(doctype) && doctype.nodeType === 10)) {
        throw new TypeError("createDocument: argument 3 is not a DocumentType");
      }
      const kinds = { [HTML]: "application/xhtml+xml", [SVG]: "image/svg+xml" };
      const document = native.createDocument(false, kinds[namespace] ?? "application/xml");
      const element = qualifiedName === "" ? null : createElementNS.call(document, namespace, qualifiedName);
      if (doctype !== null) document.appendChild(doctype);
      if (element !== null) document.appendChild(element);
      return document;
    }
    createHTMLDocument(title = undefined) {
      this.#document;
      const document = native.createDocument(true, "text/html");
      document.appendChild(native.createDoctype(document, "html", "", ""));
      const [html, head, body] = ["html", "head", "body"].map((name) => createElement.call(document, name));
      if (title !== undefined) {
        const element = createElement.call(document, "title");
        element.appendChild(document.createTextNode(`${title}`));
        head.appendChild(element);
      }
      html.append(head, body);
      document.appendChild(html);
      return document;
    }
    hasFeature() {
      return true;
    }
  }
  defineProperty(DOMImplementation, "length", { value: 0, configurable: true });
  defineProperty(DOMImplementation.prototype.createDocument, "length", { value: 2, configurable: true });
  expose(DOMImplementation);

  // ── Parsing and serialising ──

  const types = ["text/html", "text/xml", "application/xml", "application/xhtml+xml", "image/svg+xml"];

  class DOMParser {
    #is = true;

    parseFromString(markup, type) {
      this.#is;
      need(arguments, 2, "parseFromString");
      [markup, type] = [`${markup}`, `${type}`];
      if (!types.includes(type)) throw new TypeError(`parseFromString: ${type} is no type that it can parse`);
      if (type === "text/html") return inherit(native.parseHTML(markup));
      const parsed = native.parseXML(markup, type);
      const made = typeof parsed === "string" ? errorDocument(parsed, type) : parsed;
      return Object.setPrototypeOf(inherit(made), Document.prototype);
    }
  }
  expose(DOMParser);

  const errorDocument = (message, type) => {
    const document = native.createDocument(false, type);
    const namespace = "http://www.mozilla.org/newlayout/xml/parsererror.xml";
    const element = createElementNS.call(document, namespace, "parsererror");
    element.appendChild(document.createTextNode(message));
    document.appendChild(element);
    return document;
  };

  class XMLSerializer {
    #is = true;

    serializeToString(root) {
      this.#is;
      need(arguments, 1, "serializeToString");
      if (!isNode(root)) throw new TypeError("serializeToString: argument 1 is not a Node");
      return native.serializeXML(root);
    }
  }
  expose(XMLSerializer);

  Object.assign(classes, { DOMImplementation, DOMParser, Document, HTMLDocument, XMLDocument, XMLSerializer });
  return { baseOf };
})();
