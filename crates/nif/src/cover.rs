//! Which lines of a realm's scripts have run, and how often.
//!
//! The toolchain puts calls of a global function into the scripts, and tells which line each is on; the counters are here. A
//! script may call that function itself: it then counts what it says, within the counters that there are.
//!
//! What a realm has counted stays when it goes, in the totals of this operating system process.

use crate::atoms;
use crate::encode::binary;
use crate::error::map_of;
use crate::realm::find;
use quickbeam_engine::{Args, Attributes, Ctx, Result, Value};
use quickbeam_executor::Input;
use quickbeam_toolchain::COVER_FUNCTION;
use rustler::{Atom, Encoder, Env, LocalPid, NifMap, Term};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};

/// A source whose lines are counted, as the toolchain describes it.
#[derive(NifMap)]
pub(crate) struct Covered {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) lines: Vec<u32>,
}

/// Sources that one realm counts; of what is made up while it runs there may be any number.
const MOST: usize = 10_000;

struct Counted {
    name: String,
    lines: Vec<u32>,
    hits: Vec<AtomicU64>,
}

/// The counters of one realm, over all its resets.
#[derive(Default)]
pub(crate) struct Coverage(RwLock<HashMap<u32, Counted>>);

/// How often each line of each file has run.
type Lines = BTreeMap<String, BTreeMap<u32, u64>>;

impl Coverage {
    /// Adds counters; those that are there go on.
    pub(crate) fn add(&self, files: Vec<Covered>) {
        let mut counted = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for Covered { id, name, lines } in files {
            if counted.len() >= MOST {
                return;
            }
            let hits = lines.iter().map(|_| AtomicU64::new(0)).collect();
            counted.entry(id).or_insert(Counted { name, lines, hits });
        }
    }

    fn count(&self, file: u32, point: usize) {
        let counted = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(hits) = counted.get(&file).and_then(|file| file.hits.get(point)) {
            hits.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A line has run as often as the most frequent of its points.
    fn add_to(&self, sum: &mut Lines) {
        for file in self.0.read().unwrap_or_else(PoisonError::into_inner).values() {
            let mut own: BTreeMap<u32, u64> = BTreeMap::new();
            for (line, hits) in file.lines.iter().zip(&file.hits) {
                let most = own.entry(*line).or_default();
                *most = (*most).max(hits.load(Ordering::Relaxed));
            }
            let lines = sum.entry(file.name.clone()).or_default();
            own.into_iter().for_each(|(line, hits)| *lines.entry(line).or_default() += hits);
        }
    }
}

/// What all realms have counted.
#[derive(Default)]
struct Register {
    live: Vec<Arc<Coverage>>,
    /// Of realms that are gone.
    total: Lines,
}

static REGISTER: LazyLock<Mutex<Register>> = LazyLock::new(Mutex::default);

fn register() -> MutexGuard<'static, Register> {
    REGISTER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A realm's hold of its counters.
#[derive(Default)]
pub(crate) struct Holder {
    coverage: Arc<Coverage>,
    is_on: AtomicBool,
}

impl Holder {
    /// Has the realm count; what installs the function for that.
    pub(crate) fn start(&self) -> Install {
        if !self.is_on.swap(true, Ordering::Relaxed) {
            register().live.push(self.coverage.clone());
        }
        Install(self.coverage.clone())
    }

    /// Whether the realm counts.
    fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, files: Vec<Covered>) {
        self.coverage.add(files);
    }

    pub(crate) fn term<'e>(&self, env: Env<'e>) -> Term<'e> {
        let mut lines = Lines::new();
        self.coverage.add_to(&mut lines);
        lines_term(env, &lines)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if !self.is_on() {
            return;
        }
        let mut register = register();
        let place = register.live.iter().position(|coverage| Arc::ptr_eq(coverage, &self.coverage));
        if let Some(place) = place {
            register.live.swap_remove(place);
            self.coverage.add_to(&mut register.total);
        }
    }
}

/// Defines the function that counts.
pub(crate) struct Install(Arc<Coverage>);

impl Input for Install {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        if ctx.globals().has(COVER_FUNCTION)? {
            return Ok(ctx.undefined());
        }
        let counters = ctx.host_object(Rc::new(self.0), None)?;
        let function = ctx.bound_function(&counters, count)?;
        ctx.globals().define(COVER_FUNCTION, function, Attributes::FIXED)?;
        Ok(ctx.undefined())
    }
}

fn count<'a>(ctx: Ctx<'a>, counters: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if let (Some(coverage), Some(file), Some(point)) =
        (counters.host::<Arc<Coverage>>(), args.get(0).as_int(), args.get(1).as_int())
    {
        coverage.count(file.cast_unsigned(), point.cast_unsigned() as usize);
    }
    Ok(ctx.undefined())
}

fn lines_term<'e>(env: Env<'e>, lines: &Lines) -> Term<'e> {
    let file = |(name, lines): (&String, &BTreeMap<u32, u64>)| {
        let entries = lines.iter().map(|(line, hits)| (line.encode(env), hits.encode(env)));
        (binary(env, name.as_bytes()), map_of(env, entries))
    };
    map_of(env, lines.iter().map(file))
}

/// Whether the realm of that owner counts lines.
#[rustler::nif]
fn realm_covers(owner: LocalPid) -> bool {
    find(&owner).is_some_and(|realm| realm.host().coverage.is_on())
}

/// Tells the realm of that owner of a script that is about to run: its source map, and the lines that it counts.
#[rustler::nif]
fn realm_script(owner: LocalPid, name: String, map: Option<String>, covered: Vec<Covered>) -> Atom {
    if let Some(realm) = find(&owner) {
        if let Some(map) = map {
            realm.host().source_maps.insert(name, map);
        }
        realm.host().coverage.add(covered);
    }
    atoms::ok()
}

/// What the realm of that owner has counted; nil if there is none.
#[rustler::nif(schedule = "DirtyCpu")]
fn realm_coverage(env: Env<'_>, owner: LocalPid) -> Term<'_> {
    match find(&owner) {
        Some(realm) => realm.host().coverage.term(env),
        None => atoms::nil().to_term(env),
    }
}

/// What all realms have counted, those that are gone included.
#[rustler::nif(schedule = "DirtyCpu")]
fn coverage(env: Env<'_>) -> Term<'_> {
    let register = register();
    let mut lines = register.total.clone();
    register.live.iter().for_each(|coverage| coverage.add_to(&mut lines));
    lines_term(env, &lines)
}

/// Forgets what realms that are gone have counted; those that live go on, uncounted in the totals.
#[rustler::nif]
fn coverage_reset() -> Atom {
    *register() = Register::default();
    atoms::ok()
}
