//! Tables, their sections, rows and cells, as the HTML Standard has them.

use quickbeam_api_dom::DomApi;
use quickbeam_api_harness::Harness;
use quickbeam_executor::Api;

const HELPERS: &str = r#"
globalThis.make = (markup) => {
  const all = document.createElement("div");
  all.innerHTML = `<table>${markup}</table>`;
  return all.firstChild;
};
globalThis.ids = (items) => [...items].map(({ id, localName }) => id || localName).join(" ");
globalThis.thrown = (f) => { try { return `${f()}` } catch (error) { return error.name } };
0
"#;

/// Scripts on a table `t`, and what they give.
fn check(cases: &[(&str, &str, &str)]) {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.push(&DomApi);
    let h = Harness::new(&apis);
    h.check(HELPERS, "0");
    for (markup, script, expected) in cases {
        h.check(&format!("{{ const t = make(`{markup}`); {script} }}"), expected);
    }
}

const MIXED: &str = "<caption id=c></caption><colgroup id=g></colgroup><tbody id=b1><tr id=r1><tr id=r2></tbody>\
                     <tfoot id=f><tr id=r3></tfoot><thead id=h><tr id=r4></thead><tbody id=b2><tr id=r5></tbody>";

#[test]
fn parts_go_to_their_places() {
    check(&[
        ("<tbody id=b>", "t.createTHead().id = 'h'; ids(t.children)", "h b"),
        (
            "<caption id=c></caption><colgroup id=g></colgroup><tbody id=b>",
            "t.createTHead(); ids(t.children)",
            "c g thead b",
        ),
        (
            "<caption id=c></caption>",
            "t.append('x'); t.createTHead(); [...t.childNodes].map((n) => n.nodeName).join()",
            "CAPTION,#text,THEAD",
        ),
        (MIXED, "t.createTHead() === t.tHead && t.tHead.id", "h"),
        (MIXED, "t.createTBody().id = 'new'; ids(t.children)", "c g b1 f h b2 new"),
        ("<tbody id=b></tbody><tfoot id=f>", "t.createTBody(); ids(t.children)", "b tbody f"),
        ("<tfoot id=f>", "t.createTBody(); ids(t.children)", "f tbody"),
        ("<tbody id=b>", "t.createTFoot(); ids(t.children)", "b tfoot"),
        (MIXED, "t.createTFoot().id", "f"),
        (
            "<tbody id=b>",
            "t.prepend('x'); t.createCaption(); t.firstChild === t.caption && t.createCaption() === t.caption",
            "true",
        ),
        (MIXED, "t.deleteCaption(); t.deleteTHead(); t.deleteTFoot(); t.deleteTFoot(); ids(t.children)", "g b1 b2"),
        ("", "[t.caption, t.tHead, t.tFoot].join()", ",,"),
        ("", "t.append(document.createElementNS('x', 'thead')); t.tHead", "null"),
        ("", "t.createTBody().namespaceURI === t.namespaceURI", "true"),
    ]);
}

#[test]
fn parts_are_replaced_by_those_that_are_set() {
    check(&[
        (MIXED, "t.tHead = document.createElement('thead'); ids(t.children)", "c g thead b1 f b2"),
        (MIXED, "t.tHead = null; ids(t.children)", "c g b1 f b2"),
        (MIXED, "t.tFoot = make('<tfoot id=other>').firstChild; ids(t.children)", "c g b1 h b2 other"),
        (MIXED, "t.caption = t.caption; ids(t.children)", "c g b1 f h b2"),
        (MIXED, "t.caption = document.createElement('caption'); t.caption.nextSibling.id", "g"),
        (MIXED, "thrown(() => t.tHead = t.tFoot) + ids(t.children)", "HierarchyRequestErrorc g b1 f h b2"),
        (MIXED, "thrown(() => t.tFoot = t.tBodies[0]) + t.tFoot.id", "HierarchyRequestErrorf"),
        (
            MIXED,
            "thrown(() => t.tHead = t.rows[0]) + thrown(() => t.caption = {}) + thrown(() => t.tFoot = 1)",
            "TypeErrorTypeErrorTypeError",
        ),
        (
            MIXED,
            "{ const h = document.createElement('thead'); h.append(document.createElement('table')); thrown(() => h.firstChild.tHead = h) }",
            "HierarchyRequestError",
        ),
    ]);
}

