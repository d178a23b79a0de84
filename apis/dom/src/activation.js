// What clicking does (DOM, "activation behavior"): to checkboxes and radio buttons, labels, summaries, and buttons of forms.
(() => (kit) => {
  const { native, classes, fire, HTML } = kit;

  /** What details were before their listeners were told the last time. */
  const toldOpen = new WeakMap();
  const setOpen = (details, open) => {
    const old = details.hasAttribute("open");
    if (old === open) return;
    details.toggleAttribute("open", open);
    const word = (isOpen) => (isOpen ? "open" : "closed");
    // Changes in one task are one event.
    if (toldOpen.has(details)) return;
    toldOpen.set(details, old);
    native.enqueueTask(() => {
      const states = { oldState: word(toldOpen.get(details)), newState: word(details.hasAttribute("open")) };
      toldOpen.delete(details);
      fire(details, "toggle", states, classes.ToggleEvent);
    });
  };

  const { MouseEvent } = classes;
  const toggles = ["checkbox", "radio"];
  /** Where image buttons were clicked. */
  const pressed = new WeakMap();
  const activate = (path, event) => {
    if (event.type !== "click" || !(event instanceof MouseEvent)) return undefined;
    const isControl = (node) =>
      node.namespaceURI === HTML && ["input", "button", "a", "summary", "label"].includes(node.localName);
    const target = path.find((node, index) => (index === 0 || event.bubbles) && node.nodeType === 1 && isControl(node));
    if (target === undefined) return undefined;
    if (target.localName === "input" && toggles.includes(target.type)) return toggle(target);
    if (target.localName === "input" && target.type === "image") pressed.set(target, [event.offsetX | 0, event.offsetY | 0]);
    return (canceled) => {
      if (!canceled && target.disabled !== true) follow(target, event);
    };
  };
  const toggle = (control) => {
    const before = control.checked;
    const isRadio = control.type === "radio";
    const old = isRadio ? [...control.getRootNode().querySelectorAll("input")].filter((other) => other.checked) : [];
    control.checked = isRadio || !before;
    return (canceled) => {
      if (canceled) {
        control.checked = before;
        for (const other of old) other.checked = true;
      } else if (control.isConnected && control.checked !== before) {
        fire(control, "input", { bubbles: true, composed: true });
        fire(control, "change", { bubbles: true });
      }
    };
  };
  const follow = (target, event) => {
    switch (target.localName) {
      case "label":
        if (target.control !== null && !target.control.contains(event.target)) target.control.click();
        break;
      case "summary": {
        const details = target.parentElement;
        if (details?.localName === "details" && details.querySelector(":scope > summary") === target) {
          setOpen(details, !details.hasAttribute("open"));
        }
        break;
      }
      default: {
        const form = target.form ?? null;
        if (form === null || !target.isConnected) return;
        if (target.type === "submit" || target.type === "image") form.requestSubmit(target);
        else if (target.type === "reset") form.reset();
      }
    }
  };

  return { activate, setOpen, coordinateOf: (button) => pressed.get(button) ?? [0, 0] };
})();
