//! `SubtleCrypto`: arguments, and the order of the checks that the specification asks for (section 14.3).
//!
//! Arguments are converted and copied before a method returns. What follows is a [`Task`] that holds no
//! JavaScript; its outcome settles the promise.

use crate::algorithm::{Algorithm, Identifier, Name, Operation, Params};
use crate::failure::Failure;
use crate::format::{Format, KeyData};
use crate::idl;
use crate::jwk::Jwk;
use crate::kdf;
use crate::key::{self, Key, KeyHandle, SentKey, Usages};
use crate::operations::{self, Generated};
use crate::pool::{self, Weight};
use aws_lc_rs::digest;
use quickbeam_api_webidl::{Natives, helpers, kept, need, packed, to_long};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, Glue, NativeFn, Result, Thrown, Value};
use std::rc::Rc;
use std::sync::Arc;
use zeroize::Zeroizing;

static SUBTLE: Glue = Glue::new("internal:crypto/subtle", include_str!("subtle.js"));

/// Bytes that are worked on while JavaScript waits; more of them go to another thread.
const INLINE: usize = 1 << 20;

/// What stands behind the one object of the class `SubtleCrypto`.
struct Subtle;

/// What an operation gives.
pub(crate) enum Output {
    Bytes(Vec<u8>),
    Text(String),
    Flag(bool),
    Key(Arc<Key>),
    Generated(Box<Generated>),
    Data(KeyData),
}

/// The part of an operation that needs no JavaScript.
pub(crate) type Task = Box<dyn FnOnce() -> std::result::Result<Output, Failure> + Send>;

impl Output {
    /// # Errors
    /// Throws if memory is short, or the realm has too many keys.
    pub(crate) fn into_js(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
        match self {
            Output::Bytes(bytes) => ctx.array_buffer(&bytes),
            Output::Text(text) => ctx.string(&text),
            Output::Flag(flag) => Ok(ctx.boolean(flag)),
            Output::Key(key) => key::to_js(ctx, key),
            Output::Generated(generated) => match *generated {
                Generated::Key(key) => key::to_js(ctx, Arc::new(key)),
                Generated::Pair((public, private)) => {
                    let pair = ctx.object()?;
                    pair.define("publicKey", key::to_js(ctx, Arc::new(public))?, Attributes::ALL)?;
                    pair.define("privateKey", key::to_js(ctx, Arc::new(private))?, Attributes::ALL)?;
                    Ok(pair)
                }
            },
            Output::Data(KeyData::Jwk(jwk)) => jwk.to_js(ctx),
            Output::Data(data) => ctx.array_buffer(&data.into_bytes()),
        }
    }
}

/// Where a method stands once its arguments are converted.
enum Step<'a> {
    Done(Value<'a>),
    /// A task that holds so many bytes, its outcome included.
    Task(Weight, usize, Task),
}

/// A task of at least this weight.
fn task<'a>(
    weight: Weight,
    bytes: usize,
    task: impl FnOnce() -> std::result::Result<Output, Failure> + Send + 'static,
) -> Result<Step<'a>> {
    let weight = if bytes > INLINE { weight.max(Weight::Long) } else { weight };
    Ok(Step::Task(weight, bytes, Box::new(task)))
}

pub(crate) static CLASSES: [Deferred; 2] =
    [Deferred::class("SubtleCrypto", UNIT, glue), Deferred::class("CryptoKey", UNIT, glue)];

/// What a realm keeps the classes under.
const UNIT: &str = "crypto.subtle";

