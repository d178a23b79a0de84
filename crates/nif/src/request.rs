//! Ops whose steps are those of an API.

use quickbeam_api_beam::{close_iterator, open_iterator, read_iterator};
use quickbeam_api_worker::{become_worker, start_worker};
use quickbeam_engine::{Ctx, Result, Value};
use quickbeam_executor::Input;

/// Makes the realm a worker.
pub(crate) struct BecomeWorker {
    pub(crate) token: u64,
    pub(crate) name: String,
}

impl Input for BecomeWorker {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        become_worker(ctx, self.token, &self.name)
    }
}

/// Lets messages reach a worker.
pub(crate) struct StartWorker;

impl Input for StartWorker {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        start_worker(ctx)
    }
}

/// Opens an iterator for the host; its number.
pub(crate) struct OpenIterator {
    pub(crate) source: String,
    pub(crate) filename: Option<String>,
}

impl Input for OpenIterator {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        open_iterator(ctx, &self.source, self.filename.as_deref().unwrap_or("<eval>"))
    }
}

/// The next items of an iterator, and whether it is done.
pub(crate) struct ReadIterator {
    pub(crate) id: u64,
    pub(crate) count: u64,
}

impl Input for ReadIterator {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        read_iterator(ctx, self.id as f64, self.count as f64)
    }
}

/// Ends an iterator.
pub(crate) struct CloseIterator(pub(crate) u64);

impl Input for CloseIterator {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        close_iterator(ctx, self.0 as f64)
    }
}
