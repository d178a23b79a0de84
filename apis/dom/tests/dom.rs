//! The document, nodes, collections and markup.

use quickbeam_api_dom::DomApi;
use quickbeam_api_harness::Harness;
use quickbeam_executor::Api;

fn harness() -> Harness {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.push(&DomApi);
    Harness::new(&apis)
}

#[test]
fn the_document_is_an_empty_page() {
    let h = harness();
    h.check("document.documentElement.outerHTML", "<html><head></head><body></body></html>");
    h.check(
        "[document.nodeType, document.nodeName, document.compatMode, document.contentType].join()",
        "9,#document,CSS1Compat,text/html",
    );
    h.check(
        "document.body === document.querySelector('body') && document.body === document.documentElement.lastChild",
        "true",
    );
    h.check(
        "Object.prototype.toString.call(document) + document.constructor.name",
        "[object HTMLDocument]HTMLDocument",
    );
    h.check("document instanceof Document && document instanceof Node && document instanceof EventTarget", "true");
    h.check("try { new Node() } catch (e) { `${e}` }", "TypeError: Illegal constructor");
    h.check("try { Node.prototype.nodeType } catch (e) { `${e}` }", "TypeError: Illegal invocation");
}

#[test]
fn names_of_classes_are_globals() {
    let h = harness();
    h.check(
        "typeof HTMLDivElement + typeof NoSuchElement + ('HTMLInputElement' in globalThis)",
        "functionundefinedtrue",
    );
    h.check("document.createElement('p') instanceof HTMLParagraphElement", "true");
    h.check("document.createElement('x-y') instanceof HTMLElement && document.createElement('blink') instanceof HTMLUnknownElement", "true");
    h.check("Object.getPrototypeOf(HTMLVideoElement) === HTMLMediaElement", "true");
    h.check("document.createElementNS('http://www.w3.org/2000/svg', 'g') instanceof SVGElement", "true");
}

#[test]
fn trees_are_built_and_taken_apart() {
    let h = harness();
    h.check(
        "{ const ul = document.createElement('ul');
           for (const text of ['a', 'b', 'c']) { const li = document.createElement('li'); li.textContent = text; ul.appendChild(li); }
           ul.firstChild.before('x', document.createComment('c'));
           ul.lastChild.remove();
           ul.append('end');
           ul.outerHTML }",
        "<ul>x<!--c--><li>a</li><li>b</li>end</ul>",
    );
    h.check(
        "{ const a = document.createElement('a'); try { a.appendChild(a) } catch (e) { e.name } }",
        "HierarchyRequestError",
    );
    h.check("try { document.appendChild(document.createElement('a')) } catch (e) { e.name }", "HierarchyRequestError");
    h.check("{ const d = document.createElement('div'); d.innerHTML = '<p>1</p><p>2</p>'; d.replaceChildren(...[...d.children].reverse()); d.innerHTML }", "<p>2</p><p>1</p>");
    h.check("{ const d = document.createElement('div'); d.innerHTML = '<b>x</b>'; const c = d.cloneNode(true); c.isEqualNode(d) && c !== d && c.firstChild !== d.firstChild }", "true");
}

#[test]
fn collections_are_live() {
    let h = harness();
    h.check(
        "{ const d = document.createElement('div'); const { childNodes, children } = d;
           d.innerHTML = 'text<p id=one></p><p name=two></p>';
           [childNodes.length, children.length, children[0].id, children.one === children[0], children.two === children[1], childNodes === d.childNodes, [...childNodes].map((n) => n.nodeName).join('')].join() }",
        "3,2,one,true,true,true,#textPP",
    );
    h.check(
        "{ 'use strict'; const d = document.createElement('div'); d.innerHTML = '<i class=\"a b\"></i><i class=b></i>';
           const b = d.getElementsByClassName('b'); const before = b.length; d.lastChild.className = ''; [before, b.length, Object.keys(b).join(), 5 in b, 0 in b].join() }",
        "2,1,0,false,true",
    );
    h.check(
        "{ const d = document.createElement('div'); d.innerHTML = '<i></i><b><i></i></b>'; const all = d.querySelectorAll('i'); d.innerHTML = '';
           [all.length, all[1].parentNode.nodeName, all[0] === all.item(0), all[2], [...all].length].join() }",
        "2,B,true,,2",
    );
}

