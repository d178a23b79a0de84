// The classes of the DOM. Most members are native; they are copied here from `native.members`.
(idl, events, native, parts) => {
  const { expose, need } = idl;
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
  const HTML = "http://www.w3.org/1999/xhtml";
  const SVG = "http://www.w3.org/2000/svg";

  // ── Nodes ──

  class Node extends EventTarget {
    constructor() {
      illegal();
    }
    get baseURI() {
      return parts.baseOf(documentOf(this));
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
      return made(native.construct(3, document(), `${data}`), new.target);
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
      return made(native.construct(8, document(), `${data}`), new.target);
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
      return made(native.construct(11, document(), ""), new.target);
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

  // ── The parts ──

  const classes = {
    Attr,
    CDATASection,
    CharacterData,
    Comment,
    DOMStringMap,
    DOMTokenList,
    DocumentFragment,
    DocumentType,
    Element,
    HTMLCollection,
    NamedNodeMap,
    Node,
    NodeList,
    ProcessingInstruction,
    Text,
  };
  const watchers = [];
  const watch = (watcher) => {
    watchers.push(watcher);
    native.watch(true);
  };
  const kit = {
    __proto__: null,
    HTML,
    SVG,
    cached,
    classes,
    document,
    documentOf,
    events,
    give,
    idl,
    illegal,
    isNode,
    lists,
    made,
    native,
    unscopable,
    watch,
  };
  for (const name of ["documents", "events", "style", "custom", "tags", "links", "activation", "controls", "forms", "html", "range", "traversal", "observer"]) {
    Object.assign(parts, parts[name](kit, parts));
  }

  return Object.assign(classes, parts.globals, {
    formEntries: parts.formEntries,
    styleNames: parts.styleNames,
    created: parts.created,
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
          return classes.XMLDocument.prototype;
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
          return classes.HTMLDocument.prototype;
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
