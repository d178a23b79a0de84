// BroadcastChannel.
(idl, events, native) => {
  const { expose, need, domException } = idl;
  const { EventTarget, Stamp, defineHandler } = events;

  class BroadcastChannel extends EventTarget {
    #name;
    #channel;

    constructor(name) {
      need(arguments, 1, "BroadcastChannel");
      super();
      this.#name = `${name}`;
      const channel = native.open(this.#name, this);
      this.#channel = channel;
      Stamp.observe(this, () => native.listenersChanged(channel));
    }
    get name() {
      return this.#name;
    }
    static shown = (channel) => ({ __proto__: null, name: channel.#name, active: channel.#channel !== undefined });
    postMessage(message) {
      const channel = this.#channel;
      need(arguments, 1, "postMessage");
      if (channel === undefined) throw domException("InvalidStateError", "postMessage: the channel is closed");
      native.post(channel, message);
    }
    close() {
      const channel = this.#channel;
      if (channel === undefined) return;
      this.#channel = undefined;
      native.close(channel);
    }
  }
  for (const type of ["message", "messageerror"]) defineHandler(BroadcastChannel, type);
  const { shown } = BroadcastChannel;
  delete BroadcastChannel.shown;
  return expose(BroadcastChannel, { shown });
};
