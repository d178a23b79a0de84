// The entry lists of forms (HTML Standard, "constructing the entry list"), for `new FormData(form)`.
(() => (kit, parts) => {
  const { idl, native, classes, isNode, fire, HTML } = kit;
  const { domException, usvString } = idl;

  const isHTML = (node, name) => isNode(node) && node.namespaceURI === HTML && node.localName === name;
  const isSubmitter = (node) => {
    if (isHTML(node, "button")) return node.type === "submit";
    return isHTML(node, "input") && (node.type === "submit" || node.type === "image");
  };
  const isButton = (control) =>
    control.localName === "button" || ["submit", "image", "reset", "button"].includes(control.type);

  /** Whether a control is disabled by itself or by a `fieldset` around it, outside of that one's first legend. */
  const isDisabled = (control) => {
    if (control.hasAttribute("disabled")) return true;
    for (let node = control.parentNode; node !== null; node = node.parentNode) {
      if (!isHTML(node, "fieldset") || !node.hasAttribute("disabled")) continue;
      const legend = [...node.children].find((child) => isHTML(child, "legend"));
      if (legend === undefined || !legend.contains(control)) return true;
    }
    return false;
  };

  const controlsOf = (form) =>
    [...form.getRootNode().querySelectorAll("button, input, select, textarea")].filter(
      (control) => control.namespaceURI === HTML && parts.formOf(control) === form,
    );

  const isLeftOut = (control, submitter) =>
    control.closest("datalist") !== null ||
    isDisabled(control) ||
    (isButton(control) && control !== submitter) ||
    (["checkbox", "radio"].includes(control.type) && !control.checked);

  /** Adds what one control gives. */
  const addEntries = (control, files, add) => {
    const { type } = control;
    const name = control.getAttribute("name") ?? "";
    if (type === "image") {
      const prefix = name === "" ? "" : `${name}.`;
      const [x, y] = parts.coordinateOf(control);
      add(`${prefix}x`, `${x}`);
      add(`${prefix}y`, `${y}`);
      return;
    }
    if (name === "") return;
    if (control.localName === "select") {
      for (const option of parts.selectedOf(control)) {
        const group = option.parentNode;
        const isOff = option.disabled || (isHTML(group, "optgroup") && group.disabled);
        if (!isOff) add(name, option.value);
      }
      return;
    }
    if (type === "file") add(name, files.emptyFile());
    else if (type === "hidden" && name.toLowerCase() === "_charset_") add(name, "UTF-8");
    else add(name, control.value);
    const direction = control.getAttribute("dirname") ?? "";
    if (direction !== "" && (control.localName === "textarea" || ["text", "search"].includes(type))) {
      add(direction, control.closest("[dir]")?.getAttribute("dir").toLowerCase() === "rtl" ? "rtl" : "ltr");
    }
  };

  const constructing = new WeakSet();

  /** The entries of a form as `FormData` has them; `files` are the classes of files. */
  const formEntries = (form, submitter, files) => {
    if (!isHTML(form, "form")) throw new TypeError("FormData: argument 1 is not an HTMLFormElement");
    if (submitter !== null && submitter !== undefined) {
      if (!isSubmitter(submitter)) throw new TypeError("FormData: the submitter is not a submit button");
      if (parts.formOf(submitter) !== form) throw domException("NotFoundError", "The submitter is no button of the form");
    }
    if (constructing.has(form)) throw domException("InvalidStateError", "The entries of the form are being listed already");
    constructing.add(form);
    try {
      const formData = files.makeFormData();
      const add = (name, value) => files.addEntry(formData, usvString(name), typeof value === "string" ? usvString(value) : value);
      for (const control of controlsOf(form)) if (!isLeftOut(control, submitter)) addEntries(control, files, add);
      fire(form, "formdata", { bubbles: true, formData }, classes.FormDataEvent);
      return [...files.entriesOf(formData)];
    } finally {
      constructing.delete(form);
    }
  };

  const lists = new WeakMap();
  /** The files of a file input: nobody chooses any. */
  const filesOf = (input) => {
    if (!lists.has(input)) lists.set(input, native.files().makeFileList());
    return lists.get(input);
  };
  return { filesOf, formEntries };
})();
