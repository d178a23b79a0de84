// Ranges. A boundary is a node and an offset; those of live ranges move with the tree.
(() => (kit) => {
  const { idl, native, isNode, classes, illegal, document } = kit;
  const { expose, need, domException, unsignedLong } = idl;
  const { lengthOf, indexOf } = native;

  const TEXT = 3;
  const CDATA = 4;
  const isText = (node) => node.nodeType === TEXT || node.nodeType === CDATA;
  const isCharacterData = (node) => [TEXT, CDATA, 7, 8].includes(node.nodeType);

  const rootOf = (node) => node.getRootNode();

  /** -1, 0 or 1: where one boundary is, seen from another of the same tree. */
  const compare = (nodeA, offsetA, nodeB, offsetB) => {
    if (nodeA === nodeB) return Math.sign(offsetA - offsetB);
    const position = nodeA.compareDocumentPosition(nodeB);
    if (position & 2) return -compare(nodeB, offsetB, nodeA, offsetA);
    if (position & 16) {
      let child = nodeB;
      while (child.parentNode !== nodeA) child = child.parentNode;
      if (indexOf(child) < offsetA) return 1;
    }
    return -1;
  };

  const nodeArg = (value, what) => {
    if (!isNode(value)) throw new TypeError(`${what}: argument 1 is not a Node`);
    return value;
  };

  const checkBoundary = (node, offset) => {
    if (node.nodeType === 10) throw domException("InvalidNodeTypeError", "A document type cannot be a boundary of a range");
    if (offset > lengthOf(node)) throw domException("IndexSizeError", `The offset ${offset} is larger than the node's length`);
  };

  const parentOf = (node) => {
    const parent = node.parentNode;
    if (parent === null) throw domException("InvalidNodeTypeError", "The node has no parent");
    return parent;
  };

  class AbstractRange {
    #bounds;

    constructor(given, bounds) {
      if (given !== token) illegal();
      this.#bounds = bounds;
    }
    get startContainer() {
      return this.#bounds.startNode;
    }
    get startOffset() {
      return this.#bounds.startOffset;
    }
    get endContainer() {
      return this.#bounds.endNode;
    }
    get endOffset() {
      return this.#bounds.endOffset;
    }
    get collapsed() {
      const { startNode, startOffset, endNode, endOffset } = this.#bounds;
      return startNode === endNode && startOffset === endOffset;
    }
  }
  const token = Symbol("Range");
  Object.defineProperty(AbstractRange, "length", { value: 0, configurable: true });
  expose(AbstractRange);

  class StaticRange extends AbstractRange {
    constructor(init) {
      need(arguments, 1, "StaticRange");
      const { startContainer, startOffset, endContainer, endOffset } = idl.dictionary(init, "the initialiser of a StaticRange");
      if (startOffset === undefined || endOffset === undefined) throw new TypeError("StaticRange: an offset is missing");
      for (const node of [startContainer, endContainer]) {
        if (!isNode(node)) throw new TypeError("StaticRange: a container is not a Node");
        if (node.nodeType === 10 || node.nodeType === 2) {
          throw domException("InvalidNodeTypeError", "A node of this kind cannot be a boundary of a range");
        }
      }
      super(token, {
        startNode: startContainer,
        startOffset: unsignedLong(startOffset),
        endNode: endContainer,
        endOffset: unsignedLong(endOffset),
      });
    }
  }
  expose(StaticRange);

  // ── Live ranges ──

  const live = new Set();
  let isWatching = false;
  const eachLive = (update) => {
    for (const reference of live) {
      const bounds = reference.deref();
      if (bounds === undefined) live.delete(reference);
      else update(bounds);
    }
  };
  const sides = [
    ["startNode", "startOffset"],
    ["endNode", "endOffset"],
  ];
  const updates = {
    // Removed: boundaries inside go to where the node was.
    0: (bounds, [, parent, node, index]) => {
      for (const [container, offset] of sides) {
        if (node.contains(bounds[container])) {
          bounds[container] = parent;
          bounds[offset] = index;
        } else if (bounds[container] === parent && bounds[offset] > index) {
          bounds[offset]--;
        }
      }
    },
    1: (bounds, [, parent, nodes, index]) => {
      for (const [container, offset] of sides) {
        if (bounds[container] === parent && bounds[offset] > index) bounds[offset] += nodes.length;
      }
    },
    4: (bounds, [, node, , at, removed, added]) => {
      for (const [container, offset] of sides) {
        if (bounds[container] !== node || bounds[offset] <= at) continue;
        bounds[offset] = bounds[offset] <= at + removed ? at : bounds[offset] + added - removed;
      }
    },
    5: (bounds, [, node, made, at]) => {
      const parent = node.parentNode;
      for (const [container, offset] of sides) {
        if (bounds[container] === node && bounds[offset] > at) {
          bounds[container] = made;
          bounds[offset] -= at;
        } else if (bounds[container] === parent && bounds[offset] === indexOf(node) + 1) {
          bounds[offset]++;
        }
      }
    },
  };
  const register = (bounds) => {
    live.add(new WeakRef(bounds));
    if (isWatching) return;
    isWatching = true;
    kit.watch((change) => {
      const update = updates[change[0]];
      if (update !== undefined && live.size > 0) eachLive((bounds) => update(bounds, change));
    });
  };

  const setStart = (bounds, node, offset) => {
    checkBoundary(node, offset);
    if (rootOf(bounds.startNode) !== rootOf(node) || compare(node, offset, bounds.endNode, bounds.endOffset) > 0) {
      bounds.endNode = node;
      bounds.endOffset = offset;
    }
    bounds.startNode = node;
    bounds.startOffset = offset;
  };

  const setEnd = (bounds, node, offset) => {
    checkBoundary(node, offset);
    if (rootOf(bounds.startNode) !== rootOf(node) || compare(node, offset, bounds.startNode, bounds.startOffset) < 0) {
      bounds.startNode = node;
      bounds.startOffset = offset;
    }
    bounds.endNode = node;
    bounds.endOffset = offset;
  };

  const isContained = (node, { startNode, startOffset, endNode, endOffset }) =>
    rootOf(node) === rootOf(startNode) &&
    compare(node, 0, startNode, startOffset) > 0 &&
    compare(node, lengthOf(node), endNode, endOffset) < 0;

  const isPartial = (node, { startNode, endNode }) => node.contains(startNode) !== node.contains(endNode);

  const commonAncestor = ({ startNode, endNode }) => {
    let node = startNode;
    while (!node.contains(endNode)) node = node.parentNode;
    return node;
  };

  const boundsFrom = (startNode, startOffset, endNode, endOffset) => ({ startNode, startOffset, endNode, endOffset });

  const cloneText = (node, from, to) => {
    const copy = node.cloneNode();
    copy.data = node.substringData(from, to - from);
    return copy;
  };

  /** Extracts or clones what is between the boundaries, without recursion: pairs of bounds and where their contents go. */
  const takeContents = (bounds, extract) => {
    const owner = kit.documentOf(bounds.startNode);
    const top = owner.createDocumentFragment();
    const work = [[bounds, top]];
    while (work.length > 0) {
      const [part, into] = work.pop();
      takePart(part, into, extract, work);
    }
    return top;
  };

  const takePart = (bounds, into, extract, work) => {
    const { startNode, startOffset, endNode, endOffset } = bounds;
    if (startNode === endNode && startOffset === endOffset) return;
    if (startNode === endNode && isCharacterData(startNode)) {
      into.append(cloneText(startNode, startOffset, endOffset));
      if (extract) startNode.replaceData(startOffset, endOffset - startOffset, "");
      return;
    }
    const common = commonAncestor(bounds);
    const children = [...common.childNodes];
    const first = startNode.contains(endNode) ? null : (children.find((child) => isPartial(child, bounds)) ?? null);
    const last = endNode.contains(startNode) ? null : (children.findLast((child) => isPartial(child, bounds)) ?? null);
    const contained = children.filter((child) => isContained(child, bounds));
    if (contained.some(({ nodeType }) => nodeType === 10)) {
      throw domException("HierarchyRequestError", "A document type cannot be taken out of its document");
    }
    let newNode = startNode;
    let newOffset = startOffset;
    if (extract && !startNode.contains(endNode)) {
      let reference = startNode;
      while (!reference.parentNode.contains(endNode)) reference = reference.parentNode;
      newNode = reference.parentNode;
      newOffset = indexOf(reference) + 1;
    }
    if (first !== null && isCharacterData(first)) {
      into.append(cloneText(startNode, startOffset, lengthOf(startNode)));
      if (extract) startNode.replaceData(startOffset, lengthOf(startNode) - startOffset, "");
    } else if (first !== null) {
      const copy = first.cloneNode();
      into.append(copy);
      work.push([boundsFrom(startNode, startOffset, first, lengthOf(first)), copy]);
    }
    for (const child of contained) into.append(extract ? child : child.cloneNode(true));
    if (last !== null && isCharacterData(last)) {
      into.append(cloneText(endNode, 0, endOffset));
      if (extract) endNode.replaceData(0, endOffset, "");
    } else if (last !== null) {
      const copy = last.cloneNode();
      into.append(copy);
      work.push([boundsFrom(last, 0, endNode, endOffset), copy]);
    }
    if (extract) {
      Object.assign(bounds, { startNode: newNode, startOffset: newOffset, endNode: newNode, endOffset: newOffset });
    }
  };

  const insertNode = (bounds, node) => {
    const { startNode, startOffset } = bounds;
    if (
      startNode.nodeType === 7 ||
      startNode.nodeType === 8 ||
      (isText(startNode) && startNode.parentNode === null) ||
      startNode === node
    ) {
      throw domException("HierarchyRequestError", "The node cannot be inserted at the start of the range");
    }
    let reference = isText(startNode) ? startNode : (startNode.childNodes[startOffset] ?? null);
    const parent = reference === null ? startNode : reference.parentNode;
    native.checkInsertion(parent, node, reference);
    if (isText(startNode)) reference = startNode.splitText(startOffset);
    if (node === reference) reference = reference.nextSibling;
    node.parentNode?.removeChild(node);
    let offset = reference === null ? lengthOf(parent) : indexOf(reference);
    offset += node.nodeType === 11 ? lengthOf(node) : 1;
    parent.insertBefore(node, reference);
    if (bounds.startNode === bounds.endNode && bounds.startOffset === bounds.endOffset) {
      bounds.endNode = parent;
      bounds.endOffset = offset;
    }
  };

  class Range extends AbstractRange {
    #bounds;

    constructor(given = undefined, owner = undefined) {
      const start = given === token ? owner : document();
      const bounds = boundsFrom(start, 0, start, 0);
      super(token, bounds);
      this.#bounds = bounds;
      register(bounds);
    }
    get commonAncestorContainer() {
      return commonAncestor(this.#bounds);
    }
    setStart(node, offset) {
      const bounds = this.#bounds;
      need(arguments, 2, "setStart");
      setStart(bounds, nodeArg(node, "setStart"), unsignedLong(offset));
    }
    setEnd(node, offset) {
      const bounds = this.#bounds;
      need(arguments, 2, "setEnd");
      setEnd(bounds, nodeArg(node, "setEnd"), unsignedLong(offset));
    }
    setStartBefore(node) {
      setStart(this.#bounds, parentOf(nodeArg(node, "setStartBefore")), indexOf(node));
    }
    setStartAfter(node) {
      setStart(this.#bounds, parentOf(nodeArg(node, "setStartAfter")), indexOf(node) + 1);
    }
    setEndBefore(node) {
      setEnd(this.#bounds, parentOf(nodeArg(node, "setEndBefore")), indexOf(node));
    }
    setEndAfter(node) {
      setEnd(this.#bounds, parentOf(nodeArg(node, "setEndAfter")), indexOf(node) + 1);
    }
    collapse(toStart = false) {
      const bounds = this.#bounds;
      const { startNode, startOffset, endNode, endOffset } = bounds;
      if (toStart) Object.assign(bounds, { endNode: startNode, endOffset: startOffset });
      else Object.assign(bounds, { startNode: endNode, startOffset: endOffset });
    }
    selectNode(node) {
      const bounds = this.#bounds;
      const parent = parentOf(nodeArg(node, "selectNode"));
      const index = indexOf(node);
      Object.assign(bounds, boundsFrom(parent, index, parent, index + 1));
    }
    selectNodeContents(node) {
      const bounds = this.#bounds;
      nodeArg(node, "selectNodeContents");
      checkBoundary(node, 0);
      Object.assign(bounds, boundsFrom(node, 0, node, lengthOf(node)));
    }
    compareBoundaryPoints(how, source) {
      const own = this.#bounds;
      need(arguments, 2, "compareBoundaryPoints");
      how = unsignedLong(how) & 0xffff;
      if (!(source instanceof Range)) throw new TypeError("compareBoundaryPoints: argument 2 is not a Range");
      if (how > 3) throw domException("NotSupportedError", "There are four ways to compare, 0 to 3");
      const other = source.#bounds;
      if (rootOf(own.startNode) !== rootOf(other.startNode)) {
        throw domException("WrongDocumentError", "The ranges are in different trees");
      }
      const start = (bounds) => [bounds.startNode, bounds.startOffset];
      const end = (bounds) => [bounds.endNode, bounds.endOffset];
      const [mine, theirs] = [
        [start, start],
        [end, start],
        [end, end],
        [start, end],
      ][how];
      return compare(...mine(own), ...theirs(other));
    }
    deleteContents() {
      const bounds = this.#bounds;
      const { startNode, startOffset, endNode, endOffset } = bounds;
      if (startNode === endNode && startOffset === endOffset) return;
      if (startNode === endNode && isCharacterData(startNode)) {
        startNode.replaceData(startOffset, endOffset - startOffset, "");
        return;
      }
      const doomed = [];
      const top = commonAncestor(bounds);
      for (let node = top; node !== null; ) {
        if (isContained(node, bounds)) {
          doomed.push(node);
          node = native.followingSubtree(node, top);
        } else {
          node = native.following(node, top);
        }
      }
      let newNode = startNode;
      let newOffset = startOffset;
      if (!startNode.contains(endNode)) {
        let reference = startNode;
        while (reference.parentNode !== null && !reference.parentNode.contains(endNode)) reference = reference.parentNode;
        newNode = reference.parentNode;
        newOffset = indexOf(reference) + 1;
      }
      if (isCharacterData(startNode)) startNode.replaceData(startOffset, lengthOf(startNode) - startOffset, "");
      for (const node of doomed) node.parentNode?.removeChild(node);
      if (isCharacterData(endNode)) endNode.replaceData(0, endOffset, "");
      Object.assign(bounds, boundsFrom(newNode, newOffset, newNode, newOffset));
    }
    extractContents() {
      return takeContents(this.#bounds, true);
    }
    cloneContents() {
      const { startNode, startOffset, endNode, endOffset } = this.#bounds;
      return takeContents(boundsFrom(startNode, startOffset, endNode, endOffset), false);
    }
    insertNode(node) {
      const bounds = this.#bounds;
      insertNode(bounds, nodeArg(node, "insertNode"));
    }
    surroundContents(parent) {
      const bounds = this.#bounds;
      nodeArg(parent, "surroundContents");
      const top = commonAncestor(bounds);
      for (let node = top; node !== null; node = native.following(node, top)) {
        if (!isText(node) && isPartial(node, bounds)) {
          throw domException("InvalidStateError", "The range holds a part of a node");
        }
      }
      if ([9, 10, 11].includes(parent.nodeType)) {
        throw domException("InvalidNodeTypeError", "A node of this kind cannot surround a range");
      }
      const fragment = takeContents(bounds, true);
      if (parent.hasChildNodes()) parent.replaceChildren();
      insertNode(bounds, parent);
      parent.appendChild(fragment);
      this.selectNode(parent);
    }
    cloneRange() {
      const { startNode, startOffset, endNode, endOffset } = this.#bounds;
      const range = new Range(token, startNode);
      Object.assign(range.#bounds, boundsFrom(startNode, startOffset, endNode, endOffset));
      return range;
    }
    detach() {
      this.#bounds;
    }
    isPointInRange(node, offset) {
      const bounds = this.#bounds;
      need(arguments, 2, "isPointInRange");
      offset = unsignedLong(offset);
      if (rootOf(nodeArg(node, "isPointInRange")) !== rootOf(bounds.startNode)) return false;
      checkBoundary(node, offset);
      return (
        compare(node, offset, bounds.startNode, bounds.startOffset) >= 0 &&
        compare(node, offset, bounds.endNode, bounds.endOffset) <= 0
      );
    }
    comparePoint(node, offset) {
      const bounds = this.#bounds;
      need(arguments, 2, "comparePoint");
      offset = unsignedLong(offset);
      if (rootOf(nodeArg(node, "comparePoint")) !== rootOf(bounds.startNode)) {
        throw domException("WrongDocumentError", "The node is in another tree");
      }
      checkBoundary(node, offset);
      if (compare(node, offset, bounds.startNode, bounds.startOffset) < 0) return -1;
      return compare(node, offset, bounds.endNode, bounds.endOffset) > 0 ? 1 : 0;
    }
    intersectsNode(node) {
      const bounds = this.#bounds;
      nodeArg(node, "intersectsNode");
      if (rootOf(node) !== rootOf(bounds.startNode)) return false;
      const parent = node.parentNode;
      if (parent === null) return true;
      const offset = indexOf(node);
      return (
        compare(parent, offset, bounds.endNode, bounds.endOffset) < 0 &&
        compare(parent, offset + 1, bounds.startNode, bounds.startOffset) > 0
      );
    }
    toString() {
      const bounds = this.#bounds;
      const { startNode, startOffset, endNode, endOffset } = bounds;
      if (startNode === endNode && isText(startNode)) return startNode.data.slice(startOffset, endOffset);
      let text = isText(startNode) ? startNode.data.slice(startOffset) : "";
      const top = commonAncestor(bounds);
      for (let node = top; node !== null; node = native.following(node, top)) {
        if (isText(node) && isContained(node, bounds)) text += node.data;
      }
      return isText(endNode) ? text + endNode.data.slice(0, endOffset) : text;
    }
    createContextualFragment(markup) {
      const { startNode } = this.#bounds;
      need(arguments, 1, "createContextualFragment");
      const owner = kit.documentOf(startNode);
      let element = startNode.nodeType === 1 ? startNode : startNode.parentElement;
      if (element === null || (element.localName === "html" && element.namespaceURI === kit.HTML)) {
        element = owner.createElementNS(kit.HTML, "body");
      }
      return native.parseFragment(element, `${markup}`);
    }
    // There is no layout: every box is empty.
    getBoundingClientRect() {
      return { x: 0, y: 0, top: 0, left: 0, right: 0, bottom: 0, width: 0, height: 0 };
    }
    getClientRects() {
      return [];
    }
  }
  Object.defineProperty(Range.prototype.collapse, "length", { value: 0, configurable: true });
  expose(Range, {
    constants: { START_TO_START: 0, START_TO_END: 1, END_TO_END: 2, END_TO_START: 3 },
  });

  Object.assign(classes, { AbstractRange, Range, StaticRange });
  return { createRange: (owner) => new Range(token, owner) };
})();
