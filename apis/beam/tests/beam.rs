//! The members of `Beam`.

use quickbeam_api_beam::Beam;
use quickbeam_api_harness::Harness;

fn check(script: &str, expected: &str) {
    Harness::new(&[&Beam]).check(script, expected);
}

#[test]
fn calls_reach_handlers() {
    check("Beam.call('echo', 'x')", "x");
    check("Beam.callSync('echo', 5)", "5");
    check("Beam.call('fail')", "HandlerError: no luck");
    check("Beam.callSync('fail')", "HandlerError: no luck");
    check("Beam.call('fail').catch((error) => error instanceof Error && error.name)", "HandlerError");
    check("try { Beam.call('none') } catch (error) { error.message }", "no handler is called \"none\"");
    check("Beam.callSync('none')", "ReferenceError: no handler is called \"none\"");
    check("Beam.call()", "TypeError: Beam.call: 1 argument required, but only 0 present");
    check("Beam.call(Symbol())", "TypeError: cannot convert symbol to string");
    check(
        "Promise.all(Array.from({ length: 100 }, (_, n) => Beam.call('echo', n))).then((all) => all.length + all[99])",
        "10099",
    );
    check("let sum = 0; for (let n = 0; n < 100; n++) sum += Number(Beam.callSync('echo', n)); sum", "4950");
}

#[test]
fn messages_need_a_host_that_has_them() {
    check("Beam.self()", "null");
    check("Beam.send(null, 1)", "TypeError: this host has no processes to send to");
    check("Beam.send(null)", "TypeError: Beam.send: 2 arguments required, but only 1 present");
    check("Beam.onMessage(5)", "TypeError: onMessage needs a function");
    check("const off = Beam.onMessage(() => {}); typeof off + off() + off()", "functionundefinedundefined");
}

#[test]
fn sleeping_takes_milliseconds() {
    check("Beam.sleep(1).then((value) => String(value))", "undefined");
    check("Beam.sleepSync(1)", "undefined");
    for wrong in ["-1", "NaN", "2 ** 31", "'x'", "Infinity", "undefined"] {
        let message = "the time is not a number of milliseconds from 0 to 2147483647";
        check(&format!("Beam.sleep({wrong})"), &format!("RangeError: Beam.sleep: {message}"));
        check(&format!("Beam.sleepSync({wrong})"), &format!("RangeError: Beam.sleepSync: {message}"));
    }
}

#[test]
fn peeking_tells_what_a_promise_holds() {
    check("Beam.peek(Promise.resolve(5))", "5");
    check("const p = new Promise(() => {}); Beam.peek(p) === p", "true");
    check("Beam.peek(Promise.reject(6))", "6");
    check("Beam.peek(7)", "7");
    check(
        "[Promise.resolve(), Promise.reject().catch(() => {}), new Promise(() => {}), 5].map(Beam.peek.status)",
        "fulfilled,pending,pending,fulfilled",
    );
    check("const p = Promise.reject(1); p.catch(() => {}); Beam.peek.status(p)", "rejected");
    let harness = Harness::new(&[&Beam]);
    harness.check("Beam.peek(Promise.reject(6))", "6");
    assert_eq!(harness.take_uncaught(), [""; 0]);
}

#[test]
fn passwords_are_hashed_without_the_host() {
    let harness = Harness::new(&[&Beam]);
    for iterations in [1, 10_000] {
        harness.check(
            &format!(
                "(async () => {{
                    const hashes = await Promise.all(['a', 'a', 'b'].map((p) => Beam.password.hash(p, {{ iterations: {iterations} }})));
                    const right = await Promise.all(hashes.map((hash) => Beam.password.verify('a', hash)));
                    return [new Set(hashes).size, /^\\$pbkdf2-sha256\\$i={iterations},l=32\\$[^$]{{22}}\\$[^$]{{43}}$/.test(hashes[0]), right]
                }})()"
            ),
            "3,true,true,true,false",
        );
    }
    // The first is of RFC 7914, section 11.
    for (password, phc, expected) in [
        (
            "passwd",
            "$pbkdf2-sha256$i=1,l=64$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw",
            "true",
        ),
        ("password", "$pbkdf2-sha256$i=4096,l=32$c2FsdA==$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o=", "true"),
        ("password", "$pbkdf2-sha256$i=4095,l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o", "false"),
        ("x", "$pbkdf2-sha256$i=10000001,l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o", "false"),
        ("x", "$pbkdf2-sha256$i=1,l=32$c2FsdA$xeR4", "false"),
        ("x", "$pbkdf2-sha256$i=1,l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o$", "false"),
    ] {
        harness.check(&format!("Beam.password.verify('{password}', '{phc}')"), expected);
    }
    // Of salts of so many zeros; a string of more than 1,024 bytes is no hash.
    for (salt, hash, expected) in [
        (600, "S1SKhhL9vqsHOjPsUU7UAZ1SqCz7hDb+I+rFjYbL28M", "true"),
        (1_500, "wVVmdpOMYolnXybZZwWFE0+6yBtjts5FkQnDxXGCPQY", "false"),
    ] {
        let salt = "A".repeat(salt / 3 * 4);
        harness.check(&format!("Beam.password.verify('x', '$pbkdf2-sha256$i=1,l=32${salt}${hash}')"), expected);
    }
}

