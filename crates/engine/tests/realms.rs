//! Many realms in one isolate: they share the heap and nothing that a script could reach, run their own jobs, and go
//! one by one.

mod support;

use quickbeam_engine::*;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use support::*;

fn isolate() -> Isolate {
    Isolate::new(IsolateOptions::default()).unwrap()
}

/// Walks all that is reachable from the global object, and calls `touch` on each object once, leaves first.
const WALK: &str = "(function walk(touch) {
    const seen = new Set(), order = [];
    const visit = value => {
        if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return;
        seen.add(value); order.push(value);
    };
    const step = value => {
        visit(Object.getPrototypeOf(value));
        for (const key of Reflect.ownKeys(value)) {
            const found = Reflect.getOwnPropertyDescriptor(value, key);
            visit(found.get); visit(found.set); visit(found.value);
        }
    };
    visit(globalThis);
    for (const make of [
        () => (function* () {})(), () => (async function* () {})(), () => (async () => {})(), () => [][Symbol.iterator](),
        () => new Map().keys(), () => new Set().keys(), () => ''[Symbol.iterator](), () => 'a'.matchAll(/a/g), () => function () { return arguments }(),
        () => Iterator.from({ next() {} }), () => [].values().map(x => x), () => class {}, () => new Proxy({}, {}), () => /a/.exec('a'),
        () => new Error().stack, () => (x => x`a`)(x => x), () => { try { null.x } catch (e) { return e } }, () => new Intl.DateTimeFormat(),
    ]) { try { visit(make()) } catch {} }
    for (let i = 0; i < order.length; i++) step(order[i]);
    return touch(order.reverse());
})";

/// What a realm looks like: of each object, in the order of the walk, its properties and their primitive values.
const CENSUS: &str = "objects => {
    const index = new Map(objects.map((object, i) => [object, i]));
    const name = value => index.has(value) ? '#' + index.get(value) : typeof value === 'object' || typeof value === 'function' ? typeof value : String(value);
    return objects.map(object => [Object.isExtensible(object), name(Object.getPrototypeOf(object)), ...Reflect.ownKeys(object).map(key => {
        const { value, get, set, ...flags } = Reflect.getOwnPropertyDescriptor(object, key);
        const clocks = typeof value === 'number' && /timeOrigin/.test(String(key));
        return [String(key), clocks || name(value), name(get), name(set), JSON.stringify(flags)].join();
    })].join(';')).join('\\n');
}";

/// Ruins every object as far as it can be ruined.
const POLLUTE: &str = "objects => {
    const { defineProperty, deleteProperty, ownKeys, setPrototypeOf, preventExtensions, isExtensible } = Reflect;
    const symbol = Symbol('polluted'), registered = Symbol.for('polluted');
    for (let i = 0; i < objects.length; i++) {
        const object = objects[i];
        defineProperty(object, 'polluted', { value: 'polluted', configurable: true });
        defineProperty(object, registered, { value: 'polluted' });
        defineProperty(object, symbol, { get() { throw 'polluted' } });
        defineProperty(object, 0, { value: 'polluted' });
    }
    for (let i = 0; i < objects.length; i++) {
        const object = objects[i];
        const keys = ownKeys(object);
        for (let j = 0; j < keys.length; j++) {
            try { deleteProperty(object, keys[j]) || defineProperty(object, keys[j], { value: 'polluted' }) } catch {}
        }
        setPrototypeOf(object, null);
        preventExtensions(object);
    }
}";

