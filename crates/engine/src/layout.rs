//! Where the engine keeps what its interface hides.
//!
//! Some fields are needed that quickjs-ng shows nobody: the countdown to the next poll, the global object and that of lexical
//! globals (in a context); the pending jobs, the innermost stack frame, the "a stack trace is being built" flag, what is collected and
//! the size of it all (in a runtime); the C function (in a function object). They are
//! found once per process by watching a private runtime: each is the only word (or byte) that behaves as that field
//! must. A build of the engine in which one is not found, or found twice, makes no isolate
//! ([`IsolateError::UnknownEngine`](crate::IsolateError)); nothing is ever written to a place that was merely guessed.

mod collector;
mod functions;
mod iterators;
mod objects;

use collector::CollectorLayout;
pub(crate) use iterators::CollectionIterator;
pub(crate) use objects::{ObjectLayout, Unmade, object_layout};

use crate::disposal::Stack;
use crate::heap::{self, Heap};
use crate::list::Link;
use crate::native::Natives;
use crate::reveal::Reflection;
use rquickjs::qjs;
use std::ffi::{CStr, c_int, c_void};
use std::ops::{Range, RangeInclusive};
use std::ptr;
use std::sync::OnceLock;

/// Steps between two polls when nobody asks for an earlier one; the engine's own constant.
pub(crate) const STEPS_PER_POLL: i32 = 10_000;

/// Those of the first two jobs of a probe.
const PROBE_TAGS: [i32; 2] = [41, 42];

/// What the engine's inner allocator puts before each block.
const BLOCK_HEADER: usize = 8;

/// Offsets in bytes, and what else is found out once.
pub(crate) struct Layout {
    /// The countdown, an `i32` in a `JSContext`.
    countdown: usize,
    /// The object whose properties are the `let`, `const` and `class` of scripts, a `JSValue` in a `JSContext`.
    lexical: usize,
    /// The global object, a `JSValue` in a `JSContext`.
    global: usize,
    /// The head of the list of pending jobs, a [`Link`] in a `JSRuntime`.
    jobs: usize,
    /// The innermost frame, a pointer in a `JSRuntime`.
    frame: usize,
    /// Whether frames are what [`Frame`] says.
    pub(crate) shows_calls: bool,
    /// Whether a stack trace is being built, a `bool` in a `JSRuntime`.
    tracing: usize,
    collector: CollectorLayout,
    /// What the engine's builtins do.
    pub(crate) natives: Natives,
    pub(crate) reflection: Reflection,
    /// The classes that [`disposal`](crate::disposal) makes.
    pub(crate) stacks: [Stack; 2],
}

/// A pending job. `argc` values follow.
#[repr(C)]
pub(crate) struct Job {
    pub(crate) link: Link,
    pub(crate) ctx: *mut qjs::JSContext,
    function: qjs::JSJobFunc,
    /// What was set when its promise reaction was made, or else the job itself.
    pub(crate) continuation: u64,
    pub(crate) number: u32,
    argc: c_int,
    args: [qjs::JSValue; 0],
}

impl Job {
    /// SAFETY: `job` is a live job.
    pub(crate) unsafe fn args<'j>(job: *mut Job) -> &'j [qjs::JSValue] {
        // SAFETY: by contract `argc` values stand behind the job.
        unsafe {
            std::slice::from_raw_parts((&raw const (*job).args).cast(), usize::try_from((*job).argc).unwrap_or(0))
        }
    }

    /// Puts another value in the place of an argument, which it is given back.
    ///
    /// SAFETY: `job` is a live job that has this argument.
    pub(crate) unsafe fn replace_arg(job: *mut Job, index: usize, value: qjs::JSValue) -> qjs::JSValue {
        // SAFETY: by contract.
        unsafe { (&raw mut (*job).args).cast::<qjs::JSValue>().add(index).replace(value) }
    }
}

/// The start of a stack frame.
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) prev: *const Frame,
    pub(crate) function: qjs::JSValue,
    variables: [*const c_void; 3],
    /// Behind the instruction under way; meaningless in frames of native functions.
    pub(crate) pc: *const u8,
}

impl Frame {
    /// A frame that only says where a call stands.
    pub(crate) fn of(function: qjs::JSValue, pc: *const u8) -> Frame {
        Frame { prev: ptr::null(), function, variables: [ptr::null(); 3], pc }
    }
}