#[test]
fn attributes_classes_data_and_style() {
    let h = harness();
    h.check("{ const e = document.createElement('a'); e.setAttribute('ID', 'x'); e.id + e.getAttribute('iD') + e.attributes[0].name + e.attributes.id.value }", "xxidx");
    h.check("{ const e = document.createElement('a'); e.classList.add('a', 'b', 'a'); e.classList.toggle('a'); e.className + e.classList.length + e.classList[0] + [...e.classList] }", "b1bb");
    h.check("{ const e = document.createElement('a'); e.dataset.fooBar = 1; e.dataset.x = 'y'; delete e.dataset.x; e.outerHTML + Object.keys(e.dataset) }", "<a data-foo-bar=\"1\"></a>fooBar");
    h.check("{ const e = document.createElement('a'); e.style.backgroundColor = 'red'; e.style.setProperty('--x', '1'); e.style.top = '1px'; e.style.top = ''; e.getAttribute('style') + e.style.length }", "background-color: red; --x: 1;2");
    h.check("{ const e = document.createElement('a'); const attr = document.createAttribute('q'); attr.value = '1'; e.setAttributeNode(attr); e.setAttribute('q', '2'); [attr.value, attr.ownerElement === e, e.getAttributeNode('q') === attr].join() }", "2,true,true");
    h.check("{ const e = document.createElement('input'); e.value = 'x'; e.type = 'checkbox'; e.required = true; e.maxLength = 3; e.outerHTML + e.value }", "<input type=\"checkbox\" required=\"\" maxlength=\"3\">on");
}

#[test]
fn nodes_keep_their_identity_and_what_scripts_put_on_them() {
    let h = harness();
    h.check("document.body.innerHTML = '<div><p></p></div>'; document.body.firstChild.firstChild.mark = 7; 0", "0");
    h.check("document.querySelector('p').mark", "7");
    h.check("{ const p = document.querySelector('p'); p.remove(); document.body.append(p); document.querySelector('p') === p && p.mark }", "7");
}

#[test]
fn events_travel_through_the_tree() {
    let h = harness();
    h.check(
        "{ document.body.innerHTML = '<div><p></p></div>'; const log = []; const p = document.querySelector('p');
           for (const [name, node] of [['p', p], ['div', p.parentNode], ['doc', document], ['global', globalThis]]) {
             node.addEventListener('x', (e) => log.push(`${name}c${e.eventPhase}`), true);
             node.addEventListener('x', (e) => log.push(`${name}b${e.eventPhase}`));
           }
           p.dispatchEvent(new Event('x', { bubbles: true })); log.join() }",
        "globalc1,docc1,divc1,pc2,pb2,divb3,docb3,globalb3",
    );
    h.check(
        "{ document.body.innerHTML = '<div><p></p></div>'; let n = 0; document.body.firstChild.addEventListener('x', (e) => { n++; e.stopPropagation() });
           document.body.addEventListener('x', () => n += 10); document.querySelector('p').dispatchEvent(new CustomEvent('x', { bubbles: true })); n }",
        "1",
    );
    h.check(
        "{ document.body.innerHTML = '<div><p></p></div>'; const seen = [], at = (e) => seen.push(e.currentTarget.localName);
           const div = Object.freeze(document.body.firstChild), p = Object.freeze(document.querySelector('p'));
           div.addEventListener('x', at); div.addEventListener('x', at, true); p.addEventListener('x', at); p.onclick = at; p.click();
           p.dispatchEvent(new Event('x', { bubbles: true })); seen.join() }",
        "p,div,p,div",
    );
    h.check("{ const b = document.createElement('button'); let got; b.onclick = function (e) { got = this === b && e instanceof MouseEvent }; b.click(); got }", "true");
    h.check("{ const i = document.createElement('input'); i.type = 'checkbox'; document.body.append(i); const log = []; i.onchange = () => log.push('change'); i.click(); log.push(i.checked); i.onclick = (e) => e.preventDefault(); i.click(); log.push(i.checked); log.join() }", "change,true,true");
}

