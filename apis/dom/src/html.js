// The classes of HTML elements, made one by one when an element of theirs, or their name, is first touched.
(() => (kit, parts) => {
  const { idl, native, events, classes, cached, lists, illegal, HTML } = kit;
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
  const { Event } = events;
  const fire = (target, type, init = {}, Class = Event) => events.fire(target, new Class(type, init));
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
    const base = element.baseURI;
    const { URL } = globalThis;
    if (typeof URL !== "function") return value;
    try {
      return new URL(value, base === "about:blank" ? undefined : base).href;
    } catch {
      return value;
    }
  };
  const integer = (text, initial, min) => {
    const match = /^[\t\n\f\r ]*([+-]?\d+)/.exec(text ?? "");
    const value = match === null ? initial : Number(match[1]);
    return value < min || value > 0x7fffffff || value < -0x80000000 ? initial : value;
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
      set: (element, value) => element.setAttribute(attribute, `${value >>> 0}`),
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
          set(this, kind === "b" || kind === "i" || kind === "n" || value === null ? value : `${value}`);
        },
      };
      defineProperty(Class.prototype, property, Object.getOwnPropertyDescriptor(accessor, property));
    }
  };

  // ── The base classes ──

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

  // ── The others ──

  const ownForm = {
    get form() {
      return formOf(this);
    },
  };
  const formOf = (element) => {
    const id = element.getAttribute("form");
    if (id === null || !element.isConnected) return element.closest("form");
    const form = element.ownerDocument.getElementById(id);
    return form?.localName === "form" ? form : null;
  };
  const labels = {
    get labels() {
      const own = this;
      const all = [...own.getRootNode().querySelectorAll("label")];
      return native.nodeList(all.filter((label) => label.control === own));
    },
  };
  /** Nothing is ever invalid but what a script says is. */
  const messages = new WeakMap();
  const validity = {
    get willValidate() {
      return !this.disabled;
    },
    get validationMessage() {
      return messages.get(this) ?? "";
    },
    get validity() {
      const customError = (messages.get(this) ?? "") !== "";
      const valueMissing = this.required === true && this.value === "";
      return { customError, valueMissing, valid: !customError && !valueMissing };
    },
    setCustomValidity(message) {
      messages.set(this, `${message}`);
    },
    checkValidity() {
      if (this.validity.valid) return true;
      fire(this, "invalid", { cancelable: true });
      return false;
    },
    reportValidity() {
      return this.checkValidity();
    },
  };

  /** State of controls that differs from their attributes once it was set. */
  const values = new WeakMap();
  const checks = new WeakMap();
  const selections = new WeakMap();

  const valueModes = { checkbox: "default/on", radio: "default/on", hidden: "default", submit: "default" };
  Object.assign(valueModes, { image: "default", reset: "default", button: "default", file: "filename" });

  const input = {
    get type() {
      const type = this.getAttribute("type")?.toLowerCase();
      return inputTypes.includes(type) ? type : "text";
    },
    set type(value) {
      this.setAttribute("type", value);
    },
    get value() {
      const attribute = this.getAttribute("value");
      const mode = valueModes[this.type];
      if (mode === "default") return attribute ?? "";
      if (mode === "default/on") return attribute ?? "on";
      if (mode === "filename") return "";
      return values.get(this) ?? (attribute ?? "").replace(/[\r\n]/g, "");
    },
    set value(value) {
      value = value === null ? "" : `${value}`;
      const mode = valueModes[this.type];
      if (mode === "filename") {
        if (value !== "") throw domException("InvalidStateError", "The value of a file input can only be emptied");
      } else if (mode === undefined) {
        values.set(this, value.replace(/[\r\n]/g, ""));
      } else {
        this.setAttribute("value", value);
      }
    },
    get checked() {
      return checks.get(this) ?? this.hasAttribute("checked");
    },
    set checked(value) {
      checks.set(this, Boolean(value));
      if (value && this.type === "radio") uncheckOthers(this);
    },
    get indeterminate() {
      return selections.get(this)?.indeterminate ?? false;
    },
    set indeterminate(value) {
      selections.set(this, { ...selections.get(this), indeterminate: Boolean(value) });
    },
    get valueAsNumber() {
      return this.value === "" ? NaN : Number(this.value);
    },
    set valueAsNumber(value) {
      this.value = Number.isNaN(+value) ? "" : `${+value}`;
    },
    get list() {
      const list = this.ownerDocument.getElementById(this.getAttribute("list") ?? "");
      return list?.localName === "datalist" ? list : null;
    },
    get files() {
      return null;
    },
    select() {
      this.setSelectionRange(0, this.value.length);
    },
  };
  const inputTypes =
    "hidden text search tel url email password date month week time datetime-local number range color checkbox radio file submit image reset button".split(
      " ",
    );
  const uncheckOthers = (radio) => {
    const { name } = radio;
    if (name === "") return;
    const form = radio.form;
    for (const other of radio.getRootNode().querySelectorAll("input")) {
      if (other !== radio && other.type === "radio" && other.name === name && other.form === form) checks.set(other, false);
    }
  };
  const textSelection = {
    get selectionStart() {
      return selections.get(this)?.start ?? this.value.length;
    },
    set selectionStart(value) {
      this.setSelectionRange(value, Math.max(value, this.selectionEnd));
    },
    get selectionEnd() {
      return selections.get(this)?.end ?? this.value.length;
    },
    set selectionEnd(value) {
      this.setSelectionRange(Math.min(this.selectionStart, value), value);
    },
    get selectionDirection() {
      return selections.get(this)?.direction ?? "none";
    },
    set selectionDirection(value) {
      this.setSelectionRange(this.selectionStart, this.selectionEnd, value);
    },
    setSelectionRange(start, end, direction = "none") {
      end = Math.min(end >>> 0, this.value.length);
      start = Math.min(start >>> 0, end);
      direction = ["forward", "backward"].includes(direction) ? direction : "none";
      selections.set(this, { ...selections.get(this), start, end, direction });
    },
  };

  const members = {
    HTMLAnchorElement: {
      get text() {
        return this.textContent;
      },
      set text(value) {
        this.textContent = value;
      },
      toString() {
        return this.href;
      },
    },
    HTMLButtonElement: { ...descriptors(ownForm, labels, validity) },
    HTMLDataListElement: {
      get options() {
        return native.optionsOf(this);
      },
    },
    HTMLFieldSetElement: {
      ...descriptors(ownForm, validity),
      ...descriptors({
        get type() {
          return "fieldset";
        },
        get elements() {
          return native.controlsOf(this);
        },
      }),
    },
    HTMLFormElement: {
      get elements() {
        return native.controlsOf(this);
      },
      get length() {
        return this.elements.length;
      },
      submit() {},
      requestSubmit(submitter = null) {
        const { SubmitEvent } = classes;
        if (this.checkValidity()) fire(this, "submit", { bubbles: true, cancelable: true, submitter }, SubmitEvent);
      },
      reset() {
        if (!fire(this, "reset", { bubbles: true, cancelable: true })) return;
        for (const control of this.elements) {
          for (const state of [values, checks, selections]) state.delete(control);
        }
      },
      checkValidity() {
        return [...this.elements].every((control) => control.checkValidity?.() ?? true);
      },
      reportValidity() {
        return this.checkValidity();
      },
      [Symbol.iterator]() {
        return this.elements[Symbol.iterator]();
      },
    },
    HTMLImageElement: {
      get complete() {
        return true;
      },
      get naturalWidth() {
        return 0;
      },
      get naturalHeight() {
        return 0;
      },
      decode() {
        return Promise.reject(domException("EncodingError", "Images are not decoded"));
      },
    },
    HTMLInputElement: { ...descriptors(ownForm, labels, validity, input, textSelection) },
    HTMLLabelElement: {
      get control() {
        const id = this.getAttribute("for");
        const labelable = "button,input:not([type=hidden i]),meter,output,progress,select,textarea";
        if (id === null) return this.querySelector(labelable);
        const control = this.getRootNode().querySelector(`#${CSS_escape(id)}`);
        return control?.matches(labelable) ? control : null;
      },
      get form() {
        return this.control?.form ?? null;
      },
    },
    HTMLOptionElement: {
      get value() {
        return this.getAttribute("value") ?? this.text;
      },
      set value(value) {
        this.setAttribute("value", value);
      },
      get text() {
        return this.textContent.replace(/[\t\n\f\r ]+/g, " ").replace(/^ | $/g, "");
      },
      set text(value) {
        this.textContent = value;
      },
      get label() {
        return this.getAttribute("label") ?? this.text;
      },
      set label(value) {
        this.setAttribute("label", value);
      },
      get selected() {
        const select = this.closest("select");
        return select === null ? (checks.get(this) ?? this.hasAttribute("selected")) : selectedOf(select).includes(this);
      },
      set selected(value) {
        const select = this.closest("select");
        if (value && select !== null && !select.multiple) for (const option of select.options) checks.set(option, false);
        checks.set(this, Boolean(value));
      },
      get index() {
        return Math.max(0, [...(this.closest("select")?.options ?? [])].indexOf(this));
      },
      get form() {
        return this.closest("select")?.form ?? null;
      },
    },
    HTMLOutputElement: {
      ...descriptors(ownForm, labels, validity),
      ...descriptors({
        get type() {
          return "output";
        },
        get value() {
          return this.textContent;
        },
        set value(value) {
          this.textContent = value;
        },
      }),
    },
    HTMLScriptElement: {
      get text() {
        return [...this.childNodes].map((node) => (node.nodeType === 3 ? node.data : "")).join("");
      },
      set text(value) {
        this.textContent = value;
      },
      get async() {
        return this.hasAttribute("async");
      },
      set async(value) {
        this.toggleAttribute("async", Boolean(value));
      },
    },
    HTMLSelectElement: {
      ...descriptors(ownForm, labels, validity),
      ...descriptors({
        get type() {
          return this.multiple ? "select-multiple" : "select-one";
        },
        get options() {
          return native.optionsOf(this);
        },
        get length() {
          return this.options.length;
        },
        get selectedOptions() {
          return native.nodeList(selectedOf(this));
        },
        get selectedIndex() {
          return [...this.options].indexOf(selectedOf(this)[0]);
        },
        set selectedIndex(index) {
          [...this.options].forEach((option, at) => checks.set(option, at === (index | 0)));
          if (index < 0) selections.set(this, { isEmpty: true });
        },
        get value() {
          return selectedOf(this)[0]?.value ?? "";
        },
        set value(value) {
          const options = [...this.options];
          const chosen = options.find((option) => option.value === `${value}`);
          for (const option of options) checks.set(option, option === chosen);
          selections.set(this, { isEmpty: chosen === undefined });
        },
        item(index) {
          return this.options.item(index);
        },
        namedItem(name) {
          return this.options.namedItem(name);
        },
        add(element, before = null) {
          this.insertBefore(element, typeof before === "number" ? this.options[before] : before);
        },
        remove(index) {
          if (index === undefined) Element.prototype.remove.call(this);
          else this.options[index]?.remove();
        },
      }),
    },
    HTMLTableElement: {
      get rows() {
        return native.rowsOf(this);
      },
      get tBodies() {
        return native.nodeList([...this.children].filter(({ localName }) => localName === "tbody"));
      },
      get tHead() {
        return sectionOf(this, "thead");
      },
      get tFoot() {
        return sectionOf(this, "tfoot");
      },
      get caption() {
        return sectionOf(this, "caption");
      },
      createTHead() {
        return this.tHead ?? addTo(this, "thead");
      },
      createTFoot() {
        return this.tFoot ?? addTo(this, "tfoot");
      },
      createTBody() {
        return addTo(this, "tbody");
      },
      createCaption() {
        return this.caption ?? addTo(this, "caption", this.firstChild);
      },
      insertRow(index = -1) {
        const { rows } = this;
        checkIndex(index, rows.length);
        const before = index < 0 ? null : (rows[index] ?? null);
        const parent = before?.parentNode ?? rows[rows.length - 1]?.parentNode ?? this.tBodies[0] ?? addTo(this, "tbody");
        return addTo(parent, "tr", before);
      },
      deleteRow(index) {
        const { rows } = this;
        checkIndex(index, rows.length - 1);
        rows[index < 0 ? rows.length - 1 : index]?.remove();
      },
    },
    HTMLTableRowElement: {
      get cells() {
        return native.nodeList([...this.children].filter(({ localName }) => localName === "td" || localName === "th"));
      },
      get rowIndex() {
        return [...(this.closest("table")?.rows ?? [])].indexOf(this);
      },
      get sectionRowIndex() {
        return [...(this.parentNode?.children ?? [])].indexOf(this);
      },
      insertCell(index = -1) {
        const { cells } = this;
        checkIndex(index, cells.length);
        return addTo(this, "td", index < 0 ? null : (cells[index] ?? null));
      },
      deleteCell(index) {
        const { cells } = this;
        checkIndex(index, cells.length - 1);
        cells[index < 0 ? cells.length - 1 : index]?.remove();
      },
    },
    HTMLTableCellElement: {
      get cellIndex() {
        return [...(this.parentNode?.cells ?? [])].indexOf(this);
      },
    },
    HTMLTemplateElement: {
      get content() {
        return native.content(this);
      },
    },
    HTMLTextAreaElement: {
      ...descriptors(ownForm, labels, validity, textSelection),
      ...descriptors({
        get type() {
          return "textarea";
        },
        get defaultValue() {
          return this.textContent;
        },
        set defaultValue(value) {
          this.textContent = value;
        },
        get value() {
          return (values.get(this) ?? this.textContent).replace(/\r\n?/g, "\n");
        },
        set value(value) {
          values.set(this, value === null ? "" : `${value}`);
        },
        get textLength() {
          return this.value.length;
        },
        select() {
          this.setSelectionRange(0, this.value.length);
        },
      }),
    },
    HTMLTitleElement: {
      get text() {
        return [...this.childNodes].map((node) => (node.nodeType === 3 ? node.data : "")).join("");
      },
      set text(value) {
        this.textContent = value;
      },
    },
    HTMLDialogElement: {
      show() {
        this.open = true;
      },
      showModal() {
        this.open = true;
      },
      close(value = undefined) {
        if (!this.open) return;
        this.open = false;
        if (value !== undefined) values.set(this, `${value}`);
        fire(this, "close");
      },
      get returnValue() {
        return values.get(this) ?? "";
      },
      set returnValue(value) {
        values.set(this, `${value}`);
      },
    },
    HTMLMediaElement: {
      play() {
        return Promise.reject(domException("NotSupportedError", "Media are not played"));
      },
      pause() {},
      load() {},
      canPlayType() {
        return "";
      },
      get paused() {
        return true;
      },
    },
    HTMLCanvasElement: {
      getContext() {
        return null;
      },
    },
  };

  function descriptors(...mixins) {
    const all = {};
    for (const mixin of mixins) Object.assign(all, getOwnPropertyDescriptors(mixin));
    return all;
  }

  const CSS_escape = (text) => text.replace(/[^\w-]|^\d/g, (c) => `\\${c.codePointAt(0).toString(16)} `);

  const selectedOf = (select) => {
    const options = [...select.options];
    const isOn = (option) => checks.get(option) ?? option.hasAttribute("selected");
    const chosen = options.filter(isOn);
    if (select.multiple) return chosen;
    if (chosen.length > 0) return [chosen.at(-1)];
    if (selections.get(select)?.isEmpty || select.size > 1) return [];
    const first = options.find((option) => !option.disabled);
    return first === undefined ? [] : [first];
  };
  const sectionOf = (table, name) => [...table.children].find(({ localName }) => localName === name) ?? null;
  const addTo = (parent, name, before = null) => parent.insertBefore(parent.ownerDocument.createElement(name), before);
  const checkIndex = (index, max) => {
    if (index < -1 || index > max) throw domException("IndexSizeError", `There is no index ${index}`);
  };

  /** Interfaces: their parent if it is not HTMLElement, tags, and reflected attributes. */
  const table = {
    HTMLAnchorElement:
      "a|href:u target download ping rel relList=rel:t hreflang type referrerPolicy charset coords name rev shape",
    HTMLAreaElement: "area|alt coords shape href:u target download ping rel relList=rel:t referrerPolicy noHref:b",
    HTMLAudioElement: "audio|",
    HTMLBRElement: "br|clear",
    HTMLBaseElement: "base|href:u target",
    HTMLBodyElement: "body|text link vLink aLink bgColor background",
    HTMLButtonElement: "button|type:e,submit,reset,button value name disabled:b formAction:u formEnctype formMethod formNoValidate:b formTarget",
    HTMLCanvasElement: "canvas|width:n,300 height:n,150",
    HTMLDListElement: "dl|compact:b",
    HTMLDataElement: "data|value",
    HTMLDataListElement: "datalist|",
    HTMLDetailsElement: "details|open:b name",
    HTMLDialogElement: "dialog|open:b",
    HTMLDirectoryElement: "dir|compact:b",
    HTMLDivElement: "div|align",
    HTMLEmbedElement: "embed|src:u type width height align name",
    HTMLFieldSetElement: "fieldset|disabled:b name",
    HTMLFontElement: "font|color face size",
    HTMLFormElement:
      "form|acceptCharset=accept-charset action:u autocomplete enctype:e,application/x-www-form-urlencoded,multipart/form-data,text/plain encoding=enctype method:e,get,post,dialog name noValidate:b target rel relList=rel:t",
    HTMLFrameElement: "frame|name scrolling src:u frameBorder longDesc:u noResize:b marginHeight marginWidth",
    HTMLFrameSetElement: "frameset|cols rows",
    HTMLHRElement: "hr|align color noShade:b size width",
    HTMLHeadElement: "head|",
    HTMLHeadingElement: "h1,h2,h3,h4,h5,h6|align",
    HTMLHtmlElement: "html|version",
    HTMLIFrameElement:
      "iframe|src:u srcdoc name sandbox:t allow allowFullscreen:b width height referrerPolicy loading:e,eager,lazy align scrolling frameBorder",
    HTMLImageElement:
      "img|alt src:u srcset sizes crossOrigin:c useMap isMap:b width:n height:n referrerPolicy decoding:e,auto,sync,async loading:e,eager,lazy fetchPriority:e,auto,high,low name lowsrc:u align hspace:n vspace:n longDesc:u border",
    HTMLInputElement:
      "input|accept alt autocomplete defaultChecked=checked:b defaultValue=value dirName disabled:b formAction:u formEnctype formMethod formNoValidate:b formTarget height:n max maxLength:i,-1 min minLength:i,-1 multiple:b name pattern placeholder readOnly:b required:b size:n,20 src:u step width:n align useMap",
    HTMLLIElement: "li|value:i type",
    HTMLLabelElement: "label|htmlFor=for",
    HTMLLegendElement: "legend|align",
    HTMLLinkElement:
      "link|href:u crossOrigin:c rel relList=rel:t media integrity hreflang type referrerPolicy as sizes:t imageSrcset imageSizes disabled:b fetchPriority:e,auto,high,low charset rev target",
    HTMLMapElement: "map|name",
    HTMLMarqueeElement: "marquee|behavior bgColor direction height width",
    HTMLMenuElement: "menu|compact:b",
    HTMLMetaElement: "meta|name httpEquiv=http-equiv content media scheme",
    HTMLMeterElement: "meter|",
    HTMLModElement: "ins,del|cite:u dateTime",
    HTMLOListElement: "ol|reversed:b start:i,1 type compact:b",
    HTMLObjectElement: "object|data:u type name width height useMap align",
    HTMLOptGroupElement: "optgroup|disabled:b label",
    HTMLOptionElement: "option|disabled:b defaultSelected=selected:b",
    HTMLOutputElement: "output|htmlFor=for:t name",
    HTMLParagraphElement: "p|align",
    HTMLParamElement: "param|name value type valueType",
    HTMLPictureElement: "picture|",
    HTMLPreElement: "pre,listing,xmp|width:i",
    HTMLProgressElement: "progress|",
    HTMLQuoteElement: "blockquote,q|cite:u",
    HTMLScriptElement:
      "script|src:u type noModule:b defer:b crossOrigin:c referrerPolicy integrity fetchPriority:e,auto,high,low charset event htmlFor=for",
    HTMLSelectElement: "select|autocomplete disabled:b multiple:b name required:b size:n",
    HTMLSlotElement: "slot|name",
    HTMLSourceElement: "source|src:u type srcset sizes media width:n height:n",
    HTMLSpanElement: "span|",
    HTMLStyleElement: "style|media type disabled:b",
    HTMLTableCaptionElement: "caption|align",
    HTMLTableCellElement: "td,th|colSpan:n,1 rowSpan:n,1 headers scope abbr align axis height width ch=char noWrap:b vAlign bgColor",
    HTMLTableColElement: "col,colgroup|span:n,1 align ch=char vAlign width",
    HTMLTableElement: "table|align border frame rules summary width bgColor cellPadding cellSpacing",
    HTMLTableRowElement: "tr|align ch=char vAlign bgColor",
    HTMLTableSectionElement: "thead,tbody,tfoot|align ch=char vAlign",
    HTMLTemplateElement: "template|shadowRootMode",
    HTMLTextAreaElement:
      "textarea|autocomplete cols:n,20 dirName disabled:b maxLength:i,-1 minLength:i,-1 name placeholder readOnly:b required:b rows:n,2 wrap",
    HTMLTimeElement: "time|dateTime",
    HTMLTitleElement: "title|",
    HTMLTrackElement: "track|kind src:u srclang label default:b",
    HTMLUListElement: "ul|compact:b type",
    HTMLVideoElement: "video|width:n height:n poster:u playsInline:b",
    HTMLMediaElement: "|src:u crossOrigin:c preload autoplay:b loop:b controls:b defaultMuted=muted:b",
  };
  const parents = { HTMLAudioElement: "HTMLMediaElement", HTMLVideoElement: "HTMLMediaElement" };
  const plain =
    "abbr address article aside b bdi bdo cite code dd dfn dt em figcaption figure footer header hgroup i kbd main mark nav noscript rp rt ruby s samp search section small strong sub summary sup u var wbr acronym basefont big center nobr noembed noframes plaintext rb rtc strike tt";
  const interfaces = new Map(plain.split(" ").map((tag) => [tag, "HTMLElement"]));
  for (const [name, row] of Object.entries(table)) {
    for (const tag of row.slice(0, row.indexOf("|")).split(",")) if (tag !== "") interfaces.set(tag, name);
  }

  const htmlInterfaceOf = (tag) =>
    interfaces.get(tag) ?? (/^[a-z][^\0A-Z]*-/.test(tag) ? "HTMLElement" : "HTMLUnknownElement");
  kit.htmlInterfaceOf = htmlInterfaceOf;

  /** The class of that name, made now if it must be. */
  const htmlClass = (name) => {
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

  // ── What clicking does ──

  const { MouseEvent } = classes;
  const toggles = ["checkbox", "radio"];
  const activate = (path, event) => {
    if (event.type !== "click" || !(event instanceof MouseEvent)) return undefined;
    const isControl = (node) =>
      node.namespaceURI === HTML && ["input", "button", "a", "summary", "label"].includes(node.localName);
    const target = path.find((node, index) => (index === 0 || event.bubbles) && node.nodeType === 1 && isControl(node));
    if (target === undefined) return undefined;
    if (target.localName === "input" && toggles.includes(target.type)) return toggle(target);
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
          details.open = !details.open;
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

  Object.assign(classes, { HTMLElement, HTMLUnknownElement, MathMLElement, SVGElement, SVGGraphicsElement, SVGSVGElement });
  return {
    htmlClass,
    htmlClassOf: (tag) => htmlClass(htmlInterfaceOf(tag)),
    svgClassOf: (tag) => (tag === "svg" ? SVGSVGElement : SVGElement),
    focused: (document) => (focused?.isConnected && focused.ownerDocument === document ? focused : null),
    activate,
  };
})();
