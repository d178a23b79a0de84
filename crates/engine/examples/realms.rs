//! What does a further realm of an isolate cost, and what would it with each set of the engine's builtins? Bytes and microseconds, means
//! of 64 realms.
//!
//! `cargo run --release -p quickbeam-engine --example realms`

#![expect(unsafe_code, reason = "asks the engine itself")]

use quickbeam_engine::{Isolate, IsolateOptions};
use rquickjs::qjs;
use std::ffi::c_int;
use std::time::{Duration, Instant};

const REALMS: usize = 64;

type Add = unsafe extern "C" fn(*mut qjs::JSContext) -> c_int;

const SETS: [(&str, Add); 12] = [
    ("base", qjs::JS_AddIntrinsicBaseObjects),
    ("eval", qjs::JS_AddIntrinsicEval),
    ("RegExp", qjs::JS_AddIntrinsicRegExp),
    ("JSON", qjs::JS_AddIntrinsicJSON),
    ("Proxy", qjs::JS_AddIntrinsicProxy),
    ("Promise", qjs::JS_AddIntrinsicPromise),
    ("typed arrays", qjs::JS_AddIntrinsicTypedArrays),
    ("Map and Set", qjs::JS_AddIntrinsicMapSet),
    ("Date", qjs::JS_AddIntrinsicDate),
    ("WeakRef", qjs::JS_AddIntrinsicWeakRef),
    ("DOMException", qjs::JS_AddIntrinsicDOMException),
    ("atob", qjs::JS_AddIntrinsicAToB),
];

fn main() {
    println!("{:<32}{:>10}{:>10}{:>10}", "", "bytes", "µs", "more bytes");
    let mut last = 0;
    for count in 0..=SETS.len() {
        let (bytes, took) = of_the_engine(&SETS[..count]);
        let name = count.checked_sub(1).map_or("a raw context", |index| SETS[index].0);
        println!("{name:<32}{bytes:>10}{:>10.1}{:>10}", micros(took), bytes - last);
        last = bytes;
    }
    let isolate = Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() });
    let isolate = isolate.expect("an isolate");
    let used = || isolate.heap().stats().used;
    let make = || isolate.new_realm().expect("a realm");
    let empty = used();
    println!("{:<32}{empty:>10}", "an isolate");
    let mut realms = vec![make()];
    let first = used();
    println!("{:<32}{:>10}", "its first realm", first - empty);
    let started = Instant::now();
    realms.extend((0..REALMS).map(|_| make()));
    println!("{:<32}{:>10}{:>10.1}", "a further realm", (used() - first) / REALMS, micros(started.elapsed()));
    let started = Instant::now();
    for realm in realms {
        let _ = isolate.free_realm(realm);
    }
    println!("{:<32}{:>10}{:>10.1}", "freeing one, sweeps included", "", micros(started.elapsed()));
}

fn micros(of_all: Duration) -> f64 {
    of_all.as_secs_f64() * 1e6 / REALMS as f64
}

/// Bytes of one context with these builtins, and the time that making all takes.
fn of_the_engine(sets: &[(&str, Add)]) -> (i64, Duration) {
    // SAFETY: a private runtime, used by this thread alone; it is left to the end of the process.
    unsafe {
        let rt = qjs::JS_NewRuntime();
        let used = || {
            let mut usage = std::mem::zeroed::<qjs::JSMemoryUsage>();
            qjs::JS_ComputeMemoryUsage(rt, &mut usage);
            usage.malloc_size
        };
        let make = || {
            let ctx = qjs::JS_NewContextRaw(rt);
            assert!(sets.iter().all(|(_, add)| add(ctx) == 0), "memory is short");
        };
        make();
        let before = used();
        let started = Instant::now();
        (0..REALMS).for_each(|_| make());
        ((used() - before) / REALMS as i64, started.elapsed())
    }
}