impl Layout {
    /// The layout of this process's engine; `None` if it hides something.
    pub(crate) fn get() -> Option<&'static Layout> {
        static LAYOUT: OnceLock<Option<Layout>> = OnceLock::new();
        let found = LAYOUT.get_or_init(|| {
            let probe = Probe::new()?;
            probe.check_context_block()?;
            // SAFETY: the probe's runtime is private to this thread and live.
            unsafe {
                let (natives, reflection, stacks) = probe.find_natives()?;
                let frame = probe.find_frame()?;
                Some(Layout {
                    countdown: probe.find_countdown()?,
                    lexical: probe.find_lexical()?,
                    global: probe.find_global()?,
                    jobs: probe.find_jobs()?,
                    frame,
                    shows_calls: probe.shows_calls(frame),
                    tracing: probe.find_tracing()?,
                    collector: probe.find_collector()?,
                    natives,
                    reflection,
                    stacks,
                })
            }
        });
        found.as_ref()
    }

    /// SAFETY (this and the ones below): the context or runtime is live; the result points into it.
    pub(crate) unsafe fn countdown(&self, ctx: *mut qjs::JSContext) -> *mut i32 {
        // SAFETY: by contract and construction.
        unsafe { ctx.cast::<u8>().add(self.countdown).cast() }
    }

    pub(crate) unsafe fn lexical(&self, ctx: *mut qjs::JSContext) -> *const qjs::JSValue {
        // SAFETY: as for `countdown`.
        unsafe { ctx.cast::<u8>().add(self.lexical).cast() }
    }

    pub(crate) unsafe fn global(&self, ctx: *mut qjs::JSContext) -> *mut qjs::JSValue {
        // SAFETY: as for `countdown`.
        unsafe { ctx.cast::<u8>().add(self.global).cast() }
    }

    /// The function that runs: the native one that asks, as a rule.
    pub(crate) unsafe fn running_function(&self, rt: *mut qjs::JSRuntime) -> qjs::JSValue {
        // SAFETY: as for `countdown`; a frame is live while it is the innermost.
        unsafe {
            let frame = (*self.frame(rt)).cast::<Frame>();
            if frame.is_null() { qjs::JS_UNDEFINED } else { (*frame).function }
        }
    }

    pub(crate) unsafe fn jobs(&self, rt: *mut qjs::JSRuntime) -> *mut Link {
        // SAFETY: as for `countdown`.
        unsafe { rt.cast::<u8>().add(self.jobs).cast() }
    }

    /// The head of the list of all that the collector looks at.
    pub(crate) unsafe fn objects(&self, rt: *mut qjs::JSRuntime) -> *mut Link {
        // SAFETY: as for `countdown`.
        unsafe { rt.cast::<u8>().add(self.collector.objects).cast() }
    }

    /// Bytes allocated by the engine's own count.
    pub(crate) unsafe fn size(&self, rt: *mut qjs::JSRuntime) -> usize {
        // SAFETY: as for `countdown`.
        unsafe { rt.cast::<u8>().add(self.collector.size).cast::<usize>().read() }
    }

    pub(crate) unsafe fn frame(&self, rt: *mut qjs::JSRuntime) -> *mut *mut c_void {
        // SAFETY: as for `countdown`.
        unsafe { rt.cast::<u8>().add(self.frame).cast() }
    }

    pub(crate) unsafe fn tracing(&self, rt: *mut qjs::JSRuntime) -> *mut u8 {
        // SAFETY: as for `countdown`.
        unsafe { rt.cast::<u8>().add(self.tracing) }
    }
}

/// The block of the heap that holds nothing but this context.
pub(crate) fn context_block(ctx: *mut qjs::JSContext) -> *mut c_void {
    block_of(ctx.cast()).cast_mut()
}

/// The block of the heap that holds nothing but what a pointer of the engine leads to, if that is large.
pub(crate) fn block_of(pointer: *const c_void) -> *const c_void {
    pointer.cast::<u8>().wrapping_sub(BLOCK_HEADER).cast()
}

/// Bytes from the header of a block to the kind of the object in it, which shares its byte with a mark of the collector.
const KIND: usize = BLOCK_HEADER - 3;
const KIND_BITS: u8 = 0x7f;
const KIND_OBJECT: u8 = 0;