#[test]
fn nothing_that_one_realm_does_to_its_objects_is_seen_in_another() {
    let isolate = isolate();
    let census = |realm: &Realm| isolate.enter(realm, |ctx| eval_text(ctx, &format!("{WALK}({CENSUS})")));
    let check = |realm: &Realm, before: &str, what: &str| {
        let now = census(realm);
        let differs = now.lines().zip(before.lines()).find(|(now, before)| now != before);
        assert_eq!(differs, None, "{what}");
        assert_eq!(now.len(), before.len(), "{what}");
    };
    let [first, polluted, later] = [(); 3].map(|()| isolate.new_realm().unwrap());
    let [before, before_later] = [census(&first), census(&later)];
    assert!(before.lines().count() > 600, "{} objects", before.lines().count());
    assert_eq!(isolate.enter(&polluted, |ctx| eval_text(ctx, &format!("{WALK}({POLLUTE})"))), "undefined");
    check(&first, &before, "a realm that was there");
    check(&later, &before_later, "another");
    check(&isolate.new_realm().unwrap(), &before_later, "a new realm");
    assert_eq!(isolate.free_realm(polluted), RealmEnd::Freed);
    isolate.sweep();
    check(&first, &before, "a realm that was there, after the polluted one has gone");
    // The globals of scripts, and the registries that scripts can reach.
    isolate.enter(&first, |ctx| {
        assert_eq!(eval_text(ctx, "typeof polluted + Object.keys(globalThis).includes('polluted')"), "undefinedfalse");
    });
}

struct Texts(HashMap<&'static str, &'static str>);

impl ModuleLoader for Texts {
    fn resolve(&self, _base: &str, specifier: &str) -> std::result::Result<String, String> {
        Ok(specifier.to_owned())
    }

    fn load(&self, name: &str) -> std::result::Result<ModuleSource, String> {
        let text = self.0.get(name).ok_or_else(|| format!("no module {name}"))?;
        Ok(ModuleSource { kind: ModuleKind::JavaScript, text: Rc::new((*text).to_owned()) })
    }
}

fn loads(name: &'static str, text: &'static str) -> Rc<Texts> {
    Rc::new(Texts(HashMap::from([(name, text)])))
}

#[test]
fn each_realm_has_its_data_loader_modules_rejections_and_kept_values() {
    let isolate = isolate();
    let realms: Vec<Realm> = (0..3).map(|_| isolate.new_realm().unwrap()).collect();
    const TEXTS: [&str; 3] = ["export let n = 0", "export let n = 1", "export let n = 2"];
    for (index, realm) in realms.iter().enumerate() {
        isolate.enter(realm, |ctx| {
            ctx.set_data(Rc::new(index));
            ctx.set_module_loader(loads("m", TEXTS[index]));
            ctx.keep("index", ctx.int(index as i32));
            drop(ctx.eval(&format!("Promise.reject({index})"), &EvalOptions::default()));
            drop(ctx.eval("import('m').then(m => { globalThis.n = m.n })", &EvalOptions::default()));
        });
    }
    for (index, realm) in realms.iter().enumerate().rev() {
        isolate.enter(realm, |ctx| {
            run_jobs(ctx, 100);
            assert_eq!(ctx.data::<usize>().as_deref(), Some(&index));
            assert_eq!(ctx.kept("index").and_then(|value| value.as_int()), Some(index as i32));
            assert_eq!(eval_text(ctx, "n"), index.to_string());
            let reasons: Vec<_> =
                ctx.take_unhandled_rejections().iter().map(|rejection| rejection.reason.as_int()).collect();
            assert_eq!(reasons, [Some(index as i32)]);
        });
    }
}

/// Tells what its polls see.
struct Counting(Rc<RefCell<Vec<(u8, u32)>>>, u8);

impl Interrupt for Counting {
    fn poll(&self, steps: u32) -> Verdict {
        self.0.borrow_mut().push((self.1, steps));
        Verdict::Continue(5_000)
    }
}

#[test]
fn each_realm_has_its_interrupt_and_countdown() {
    let isolate = isolate();
    let polls = Rc::new(RefCell::new(Vec::new()));
    let [a, b] = [isolate.new_realm().unwrap(), isolate.new_realm().unwrap()];
    for (realm, name) in [(&a, 0), (&b, 1)] {
        isolate.enter(realm, |ctx| ctx.set_interrupt(Some(Rc::new(Counting(polls.clone(), name)))));
    }
    const CALLS: &str = "(function () { const f = () => {}; for (let i = 0; i < 1000; i++) f() })()";
    isolate.enter(&a, |ctx| {
        eval_text(ctx, CALLS);
        let in_a = ctx.steps_since_poll();
        isolate.enter(&b, |ctx| {
            assert_eq!(ctx.steps_since_poll(), 0);
            for _ in 0..9 {
                eval_text(ctx, CALLS);
            }
        });
        assert_eq!(ctx.steps_since_poll(), in_a, "what another realm ran counts");
        for _ in 0..4 {
            eval_text(ctx, CALLS);
        }
    });
    let polls = polls.borrow();
    let switch = polls.iter().position(|&(realm, _)| realm == 0).unwrap();
    for own in [&polls[..switch], &polls[switch..]] {
        assert_eq!(own[0], (own[0].0, 10_000));
        assert!(own[1..].iter().all(|&poll| poll == (own[0].0, 5_000)), "{own:?}");
    }
}