#[test]
fn mutation_observers_are_told() {
    let h = harness();
    h.check(
        "new Promise((resolve) => {
           const d = document.createElement('div'); d.innerHTML = '<p>x</p>';
           const observer = new MutationObserver((records, self) => resolve(records.map((r) => [r.type, r.target.nodeName, r.addedNodes.length, r.removedNodes.length, r.attributeName, r.oldValue, self === observer].join(':')).join(' ')));
           observer.observe(d, { childList: true, subtree: true, attributes: true, attributeOldValue: true, characterData: true, characterDataOldValue: true });
           d.firstChild.setAttribute('a', '1'); d.firstChild.setAttribute('a', '2'); d.firstChild.firstChild.data = 'y'; d.append('t'); d.innerHTML = '';
         })",
        "attributes:P:0:0:a::true attributes:P:0:0:a:1:true characterData:#text:0:0::x:true childList:DIV:1:0:::true childList:DIV:0:2:::true",
    );
    // Nobody but its tree holds the node that goes.
    h.check(
        "new Promise((resolve) => {
           const d = document.createElement('div'); d.append(document.createComment('gone'));
           new MutationObserver(([{ removedNodes }]) => resolve(removedNodes[0].nodeName + removedNodes[0].data)).observe(d, { childList: true });
           d.textContent = 'x';
         })",
        "#commentgone",
    );
}

#[test]
fn mutation_observers_are_told_of_all_that_is_below_and_nothing_else() {
    let h = harness();
    // Each line is a step; what comes is who is told of how many records.
    h.check(
        "(async () => {
           const told = [], log = [], root = document.createElement('div'), inner = document.createElement('p');
           root.append(inner);
           const at = (name) => new MutationObserver((records) => told.push(name + records.length));
           const outer = at('outer'), same = at('same'), flat = at('flat'), all = { childList: true, subtree: true };
           const step = async (change) => { change(); await null; await null; log.push(told.splice(0).join('+') || '-'); };
           await step(() => { outer.observe(root, all); inner.append('a'); });
           await step(() => { same.observe(root, all); flat.observe(root, { childList: true }); inner.append('b'); });
           await step(() => root.append('c'));
           await step(() => { same.disconnect(); inner.append('d'); });
           const gone = document.createElement('b');
           await step(() => inner.append(gone));
           // What was removed is observed until the records are delivered.
           await step(() => { gone.remove(); gone.append('e'); });
           await step(() => gone.append('f'));
           await step(() => { outer.disconnect(); flat.disconnect(); inner.append('g'); root.append('h'); });
           await step(() => { flat.observe(inner, { childList: true }); root.append('i'); inner.append('j'); });
           return log.join(' ');
         })()",
        "outer1 outer1+same1 outer1+same1+flat1 outer1 outer1 outer2 - - flat1",
    );
    // Nothing is left of trees that were observed, and a deep one is told of like a shallow one.
    h.check(
        "(async () => {
           let count = 0;
           const observer = new MutationObserver((records) => count += records.length), counts = [];
           observer.observe(document.body, { childList: true, subtree: true });
           for (let round = 0; round < 3; round++) {
             count = 0;
             document.body.innerHTML = '';
             let end = document.body;
             for (let level = 0; level < 500; level++) { const next = document.createElement('div'); end.append(next); end = next; }
             await null; await null;
             counts.push(count);
           }
           return counts.join();
         })()",
        "500,501,501",
    );
}

#[test]
fn token_lists_are_ordered_sets() {
    let h = harness();
    let check = |script: &str, expected: &str| {
        h.check(
            &format!("{{ const p = document.createElement('p'); p.className = ' a b  a c '; {script}; p.className }}"),
            expected,
        );
    };
    check("p.classList.add('d', 'a', 'd')", "a b c d");
    check("p.classList.remove('a', 'x')", "b c");
    check("p.classList.toggle('b')", "a c");
    check("p.classList.toggle('b', true)", " a b  a c ");
    check("p.classList.toggle('d')", "a b c d");
    check("p.classList.replace('a', 'c')", "c b");
    check("p.classList.replace('c', 'a')", "a b");
    check("p.classList.replace('b', 'x')", "a x c");
    check("p.classList.replace('b', 'b')", "a b c");
    check("p.classList.replace('x', 'b')", " a b  a c ");
    check(
        "p.className = [...p.classList, p.classList.length, p.classList.item(2), p.classList.item(3)].join()",
        "a,b,c,3,c,",
    );
}