/// The realm's classes and helpers.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn glue(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let methods = Methods(ctx.object()?)
            .add("decrypt", 3, |ctx, args| encrypt_or_decrypt(ctx, args, Operation::Decrypt))?
            .add("deriveBits", 2, derive_bits)?
            .add("deriveKey", 5, derive_key)?
            .add("digest", 2, digest)?
            .add("encrypt", 3, |ctx, args| encrypt_or_decrypt(ctx, args, Operation::Encrypt))?
            .add("exportKey", 2, export_key)?
            .add("generateKey", 3, generate_key)?
            .add("importKey", 5, import_key)?
            .add("sign", 3, sign)?
            .add("unwrapKey", 7, unwrap_key)?
            .add("verify", 4, verify)?
            .add("wrapKey", 4, wrap_key)?;
        let natives = Natives::new(ctx)?
            .value("methods", methods.0)?
            .function("type", |ctx, _, args| ctx.string(handle(ctx, args)?.key().kind().word()))?
            .function("extractable", |ctx, _, args| Ok(ctx.boolean(handle(ctx, args)?.key().extractable)))?
            .function("attributes", attributes)?
            .function("clone", |ctx, _, args| key::to_js(ctx, handle(ctx, args)?.key().clone()))?
            .function("pack", |ctx, _, args| packed(ctx, Arc::new(SentKey(handle(ctx, args)?.key().clone()))))?
            .into_value();
        ctx.call(&SUBTLE.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}

/// The realm's `crypto.subtle`.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn instance(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "crypto.subtle.instance", |ctx| {
        let prototype = glue(ctx)?.get("SubtleCrypto")?.get("prototype")?;
        ctx.host_object(Rc::new(Subtle), Some(&prototype))
    })
}

fn handle<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Rc<KeyHandle>> {
    args.get(0).host().ok_or_else(|| ctx.throw_type("this is not a CryptoKey"))
}

/// `[algorithm, usages]` of a key.
fn attributes<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let handle = handle(ctx, args)?;
    let usages = handle.key().usages.words().map(|word| ctx.string(word)).collect::<Result<_>>()?;
    ctx.array(vec![key::algorithm_object(ctx, handle.key())?, ctx.array(usages)?])
}

/// A method: its arguments, converted and checked.
trait Method: for<'a> Fn(Ctx<'a>, Args<'a>) -> Result<Step<'a>> + Copy + 'static {}

impl<F> Method for F where F: for<'a> Fn(Ctx<'a>, Args<'a>) -> Result<Step<'a>> + Copy + 'static {}

struct Methods<'a>(Value<'a>);

impl<'a> Methods<'a> {
    fn add<M: Method>(self, name: &'static str, length: u32, method: M) -> Result<Methods<'a>> {
        let ctx = self.0.ctx();
        self.0.define(name, ctx.function(name, length, promising(method))?, Attributes::ALL)?;
        Ok(self)
    }
}

/// The native function of a method.
fn promising<M: Method>(method: M) -> impl NativeFn {
    fn native<F: NativeFn>(function: F) -> F {
        function
    }
    native(move |ctx, this, args| promise(ctx, this, args, method))
}

/// Runs a method; whatever it throws rejects its promise.
fn promise<'a, M: Method>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>, method: M) -> Result<Value<'a>> {
    let step = match this.host::<Subtle>() {
        Some(_) => method(ctx, args),
        None => Err(ctx.throw_type("this is not a SubtleCrypto")),
    };
    let promise = match step {
        Ok(Step::Done(value)) => return settled(ctx, Ok(value)),
        Ok(Step::Task(Weight::Short, _, task)) => return settled(ctx, settle(ctx, task())),
        Ok(Step::Task(Weight::Long, bytes, task)) => pool::run(ctx, bytes, task),
        Ok(Step::Task(Weight::Slow, bytes, task)) => pool::queue(ctx, bytes, task),
        Err(Thrown) => Err(Thrown),
    };
    promise.or_else(|Thrown| settled(ctx, Err(Thrown)))
}

/// A promise that has an outcome already.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn settled<'a>(ctx: Ctx<'a>, outcome: Result<Value<'a>>) -> Result<Value<'a>> {
    let outcome = outcome.map_err(|Thrown| ctx.take_exception());
    let (promise, settler) = ctx.promise()?;
    settler.settle(ctx, outcome)?;
    Ok(promise)
}

