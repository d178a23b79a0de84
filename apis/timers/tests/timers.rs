//! Order, arguments, clearing and errors of timers.

use quickbeam_api_harness::Harness;
use quickbeam_api_timers::Timers;

fn harness() -> Harness {
    Harness::new(&[&Timers])
}

#[test]
fn callbacks_run_in_order_with_their_arguments() {
    let check = |script: &str, expected: &str| harness().check(&format!("(async () => {{ {script} }})()"), expected);
    check("return await new Promise((done) => setTimeout((a, b) => done(a + b), 1, 2, 3))", "5");
    check("return await new Promise((done) => setTimeout(done, undefined, 'x'))", "x");
    check("return await new Promise((done) => setTimeout(done, -1, 'x'))", "x");
    check("return await new Promise((done) => setTimeout(done, 2 ** 32 + 1, 'x'))", "x");
    check("return await new Promise((done) => setTimeout(done, NaN, 'x'))", "x");
    check("return await new Promise((done) => setTimeout(done, { valueOf: () => 1 }, 'x'))", "x");
    check("return await new Promise((done) => setImmediate(done, 'x'))", "x");
    check("return await new Promise((done) => queueMicrotask(() => done('x')))", "x");
    check(
        "const seen = [];
         await new Promise((done) => {
           setTimeout(() => { seen.push('late'); done(); }, 5);
           setTimeout(() => { seen.push('timeout'); Promise.resolve().then(() => seen.push('job')); }, 1);
           setTimeout(() => seen.push('next'), 1);
           setImmediate(() => seen.push('immediate'));
           queueMicrotask(() => seen.push('microtask'));
           seen.push('script');
         });
         return seen.join()",
        "script,microtask,immediate,timeout,job,next,late",
    );
    check(
        "let ticks = 0;
         await new Promise((done) => { const id = setInterval(() => { if (++ticks === 3) { clearInterval(id); done(); } }, 1); });
         await new Promise((done) => setTimeout(done, 5));
         return ticks",
        "3",
    );
}

#[test]
fn cleared_timers_do_not_run() {
    let check = |script: &str, expected: &str| {
        let script = format!(
            "(async () => {{ let ran = 'no'; const run = () => {{ ran = 'yes' }}; {script};
             await new Promise((done) => setTimeout(done, 5)); return ran }})()"
        );
        harness().check(&script, expected);
    };
    check("setTimeout(run, 1)", "yes");
    check("clearTimeout(setTimeout(run, 1))", "no");
    check("clearInterval(setTimeout(run, 1))", "no");
    check("clearTimeout(setInterval(run, 1))", "no");
    check("clearImmediate(setImmediate(run))", "no");
    check("clearTimeout(String(setTimeout(run, 1)))", "no");
    check(
        "clearTimeout(); clearTimeout(-1); clearTimeout(NaN); clearTimeout(1e9); clearTimeout({}); setTimeout(run)",
        "yes",
    );
    check("setTimeout(() => clearTimeout(later), 1); const later = setTimeout(run, 1)", "no");
}

#[test]
fn wrong_arguments_are_named() {
    let check = |script: &str, expected: &str| harness().check(script, expected);
    check("setTimeout()", "TypeError: setTimeout: 1 argument required, but only 0 present");
    check("setTimeout('code()')", "TypeError: setTimeout: the callback is not a function");
    check("setInterval({})", "TypeError: setInterval: the callback is not a function");
    check("setImmediate(null)", "TypeError: setImmediate: the callback is not a function");
    check("setTimeout(() => {}, Symbol())", "TypeError: cannot convert symbol to number");
    check("setTimeout(() => {}, { valueOf() { throw new RangeError('mine') } })", "RangeError: mine");
    check("typeof setTimeout(() => {})", "number");
    check("setTimeout(() => {}) > 0", "true");
    check(
        "for (let n = 0; ; n++) setTimeout(() => {}, 1e9)",
        "RangeError: a runtime has at most 100000 timers at once",
    );
    check("Object.keys(globalThis).filter((name) => /^(set|clear|queue)/.test(name)).length", "7");
    check("[setTimeout.length, setTimeout.name, clearTimeout.length]", "1,setTimeout,0");
}

#[test]
fn errors_of_callbacks_are_reported_and_others_go_on() {
    let harness = harness();
    let script = "new Promise((done) => {
        setTimeout(() => { throw new Error('first') }, 1);
        setTimeout(() => Promise.reject(new Error('second')), 1);
        setImmediate(() => { throw new Error('zeroth') });
        setTimeout(done, 2, 'done');
    })";
    harness.check(script, "done");
    assert_eq!(harness.take_uncaught(), ["Error: zeroth", "Error: first", "Error: second"]);
}
