//! `navigator.locks` (Web Locks API): modes, `ifAvailable`, `steal`, `signal`, `query()`.
//!
//! Locks are shared by a runtime and its workers, and by all runtimes whose `localStorage` is the same: the host's service
//! `storage.bucket` names that, if it is shared. A host without the service has no such runtimes.
//!
//! A realm has at most 10,000 locks and 10,000 requests that wait, with names of 16 MB.

mod table;

use quickbeam_api_events::classes as events;
use quickbeam_api_messaging::cluster;
use quickbeam_api_navigator::classes as navigator;
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, LazyGlobal, Result, Thrown, Value};
use quickbeam_executor::{Api, RealmSender, call_service_sync, renew_tether, tether};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use table::{Excess, LockName, MAX_NAMES, MAX_REQUESTS, Otherwise, RequestId, Table};

static LOCKS: Glue = Glue::new("internal:locks", include_str!("locks.js"));

static CLASSES: [Deferred; 2] = [Deferred::class("LockManager", UNIT, classes), Deferred::class("Lock", UNIT, classes)];

/// What a realm keeps the classes under.
const UNIT: &str = "locks";

/// `navigator` with `locks`.
static NAVIGATOR: LazyGlobal = LazyGlobal::new("navigator", |ctx| {
    let navigator = navigator(ctx)?;
    let make = ctx.function("locks", 0, |ctx, _, _| classes(ctx)?.get("locks"))?;
    ctx.call(&navigator.get("define")?, &ctx.undefined(), &[ctx.string("locks")?, make])?;
    navigator.get("navigator")
});

/// The API.
pub struct Locks;

impl Api for Locks {
    fn name(&self) -> &'static str {
        "locks"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        ctx.define_lazy_global(&NAVIGATOR)
    }
}

fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let natives = Natives::new(ctx)?
            .function("request", request)?
            .function("watch", watch)?
            .function("renew", |ctx, _, args| {
                renew_tether(&args.get(0));
                Ok(ctx.undefined())
            })?
            .function("release", |ctx, _, args| {
                let client = client(ctx)?;
                Ok(ctx.boolean(client.table.release(id(args)?, client.id)))
            })?
            .function("query", query)?
            .into_value();
        ctx.call(&LOCKS.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, events(ctx)?, natives])
    })
}

/// The tables of storage that runtimes share, by its name.
static BUCKETS: LazyLock<Mutex<HashMap<String, Weak<Table>>>> = LazyLock::new(Mutex::default);

fn bucket(name: String) -> Arc<Table> {
    let mut buckets = BUCKETS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(table) = buckets.get(&name).and_then(Weak::upgrade) {
        return table;
    }
    buckets.retain(|_, table| table.strong_count() > 0);
    let table = Arc::<Table>::default();
    buckets.insert(name, Arc::downgrade(&table));
    table
}

fn table(ctx: Ctx<'_>) -> Result<Arc<Table>> {
    match call_service_sync(ctx, "storage.bucket", &[]) {
        Ok(name) if name.is_string() => Ok(bucket(name.to_text()?)),
        Ok(_) => Ok(cluster(ctx)?.shared()),
        Err(Thrown) => {
            drop(ctx.take_exception());
            ctx.poll(1)?;
            Ok(cluster(ctx)?.shared())
        }
    }
}

/// A realm with its locks and requests.
struct Client {
    id: u64,
    table: Arc<Table>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.table.leave(self.id);
    }
}

fn client(ctx: Ctx<'_>) -> Result<Rc<Client>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let client = kept(ctx, "locks/client", |ctx| {
        let table = table(ctx)?;
        ctx.host_object(Rc::new(Client { id: NEXT.fetch_add(1, Ordering::Relaxed), table }), None)
    })?;
    client.host().ok_or_else(|| ctx.throw_error("InternalError", "this realm has no locks"))
}

fn id(args: Args<'_>) -> Result<RequestId> {
    Ok(args.get(0).to_f64()? as RequestId)
}

/// `request(name, isShared, otherwise)`: `[id, promise of whether the lock is granted, tether]`; `otherwise` is `wait`, `refuse` or
/// `steal`. The tether gives the lock, or the request, back.
fn request<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let client = client(ctx)?;
    let name: LockName = args.get(0).with_utf16(|units| Box::from(units))?;
    let otherwise = match args.get(2).to_text()?.as_str() {
        "refuse" => Otherwise::Refuse,
        "steal" => Otherwise::Steal,
        _ => Otherwise::Wait,
    };
    let id = client.table.admit(client.id, &name).map_err(|excess| {
        let message = match excess {
            Excess::Requests => format!("{MAX_REQUESTS} requests of locks wait already"),
            Excess::Names => format!("the names of locks and requests would take more than {MAX_NAMES} bytes"),
        };
        ctx.throw_error("RangeError", &message)
    })?;
    let is_shared = args.get(1).truthy();
    let release = {
        let client = client.clone();
        move || {
            client.table.release(id, client.id);
        }
    };
    let begin = || {
        let tether = tether(ctx, release.clone())?;
        let promise = RealmSender::call(ctx, |sender, call| {
            client.table.request(id, &name, is_shared, otherwise, (client.id, sender, call));
            Ok(())
        })?;
        ctx.array(vec![ctx.number(id as f64), promise, tether])
    };
    begin().inspect_err(|_| release())
}

/// `watch(id)`: a promise of whether the lock is stolen, which is settled once it is not held any more.
fn watch<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (client, id) = (client(ctx)?, id(args)?);
    RealmSender::call(ctx, |sender, call| {
        client.table.watch(id, client.id, &sender, call);
        Ok(())
    })
}

/// `query()`: `[name, isShared, isHeld, client]` of all, oldest first.
fn query<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let list = client(ctx)?.table.list();
    let lines = list.into_iter().map(|listed| {
        let client = ctx.string(&format!("realm-{}", listed.client))?;
        let (is_shared, is_held) = (ctx.boolean(listed.is_shared), ctx.boolean(listed.is_held));
        ctx.array(vec![ctx.string_utf16(&listed.name)?, is_shared, is_held, client])
    });
    ctx.array(lines.collect::<Result<_>>()?)
}
