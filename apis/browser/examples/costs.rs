//! What does each API cost a realm that never touches it? Bytes, means of 64 realms of one isolate.
//!
//! `cargo run --release -p quickbeam-apis-browser --example costs`

use quickbeam_engine::{Isolate, IsolateOptions};
use quickbeam_executor::Api;

const REALMS: usize = 64;

fn main() {
    let apis: Vec<&'static dyn Api> =
        quickbeam_apis::always().iter().copied().chain(quickbeam_apis_browser::browser()).collect();
    println!("{:<28}{:>8}{:>10}", "realm", "", cost(&[]));
    let mut before = cost(&[]);
    for count in 1..=apis.len() {
        let now = cost(&apis[..count]);
        println!("{:<28}{:>8}{:>10}", apis[count - 1].name(), now.cast_signed() - before.cast_signed(), now);
        before = now;
    }
}

fn cost(apis: &[&'static dyn Api]) -> usize {
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
        });
        realm
    };
    let _first = make();
    let before = isolate.heap().stats().used;
    let realms: Vec<_> = (0..REALMS).map(|_| make()).collect();
    (isolate.heap().stats().used - before) / realms.len()
}
