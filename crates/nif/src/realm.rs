//! Realms of owner processes.

use crate::answer;
use crate::atoms;
use crate::decode::TermInput;
use crate::grants;
use crate::host::BeamHost;
use crate::lineage::Parent;
use crate::op::{Request, read};
use crate::outbox::Outbox;
use crate::rendezvous::{Habit, Rendezvous};
use crate::reply::{BeamReply, Parcel, unpack};
use quickbeam_engine::EncodeLimits;
use quickbeam_executor::{
    Api, CallId, Executor, ExecutorOptions, Lineage, ListenerId, Op, RealmConfig, RealmHandle, SubmitError,
    SubmitOptions,
};
use quickbeam_net::{ClientOptions, Proxy};
use rustler::{Atom, Binary, Decoder, Encoder, Env, LocalPid, Monitor, NifResult, Resource, ResourceArc, Term};
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// A realm with its owner. It goes with the owner process, or when the last term that refers to it does.
pub(crate) struct OwnedRealm {
    handle: RealmHandle,
    host: Arc<BeamHost>,
    /// Of ops that come without one.
    timeout: Option<Duration>,
    /// Whether others than the owner may submit. An owner that sets its realm up keeps them out until that is done: a
    /// restarted process would be found under its name before its script has run.
    is_open: AtomicBool,
    is_over: AtomicBool,
    /// Messages that its owner holds while the inbox is full.
    held: AtomicUsize,
    lingering: Habit,
}

/// What the owner holds: it keeps the realm, and its monitor takes the realm down with the owner.
pub(crate) struct Owner {
    realm: Arc<OwnedRealm>,
}

#[rustler::resource_impl]
impl Resource for Owner {
    const IMPLEMENTS_DOWN: bool = true;

    fn down<'a>(&'a self, _env: Env<'a>, pid: LocalPid, _monitor: Monitor) {
        self.realm.end(&pid);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let owner = self.realm.host.owner;
        self.realm.end(&owner);
    }
}

impl OwnedRealm {
    pub(crate) fn host(&self) -> &BeamHost {
        &self.host
    }

    /// Takes effect once: who still holds the realm's handle later must not end that of another process with the same pid.
    fn end(&self, owner: &LocalPid) {
        if !self.is_over.swap(true, Ordering::AcqRel) {
            table_mut().remove(owner);
            self.handle.kill();
        }
    }

    fn admits(&self, caller: LocalPid, lineage: &Lineage) -> bool {
        self.is_open.load(Ordering::Acquire) || lineage.call_of(self.handle.id()).is_some() || caller == self.host.owner
    }
}

/// Threads that run realms.
pub(crate) struct ExecutorResource(Arc<Executor>);

#[rustler::resource_impl]
impl Resource for ExecutorResource {}

type Table = HashMap<LocalPid, Arc<OwnedRealm>, BuildHasherDefault<DefaultHasher>>;

static TABLE: OnceLock<RwLock<Table>> = OnceLock::new();

fn table() -> RwLockReadGuard<'static, Table> {
    TABLE.get_or_init(RwLock::default).read().unwrap_or_else(PoisonError::into_inner)
}

fn table_mut() -> RwLockWriteGuard<'static, Table> {
    TABLE.get_or_init(RwLock::default).write().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn find(owner: &LocalPid) -> Option<Arc<OwnedRealm>> {
    table().get(owner).cloned()
}

/// What the ops run for that a handler submits.
fn lineage_of(parent: Parent) -> Lineage {
    let Some(realm) = find(&parent.owner) else { return Lineage::default() };
    let made_by = realm.host.lineages.made_by(parent.id);
    if parent.sync { Lineage::of_call(realm.handle.id(), parent.id, &made_by) } else { made_by }
}

fn option<'a, T: Decoder<'a>>(options: Term<'a>, name: Atom) -> NifResult<Option<T>> {
    match options.map_get(name) {
        Ok(value) if atoms::nil() == value => Ok(None),
        Ok(value) => value.decode().map(Some),
        Err(_) => Ok(None),
    }
}

