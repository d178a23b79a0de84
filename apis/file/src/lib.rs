//! The File API: `Blob`, `File`, `FileReader` with `ProgressEvent`, `FileReaderSync` in workers, and `blob:` URLs; `FormData` of the XMLHttpRequest Standard.
//!
//! A blob's bytes are a view of memory in the isolate's heap that no guest holds, so that they count against its limit, never change,
//! and go with the isolate; slices share them.
//!
//! What must never happen: a guest that gets hold of the memory behind a blob.

mod parcel;
mod urls;

use quickbeam_api_events::{EVENT, EVENT_TARGET};
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::{Api, enqueue_immediate};
use std::time::{SystemTime, UNIX_EPOCH};

static BLOB: Glue = Glue::new("internal:file/blob", include_str!("blob.js"));
static FORM_DATA: Glue = Glue::new("internal:file/form_data", include_str!("form_data.js"));
static READER: Glue = Glue::new("internal:file/reader", include_str!("reader.js"));

/// The name under which a realm keeps what lists the entries of a form, once it has a DOM: a function `(form, submitter, files)`, which
/// throws for what is no form. `files` are the [`classes`].
pub const FORM_ENTRIES: &str = "form entries";

static CLASSES: [Deferred; 7] = [
    Deferred::class("Blob", UNIT, classes),
    Deferred::class("File", UNIT, classes).extends(&CLASSES[0]),
    Deferred::class("FileList", UNIT, classes),
    Deferred::class("FormData", UNIT, classes),
    Deferred::class("FileReader", READERS, readers).extends(&EVENT_TARGET),
    Deferred::class("ProgressEvent", READERS, readers).extends(&EVENT),
    Deferred::class("URL", URL, url),
];

static READER_SYNC: Deferred = Deferred::class("FileReaderSync", READERS, readers);

/// What a realm keeps the classes under.
const UNIT: &str = "file";
const READERS: &str = "file/reader";
const URL: &str = "file/url";

/// The API. It adds `createObjectURL` and `revokeObjectURL` to `URL`, and so is installed after that.
pub struct Files;

impl Api for Files {
    fn name(&self) -> &'static str {
        "file"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        parcel::register();
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        Ok(())
    }
}

/// Defines `FileReaderSync`, which is for workers, in a realm that has the API.
///
/// # Errors
/// Throws if memory is short.
pub fn define_reader_sync(ctx: Ctx<'_>) -> Result<()> {
    let has_api = ctx.globals().has("FileReader")?;
    if has_api { ctx.define_deferred(&READER_SYNC) } else { Ok(()) }
}

/// `URL` with the static methods that are for blobs.
fn url(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, URL, |ctx| {
        let url = quickbeam_api_url::classes(ctx)?.get("URL")?;
        for name in ["createObjectURL", "revokeObjectURL"] {
            define_static(ctx, &url, name)?;
        }
        Natives::new(ctx)?.value("URL", url).map(Natives::into_value)
    })
}

/// Defines a static method of `URL`, whose first call makes the classes.
fn define_static<'a>(ctx: Ctx<'a>, url: &Value<'a>, name: &str) -> Result<()> {
    let name_value = ctx.string(name)?;
    let method =
        ctx.bound_function(&name_value, |ctx, name, args| args.forward(&classes(ctx)?.get(&name.to_text()?)?, name))?;
    method.define("name", name_value, Attributes::HIDDEN)?;
    method.define("length", ctx.int(1), Attributes::HIDDEN)?;
    url.define(name, method, Attributes::ALL)
}

/// An object with `Blob`, `File`, `FileList` and `FormData`, whatever has become of the globals, and with what other APIs need of them:
///
/// * `isBlob(value)`, `isFile(value)`, `bytesOf(blob)` (a `Uint8Array` that must not be changed or shown), `blobType(blob)`;
/// * `makeBlob(bytes, type)` and `makeFile(bytes, type, name, lastModified)`, which keep the array that they are given;
/// * `streamOf(bytes)`, the state of a stream as `quickbeam_api_streams` has them; `blobOfURL(url)`;
/// * `isFormData(value)`, `entriesOf(form)`, `makeFormData()` and `addEntry(form, name, string or File)`;
/// * `emptyFile()` and `makeFileList()`, for inputs of files where nobody chooses any.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let undefined = ctx.undefined();
        let (idl, natives) = (helpers(ctx)?, natives(ctx)?);
        let streams = quickbeam_api_streams::streams(ctx)?;
        let encoding = quickbeam_api_encoding::classes(ctx)?;
        let files =
            ctx.call(&BLOB.run(ctx)?, &undefined, &[idl.clone(), natives.clone(), streams.clone(), encoding])?;
        let forms = ctx.call(&FORM_DATA.run(ctx)?, &undefined, &[idl, natives, streams, files.clone()])?;
        for key in forms.keys()? {
            files.define_key(&key, forms.get_key(&key)?, Attributes::ALL)?;
        }
        Ok(files)
    })
}

