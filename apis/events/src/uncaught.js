// The global object as an event target: errors and rejections that nobody caught.
(native, events, targets) => {
  const { ErrorEvent, PromiseRejectionEvent } = events;
  const { fire, hasListeners, getHandler, setHandler } = targets;

  const errorEvent = (error) => {
    const [message, filename, lineno, colno] = native.describe(error);
    return new ErrorEvent("error", { cancelable: true, message, filename, lineno, colno, error });
  };

  /** Tells listeners; true if one of them cancelled the event. */
  const hook = (kind, reason, promise) => {
    if (!hasListeners(globalThis, kind)) return false;
    const event =
      kind === "error"
        ? errorEvent(reason)
        : new PromiseRejectionEvent(kind, { cancelable: kind === "unhandledrejection", promise, reason });
    return !fire(globalThis, event);
  };

  return {
    hook,
    getHandler: (type) => getHandler(globalThis, type),
    setHandler: (type, value) => setHandler(globalThis, type, value),
  };
};
