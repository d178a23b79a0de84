//! Runs Node.js's own tests of buffers: `test/parallel/test-buffer-*.js` of a checkout.
//!
//! ```text
//! cargo run --release -p quickbeam-api-buffer --example node_tests -- path/to/node/test/parallel
//! ```
//!
//! `expectations.txt` names the tests that do not pass, each with its reason. The status is 0 if just those fail.

use quickbeam_api_buffer::{Buffers, module};
use quickbeam_api_harness::Harness;
use quickbeam_engine::{Ctx, EvalOptions, Result};
use quickbeam_executor::Api;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

const EXPECTATIONS: &str = include_str!("expectations.txt");

/// Defines `require` and what the tests reach with it.
struct Shim;

impl Api for Shim {
    fn name(&self) -> &'static str {
        "node_tests"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        let host = ctx.object()?;
        host.set("buffer", module(ctx)?)?;
        host.set("inspect", quickbeam_api_inspect::formatter(ctx)?.get("inspect")?)?;
        let shim =
            ctx.eval(&format!("({})", include_str!("shim.js").trim().trim_end_matches(';')), &EvalOptions::default())?;
        ctx.call(&shim, &ctx.undefined(), &[host]).map(drop)
    }
}

fn main() -> std::result::Result<ExitCode, Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: node_tests path/to/node/test/parallel")?;
    let expected: BTreeMap<&str, &str> =
        EXPECTATIONS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")).collect();
    let (mut passed, mut failed, mut surprises) = (0, 0, 0);
    let mut files: Vec<_> = std::fs::read_dir(directory)?.collect::<std::io::Result<Vec<_>>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        if !(name.starts_with("test-buffer-") || name == "test-icu-transcode.js") || !name.ends_with(".js") {
            continue;
        }
        let outcome = run(&file.path())?;
        match (&outcome, expected.get(name.as_str())) {
            (Ok(()), None) => passed += 1,
            (Err(_), Some(_)) => failed += 1,
            (outcome, _) => {
                surprises += 1;
                let what = outcome.as_ref().err().map_or("passes unexpectedly", String::as_str);
                println!("{name}: {what}");
            }
        }
    }
    println!("{passed} pass, {failed} fail as expected, {surprises} surprise");
    Ok(if surprises == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run(path: &Path) -> std::io::Result<std::result::Result<(), String>> {
    let code = std::fs::read_to_string(path)?;
    let harness = Harness::new(&[&quickbeam_api_encoding::Encoding, &Buffers, &Shim]);
    Ok(harness.eval(&format!("(async function (exports, module) {{{code}\n}})({{}}, module)")).map(drop))
}