#[test]
fn rows_of_heads_come_first_and_those_of_feet_last() {
    check(&[
        (MIXED, "ids(t.rows)", "r4 r1 r2 r5 r3"),
        (
            MIXED,
            "t.append(Object.assign(document.createElement('tr'), { id: 'own' })); ids(t.rows)",
            "r4 r1 r2 r5 own r3",
        ),
        (MIXED, "t.rows[1].insertCell().innerHTML = '<table><tr><td></table>'; t.rows.length", "5"),
        (
            MIXED,
            "const { rows, tBodies } = t; t.tBodies[0].remove(); t.rows === rows && t.tBodies === tBodies && rows instanceof HTMLCollection && ids(rows) + ids(tBodies)",
            "r4 r5 r3b2",
        ),
        (
            MIXED,
            "t.rows.r5 === t.rows.namedItem('r5') && t.tBodies[1].rows === t.tBodies[1].rows && ids(t.tBodies[0].rows)",
            "r1 r2",
        ),
        (MIXED, "[...t.rows].map((r) => [r.rowIndex, r.sectionRowIndex].join(':')).join()", "0:0,1:0,2:1,3:0,4:0"),
        ("", "const r = document.createElement('tr'); t.append(r); [r.rowIndex, r.sectionRowIndex].join()", "0,0"),
        (
            "",
            "const r = document.createElement('tr'); const out = [r.rowIndex, r.sectionRowIndex]; document.createElement('div').append(r); out.push(r.rowIndex, r.sectionRowIndex); document.createElement('tfoot').append(r); out.push(r.rowIndex, r.sectionRowIndex); out.join()",
            "-1,-1,-1,-1,-1,0",
        ),
    ]);
}

#[test]
fn rows_are_inserted_and_deleted() {
    check(&[
        ("", "t.insertRow(); t.innerHTML", "<tbody><tr></tr></tbody>"),
        ("<tbody id=b1></tbody><tbody id=b2></tbody>", "t.insertRow(0).parentNode.id", "b2"),
        ("<thead id=h>", "t.insertRow().parentNode.localName", "tbody"),
        (MIXED, "t.insertRow().parentNode.id", "f"),
        (MIXED, "t.insertRow(5).previousSibling.id", "r3"),
        (MIXED, "t.insertRow(3).nextSibling.id", "r5"),
        (MIXED, "t.insertRow(1).nextSibling.id", "r1"),
        (
            MIXED,
            "[6, -2, 2 ** 31].map((i) => thrown(() => t.insertRow(i))).join() + t.rows.length",
            "IndexSizeError,IndexSizeError,IndexSizeError5",
        ),
        (MIXED, "t.insertRow(2 ** 32 + 1).nextSibling.id", "r1"),
        (MIXED, "t.deleteRow(-1); t.deleteRow(0); t.deleteRow('1'); ids(t.rows)", "r1 r5"),
        (
            MIXED,
            "[5, -2].map((i) => thrown(() => t.deleteRow(i))).join() + thrown(() => t.deleteRow())",
            "IndexSizeError,IndexSizeErrorTypeError",
        ),
        ("", "t.deleteRow(-1); thrown(() => t.deleteRow(0)) + t.childNodes.length", "IndexSizeError0"),
        (
            MIXED,
            "const [b] = t.tBodies; b.insertRow(0).id = 'x'; b.insertRow(3); b.insertRow(-1).id = 'z'; ids(b.rows)",
            "x r1 r2 tr z",
        ),
        (
            MIXED,
            "const [b] = t.tBodies; b.deleteRow(0); b.deleteRow(-1); b.deleteRow(-1); ids(b.rows) + thrown(() => b.deleteRow(0)) + thrown(() => b.insertRow(1))",
            "IndexSizeErrorIndexSizeError",
        ),
        (
            "<tr id=r><th id=1><td id=2>",
            "const [r] = t.rows; r.insertCell(1).id = 'x'; r.insertCell(); r.insertCell(4).id = 'y'; ids(r.cells) + [...r.cells].map((c) => c.cellIndex)",
            "1 x 2 td y0,1,2,3,4",
        ),
        (
            "<tr id=r><th id=1><td id=2>",
            "const [r] = t.rows; r.deleteCell(0); ids(r.cells) + thrown(() => r.deleteCell(1)) + thrown(() => r.insertCell(2)) + thrown(() => r.deleteCell())",
            "2IndexSizeErrorIndexSizeErrorTypeError",
        ),
        ("", "document.createElement('td').cellIndex", "-1"),
    ]);
}

#[test]
fn members_take_elements_of_their_own_kind_only() {
    check(&[
        (
            "",
            "thrown(() => t.createTHead.call(document.body)) + thrown(() => t.insertRow.call({})) + thrown(() => HTMLTableElement.prototype.rows)",
            "TypeErrorTypeErrorTypeError",
        ),
        (
            "",
            "const { rowIndex } = Object.getOwnPropertyDescriptors(HTMLTableRowElement.prototype); thrown(() => rowIndex.get.call(t))",
            "TypeError",
        ),
        (
            "",
            "thrown(() => t.insertRow({ valueOf() { t.innerHTML = '<tbody><tr id=r></tbody>'; return 1 } }).previousSibling.id)",
            "r",
        ),
        (
            "",
            "thrown(() => t.insertRow({ valueOf() { throw new RangeError() } })) + t.childNodes.length",
            "RangeError0",
        ),
        (
            "",
            "const { length, name, enumerable = Object.getOwnPropertyDescriptor(HTMLTableElement.prototype, 'insertRow').enumerable } = t.insertRow; [length, name, enumerable].join()",
            "0,insertRow,true",
        ),
    ]);
}