#[test]
fn a_poke_reaches_the_realm_that_runs() {
    let isolate = isolate();
    let pacer = std::sync::Arc::new(Pacer::default());
    isolate.set_pacer(pacer.clone());
    let polls = Rc::new(RefCell::new(Vec::new()));
    let [a, b] = [isolate.new_realm().unwrap(), isolate.new_realm().unwrap()];
    for (realm, name) in [(&a, 0), (&b, 1)] {
        isolate.enter(realm, |ctx| ctx.set_interrupt(Some(Rc::new(Counting(polls.clone(), name)))));
    }
    isolate.enter(&a, |ctx| {
        pacer.poke();
        isolate.enter(&b, |ctx| {
            pacer.poke();
            eval_text(ctx, "(() => {})()");
        });
        assert_eq!(polls.borrow().len(), 1, "the poke at the outer realm waits for it");
        eval_text(ctx, "(() => {})()");
    });
    let [(1, in_b), (0, in_a)] = polls.borrow()[..] else { panic!("{:?}", polls.borrow()) };
    assert!(in_a < 10 && in_b < 10, "steps that nobody ran are counted: {in_a}, {in_b}");
}

/// Whoever settles the promise.
#[test]
fn jobs_have_the_tag_that_was_set_when_their_reaction_was_made() {
    for (reaction, is_late) in [
        ("gate.then(() => {})", false),
        ("gate.catch(() => {}).finally(() => {})", false),
        ("(async () => { await gate })()", false),
        ("(async () => { for await (const item of [gate]); })()", false),
        ("(async function* () { yield await gate })().next()", false),
        ("Promise.all([gate])", false),
        ("Promise.any([gate])", false),
        ("Promise.resolve({ then(done) { gate.then(done) } })", false),
        ("(async () => gate)()", false),
        ("Array.fromAsync([gate])", false),
        ("settle2 = () => queueMicrotask(() => {})", true),
        ("settle2 = () => Promise.resolve().then(() => {})", true),
    ] {
        in_realm(|_, ctx| {
            eval_text(ctx, "var settle2 = () => {}, { promise: gate, resolve: settle } = Promise.withResolvers()");
            assert_eq!(ctx.set_continuation(7), 0);
            eval_text(ctx, reaction);
            while ctx.has_jobs() {
                assert_eq!(tag_of_next(ctx), Some(7), "{reaction}");
                assert!(matches!(ctx.run_job(), Some(Ok(()))));
            }
            assert_eq!(ctx.set_continuation(8), 7);
            eval_text(ctx, "settle(); settle2()");
            let tag = if is_late { 8 } else { 7 };
            assert_eq!(tag_of_next(ctx), Some(tag), "{reaction}");
            assert!(matches!(ctx.run_job(), Some(Ok(()))));
        });
    }
}

#[test]
fn jobs_can_be_dropped_one_by_one() {
    in_realm(|isolate, ctx| {
        eval_text(ctx, "var ran = []");
        for index in 0..30 {
            ctx.set_continuation(index % 3);
            eval_text(ctx, &format!("Promise.resolve({index}).then(n => ran.push(n))"));
        }
        let late = isolate.next_job_number();
        eval_text(ctx, "Promise.resolve(30).then(n => ran.push(n))");
        while let Some(job) = ctx.next_job() {
            match job.continuation {
                1 => ctx.drop_job(),
                _ if !job.is_before(late) => ctx.drop_job(),
                _ => assert!(matches!(ctx.run_job(), Some(Ok(())))),
            }
        }
        ctx.drop_job();
        assert_eq!(eval_text(ctx, "ran.join()"), "0,2,3,5,6,8,9,11,12,14,15,17,18,20,21,23,24,26,27,29");
    });
}

