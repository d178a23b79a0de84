//! How long does it take to turn values into terms, and terms into values?
//!
//! `cargo run --release -p quickbeam-engine --example convert`

use quickbeam_engine::*;
use std::any::Any;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Makes terms that cost next to nothing: what is measured is the walk.
struct Count(u64);

impl Sink for Count {
    type Term = u64;

    fn nil(&mut self) -> u64 {
        0
    }
    fn boolean(&mut self, value: bool) -> u64 {
        u64::from(value)
    }
    fn integer(&mut self, value: i64) -> u64 {
        value as u64
    }
    fn float(&mut self, value: f64) -> u64 {
        value.to_bits()
    }
    fn bigint(&mut self, _negative: bool, digits: &str) -> u64 {
        digits.len() as u64
    }
    fn string(&mut self, text: &str) -> u64 {
        self.0 += text.len() as u64;
        text.len() as u64
    }
    fn bytes(&mut self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }
    fn symbol(&mut self, description: &str) -> u64 {
        description.len() as u64
    }
    fn date(&mut self, epoch_ms: f64) -> u64 {
        epoch_ms as u64
    }
    fn list(&mut self, items: &[u64]) -> u64 {
        items.iter().sum()
    }
    fn map(&mut self, keys: &[u64], values: &[u64]) -> u64 {
        (keys.len() + values.len()) as u64
    }
    fn host(&mut self, _value: &dyn Any) -> Option<u64> {
        None
    }
}

const RUNS: usize = 50;

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed()
        })
        .collect();
    times.sort();
    times[0]
}

fn encode_all(ctx: Ctx<'_>, name: &str, source: &str) {
    let value = ctx.eval(source, &EvalOptions::default()).unwrap();
    let time = median(|| {
        let mut sink = Count(0);
        black_box(encode(ctx, &value, EncodeLimits::default(), &mut sink).unwrap());
    });
    println!("encode {name:<40} {time:>10.1?}");
}

fn rows(ctx: Ctx<'_>, count: usize) -> Value<'_> {
    const FIELDS: [&str; 8] = ["id", "name", "email", "age", "score", "active", "city", "note"];
    let keys = FIELDS.map(|name| ctx.key(name).unwrap());
    let row = |index: usize| {
        let values = [
            ctx.int(index as i32),
            ctx.string("a name of a user").unwrap(),
            ctx.string("user@example.com").unwrap(),
            ctx.int(42),
            ctx.number(index as f64 + 0.5),
            ctx.boolean(true),
            ctx.string("Zürich").unwrap(),
            ctx.null(),
        ];
        {
            let object = ctx.object().unwrap();
            for (key, value) in keys.iter().zip(values) {
                object.define_key(key, value, Attributes::ALL).unwrap();
            }
            object
        }
    };
    ctx.array((0..count).map(row).collect()).unwrap()
}

fn main() {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    isolate.enter(&realm, |ctx| {
        encode_all(
            ctx,
            "5,000 rows of 8 fields",
            "Array.from({ length: 5000 }, (_, i) => ({ id: i, name: 'a name of a user', email: 'user@example.com', \
             age: 42, score: i + .5, active: true, city: 'Zürich', note: null }))",
        );
        encode_all(ctx, "100,000 integers", "Array.from({ length: 1e5 }, (_, i) => i)");
        encode_all(ctx, "100,000 short strings", "Array.from({ length: 1e5 }, (_, i) => 'item ' + i)");
        encode_all(
            ctx,
            "an object of 10,000 keys",
            "Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => ['key' + i, i]))",
        );
        encode_all(ctx, "a Map of 10,000 entries", "new Map(Array.from({ length: 1e4 }, (_, i) => ['key' + i, i]))");
        encode_all(ctx, "a Set of 10,000 integers", "new Set(Array.from({ length: 1e4 }, (_, i) => i))");
        encode_all(ctx, "1 MB of ASCII", "'x'.repeat(1 << 20)");
        encode_all(ctx, "1 MB of Latin-1", "'é'.repeat(1 << 19)");
        encode_all(ctx, "1 MB of BMP", "'€é'.repeat((1 << 20) / 5)");
        encode_all(ctx, "1 MB of emoji", "'😀'.repeat((1 << 20) / 4)");
        encode_all(ctx, "a 10 MB Uint8Array", "new Uint8Array(10 << 20)");
        let time = median(|| drop(black_box(rows(ctx, 5_000))));
        println!("make   5,000 rows of 8 fields                   {time:>10.1?}");
        let [ascii, latin, wide] = ["x".repeat(1 << 20), "é".repeat(1 << 19), "😀".repeat(1 << 18)];
        for (name, text) in [("ASCII", ascii), ("Latin-1", latin), ("emoji", wide)] {
            let time = median(|| drop(black_box(ctx.string(&text).unwrap())));
            println!("make   1 MB of {name:<32} {time:>10.1?}");
        }
    });
}