/// Whether what is linked here is an object.
///
/// SAFETY: the link is in the list of all that the collector looks at, and not its head.
pub(crate) unsafe fn is_object(link: *mut Link) -> bool {
    // SAFETY: by contract it is behind a header.
    unsafe { link.cast::<u8>().sub(KIND).read() & KIND_BITS == KIND_OBJECT }
}

/// The addresses of a runtime, where the heads of its lists are.
///
/// SAFETY: the runtime is live.
pub(crate) unsafe fn runtime_block(rt: *mut qjs::JSRuntime) -> Range<usize> {
    let start = rt.addr();
    // SAFETY: a runtime is a block of its heap.
    start..start + unsafe { heap::size_of_block(rt.cast()) }
}

/// A private runtime to watch. It goes with its heap.
pub(crate) struct Probe {
    heap: Box<Heap>,
    pub(crate) rt: *mut qjs::JSRuntime,
    pub(crate) ctx: *mut qjs::JSContext,
}

/// What a probing function reports.
struct Sighting {
    /// The functions on the stack, innermost first.
    functions: [*mut c_void; 2],
    /// Addresses of the stack in use.
    stack: RangeInclusive<usize>,
    /// The runtime's bytes during the call; empty if it was not called.
    bytes: Vec<u8>,
    /// The words that look like the innermost frame.
    frames: Vec<usize>,
}

impl Probe {
    fn new() -> Option<Probe> {
        let heap = Heap::new(usize::MAX);
        let functions = Heap::zeroing_functions();
        // SAFETY: a private runtime on this thread, freed with its heap.
        unsafe {
            let rt = qjs::JS_NewRuntime2(&functions, (&raw const *heap).cast_mut().cast());
            if rt.is_null() {
                return None;
            }
            let ctx = qjs::JS_NewContext(rt);
            if ctx.is_null() { None } else { Some(Probe { heap, rt, ctx }) }
        }
    }

    /// A context must be a block of its own, so that the heap sees it go.
    fn check_context_block(&self) -> Option<()> {
        self.heap.holds(context_block(self.ctx)).then_some(())
    }

    /// The runtime as it is now.
    ///
    /// SAFETY (all of these): the runtime is live and used by this thread alone.
    unsafe fn runtime(&self) -> Vec<u8> {
        // SAFETY: the runtime is a block of the heap with that many bytes; padding is only compared.
        unsafe { bytes_at(self.rt.cast(), heap::size_of_block(self.rt.cast())) }
    }

    /// Walks the list from an object until it is there again: every link is within a block and is linked both ways, one is in
    /// the runtime, and there are as many objects as the engine itself counts.
    unsafe fn lists_objects(&self) -> bool {
        const MOST: usize = 100_000;
        // SAFETY: by contract; nothing is read but within blocks of the heap.
        unsafe {
            let start = qjs::JS_VALUE_GET_PTR(self.eval(c"({})")).cast::<Link>();
            let runtime = runtime_block(self.rt);
            let (mut link, mut heads, mut objects) = (start, 0, 0);
            for _ in 0..MOST {
                if runtime.contains(&link.addr()) {
                    heads += 1;
                } else if self.heap.covers(link.cast::<u8>().wrapping_sub(BLOCK_HEADER).cast(), BLOCK_HEADER) {
                    objects += i64::from(is_object(link));
                } else {
                    return false;
                }
                let next = Link::next(link);
                if !self.heap.covers(next.cast(), size_of::<Link>()) || Link::prev(next) != link {
                    return false;
                }
                link = next;
                if link == start {
                    let mut usage = std::mem::zeroed::<qjs::JSMemoryUsage>();
                    qjs::JS_ComputeMemoryUsage(self.rt, &mut usage);
                    return heads == 1 && objects == usage.obj_count;
                }
            }
            false
        }
    }

    pub(crate) unsafe fn eval(&self, source: &CStr) -> qjs::JSValue {
        // SAFETY: by contract; the source ends with its NUL.
        unsafe {
            let kind = qjs::JS_EVAL_TYPE_GLOBAL as c_int;
            qjs::JS_Eval(self.ctx, source.as_ptr(), source.count_bytes() as _, c"probe".as_ptr(), kind)
        }
    }