fn tag_of_next(ctx: Ctx<'_>) -> Option<u64> {
    ctx.next_job().map(|job| job.continuation)
}

#[test]
fn jobs_run_in_their_realm_only_and_in_order() {
    let isolate = isolate();
    let realms: Vec<Realm> = (0..3).map(|_| isolate.new_realm().unwrap()).collect();
    for round in 0..2 {
        for (index, realm) in realms.iter().enumerate() {
            isolate.enter(realm, |ctx| {
                assert_eq!(ctx.has_jobs(), round > 0);
                let source = format!("globalThis.log ??= []; Promise.resolve().then(() => log.push('{index}{round}'))");
                drop(ctx.eval(&source, &EvalOptions::default()));
                // An endless chain.
                drop(ctx.eval("(function again() { Promise.resolve().then(again) })()", &EvalOptions::default()));
            });
        }
    }
    for (index, realm) in realms.iter().enumerate() {
        isolate.enter(realm, |ctx| {
            for _ in 0..100 {
                assert!(matches!(ctx.run_job(), Some(Ok(()))));
            }
            assert_eq!(eval_text(ctx, "String(log)"), format!("{index}0,{index}1"));
        });
    }
    assert!(isolate.has_jobs());
}

/// States that a guest may leave a realm in. `hold` keeps a value in the host, `settler` makes a promise that the host settles.
const STATES: &[(&str, &str)] = &[
    ("nothing", ""),
    ("jobs", "for (let i = 0; i < 100; i++) Promise.resolve().then(() => globalThis.x = i)"),
    ("an endless chain of jobs", "(function f() { Promise.resolve().then(f) })()"),
    (
        "finalisation callbacks",
        "globalThis.r = new FinalizationRegistry(v => { globalThis.v = v }); for (let i = 0; i < 100; i++) { r.register({}, {i}, {}) } globalThis.kept = {}; r.register(kept, () => kept)",
    ),
    (
        "a finalisation callback that waits",
        "{ const r = new FinalizationRegistry(() => r); globalThis.r = r; let o = {}; r.register(o, 1); o = null }",
    ),
    (
        "suspended generators",
        "globalThis.g = (function* () { const self = g; try { yield () => self } finally { self } })(); g.next()",
    ),
    (
        "suspended async functions",
        "(async () => { const x = {}; await new Promise(r => { globalThis.r = r }); x })(); (async () => { await settler() })()",
    ),
    (
        "suspended async generators",
        "globalThis.g = (async function* () { try { for (;;) yield await settler() } finally { await g } })(); g.next(); g.next(); g.return()",
    ),
    ("a module that waits", "import('waits')"),
    ("a module that waits for ever", "import('waits for ever').then(() => {}); import('imports one')"),
    ("a module that threw", "import('throws').catch(() => {}); import('imports what throws').catch(() => {})"),
    ("modules in a cycle", "import('a').then(ns => { globalThis.ns = ns })"),
    ("an import that nobody loads", "import('none').catch(e => { globalThis.e = e })"),
    ("a namespace and its meta", "import('a').then(ns => { hold(ns); hold(ns.meta) })"),
    (
        "proxies",
        "const p = new Proxy(function () {}, { get: () => p, has: () => p, apply: () => p }); globalThis.p = p; const { proxy, revoke } = Proxy.revocable({}, { get() { return revoke } }); globalThis.q = proxy; revoke(); hold(p)",
    ),
    (
        "weak collections",
        "globalThis.w = new WeakMap(); globalThis.k = {}; w.set(k, { w, k }); w.set({}, w); new WeakRef(k); globalThis.s = new WeakSet([k, w]); w.set(Symbol('x'), { w })",
    ),
    ("cycles of closures", "(() => { let a = () => b, b = () => a; globalThis.c = [a, b]; eval('a') })()"),
    (
        "values that the host holds",
        "hold({ big: [globalThis] }); hold(() => globalThis); hold(Promise.resolve()); hold(Symbol('s')); hold('x'.repeat(999))",
    ),
    (
        "promises that the host settles",
        "globalThis.p = settler(); p.then(() => { globalThis.done = p }); (async () => { await p; await settler() })()",
    ),
    ("host objects", "globalThis.h = object(); h.self = h; h.global = globalThis; object()"),
    ("a lazy global", "lazy.x = lazy"),
    ("unhandled rejections", "Promise.reject({ g: globalThis }); (async () => { throw globalThis })()"),
    (
        "a broken global object",
        "for (const k of Reflect.ownKeys(globalThis)) { try { delete globalThis[k] } catch {} } Object.freeze(globalThis)",
    ),
    (
        "globals that nobody can delete",
        "Object.defineProperty(globalThis, 'fixed', { value: { globalThis } }); let scoped = () => scoped; const other = [scoped, globalThis]",
    ),
    (
        "a stack trace hook",
        "Error.prepareStackTrace = (e, s) => { globalThis.s = s; return s }; new Error().stack; Error.captureStackTrace({})",
    ),
    (
        "shared and resizable buffers",
        "globalThis.b = new ArrayBuffer(9, { maxByteLength: 99 }); globalThis.v = new Uint8Array(b); new SharedArrayBuffer(9); v.me = v; hold(v)",
    ),
    (
        "a script that was interrupted",
        "globalThis.o = { *[Symbol.iterator]() { try { for (;;) yield 1 } finally { o } } }; for (const x of o) for (;;);",
    ),
    (
        "iterators of all kinds",
        "globalThis.i = [Iterator.from({ next() { return i } }), [1].values().map(x => i), new Map([[1, 2]]).entries(), 'a'.matchAll(/a/g), Iterator.concat?.([1], [2])]",
    ),
    (
        "disposable stacks",
        "try { globalThis.d = new DisposableStack(); d.defer(() => d); d.use({ [Symbol.dispose]() { return d } }) } catch {}",
    ),
    (
        "subclasses of promises",
        "class P extends Promise { static get [Symbol.species]() { return P } } globalThis.P = P; new P(r => { globalThis.r = r }).then(() => P).finally(() => r)",
    ),
    ("mapped arguments", "(function (a) { globalThis.args = arguments; args.me = () => a; a = args })(1)"),
    ("templates", "globalThis.t = (x => x)`a${1}b`; globalThis.f = x => f`${f}`"),
];

