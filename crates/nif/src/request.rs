//! Ops whose steps are those of an API.

use crate::atoms;
use crate::encode::binary;
use crate::error::{map, map_of};
use quickbeam_api_beam::{close_iterator, open_iterator, read_iterator};
use quickbeam_api_worker::{become_worker, start_worker};
use quickbeam_engine::{Ctx, Instances, Result, Value};
use quickbeam_executor::Input;
use rustler::{Encoder, Env, Term};
use std::rc::Rc;

/// Makes the realm a worker.
pub(crate) struct BecomeWorker {
    pub(crate) token: u64,
    pub(crate) name: String,
    pub(crate) is_module: bool,
}

impl Input for BecomeWorker {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        become_worker(ctx, self.token, &self.name, self.is_module)
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
    pub(crate) vars: Option<Box<dyn Input>>,
}

impl Input for OpenIterator {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        open_iterator(ctx, self.source, self.filename.as_deref(), self.vars)
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

/// Asks how many objects of each constructor there are.
pub(crate) struct CountInstances;

/// The answer, as an object that only the reply understands: no limit of conversions is for it.
pub(crate) struct Counted(pub(crate) Vec<Instances>);

impl Input for CountInstances {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        ctx.host_object(Rc::new(Counted(ctx.instances()?)), None)
    }
}

/// `%{constructor => %{count: count, bytes: bytes}}`.
pub(crate) fn instances_term<'e>(env: Env<'e>, counted: &Counted) -> Term<'e> {
    let entry = |instances: &Instances| {
        let fields = [(atoms::count(), instances.count.encode(env)), (atoms::bytes(), instances.bytes.encode(env))];
        (binary(env, instances.constructor.as_bytes()), map(env, &fields))
    };
    map_of(env, counted.0.iter().map(entry))
}
