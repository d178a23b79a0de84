// FileReader, FileReaderSync and ProgressEvent.
(idl, native, events, files, encoding) => {
  const { expose, need, dictionary, domException } = idl;
  const { Event, EventTarget, fire, defineHandler } = events;
  const { isBlob, bytesOf, blobType } = files;
  const { TextDecoder } = encoding;
  const { call } = Function.prototype;
  const decode = call.bind(TextDecoder.prototype.decode);

  const EMPTY = 0;
  const LOADING = 1;
  const DONE = 2;

  const double = (value) => {
    if (value === undefined) return 0;
    const number = +value;
    if (!Number.isFinite(number)) throw new TypeError("ProgressEvent: a figure is not a finite number");
    return number;
  };

  class ProgressEvent extends Event {
    #lengthComputable;
    #loaded;
    #total;

    constructor(type, eventInitDict = undefined) {
      need(arguments, 1, "ProgressEvent");
      super(type, eventInitDict);
      const { lengthComputable, loaded, total } = dictionary(eventInitDict, "the initialiser of an event");
      this.#lengthComputable = Boolean(lengthComputable);
      this.#loaded = double(loaded);
      this.#total = double(total);
    }

    get lengthComputable() {
      return this.#lengthComputable;
    }
    get loaded() {
      return this.#loaded;
    }
    get total() {
      return this.#total;
    }
  }

  /** The text of a blob: in the encoding asked for, else of its type's charset, else in UTF-8. A byte order mark decides before. */
  const textOf = (bytes, label, type) => {
    const make = (name) => {
      try {
        return new TextDecoder(name);
      } catch {
        return undefined;
      }
    };
    const charset = /;\s*charset\s*=\s*"?([^";]+)"?/i.exec(type)?.[1];
    let decoder = (label === undefined ? undefined : make(label)) ?? (charset === undefined ? undefined : make(charset));
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) decoder = undefined;
    else if (bytes[0] === 0xfe && bytes[1] === 0xff) decoder = new TextDecoder("utf-16be");
    else if (bytes[0] === 0xff && bytes[1] === 0xfe) decoder = new TextDecoder("utf-16le");
    return decode(decoder ?? new TextDecoder(), bytes);
  };

  /** What a blob is read as. */
  const asArrayBuffer = (bytes) => native.copy(bytes);
  const asBinaryString = (bytes) => native.latin1(bytes);
  const asText = (encoding) => {
    const label = encoding === undefined ? undefined : `${encoding}`;
    return (bytes, type) => textOf(bytes, label, type);
  };
  const asDataURL = (bytes, type) =>
    `data:${type === "" ? "application/octet-stream" : type};base64,${native.base64(bytes)}`;

  const checkBlob = (what, args, blob) => {
    need(args, 1, what);
    if (!isBlob(blob)) throw new TypeError(`${what}: the argument is not a Blob`);
  };

  class FileReader extends EventTarget {
    #state = EMPTY;
    #result = null;
    #error = null;
    /** Tells reads apart, so that one that was aborted ends unheard. */
    #read = 0;

    #fire(type, loaded, total) {
      fire(this, new ProgressEvent(type, { __proto__: null, lengthComputable: total !== undefined, loaded, total }));
    }

    #start(what, args, blob, convert) {
      checkBlob(what, args, blob);
      if (this.#state === LOADING) throw domException("InvalidStateError", "The reader is reading already");
      this.#state = LOADING;
      this.#result = null;
      this.#error = null;
      const read = ++this.#read;
      const bytes = bytesOf(blob);
      const { length } = bytes;
      const ifCurrent = (steps) => () => {
        if (this.#read === read) steps();
      };
      native.enqueueTask(ifCurrent(() => this.#fire("loadstart", 0, length)));
      if (length > 0) native.enqueueTask(ifCurrent(() => this.#fire("progress", length, length)));
      native.enqueueTask(
        ifCurrent(() => {
          this.#state = DONE;
          try {
            this.#result = convert(bytes, blobType(blob));
          } catch {
            this.#error = domException("NotReadableError", "The blob could not be read");
          }
          this.#fire(this.#error === null ? "load" : "error", length, length);
          // What the listeners' promises caused comes first.
          native.enqueueTask(
            ifCurrent(() => {
              if (this.#state !== LOADING) this.#fire("loadend", length, length);
            }),
          );
        }),
      );
    }

    get readyState() {
      return this.#state;
    }
    get result() {
      return this.#result;
    }
    get error() {
      return this.#error;
    }

    readAsArrayBuffer(blob) {
      this.#start("readAsArrayBuffer", arguments, blob, asArrayBuffer);
    }
    readAsBinaryString(blob) {
      this.#start("readAsBinaryString", arguments, blob, asBinaryString);
    }
    readAsText(blob, encoding = undefined) {
      this.#start("readAsText", arguments, blob, asText(encoding));
    }
    readAsDataURL(blob) {
      this.#start("readAsDataURL", arguments, blob, asDataURL);
    }

    abort() {
      if (this.#state !== LOADING) {
        this.#result = null;
        return;
      }
      this.#state = DONE;
      this.#result = null;
      this.#error = domException("AbortError", "The read was aborted");
      const read = ++this.#read;
      this.#fire("abort", 0);
      if (this.#read === read && this.#state !== LOADING) this.#fire("loadend", 0);
    }
  }

  class FileReaderSync {
    #read(what, args, convert) {
      checkBlob(what, args, args[0]);
      return convert(bytesOf(args[0]), blobType(args[0]));
    }

    readAsArrayBuffer(blob) {
      return this.#read("readAsArrayBuffer", arguments, asArrayBuffer);
    }
    readAsBinaryString(blob) {
      return this.#read("readAsBinaryString", arguments, asBinaryString);
    }
    readAsText(blob, encoding = undefined) {
      return this.#read("readAsText", arguments, asText(encoding));
    }
    readAsDataURL(blob) {
      return this.#read("readAsDataURL", arguments, asDataURL);
    }
  }

  for (const type of ["loadstart", "progress", "load", "abort", "error", "loadend"]) defineHandler(FileReader, type);
  expose(ProgressEvent);
  expose(FileReader, { constants: { EMPTY, LOADING, DONE } });
  expose(FileReaderSync);
  return { ProgressEvent, FileReader, FileReaderSync };
};