struct States;

impl ModuleLoader for States {
    fn resolve(&self, _base: &str, specifier: &str) -> std::result::Result<String, String> {
        Ok(specifier.to_owned())
    }

    fn load(&self, name: &str) -> std::result::Result<ModuleSource, String> {
        let text = match name {
            "waits" => "await settler(); export const x = 1",
            "waits for ever" => "export const me = () => import.meta; await new Promise(() => {}); export default 1",
            "imports one" => "import * as w from 'waits for ever'; import 'waits'; export { w }",
            "throws" => "export let x = {}; throw { x }",
            "imports what throws" => "import 'throws'; export default 1",
            "a" => "import * as b from 'b'; export { b }; export const meta = import.meta; export let f = () => b",
            "b" => "import * as a from 'a'; export { a }; export class C { static c = [C, () => a] }",
            _ => return Err(format!("no module {name}")),
        };
        Ok(ModuleSource { kind: ModuleKind::JavaScript, text: Rc::new(text.to_owned()) })
    }
}

/// What the host keeps of a realm.
#[derive(Default)]
struct Host {
    held: RefCell<Vec<Persistent>>,
    settlers: RefCell<Vec<Settler>>,
}

fn install_host(ctx: Ctx<'_>, host: &Rc<Host>) {
    ctx.set_data(host.clone());
    ctx.set_module_loader(Rc::new(States));
    let global = ctx.globals();
    let hold = ctx.function("hold", 1, |ctx, _, args| {
        ctx.data::<Host>().unwrap().held.borrow_mut().push(args.get(0).persist());
        Ok(ctx.undefined())
    });
    let settler = ctx.function("settler", 0, |ctx, _, _| {
        let (promise, settler) = ctx.promise()?;
        ctx.data::<Host>().unwrap().settlers.borrow_mut().push(settler);
        Ok(promise)
    });
    let object = ctx.function("object", 0, |ctx, _, _| ctx.host_object(ctx.data::<Host>().unwrap(), None));
    global.set("hold", hold.unwrap()).unwrap();
    global.set("settler", settler.unwrap()).unwrap();
    global.set("object", object.unwrap()).unwrap();
    ctx.define_lazy_global(&LAZY).unwrap();
}

