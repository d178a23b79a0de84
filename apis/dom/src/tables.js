// Tables (HTML Standard, "Tabular data"): their sections, rows and cells.
(() => (kit) => {
  const { idl, native } = kit;
  const { domException } = idl;

  const sectionOf = (table, name) => [...table.children].find(({ localName }) => localName === name) ?? null;
  const addTo = (parent, name, before = null) => parent.insertBefore(parent.ownerDocument.createElement(name), before);
  const checkIndex = (index, max) => {
    if (index < -1 || index > max) throw domException("IndexSizeError", `There is no index ${index}`);
  };

  const tableMembers = {
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
    HTMLTableSectionElement: {
      get rows() {
        return native.nodeList([...this.children].filter(({ localName }) => localName === "tr"));
      },
      insertRow(index = -1) {
        const { rows } = this;
        checkIndex(index, rows.length);
        return addTo(this, "tr", index < 0 ? null : (rows[index] ?? null));
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
  };

  return { tableMembers };
})();