/// What a task ended with, in JavaScript.
///
/// # Errors
/// Throws its failure.
pub(crate) fn settle(ctx: Ctx<'_>, outcome: std::result::Result<Output, Failure>) -> Result<Value<'_>> {
    match outcome {
        Ok(output) => output.into_js(ctx),
        Err(failure) => Err(failure.throw(ctx)),
    }
}

fn format<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Format> {
    let word = value.to_text()?;
    Format::of(&word).ok_or_else(|| ctx.throw_type(&format!("{word:?} is not a key format")))
}

fn digest<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 2, "SubtleCrypto.digest")?;
    let data = args.get(1);
    let identifier = Identifier::of(args.get(0))?;
    let size = idl::lend_bytes(ctx, &data, <[u8]>::len)?;
    let size = size.ok_or_else(|| ctx.throw_type("the data is not an ArrayBuffer or a view of one"))?;
    let Name::Digest(hash) = identifier.normalize(ctx, Operation::Digest)?.name else {
        return Err(Failure::not_supported("the algorithm is no hash function").throw(ctx));
    };
    if size > INLINE {
        let data = idl::bytes(ctx, &data, "the data")?;
        return task(Weight::Long, size, move || {
            Ok(Output::Bytes(digest::digest(hash.digest(), &data).as_ref().to_vec()))
        });
    }
    let made = idl::lend_bytes(ctx, &data, |data| digest::digest(hash.digest(), data))?;
    let made = made.ok_or_else(|| ctx.throw_type("the data is not an ArrayBuffer or a view of one"))?;
    Ok(Step::Done(ctx.array_buffer(made.as_ref())?))
}

fn encrypt_or_decrypt<'a>(ctx: Ctx<'a>, args: Args<'a>, operation: Operation) -> Result<Step<'a>> {
    need(ctx, args, 3, if operation == Operation::Encrypt { "SubtleCrypto.encrypt" } else { "SubtleCrypto.decrypt" })?;
    let identifier = Identifier::of(args.get(0))?;
    let key = idl::key(ctx, &args.get(1), "the key")?;
    check_bytes(ctx, &args.get(2), "the data")?;
    let algorithm = identifier.normalize(ctx, operation)?;
    let data = idl::bytes(ctx, &args.get(2), "the data")?;
    task(weight_of_key(&key), data.len() + key.size() + algorithm.size(), move || {
        if operation == Operation::Encrypt {
            key.permit(algorithm.name, Usages::ENCRYPT)?;
            operations::encrypt(&algorithm, &key, data).map(Output::Bytes)
        } else {
            key.permit(algorithm.name, Usages::DECRYPT)?;
            operations::decrypt(&algorithm, &key, data).map(Output::Bytes)
        }
    })
}

/// # Errors
/// Throws a `TypeError` for what is no `BufferSource`. Its bytes are copied once the algorithm is normalised.
fn check_bytes<'a>(ctx: Ctx<'a>, value: &Value<'a>, what: &str) -> Result<()> {
    if value.is_data_view() || value.with_bytes(|_| ()).is_some() {
        return Ok(());
    }
    Err(ctx.throw_type(&format!("{what} is not an ArrayBuffer or a view of one")))
}

/// Private RSA keys above 2,048 bits take milliseconds.
fn weight_of_key(key: &Key) -> Weight {
    match key.details {
        key::Details::Rsa { modulus_length: 2_049.., .. } => Weight::Long,
        _ => Weight::Short,
    }
}

fn sign<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 3, "SubtleCrypto.sign")?;
    let identifier = Identifier::of(args.get(0))?;
    let key = idl::key(ctx, &args.get(1), "the key")?;
    check_bytes(ctx, &args.get(2), "the data")?;
    let algorithm = identifier.normalize(ctx, Operation::Sign)?;
    let data = idl::bytes(ctx, &args.get(2), "the data")?;
    task(weight_of_key(&key), data.len() + key.size() + algorithm.size(), move || {
        key.permit(algorithm.name, Usages::SIGN)?;
        operations::sign(&algorithm, &key, &data).map(Output::Bytes)
    })
}

