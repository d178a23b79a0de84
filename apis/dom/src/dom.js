// The classes of the DOM. Most members are native; they are copied here from `native.members`.
(idl, events, native, parts) => {
  const { expose, need, domException } = idl;
  const { defineProperty, defineProperties, getOwnPropertyDescriptors } = Object;
  const { members } = native;
  const { EventTarget } = events;

  const illegal = () => {
    throw new TypeError("Illegal constructor");
  };
  const give = (Class, ...mixins) => {
    for (const mixin of mixins) defineProperties(Class.prototype, getOwnPropertyDescriptors(mixin));
  };
  /** Members that scripts see are enumerable; those of `with` scoping are listed. */
  const unscopable = (Class, names) => {
    const value = Object.assign(Object.create(null), Object.fromEntries(names.map((name) => [name, true])));
    defineProperty(Class.prototype, Symbol.unscopables, { value, configurable: true });
  };
  const document = native.mainDocument;

  // ── Nodes ──

  class Node extends EventTarget {
    constructor() {
      illegal();
    }
    get baseURI() {
      return baseOf(documentOf(this));
    }
    getRootNode(options = undefined) {
      void idl.dictionary(options, "the options of getRootNode").composed;
      return getRoot.call(this);
    }
    cloneNode(deep = false) {
      const copy = native.clone(this, Boolean(deep));
      parts.cloned(this, copy, Boolean(deep));
      return copy;
    }
  }
  const getRoot = members.Node.getRootNode;
  delete members.Node.getRootNode;
  give(Node, members.Node);
  const nodeTypes = [
    "ELEMENT",
    "ATTRIBUTE",
    "TEXT",
    "CDATA_SECTION",
    "ENTITY_REFERENCE",
    "ENTITY",
    "PROCESSING_INSTRUCTION",
    "COMMENT",
    "DOCUMENT",
    "DOCUMENT_TYPE",
    "DOCUMENT_FRAGMENT",
    "NOTATION",
  ];
  const constants = Object.fromEntries(nodeTypes.map((name, index) => [`${name}_NODE`, index + 1]));
  const positions = ["DISCONNECTED", "PRECEDING", "FOLLOWING", "CONTAINS", "CONTAINED_BY", "IMPLEMENTATION_SPECIFIC"];
  positions.forEach((name, index) => (constants[`DOCUMENT_POSITION_${name}`] = 1 << index));
  expose(Node, { constants });

  const documentOf = (node) => (node.nodeType === 9 ? node : node.ownerDocument);
  const isNode = native.isNode;

  class CharacterData extends Node {}
  give(CharacterData, members.CharacterData, members.ChildNode, members.ElementSiblings);
  unscopable(CharacterData, ["after", "before", "remove", "replaceWith"]);
  expose(CharacterData);

  /** An object made by a constructor has the prototype of the class that was called with `new`. */
  const made = (node, { prototype }) => {
    if (Object.getPrototypeOf(node) !== prototype) Object.setPrototypeOf(node, prototype);
    return node;
  };

  class Text extends CharacterData {
    constructor(data = "") {
      return made(native.construct(3, currentDocument(), `${data}`), new.target);
    }
  }
  give(Text, members.Text);
  expose(Text);

  class CDATASection extends Text {
    constructor() {
      illegal();
    }
  }
  expose(CDATASection);

  class ProcessingInstruction extends CharacterData {
    constructor() {
      illegal();
    }
  }
  give(ProcessingInstruction, members.ProcessingInstruction);
  expose(ProcessingInstruction);

  class Comment extends CharacterData {
    constructor(data = "") {
      return made(native.construct(8, currentDocument(), `${data}`), new.target);
    }
  }
  expose(Comment);

  class DocumentType extends Node {}
  give(DocumentType, members.DocumentType, members.ChildNode);
  unscopable(DocumentType, ["after", "before", "remove", "replaceWith"]);
  expose(DocumentType);

  class Attr extends Node {}
  give(Attr, members.Attr);
  expose(Attr);

  class DocumentFragment extends Node {
    constructor() {
      return made(native.construct(11, currentDocument(), ""), new.target);
    }
    getElementById(id) {
      need(arguments, 1, "getElementById");
      return native.getElementById.call(this, id);
    }
  }
  give(DocumentFragment, members.ParentNode);
  unscopable(DocumentFragment, ["append", "prepend", "replaceChildren"]);
  expose(DocumentFragment);

  class Element extends Node {
    get classList() {
      return lists(this, "class");
    }
    set classList(value) {
      lists(this, "class").value = value;
    }
    get shadowRoot() {
      return null;
    }
    get part() {
      return lists(this, "part");
    }
    // There is no layout: every box is empty.
    getBoundingClientRect() {
      return { x: 0, y: 0, top: 0, left: 0, right: 0, bottom: 0, width: 0, height: 0 };
    }
    getClientRects() {
      return [];
    }
    get scrollTop() {
      return 0;
    }
    set scrollTop(value) {}
    get scrollLeft() {
      return 0;
    }
    set scrollLeft(value) {}
    get clientWidth() {
      return 0;
    }
    get clientHeight() {
      return 0;
    }
    get scrollWidth() {
      return 0;
    }
    get scrollHeight() {
      return 0;
    }
    scrollIntoView() {}
  }
  give(Element, members.Element, members.ParentNode, members.ChildNode, members.ElementSiblings);
  unscopable(Element, ["after", "append", "before", "prepend", "remove", "replaceChildren", "replaceWith", "slot"]);
  expose(Element);

  /** One object a node and name, made when it is first asked for. */
  const cached = (make) => {
    const known = new WeakMap();
    return (node, name) => {
      let byName = known.get(node);
      if (byName === undefined) known.set(node, (byName = new Map()));
      if (!byName.has(name)) byName.set(name, make(node, name));
      return byName.get(name);
    };
  };
  const lists = cached((element, attribute) => native.tokenList(element, attribute));

  // ── Collections ──

  const { values, keys, entries, forEach } = Array.prototype;
  const collection = (Class, names, iterable) => {
    const { length, ...methods } = getOwnPropertyDescriptors(members.Collection);
    defineProperty(Class.prototype, "length", length);
    for (const name of names) defineProperty(Class.prototype, name, methods[name]);
    asIterable(Class, iterable);
  };
  const asIterable = (Class, full) => {
    const method = (name, value, enumerable) =>
      defineProperty(Class.prototype, name, { value, enumerable, writable: true, configurable: true });
    method(Symbol.iterator, values, false);
    if (!full) return;
    for (const [name, value] of Object.entries({ keys, values, entries, forEach })) method(name, value, true);
  };

  class NodeList {
    constructor() {
      illegal();
    }
  }
  collection(NodeList, ["item"], true);
  expose(NodeList);

  class HTMLCollection {
    constructor() {
      illegal();
    }
  }
  collection(HTMLCollection, ["item", "namedItem"], false);
  expose(HTMLCollection);

  class NamedNodeMap {
    constructor() {
      illegal();
    }
  }
  give(NamedNodeMap, members.NamedNodeMap);
  asIterable(NamedNodeMap, false);
  expose(NamedNodeMap);

  class DOMTokenList {
    constructor() {
      illegal();
    }
  }
  give(DOMTokenList, members.DOMTokenList);
  asIterable(DOMTokenList, true);
  expose(DOMTokenList);

  class DOMStringMap {
    constructor() {
      illegal();
    }
  }
  expose(DOMStringMap);

  // ── Documents ──

  /** URLs of documents other than `about:blank`. */
  const urls = new WeakMap();
  const implementations = new WeakMap();
  const currentDocument = () => document();

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
    createElement(localName, options = undefined) {
      need(arguments, 1, "createElement");
      const element = createElement.call(this, localName);
      return parts.created(element, options, this);
    }
    createElementNS(namespace, qualifiedName, options = undefined) {
      need(arguments, 2, "createElementNS");
      const element = createElementNS.call(this, namespace, qualifiedName);
      return parts.created(element, options, this);
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
  for (const name of ["createElement", "createElementNS", "importNode"]) delete members.Document[name];
  give(Document, members.Document, members.ParentNode);
  unscopable(Document, ["append", "prepend", "replaceChildren"]);
  for (const [name, length] of Object.entries({
    createElement: 1,
    createElementNS: 2,
    importNode: 1,
    createNodeIterator: 1,
    createTreeWalker: 1,
  })) {
    defineProperty(Document.prototype[name], "length", { value: length, configurable: true });
  }
  expose(Document);

  const HTML = "http://www.w3.org/1999/xhtml";
  const SVG = "http://www.w3.org/2000/svg";

  const urlOf = (given) => (given === document() ? native.baseURL() : urls.get(given)) ?? "about:blank";

  /** The document base URL: of the first `base` element with a `href`, or the document's. */
  const baseOf = (given) => {
    const url = urlOf(given);
    const href = given.querySelector("base[href]")?.getAttribute("href") ?? null;
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
      return inherit(typeof parsed === "string" ? errorDocument(parsed, type) : parsed);
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

  // ── The parts ──

  const classes = {
    Attr,
    CDATASection,
    CharacterData,
    Comment,
    DOMImplementation,
    DOMParser,
    DOMStringMap,
    DOMTokenList,
    Document,
    DocumentFragment,
    DocumentType,
    Element,
    HTMLCollection,
    HTMLDocument,
    NamedNodeMap,
    Node,
    NodeList,
    ProcessingInstruction,
    Text,
    XMLDocument,
    XMLSerializer,
  };
  const kit = { idl, events, native, classes, cached, lists, isNode, documentOf, illegal, document, give, HTML, SVG };
  const watchers = [];
  kit.watch = (watcher) => {
    watchers.push(watcher);
    native.watch(true);
  };
  for (const name of ["events", "style", "custom", "tags", "controls", "html", "range", "traversal", "observer"]) {
    Object.assign(parts, parts[name](kit, parts));
  }

  return Object.assign(classes, parts.globals, {
    /** The class or object of that name; those of HTML elements are made now. */
    resolve: (name) => (name in classes ? classes[name] : parts.htmlClass(name)),
    prototypeOf(kind, local) {
      switch (kind) {
        case 201:
          return parts.htmlClassOf(local).prototype;
        case 202:
          return parts.svgClassOf(local).prototype;
        case 101:
          return classes.MathMLElement.prototype;
        case 109:
          return XMLDocument.prototype;
        case 1:
          return Element.prototype;
        case 2:
          return Attr.prototype;
        case 3:
          return Text.prototype;
        case 4:
          return CDATASection.prototype;
        case 7:
          return ProcessingInstruction.prototype;
        case 8:
          return Comment.prototype;
        case 9:
          return HTMLDocument.prototype;
        case 10:
          return DocumentType.prototype;
        default:
          return DocumentFragment.prototype;
      }
    },
    /** Tells those who watch of changes of the tree, each `[kind, …]` as `dom.rs` makes them. */
    tell(changes) {
      for (const change of changes) {
        for (const watcher of watchers) watcher(change);
      }
    },
  });
};