/// The APIs of the groups that the option names, after those that every realm has.
fn apis(options: Term<'_>) -> NifResult<Vec<&'static dyn Api>> {
    let names: Vec<Term<'_>> = option(options, atoms::apis())?.unwrap_or_default();
    let names = names.iter().map(Term::atom_to_string).collect::<NifResult<Vec<String>>>()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let chosen = quickbeam_apis_browser::groups(&names).ok_or(rustler::Error::BadArg)?;
    Ok(quickbeam_apis::always().iter().copied().chain(chosen).collect())
}

/// A timeout; `infinity` is none.
fn milliseconds(term: Term<'_>) -> Option<Duration> {
    term.decode::<u64>().ok().map(Duration::from_millis)
}

/// What the realm's APIs are set up with: the option `fetch`, if it was given.
fn settings(options: Term<'_>) -> NifResult<Vec<Arc<dyn Any + Send + Sync>>> {
    let Some(given) = option::<Term<'_>>(options, atoms::fetch())? else { return Ok(Vec::new()) };
    let time = |name| option::<Term<'_>>(given, name).map(|time| time.and_then(milliseconds));
    let default = ClientOptions::default();
    let roots = option::<Vec<Binary<'_>>>(given, atoms::cacerts())?.unwrap_or_default();
    let client = ClientOptions {
        total_timeout: time(atoms::timeout())?,
        connect_timeout: time(atoms::connect_timeout())?.unwrap_or(default.connect_timeout),
        max_response_size: option(given, atoms::max_response())?,
        extra_roots: roots.iter().map(|root| root.to_vec()).collect(),
        proxy: match option::<Term<'_>>(given, atoms::proxy())? {
            None => Proxy::Environment,
            Some(url) => url.decode().map_or(Proxy::Direct, Proxy::At),
        },
        ..default
    };
    Ok(vec![Arc::new(client)])
}

#[rustler::nif]
fn executor_start(threads: usize, contexts_per_isolate: usize) -> NifResult<ResourceArc<ExecutorResource>> {
    Ok(ResourceArc::new(ExecutorResource(start_executor(threads, contexts_per_isolate)?)))
}

fn start_executor(threads: usize, contexts_per_isolate: usize) -> NifResult<Arc<Executor>> {
    let options = ExecutorOptions { threads, contexts_per_isolate, ..ExecutorOptions::default() };
    Executor::new(&options).map_err(|error| rustler::Error::RaiseTerm(Box::new(error.to_string())))
}

#[rustler::nif]
fn realm_start<'a>(env: Env<'a>, options: Term<'a>) -> NifResult<Term<'a>> {
    let owner = env.pid();
    let depth = option::<u32>(options, atoms::max_convert_depth())?;
    let nodes = option::<u64>(options, atoms::max_convert_nodes())?;
    let memory_limit = option::<usize>(options, atoms::memory_limit())?.unwrap_or(256 << 20);
    let limits = EncodeLimits {
        max_depth: depth.unwrap_or(1000),
        max_nodes: nodes.unwrap_or(u64::MAX),
        max_bytes: (memory_limit as u64).saturating_mul(4),
        cut: depth.is_some() || nodes.is_some(),
    };
    let root = option::<LocalPid>(options, atoms::root())?.and_then(|root| find(&root));
    let outbox = root.map_or_else(|| Arc::new(Outbox::new(memory_limit)), |root| root.host.outbox.clone());
    let host = Arc::new(BeamHost::new(owner, limits, memory_limit, outbox));
    let timeout = options.map_get(atoms::timeout()).ok().and_then(milliseconds);
    let config = RealmConfig {
        apis: apis(options)?,
        memory_limit,
        max_stack_size: option::<usize>(options, atoms::max_stack_size())?.unwrap_or(8 << 20),
        max_reductions: option::<u64>(options, atoms::max_reductions())?,
        callback_timeout: timeout,
        grants: Arc::new(grants::read(options)),
        settings: settings(options)?,
        ..RealmConfig::new(host.clone())
    };
    let executor = match option::<ResourceArc<ExecutorResource>>(options, atoms::executor())? {
        Some(executor) => executor.0.clone(),
        None => start_executor(1, 1)?,
    };
    let is_open = AtomicBool::new(option::<bool>(options, atoms::open())?.unwrap_or(true));
    let is_over = AtomicBool::new(false);
    let handle = executor.spawn(config);
    let held = AtomicUsize::new(0);
    let realm = Arc::new(OwnedRealm { handle, host, timeout, is_open, is_over, held, lingering: Habit::default() });
    table_mut().insert(owner, realm.clone());
    let resource = ResourceArc::new(Owner { realm });
    if resource.monitor(Some(env), &owner).is_none() {
        resource.realm.end(&owner);
    }
    Ok(resource.encode(env))
}

