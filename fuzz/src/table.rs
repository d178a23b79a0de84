//! Plays games on a real executor.

use crate::game::{Game, Move, SEATS};
use crate::model::{Call, Ending, Kind, Played};
use quickbeam_engine::{Ctx, ErrorReport, Result, Value};
use quickbeam_executor::{
    Api, CallId, Executor, ExecutorOptions, Host, HostError, Input, LogLine, Op, Outcome, RealmConfig, RealmHandle,
    SubmitOptions, Uncaught, call_host, call_host_sync, set_timer,
};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long the outcome of an op that must end may take: far longer than any game.
const HANG: Duration = Duration::from_secs(30);

/// What the realms tell the table.
enum News {
    Asked { seat: usize, generation: usize, id: CallId, token: u32 },
    Ended { op: usize, ending: Ending },
}

/// Answers to nobody; tells the table of calls.
struct TableHost {
    seat: usize,
    generation: usize,
    news: Mutex<Sender<News>>,
}

impl Host for TableHost {
    fn call<'a>(&self, ctx: Ctx<'a>, id: CallId, _sync: bool, _name: &str, args: &[Value<'a>]) -> Result<()> {
        let token = args.first().and_then(Value::as_int).ok_or_else(|| ctx.throw_type("no token"))?;
        let news = News::Asked { seat: self.seat, generation: self.generation, id, token: token.cast_unsigned() };
        drop(self.news.lock().unwrap_or_else(PoisonError::into_inner).send(news));
        Ok(())
    }

    fn log(&self, _line: LogLine) {}

    fn uncaught(&self, _error: Uncaught) {}

    fn died(&self, _reason: ErrorReport) {}
}

/// The globals of a game's scripts.
struct Globals;

impl Api for Globals {
    fn name(&self) -> &'static str {
        "game"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        let globals = ctx.globals();
        globals.set("ask", ctx.function("ask", 1, |ctx, _, args| call_host(ctx, "ask", &args.rest(0)))?)?;
        globals
            .set("askSync", ctx.function("askSync", 1, |ctx, _, args| call_host_sync(ctx, "ask", &args.rest(0)))?)?;
        let soon = ctx.function("soon", 1, |ctx, _, args| {
            let id = set_timer(ctx, args.get(0), Vec::new(), Duration::ZERO, false)?;
            Ok(ctx.number(f64::from(id)))
        })?;
        globals.set("soon", soon)?;
        globals.set("n", ctx.int(0))
    }
}

struct Table {
    executor: Arc<Executor>,
    realms: Vec<RealmHandle>,
    hosts: Vec<Weak<TableHost>>,
    generations: Vec<usize>,
    sender: Sender<News>,
    receiver: Receiver<News>,
    /// Calls that wait for an answer, in the order in which they came.
    asked: VecDeque<(usize, usize, CallId, usize)>,
    played: Played,
}

/// Plays a game to its end: all realms are killed, all ops have ended, all is freed.
///
/// # Panics
/// If an op does not end, or something is not freed.
pub fn play(game: &Game) -> Played {
    let mut table = Table::new(game);
    for next in &game.moves {
        table.play(next);
    }
    table.finish()
}

impl Table {
    fn new(game: &Game) -> Table {
        let options = ExecutorOptions {
            threads: if game.has_two_threads { 2 } else { 1 },
            slice: if game.is_eager { Duration::ZERO } else { Duration::from_millis(1) },
            contexts_per_isolate: if game.shares_isolates { 4 } else { 1 },
            ..ExecutorOptions::default()
        };
        let (sender, receiver) = channel();
        let mut table = Table {
            executor: Executor::new(&options).expect("threads"),
            realms: Vec::new(),
            hosts: Vec::new(),
            generations: vec![0; SEATS],
            sender,
            receiver,
            asked: VecDeque::new(),
            played: Played::default(),
        };
        for seat in 0..SEATS {
            let realm = table.spawn(seat);
            table.realms.push(realm);
            table.played.begin(seat);
        }
        table
    }

    fn spawn(&mut self, seat: usize) -> RealmHandle {
        let news = Mutex::new(self.sender.clone());
        let host = Arc::new(TableHost { seat, generation: self.generations[seat], news });
        self.hosts.push(Arc::downgrade(&host));
        let config = RealmConfig { apis: vec![&Globals], max_stack_size: 128 << 10, ..RealmConfig::new(host) };
        self.executor.spawn(config)
    }

