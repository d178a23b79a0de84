//! What does each API cost a realm that never touches it, and one that touches all its globals? Bytes, means of some realms of one
//! isolate.
//!
//! `cargo run --release -p quickbeam-apis-browser --example costs`

use quickbeam_engine::{EvalOptions, Isolate, IsolateOptions};
use quickbeam_executor::Api;

const REALMS: usize = 16;

const TOUCH_ALL: &str = "for (const name of Object.getOwnPropertyNames(globalThis)) try { globalThis[name] } catch {}";

fn main() {
    let apis: Vec<&'static dyn Api> =
        quickbeam_apis::always().iter().copied().chain(quickbeam_apis_browser::browser()).collect();
    println!("{:<28}{:>10}{:>10}{:>12}{:>10}", "", "untouched", "in all", "touched", "in all");
    let (mut untouched, mut touched) = (0, 0);
    for count in 0..=apis.len() {
        let now = [cost(&apis[..count], ""), cost(&apis[..count], TOUCH_ALL)];
        let name = count.checked_sub(1).map_or("builtins", |index| apis[index].name());
        let more = [now[0].saturating_sub(untouched), now[1].saturating_sub(touched)];
        println!("{name:<28}{:>10}{:>10}{:>12}{:>10}", more[0], now[0], more[1], now[1]);
        [untouched, touched] = now;
    }
}

fn cost(apis: &[&'static dyn Api], script: &str) -> usize {
    let isolate =
        Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() }).expect("isolate");
    let make = || {
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            for api in apis {
                if api.install(ctx).is_err() {
                    panic!("{}: {}", api.name(), ctx.take_report());
                }
            }
            drop(ctx.eval(script, &EvalOptions::default()));
        });
        realm
    };
    let _first = make();
    isolate.collect_garbage();
    let before = isolate.heap().stats().used;
    let realms: Vec<_> = (0..REALMS).map(|_| make()).collect();
    isolate.collect_garbage();
    (isolate.heap().stats().used - before) / realms.len()
}
