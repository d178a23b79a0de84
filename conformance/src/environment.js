// What tests expect of the place they run in, and what carries their results out. `conformance` holds the native side.
{
  const { read, runScript, tell, scripts, page, url, folder, hasServer, isWindow, isHarnessed, isWorker } = conformance;

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
  const ofHarness = /\/resources\/testharness(?:report)?\.js$/;
  if (!isWorker) {
    globalThis.importScripts = (...paths) => {
      for (const path of paths) if (!ofHarness.test(path)) runFile(path);
    };
  }

  // Clocks tick as in contexts that are.
  globalThis.crossOriginIsolated = true;

  // Tests ask what ends lines there.
  Object.defineProperty(Object.getPrototypeOf(navigator), "platform", { value: "Linux", configurable: true });
  // Tests take the class SharedArrayBuffer from there.
  globalThis.WebAssembly ??= { Memory: function Memory() { this.buffer = new SharedArrayBuffer(0); } };

  const enterWorker = () => {
    class WorkerGlobalScope extends EventTarget {
      static [Symbol.hasInstance](value) {
        return value === globalThis;
      }
    }
    class DedicatedWorkerGlobalScope extends WorkerGlobalScope {}
    for (const Class of [WorkerGlobalScope, DedicatedWorkerGlobalScope]) {
      Object.defineProperty(globalThis, Class.name, { value: Class, writable: true, configurable: true });
    }
  };

  // The harness takes a realm with a document for a window, and one with the classes of workers for a worker; each has more than this
  // realm. Tests for windows get a window without frames, the others no document, and they ask whether they run in a worker.
  const enterWindow = () => {
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
  };

  const attempt = (run) => {
    try {
      run();
    } catch (error) {
      reportError(error);
    }
  };
  const runScripts = () => {
    for (const [name, source] of scripts) attempt(() => runScript(source, name));
  };

  const report = () => {
    setup({ output: false });
    add_result_callback(({ name, status, message, stack }) => {
      tell("result", JSON.stringify([name.toWellFormed(), status, message === null ? "" : `${message}`, `${stack ?? ""}`]));
    });
    add_completion_callback((tests, { status, message }) => {
      const left = tests.filter(({ phases, phase }) => phase !== phases.COMPLETE).map(({ name }) => name);
      tell("complete", JSON.stringify([status, message ?? "", left]));
    });
  };

  // ── Pages ──

  const types = { xml: "application/xml", xhtml: "application/xhtml+xml", xht: "application/xhtml+xml", svg: "image/svg+xml" };
  const typeOf = (path) => types[/\.(\w+)$/.exec(path)?.[1]] ?? "text/html";

  /** The text of a document's file, in the encoding that its headers or its own head name. */
  const textOf = (path, bytes) => {
    const named = (bytes) => /charset\s*=\s*["']?([\w.:-]+)/i.exec(new TextDecoder("latin1").decode(bytes))?.[1];
    const headers = read(folder, `${path}.headers`);
    const label = (headers && named(headers)) ?? named(bytes.subarray(0, 1024)) ?? "utf-8";
    return new TextDecoder(label).decode(bytes);
  };

  // Frames hold documents that run no scripts; their windows have this realm's classes.
  const opened = new WeakMap();
  const openFrame = (frame) => {
    const source = frame.getAttribute("src") ?? "";
    const inline = /^data:([^,;]*)(?:;[^,]*)?,(.*)$/s.exec(source);
    const path = source.split(/[?#]/, 1)[0];
    const isFile = path !== "" && !/^[a-z]+:/i.test(path);
    const bytes = isFile ? read(folder, path) : undefined;
    const text = inline !== null ? decodeURIComponent(inline[2]) : bytes === undefined ? "" : textOf(path, bytes);
    const type = inline !== null && Object.values(types).concat("text/xml").includes(inline[1]) ? inline[1] : typeOf(path);
    const inner = new DOMParser().parseFromString(text, type);
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
    const isFrame = (node) => node instanceof HTMLIFrameElement;
    const watch = new MutationObserver((records) => {
      const added = records.flatMap(({ addedNodes }) => [...addedNodes]).filter(isFrame);
      setTimeout(() => added.forEach(tellLoaded));
    });
    // Those of the markup are told with the page.
    watch.observe(document, { childList: true, subtree: true });
    return [...document.querySelectorAll("iframe")];
  };

  // Attributes such as `onclick` are text to this runtime, as they are in documents that no window shows. A page whose markup has any
  // gets their handlers before an event could call them.
  const isHandler = (element) => (name) => /^on/.test(name) && name in element;
  const hasHandlers = (root) => {
    const elements = [...root.querySelectorAll("*")];
    return elements.some(
      (element) =>
        (element !== document.body && element.getAttributeNames().some(isHandler(element))) ||
        (element instanceof HTMLTemplateElement && hasHandlers(element.content)),
    );
  };
  const handlersOfMarkup = () => {
    const known = new WeakMap();
    const bind = (element) => {
      for (const name of element.getAttributeNames().filter(isHandler(element))) {
        const source = element.getAttribute(name);
        const bound = known.get(element) ?? {};
        if (bound[name] === source) continue;
        known.set(element, { ...bound, [name]: source });
        element[name] = new Function("event", `with (document) with (this) { ${source}\n}`);
      }
    };
    for (const [prototype, name] of [[EventTarget.prototype, "dispatchEvent"], [HTMLElement.prototype, "click"]]) {
      const original = prototype[name];
      prototype[name] = function (...args) {
        for (const element of document.querySelectorAll("*")) if (element !== document.body) bind(element);
        return original.apply(this, args);
      };
    }
  };

  const showDocument = (markup) => {
    const type = typeOf(pathname.replace(/\.html$/, ""));
    const parsed = new DOMParser().parseFromString(markup, type);
    if (type === "text/html") {
      document.replaceChildren();
      for (const node of [...parsed.childNodes]) document.append(node);
    } else {
      Object.defineProperty(globalThis, "document", { value: parsed, configurable: true });
      Object.defineProperty(parsed, "defaultView", { value: globalThis });
    }
  };

  // A page is parsed as a whole before its scripts run in their order.
  const isClassic = (script) =>
    ["", "text/javascript", "application/javascript", "text/ecmascript"].includes(script.getAttribute("type") ?? "");
  const hasFrames = (text) => /iframe/i.test(text);
  let framesOfPage = [];
  const openPage = (markup) => {
    showDocument(markup);
    for (const element of document.querySelectorAll("[id]")) {
      const { id } = element;
      if (id in globalThis) continue;
      const get = () => document.getElementById(id);
      const set = (value) => Object.defineProperty(globalThis, id, { value, writable: true });
      Object.defineProperty(globalThis, id, { get, set, configurable: true });
    }
    if (hasFrames(markup) || scripts.some(([, source]) => hasFrames(source))) framesOfPage = openFrames();
    if (hasHandlers(document)) handlersOfMarkup();
    let currentScript = null;
    Object.defineProperty(document, "currentScript", { get: () => currentScript, configurable: true });
    const elements = [...document.querySelectorAll("script")].filter(isClassic);
    for (const element of elements) {
      currentScript = element;
      const source = element.getAttribute("src") ?? element.getAttributeNS("http://www.w3.org/1999/xlink", "href");
      if (source === null) attempt(() => runScript(element.textContent, url));
      else if (!ofHarness.test(source)) attempt(() => runFile(source));
    }
    currentScript = null;
  };
  const tellPageLoaded = () => {
    document.dispatchEvent(new Event("DOMContentLoaded", { bubbles: true }));
    framesOfPage.forEach(tellLoaded);
    const attribute = document.body?.getAttribute("onload") ?? null;
    const onload = globalThis.onload ?? (attribute === null ? undefined : new Function("event", attribute));
    const event = new Event("load");
    globalThis.dispatchEvent(event);
    if (onload !== undefined) attempt(() => onload.call(globalThis, event));
  };

  if (isWindow) {
    enterWindow();
    runFile("/resources/testharness.js");
    report();
    openPage(page ?? "<!doctype html><meta charset=utf-8><body></body>");
    runScripts();
    setTimeout(tellPageLoaded);
  } else {
    delete globalThis.document;
    if (!isWorker) {
      runFile("/resources/testharness.js");
      report();
    }
    enterWorker();
    delete globalThis.window;
    runScripts();
    if (isHarnessed) done();
  }
}