struct Soon(Cell<u32>);

impl Interrupt for Soon {
    fn poll(&self, _steps: u32) -> Verdict {
        self.0.set(self.0.get() + 1);
        if self.0.get() > 3 { Verdict::Abort } else { Verdict::Continue(1_000) }
    }
}

static LAZY: LazyGlobal = LazyGlobal::new("lazy", |ctx| ctx.object());

/// Runs one state's script in a fresh realm and frees it; `jobs` of it run first.
fn visit(isolate: &Isolate, source: &str, jobs: usize) -> (Rc<Host>, RealmEnd) {
    let host = Rc::new(Host::default());
    let realm = isolate.new_realm().unwrap();
    isolate.enter(&realm, |ctx| {
        install_host(ctx, &host);
        ctx.set_interrupt(Some(Rc::new(Soon(Cell::new(0)))));
        eval_text(ctx, source);
        run_jobs(ctx, jobs);
    });
    let end = isolate.free_realm(realm);
    (host, end)
}

/// Bytes that the engine asks for at once for small objects.
const ARENA: usize = 4200;

#[test]
fn a_freed_realm_leaves_nothing_whatever_state_it_was_in() {
    for (name, source) in STATES {
        let isolate = isolate();
        let bystander = isolate.new_realm().unwrap();
        let warm = |isolate: &Isolate| {
            for jobs in 0..8 {
                assert_eq!(visit(isolate, source, jobs).1, RealmEnd::Freed);
            }
            isolate.sweep()
        };
        let settle = |rounds: usize| {
            for _ in 0..rounds {
                assert_eq!(warm(&isolate), 0, "{name}: realms are left");
            }
            isolate.heap().stats().used
        };
        let (before, after) = (settle(5), settle(20));
        // Arenas that the isolate keeps, since short entries need them, come with time.
        assert!(after <= before + 10 * ARENA, "{name}: {before} bytes became {after}");
        let (host, end) = visit(&isolate, source, 1);
        assert_eq!(end, RealmEnd::Freed, "{name}");
        assert_eq!(Rc::strong_count(&host), 1, "{name}: the realm's data or host objects live on");
        // What the host still has is inert, in any realm.
        isolate.enter(&bystander, |ctx| {
            for kept in host.held.take() {
                assert!(ctx.get_kept(&kept).is_undefined(), "{name}");
                assert!(ctx.restore(kept).is_undefined(), "{name}");
            }
            for settler in host.settlers.take() {
                assert!(settler.settle_with(ctx, Ok(ctx.int(0))).is_err(), "{name}");
                drop(ctx.take_exception());
                assert!(settler.settle(ctx, Ok(ctx.int(1))).is_err(), "{name}");
                drop(ctx.take_exception());
            }
            assert!(!ctx.has_jobs(), "{name}");
            assert_eq!(eval_text(ctx, "1 + 1"), "2", "{name}");
        });
        assert!(!isolate.has_jobs(), "{name}: jobs are left");
    }
}

#[test]
fn realms_of_many_kinds_come_and_go() {
    let rounds = 3_000 / stride(3_000, 600);
    let isolate = isolate();
    let mut random = 1_u64;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let mut live: Vec<(Realm, Rc<Host>, usize)> = Vec::new();
    let mut hosts = Vec::new();
    let mut highest = 0;
    for round in 0..rounds {
        let host = Rc::new(Host::default());
        let realm = isolate.new_realm().unwrap();
        isolate.enter(&realm, |ctx| {
            install_host(ctx, &host);
            ctx.set_interrupt(Some(Rc::new(Soon(Cell::new(0)))));
            eval_text(ctx, &format!("globalThis.me = {round}"));
            for _ in 0..next(3) {
                eval_text(ctx, STATES[next(STATES.len())].1);
                run_jobs(ctx, next(8));
            }
        });
        live.push((realm, host, round));
        let (realm, _, number) = &live[next(live.len())];
        isolate.enter(realm, |ctx| {
            let me = eval_text(ctx, "me");
            assert!(me == number.to_string() || me.contains("not defined"), "realm {number} says {me}");
            run_jobs(ctx, 10);
        });
        if live.len() > 12 {
            let (realm, host, _) = live.swap_remove(next(12));
            assert_eq!(isolate.free_realm(realm), RealmEnd::Freed);
            hosts.push(host);
        }
        if round == rounds / 4 {
            isolate.sweep();
            highest = isolate.heap().stats().peak;
        }
    }
    assert!(isolate.heap().stats().peak <= highest * 5 / 4, "{highest} became {}", isolate.heap().stats().peak);
    for (realm, ..) in live {
        assert_eq!(isolate.free_realm(realm), RealmEnd::Freed);
    }
    assert_eq!(isolate.sweep(), 0);
}