#[test]
fn values_of_a_style_stay_apart() {
    let h = harness();
    let check = |script: &str, expected: &str| {
        h.check(
            &format!("{{ const {{ style }} = document.createElement('i'); {script}; const p = document.createElement('p'); p.style.cssText = style.cssText; p.style.cssText === style.cssText ? style.cssText : `${{style.cssText}} became ${{p.style.cssText}}` }}"),
            expected,
        );
    };
    check("style.fontFamily = '\"a'; style.color = 'red'", "font-family: \"a\"; color: red;");
    check("style.background = 'url(a'; style.color = 'red'", "background: url(a); color: red;");
    check("style.width = 'calc(1px + (2px'; style.color = 'red'", "width: calc(1px + (2px)); color: red;");
    check("style.width = '1px /* x'; style.color = 'red'", "width: 1px; color: red;");
    check("style.color = 'red\\\\'; style.width = '1px'", "color: red\u{FFFD}; width: 1px;");
    for wrong in ["red;position:fixed", "red}body{x:y", "\"a\\nb\"", "url(a b)", "red)", "red !important", "a!b"] {
        check(&format!("style.color = '{wrong}'"), "");
    }
    check("style.setProperty('--a', '1;2'); style.setProperty('--b', ' {a:b;c} ')", "--b: {a:b;c};");
    check("style.setProperty('--a;x:y', '1')", "--a\\;x\\:y: 1;");
    check("style.cssText = 'color: \"a; width: 1px'", "color: \"a; width: 1px\";");
    check(
        "style.cssText = 'color: red; nope; width: 1px}; height: 2px !important'",
        "color: red; height: 2px !important;",
    );
    check("style.cssText = 'content: \"/* a */\"; /* color: red; */ width: 1px'", "content: \"/* a */\"; width: 1px;");
}

#[test]
fn contents_of_templates_are_inert() {
    let h = harness();
    h.check(
        "{ document.body.innerHTML = '<template><t-a></t-a><template></template></template>'; globalThis.made = [];
           customElements.define('t-a', class extends HTMLElement { constructor() { super(); made.push('new') } });
           globalThis.t = document.body.firstChild; const inert = t.content.ownerDocument;
           [inert === document, inert === t.content.ownerDocument, t.content.firstChild.ownerDocument === inert, inert.defaultView,
            t.content.lastChild.content.ownerDocument === inert, document.createElement('template').content.ownerDocument === inert].join() }",
        "false,true,true,,true,true",
    );
    h.check(
        "globalThis.copy = t.content.cloneNode(true); copy.firstChild.constructor.name + made.length",
        "HTMLElement0",
    );
    h.check(
        "document.importNode(t.content, true).firstChild.ownerDocument === document && made.splice(0).join()",
        "new",
    );
    h.check(
        "document.body.append(copy); made.join() + (document.body.lastChild.ownerDocument === document)",
        "newtrue",
    );
    h.check(
        "t.innerHTML = '<p>a</p>'; t.content.append(document.createElement('i')); [...t.content.childNodes].every((node) => node.ownerDocument === t.content.ownerDocument) + t.innerHTML",
        "true<p>a</p><i></i>",
    );
}

#[test]
fn an_is_value_is_in_the_markup() {
    let h = harness();
    h.check("document.createElement('p', { is: 'is-a' }).outerHTML", "<p is=\"is-a\"></p>");
    h.check("document.createElement('p', 'is-a').outerHTML", "<p></p>");
    h.check("document.createElement('p', { is: '\"' }).cloneNode().outerHTML", "<p is=\"&quot;\"></p>");
    h.check(
        "{ globalThis.P = class extends HTMLParagraphElement {}; customElements.define('is-p', P, { extends: 'p' });
           const p = document.createElement('p', { is: 'is-p' });
           const all = [p, new P(), p.cloneNode(), document.importNode(p), document.createElementNS('http://www.w3.org/1999/xhtml', 'p', { is: 'is-p' })];
           all.map((p) => (p instanceof P) + p.outerHTML).join() }",
        &["true<p is=\"is-p\"></p>"; 5].join(","),
    );
    h.check(
        "{ const p = new P(); p.setAttribute('is', 'x'); const div = document.createElement('div'); div.append(p, new P()); div.innerHTML + p.getAttributeNames() }",
        "<p is=\"x\"></p><p is=\"is-p\"></p>is",
    );
}