    /// Calls an empty function: only the countdown falls by exactly one each time.
    unsafe fn find_countdown(&self) -> Option<usize> {
        const CALLS: i32 = 7;
        // SAFETY: by contract; a context has a block of its own.
        unsafe {
            let words = (heap::size_of_block(context_block(self.ctx)) - BLOCK_HEADER) / size_of::<i32>();
            let function = self.eval(c"(function () {})");
            let read = |word: usize| self.ctx.cast::<i32>().add(word).read_volatile();
            let before: Vec<i32> = (0..words).map(read).collect();
            for _ in 0..CALLS {
                qjs::JS_Call(self.ctx, function, qjs::JS_UNDEFINED, 0, ptr::null_mut());
            }
            let fell = |word: usize| {
                (1..=STEPS_PER_POLL).contains(&before[word]) && before[word].wrapping_sub(read(word)) == CALLS
            };
            only((0..words).filter(|&word| fell(word))).map(|word| word * size_of::<i32>())
        }
    }

    /// Declares a name: only the object of lexical globals gets it.
    unsafe fn find_lexical(&self) -> Option<usize> {
        // SAFETY: by contract; a context has a block of its own, and what looks like an object there is checked to lie in a block
        // before the engine is asked about it.
        unsafe {
            let bytes = heap::size_of_block(context_block(self.ctx)) - BLOCK_HEADER;
            let value_at = |offset: usize| self.ctx.cast::<u8>().add(offset).cast::<qjs::JSValue>().read();
            let declares = self.eval(c"let quickbeam_probe = 1");
            let name = qjs::JS_NewAtom(self.ctx, c"quickbeam_probe".as_ptr());
            let has_name = |&offset: &usize| {
                let value = value_at(offset);
                let object = qjs::JS_VALUE_GET_PTR(value);
                qjs::JS_VALUE_GET_TAG(value) == qjs::JS_TAG_OBJECT
                    && self.heap.covers(object.cast::<u8>().wrapping_sub(BLOCK_HEADER).cast(), BLOCK_HEADER)
                    && is_object(object.cast())
                    && qjs::JS_GetOwnProperty(self.ctx, ptr::null_mut(), value, name) == 1
            };
            let offsets = (0..=bytes - size_of::<qjs::JSValue>()).step_by(align_of::<qjs::JSValue>());
            if qjs::JS_IsException(declares) { None } else { only(offsets.filter(has_name)) }
        }
    }

    /// Looks for the global object, and lets the engine define a builtin while another object stands there.
    unsafe fn find_global(&self) -> Option<usize> {
        // SAFETY: by contract; a context has a block of its own. The place gets back what it held before anything else runs.
        unsafe {
            let bytes = heap::size_of_block(context_block(self.ctx)) - BLOCK_HEADER;
            let global = qjs::JS_GetGlobalObject(self.ctx);
            let place = |offset: usize| self.ctx.cast::<u8>().add(offset).cast::<qjs::JSValue>();
            let is_global = |&offset: &usize| {
                let value = place(offset).read();
                value.tag == global.tag && qjs::JS_VALUE_GET_PTR(value) == qjs::JS_VALUE_GET_PTR(global)
            };
            let offsets = (0..=bytes - size_of::<qjs::JSValue>()).step_by(align_of::<qjs::JSValue>());
            let offset = only(offsets.filter(is_global))?;
            let other = qjs::JS_NewObject(self.ctx);
            let kept = ptr::replace(place(offset), qjs::JS_DupValue(self.ctx, other));
            let status = qjs::JS_AddIntrinsicDate(self.ctx);
            ptr::write(place(offset), kept);
            let date = qjs::JS_NewAtom(self.ctx, c"Date".as_ptr());
            (status == 0 && qjs::JS_HasProperty(self.ctx, other, date) == 1).then_some(offset)
        }
    }

