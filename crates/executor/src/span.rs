//! What APIs tell the host of work that takes time, such as a connection: that it began, and how it ended.

use crate::host::Host;
use crate::realm::host;
use quickbeam_engine::Ctx;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How a [`Span`] ended: with a number that says more, such as a status, or with an error.
pub type SpanEnd<'e> = std::result::Result<Option<u64>, &'e str>;

/// Work that has begun and not ended. Any thread may end it; one that is dropped was aborted.
pub struct Span {
    host: Arc<dyn Host>,
    name: &'static str,
    id: u64,
    began: Instant,
    has_ended: bool,
}

impl Span {
    /// Tells the host of work under that name on what `url` gives. `None` if the host does not want to know.
    pub fn begin(ctx: Ctx<'_>, name: &'static str, url: impl Fn() -> String) -> Option<Span> {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        let host = host(ctx).ok()?;
        let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
        host.span_began(name, id, &url).then(|| Span { host, name, id, began: Instant::now(), has_ended: false })
    }

    /// Tells the host how it ended.
    pub fn end(mut self, end: SpanEnd<'_>) {
        self.tell(end);
    }

    fn tell(&mut self, end: SpanEnd<'_>) {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.host.span_ended(self.name, self.id, self.took(), end);
        }
    }

    fn took(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.tell(Err("aborted"));
    }
}
