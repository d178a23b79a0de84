// Worker, on the side of its parent.
(idl, events, messaging, native) => {
  const { expose, need, dictionary } = idl;
  const { EventTarget, ErrorEvent, fire, hasListeners, defineHandler } = events;
  const { transferOf, forget, fireMessage } = messaging;
  const then = Function.prototype.call.bind(Promise.prototype.then);

  class Worker extends EventTarget {
    #port;
    #process;
    /** Keeps the worker's end of the pipe until the worker has it. */
    #claim;
    #listener;

    constructor(url, options = undefined) {
      need(arguments, 1, "Worker");
      super();
      url = `${url}`;
      const given = dictionary(options, "Worker: the options");
      const { name = "" } = given;
      const type = given.type === undefined ? "classic" : `${given.type}`;
      if (type !== "classic" && type !== "module") throw new TypeError(`Worker: ${type} is not a type of worker`);
      const [port, process, claim, listener, end] = native.start(
        url,
        `${name}`,
        (error) => this.#failed(error),
        type,
      );
      this.#port = port;
      this.#process = process;
      this.#claim = claim;
      this.#listener = listener;
      for (const type of ["message", "messageerror"]) port.addEventListener(type, (event) => this.#forward(event));
      port.start();
      then(end, (answer) => this.#ended(answer?.[0]));
    }

    postMessage(message, options = undefined) {
      const port = this.#port;
      need(arguments, 1, "postMessage");
      const transfer = transferOf(options);
      port.postMessage(message, transfer);
      forget(transfer);
    }

    terminate() {
      this.#port.close();
      if (this.#process === undefined) return;
      const process = this.#process;
      this.#release();
      native.stop(process);
    }

    #forward(event) {
      fireMessage(this, event.type === "message" ? [event.data, event.ports] : []);
    }

    #release() {
      this.#process = this.#claim = undefined;
      native.unlisten(this.#listener);
    }

    /** The process is no more: of its own accord, or because of its script. */
    #ended(reason) {
      if (this.#process === undefined) return;
      this.#release();
      // [shutdown, [quickbeam_dead, error]]: the script did not come to its end; [quickbeam_dead, error]: the isolate could not go on.
      const error = reason?.[1]?.[1] ?? reason?.[1];
      if (typeof error?.message === "string") this.#failed(error);
    }

    #failed({ name, message, filename, line, column }) {
      const text = name === undefined ? message : `${name}: ${message}`;
      const event = new ErrorEvent("error", {
        message: `Uncaught ${text}`,
        filename: filename ?? "",
        lineno: line ?? 0,
        colno: column ?? 0,
        cancelable: true,
      });
      // What nobody looks after is the parent's own uncaught error.
      const isLookedAfter = hasListeners(this, "error");
      if (fire(this, event) && !isLookedAfter) native.report(new Error(text));
    }
  }
  for (const type of ["message", "messageerror", "error"]) defineHandler(Worker, type);
  Object.defineProperty(Worker.prototype.postMessage, "length", { value: 1, configurable: true });
  return expose(Worker);
};
