//! Documents of a size that nobody writes by hand: they work, or are refused by an error that says why, and the realm goes on.

mod support;

use quickbeam_api_dom::DomApi;
use quickbeam_api_file::Files;
use quickbeam_api_harness::Harness;
use quickbeam_api_url::Urls;
use quickbeam_engine::IsolateOptions;
use quickbeam_executor::Api;
use support::{realm, run};

/// What a realm may hold by default.
const LIMIT: usize = 256 << 20;

/// Runs scripts one after the other in one realm with so much memory; each must give its result, or say what memory there was not.
fn check(memory_limit: usize, scripts: &[(&str, &str)]) {
    let (isolate, realm) = realm(IsolateOptions { memory_limit, ..IsolateOptions::default() });
    isolate.enter(&realm, |ctx| {
        for (script, expected) in scripts {
            let got = run(ctx, script);
            let is_refused = *expected == "out of memory" && got.contains("out of memory");
            assert!(got == *expected || is_refused, "{script}: {got}");
        }
    });
}

#[test]
fn a_million_nodes_are_parsed_and_searched() {
    check(
        LIMIT,
        &[
            ("document.body.innerHTML = '<p></p>'.repeat(999_999) + '<p id=last></p>'; 0", "0"),
            ("document.body.childNodes.length", "1000000"),
            ("document.getElementById('last') === document.body.lastChild", "true"),
            ("document.querySelectorAll('body p').length", "1000000"),
            ("document.body.outerHTML.length", "7000023"),
            ("document.body.innerHTML = ''; document.body.childNodes.length", "0"),
        ],
    );
}

#[test]
fn a_million_nodes_are_made_one_by_one() {
    let build = "for (let i = 0; i < 1_000_000; i++) document.body.appendChild(document.createElement('p')); 0";
    check(
        1 << 30,
        &[
            (build, "0"),
            ("document.body.childElementCount", "1000000"),
            ("document.body.textContent = ''; document.body.childNodes.length", "0"),
        ],
    );
}

#[test]
fn a_million_nodes_without_the_memory_for_them_are_refused() {
    check(
        32 << 20,
        &[
            ("document.body.innerHTML = '<p></p>'.repeat(1_000_000)", "out of memory"),
            ("document.body.innerHTML = '<p>fine</p>'; document.body.textContent", "fine"),
        ],
    );
}

#[test]
fn a_hundred_thousand_levels_are_no_matter() {
    let nest = "{ let at = document.body; for (let i = 0; i < 100_000; i++) at = at.appendChild(document.createElement('b')); at.id = 'deep'; at.append('x'); } 0";
    check(
        LIMIT,
        &[
            (nest, "0"),
            ("document.body.textContent", "x"),
            ("document.getElementById('deep').closest('body') === document.body", "true"),
            ("document.querySelectorAll('body b').length", "100000"),
            ("document.body.innerHTML.length", "700011"),
            ("document.body.cloneNode(true).isEqualNode(document.body)", "true"),
            ("document.body.compareDocumentPosition(document.getElementById('deep'))", "20"),
            (
                "{ let n = 0; document.addEventListener('x', () => n++, true); document.getElementById('deep').dispatchEvent(new Event('x', { bubbles: true })); n }",
                "1",
            ),
            ("document.body.normalize(); document.body.textContent = ''; document.body.childNodes.length", "0"),
        ],
    );
}

#[test]
fn markup_has_a_depth() {
    check(
        LIMIT,
        &[
            (
                "document.body.innerHTML = '<div>'.repeat(5_000) + '<i id=deep>'; document.querySelectorAll('div').length",
                "5000",
            ),
            ("document.getElementById('deep').parentNode.tagName + document.body.innerHTML.length", "DIV55017"),
            (
                "try { document.body.innerHTML = '<b>'.repeat(100_000) } catch (e) { `${e}` }",
                "RangeError: the markup is more than 10000 levels deep",
            ),
            (
                "try { document.body.innerHTML = '<div>'.repeat(100_000) } catch (e) { `${e}` }",
                "RangeError: the markup is more than 10000 levels deep",
            ),
            ("document.querySelectorAll('div').length", "5000"),
            (
                "try { new DOMParser().parseFromString('<div>'.repeat(100_000), 'text/html') } catch (e) { `${e}` }",
                "RangeError: the markup is more than 10000 levels deep",
            ),
            (
                "new DOMParser().parseFromString('<a>'.repeat(9_000) + '</a>'.repeat(9_000), 'text/xml').querySelectorAll('a').length",
                "9000",
            ),
            (
                "try { new DOMParser().parseFromString('<a>'.repeat(100_000), 'text/xml') } catch (e) { `${e}` }",
                "RangeError: the markup is more than 10000 levels deep",
            ),
            ("document.body.innerHTML = ''; document.body.childNodes.length", "0"),
        ],
    );
}

