//! Promises: making, settling, observing, and rejections that nobody handles.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::function::NativeFn;
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;
use std::collections::{BTreeMap, HashMap};
use std::ffi::c_void;
use std::ptr::NonNull;

/// Where a promise stands.
pub enum PromiseState<'a> {
    /// Not settled.
    Pending,
    /// Settled with a value.
    Fulfilled(Value<'a>),
    /// Settled with a reason.
    Rejected(Value<'a>),
}

/// Settles one promise, once.
#[must_use = "the promise stays pending until it is settled"]
pub struct Settler {
    resolve: Persistent,
    reject: Persistent,
}

impl Settler {
    /// Fulfils (or, with a promise, follows) or rejects. The first time decides.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn settle_with<'a>(&self, ctx: Ctx<'a>, outcome: std::result::Result<Value<'a>, Value<'a>>) -> Result<()> {
        let (function, value) = match outcome {
            Ok(value) => (&self.resolve, value),
            Err(reason) => (&self.reject, reason),
        };
        ctx.call(&ctx.get_kept(function), &ctx.undefined(), &[value]).map(drop)
    }

    /// As [`Settler::settle_with`], for the last time.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn settle<'a>(self, ctx: Ctx<'a>, outcome: std::result::Result<Value<'a>, Value<'a>>) -> Result<()> {
        let settled = self.settle_with(ctx, outcome);
        self.abandon(ctx);
        settled
    }

    /// Gives up: a promise that is pending stays so for ever.
    pub fn abandon(self, ctx: Ctx<'_>) {
        drop((ctx.restore(self.resolve), ctx.restore(self.reject)));
    }
}

impl<'a> Ctx<'a> {
    /// Makes a pending promise.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn promise(self) -> Result<(Value<'a>, Settler)> {
        let mut functions = [qjs::JS_UNDEFINED; 2];
        // SAFETY: room for the two functions, which are owned on success.
        let raw = unsafe { qjs::JS_NewPromiseCapability(self.raw(), functions.as_mut_ptr()) };
        let promise = self.check(raw)?;
        // SAFETY: see above.
        let [resolve, reject] = functions.map(|raw| unsafe { Value::from_raw(self, raw) }.persist());
        Ok((promise, Settler { resolve, reject }))
    }
}

impl<'a> Value<'a> {
    /// The state of a promise; `None` for other values.
    pub fn promise_state(&self) -> Option<PromiseState<'a>> {
        let ctx = self.ctx();
        // SAFETY: a live value.
        let state = unsafe { qjs::JS_PromiseState(ctx.raw(), self.raw()) };
        // SAFETY: a settled promise's result, owned.
        let result = || unsafe { Value::from_raw(ctx, qjs::JS_PromiseResult(ctx.raw(), self.raw())) };
        match state {
            qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => Some(PromiseState::Pending),
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => Some(PromiseState::Fulfilled(result())),
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => Some(PromiseState::Rejected(result())),
            _ => None,
        }
    }

    /// Says that somebody looks after this promise's rejection.
    pub fn mark_handled(&self) {
        // SAFETY: a live value; other objects are left alone.
        unsafe { qjs::JS_PromiseMarkAsHandled(self.ctx().raw(), self.raw()) };
        forget_rejection(self.ctx(), self.raw());
    }

    /// Calls `on_fulfilled(bound)` or `on_rejected(bound)` once the promise settles, whatever the
    /// guest has done to `Promise.prototype.then`. `bound` is passed as `this`.
    ///
    /// # Errors
    /// Throws a `TypeError` if this is no promise, or if memory is short.
    pub fn on_settled<F: NativeFn, R: NativeFn>(
        &self,
        bound: &Value<'a>,
        on_fulfilled: F,
        on_rejected: R,
    ) -> Result<()> {
        let ctx = self.ctx();
        let fulfilled = ctx.bound_function(bound, on_fulfilled)?;
        let rejected = ctx.bound_function(bound, on_rejected)?;
        // SAFETY: live values; the derived promise is freed when dropped.
        let raw = unsafe { qjs::JS_PromiseThen(ctx.raw(), self.raw(), fulfilled.raw(), rejected.raw()) };
        ctx.check(raw).map(drop)
    }
}

