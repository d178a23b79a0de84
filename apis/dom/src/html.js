// The classes of HTML elements, made one by one when an element of theirs, or their name, is first touched.
(() => (kit, parts) => {
  const { idl, native, classes, cached, lists, illegal, fire, HTML } = kit;
  const { expose, domException } = idl;
  const { Element } = classes;
  const { defineProperty, getOwnPropertyDescriptors, defineProperties } = Object;

  const datasets = cached((element) => native.dataset(element));

  /** What `HTMLElement`, `SVGElement` and `MathMLElement` share. */
  const shared = {
    get dataset() {
      return datasets(this, "dataset");
    },
    get style() {
      return parts.styleOf(this);
    },
    set style(value) {
      parts.styleOf(this).cssText = value;
    },
    get tabIndex() {
      const value = Number.parseInt(this.getAttribute("tabindex") ?? "", 10);
      return Number.isNaN(value) ? -1 : value;
    },
    set tabIndex(value) {
      this.setAttribute("tabindex", `${value | 0}`);
    },
    get nonce() {
      return this.getAttribute("nonce") ?? "";
    },
    set nonce(value) {
      this.setAttribute("nonce", value);
    },
    focus() {
      focus(this);
    },
    blur() {
      if (focused === this) focus(null);
    },
  };

  // ── Focus ──

  let focused = null;
  const focus = (element) => {
    if (element === focused || (element !== null && !element.isConnected)) return;
    const old = focused;
    focused = element;
    const { FocusEvent } = classes;
    if (old !== null) {
      fire(old, "blur", { relatedTarget: element }, FocusEvent);
      fire(old, "focusout", { bubbles: true, relatedTarget: element }, FocusEvent);
    }
    if (element !== null && focused === element) {
      fire(element, "focus", { relatedTarget: old }, FocusEvent);
      fire(element, "focusin", { bubbles: true, relatedTarget: old }, FocusEvent);
    }
  };

  // ── Reflecting attributes ──

  const url = (element, attribute) => {
    const value = element.getAttribute(attribute);
    if (value === null) return "";
    return native.resolveURL(value, element.baseURI) ?? value;
  };
  /** The integer that a text begins with, `null` if it begins with none. */
  const leadingInteger = (text) => {
    const match = /^[\t\n\f\r ]*([+-]?\d+)/.exec(text ?? "");
    return match === null ? null : Number(match[1]) + 0;
  };
  const integer = (text, initial, min) => {
    const value = leadingInteger(text) ?? initial;
    return value < min || value > 0x7fffffff || value < -0x80000000 ? initial : value;
  };
  const setUnsigned = (element, attribute, value, initial) =>
    element.setAttribute(attribute, `${value > 0x7fffffff ? initial : value}`);
  const refuseSize = (attribute, value) => {
    throw domException("IndexSizeError", `${value} is too small for ${attribute}`);
  };
  /** Kinds of attributes: how they are read and written. */
  const kinds = {
    s: (attribute) => ({
      get: (element) => element.getAttribute(attribute) ?? "",
      set: (element, value) => element.setAttribute(attribute, value),
    }),
    b: (attribute) => ({
      get: (element) => element.hasAttribute(attribute),
      set: (element, value) => element.toggleAttribute(attribute, Boolean(value)),
    }),
    u: (attribute) => ({
      get: (element) => url(element, attribute),
      set: (element, value) => element.setAttribute(attribute, value),
    }),
    i: (attribute, initial = 0) => ({
      get: (element) => integer(element.getAttribute(attribute), Number(initial), -0x80000000),
      set: (element, value) => element.setAttribute(attribute, `${value | 0}`),
    }),
    n: (attribute, initial = 0) => ({
      get: (element) => integer(element.getAttribute(attribute), Number(initial), 0),
      set: (element, value) => setUnsigned(element, attribute, value >>> 0, initial),
    }),
    /** As `i`, but not negative. */
    l: (attribute, initial) => ({
      get: (element) => integer(element.getAttribute(attribute), Number(initial), 0),
      set: (element, value) => {
        if ((value | 0) < 0) refuseSize(attribute, value | 0);
        element.setAttribute(attribute, `${value | 0}`);
      },
    }),
    /** As `n`, but not 0. */
    p: (attribute, initial) => ({
      get: (element) => integer(element.getAttribute(attribute), Number(initial), 1),
      set: (element, value) => {
        if (value >>> 0 === 0) refuseSize(attribute, 0);
        setUnsigned(element, attribute, value >>> 0, initial);
      },
    }),
    /** As `p`, but 0 is the default. */
    f: (attribute, initial) => ({
      get: (element) => integer(element.getAttribute(attribute), Number(initial), 1),
      set: (element, value) => setUnsigned(element, attribute, value >>> 0 || initial, initial),
    }),
    /** As `n`, within a range. */
    k: (attribute, initial, least, most) => ({
      get: (element) => {
        const value = leadingInteger(element.getAttribute(attribute));
        return value === null || value < 0 ? Number(initial) : Math.min(Math.max(value, Number(least)), Number(most));
      },
      set: (element, value) => setUnsigned(element, attribute, value >>> 0, initial),
    }),
    t: (attribute) => ({
      get: (element) => lists(element, attribute),
      set: (element, value) => (lists(element, attribute).value = value),
    }),
    /** One of the listed values, the first for a missing one. */
    e: (attribute, ...values) => ({
      get: (element) => {
        const value = element.getAttribute(attribute)?.toLowerCase();
        return values.includes(value) ? value : values[0];
      },
      set: (element, value) => element.setAttribute(attribute, value),
    }),
    /** As `e`, but null for a missing one. */
    c: (attribute) => ({
      get: (element) => {
        const value = element.getAttribute(attribute);
        if (value === null) return null;
        return value.toLowerCase() === "use-credentials" ? "use-credentials" : "anonymous";
      },
      set: (element, value) =>
        value === null ? element.removeAttribute(attribute) : element.setAttribute(attribute, value),
    }),
    /** Null for a missing one. */
    r: (attribute) => ({
      get: (element) => element.getAttribute(attribute),
      set: (element, value) =>
        value === null || value === undefined ? element.removeAttribute(attribute) : element.setAttribute(attribute, value),
    }),
  };

  /** Reads `property[=attribute]:kind[,argument…]`. */
  const reflect = (Class, list) => {
    for (const item of list.split(" ")) {
      const [names, how = "s"] = item.split(":");
      const [property, attribute = property.toLowerCase()] = names.split("=");
      const [kind, ...args] = how.split(",");
      const { get, set } = kinds[kind](attribute, ...args);
      const accessor = {
        get [property]() {
          return get(this);
        },
        set [property](value) {
          set(this, "binrlpfk".includes(kind) || value === null ? value : `${value}`);
        },
      };
      defineProperty(Class.prototype, property, Object.getOwnPropertyDescriptor(accessor, property));
    }
  };

  // ── The base classes ──

  const aria =
    "Atomic AutoComplete BrailleLabel BrailleRoleDescription Busy Checked ColCount ColIndex ColIndexText ColSpan Current Description Disabled Expanded HasPopup Hidden Invalid KeyShortcuts Label Level Live Modal MultiLine MultiSelectable Orientation Placeholder PosInSet Pressed ReadOnly Relevant Required RoleDescription RowCount RowIndex RowIndexText RowSpan Selected SetSize Sort ValueMax ValueMin ValueNow ValueText";
  reflect(Element, `role:r ${aria.replace(/\w+/g, (name) => `aria${name}=aria-${name.toLowerCase()}:r`)}`);

  class HTMLElement extends Element {
    constructor() {
      return kit.constructElement(new.target, HTMLElement);
    }
    get innerText() {
      return this.textContent;
    }
    set innerText(text) {
      this.replaceChildren(...lines(this, `${text}`));
    }
    get outerText() {
      return this.textContent;
    }
    set outerText(text) {
      this.replaceWith(...lines(this, `${text}`));
    }
    get hidden() {
      return this.hasAttribute("hidden");
    }
    set hidden(value) {
      this.toggleAttribute("hidden", Boolean(value));
    }
    get draggable() {
      return this.getAttribute("draggable")?.toLowerCase() === "true";
    }
    set draggable(value) {
      this.setAttribute("draggable", `${Boolean(value)}`);
    }
    get spellcheck() {
      return this.getAttribute("spellcheck")?.toLowerCase() !== "false";
    }
    set spellcheck(value) {
      this.setAttribute("spellcheck", `${Boolean(value)}`);
    }
    get translate() {
      return this.closest("[translate]")?.getAttribute("translate").toLowerCase() !== "no";
    }
    set translate(value) {
      this.setAttribute("translate", value ? "yes" : "no");
    }
    get contentEditable() {
      const value = this.getAttribute("contenteditable")?.toLowerCase();
      return value === "" ? "true" : ["true", "false", "plaintext-only"].includes(value) ? value : "inherit";
    }
    set contentEditable(value) {
      value = `${value}`.toLowerCase();
      if (value === "inherit") this.removeAttribute("contenteditable");
      else if (["true", "false", "plaintext-only"].includes(value)) this.setAttribute("contenteditable", value);
      else throw domException("SyntaxError", `${value} is no value of contentEditable`);
    }
    get isContentEditable() {
      const value = this.closest("[contenteditable]")?.getAttribute("contenteditable").toLowerCase();
      return value !== undefined && value !== "false";
    }
    // There is no layout: every box is empty.
    get offsetParent() {
      return null;
    }
    get offsetTop() {
      return 0;
    }
    get offsetLeft() {
      return 0;
    }
    get offsetWidth() {
      return 0;
    }
    get offsetHeight() {
      return 0;
    }
    click() {
      if (this.disabled === true) return;
      const { PointerEvent } = classes;
      fire(this, "click", { bubbles: true, cancelable: true, composed: true }, PointerEvent);
    }
    attachInternals() {
      throw domException("NotSupportedError", "Element internals are not supported");
    }
  }
  const share = (Class) => defineProperties(Class.prototype, getOwnPropertyDescriptors(shared));
  share(HTMLElement);
  reflect(HTMLElement, "title lang dir:e,,ltr,rtl,auto accessKey autofocus:b inert:b enterKeyHint inputMode popover");
  parts.defineHandlers(HTMLElement);
  expose(HTMLElement);

  const lines = (element, text) => {
    const { ownerDocument } = element;
    return text.split(/\r\n|\n|\r/).flatMap((line, index) => [
      ...(index > 0 ? [ownerDocument.createElement("br")] : []),
      ...(line === "" ? [] : [line]),
    ]);
  };

  class HTMLUnknownElement extends HTMLElement {
    constructor() {
      illegal();
    }
  }
  expose(HTMLUnknownElement);

  class SVGElement extends Element {
    get className() {
      return { baseVal: this.getAttribute("class") ?? "", animVal: this.getAttribute("class") ?? "" };
    }
    get ownerSVGElement() {
      const parent = this.parentElement;
      return parent?.closest("svg") ?? null;
    }
    get viewportElement() {
      return this.ownerSVGElement;
    }
  }
  share(SVGElement);
  parts.defineHandlers(SVGElement);
  expose(SVGElement);
  class SVGGraphicsElement extends SVGElement {}
  expose(SVGGraphicsElement);
  class SVGSVGElement extends SVGGraphicsElement {}
  expose(SVGSVGElement);

  class MathMLElement extends Element {}
  share(MathMLElement);
  parts.defineHandlers(MathMLElement);
  expose(MathMLElement);

  const { table, parents, plain, members } = parts;
  const interfaces = new Map(plain.split(" ").map((tag) => [tag, "HTMLElement"]));
  for (const [name, row] of Object.entries(table)) {
    for (const tag of row.slice(0, row.indexOf("|")).split(",")) if (tag !== "") interfaces.set(tag, name);
  }

  const htmlInterfaceOf = (tag) =>
    interfaces.get(tag) ?? (/^[a-z][^\0A-Z]*-/.test(tag) ? "HTMLElement" : "HTMLUnknownElement");
  kit.htmlInterfaceOf = htmlInterfaceOf;

  /** What `Option`, `Image` and `Audio` construct; each has the prototype of its element's class. */
  const factories = {
    __proto__: null,
    Audio: () => {
      function Audio(src = undefined) {
        const audio = createNew(new.target, "audio");
        audio.setAttribute("preload", "auto");
        if (src !== undefined) audio.setAttribute("src", `${src}`);
        return audio;
      }
      return Audio;
    },
    Image: () => {
      function Image(width = undefined, height = undefined) {
        const image = createNew(new.target, "img");
        if (width !== undefined) image.width = width;
        if (height !== undefined) image.height = height;
        return image;
      }
      return Image;
    },
    Option: () => {
      function Option(text = "", value = undefined, defaultSelected = false, selected = false) {
        const option = createNew(new.target, "option");
        text = `${text}`;
        if (text !== "") option.append(text);
        if (value !== undefined) option.setAttribute("value", `${value}`);
        if (defaultSelected) option.setAttribute("selected", "");
        if (Boolean(selected) !== Boolean(defaultSelected)) option.selected = selected;
        return option;
      }
      return Option;
    },
  };
  const { createElement } = native.members.Document;
  const createNew = (newTarget, tag) => {
    if (newTarget === undefined) throw new TypeError("A constructor needs new");
    return createElement.call(kit.document(), tag);
  };
  const factory = (name) => {
    const Factory = factories[name]();
    const { prototype } = htmlClass(name === "Image" ? "HTMLImageElement" : `HTML${name}Element`);
    defineProperty(Factory, "prototype", { value: prototype, writable: false, enumerable: false, configurable: false });
    return (classes[name] = Factory);
  };

  /** The class of that name, made now if it must be. */
  const htmlClass = (name) => {
    if (name in factories && !Object.hasOwn(classes, name)) return factory(name);
    if (Object.hasOwn(classes, name) || !Object.hasOwn(table, name)) return classes[name];
    const Parent = name in parents ? htmlClass(parents[name]) : HTMLElement;
    const Class = {
      [name]: class extends Parent {
        constructor() {
          return kit.constructElement(new.target, Class);
        }
      },
    }[name];
    const row = table[name];
    const attributes = row.slice(row.indexOf("|") + 1);
    if (attributes !== "") reflect(Class, attributes);
    const own = members[name];
    if (own !== undefined) {
      const isDescribed = Object.values(getOwnPropertyDescriptors(own)).some(
        ({ value }) => typeof value === "object" && value !== null && ("get" in value || "value" in value),
      );
      defineProperties(Class.prototype, isDescribed ? own : getOwnPropertyDescriptors(own));
    }
    classes[name] = Class;
    return expose(Class);
  };

  Object.assign(classes, { HTMLElement, HTMLUnknownElement, MathMLElement, SVGElement, SVGGraphicsElement, SVGSVGElement });
  return {
    htmlClass,
    htmlClassOf: (tag) => htmlClass(htmlInterfaceOf(tag)),
    svgClassOf: (tag) => (tag === "svg" ? SVGSVGElement : SVGElement),
    focused: (document) => (focused?.isConnected && focused.ownerDocument === document ? focused : null),
  };
})();
