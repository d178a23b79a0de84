// FormData, with entries as `[name, string or File]`.
(idl, native, streams, files) => {
  const { expose, need, iterable, usvString } = idl;
  const { isObject } = streams.common;
  const { isBlob, isFile, bytesOf, blobType, makeFile } = files;

  /** An entry, made of arguments of which `count` were given. */
  const entryOf = (what, count, name, value, filename) => {
    name = usvString(name);
    if (count > 2 && !isBlob(value)) throw new TypeError(`${what}: only a Blob has a file name`);
    if (!isBlob(value)) return [name, usvString(value)];
    const given = filename === undefined ? undefined : usvString(filename);
    if (isFile(value) && given === undefined) return [name, value];
    const modified = isFile(value) ? value.lastModified : native.now();
    return [name, makeFile(bytesOf(value), blobType(value), given ?? "blob", modified)];
  };

  class FormData {
    #entries = [];

    static is = (value) => isObject(value) && #entries in value;
    static entriesOf = (form) => form.#entries;

    constructor(form = undefined, submitter = null) {
      if (form === undefined) return;
      const entriesOfForm = native.formEntries();
      if (entriesOfForm === undefined) throw new TypeError("FormData: argument 1 is not an HTMLFormElement");
      this.#entries = entriesOfForm(form, submitter, files);
    }

    append(name, value, filename = undefined) {
      const entries = this.#entries;
      need(arguments, 2, "FormData.append");
      entries[entries.length] = entryOf("FormData.append", arguments.length, name, value, filename);
    }

    delete(name) {
      const entries = this.#entries;
      need(arguments, 1, "FormData.delete");
      name = usvString(name);
      this.#entries = entries.filter(([key]) => key !== name);
    }

    get(name) {
      const entries = this.#entries;
      need(arguments, 1, "FormData.get");
      name = usvString(name);
      for (const [key, value] of entries) if (key === name) return value;
      return null;
    }

    getAll(name) {
      const entries = this.#entries;
      need(arguments, 1, "FormData.getAll");
      name = usvString(name);
      return entries.filter(([key]) => key === name).map(([, value]) => value);
    }

    has(name) {
      const entries = this.#entries;
      need(arguments, 1, "FormData.has");
      name = usvString(name);
      return entries.some(([key]) => key === name);
    }

    set(name, value, filename = undefined) {
      const entries = this.#entries;
      need(arguments, 2, "FormData.set");
      const entry = entryOf("FormData.set", arguments.length, name, value, filename);
      const first = entries.findIndex(([key]) => key === entry[0]);
      if (first === -1) {
        entries[entries.length] = entry;
        return;
      }
      this.#entries = entries.filter(([key], index) => key !== entry[0] || index === first);
      this.#entries[first] = entry;
    }
  }

  const { is: isFormData, entriesOf } = FormData;
  delete FormData.is;
  delete FormData.entriesOf;

  for (const name of ["append", "set"]) {
    Object.defineProperty(FormData.prototype[name], "length", { value: 2, configurable: true });
  }
  const shown = (data) => {
    const record = { __proto__: null };
    for (const [name, value] of entriesOf(data)) {
      const known = record[name];
      if (known === undefined) record[name] = value;
      else if (Array.isArray(known)) known[known.length] = value;
      else record[name] = [known, value];
    }
    return record;
  };
  expose(FormData, { shown });
  iterable(FormData, entriesOf);

  const makeFormData = () => new FormData();
  const addEntry = (form, name, value) => {
    const entries = entriesOf(form);
    entries[entries.length] = [name, value];
  };
  const emptyFile = () => makeFile(new Uint8Array(), "application/octet-stream", "");

  // ── FileList: of inputs, where nobody chooses files, so that it is always empty ──

  const TOKEN = {};
  class FileList {
    #is;

    constructor(token) {
      if (token !== TOKEN) throw idl.illegal("FileList");
      this.#is = true;
    }
    get length() {
      this.#is;
      return 0;
    }
    item(index) {
      this.#is;
      need(arguments, 1, "FileList.item");
      void +index;
      return null;
    }
  }
  const { values } = Array.prototype;
  Object.defineProperty(FileList.prototype, Symbol.iterator, { value: values, writable: true, configurable: true });
  Object.defineProperty(FileList, "length", { value: 0, configurable: true });
  expose(FileList);
  const makeFileList = () => new FileList(TOKEN);

  return { FormData, FileList, isFormData, entriesOf, makeFormData, addEntry, emptyFile, makeFileList };
};
