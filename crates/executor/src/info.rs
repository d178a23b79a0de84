//! What can be known of an executor from outside.

/// What an executor does now, and has done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorInfo {
    /// OS threads, the stuck and the spare ones included.
    pub threads: usize,
    /// Each of its processors.
    pub processors: Vec<ProcessorInfo>,
}

/// What one processor does now, and has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessorInfo {
    /// Isolates that ran here last.
    pub isolates: usize,
    /// Isolates that wait for their turn.
    pub queued: usize,
    /// Turns that gave way to others at the end of their slice.
    pub preemptions: u64,
    /// Turns that lost the processor to another thread, being stuck.
    pub hand_offs: u64,
    /// Isolates taken from other processors.
    pub steals: u64,
}