fn verify<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 4, "SubtleCrypto.verify")?;
    let identifier = Identifier::of(args.get(0))?;
    let key = idl::key(ctx, &args.get(1), "the key")?;
    check_bytes(ctx, &args.get(2), "the signature")?;
    check_bytes(ctx, &args.get(3), "the data")?;
    let algorithm = identifier.normalize(ctx, Operation::Verify)?;
    let signature = idl::bytes(ctx, &args.get(2), "the signature")?;
    let data = idl::bytes(ctx, &args.get(3), "the data")?;
    let bytes = signature.len() + data.len() + key.size() + algorithm.size();
    task(Weight::Short, bytes, move || {
        key.permit(algorithm.name, Usages::VERIFY)?;
        operations::verify(&algorithm, &key, &signature, &data).map(Output::Flag)
    })
}

fn generate_key<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 3, "SubtleCrypto.generateKey")?;
    let identifier = Identifier::of(args.get(0))?;
    let extractable = args.get(1).truthy();
    let usages = idl::usages(ctx, &args.get(2))?;
    let algorithm = identifier.normalize(ctx, Operation::GenerateKey)?;
    let weight = if matches!(algorithm.params, Params::RsaKeyGen { .. }) { Weight::Slow } else { Weight::Short };
    task(weight, PAIR + algorithm.size(), move || {
        operations::generate(&algorithm, extractable, usages).map(|made| Output::Generated(Box::new(made)))
    })
}

/// Bytes of two keys that are generated.
const PAIR: usize = 32 << 10;

fn import_key<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 5, "SubtleCrypto.importKey")?;
    let format = format(ctx, &args.get(0))?;
    let source = args.get(1);
    let is_bytes = source.is_data_view() || source.with_bytes(|_| ()).is_some();
    if !is_bytes && !source.is_object() && !source.is_null() && !source.is_undefined() {
        return Err(ctx.throw_type("the key data is neither an object nor bytes"));
    }
    let jwk = if is_bytes { None } else { Some(Box::new(Jwk::from_js(ctx, &source)?)) };
    let identifier = Identifier::of(args.get(2))?;
    let extractable = args.get(3).truthy();
    let usages = idl::usages(ctx, &args.get(4))?;
    let algorithm = identifier.normalize(ctx, Operation::ImportKey)?;
    let bytes = || Ok(Zeroizing::new(idl::bytes(ctx, &source, "the key data")?));
    let data = match (format, jwk) {
        (Format::Jwk, Some(jwk)) => KeyData::Jwk(jwk),
        (Format::Raw, None) => KeyData::Raw(bytes()?),
        (Format::Spki, None) => KeyData::Spki(bytes()?),
        (Format::Pkcs8, None) => KeyData::Pkcs8(bytes()?),
        (Format::Jwk, None) => return Err(ctx.throw_type("the key data is not a JSON Web Key")),
        (_, Some(_)) => return Err(ctx.throw_type("the key data is not an ArrayBuffer or a view of one")),
    };
    task(Weight::Short, 0, move || {
        operations::import(&algorithm, data, extractable, usages).map(|key| Output::Key(Arc::new(key)))
    })
}

fn export_key<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 2, "SubtleCrypto.exportKey")?;
    let format = format(ctx, &args.get(0))?;
    let key = idl::key(ctx, &args.get(1), "the key")?;
    task(Weight::Short, 0, move || operations::export(&key, format).map(Output::Data))
}

fn weight_of_derivation(algorithm: &Algorithm, length: Option<u32>) -> Weight {
    if kdf::rounds_of(&algorithm.params, length) > kdf::SHORT_ROUNDS.into() { Weight::Slow } else { Weight::Short }
}

/// Bytes that a derivation of at most so many bits holds.
fn size_of_derivation(algorithm: &Algorithm, key: &Key, length: Option<u32>) -> usize {
    algorithm.size() + key.size() + length.map_or(0, |bits| (bits as usize / 8).min(kdf::MAX_SIZE))
}

