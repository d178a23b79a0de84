// What tests expect of the place they run in, and what carries their results out. `conformance` holds the native side.
{
  const { read, runScript, tell, scripts, page, url, folder, hasServer, isWindow } = conformance;

  const { href, origin, protocol, host, hostname, port, pathname, search, hash } = new URL(url);
  const location = { href, origin, protocol, host, hostname, port, pathname, search, hash, toString: () => href };
  globalThis.location = location;
  globalThis.GLOBAL = { isWindow: () => isWindow, isWorker: () => !isWindow, isShadowRealm: () => false };

  // Without a server, files of the checkout are fetched from disk.
  if (!hasServer) {
    const onlyBytes = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { fetch: realFetch } = globalThis;
    const bodyOf = (bytes) => ({
      ok: true,
      status: 200,
      arrayBuffer: async () => onlyBytes(bytes),
      bytes: async () => bytes,
      text: async () => new TextDecoder().decode(bytes),
      json: async () => JSON.parse(new TextDecoder().decode(bytes)),
    });
    const fetchFile = async (input) => {
      const bytes = read(folder, input);
      if (bytes === undefined) throw new TypeError(`the checkout has no file ${input}`);
      return bodyOf(bytes);
    };
    const isFile = (input) => typeof input === "string" && !/^[a-z][a-z0-9+.-]*:/i.test(input);
    globalThis.fetch = (input, ...rest) => (isFile(input) ? fetchFile(input) : realFetch(input, ...rest));
  }

  const runFile = (path) => {
    const bytes = read(folder, path);
    if (bytes === undefined) throw new Error(`the checkout has no file ${path}`);
    runScript(new TextDecoder().decode(bytes), path);
  };
  globalThis.importScripts = (...paths) => {
    for (const path of paths) if (!path.endsWith("/resources/testharness.js")) runFile(path);
  };

  // Tests ask what ends lines there.
  Object.defineProperty(Object.getPrototypeOf(navigator), "platform", { value: "Linux", configurable: true });
  // Tests take the class SharedArrayBuffer from there.
  globalThis.WebAssembly ??= { Memory: function Memory() { this.buffer = new SharedArrayBuffer(0); } };

  // The harness takes a realm with a document for a window, and one with the classes of workers for a worker; each has more than this
  // realm. Tests for windows get a window without frames, the others no document, and they ask whether they run in a worker.
  if (isWindow) {
    for (const name of ["window", "parent", "top", "frames"]) globalThis[name] = globalThis;
    globalThis.opener = null;
    // Nothing is drawn, so any time will do.
    globalThis.requestAnimationFrame ??= (callback) => setTimeout(() => callback(performance.now()));
    // Messages to itself, by a channel of its own.
    const { port1, port2 } = new MessageChannel();
    globalThis.postMessage = (message, target, transfer) =>
      port1.postMessage(message, typeof target === "object" && target !== null ? target : { transfer: transfer ?? [] });
    port2.onmessage = ({ data, ports }) => {
      const event = new MessageEvent("message", { data, ports: [...ports], origin });
      globalThis.dispatchEvent(event);
      if (typeof globalThis.onmessage === "function") globalThis.onmessage(event);
    };
    runFile("/resources/testharness.js");
  } else {
    delete globalThis.document;
    runFile("/resources/testharness.js");
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

  const attempt = (run) => {
    try {
      run();
    } catch (error) {
      reportError(error);
    }
  };

  // Frames hold documents that run no scripts; their windows have this realm's classes.
  const types = { xml: "application/xml", xhtml: "application/xhtml+xml", xht: "application/xhtml+xml", svg: "image/svg+xml" };
  const opened = new WeakMap();
  const openFrame = (frame) => {
    const path = (frame.getAttribute("src") ?? "").split(/[?#]/, 1)[0];
    const isFile = path !== "" && !/^[a-z]+:/i.test(path);
    const bytes = isFile ? read(folder, path) : undefined;
    const inner = new DOMParser().parseFromString(
      new TextDecoder().decode(bytes ?? new Uint8Array()),
      types[/\.(\w+)$/.exec(path)?.[1]] ?? "text/html",
    );
    const view = Object.create(globalThis);
    const own = { document: inner, window: view, self: view, frames: view, parent: globalThis, frameElement: frame };
    for (const [name, value] of Object.entries(own)) Object.defineProperty(view, name, { value });
    Object.defineProperty(inner, "defaultView", { value: view });
    return view;
  };
  const viewOf = (frame) => {
    if (!frame.isConnected) return null;
    if (!opened.has(frame)) opened.set(frame, openFrame(frame));
    return opened.get(frame);
  };
  const tellLoaded = (frame) => viewOf(frame) !== null && frame.dispatchEvent(new Event("load"));
  const openFrames = () => {
    Object.defineProperties(HTMLIFrameElement.prototype, {
      contentWindow: { get() { return viewOf(this); }, configurable: true },
      contentDocument: { get() { return viewOf(this)?.document ?? null; }, configurable: true },
    });
    document.querySelectorAll("iframe").forEach((frame, index) => {
      Object.defineProperty(globalThis, index, { get: () => viewOf(frame), configurable: true });
      if (frame.name !== "") globalThis[frame.name] ??= viewOf(frame);
    });
    const isFrame = (node) => node.nodeName === "IFRAME";
    const watch = new MutationObserver((records) => {
      const added = records.flatMap(({ addedNodes }) => [...addedNodes]).filter(isFrame);
      setTimeout(() => added.forEach(tellLoaded));
    });
    // Those of the markup are told with the page.
    watch.observe(document, { childList: true, subtree: true });
    return [...document.querySelectorAll("iframe")];
  };

  // A page is parsed as a whole before its scripts run in their order.
  const ofHarness = /\/resources\/testharness(?:report)?\.js$/;
  const isClassic = ({ type }) => ["", "text/javascript", "application/javascript", "text/ecmascript"].includes(type);
  const openPage = (markup) => {
    const parsed = new DOMParser().parseFromString(markup, "text/html");
    document.replaceChildren();
    for (const node of [...parsed.childNodes]) document.append(node);
    for (const element of document.querySelectorAll("[id]")) {
      const { id } = element;
      if (id in globalThis) continue;
      const get = () => document.getElementById(id);
      const set = (value) => Object.defineProperty(globalThis, id, { value, writable: true });
      Object.defineProperty(globalThis, id, { get, set, configurable: true });
    }
    if (hasFrames(markup) || scripts.some(([, source]) => hasFrames(source))) framesOfPage = openFrames();
    let currentScript = null;
    Object.defineProperty(document, "currentScript", { get: () => currentScript, configurable: true });
    const elements = [...document.querySelectorAll("script")].filter(isClassic);
    for (const element of elements) {
      currentScript = element;
      const source = element.getAttribute("src");
      if (source === null) attempt(() => runScript(element.textContent, url));
      else if (!ofHarness.test(source)) attempt(() => runFile(source));
    }
    currentScript = null;
  };

  const hasFrames = (text) => /iframe/i.test(text);
  let framesOfPage = [];
  if (isWindow) openPage(page ?? "<!doctype html><meta charset=utf-8><body></body>");
  for (const [name, source] of scripts) attempt(() => runScript(source, name));
  if (conformance.isWorker) done();
  if (isWindow) {
    setTimeout(() => {
      document.dispatchEvent(new Event("DOMContentLoaded", { bubbles: true }));
      framesOfPage.forEach(tellLoaded);
      const attribute = document.body?.getAttribute("onload") ?? null;
      const onload = globalThis.onload ?? (attribute === null ? undefined : new Function("event", attribute));
      const event = new Event("load");
      globalThis.dispatchEvent(event);
      if (onload !== undefined) attempt(() => onload.call(globalThis, event));
    });
  }
}
