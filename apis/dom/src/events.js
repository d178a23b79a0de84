// Events that travel through trees, and their legacy interfaces.
(() => (kit, parts) => {
  const { events, idl, isNode, document } = kit;
  const { need, dictionary, expose, domException, unsignedLong } = idl;
  const { Event, CustomEvent, isDispatching, withoutType, setTree, defineHandler } = events;
  const { defineProperty } = Object;

  kit.fire = (target, type, init = {}, Class = Event) => events.fire(target, new Class(type, init));

  const scrolling = ["touchstart", "touchmove", "wheel", "mousewheel"];

  setTree({
    isTarget: isNode,
    pathOf(target, event) {
      const path = [];
      let node = target;
      for (; node !== null; node = node.parentNode) path.push(node);
      if (event.type !== "load" && path.at(-1) === document()) path.push(globalThis);
      return path;
    },
    /** Listeners for scrolling by touch or wheel do not cancel it, on the window and on what fills it. */
    isPassive(target, type) {
      if (!scrolling.includes(type)) return false;
      const page = document();
      return target === globalThis || target === page || target === page.documentElement || target === page.body;
    },
    activate: (path, event) => parts.activate(path, event),
  });

  // ── Event interfaces of the UI Events Standard ──

  const fieldsOf = new WeakMap();
  const number = (value) => +value;
  const long = (value) => value | 0;
  const text = (value) => `${value}`;
  const nullable = (value) => value ?? null;
  const list = (value) => Object.freeze([...value]);

  /** Makes a subclass of `Event` with read-only fields `name: [default, conversion]`, some of which must be given. */
  const eventClass = (name, Parent, fields, required = []) => {
    const Class = {
      [name]: class extends Parent {
        constructor(type, eventInitDict = undefined) {
          need(arguments, 1 + Math.min(required.length, 1), name);
          super(type, eventInitDict);
          const init = dictionary(eventInitDict, "the initialiser of an event");
          const values = { ...fieldsOf.get(this) };
          for (const [field, [initial, convert]] of Object.entries(fields)) {
            const given = init[field];
            if (given === undefined && required.includes(field)) throw new TypeError(`${name}: ${field} is required`);
            values[field] = given === undefined ? initial : convert(given);
          }
          fieldsOf.set(this, values);
        }
      },
    }[name];
    for (const field of Object.keys(fields)) {
      const accessor = {
        get [field]() {
          const values = fieldsOf.get(this);
          if (values === undefined) throw new TypeError("Illegal invocation");
          return values[field];
        },
      };
      defineProperty(Class.prototype, field, Object.getOwnPropertyDescriptor(accessor, field));
    }
    defineProperty(Class, "length", { value: 1 + Math.min(required.length, 1), configurable: true });
    return Class;
  };

  const windowOrNull = (value) => {
    if (value !== null && value !== globalThis) throw new TypeError("The view of an event is not a window");
    return value;
  };

  const UIEvent = eventClass("UIEvent", Event, { view: [null, windowOrNull], detail: [0, long], which: [0, unsignedLong] });
  UIEvent.prototype.initUIEvent = function initUIEvent(type, bubbles = false, cancelable = false, view = null, detail = 0) {
    if (isDispatching(this)) return;
    this.initEvent(type, bubbles, cancelable);
    Object.assign(fieldsOf.get(this), { view, detail });
  };
  expose(UIEvent);

  const modifiers = {
    ctrlKey: [false, Boolean],
    shiftKey: [false, Boolean],
    altKey: [false, Boolean],
    metaKey: [false, Boolean],
  };
  const MouseEvent = eventClass("MouseEvent", UIEvent, {
    screenX: [0, number],
    screenY: [0, number],
    clientX: [0, number],
    clientY: [0, number],
    ...modifiers,
    button: [0, long],
    buttons: [0, unsignedLong],
    relatedTarget: [null, nullable],
  });
  for (const [alias, field] of [
    ["x", "clientX"],
    ["y", "clientY"],
    ["pageX", "clientX"],
    ["pageY", "clientY"],
  ]) {
    defineProperty(MouseEvent.prototype, alias, {
      get() {
        return this[field];
      },
      enumerable: true,
      configurable: true,
    });
  }
  MouseEvent.prototype.initMouseEvent = function initMouseEvent(type, bubbles = false, cancelable = false) {
    this.initEvent(type, bubbles, cancelable);
  };
  const getModifierState = function getModifierState(key) {
    return Boolean({ Control: this.ctrlKey, Shift: this.shiftKey, Alt: this.altKey, Meta: this.metaKey }[`${key}`]);
  };
  MouseEvent.prototype.getModifierState = getModifierState;
  expose(MouseEvent);

  const PointerEvent = eventClass("PointerEvent", MouseEvent, {
    pointerId: [0, long],
    width: [1, number],
    height: [1, number],
    pressure: [0, number],
    pointerType: ["", text],
    isPrimary: [false, Boolean],
  });
  expose(PointerEvent);

  const WheelEvent = eventClass("WheelEvent", MouseEvent, {
    deltaX: [0, number],
    deltaY: [0, number],
    deltaZ: [0, number],
    deltaMode: [0, unsignedLong],
  });
  expose(WheelEvent, { constants: { DOM_DELTA_PIXEL: 0, DOM_DELTA_LINE: 1, DOM_DELTA_PAGE: 2 } });

  const KeyboardEvent = eventClass("KeyboardEvent", UIEvent, {
    key: ["", text],
    code: ["", text],
    location: [0, unsignedLong],
    ...modifiers,
    repeat: [false, Boolean],
    isComposing: [false, Boolean],
    charCode: [0, unsignedLong],
    keyCode: [0, unsignedLong],
  });
  KeyboardEvent.prototype.getModifierState = getModifierState;
  KeyboardEvent.prototype.initKeyboardEvent = function initKeyboardEvent(type, bubbles = false, cancelable = false) {
    this.initEvent(type, bubbles, cancelable);
  };
  expose(KeyboardEvent, {
    constants: {
      DOM_KEY_LOCATION_STANDARD: 0,
      DOM_KEY_LOCATION_LEFT: 1,
      DOM_KEY_LOCATION_RIGHT: 2,
      DOM_KEY_LOCATION_NUMPAD: 3,
    },
  });

  const FocusEvent = expose(eventClass("FocusEvent", UIEvent, { relatedTarget: [null, nullable] }));
  const InputEvent = expose(
    eventClass("InputEvent", UIEvent, {
      data: [null, (value) => (value === null ? null : `${value}`)],
      isComposing: [false, Boolean],
      inputType: ["", text],
    }),
  );
  const CompositionEvent = expose(eventClass("CompositionEvent", UIEvent, { data: ["", text] }));
  const TouchEvent = expose(
    eventClass("TouchEvent", UIEvent, {
      touches: [Object.freeze([]), list],
      targetTouches: [Object.freeze([]), list],
      changedTouches: [Object.freeze([]), list],
      ...modifiers,
    }),
  );
  const isForm = (value) => {
    if (!kit.native.files().isFormData(value)) throw new TypeError("The formData of an event is not a FormData");
    return value;
  };
  const FormDataEvent = expose(eventClass("FormDataEvent", Event, { formData: [undefined, isForm] }, ["formData"]));
  const SubmitEvent = expose(eventClass("SubmitEvent", Event, { submitter: [null, nullable] }));
  const HashChangeEvent = expose(eventClass("HashChangeEvent", Event, { oldURL: ["", text], newURL: ["", text] }));
  const AnimationEvent = expose(
    eventClass("AnimationEvent", Event, { animationName: ["", text], elapsedTime: [0, number], pseudoElement: ["", text] }),
  );
  const TransitionEvent = expose(
    eventClass("TransitionEvent", Event, { propertyName: ["", text], elapsedTime: [0, number], pseudoElement: ["", text] }),
  );
  const ToggleEvent = expose(eventClass("ToggleEvent", Event, { oldState: ["", text], newState: ["", text] }));

  const storageFields = { key: [null, nullable], oldValue: [null, nullable], newValue: [null, nullable], url: ["", text] };
  const StorageEvent = expose(eventClass("StorageEvent", Event, { ...storageFields, storageArea: [null, nullable] }));
  const DragEvent = expose(eventClass("DragEvent", MouseEvent, { dataTransfer: [null, nullable] }));
  const BeforeUnloadEvent = expose(eventClass("BeforeUnloadEvent", Event, {}));
  const DeviceMotionEvent = expose(eventClass("DeviceMotionEvent", Event, {}));
  const DeviceOrientationEvent = expose(eventClass("DeviceOrientationEvent", Event, {}));
  const TextEvent = expose(eventClass("TextEvent", UIEvent, { data: ["", text] }));

  const legacy = {
    beforeunloadevent: BeforeUnloadEvent,
    devicemotionevent: DeviceMotionEvent,
    deviceorientationevent: DeviceOrientationEvent,
    dragevent: DragEvent,
    storageevent: StorageEvent,
    textevent: TextEvent,
    compositionevent: CompositionEvent,
    customevent: CustomEvent,
    event: Event,
    events: Event,
    focusevent: FocusEvent,
    hashchangeevent: HashChangeEvent,
    htmlevents: Event,
    keyboardevent: KeyboardEvent,
    get messageevent() {
      return kit.native.messageEvent();
    },
    mouseevent: MouseEvent,
    mouseevents: MouseEvent,
    svgevents: Event,
    touchevent: TouchEvent,
    uievent: UIEvent,
    uievents: UIEvent,
  };

  const createEvent = (name) => {
    const Class = Object.hasOwn(legacy, name.toLowerCase()) ? legacy[name.toLowerCase()] : undefined;
    if (Class === undefined) throw domException("NotSupportedError", `no event interface is called ${name}`);
    return withoutType(new Class(""));
  };

  // ── Event handler attributes ──

  const handlers = [
    ..."abort animationend animationiteration animationstart auxclick beforeinput blur cancel canplay change click".split(" "),
    ..."close contextmenu copy cut dblclick drag dragend dragenter dragleave dragover dragstart drop ended".split(" "),
    ..."error focus formdata input invalid keydown keypress keyup load loadeddata loadedmetadata loadstart".split(" "),
    ..."mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup paste pause play playing".split(" "),
    ..."pointercancel pointerdown pointerenter pointerleave pointermove pointerout pointerover pointerup".split(" "),
    ..."progress reset resize scroll scrollend select selectionchange slotchange submit timeupdate toggle".split(" "),
    ..."touchcancel touchend touchmove touchstart transitionend volumechange waiting wheel".split(" "),
  ];
  const defineHandlers = (Class) => handlers.forEach((type) => defineHandler(Class, type));
  defineHandlers(kit.classes.Document);
  defineHandler(kit.classes.Document, "readystatechange");
  defineHandler(kit.classes.Document, "visibilitychange");

  Object.assign(kit.classes, {
    AnimationEvent,
    BeforeUnloadEvent,
    DeviceMotionEvent,
    DeviceOrientationEvent,
    DragEvent,
    StorageEvent,
    TextEvent,
    CompositionEvent,
    FocusEvent,
    FormDataEvent,
    HashChangeEvent,
    InputEvent,
    KeyboardEvent,
    MouseEvent,
    PointerEvent,
    SubmitEvent,
    ToggleEvent,
    TouchEvent,
    TransitionEvent,
    UIEvent,
    WheelEvent,
  });
  return { createEvent, defineHandlers };
})();