fn derive_bits<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 2, "SubtleCrypto.deriveBits")?;
    let identifier = Identifier::of(args.get(0))?;
    let key = idl::key(ctx, &args.get(1), "the base key")?;
    let length = args.get(2);
    let is_absent = length.is_null() || length.is_undefined();
    // A plain `unsigned long`, which wraps.
    let length = if is_absent { None } else { Some(to_long(&length)?.cast_unsigned()) };
    let algorithm = identifier.normalize(ctx, Operation::DeriveBits)?;
    let bytes = size_of_derivation(&algorithm, &key, length);
    task(weight_of_derivation(&algorithm, length), bytes, move || {
        key.permit(algorithm.name, Usages::DERIVE_BITS)?;
        operations::derive_bits(&algorithm, &key, length).map(Output::Bytes)
    })
}

fn derive_key<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 5, "SubtleCrypto.deriveKey")?;
    let identifier = Identifier::of(args.get(0))?;
    let key = idl::key(ctx, &args.get(1), "the base key")?;
    let derived = Identifier::of(args.get(2))?;
    let extractable = args.get(3).truthy();
    let usages = idl::usages(ctx, &args.get(4))?;
    let algorithm = identifier.normalize(ctx, Operation::DeriveBits)?;
    let import = derived.normalize(ctx, Operation::ImportKey)?;
    let length = derived.normalize(ctx, Operation::KeyLength)?;
    let bits = operations::key_length(&length);
    let known = bits.as_ref().ok().copied().flatten();
    let bytes = size_of_derivation(&algorithm, &key, known);
    task(weight_of_derivation(&algorithm, known), bytes, move || {
        key.permit(algorithm.name, Usages::DERIVE_KEY)?;
        let length = bits?;
        let secret = Zeroizing::new(operations::derive_bits(&algorithm, &key, length)?);
        let made = operations::import(&import, KeyData::Raw(secret), extractable, usages)?;
        Ok(Output::Key(Arc::new(made)))
    })
}

/// Normalises for wrapping, or else for encrypting, of which wrapping can be made.
fn normalize_either<'a>(
    ctx: Ctx<'a>,
    identifier: &Identifier<'a>,
    operation: Operation,
    otherwise: Operation,
) -> Result<Algorithm> {
    identifier.normalize(ctx, operation).or_else(|Thrown| {
        drop(ctx.take_exception());
        identifier.normalize(ctx, otherwise)
    })
}

fn wrap_key<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 4, "SubtleCrypto.wrapKey")?;
    let format = format(ctx, &args.get(0))?;
    let key = idl::key(ctx, &args.get(1), "the key")?;
    let wrapping = idl::key(ctx, &args.get(2), "the wrapping key")?;
    let identifier = Identifier::of(args.get(3))?;
    let algorithm = normalize_either(ctx, &identifier, Operation::WrapKey, Operation::Encrypt)?;
    task(weight_of_key(&wrapping), key.size() + wrapping.size() + algorithm.size(), move || {
        wrapping.permit(algorithm.name, Usages::WRAP_KEY)?;
        operations::wrap(&algorithm, &wrapping, operations::export(&key, format)?).map(Output::Bytes)
    })
}

fn unwrap_key<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Step<'a>> {
    need(ctx, args, 7, "SubtleCrypto.unwrapKey")?;
    let format = format(ctx, &args.get(0))?;
    check_bytes(ctx, &args.get(1), "the wrapped key")?;
    let unwrapping = idl::key(ctx, &args.get(2), "the unwrapping key")?;
    let identifier = Identifier::of(args.get(3))?;
    let import = Identifier::of(args.get(4))?;
    let extractable = args.get(5).truthy();
    let usages = idl::usages(ctx, &args.get(6))?;
    let algorithm = normalize_either(ctx, &identifier, Operation::UnwrapKey, Operation::Decrypt)?;
    let import = import.normalize(ctx, Operation::ImportKey)?;
    let wrapped = idl::bytes(ctx, &args.get(1), "the wrapped key")?;
    task(weight_of_key(&unwrapping), wrapped.len() + unwrapping.size() + algorithm.size(), move || {
        unwrapping.permit(algorithm.name, Usages::UNWRAP_KEY)?;
        let data = operations::unwrap(&algorithm, &unwrapping, format, wrapped)?;
        operations::import(&import, data, extractable, usages).map(|key| Output::Key(Arc::new(key)))
    })
}