#[rustler::nif]
fn realm_open(owner: ResourceArc<Owner>) -> Atom {
    owner.realm.is_open.store(true, Ordering::Release);
    atoms::ok()
}

#[rustler::nif]
fn realm_stop(owner: ResourceArc<Owner>) -> Atom {
    let pid = owner.realm.host.owner;
    owner.realm.end(&pid);
    atoms::ok()
}

#[rustler::nif]
fn realm_handlers(owner: ResourceArc<Owner>, names: Vec<String>) -> Atom {
    owner.realm.host.set_handlers(names.into_iter().collect::<HashSet<_>>());
    atoms::ok()
}

#[rustler::nif]
fn realm_output_taken(owner: ResourceArc<Owner>, text_bytes: usize) -> u64 {
    owner.realm.host.output_taken(text_bytes)
}

/// The processes whose mailboxes the owner is to look at, as its realm has sent them messages, that one among them; each with the number of the last
/// message.
#[rustler::nif]
fn realm_addressees(owner: ResourceArc<Owner>, to: LocalPid) -> Vec<(LocalPid, u64)> {
    owner.realm.host.outbox.next_look(to)
}

/// How many messages wait in those mailboxes. For a realm's owner, those on their way from there into the realm wait, too.
#[rustler::nif]
fn realm_mailboxes(owner: ResourceArc<Owner>, lengths: Vec<(LocalPid, u64, usize)>) -> Atom {
    for (pid, last, length) in lengths {
        let passed_on = find(&pid).map_or(0, |realm| realm.held.load(Ordering::Relaxed) + realm.handle.waiting());
        owner.realm.host.outbox.looked(pid, last, length + passed_on);
    }
    atoms::ok()
}

/// The owner holds so many messages for its realm.
#[rustler::nif]
fn realm_holds(owner: LocalPid, messages: usize) -> Atom {
    let Some(realm) = find(&owner) else { return atoms::noproc() };
    realm.held.store(messages, Ordering::Relaxed);
    atoms::ok()
}

/// Hands an op over; the reply comes as the message `{ref, reply}`.
#[rustler::nif]
fn submit<'a>(
    env: Env<'a>,
    owner: LocalPid,
    reference: Term<'a>,
    op: Term<'a>,
    timeout: Term<'a>,
    parent: Option<Parent>,
) -> Term<'a> {
    let lineage = parent.map(lineage_of).unwrap_or_default();
    match admitting(env, &owner, &lineage) {
        Some(realm) => hand_over(env, &realm, reference, op, timeout, lineage, None),
        None => atoms::noproc().to_term(env),
    }
}

/// Like `submit`, of a caller that does nothing but wait: if the reply comes at once, it is what this returns.
#[rustler::nif]
fn request<'a>(
    env: Env<'a>,
    owner: LocalPid,
    reference: Term<'a>,
    op: Term<'a>,
    timeout: Term<'a>,
    parent: Option<Parent>,
) -> Term<'a> {
    let lineage = parent.map(lineage_of).unwrap_or_default();
    let Some(realm) = admitting(env, &owner, &lineage) else { return atoms::noproc().to_term(env) };
    let rendezvous = (realm.handle.is_attended() && realm.lingering.is_due()).then(Rendezvous::new);
    let taken = hand_over(env, &realm, reference, op, timeout, lineage, rendezvous.clone());
    let Some(rendezvous) = rendezvous.filter(|_| atoms::ok() == taken) else { return taken };
    let parcel = rendezvous.linger();
    realm.lingering.learn(parcel.is_some());
    // A process that waits for messages gives way to others; one that gets its replies without must, too.
    rustler::schedule::consume_timeslice(env, 1);
    parcel.map_or(taken, |parcel| unpack(env, parcel))
}

/// The realm of that owner, if the calling process may use it.
fn admitting(env: Env<'_>, owner: &LocalPid, lineage: &Lineage) -> Option<Arc<OwnedRealm>> {
    find(owner).filter(|realm| realm.admits(env.pid(), lineage))
}