    fn play(&mut self, next: &Move) {
        self.hear();
        match *next {
            Move::Add(seat, by) => self.eval(seat.index(), Kind::Add(i64::from(by)), &format!("n += {by}")),
            Move::Throw(seat) => self.eval(seat.index(), Kind::Fails("TypeError"), "throw new TypeError()"),
            Move::Recurse(seat) => {
                self.eval(seat.index(), Kind::Fails("RangeError"), "(function f() { f(); f() })()");
            }
            Move::AskSync(seat) => {
                let token = self.played.ops.len();
                self.eval(seat.index(), Kind::AsksSync(None), &format!("{{ const v = askSync({token}); n += v }}"));
            }
            Move::Ask(seat) => {
                let token = self.played.ops.len();
                self.eval(seat.index(), Kind::Asks(None), &format!("await ask({token})"));
            }
            Move::Sleep(seat) => {
                self.eval(seat.index(), Kind::Gives(7), "await new Promise(done => soon(() => done(7)))")
            }
            Move::Spin(seat, ms) => {
                let timeout = Duration::from_millis(u64::from(ms % 4));
                self.submit(seat.index(), Kind::Fails("TimeoutError"), "for (;;);", Some(timeout));
            }
            Move::Churn(seat, ms) => {
                let timeout = Duration::from_millis(u64::from(ms % 4));
                self.submit(seat.index(), Kind::Fails("TimeoutError"), "for (;;) await 1", Some(timeout));
            }
            Move::SpinOn(seat) => self.eval(seat.index(), Kind::Endless, "for (;;);"),
            Move::Answer(value) => self.answer(Call::Answered(i64::from(value))),
            Move::Refuse => self.answer(Call::Refused),
            Move::Reset(seat) => self.reset(seat.index()),
            Move::Replace(seat) => self.replace(seat.index()),
            Move::Wait => self.wait(),
        }
    }

    fn eval(&mut self, seat: usize, kind: Kind, source: &str) {
        self.submit(seat, kind, source, None);
    }

    fn submit(&mut self, seat: usize, kind: Kind, source: &str, timeout: Option<Duration>) {
        let op = self.played.submitted(seat, kind);
        let reply = self.reply(op);
        let eval = Op::Eval { source: source.to_owned(), filename: None, vars: None };
        let taken = self.realms[seat].submit(eval, reply, SubmitOptions { timeout, ..SubmitOptions::default() });
        if taken.is_err() {
            self.played.ended(op, Ending::Refused);
        }
    }

    fn reply(&self, op: usize) -> Box<dyn quickbeam_executor::Reply> {
        let sender = self.sender.clone();
        Box::new(move |outcome: Outcome<'_, '_>| {
            let ending = match outcome {
                Outcome::Value(_, value) => Ending::Value(value.to_f64().unwrap_or(f64::NAN) as i64),
                Outcome::Failed(report) => Ending::Failed(report.name),
                _ => Ending::Done,
            };
            drop(sender.send(News::Ended { op, ending }));
        })
    }

    fn reset(&mut self, seat: usize) {
        self.played.end_epoch(seat);
        let op = self.played.submitted(seat, Kind::Reset);
        let reply = self.reply(op);
        if self.realms[seat].submit(Op::Reset, reply, SubmitOptions::default()).is_err() {
            self.played.ended(op, Ending::Refused);
        }
    }

    fn replace(&mut self, seat: usize) {
        self.played.end_epoch(seat);
        self.generations[seat] += 1;
        self.asked.retain(|(asking, ..)| *asking != seat);
        // Dropping the handle kills the realm.
        self.realms[seat] = self.spawn(seat);
    }

    fn answer(&mut self, call: Call) {
        let Some((seat, _, id, op)) = self.asked.pop_front() else { return };
        self.played.answered(op, call);
        let answer = match call {
            Call::Answered(value) => Ok(Box::new(Number(value)) as Box<dyn Input>),
            Call::Refused => Err(HostError { name: "Refusal".into(), message: String::new(), stack: None }),
        };
        self.realms[seat].resolve(id, answer);
    }

    fn hear(&mut self) {
        while let Ok(news) = self.receiver.try_recv() {
            self.take(news);
        }
    }

    fn take(&mut self, news: News) {
        match news {
            News::Ended { op, ending } => self.played.ended(op, ending),
            News::Asked { seat, generation, id, token } => {
                if generation == self.generations[seat] {
                    self.asked.push_back((seat, generation, id, token as usize));
                }
            }
        }
    }

    /// Waits for an op that is at the head of its realm and needs nothing from the table.
    fn wait(&mut self) {
        let Some(op) = (0..SEATS).find_map(|seat| self.played.sure_to_end(seat)) else { return };
        self.wait_for(op);
    }

    fn wait_for(&mut self, op: usize) {
        let deadline = Instant::now() + HANG;
        while !self.played.has_ended(op) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.receiver.recv_timeout(left) {
                Ok(news) => self.take(news),
                Err(_) => panic!("no outcome: {:?}, last of\n{}", self.played.ops[op], self.played.epoch_of(op)),
            }
        }
    }

    fn finish(mut self) -> Played {
        for seat in 0..SEATS {
            self.played.end_epoch(seat);
        }
        self.realms.clear();
        for op in 0..self.played.ops.len() {
            self.wait_for(op);
        }
        drop(self.executor);
        let deadline = Instant::now() + HANG;
        while self.hosts.iter().any(|host| host.strong_count() > 0) {
            assert!(Instant::now() < deadline, "a realm was not freed");
            std::thread::yield_now();
        }
        self.played
    }
}

/// Becomes a number.
struct Number(i64);

impl Input for Number {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        Ok(ctx.number(self.0 as f64))
    }
}