#[test]
fn garbage_goes_when_its_own_realm_is_collected() {
    let isolate = isolate();
    let hosts = [Rc::new(Host::default()), Rc::new(Host::default())];
    let realms = hosts.each_ref().map(|_| isolate.new_realm().unwrap());
    let make = |ctx: Ctx<'_>, host: &Rc<Host>, count: usize| {
        for _ in 0..count {
            let object = ctx.host_object(host.clone(), None).unwrap();
            object.define("itself", object.clone(), Attributes::ALL).unwrap();
        }
    };
    let held = || hosts.each_ref().map(|host| Rc::strong_count(host) - 1);
    let collect = |realm: &Realm| isolate.enter(realm, |ctx| ctx.collect_garbage());
    for (realm, host) in realms.iter().zip(&hosts) {
        isolate.enter(realm, |ctx| make(ctx, host, 20));
    }
    assert_eq!(held(), [20, 20]);
    collect(&realms[0]);
    assert_eq!(held(), [0, 20]);
    // The engine itself collects what is the running realm's, too.
    isolate.enter(&realms[0], |ctx| {
        eval_text(ctx, "for (let i = 0; i < 1e5; i++) { const o = {}; o.o = o }");
        // Its objects, entered from here, are not those of the realm outside.
        isolate.enter(&realms[1], |ctx| make(ctx, &hosts[1], 10));
        make(ctx, &hosts[0], 10);
    });
    assert_eq!(held(), [10, 30]);
    collect(&realms[1]);
    assert_eq!(held(), [10, 0]);
    isolate.enter(&realms[1], |ctx| make(ctx, &hosts[1], 10));
    isolate.sweep();
    assert_eq!(held(), [0, 0]);
}

#[test]
fn a_freed_realm_is_gone_at_once_and_what_it_leaves_to_others_is_theirs() {
    let isolate = isolate();
    let fresh = || isolate.new_realm().unwrap();
    let (first, second) = (fresh(), fresh());
    // Shapes of objects without a prototype are shared.
    let shapes = "globalThis.kept = Array.from({ length: 500 }, (_, i) => Object.assign(Object.create(null), { ['key' + i]: i })); kept.length";
    let used = |source: &str| {
        let realm = fresh();
        isolate.enter(&realm, |ctx| eval_text(ctx, source));
        let used = isolate.heap().stats().used;
        assert_eq!(isolate.free_realm(realm), RealmEnd::Freed);
        (used, isolate.heap().stats().used)
    };
    let (_, before) = used("1");
    let (during, after) = used("globalThis.o = Array.from({ length: 20000 }, (_, i) => ({ i, o: globalThis }))");
    assert!(during > before + 1_000_000 && after < before + 10 * ARENA, "{before}, {during}, {after}");
    isolate.enter(&first, |ctx| assert_eq!(eval_text(ctx, shapes), "500"));
    isolate.enter(&second, |ctx| assert_eq!(eval_text(ctx, shapes), "500"));
    assert_eq!(isolate.free_realm(first), RealmEnd::Freed);
    for _ in 0..3 {
        isolate.enter(&second, |ctx| {
            ctx.collect_garbage();
            assert_eq!(eval_text(ctx, "kept.every((o, i) => o['key' + i] === i)"), "true");
        });
    }
    assert_eq!(isolate.free_realm(second), RealmEnd::Freed);
    assert_eq!(isolate.sweep(), 0);
}
