// Buffers and views, with the builtins as they were when this was loaded.
(() => {
  const { call } = Function.prototype;
  const bind = (method) => call.bind(method);
  const { getOwnPropertyDescriptor } = Object;
  const getter = (Class, name) => bind(getOwnPropertyDescriptor(Class.prototype, name).get);
  const { isView } = ArrayBuffer;
  const arrayBuffer = ArrayBuffer;
  const uint8Array = Uint8Array;

  const byteLength = getter(ArrayBuffer, "byteLength");
  const resizable = getter(ArrayBuffer, "resizable");
  const isDetached = getter(ArrayBuffer, "detached");
  const transfer = bind(ArrayBuffer.prototype.transfer);
  const slice = bind(ArrayBuffer.prototype.slice);
  const set = bind(TypedArray.prototype.set);
  const kindOf = getter(TypedArray, Symbol.toStringTag);
  const ofTyped = {
    buffer: getter(TypedArray, "buffer"),
    byteOffset: getter(TypedArray, "byteOffset"),
    byteLength: getter(TypedArray, "byteLength"),
  };
  const ofData = {
    buffer: getter(DataView, "buffer"),
    byteOffset: getter(DataView, "byteOffset"),
    byteLength: getter(DataView, "byteLength"),
  };
  const classes = new Map();
  for (const Class of [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float16Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ]) {
    classes.set(Class.name, { Class, elementSize: Class.BYTES_PER_ELEMENT });
  }
  const getClass = Map.prototype.get.bind(classes);
  const dataView = { Class: DataView, elementSize: 1 };

  const isShared = (buffer) => {
    try {
      byteLength(buffer);
      return false;
    } catch {
      return true;
    }
  };

  /** What a view consists of; throws for other values, and for views of buffers that cannot be transferred or have no fixed size. */
  const viewParts = (view, what) => {
    if (!isView(view)) throw new TypeError(`${what}: the argument is not a view of an ArrayBuffer`);
    const kind = kindOf(view);
    const of = kind === undefined ? ofData : ofTyped;
    const buffer = of.buffer(view);
    if (isShared(buffer)) throw new TypeError(`${what}: the view is of a SharedArrayBuffer`);
    if (resizable(buffer)) throw new TypeError(`${what}: the view is of a resizable ArrayBuffer`);
    const { Class, elementSize } = kind === undefined ? dataView : getClass(kind);
    const detached = isDetached(buffer);
    return {
      buffer,
      bufferByteLength: byteLength(buffer),
      byteOffset: detached ? 0 : of.byteOffset(view),
      byteLength: detached ? 0 : of.byteLength(view),
      Class,
      elementSize,
      detached,
    };
  };

  const copyDataBlockBytes = (to, toOffset, from, fromOffset, count) =>
    set(new uint8Array(to, toOffset, count), new uint8Array(from, fromOffset, count));

  return {
    ArrayBuffer: arrayBuffer,
    Uint8Array: uint8Array,
    isView,
    isDetached,
    byteLength,
    transfer,
    slice: (buffer, start, end) => slice(buffer, start, end),
    viewParts,
    copyDataBlockBytes,
    isUint8Array: (value) => isView(value) && kindOf(value) === "Uint8Array",
  };
})();
