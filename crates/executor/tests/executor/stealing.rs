//! Processors with nothing to do take work from the others.

use crate::support::*;
use quickbeam_executor::*;
use std::time::Duration;

const LOOP: &str = "note('here'); for (;;) {}";

fn steals(executor: &Executor) -> u64 {
    executor.info().processors.iter().map(|processor| processor.steals).sum()
}

/// Both loops end up on one processor's queue, since the others are full; when these are free, one moves.
#[test]
fn preempted_isolates_move_to_idle_processors() {
    let executor = Executor::new(&ExecutorOptions { threads: 2, slice: Duration::ZERO, ..options() }).unwrap();
    let loops: Vec<_> = (0..4)
        .map(|_| {
            let realm = lone_realm_with(&executor, |_| {});
            let pending = realm.start(LOOP);
            realm.expect_note("here");
            (realm, pending)
        })
        .collect();
    // Homes alternate, so this empties one of two processors.
    let mut kept = Vec::new();
    for (index, (realm, pending)) in loops.into_iter().enumerate() {
        if index % 2 == 0 {
            realm.free();
            assert!(pending.text().contains("was stopped"));
        } else {
            kept.push((realm, pending));
        }
    }
    let other = lone_realm_with(&executor, |_| {});
    until(|| {
        other.check("1 + 1", "2");
        steals(&executor) > 0
    });
    for (realm, pending) in kept {
        realm.handle.kill();
        assert!(pending.text().contains("was stopped"));
        realm.free();
    }
}

#[test]
fn work_behind_a_stuck_builtin_is_stolen() {
    let executor = executor(2);
    let realms: Vec<_> = (0..20).map(|_| realm_on(&executor)).collect();
    for realm in &realms {
        realm.check("1 + 1", "2");
    }
    let pending = realms[0].start_stuck("note('stuck'); 'through'");
    for _ in 0..50 {
        let all: Vec<_> = realms[1..].iter().map(|realm| realm.start("2 + 2")).collect();
        all.into_iter().for_each(|pending| assert_eq!(pending.text(), "4"));
    }
    realms[0].release();
    assert_eq!(pending.text(), "through");
}

/// Suspended fibers of every kind are resumed by whichever thread comes first.
#[test]
fn fibers_are_resumed_by_other_threads() {
    let executor = executor(4);
    let realms: Vec<_> = (0..40)
        .map(|_| {
            let realm = realm_on(&executor);
            let pending = realm.start(
                "const seen = []; for (let i = 0; i < 20; i++) { seen.push(callSync('f')); for (let j = 0; j < 2e4; j++); }
                 seen.join() === 'x,'.repeat(19) + 'x'",
            );
            (realm, pending)
        })
        .collect();
    for _ in 0..20 {
        for (realm, _) in &realms {
            let id = realm.expect_call("f");
            realm.resolve(id, "x");
        }
    }
    for (realm, pending) in realms {
        assert_eq!(pending.text(), "true");
        realm.free();
    }
    until(|| executor.info().processors.iter().all(|processor| processor.isolates == 0));
}
