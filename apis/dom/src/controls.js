// What interfaces of HTML elements have beside reflected attributes: forms and their controls, and some more.
(() => (kit, parts) => {
  const { idl, native, classes, events, fire } = kit;
  const { domException } = idl;
  const { Element } = classes;
  const { getOwnPropertyDescriptors } = Object;
  const { HTMLTableElement, HTMLTableSectionElement, HTMLTableRowElement, HTMLTableCellElement } = native.members;
  const tables = { HTMLTableElement, HTMLTableSectionElement, HTMLTableRowElement, HTMLTableCellElement };

  const ownForm = {
    get form() {
      return formOf(this);
    },
  };
  const { forms } = native;
  const formOf = forms.ownerOf;
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

  const valueModes = { __proto__: null, checkbox: "default/on", radio: "default/on", hidden: "default", submit: "default" };
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
      return this.type === "file" ? parts.filesOf(this) : null;
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

  // ── Gauges ──

  /** The number that an attribute begins with, `null` if it begins with none. */
  const numberOf = (element, attribute) => {
    const match = /^[\t\n\f\r ]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/.exec(element.getAttribute(attribute) ?? "");
    const number = match === null ? NaN : Number(match[1]) + 0;
    return Number.isFinite(number) ? number : null;
  };
  const setNumber = (element, attribute, value) =>
    element.setAttribute(attribute, `${idl.double(value, attribute)}`);
  const within = (least, value, most) => Math.min(Math.max(value, least), most);

  const progress = {
    get value() {
      return within(0, numberOf(this, "value") ?? 0, this.max);
    },
    set value(value) {
      setNumber(this, "value", value);
    },
    get max() {
      const max = numberOf(this, "max");
      return max !== null && max > 0 ? max : 1;
    },
    set max(value) {
      if (idl.double(value, "max") > 0) setNumber(this, "max", value);
    },
    get position() {
      return this.hasAttribute("value") ? this.value / this.max : -1;
    },
  };

  const meter = {
    get value() {
      return within(this.min, numberOf(this, "value") ?? 0, this.max);
    },
    set value(value) {
      setNumber(this, "value", value);
    },
    get min() {
      return numberOf(this, "min") ?? 0;
    },
    set min(value) {
      setNumber(this, "min", value);
    },
    get max() {
      return Math.max(this.min, numberOf(this, "max") ?? 1);
    },
    set max(value) {
      setNumber(this, "max", value);
    },
    get low() {
      return within(this.min, numberOf(this, "low") ?? this.min, this.max);
    },
    set low(value) {
      setNumber(this, "low", value);
    },
    get high() {
      return within(this.low, numberOf(this, "high") ?? this.max, this.max);
    },
    set high(value) {
      setNumber(this, "high", value);
    },
    get optimum() {
      const { min, max } = this;
      return within(min, numberOf(this, "optimum") ?? min + (max - min) / 2, max);
    },
    set optimum(value) {
      setNumber(this, "optimum", value);
    },
  };

  const members = {
    HTMLAnchorElement: {
      ...descriptors(parts.hyperlink),
      ...descriptors({
        get text() {
          return this.textContent;
        },
        set text(value) {
          this.textContent = value;
        },
      }),
    },
    HTMLAreaElement: descriptors(parts.hyperlink),
    HTMLButtonElement: { ...descriptors(ownForm, labels, validity) },
    HTMLDataListElement: {
      get options() {
        return native.optionsBelow(this);
      },
    },
    HTMLFieldSetElement: {
      ...descriptors(ownForm, validity),
      ...descriptors({
        get type() {
          return "fieldset";
        },
        get elements() {
          return native.controlsBelow(this);
        },
      }),
    },
    HTMLFormElement: {
      get elements() {
        return forms.controlsOf(this);
      },
      get length() {
        return this.elements.length;
      },
      submit() {},
      requestSubmit(submitter = null) {
        const { SubmitEvent } = classes;
        if (this.checkValidity()) fireForm(this, "submit", { submitter }, SubmitEvent);
      },
      reset() {
        if (!fireForm(this, "reset", {}, events.Event)) return;
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
    HTMLMeterElement: { ...descriptors(labels, meter) },
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
    HTMLProgressElement: { ...descriptors(labels, progress) },
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
          return forms.optionsOf(this);
        },
        get length() {
          return this.options.length;
        },
        set length(length) {
          forms.setLength(this, length);
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
        [Symbol.iterator]() {
          return this.options[Symbol.iterator]();
        },
        item(index) {
          return this.options.item(index);
        },
        namedItem(name) {
          return this.options.namedItem(name);
        },
        add(element, before = null) {
          const reference = typeof before === "number" ? (this.options[before] ?? null) : before;
          const parent = reference !== null && this.contains(reference) ? reference.parentNode : this;
          parent.insertBefore(element, reference);
        },
        remove(index) {
          if (index === undefined) Element.prototype.remove.call(this);
          else this.options[index]?.remove();
        },
      }),
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
    HTMLDetailsElement: {
      get open() {
        return this.hasAttribute("open");
      },
      set open(value) {
        parts.setOpen(this, Boolean(value));
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
    const all = { __proto__: null };
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

  const { addEventListener, removeEventListener } = events.EventTarget.prototype;
  const { apply } = Reflect;
  /** Fires an event that bubbles, but not to a form around the form, which scripts alone can make. */
  const fireForm = (form, type, init, Class) => {
    const fireIt = () => fire(form, type, { ...init, bubbles: true, cancelable: true }, Class);
    const outer = form.parentElement?.closest("form") ?? null;
    if (outer === null) return fireIt();
    let last = form;
    while (last.parentElement !== outer) last = last.parentElement;
    const stop = (event) => event.stopPropagation();
    apply(addEventListener, last, [type, stop]);
    try {
      return fireIt();
    } finally {
      apply(removeEventListener, last, [type, stop]);
    }
  };

  // ── Collections ──

  class HTMLFormControlsCollection extends classes.HTMLCollection {}
  idl.expose(HTMLFormControlsCollection);

  const { length: lengthOf } = getOwnPropertyDescriptors(classes.HTMLCollection.prototype);
  class HTMLOptionsCollection extends classes.HTMLCollection {
    get length() {
      return lengthOf.get.call(this);
    }
    set length(length) {
      forms.setLength(forms.selectOf(this), length);
    }
    get selectedIndex() {
      return forms.selectOf(this).selectedIndex;
    }
    set selectedIndex(index) {
      forms.selectOf(this).selectedIndex = index;
    }
    add(element, before = null) {
      forms.selectOf(this).add(element, before);
    }
    remove(index) {
      idl.need(arguments, 1, "remove");
      this[index | 0]?.remove();
    }
  }
  idl.expose(HTMLOptionsCollection);

  class RadioNodeList extends classes.NodeList {
    get value() {
      return radiosOf(this).find((radio) => radio.checked)?.value ?? "";
    }
    set value(value) {
      const chosen = radiosOf(this).find((radio) => radio.value === `${value}`);
      if (chosen !== undefined) chosen.checked = true;
    }
  }
  idl.expose(RadioNodeList);
  const radiosOf = (list) => {
    const radios = [];
    for (let index = 0; index < list.length; index++) {
      const control = list[index];
      if (control.localName === "input" && control.type === "radio") radios.push(control);
    }
    return radios;
  };

  Object.assign(classes, { HTMLFormControlsCollection, HTMLOptionsCollection, RadioNodeList });
  return { members: { ...members, ...tables }, formOf, selectedOf };
})();
