// What tests expect of the place they run in, and what carries their results out. `conformance` holds the native side.
{
  const { read, runScript, tell, scripts, url, folder } = conformance;

  const location = { href: url, toString: () => url };
  const [, origin, host, pathname, search, hash] = /^((?:[^:]+:)\/\/([^/]+))([^?#]*)(\?[^#]*)?(#.*)?$/.exec(url);
  Object.assign(location, { origin, host, hostname: host, port: "", protocol: "http:" });
  Object.assign(location, { pathname, search: search ?? "", hash: hash ?? "" });
  globalThis.location = location;
  const { isWindow } = conformance;
  globalThis.GLOBAL = { isWindow: () => isWindow, isWorker: () => !isWindow, isShadowRealm: () => false };

  const onlyBytes = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

  // Files of the checkout are fetched from disk; there is no server.
  const { fetch: realFetch } = globalThis;
  const bodyOf = (bytes) => ({
    ok: true,
    status: 200,
    arrayBuffer: async () => onlyBytes(bytes),
    bytes: async () => bytes,
    text: async () => new TextDecoder().decode(bytes),
    json: async () => JSON.parse(new TextDecoder().decode(bytes)),
  });
  const isFile = (input) => typeof input === "string" && !/^[a-z][a-z0-9+.-]*:/i.test(input);
  const fetchFile = async (input) => {
    const bytes = read(folder, input);
    if (bytes === undefined) throw new TypeError(`the checkout has no file ${input}`);
    return bodyOf(bytes);
  };
  globalThis.fetch = (input, ...rest) =>
    isFile(input) || realFetch === undefined ? fetchFile(`${input}`) : realFetch(input, ...rest);

  const runFile = (path) => {
    const bytes = read(folder, path);
    if (bytes === undefined) throw new Error(`the checkout has no file ${path}`);
    runScript(new TextDecoder().decode(bytes), path);
  };
  globalThis.importScripts = (...paths) => {
    for (const path of paths) if (!path.endsWith("/resources/testharness.js")) runFile(path);
  };

  // Tests take the class SharedArrayBuffer from there.
  globalThis.WebAssembly ??= { Memory: function Memory() { this.buffer = new SharedArrayBuffer(0); } };

  // The harness takes a realm with a document for a window, and one with the classes of workers for a worker; each has more than this
  // realm. Only tests for windows get the document; the others ask whether they run in a worker.
  const { document } = Object.getOwnPropertyDescriptors(globalThis);
  delete globalThis.document;
  runFile("/resources/testharness.js");
  if (isWindow) {
    globalThis.window ??= globalThis;
    if (document !== undefined) Object.defineProperty(globalThis, "document", document);
  } else {
    class WorkerGlobalScope extends EventTarget {
      static [Symbol.hasInstance](value) {
        return value === globalThis;
      }
    }
    class DedicatedWorkerGlobalScope extends WorkerGlobalScope {}
    for (const Class of [WorkerGlobalScope, DedicatedWorkerGlobalScope]) {
      Object.defineProperty(globalThis, Class.name, { value: Class, writable: true, configurable: true });
    }
    delete globalThis.window;
  }

  setup({ output: false });
  add_result_callback(({ name, status, message, stack }) => {
    tell("result", JSON.stringify([name.toWellFormed(), status, message === null ? "" : `${message}`, `${stack ?? ""}`]));
  });
  add_completion_callback((tests, { status, message }) => {
    const left = tests.filter(({ phases, phase }) => phase !== phases.COMPLETE).map(({ name }) => name);
    tell("complete", JSON.stringify([status, message ?? "", left]));
  });

  for (const [name, source] of scripts) {
    try {
      runScript(source, name);
    } catch (error) {
      reportError(error);
    }
  }
  if (conformance.isWorker) done();
}