    /// Enqueues two jobs: the list's head is the only empty one that then holds exactly these, in this order.
    unsafe fn find_jobs(&self) -> Option<usize> {
        // SAFETY: by contract; what a changed head points to is checked to lie in a block of the heap before it is read.
        unsafe {
            let bytes = heap::size_of_block(self.rt.cast());
            let head_at = |offset: usize| self.rt.cast::<u8>().add(offset).cast::<Link>();
            let offsets = (0..=bytes - size_of::<Link>()).step_by(align_of::<Link>());
            let empty: Vec<usize> = offsets.filter(|&offset| Link::is_empty(head_at(offset))).collect();
            for tag in PROBE_TAGS {
                let mut args = [integer(tag), integer(-tag)];
                (*qjs::JS_GetContinuation(self.rt)).tag = tag as u64;
                if qjs::JS_EnqueueJob(self.ctx, Some(probe_job), 2, args.as_mut_ptr()) < 0 {
                    return None;
                }
            }
            let [tag, next_tag] = PROBE_TAGS;
            let holds_both = |&offset: &usize| {
                let head = head_at(offset);
                let (first, last) = (Link::next(head), Link::prev(head));
                self.is_job(first, tag)
                    && self.is_job(last, next_tag)
                    && Link::next(first) == last
                    && Link::next(last) == head
            };
            let offset = only(empty.into_iter().filter(holds_both))?;
            self.check_jobs(head_at(offset)).then_some(offset)
        }
    }

    unsafe fn is_job(&self, link: *mut Link, tag: i32) -> bool {
        const ARGS: usize = 2;
        let size = size_of::<Job>() + ARGS * size_of::<qjs::JSValue>();
        if !self.heap.covers(link.cast(), size) {
            return false;
        }
        let job = link.cast::<Job>();
        // SAFETY: the heap has that many bytes there; they are plain data until `argc` has been checked.
        unsafe {
            (*job).ctx == self.ctx
                && (*job).function.map(|function| function as usize) == Some(probe_job as *const () as usize)
                && (*job).continuation == tag as u64
                && (*job).number == (tag - PROBE_TAGS[0]) as u32
                && (*job).argc == ARGS as c_int
                && Job::args(job).iter().map(|value| value.u.int32).eq([tag, -tag])
        }
    }

    /// Takes the jobs out and in again by hand, and lets the engine run the first.
    unsafe fn check_jobs(&self, head: *mut Link) -> bool {
        let mut ran = ptr::null_mut();
        // SAFETY: the list's two jobs are live; the head gets back what it held.
        unsafe {
            let kept = ptr::read(head);
            Link::init(head);
            let emptied = !qjs::JS_IsJobPending(self.rt);
            ptr::write(head, kept);
            emptied
                && qjs::JS_IsJobPending(self.rt)
                && qjs::JS_ExecutePendingJob(self.rt, &mut ran) == 1
                && ran == self.ctx
                && Link::next(head) == Link::prev(head)
                && self.is_job(Link::next(head), PROBE_TAGS[1])
        }
    }

    /// Calls a native function from a script: the only word that is null outside and then the native's frame,
    /// whose outer frame is the script's.
    unsafe fn find_frame(&self) -> Option<usize> {
        // SAFETY: by contract.
        unsafe {
            let before = self.runtime();
            let (sighting, result) = self.sight(c"(function (inner) { inner() })");
            let after = self.runtime();
            if qjs::JS_IsException(result) {
                return None;
            }
            let is_null = |image: &[u8], offset: usize| image[offset..offset + 8].iter().all(|&byte| byte == 0);
            only(sighting.frames.iter().copied().filter(|&offset| is_null(&before, offset) && is_null(&after, offset)))
        }
    }

    /// Looks at the runtime while `Error.prepareStackTrace` runs: the only byte that is 1 then, and 0 before, after and in any other
    /// call. The rest of its word is 0 at all times: it is no part of an address.
    unsafe fn find_tracing(&self) -> Option<usize> {
        // SAFETY: by contract.
        unsafe {
            let before = self.runtime();
            let (plain, _) = self.sight(c"(function (inner) { inner() })");
            let (tracing, result) =
                self.sight(c"(function (inner) { Error.prepareStackTrace = () => inner(); new Error() })");
            let (deeper, _) = self.sight(
                c"(function (inner) { Error.prepareStackTrace = (a, b) => [b].map(() => inner()); for (let i = 0; i < 1; i++) try { throw new Error() } catch {} })",
            );
            let after = self.runtime();
            if qjs::JS_IsException(result)
                || tracing.bytes.is_empty()
                || deeper.bytes.is_empty()
                || plain.bytes.is_empty()
            {
                return None;
            }
            let word = |image: &[u8], byte: usize| -> u64 {
                image[byte / 8 * 8..].iter().take(8).map(|&byte| u64::from(byte)).sum()
            };
            let is_flag = |&byte: &usize| {
                [&before, &plain.bytes, &after].iter().all(|image| word(image, byte) == 0)
                    && [&tracing.bytes, &deeper.bytes].iter().all(|image| image[byte] == 1 && word(image, byte) == 1)
            };
            only((0..before.len()).filter(is_flag))
        }
    }