fn hand_over<'a>(
    env: Env<'a>,
    realm: &OwnedRealm,
    reference: Term<'a>,
    op: Term<'a>,
    timeout: Term<'a>,
    lineage: Lineage,
    rendezvous: Option<Arc<Rendezvous<Parcel>>>,
) -> Term<'a> {
    let request = match read(op) {
        Ok(request) => request,
        Err(message) => return (atoms::badop(), message).encode(env),
    };
    let op = match request {
        Request::Op(op) => op,
        Request::Cover(files) => {
            realm.host.coverage.add(files);
            Op::Make(Box::new(realm.host.coverage.start()))
        }
        Request::SourceMap(filename, map) => {
            realm.host.source_maps.insert(filename, map);
            let _ = env.send(&env.pid(), (reference, atoms::ok()));
            return atoms::ok().to_term(env);
        }
    };
    let reply = BeamReply::new(env.pid(), reference, realm.host.clone(), rendezvous);
    let timeout = if atoms::nil() == timeout { realm.timeout } else { milliseconds(timeout) };
    match realm.handle.submit(op, Box::new(reply), SubmitOptions { timeout, lineage }) {
        Ok(()) => atoms::ok().to_term(env),
        Err(error) => refused(error).to_term(env),
    }
}

fn refused(error: SubmitError) -> Atom {
    match error {
        SubmitError::Busy => atoms::busy(),
        SubmitError::Closed => atoms::noproc(),
    }
}

#[rustler::nif]
fn send_message(owner: LocalPid, message: Term<'_>) -> Atom {
    let Some(realm) = find(&owner) else { return atoms::noproc() };
    match realm.handle.cast(Op::Message(Box::new(TermInput::new(message)))) {
        Ok(()) => atoms::ok(),
        Err(error) => refused(error),
    }
}

#[rustler::nif]
fn event(owner: ResourceArc<Owner>, listener: ListenerId, payload: Term<'_>) -> Atom {
    let op = Op::Event { listener, event: Box::new(TermInput::new(payload)) };
    match owner.realm.handle.cast(op) {
        Ok(()) => atoms::ok(),
        Err(error) => refused(error),
    }
}

#[rustler::nif]
fn resolve(owner: ResourceArc<Owner>, id: CallId, result: Term<'_>) -> Atom {
    owner.realm.host.answered(id);
    owner.realm.handle.resolve(id, answer::read(result));
    atoms::ok()
}

/// The owners of all realms, however many: not on a normal scheduler.
#[rustler::nif(schedule = "DirtyCpu")]
fn realm_owners() -> Vec<LocalPid> {
    table().keys().copied().collect()
}

/// What the realm of that owner holds and has used; nil if there is none.
#[rustler::nif]
fn realm_usage(env: Env<'_>, owner: LocalPid) -> Term<'_> {
    let Some(realm) = find(&owner) else { return atoms::nil().to_term(env) };
    let usage = realm.handle.usage();
    let fields = [(atoms::memory(), usage.memory.encode(env)), (atoms::reductions(), usage.reductions.encode(env))];
    crate::error::map(env, &fields)
}

#[rustler::nif]
fn executor_info(env: Env<'_>, executor: ResourceArc<ExecutorResource>) -> Term<'_> {
    let info = executor.0.info();
    let processors = info.processors.iter().map(|processor| {
        let fields = [
            (atoms::realms(), processor.realms.encode(env)),
            (atoms::isolates(), processor.isolates.encode(env)),
            (atoms::queued(), processor.queued.encode(env)),
            (atoms::preemptions(), processor.preemptions.encode(env)),
            (atoms::hand_offs(), processor.hand_offs.encode(env)),
            (atoms::steals(), processor.steals.encode(env)),
            (atoms::longest_hold(), (processor.longest_hold.as_micros() as u64).encode(env)),
        ];
        crate::error::map(env, &fields)
    });
    let processors = processors.collect::<Vec<_>>().encode(env);
    crate::error::map(env, &[(atoms::threads(), info.threads.encode(env)), (atoms::processors(), processors)])
}

#[rustler::nif(schedule = "DirtyCpu")]
fn broadcast(name: &str, bytes: rustler::Binary<'_>) -> usize {
    quickbeam_api_broadcast_channel::deliver_from_afar(name, bytes.as_slice().to_vec())
}

/// Whether there are other nodes.
#[rustler::nif]
fn broadcast_afar(afar: bool) -> Atom {
    quickbeam_api_broadcast_channel::reach_afar(afar);
    atoms::ok()
}

#[rustler::nif]
fn version(env: Env<'_>) -> Term<'_> {
    let text = |text: &str| crate::encode::binary(env, text.as_bytes());
    let fields = [
        (atoms::quickbeam(), text(env!("CARGO_PKG_VERSION"))),
        (atoms::quickjs(), text(&quickbeam_engine::engine_version())),
    ];
    crate::error::map(env, &fields)
}