/// The realm gets a worker, or is one: from now on it shares the `blob:` URLs that it has and makes with its cluster, up to 64 MB of blobs.
///
/// # Errors
/// Throws if memory is short.
pub fn share_urls(ctx: Ctx<'_>) -> Result<()> {
    if urls::is_shared(ctx) {
        return Ok(());
    }
    urls::begin_sharing(ctx)?;
    // No blob has a URL before the classes are there.
    if ctx.kept(UNIT).is_none() {
        return Ok(());
    }
    ctx.call(&classes(ctx)?.get("shareURLs")?, &ctx.undefined(), &[]).map(drop)
}

/// The text of the blob at a `blob:` URL of this realm or of one that shares its URLs with it, as UTF-8, and its type; `None` if there is none.
///
/// # Errors
/// Throws if memory is short.
pub fn text_of_url(ctx: Ctx<'_>, url: &str) -> Result<Option<(String, String)>> {
    if !url.starts_with("blob:") || (ctx.kept(UNIT).is_none() && !urls::is_shared(ctx)) {
        return Ok(None);
    }
    let (files, undefined) = (classes(ctx)?, ctx.undefined());
    let blob = ctx.call(&files.get("blobOfURL")?, &undefined, &[ctx.string(url)?])?;
    if blob.is_undefined() {
        return Ok(None);
    }
    let kind = ctx.call(&files.get("blobType")?, &undefined, std::slice::from_ref(&blob))?.to_text()?;
    let bytes = ctx.call(&files.get("bytesOf")?, &undefined, &[blob])?;
    let text = bytes.with_bytes(|bytes| String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned());
    Ok(text.map(|text| (text, kind)))
}

fn readers(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, READERS, |ctx| {
        let (idl, natives, files) = (helpers(ctx)?, natives(ctx)?, classes(ctx)?);
        let (events, encoding) = (quickbeam_api_events::classes(ctx)?, quickbeam_api_encoding::classes(ctx)?);
        ctx.call(&READER.run(ctx)?, &ctx.undefined(), &[idl, natives, events, files, encoding])
    })
}

/// An object with `ProgressEvent`, `FileReader` and `FileReaderSync`.
///
/// # Errors
/// Throws if memory is short.
pub fn progress(ctx: Ctx<'_>) -> Result<Value<'_>> {
    readers(ctx)
}

fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Natives::new(ctx)?
        .function("encode", |ctx, _, args| args.get(0).with_text(|text| ctx.uint8_array(text.as_bytes()))?)?
        .function("viewBytes", view_bytes)?
        .function("copy", |ctx, _, args| bytes(args, |bytes| ctx.array_buffer(bytes)))?
        .function("latin1", |ctx, _, args| bytes(args, |bytes| ctx.string_latin1(bytes)))?
        .function("base64", |ctx, _, args| {
            bytes(args, |bytes| ctx.string(&base64_simd::STANDARD.encode_to_string(bytes)))
        })?
        .function("now", |ctx, _, _| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(ctx.number(now.as_millis() as f64))
        })?
        .function("formEntries", |ctx, _, _| Ok(ctx.kept(FORM_ENTRIES).unwrap_or_else(|| ctx.undefined())))?
        .function("baseOrigin", quickbeam_api_url::base_origin)?
        .function("uuid", uuid)?
        .function("pack", parcel::pack)?
        .function("share", urls::share)?
        .function("unshare", urls::unshare)?
        .function("isRevoked", urls::is_revoked)?
        .function("find", urls::find)?
        .function("enqueueTask", |ctx, _, args| {
            enqueue_immediate(ctx, args.get(0), Vec::new())?;
            Ok(ctx.undefined())
        })
        .map(Natives::into_value)
}

/// Lends the bytes of the first argument, which is a `Uint8Array`.
fn bytes<'a>(args: Args<'a>, f: impl FnOnce(&[u8]) -> Result<Value<'a>>) -> Result<Value<'a>> {
    let value = args.get(0);
    match value.with_bytes(|bytes| f(bytes)) {
        Some(result) => result,
        None => Err(value.ctx().throw_type("the argument is not a Uint8Array")),
    }
}

/// The bytes of a view of any kind as a `Uint8Array`, copied.
fn view_bytes<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let view = args.get(0);
    if let Some(copy) = view.with_bytes(|bytes| ctx.uint8_array(bytes)) {
        return copy;
    }
    let (offset, length) = (view.get("byteOffset")?.to_f64()?, view.get("byteLength")?.to_f64()?);
    let copy = view.get("buffer")?.with_bytes(|bytes| {
        let start = (offset as usize).min(bytes.len());
        let end = start.saturating_add(length as usize).min(bytes.len());
        ctx.uint8_array(&bytes[start..end])
    });
    copy.unwrap_or_else(|| Err(ctx.throw_type("the argument is not a view")))
}

/// A random UUID (RFC 9562, version 4).
fn uuid<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| ctx.throw_error("Error", &format!("no randomness: {error}")))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    ctx.string(&format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}
