// An async iterator over batches that the host makes on demand. One batch is asked for ahead of its need.
(native) => {
  const prototypeOf = Object.getPrototypeOf;
  const AsyncIteratorPrototype = prototypeOf(prototypeOf(async function* () {}.prototype));
  const { resolve, reject } = Promise;
  const then = Function.prototype.call.bind(Promise.prototype.then);
  const resolved = resolve.bind(Promise);
  const rejected = reject.bind(Promise);
  const NOTHING = [];

  class HandlerStream {
    #source;
    #guard;
    #items = NOTHING;
    #at = 0;
    #ended = false;
    /** The request of the next batch, if one is under way. */
    #request = undefined;

    constructor(source, guard) {
      this.#source = source;
      this.#guard = guard;
    }

    next() {
      if (this.#at < this.#items.length) return resolved({ value: this.#items[this.#at++], done: false });
      if (this.#ended && this.#request === undefined) return resolved({ value: undefined, done: true });
      this.#request ??= this.#ask();
      return then(this.#request, () => this.next());
    }

    #ask() {
      return then(
        native.next(this.#source),
        ([items, ended]) => {
          this.#request = undefined;
          if (this.#ended) return;
          this.#items = items;
          this.#at = 0;
          if (ended) this.#end();
        },
        (error) => {
          this.#request = undefined;
          this.#end();
          throw error;
        },
      );
    }

    #end() {
      this.#ended = true;
      this.#guard = undefined;
    }

    #stop() {
      this.#items = NOTHING;
      this.#at = 0;
      if (this.#ended) return;
      this.#end();
      native.close(this.#source);
    }

    return(value) {
      this.#stop();
      return resolved({ value, done: true });
    }

    throw(error) {
      this.#stop();
      return rejected(error);
    }
  }

  Object.setPrototypeOf(HandlerStream.prototype, AsyncIteratorPrototype);
  Object.defineProperty(HandlerStream.prototype, Symbol.toStringTag, { value: "HandlerStream", configurable: true });
  return (source, guard) => new HandlerStream(source, guard);
};