#[test]
fn fifty_times_a_megabyte_leaves_what_was_there() {
    let (isolate, realm) = realm(IsolateOptions { memory_limit: LIMIT, ..IsolateOptions::default() });
    isolate.enter(&realm, |ctx| {
        run(
            ctx,
            "globalThis.markup = Array.from({ length: 6_500 }, (_, i) => `<div class=row id=row-${i}><a href='/items/${i}'>Item ${i}</a> is here for you, and costs <span class=cell>${i * 7}</span> of all the money there is</div>`.padEnd(160)).join('\\n'); 0",
        );
        assert_eq!(run(ctx, "markup.length > 1_000_000"), "true");
        let mut held = Vec::new();
        for round in 0..50 {
            let script = format!("document.body.innerHTML = markup; document.getElementById('row-{round}').textContent.length > 0 && document.querySelectorAll('.cell').length");
            assert_eq!(run(ctx, &script), "6500");
            ctx.collect_garbage();
            // The tree's own memory is counted as the isolate's.
            held.push(ctx.heap().stats().used);
        }
        assert!(held[49] <= held[1] + (64 << 10), "{} bytes became {}", held[1], held[49]);
        assert_eq!(run(ctx, "document.body.innerHTML = ''; document.getElementById('row-1')"), "null");
    });
}

#[test]
fn sixty_thousand_classes_and_attributes_are_no_matter() {
    check(
        LIMIT,
        &[
            (
                "globalThis.many = Array.from({ length: 60_000 }, (_, i) => `c${i}`); globalThis.p = document.createElement('p'); p.classList.add(...many, 'c1'); p.classList.length",
                "60000",
            ),
            ("p.className === many.join(' ')", "true"),
            (
                "p.classList.toggle('c59999') + ' ' + p.classList.replace('c0', 'c1') + ' ' + p.classList[0]",
                "false true c1",
            ),
            ("p.classList.remove(...many.slice(2)); p.className", "c1"),
            (
                "document.body.append(p); p.className = many.join(' '); document.getElementsByClassName(many.toReversed().join(' ')).length",
                "1",
            ),
            ("document.getElementsByClassName(many.join(' ') + ' d').length", "0"),
            (
                "{ const r = new DOMParser().parseFromString(`<r ${many.map((name) => `data-${name}='1'`).join(' ')}/>`, 'text/xml').documentElement; [r.attributes.length, r.isEqualNode(r.cloneNode()), Object.getOwnPropertyNames(r.attributes).length].join() }",
                "60000,true,120000",
            ),
            (
                "document.body.innerHTML = `<p ${many.map((name, i) => i % 2 ? `data-${name}='1'` : `data-${name}=1`).join(' ')}>x`; [document.body.firstChild.attributes.length, document.body.firstChild.dataset.c59998].join()",
                "60000,1",
            ),
        ],
    );
}

#[test]
fn forms_of_a_hundred_thousand_controls_and_levels_are_no_matter() {
    let nest = "globalThis.f = document.createElement('form'); { let at = document.body.appendChild(f); for (let i = 0; i < 100_000; i++) { at = at.appendChild(document.createElement('fieldset')); at.setAttribute('name', `n${i}`) } } f.id = 'f'; 0";
    check(
        LIMIT,
        &[
            (nest, "0"),
            ("[f.length, f.n99999 === f[99999], f.n5.name].join()", "100000,true,n5"),
            (
                "for (const control of [...f]) control.setAttribute('form', 'f'); [f.length, f.n7.name].join()",
                "100000,n7",
            ),
            ("Object.getOwnPropertyNames(f).length", "200000"),
            // A method whose name no control has asks none of them.
            (
                "for (let i = 0; i < 20_000; i++) { f.setAttribute('a', i); f.getAttribute('a') } f.getAttribute('a')",
                "19999",
            ),
        ],
    );
}

#[test]
fn long_lists_in_attributes_are_interrupted() {
    let apis: Vec<&'static dyn Api> =
        [quickbeam_apis::always(), &[&Urls as &'static dyn Api, &Files, &DomApi]].concat();
    let harness = Harness::configured(&apis, |config| config.max_reductions = Some(200_000));
    let used_up = "InterruptedError: the eval used up max_reductions: 200000 steps";
    for (source, expected) in [
        ("globalThis.p = document.createElement('p'); p.style.cssText = 'a:b;'.repeat(1e6)", used_up),
        ("p.className = 'a '.repeat(1e6); p.classList.length", used_up),
        ("p.style.cssText = 'color: red; width: ' + '('.repeat(1e7); p.style.cssText", "color: red;"),
        ("p.style.width = '('.repeat(1e7); p.style.cssText", "color: red;"),
    ] {
        harness.check(source, expected);
    }
}
