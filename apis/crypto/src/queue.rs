//! Whose turn it is.
//!
//! Jobs of one realm and kind stand in one lane; the lanes have turns. No realm has all threads, and neither have those jobs that may take
//! seconds, of however many realms: one thread always is for jobs that end soon. A job that may not start yet keeps no other lane waiting.

use std::collections::VecDeque;

/// Whose job it is, and whether it may take seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) realm: u64,
    pub(crate) is_slow: bool,
}

/// Jobs that wait, and what the threads do.
pub(crate) struct Queue<J> {
    lanes: VecDeque<(Kind, VecDeque<J>)>,
    running: Vec<Kind>,
    share: usize,
}

impl<J> Queue<J> {
    /// A queue where a realm has so many threads at most.
    pub(crate) fn new(share: usize) -> Queue<J> {
        Queue { lanes: VecDeque::new(), running: Vec::new(), share }
    }

    /// Threads that have work at a time: those of a realm, one for what may take seconds in other realms, and one for what does not.
    pub(crate) fn threads(&self) -> usize {
        self.share + 2
    }

    /// Jobs that wait.
    pub(crate) fn len(&self) -> usize {
        self.lanes.iter().map(|(_, jobs)| jobs.len()).sum()
    }

    pub(crate) fn push(&mut self, kind: Kind, job: J) {
        match self.lanes.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, jobs)) => jobs.push_back(job),
            None => self.lanes.push_back((kind, VecDeque::from([job]))),
        }
    }

    /// The job whose turn it is, of those that may start. It runs until [`Queue::end`].
    pub(crate) fn start(&mut self) -> Option<(Kind, J)> {
        let next = self.lanes.iter().position(|(kind, _)| self.may_start(*kind))?;
        let (kind, mut jobs) = self.lanes.remove(next)?;
        let job = jobs.pop_front()?;
        if !jobs.is_empty() {
            self.lanes.push_back((kind, jobs));
        }
        self.running.push(kind);
        Some((kind, job))
    }

    fn may_start(&self, kind: Kind) -> bool {
        let count = |is_it: &dyn Fn(&Kind) -> bool| self.running.iter().filter(|other| is_it(other)).count();
        count(&|other| other.realm == kind.realm) < self.share
            && (!kind.is_slow || count(&|other| other.is_slow) + 1 < self.threads())
    }

    /// A job has ended. Two others may start then: one of its realm, and one that may take seconds.
    pub(crate) fn end(&mut self, kind: Kind) {
        if let Some(index) = self.running.iter().position(|other| *other == kind) {
            self.running.swap_remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: bool = true;
    const LONG: bool = false;

    /// A queue with jobs that are named by their realm and number, pushed in this order.
    fn queue(share: usize, jobs: &[(u64, bool, usize)]) -> Queue<String> {
        let mut queue = Queue::new(share);
        for &(realm, is_slow, count) in jobs {
            let weight = if is_slow { "slow" } else { "long" };
            (0..count).for_each(|n| queue.push(Kind { realm, is_slow }, format!("{weight} {realm}.{n}")));
        }
        queue
    }

    /// What all threads start.
    fn started(queue: &mut Queue<String>) -> String {
        let free = queue.threads() - queue.running.len();
        let jobs: Vec<String> = (0..free).map_while(|_| queue.start()).map(|(_, job)| job).collect();
        jobs.join(", ")
    }

    #[test]
    fn realms_have_turns() {
        let mut queue = queue(4, &[(1, LONG, 3), (2, LONG, 1), (3, LONG, 2)]);
        assert_eq!(started(&mut queue), "long 1.0, long 2.0, long 3.0, long 1.1, long 3.1, long 1.2");
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn no_realm_has_all_threads() {
        for share in 1..=4 {
            for is_slow in [SLOW, LONG] {
                let mut queue = queue(share, &[(1, is_slow, 9)]);
                started(&mut queue);
                assert_eq!(queue.running.len(), share);
                queue.push(Kind { realm: 2, is_slow }, "other".to_owned());
                assert_eq!(started(&mut queue), "other");
            }
        }
    }

    #[test]
    fn what_may_take_seconds_leaves_a_thread_however_many_realms_ask() {
        for share in 1..=4 {
            let realms: Vec<_> = (1..=20).map(|realm| (realm, SLOW, 3)).collect();
            let mut queue = queue(share, &realms);
            started(&mut queue);
            assert_eq!(queue.running.len(), queue.threads() - 1);
            for realm in [21, 22] {
                let kind = Kind { realm, is_slow: LONG };
                queue.push(kind, "soon done".to_owned());
                assert_eq!(started(&mut queue), "soon done");
                queue.end(kind);
                assert_eq!(started(&mut queue), "");
            }
        }
    }

    #[test]
    fn what_may_not_start_yet_does_not_keep_the_rest_of_its_realm() {
        let mut queue = queue(2, &[(1, SLOW, 2), (2, SLOW, 1)]);
        assert_eq!(started(&mut queue), "slow 1.0, slow 2.0, slow 1.1");
        queue.push(Kind { realm: 3, is_slow: SLOW }, "slow".to_owned());
        queue.push(Kind { realm: 3, is_slow: LONG }, "long".to_owned());
        assert_eq!(started(&mut queue), "long");
    }

    #[test]
    fn an_end_may_let_two_start() {
        let mut queue = queue(2, &[(1, SLOW, 2), (2, SLOW, 1)]);
        assert_eq!(started(&mut queue), "slow 1.0, slow 2.0, slow 1.1");
        queue.push(Kind { realm: 1, is_slow: LONG }, "of its realm".to_owned());
        queue.push(Kind { realm: 3, is_slow: SLOW }, "as slow".to_owned());
        assert_eq!(started(&mut queue), "");
        queue.end(Kind { realm: 1, is_slow: SLOW });
        assert_eq!(started(&mut queue), "of its realm, as slow");
    }
}
