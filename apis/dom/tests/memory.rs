//! What nodes and their objects hold, and that it comes back.

mod support;

use quickbeam_api_dom::{Answer, DomApi, Query, query};
use quickbeam_engine::IsolateOptions;
use quickbeam_executor::Api;
use support::{realm, run};

/// Runs a script again and again; what the isolate holds must stay as it was after the first rounds.
fn stays_level(prepare: &str, script: &str) {
    let (isolate, realm) = realm(IsolateOptions::default());
    isolate.enter(&realm, |ctx| {
        run(ctx, prepare);
        let mut used = Vec::new();
        for _ in 0..30 {
            let got = run(ctx, script);
            assert!(!got.contains("Error"), "{script}: {got}");
            ctx.collect_garbage();
            used.push(ctx.heap().stats().used);
        }
        let (early, late) = (used[4], used[29]);
        assert!(late <= early + early / 20 + (64 << 10), "{script}: {early} bytes became {late}");
    });
}

#[test]
fn markup_that_is_replaced_leaves_nothing() {
    let prepare = "globalThis.markup = '<p class=a id=b>text <b>bold</b></p>'.repeat(500)";
    stays_level(prepare, "document.body.innerHTML = markup; document.body.children.length");
    stays_level(
        prepare,
        "document.body.innerHTML = markup; document.querySelectorAll('b').forEach((b) => (b.mark = b)); 0",
    );
}

#[test]
fn loose_trees_go_with_their_objects() {
    stays_level(
        "",
        "for (let i = 0; i < 200; i++) { const d = document.createElement('div'); d.append(document.createElement('p'), 'x'); d.self = d; } 0",
    );
    stays_level(
        "",
        "new DOMParser().parseFromString('<p>x</p>'.repeat(200), 'text/html').querySelector('p').mark = 1; 0",
    );
    stays_level(
        "",
        "{ const d = document.createElement('div'); d.innerHTML = '<i></i>'.repeat(1000); const list = d.querySelectorAll('i'); d.textContent = ''; list[5].tagName }",
    );
    stays_level(
        "",
        "{ const t = document.createElement('template'); t.innerHTML = '<p>x</p>'.repeat(100); t.content.firstChild.k = t; document.importNode(t.content, true); 0 }",
    );
    stays_level(
        "",
        "{ const d = document.createElement('div'); d.setAttribute('a', 'b'); const a = d.attributes[0]; a.k = d; d.removeAttribute('a'); a.ownerElement }",
    );
    stays_level(
        "",
        "for (let i = 0; i < 200; i++) { const d = document.createElement('div'); d.style.color = 'red'; d.classList.add('a'); d.dataset.b = 1; d.style[0] } 0",
    );
    stays_level(
        "",
        "for (let i = 0; i < 200; i++) { const f = document.createElement('form'); f.innerHTML = '<input name=a><input name=r><input name=r><select><option>x</select>'; f.r.f = f.a; f.k = f.elements; f[3].k = f[3].options[0] } 0",
    );
}

#[test]
fn objects_of_nodes_that_nobody_touches_go() {
    stays_level(
        "document.body.innerHTML = '<p></p>'.repeat(300)",
        "{ const r = document.createRange(); r.selectNodeContents(document.body); const w = document.createTreeWalker(document.body); while (w.nextNode()); r.collapsed }",
    );
}

#[test]
fn a_tree_counts_against_the_limit() {
    let (isolate, realm) = realm(IsolateOptions { memory_limit: 24 << 20, ..IsolateOptions::default() });
    isolate.enter(&realm, |ctx| {
        // Markup that asks for far more nodes than it has bytes.
        let bomb = "document.body.innerHTML = '<p>' + Array.from({ length: 300 }, (_, i) => `<b c=${i}>`).join('') + '<p>x'.repeat(5000); 0";
        let got = run(ctx, bomb);
        assert!(got.contains("out of memory"), "{got}");
        assert_eq!(run(ctx, "document.body.innerHTML = '<p>fine</p>'; document.body.textContent"), "fine");
        let clones =
            "const d = document.createElement('div'); d.append('x'.repeat(1000)); for (;;) d.append(d.cloneNode(true))";
        let got = run(ctx, &format!("{{ {clones} }}"));
        assert!(got.contains("out of memory") || ctx.heap().over_limit(), "{got}");
    });
}

#[test]
fn a_document_is_read_without_running_anything() {
    let (isolate, realm) = realm(IsolateOptions::default());
    isolate.enter(&realm, |ctx| {
        let ask = |query_: Query| query(ctx, &query_, |_, answer| answer);
        assert_eq!(
            ask(Query::Html),
            Ok(Answer::Text(Some("<html><head></head><body></body></html>".to_owned()))),
            "an untouched page"
        );
        run(ctx, "document.body.innerHTML = '<p title=t>one</p><p>two</p>'");
        assert_eq!(ask(Query::Text("p + p".into())), Ok(Answer::Text(Some("two".into()))));
        assert_eq!(ask(Query::Attribute("p".into(), "TITLE".into())), Ok(Answer::Text(Some("t".into()))));
        assert_eq!(ask(Query::Find("table".into())), Ok(Answer::Element(None)));
        assert!(matches!(ask(Query::FindAll("p".into())), Ok(Answer::Elements(all)) if all.len() == 2));
        assert!(ask(Query::Find("p[".into())).is_err());
    });
}

#[test]
fn an_untouched_realm_pays_nearly_nothing() {
    let (isolate, realm) = realm(IsolateOptions::default());
    isolate.enter(&realm, |ctx| {
        let before = ctx.heap().stats().used;
        for _ in 0..20 {
            assert!(DomApi.install(ctx).is_ok());
        }
        let each = (ctx.heap().stats().used - before) / 20;
        assert!(each < 1500, "{each} bytes");
    });
}
