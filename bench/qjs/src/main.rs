//! Runs a benchmark workload in the bare engine: no preemption, no limits, no host, the system's
//! allocator. This is the baseline that `make bench` holds the CPU figures against.
//!
//! `quickbeam-bench-qjs WORKLOAD.js RUNS` evaluates the file, calls its global `run()` twice to warm
//! up and then `RUNS` times, and prints the nanoseconds of each run on a line of its own.

use std::{error::Error, time::Instant};

use rquickjs::{Context, Function, Runtime, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(runs), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: quickbeam-bench-qjs WORKLOAD.js RUNS".into());
    };
    let source = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let runs: u32 = runs.parse().map_err(|error| format!("RUNS is {runs:?}: {error}"))?;

    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    context.with(|ctx| {
        ctx.eval::<(), _>(source)?;
        let run: Function = ctx.globals().get("run")?;
        for _ in 0..2 {
            run.call::<_, Value>(())?;
        }
        for _ in 0..runs {
            let start = Instant::now();
            run.call::<_, Value>(())?;
            println!("{}", start.elapsed().as_nanos());
        }
        Ok::<_, rquickjs::Error>(())
    })?;
    Ok(())
}
