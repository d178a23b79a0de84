//! `console`: the whole Console Standard.
//!
//! Values look as Node's `util.inspect` shows them, and `%s %d %i %f %j %o %O %c` work as in Node. Each line goes to
//! the host's log with the method that made it and the place that called it, at this level:
//!
//! | level | methods |
//! |---|---|
//! | debug | `debug`, `trace` |
//! | info | `log`, `info`, `dir`, `dirxml`, `table`, `group`, `groupCollapsed`, `count`, `timeLog`, `timeEnd` |
//! | warning | `warn`; `countReset`, `time`, `timeLog` and `timeEnd` of a wrong label |
//! | error | `error`, `assert` |
//!
//! A line has at most about 1 MB; longer ones end in the number of characters that were left out.

use quickbeam_api_inspect::formatter;
use quickbeam_api_webidl::{Natives, kept};
use quickbeam_engine::{Args, Ctx, Deferred, ErrorReport, Frame, Glue, Result, Value};
use quickbeam_executor::{Api, Level, LogLine, log, now_since_start};

static CONSOLE: Glue = Glue::new("internal:console", include_str!("console.js"));

static NAMESPACE: Deferred = Deferred::web_namespace("console", UNIT, made);

/// What a realm keeps it under.
const UNIT: &str = "console";

/// The API.
pub struct Console;

impl Api for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&NAMESPACE)
    }
}

/// An object with `console`.
fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let native = Natives::new(ctx)?
            .function("print", print)?
            .function("now", now)?
            .function("callStack", call_stack)?
            .function("formatter", |ctx, _, _| formatter(ctx))?
            .into_value();
        let console = ctx.call(&CONSOLE.run(ctx)?, &ctx.undefined(), &[native])?;
        Natives::new(ctx)?.value("console", console).map(Natives::into_value)
    })
}

/// The names of the methods, as log lines carry them.
const METHODS: [&str; 19] = [
    "assert",
    "count",
    "countReset",
    "debug",
    "dir",
    "dirxml",
    "error",
    "group",
    "groupCollapsed",
    "info",
    "log",
    "table",
    "time",
    "timeEnd",
    "timeLog",
    "trace",
    "warn",
    "clear",
    "groupEnd",
];

fn print<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let level = match args.get(0).to_text()?.as_str() {
        "debug" => Level::Debug,
        "warning" => Level::Warning,
        "error" => Level::Error,
        _ => Level::Info,
    };
    let method = args.get(1).to_text()?;
    let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("log");
    let text = args.get(2).to_text()?;
    let place = guest_frames(ctx)?.into_iter().find(|frame| frame.line > 0);
    log(ctx, LogLine { level, method, text, place: place.map(|frame| (frame.filename, frame.line)) });
    Ok(ctx.undefined())
}

/// The calls on the stack, without those of this program's own JavaScript.
fn guest_frames(ctx: Ctx<'_>) -> Result<Vec<Frame>> {
    let here = ErrorReport::of(ctx, &ctx.error("Error", "")?);
    Ok(here.frames.into_iter().skip_while(|frame| frame.line == 0 || frame.filename.starts_with("internal:")).collect())
}

fn now<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    Ok(ctx.number(now_since_start(ctx).as_secs_f64() * 1e3))
}

fn call_stack<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let lines = guest_frames(ctx)?.into_iter().map(|frame| {
        let function = if frame.function.is_empty() { "<anonymous>" } else { &frame.function };
        match frame.line {
            0 => format!("    at {function} ({})\n", frame.filename),
            line => format!("    at {function} ({}:{line}:{})\n", frame.filename, frame.column),
        }
    });
    ctx.string(&lines.collect::<String>())
}
