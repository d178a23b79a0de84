// TreeWalker, NodeIterator and NodeFilter.
(() => (kit) => {
  const { idl, native, isNode, classes, illegal } = kit;
  const { expose, domException } = idl;

  const ACCEPT = 1;
  const REJECT = 2;
  const SKIP = 3;

  const token = Symbol("traversal");

  const filterOf = (filter, what) => {
    if (filter === null || filter === undefined) return null;
    if (typeof filter !== "object" && typeof filter !== "function") throw new TypeError(`${what}: the filter is not a NodeFilter`);
    return filter;
  };

  /** What a walker and an iterator share. */
  class Traverser {
    root;
    whatToShow;
    filter;
    isActive = false;

    constructor(root, whatToShow, filter) {
      this.root = root;
      this.whatToShow = whatToShow;
      this.filter = filter;
    }
    test(node) {
      if (this.isActive) throw domException("InvalidStateError", "The filter is running");
      if (((1 << (node.nodeType - 1)) & this.whatToShow) === 0) return SKIP;
      const { filter } = this;
      if (filter === null) return ACCEPT;
      this.isActive = true;
      try {
        if (typeof filter === "function") return Reflect.apply(filter, undefined, [node]) & 0xffff;
        const { acceptNode } = filter;
        if (typeof acceptNode !== "function") throw new TypeError("the filter has no function acceptNode");
        return Reflect.apply(acceptNode, filter, [node]) & 0xffff;
      } finally {
        this.isActive = false;
      }
    }
  }

  const checkRoot = (root, what) => {
    if (!isNode(root)) throw new TypeError(`${what}: argument 1 is not a Node`);
  };

  class TreeWalker {
    #of;
    #current;

    constructor(given, traverser) {
      if (given !== token) illegal();
      this.#of = traverser;
      this.#current = traverser.root;
    }
    get root() {
      return this.#of.root;
    }
    get whatToShow() {
      return this.#of.whatToShow;
    }
    get filter() {
      return this.#of.filter;
    }
    get currentNode() {
      return this.#current;
    }
    set currentNode(node) {
      if (!isNode(node)) throw new TypeError("currentNode is not a Node");
      this.#current = node;
    }
    parentNode() {
      let node = this.#current;
      while (node !== null && node !== this.#of.root) {
        node = node.parentNode;
        if (node !== null && this.#of.test(node) === ACCEPT) return (this.#current = node);
      }
      return null;
    }
    firstChild() {
      return this.#child("firstChild", "nextSibling");
    }
    lastChild() {
      return this.#child("lastChild", "previousSibling");
    }
    #child(first, next) {
      let node = this.#current[first];
      while (node !== null) {
        const result = this.#of.test(node);
        if (result === ACCEPT) return (this.#current = node);
        if (result === SKIP && node[first] !== null) {
          node = node[first];
          continue;
        }
        while (node !== null) {
          const sibling = node[next];
          if (sibling !== null) {
            node = sibling;
            break;
          }
          const parent = node.parentNode;
          if (parent === null || parent === this.#of.root || parent === this.#current) return null;
          node = parent;
        }
      }
      return null;
    }
    previousSibling() {
      return this.#sibling("lastChild", "previousSibling");
    }
    nextSibling() {
      return this.#sibling("firstChild", "nextSibling");
    }
    #sibling(child, next) {
      let node = this.#current;
      if (node === this.#of.root) return null;
      while (true) {
        let sibling = node[next];
        while (sibling !== null) {
          node = sibling;
          const result = this.#of.test(node);
          if (result === ACCEPT) return (this.#current = node);
          sibling = node[child];
          if (result === REJECT || sibling === null) sibling = node[next];
        }
        node = node.parentNode;
        if (node === null || node === this.#of.root || this.#of.test(node) === ACCEPT) return null;
      }
    }
    previousNode() {
      let node = this.#current;
      while (node !== this.#of.root) {
        let sibling = node.previousSibling;
        while (sibling !== null) {
          node = sibling;
          let result = this.#of.test(node);
          while (result !== REJECT && node.lastChild !== null) {
            node = node.lastChild;
            result = this.#of.test(node);
          }
          if (result === ACCEPT) return (this.#current = node);
          sibling = node.previousSibling;
        }
        if (node === this.#of.root || node.parentNode === null) return null;
        node = node.parentNode;
        if (this.#of.test(node) === ACCEPT) return (this.#current = node);
      }
      return null;
    }
    nextNode() {
      let node = this.#current;
      let result = ACCEPT;
      while (true) {
        while (result !== REJECT && node.firstChild !== null) {
          node = node.firstChild;
          result = this.#of.test(node);
          if (result === ACCEPT) return (this.#current = node);
        }
        const next = native.followingSubtree(node, this.#of.root);
        if (next === null) return null;
        node = next;
        result = this.#of.test(node);
        if (result === ACCEPT) return (this.#current = node);
      }
    }
  }
  Object.defineProperty(TreeWalker, "length", { value: 0, configurable: true });
  expose(TreeWalker);

  /** Iterators that live, to be moved when nodes are removed. */
  const iterators = new Set();

  class NodeIterator {
    #of;
    #reference;
    #isBefore = true;

    constructor(given, traverser) {
      if (given !== token) illegal();
      this.#of = traverser;
      this.#reference = traverser.root;
    }
    get root() {
      return this.#of.root;
    }
    get referenceNode() {
      return this.#reference;
    }
    get pointerBeforeReferenceNode() {
      return this.#isBefore;
    }
    get whatToShow() {
      return this.#of.whatToShow;
    }
    get filter() {
      return this.#of.filter;
    }
    nextNode() {
      return this.#traverse(true);
    }
    previousNode() {
      return this.#traverse(false);
    }
    detach() {
      this.#of;
    }
    #traverse(forward) {
      const { root } = this.#of;
      let node = this.#reference;
      let isBefore = this.#isBefore;
      while (true) {
        if (forward !== isBefore) {
          node = forward ? native.following(node, root) : native.preceding(node, root);
          if (node === null) return null;
        } else {
          isBefore = !isBefore;
        }
        if (this.#of.test(node) === ACCEPT) break;
      }
      this.#reference = node;
      this.#isBefore = isBefore;
      return node;
    }
    /** Moves away from what was removed. */
    static removed(iterator, parent, node, previous, next) {
      const { root } = iterator.#of;
      if (!node.contains(iterator.#reference) || node === root || !root.contains(parent)) return;
      if (iterator.#isBefore) {
        const following = next ?? native.followingSubtree(parent, root);
        if (following !== null && root.contains(following)) {
          iterator.#reference = following;
          return;
        }
        iterator.#isBefore = false;
      }
      iterator.#reference = previous === null ? parent : native.lastDescendant(previous);
    }
  }
  const { removed } = NodeIterator;
  delete NodeIterator.removed;
  Object.defineProperty(NodeIterator, "length", { value: 0, configurable: true });
  expose(NodeIterator);

  let isWatching = false;
  const watch = () => {
    if (isWatching) return;
    isWatching = true;
    kit.watch(([kind, parent, node, , previous, next]) => {
      if (kind !== 0) return;
      for (const reference of iterators) {
        const iterator = reference.deref();
        if (iterator === undefined) iterators.delete(reference);
        else removed(iterator, parent, node, previous, next);
      }
    });
  };

  const NodeFilter = () => illegal();
  const filterConstants = {
    FILTER_ACCEPT: ACCEPT,
    FILTER_REJECT: REJECT,
    FILTER_SKIP: SKIP,
    SHOW_ALL: 0xffffffff,
    SHOW_ELEMENT: 0x1,
    SHOW_ATTRIBUTE: 0x2,
    SHOW_TEXT: 0x4,
    SHOW_CDATA_SECTION: 0x8,
    SHOW_ENTITY_REFERENCE: 0x10,
    SHOW_ENTITY: 0x20,
    SHOW_PROCESSING_INSTRUCTION: 0x40,
    SHOW_COMMENT: 0x80,
    SHOW_DOCUMENT: 0x100,
    SHOW_DOCUMENT_TYPE: 0x200,
    SHOW_DOCUMENT_FRAGMENT: 0x400,
    SHOW_NOTATION: 0x800,
  };
  for (const [name, value] of Object.entries(filterConstants)) {
    Object.defineProperty(NodeFilter, name, { value, enumerable: true });
  }

  Object.assign(classes, { NodeFilter, NodeIterator, TreeWalker });
  return {
    createTreeWalker(root, whatToShow, filter) {
      checkRoot(root, "createTreeWalker");
      return new TreeWalker(token, new Traverser(root, whatToShow >>> 0, filterOf(filter, "createTreeWalker")));
    },
    createNodeIterator(root, whatToShow, filter) {
      checkRoot(root, "createNodeIterator");
      watch();
      const traverser = new Traverser(root, whatToShow >>> 0, filterOf(filter, "createNodeIterator"));
      const iterator = new NodeIterator(token, traverser);
      iterators.add(new WeakRef(iterator));
      return iterator;
    },
  };
})();
