//! Many realms and ops of every kind at random: every op ends once, everything is freed.

use crate::support::*;
use quickbeam_executor::*;
use std::collections::HashMap;
use std::time::Duration;

/// A small generator of numbers (xorshift64*), the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }
}

const SCRIPTS: &[&str] = &[
    "1 + 1",
    "globalThis.n = (globalThis.n ?? 0) + 1",
    "for (let i = 0; i < 30000; i++); 'worked'",
    "throw new Error('thrown')",
    "callSync('f')",
    "try { callSync('f') } catch (e) { e.message }",
    "await call('f')",
    "await Promise.all([call('f'), call('f')])",
    "await new Promise(done => setTimeout(done, 0))",
    "await new Promise(done => setImmediate(done))",
    "setTimeout(() => { throw new Error('late') }, 0)",
    "Promise.reject(new Error('rejected')); 0",
    "function f() { f() } f()",
    "const a = []; for (let i = 0; i < 3000; i++) a.push({ i }); a.length",
    "sleepSync(0)",
    "new Promise(() => {})",
    "[3, 1, 2].sort((a, b) => a - b)",
    "({ get x() { return callSync('f') } })",
];

/// Would not end by themselves; they get deadlines or are killed with their realm.
const ENDLESS: &[&str] = &["for (;;) {}", "sleepSync(1e9)", "callSync('never')", "(a => { for (;;) a.push({}) })([])"];

struct Player {
    realm: TestRealm,
    calls: Vec<CallId>,
    pending: Vec<Pending>,
}

fn spawn(executor: &std::sync::Arc<Executor>, dice: &mut Dice) -> Player {
    let realm = realm_with(executor, |config| {
        config.memory_limit = 2 << 20;
        config.max_stack_size = 128 << 10;
        config.max_reductions = [None, Some(100_000)][dice.roll(2)];
    });
    Player { realm, calls: Vec::new(), pending: Vec::new() }
}

impl Player {
    fn play(&mut self, dice: &mut Dice) {
        self.hear();
        let timeout = match dice.roll(3) {
            0 => Some(Duration::from_millis(dice.roll(4) as u64)),
            _ => None,
        };
        let parent = if dice.roll(3) == 0 { self.calls.last().copied() } else { None };
        let options = parent.map(|id| under(&self.realm.handle, id)).unwrap_or_default();
        let options = SubmitOptions { timeout, ..options };
        let op = match dice.roll(20) {
            0 => Op::Reset,
            1 => Op::Info,
            2 => Op::Message(input(|ctx| ctx.string("hello"))),
            3 => Op::GetGlobal("n".into()),
            4 => Op::SetGlobal { name: "n".into(), value: input(|ctx| Ok(ctx.int(1))) },
            5 => Op::LoadModule { name: "m".into(), source: "export default await call('f')".into() },
            6 => Op::Globals { user_only: true },
            7 => eval(ENDLESS[dice.roll(ENDLESS.len())]),
            _ => eval(SCRIPTS[dice.roll(SCRIPTS.len())]),
        };
        if let Ok(pending) = self.realm.try_submit(op, options) {
            if dice.roll(30) == 0 {
                pending.abandon();
            } else {
                self.pending.push(pending);
            }
        }
        while !self.calls.is_empty() && dice.roll(3) > 0 {
            let index = dice.roll(self.calls.len());
            let id = self.calls.swap_remove(index);
            match dice.roll(4) {
                0 => self.realm.reject(id, "Error", "refused"),
                1 => {}
                _ => self.realm.resolve(id, "answer"),
            }
        }
    }

    fn hear(&mut self) {
        let calls = self.realm.events.try_iter().filter_map(|event| match event {
            Event::Call { id, .. } => Some(id),
            _ => None,
        });
        self.calls.extend(calls);
    }

    /// Ends the realm and counts the outcomes by kind.
    fn finish(self, outcomes: &mut HashMap<String, usize>) {
        self.realm.free();
        for pending in self.pending {
            let kind = match pending.wait() {
                Got::Failed(report) => report.name,
                _ => "value".to_owned(),
            };
            *outcomes.entry(kind).or_default() += 1;
        }
    }
}

fn stress(seed: u64, players: usize, moves: usize) {
    let mut dice = Dice(seed);
    let executor = Executor::new(&ExecutorOptions {
        threads: 2,
        slice: [Duration::ZERO, Duration::from_millis(1)][dice.roll(2)],
        inbox_capacity: 64,
        ..options()
    })
    .unwrap();
    let mut table: Vec<Player> = (0..players).map(|_| spawn(&executor, &mut dice)).collect();
    let mut outcomes = HashMap::new();
    for _ in 0..moves {
        let index = dice.roll(players);
        table[index].play(&mut dice);
        match dice.roll(100) {
            0 => table[index].realm.handle.kill(),
            1 | 2 => {
                let fresh = spawn(&executor, &mut dice);
                std::mem::replace(&mut table[index], fresh).finish(&mut outcomes);
            }
            _ => {}
        }
    }
    for player in table {
        player.finish(&mut outcomes);
    }
    let total: usize = outcomes.values().sum();
    assert!(total > moves / 4, "{outcomes:?}");
    for kind in ["value", "TimeoutError", "InterruptedError", "Error"] {
        assert!(outcomes.contains_key(kind), "no {kind} in {outcomes:?} with seed {seed}");
    }
}

#[test]
fn every_op_of_a_random_game_ends_once_and_everything_is_freed() {
    let rounds = std::env::var("QUICKBEAM_STRESS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    for seed in 1..=rounds {
        stress(seed, 50, 5_000);
    }
}
