//! The objects of a realm by constructor.

use quickbeam_engine::{Ctx, EvalOptions, Instances, Isolate, IsolateOptions, Realm};

fn realm() -> (Isolate, Realm) {
    let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
    let realm = isolate.new_realm().expect("a realm");
    (isolate, realm)
}

fn run(ctx: Ctx<'_>, code: &str) {
    assert!(ctx.eval(code, &EvalOptions::default()).is_ok(), "{code}: {:?}", ctx.take_report());
}

fn of(ctx: Ctx<'_>, constructor: &str) -> Instances {
    let all = ctx.instances().unwrap_or_else(|_| panic!("{:?}", ctx.take_report()));
    all.into_iter().find(|instances| instances.constructor == constructor).unwrap_or_default()
}

#[test]
fn instances_of_classes_are_counted_wherever_they_are_held() {
    let (isolate, realm) = realm();
    isolate.enter(&realm, |ctx| {
        run(
            ctx,
            "class Leak { a = 1; b = 2; #hidden = 3 } class Child extends Leak {}
             globalThis.keep = (() => { const held = [new Leak()]; return () => held })();
             globalThis.map = new Map([[1, new Leak()], [2, new Child()]]);
             globalThis.weak = new WeakRef({}); let binding = new Leak(); new Leak(); 0",
        );
        // `Child.prototype` is an instance, too.
        assert_eq!(of(ctx, "Leak").count, 4);
        assert_eq!(of(ctx, "Child").count, 1);
        assert!(of(ctx, "Leak").bytes >= 3 * (72 + 2 * 16));
        run(ctx, "keep = undefined; map.clear(); 0");
        assert_eq!(of(ctx, "Leak").count, 2);
        assert_eq!(of(ctx, "Child").count, 0);
    });
}

#[test]
fn bytes_follow_what_is_held() {
    let (isolate, realm) = realm();
    for (code, constructor, bytes) in [
        ("globalThis.a = new Uint8Array(1e6)", "ArrayBuffer", 1_000_000),
        ("globalThis.b = Array.from({ length: 1e5 }, (_, n) => n)", "Array", 1_600_000),
        ("globalThis.c = new Map(Array.from({ length: 1e4 }, (_, n) => [n, n]))", "Map", 720_000),
        ("globalThis.d = new Set(Array.from({ length: 1e4 }, (_, n) => n))", "Set", 720_000),
        ("globalThis.e = Object.fromEntries(Array.from({ length: 1e4 }, (_, n) => ['k' + n, n]))", "Object", 160_000),
        ("globalThis.f = []; f[4e9] = 1; f.length", "Array", 0),
    ] {
        isolate.enter(&realm, |ctx| {
            let before = of(ctx, constructor).bytes;
            run(ctx, code);
            let more = of(ctx, constructor).bytes - before;
            assert!(more >= bytes && more < bytes + 100_000, "{code}: {more}");
        });
    }
}

#[test]
fn no_code_runs_and_lies_are_harmless() {
    let (isolate, realm) = realm();
    isolate.enter(&realm, |ctx| {
        run(
            ctx,
            "globalThis.ran = 0; const trap = new Proxy({}, { get: (_, name) => () => { ran++; throw name } });
             globalThis.proxies = [new Proxy({}, trap), new Proxy(function () {}, trap), Object.create(new Proxy({}, trap))];
             class Getters { static get name() { ran++; return 'x' } get length() { ran++; return 1e9 } }
             class Sized extends Map { get size() { ran++; return 1e15 } }
             globalThis.others = [new Getters(), new Sized(), Object.create(null), { __proto__: { get constructor() { ran++ } } },
               { __proto__: { constructor: { name: 'Forged' } } }, { __proto__: { constructor: 1 } }, new (class {})()];
             class Long {} Object.defineProperty(Long, 'name', { value: 'x'.repeat(1e6) }); globalThis.long = new Long();
             Object.defineProperty(Map.prototype, 'size', { get() { ran++; return 1e15 } });
             globalThis.m = new Map(); 0",
        );
        let all = ctx.instances().unwrap_or_else(|_| panic!("{:?}", ctx.take_report()));
        assert!(all.iter().all(|instances| instances.constructor.len() <= 100 && instances.bytes < 100_000_000));
        assert!(!all.iter().any(|instances| instances.constructor == "Forged"));
        assert_eq!(ctx.eval("ran", &EvalOptions::default()).ok().and_then(|ran| ran.as_int()), Some(0));
    });
}

#[test]
fn each_realm_of_an_isolate_has_its_own() {
    let (isolate, first) = realm();
    let second = isolate.new_realm().expect("a realm");
    let code = "class Own {}; globalThis.own = [new Own(), new Own()]; 0";
    isolate.enter(&first, |ctx| run(ctx, code));
    isolate.enter(&second, |ctx| {
        assert_eq!(of(ctx, "Own").count, 0);
        run(ctx, "class Own {}; globalThis.own = [new Own()]; 0");
        assert_eq!(of(ctx, "Own").count, 1);
    });
    isolate.enter(&first, |ctx| assert_eq!(of(ctx, "Own").count, 2));
    let _ = isolate.free_realm(second);
    isolate.enter(&first, |ctx| assert_eq!(of(ctx, "Own").count, 2));
}
