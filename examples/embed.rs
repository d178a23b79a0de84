//! QuickBEAM as a Rust library, without a BEAM: a script with a handler written in Rust.
//!
//! Run it with `cargo run --release -p quickbeam-executor --example embed`. It prints an invoice and ends.

use quickbeam_engine::{Ctx, ErrorReport, Result, Thrown, Value};
use quickbeam_executor::{
    Api, CallId, Executor, ExecutorOptions, Host, HostError, LogLine, Op, Outcome, RealmConfig, SubmitOptions,
    Uncaught, call_host, take_report,
};
use std::error::Error;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The script. `price` is answered by Rust; while it is, other isolates of the thread run.
const SCRIPT: &str = "
    const basket = { apples: 3, pears: 2, quinces: 1 };
    const lines = await Promise.all(Object.entries(basket).map(async ([fruit, count]) => {
        try {
            return `${count} ${fruit}: ${count * await price(fruit)}`;
        } catch (error) {
            return `${count} ${fruit}: ${error.message}`;
        }
    }));
    lines.join('\\n')";

/// Gives realms a global `price(fruit)`.
struct Prices;

impl Api for Prices {
    fn name(&self) -> &'static str {
        "prices"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        let price = ctx.function("price", 1, |ctx, _this, args| call_host(ctx, "price", &[args.get(0)]))?;
        ctx.globals().set("price", price)
    }
}

/// A call from JavaScript, on its way to the thread that answers it.
struct Call {
    id: CallId,
    fruit: String,
}

/// Passes calls on; a host must not block the thread that runs JavaScript.
struct Shop {
    calls: Mutex<Sender<Call>>,
}

impl Host for Shop {
    fn call<'a>(&self, ctx: Ctx<'a>, id: CallId, _sync: bool, _name: &str, args: &[Value<'a>]) -> Result<()> {
        let fruit = args.first().map_or(Ok(String::new()), Value::to_text)?;
        let sent = self.calls.lock().is_ok_and(|calls| calls.send(Call { id, fruit }).is_ok());
        if sent { Ok(()) } else { Err(ctx.throw_error("Error", "the shop is closed")) }
    }

    fn log(&self, line: LogLine) {
        println!("{}", line.text);
    }

    fn uncaught(&self, error: Uncaught) {
        eprintln!("nobody caught: {error:?}");
    }

    fn died(&self, reason: ErrorReport) {
        eprintln!("the realm is gone: {reason}");
    }
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let executor = Executor::new(&ExecutorOptions::default())?;
    let (calls, incoming) = channel();
    let mut config = RealmConfig::new(Arc::new(Shop { calls: Mutex::new(calls) }));
    config.apis.push(&Prices);
    config.memory_limit = 16 << 20;
    let realm = Arc::new(executor.spawn(config));

    let answering = realm.clone();
    std::thread::spawn(move || {
        for Call { id, fruit } in incoming {
            let price = match fruit.as_str() {
                "apples" => Ok(40),
                "pears" => Ok(55),
                _ => Err(HostError { name: "Error".into(), message: format!("no {fruit} today"), stack: None }),
            };
            answering.resolve(id, price.map(|price| Box::new(Price(price)) as _));
        }
    });

    let (sender, receiver) = channel();
    let reply = move |outcome: Outcome<'_, '_>| {
        // A value must be read here, on the isolate's thread.
        let _ = sender.send(match outcome {
            Outcome::Value(ctx, value) => value.to_text().map_err(|Thrown| take_report(ctx)),
            Outcome::Failed(report) => Err(report),
            _ => Ok(String::new()),
        });
    };
    let op = Op::Eval { source: SCRIPT.into(), filename: Some("invoice.js".into()), vars: None };
    realm.submit(
        op,
        Box::new(reply),
        SubmitOptions { timeout: Some(Duration::from_secs(10)), ..SubmitOptions::default() },
    )?;
    match receiver.recv()? {
        Ok(invoice) => println!("{invoice}"),
        Err(report) => return Err(report.to_string().into()),
    }
    Ok(())
}

/// An answer on its way to JavaScript: it becomes a value on the isolate's thread.
struct Price(i32);

impl quickbeam_executor::Input for Price {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        Ok(ctx.int(self.0))
    }
}
