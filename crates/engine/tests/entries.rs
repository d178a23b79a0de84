//! Short entries ask the system for no memory beyond the one block that compiling takes, however full the engine's arenas are.

mod support;

use quickbeam_engine::*;
use support::*;

/// Runs a script over and over in a heap of a certain size, and tells what the last rounds asked for, each on average.
fn requests_per_entry(ballast: usize, source: &str) -> f64 {
    const WARM: usize = 100;
    const ROUNDS: usize = 100;
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    let fill = format!(
        "globalThis.f = () => 1; globalThis.ballast = Array.from({{ length: {ballast} }}, (_, i) => ({{ a: [i], b: () => i, c: 'x'.repeat(i * 7 % 400) }}))"
    );
    isolate.enter(&realm, |ctx| drop(ctx.eval(&fill, &EvalOptions::default())));
    let run = |rounds: usize| {
        for _ in 0..rounds {
            isolate.enter(&realm, |ctx| {
                eval_text(ctx, source);
                run_jobs(ctx, 10);
            });
        }
    };
    run(WARM);
    isolate.heap().inject_faults(Faults::None);
    run(ROUNDS);
    isolate.heap().requests() as f64 / ROUNDS as f64
}

#[test]
fn arenas_are_not_made_and_dropped_over_and_over() {
    let sources = [
        ("1 + 1", 1.0),
        ("({ a: [1] }).a[0]", 1.0),
        ("Promise.resolve(1).then(f)", 1.0),
        ("'a,b'.split(',').map(x => x + 1).join()", 2.0),
    ];
    for (source, compiling) in sources {
        let restless: Vec<usize> =
            (0..120).filter(|&ballast| requests_per_entry(ballast, source) > compiling).collect();
        assert!(restless.is_empty(), "{source} asks for more in the heaps {restless:?}");
    }
}
