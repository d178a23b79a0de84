//! What does entering a realm for something short cost? Nanoseconds each, and requests to the system's allocator.
//!
//! `cargo run --release -p quickbeam-engine --example entries`

use quickbeam_engine::{Ctx, EvalOptions, Faults, Isolate, IsolateOptions};
use std::time::Instant;

const ROUNDS: u32 = 200_000;

fn main() {
    let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
    let realm = isolate.new_realm().expect("a realm");
    isolate.enter(&realm, |ctx| {
        let source = "globalThis.noop = () => {}; globalThis.add = (a, b) => a + b; globalThis.p = Promise.resolve()";
        drop(ctx.eval(source, &EvalOptions::default()));
    });
    println!("{:<48}{:>8}{:>12}", "", "ns", "requests");
    let measure = |name: &str, work: &dyn for<'a> Fn(Ctx<'a>)| {
        let run = |rounds: u32| {
            for _ in 0..rounds {
                isolate.enter(&realm, work);
            }
        };
        run(ROUNDS / 10);
        isolate.heap().inject_faults(Faults::None);
        let started = Instant::now();
        run(ROUNDS);
        let each = started.elapsed().as_nanos() as f64 / f64::from(ROUNDS);
        let requests = isolate.heap().requests() as f64 / f64::from(ROUNDS);
        println!("{name:<48}{each:>8.0}{requests:>12.2}");
    };
    let eval = |ctx: Ctx<'_>, source: &str| drop(ctx.eval(source, &EvalOptions::default()));
    measure("enter and leave", &|_| {});
    measure("eval 1+1", &|ctx| eval(ctx, "1+1"));
    measure("eval ({ a: 1 })", &|ctx| eval(ctx, "({ a: 1, b: [1, 2] })"));
    measure("eval with a function", &|ctx| eval(ctx, "(x => x + 1)(2)"));
    measure("eval with await", &|ctx| {
        let options = EvalOptions { top_level_await: true, ..EvalOptions::default() };
        drop(ctx.eval("await 1", &options));
        while ctx.run_job().is_some() {}
    });
    measure("call noop()", &|ctx| {
        let function = ctx.globals().get("noop").expect("noop");
        drop(ctx.call(&function, &ctx.undefined(), &[]));
    });
    measure("call add(1, 2)", &|ctx| {
        let function = ctx.globals().get("add").expect("add");
        drop(ctx.call(&function, &ctx.undefined(), &[ctx.int(1), ctx.int(2)]));
    });
    measure("a promise and its job", &|ctx| {
        eval(ctx, "p.then(noop)");
        while ctx.run_job().is_some() {}
    });
    // The engine's inner allocator gives an arena back when its last block is freed, so the cost of an entry depends on
    // how full arenas happen to be: many heaps, each a few objects larger than the last.
    for source in ["1+1", "(x => x + 1)(2)", "p.then(noop)"] {
        let (mut nanoseconds, mut requests) = (Vec::new(), Vec::new());
        for _ in 0..200 {
            isolate.enter(&realm, |ctx| {
                eval(
                    ctx,
                    "(globalThis.ballast ??= []).push({ a: [], b: () => 1 }, 'x'.repeat(ballast.length * 7 % 400))",
                );
            });
            isolate.heap().inject_faults(Faults::None);
            let started = Instant::now();
            for _ in 0..1_000 {
                isolate.enter(&realm, |ctx| {
                    eval(ctx, source);
                    while ctx.run_job().is_some() {}
                });
            }
            nanoseconds.push(started.elapsed().as_nanos() as f64 / 1_000.0);
            requests.push(isolate.heap().requests() as f64 / 1_000.0);
        }
        nanoseconds.sort_by(f64::total_cmp);
        requests.sort_by(f64::total_cmp);
        for (percentile, at) in [(10, 20), (50, 100), (90, 180)] {
            let name = format!("eval {source} in 200 heaps: {percentile} %");
            println!("{name:<48}{:>8.0}{:>12.2}", nanoseconds[at], requests[at]);
        }
    }
    let stats = isolate.heap().stats();
    println!("{} bytes held in {} blocks", stats.used, stats.blocks);
}