impl<'a> Value<'a> {
    /// Calls one of two functions with the outcome once the promise settles, whatever the guest has done to
    /// `Promise.prototype.then`; the promise of what that function returns.
    ///
    /// # Errors
    /// Throws a `TypeError` if this is no promise, or if memory is short.
    pub fn then(&self, on_fulfilled: &Value<'a>, on_rejected: &Value<'a>) -> Result<Value<'a>> {
        let ctx = self.ctx();
        // SAFETY: live values; what is no function is ignored.
        let raw = unsafe { qjs::JS_PromiseThen(ctx.raw(), self.raw(), on_fulfilled.raw(), on_rejected.raw()) };
        ctx.check(raw)
    }
}

/// A promise that was rejected and has no handler.
pub struct Rejection<'a> {
    /// The promise.
    pub promise: Value<'a>,
    /// What it was rejected with.
    pub reason: Value<'a>,
    /// The [continuation tag](Ctx::set_continuation) that was set when it was rejected.
    pub continuation: u64,
}

/// The [`Rejection`]s of a realm that nobody has asked for yet.
#[derive(Default)]
pub(crate) struct Rejections {
    /// In the order in which they came.
    kept: BTreeMap<u64, KeptRejection>,
    /// By the addresses of the promises.
    numbers: HashMap<usize, u64>,
    last: u64,
}

struct KeptRejection {
    promise: Persistent,
    reason: Persistent,
    continuation: u64,
}

fn address(promise: qjs::JSValue) -> usize {
    // SAFETY: a live object.
    unsafe { qjs::JS_VALUE_GET_PTR(promise).addr() }
}

impl Rejections {
    fn add(&mut self, promise: &Value<'_>, rejection: KeptRejection) {
        self.last += 1;
        self.kept.insert(self.last, rejection);
        self.numbers.insert(address(promise.raw()), self.last);
    }

    fn remove(&mut self, promise: qjs::JSValue) -> Option<KeptRejection> {
        let number = self.numbers.remove(&address(promise))?;
        self.kept.remove(&number)
    }
}

impl<'a> Ctx<'a> {
    /// Rejections without a handler since the last call.
    pub fn take_unhandled_rejections(self) -> Vec<Rejection<'a>> {
        let rejections = self.slot().rejections.take();
        rejections.kept.into_values().map(|rejection| self.restore_rejection(rejection)).collect()
    }

    fn restore_rejection(self, kept: KeptRejection) -> Rejection<'a> {
        let KeptRejection { promise, reason, continuation } = kept;
        Rejection { promise: self.restore(promise), reason: self.restore(reason), continuation }
    }
}

fn forget_rejection(ctx: Ctx<'_>, promise: qjs::JSValue) {
    let kept = ctx.slot().rejections.borrow_mut().remove(promise);
    drop(kept.map(|kept| ctx.restore_rejection(kept)));
}

/// SAFETY: installed on a runtime whose contexts all have a slot once guest code runs.
pub(crate) unsafe extern "C" fn on_rejection(
    ctx: *mut qjs::JSContext,
    promise: qjs::JSValue,
    reason: qjs::JSValue,
    is_handled: bool,
    _opaque: *mut c_void,
) {
    // SAFETY: the engine calls with a live context and live values.
    unsafe {
        if qjs::JS_GetContextOpaque(ctx).is_null() {
            return;
        }
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        if is_handled {
            forget_rejection(ctx, promise);
        } else {
            let promise = Value::borrowed(ctx, promise);
            let rejection = KeptRejection {
                promise: promise.clone().persist(),
                reason: Value::borrowed(ctx, reason).persist(),
                continuation: ctx.continuation(),
            };
            ctx.slot().rejections.borrow_mut().add(&promise, rejection);
        }
    }
}