    /// Calls the script's function with a native function that looks at the runtime.
    unsafe fn sight(&self, source: &CStr) -> (Sighting, qjs::JSValue) {
        let here = 0u8;
        // SAFETY: by contract; the sighting outlives the call that fills it in.
        unsafe {
            let function = self.eval(source);
            let native = qjs::JSCFunctionEnum_JS_CFUNC_generic;
            let mut inner = qjs::JS_NewCFunction2(self.ctx, Some(look), c"look".as_ptr(), 0, native, 0);
            let mut sighting = Sighting {
                functions: [qjs::JS_VALUE_GET_PTR(inner), qjs::JS_VALUE_GET_PTR(function)],
                stack: 0..=(&raw const here as usize),
                bytes: Vec::new(),
                frames: Vec::new(),
            };
            qjs::JS_SetRuntimeOpaque(self.rt, (&raw mut sighting).cast());
            let result = qjs::JS_Call(self.ctx, function, qjs::JS_UNDEFINED, 1, &mut inner);
            qjs::JS_SetRuntimeOpaque(self.rt, ptr::null_mut());
            (sighting, result)
        }
    }
}

/// SAFETY: called by the engine from [`Probe::sight`], whose sighting is the runtime's opaque.
unsafe extern "C" fn look(
    ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    _argc: c_int,
    _argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    let here = 0u8;
    // SAFETY: by contract; the runtime is a block of its heap. An address in the stack in use may be read.
    unsafe {
        let rt = qjs::JS_GetRuntime(ctx);
        let sighting = &mut *qjs::JS_GetRuntimeOpaque(rt).cast::<Sighting>();
        sighting.bytes = bytes_at(rt.cast(), heap::size_of_block(rt.cast()));
        let stack = (&raw const here as usize)..=*sighting.stack.end();
        let is_frame = |address: usize, function: *mut c_void| {
            let frame = address as *const Frame;
            stack.contains(&address)
                && stack.contains(&(address + size_of::<Frame>()))
                && frame.is_aligned()
                && qjs::JS_VALUE_GET_TAG((*frame).function) == qjs::JS_TAG_OBJECT
                && qjs::JS_VALUE_GET_PTR((*frame).function) == function
        };
        let [inner, outer] = sighting.functions;
        let words = sighting.bytes.chunks_exact(size_of::<usize>());
        let words = words.map(|word| usize::from_ne_bytes(word.try_into().unwrap_or_default()));
        sighting.frames = words
            .enumerate()
            .filter(|&(_, word)| {
                is_frame(word, inner) && {
                    let prev = (*(word as *const Frame)).prev;
                    is_frame(prev as usize, outer) && (*prev).prev.is_null()
                }
            })
            .map(|(index, _)| index * size_of::<usize>())
            .collect();
    }
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn probe_job(_ctx: *mut qjs::JSContext, _argc: c_int, _argv: *mut qjs::JSValue) -> qjs::JSValue {
    qjs::JS_UNDEFINED
}

fn integer(value: i32) -> qjs::JSValue {
    qjs::JS_MKVAL(qjs::JS_TAG_INT, value)
}

/// SAFETY: `count` bytes may be read at `start`.
unsafe fn bytes_at(start: *const u8, count: usize) -> Vec<u8> {
    // SAFETY: by contract; volatile, since the engine writes there behind the compiler's back.
    (0..count).map(|index| unsafe { start.add(index).read_volatile() }).collect()
}

/// The single item of an iterator.
fn only(mut items: impl Iterator<Item = usize>) -> Option<usize> {
    let item = items.next()?;
    items.next().is_none().then_some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_hidden_is_found() {
        let found = Layout::get().expect("this build of the engine hides something");
        assert_ne!(found.jobs, found.frame);
    }
}
