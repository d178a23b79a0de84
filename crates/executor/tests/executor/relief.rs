//! Threads take over processors of executors other than their own.

use crate::support::*;
use quickbeam_executor::*;
use std::time::Duration;

/// Realms, each on an executor of one thread.
fn realms(count: usize) -> Vec<TestRealm> {
    (0..count).map(|_| lone_realm_with(&Executor::new(&options()).unwrap(), |_| {})).collect()
}

fn timed(realm: &TestRealm) -> Pending {
    let timeout = Some(Duration::from_millis(5));
    realm.submit(eval("new Promise(() => {})"), SubmitOptions { timeout, ..SubmitOptions::default() })
}

#[test]
fn bursts_to_many_executors_reach_all_in_order() {
    let realms = realms(40);
    for realm in &realms {
        realm.check("globalThis.n = 0", "0");
    }
    for round in 1..=100 {
        let all: Vec<_> = realms.iter().flat_map(|realm| [realm.start("++n"), realm.start("-n")]).collect();
        for (index, pending) in all.into_iter().enumerate() {
            let expected = if index % 2 == 0 { round } else { -round };
            assert_eq!(pending.text(), expected.to_string());
        }
    }
    realms.into_iter().for_each(|realm| drop(realm.free()));
}

/// An alarm is its processor's, whichever thread sleeps there; and who computes keeps no other waiting.
#[test]
fn bursts_leave_alarms_and_loops_alone() {
    let mut realms = realms(30);
    let (loops, others) = realms.split_at(3);
    let running: Vec<_> = loops.iter().map(|realm| realm.start("note('here'); for (;;) {}")).collect();
    loops.iter().for_each(|realm| realm.expect_note("here"));
    for _ in 0..20 {
        let late: Vec<_> = others.iter().step_by(3).map(timed).collect();
        let all: Vec<_> = others.iter().map(|realm| realm.start("1 + 1")).collect();
        all.into_iter().for_each(|pending| assert_eq!(pending.text(), "2"));
        late.into_iter().for_each(|pending| assert!(pending.text().contains("timed out")));
    }
    loops.iter().for_each(|realm| realm.handle.kill());
    running.into_iter().for_each(|pending| assert!(pending.text().contains("was stopped")));
    realms.drain(..).for_each(|realm| drop(realm.free()));
}

/// Executors end while their threads hold processors of others, and the other way round.
#[test]
fn executors_end_in_the_midst_of_bursts() {
    for _ in 0..20 {
        let mut realms = realms(16);
        while !realms.is_empty() {
            let all: Vec<_> = realms.iter().map(|realm| realm.start("1 + 1")).collect();
            let gone: Vec<_> = realms.drain(realms.len() / 2..).collect();
            gone.iter().for_each(|realm| realm.handle.kill());
            for (index, pending) in all.into_iter().enumerate() {
                let text = pending.text();
                assert!(text == "2" || index >= realms.len(), "{text}");
            }
            gone.into_iter().for_each(|realm| drop(realm.free()));
        }
    }
}