#[test]
fn texts_and_numbers() {
    check(r#"Beam.escapeHTML(`<a href="x">'&'</a> é`)"#, "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;&#x27;&lt;/a&gt; é");
    check("Beam.escapeHTML(5)", "5");
    check("Beam.escapeHTML()", "TypeError: Beam.escapeHTML: 1 argument required, but only 0 present");
    check("const a = Beam.nanoseconds(); Beam.nanoseconds() >= a && Number.isInteger(a)", "true");
    check("new Set(Array.from({ length: 1000 }, () => Beam.uniqueInteger())).size", "1000");
    check("/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(Beam.randomUUIDv7())", "true");
    check(
        "const ids = Array.from({ length: 10_000 }, () => Beam.randomUUIDv7()); ids.every((id, n) => n === 0 || ids[n - 1] < id)",
        "true",
    );
    check("Beam.inspect({ a: [1, new Map()] })", "{ a: [ 1, Map(0) {} ] }");
    check("Beam.version", env!("CARGO_PKG_VERSION"));
    check("String(Beam) + Object.isFrozen(Beam) + Object.isFrozen(Beam.peek)", "[object Beam]truetrue");
}

#[test]
fn deep_equality_is_structural() {
    let same = [
        "1, 1",
        "NaN, NaN",
        "'a', 'a'",
        "{}, {}",
        "[1, [2]], [1, [2]]",
        "{ a: { b: 1 } }, { a: { b: 1 } }",
        "{ a: 1, b: 2 }, { b: 2, a: 1 }",
        "new Date(5), new Date(5)",
        "/a/g, /a/g",
        "new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])",
        "new Map([[{ k: 1 }, 2]]), new Map([[{ k: 1 }, 2]])",
        "new Uint8Array([1, 2]), new Uint8Array([1, 2])",
        "new Uint8Array([1]).buffer, new Uint8Array([1]).buffer",
        "new Error('m'), new Error('m')",
        "Object(1), Object(1)",
        "[, 1], [, 1]",
        "10n, 10n",
        "Math.max, Math.max",
        "{ [Symbol.iterator]: 1 }, { [Symbol.iterator]: 1 }",
        "cyclic(), cyclic()",
        "new Set([[1], [2]]), new Set([[2], [1]])",
    ];
    let different = [
        "1, '1'",
        "0, -0",
        "null, undefined",
        "{}, []",
        "{ a: 1 }, { b: 1 }",
        "{ a: undefined }, {}",
        "{ a: undefined }, { b: undefined }",
        "[1, 2], [2, 1]",
        "[1], [1, 2]",
        "new Date(5), new Date(6)",
        "/a/g, /a/i",
        "new Set([1]), new Set([2])",
        "new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])",
        "new Map([[1, 2]]), new Map([[1, 3]])",
        "new Uint8Array([1]), new Uint8Array([2])",
        "new Uint8Array([1]), new Int8Array([1])",
        "new Error('m'), new Error('n')",
        "new Error('m'), new TypeError('m')",
        "Object(1), Object(2)",
        "[, 1], [undefined, 1]",
        "() => 1, () => 1",
        "{}, Object.create(null)",
        "new (class A {}), new (class A {})",
        "Promise.resolve(1), Promise.resolve(1)",
        "new WeakMap(), new WeakMap()",
        "cyclic(), { self: {} }",
        "Object(1), 1",
    ];
    let harness = Harness::new(&[&Beam]);
    harness.check("globalThis.cyclic = () => { const a = {}; a.self = a; return a }; 1", "1");
    for (pairs, expected) in [(&same[..], "true"), (&different[..], "false")] {
        for pair in pairs {
            harness.check(&format!("Beam.deepEquals({pair})"), expected);
        }
    }
    let deep = "const deep = () => { let v = {}; for (let n = 0; n < 1e6; n++) v = { v }; return v };";
    let message = "RangeError: Maximum call stack size exceeded (max_stack_size: 8388608 bytes)";
    harness.check(&format!("{deep} Beam.deepEquals(deep(), deep())"), message);
}

#[test]
fn xml_becomes_objects() {
    let harness = Harness::new(&[&Beam]);
    for (xml, expected) in [
        ("<a/>", r#"{"a":""}"#),
        ("<a>text</a>", r#"{"a":"text"}"#),
        ("<?xml version='1.0'?><!-- c --><a x='1' y='2'/>", r#"{"a":{"@x":"1","@y":"2"}}"#),
        ("<a x='1'>t</a>", r##"{"a":{"@x":"1","#text":"t"}}"##),
        ("<a><b>1</b><b>2</b><c/><b>3</b></a>", r#"{"a":{"b":["1","2","3"],"c":""}}"#),
        ("<a>\n  <b/>\n  tail\n</a>", r##"{"a":{"b":"","#text":"\n  \n  tail\n"}}"##),
        ("<a>\n  <b/>\n</a>", r#"{"a":{"b":""}}"#),
        ("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;</a>", r#"{"a":"<&>\"'AB"}"#),
        ("<a x='&amp;&#65;'/>", r#"{"a":{"@x":"&A"}}"#),
        ("<a><![CDATA[<b>&amp;]]></a>", r#"{"a":"<b>&amp;"}"#),
        ("<n:a xmlns:n='u'><n:b/></n:a>", r#"{"n:a":{"@xmlns:n":"u","n:b":""}}"#),
        ("<__proto__>1</__proto__>", r#"{"__proto__":"1"}"#),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a/>", r#"{"a":""}"#),
        (
            "\u{FEFF}<?xml version='1.0' encoding='UTF-8'?>\r\n<!DOCTYPE a SYSTEM 'x>'>\n<!-- c --><?p q?><a>1</a>\n",
            r#"{"a":"1"}"#,
        ),
    ] {
        harness.check(&format!("JSON.stringify(Beam.XML.parse({xml:?}))"), expected);
    }
    harness.check(
        "({}).polluted === undefined && Object.getPrototypeOf(Beam.XML.parse('<__proto__/>')) === Object.prototype",
        "true",
    );
}

#[test]
fn xml_that_is_none_is_refused() {
    let harness = Harness::new(&[&Beam]);
    for (xml, part) in [
        ("''", "there is no element"),
        ("'text'", "text outside of the root element"),
        ("'<a>'", "the element <a> is not closed"),
        ("'<a></b>'", "b"),
        ("'</a>'", "a"),
        ("'<a/><b/>'", "more than one root element"),
        ("'<a x=1/>'", "at byte"),
        ("'<a x=\"1\" x=\"2\"/>'", "at byte"),
        ("'<a>&e;</a>'", "the entity &e;"),
        ("'<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>'", "the entity &e;"),
        ("'<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a x=\"&e;\"/>'", "at byte"),
        ("'<a>'.repeat(2000)", "nested deeper than 1000 levels"),
        ("'<a'", "at byte"),
        // As of `DOMParser`.
        ("'<?xml?><a/>'", "without a version"),
        ("'<?xml version=\"2.x\" foo?><a/>'", "an XML declaration"),
        ("' <?xml version=\"1.0\"?><a/>'", "must come first"),
        ("'<!DOCTYPE a><?xml version=\"1.0\"?><a/>'", "must come first"),
        ("'<?XML version=\"1.0\"?><a/>'", "the target of a processing instruction"),
        ("'<!DOCTYPE a><!DOCTYPE b><a/>'", "at the wrong place, at byte 12"),
        ("'<a/><!DOCTYPE a>'", "at the wrong place"),
        ("'<a><!DOCTYPE a></a>'", "at the wrong place"),
        ("'<!DOCTYPE 1$><a/>'", "without a name"),
        ("'<!DOCTYPE a junk><a/>'", "not for it"),
        ("'<!DOCTYPE a SYSTEM><a/>'", "without a system identifier"),
        ("'<!doctype a><a/>'", "<!DOCTYPE"),
        ("'<!DOCTYPE a>\u{FEFF}<a/>'", "text outside"),
        ("'<!DOCTYPE a>&#32;<a/>'", "a reference outside"),
        ("'<a/>&amp;'", "a reference outside"),
        ("'<![CDATA[ ]]><a/>'", "a CDATA section"),
        ("'<a/>\u{A0}'", "text outside"),
        ("'<!DOCTYPE a>\\n<a></b>'", "at byte 20"),
        ("'<a>&#xffffffff;</a>'", "at byte"),
    ] {
        let script = format!(
            "try {{ Beam.XML.parse({xml}) }} catch (e) {{ e.name + ': ' + e.message.includes({part:?}) + e.message }}"
        );
        let got = harness.eval(&script).unwrap();
        assert!(got.starts_with("SyntaxError: true"), "{xml}: {got}");
    }
    harness.check("Beam.XML.parse()", "TypeError: Beam.XML.parse: 1 argument required, but only 0 present");
}

#[test]
fn what_needs_a_host_says_so() {
    let harness = Harness::new(&[&Beam]);
    harness.check("Beam.hash(1)", "NotSupportedError: this host has no hash");
    harness.check("Beam.makeRef()", "NotSupportedError: this host has no references");
    harness.check("Beam.nodes()", "NotSupportedError: this host has no nodes");
    harness
        .check("Object.keys(Beam.grants()).join()", "net,read,write,env,run,spawn,processes,cluster,addons,handlers");
}