#[test]
fn custom_elements_react() {
    let h = harness();
    h.check(
        "{ globalThis.log = []; document.body.innerHTML = '<x-a q=0></x-a>';
           class A extends HTMLElement { static observedAttributes = ['q']; constructor() { super(); log.push('new'); }
             connectedCallback() { log.push('in') } disconnectedCallback() { log.push('out') } attributeChangedCallback(n, o, v) { log.push(`${n}:${o}>${v}`) } }
           customElements.define('x-a', A);
           const e = document.createElement('x-a'); e.setAttribute('q', 1); document.body.append(e); e.remove();
           document.body.innerHTML = '<div><x-a></x-a></div>'; document.body.innerHTML = '';
           log.push(new A().localName, document.createElement('x-a') instanceof A, customElements.get('x-a') === A);
           log.join() }",
        "new,q:null>0,in,new,q:null>1,in,out,out,new,in,out,new,new,x-a,true,true",
    );
    h.check("customElements.whenDefined('x-b').then((C) => C.name) instanceof Promise", "true");
}

#[test]
fn ranges_walkers_and_templates() {
    let h = harness();
    h.check("{ const d = document.createElement('div'); d.innerHTML = 'ab<b>cd</b>ef'; const r = document.createRange(); r.setStart(d.firstChild, 1); r.setEnd(d.lastChild, 1); const text = `${r}`; const f = r.extractContents(); const e = document.createElement('i'); e.append(f); text + e.innerHTML + d.innerHTML + r.collapsed }", "bcdeb<b>cd</b>eaftrue");
    h.check("{ const d = document.createElement('div'); d.innerHTML = 'a<b>c<i>d</i></b>'; const w = document.createTreeWalker(d, NodeFilter.SHOW_TEXT); let out = ''; while (w.nextNode()) out += w.currentNode.data; out }", "acd");
    h.check("{ const t = document.createElement('template'); t.innerHTML = '<tr><td>x</td></tr>'; t.content.firstChild.nodeName + t.childNodes.length + t.outerHTML + document.importNode(t.content, true).textContent }", "TR0<template><tr><td>x</td></tr></template>x");
}

#[test]
fn documents_are_parsed_and_serialised() {
    let h = harness();
    h.check("{ const d = new DOMParser().parseFromString('<title>t</title><p>x', 'text/html'); d.title + d.body.innerHTML + (d.defaultView === null) }", "t<p>x</p>true");
    h.check("{ const d = new DOMParser().parseFromString('<a xmlns=\"u\"><b:c xmlns:b=\"v\" d=\"&amp;\"/></a>', 'text/xml'); new XMLSerializer().serializeToString(d) + d.documentElement.firstChild.namespaceURI }", "<a xmlns=\"u\"><b:c xmlns:b=\"v\" d=\"&amp;\"/></a>v");
    h.check("new DOMParser().parseFromString('<a><b></a>', 'text/xml').documentElement.nodeName", "parsererror");
    h.check("{ const d = document.implementation.createHTMLDocument('x'); d.doctype.name + d.title }", "htmlx");
}

#[test]
fn deep_and_large_trees_work() {
    let h = harness();
    h.check(
        "{ let top = document.createElement('div'), at = top; for (let i = 0; i < 100000; i++) { const next = document.createElement('div'); at.appendChild(next); at = next; }
           at.append('x'); [top.textContent, top.outerHTML.length, top.querySelectorAll('div').length, top.cloneNode(true).isEqualNode(top), top.contains(at)].join() }",
        "x,1100012,100000,true,true",
    );
    h.check(
        "{ const d = document.createElement('div'); d.innerHTML = '<b>'.repeat(9000); d.querySelectorAll('b').length }",
        "9000",
    );
}

#[test]
fn removed_nodes_are_freed() {
    let h = harness();
    h.check(
        "{ const markup = '<p class=a>text <b>bold</b></p>'.repeat(300); document.body.innerHTML = markup;
           for (let i = 0; i < 20; i++) { document.body.innerHTML = markup; document.querySelectorAll('p').length; document.body.children[7].remove(); }
           document.body.children.length }",
        "299",
    );
}
