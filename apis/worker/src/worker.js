// Worker, on the side of its parent.
(idl, events, messaging, native) => {
  const { expose, need, dictionary } = idl;
  const { EventTarget, ErrorEvent, fire, hasListeners, defineHandler } = events;
  const { transferOf, forget, fireMessage } = messaging;
  const NONE = [];
  const then = Function.prototype.call.bind(Promise.prototype.then);

  class Worker extends EventTarget {
    /** The end of the pipe, and what listens there. */
    #end;
    #messages;
    #process;
    /** Keeps the worker's end of the pipe until the worker has it. */
    #claim;
    #errors;

    constructor(url, options = undefined) {
      need(arguments, 1, "Worker");
      super();
      url = `${url}`;
      const given = dictionary(options, "Worker: the options");
      const { name = "" } = given;
      const type = given.type === undefined ? "classic" : `${given.type}`;
      if (type !== "classic" && type !== "module") throw new TypeError(`Worker: ${type} is not a type of worker`);
      const [end, process, claim, errors, ended] = native.launch(url, `${name}`, (error) => this.#failed(error), type);
      this.#end = end;
      this.#process = process;
      this.#claim = claim;
      this.#errors = errors;
      this.#messages = native.start(end, () => this.#receive());
      then(ended, (answer) => this.#ended(answer?.[0]));
    }

    postMessage(message, options = undefined) {
      const end = this.#end;
      need(arguments, 1, "postMessage");
      if (options === undefined) return void native.post(end, message, NONE);
      const transfer = transferOf(options);
      native.post(end, message, transfer);
      forget(transfer);
    }

    terminate() {
      const process = this.#process;
      native.close(this.#end);
      native.stop(this.#messages);
      if (process === undefined) return;
      this.#release();
      native.kill(process);
    }

    #receive() {
      const message = native.next(this.#end);
      if (message === null) native.stop(this.#messages);
      else if (message !== undefined) fireMessage(this, message);
    }

    #release() {
      this.#process = this.#claim = undefined;
      native.stop(this.#errors);
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
