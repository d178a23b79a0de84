// The entries of the builtin kinds: arrays, collections, buffers, promises.
({ plural, join, MAX_ITEMS }, { promiseState }, { formatValue, formatPrimitive, formatProperty, indented }) => {
  const INDEX = /^(0|[1-9][0-9]*)$/;

  const { hasOwn, keys: keysOf } = Object;
  const bind = (method) => Function.prototype.call.bind(method);
  const mapForEach = bind(Map.prototype.forEach);
  const setForEach = bind(Set.prototype.forEach);
  const typedLength = bind(Object.getOwnPropertyDescriptor(TypedArray.prototype, "length").get);

  const formatSparse = (state, array, depth, entries, from) => {
    const keys = keysOf(array);
    let index = from;
    for (let i = from; i < keys.length && entries.length < MAX_ITEMS; i++) {
      const key = keys[i];
      if (`${index}` !== key) {
        if (!INDEX.test(key)) break;
        const holes = Number(key) - index;
        entries.push(`<${holes} empty item${holes > 1 ? "s" : ""}>`);
        index = Number(key);
        if (entries.length === MAX_ITEMS) break;
      }
      entries.push(formatProperty(state, array, depth, key, true));
      index++;
    }
    const left = array.length - index;
    if (left > 0) {
      entries.push(
        entries.length === MAX_ITEMS ? `... ${plural(left, "item")}` : `<${left} empty item${left > 1 ? "s" : ""}>`,
      );
    }
    return entries;
  };

  const formatArray = (state, array, depth) => {
    const entries = [];
    const shown = Math.min(MAX_ITEMS, array.length);
    for (let i = 0; i < shown; i++) {
      if (!hasOwn(array, i)) return formatSparse(state, array, depth, entries, i);
      entries.push(formatProperty(state, array, depth, i, true));
    }
    if (array.length > shown) entries.push(`... ${plural(array.length - shown, "item")}`);
    return entries;
  };

  const formatTypedArray = (state, array) => {
    const length = typedLength(array);
    const shown = Math.min(MAX_ITEMS, length);
    const entries = [];
    for (let i = 0; i < shown; i++) entries.push(formatPrimitive(state, array[i]));
    if (length > shown) entries.push(`... ${plural(length - shown, "item")}`);
    if (state.showHidden) {
      const shownKeys = ["BYTES_PER_ELEMENT", "length", "byteLength", "byteOffset", "buffer"];
      indented(state, () => {
        for (const key of shownKeys) entries.push(`[${key}]: ${formatValue(state, array[key], state.depth)}`);
      });
    }
    return entries;
  };

  const takeFirst = (forEach, collection, format) => {
    const entries = [];
    let seen = 0;
    forEach(collection, (value, key) => {
      if (seen++ < MAX_ITEMS) entries.push(format(value, key));
    });
    if (seen > MAX_ITEMS) entries.push(`... ${plural(seen - MAX_ITEMS, "item")}`);
    return entries;
  };

  const formatSet = (state, set, depth) =>
    indented(state, () => takeFirst(setForEach, set, (value) => formatValue(state, value, depth)));

  const formatMap = (state, map, depth) =>
    indented(state, () =>
      takeFirst(
        mapForEach,
        map,
        (value, key) => `${formatValue(state, key, depth)} => ${formatValue(state, value, depth)}`,
      ),
    );

  const formatBuffer = (_state, buffer) => {
    let bytes;
    try {
      bytes = new Uint8Array(buffer);
    } catch {
      return ["(detached)"];
    }
    const shown = Math.min(MAX_ITEMS, bytes.length);
    let hex = Array.from(bytes.subarray(0, shown), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    if (bytes.length > shown) hex += ` ... ${plural(bytes.length - shown, "byte")}`;
    return [`[Uint8Contents]: <${hex}>`];
  };

  const formatPromise = (state, promise, depth) => {
    const [status, result] = promiseState(promise);
    if (status === "pending") return ["<pending>"];
    const text = indented(state, () => formatValue(state, result, depth));
    return [status === "rejected" ? `<rejected> ${text}` : text];
  };

  /** What an iterator has yet to give: items, how many more there are, and whether they are pairs. */
  const formatPreview = (state, [items, more, arePairs], depth) =>
    indented(state, () => {
      const entries = items.map((item) => {
        if (!arePairs) return formatValue(state, item, depth);
        const pair = [formatValue(state, item[0], depth), formatValue(state, item[1], depth)];
        state.depth = depth;
        return join(state, pair, "", "[", "]");
      });
      if (more > 0) entries.push(`... ${plural(more, "item")}`);
      return entries;
    });

  /** Attributes of an object of a Web API, or its pairs. */
  const formatPlatform = (state, shown, depth, isSpent) => {
    const isPairs = Array.isArray(shown);
    const keys = isPairs ? shown : keysOf(shown);
    const entries = [];
    for (let i = 0; i < keys.length; i++) {
      if (isSpent()) {
        entries.push(`... ${plural(keys.length - i, isPairs ? "item" : "property")}`);
        break;
      }
      const key = keys[i];
      if (!isPairs) entries.push(formatProperty(state, shown, depth, key, false));
      else entries.push(`${formatPrimitive(state, key[0])} => ${formatPrimitive(state, key[1])}`);
    }
    return entries;
  };

  const formatUnknown = () => ["<items unknown>"];
  const formatNothing = () => [];

  return {
    array: formatArray,
    typedArray: formatTypedArray,
    set: formatSet,
    map: formatMap,
    buffer: formatBuffer,
    promise: formatPromise,
    preview: formatPreview,
    platform: formatPlatform,
    unknown: formatUnknown,
    nothing: formatNothing,
  };
};
