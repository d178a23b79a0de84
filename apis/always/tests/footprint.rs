//! What the APIs cost a realm that does not use them, and that they stand side by side.

use quickbeam_api_harness::Harness;
use quickbeam_apis::always;

#[test]
fn every_global_can_be_touched() {
    let harness = Harness::new(always());
    let script = "Object.getOwnPropertyNames(globalThis).filter((name) => { try { return globalThis[name] === undefined } catch { return true } })";
    harness.check(&format!("String({script})"), "undefined");
    harness.check("performance instanceof EventTarget && new DOMException('m') instanceof Error", "true");
}

#[test]
fn platform_objects_cannot_be_cloned() {
    let harness = Harness::new(always());
    for object in [
        "new Event('x')",
        "new EventTarget()",
        "new AbortController().signal",
        "new TextDecoder()",
        "performance",
        "crypto",
    ] {
        harness.check(&format!("try {{ structuredClone({object}) }} catch (error) {{ error.name }}"), "DataCloneError");
    }
    harness.check("structuredClone(new DOMException('m', 'AbortError')).name", "AbortError");
    harness.check("structuredClone(new QuotaExceededError('m', { quota: 5 })).quota", "5");
}

#[test]
fn an_unused_realm_stays_small() {
    use quickbeam_engine::{Isolate, IsolateOptions};
    // The heap grows by blocks of 4 KB: many realms tell more than one.
    const REALMS: usize = 20;
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realms: Vec<_> = (0..REALMS).map(|_| isolate.new_realm().unwrap()).collect();
    let before = isolate.heap().stats().used;
    for realm in &realms {
        isolate.enter(realm, |ctx| {
            for api in always() {
                let installed = api.install(ctx);
                assert!(installed.is_ok(), "{}: {}", api.name(), ctx.take_report());
            }
        });
    }
    let bytes = (isolate.heap().stats().used - before) / REALMS;
    assert!(bytes < 8 << 10, "{bytes} bytes");
}
