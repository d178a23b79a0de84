//! `CryptoKey`: what a key is, may do, and is made of. Its material never enters JavaScript unless it is exported.

use crate::algorithm::{Curve, Hash, Name};
use crate::failure::Failure;
use crate::{ec, okp, rsa};
use quickbeam_api_webidl::Parcel;
use quickbeam_engine::{Attributes, Ctx, Result, Value};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Bytes of a secret, wiped when it goes.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

/// A set of key usages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usages(u8);

impl Usages {
    pub(crate) const NONE: Usages = Usages(0);
    pub(crate) const ENCRYPT: Usages = Usages(1);
    pub(crate) const DECRYPT: Usages = Usages(2);
    pub(crate) const SIGN: Usages = Usages(4);
    pub(crate) const VERIFY: Usages = Usages(8);
    pub(crate) const DERIVE_KEY: Usages = Usages(16);
    pub(crate) const DERIVE_BITS: Usages = Usages(32);
    pub(crate) const WRAP_KEY: Usages = Usages(64);
    pub(crate) const UNWRAP_KEY: Usages = Usages(128);

    const WORDS: [&'static str; 8] =
        ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

    /// The usage that a word stands for.
    pub(crate) fn of(word: &str) -> Option<Usages> {
        Usages::WORDS.iter().position(|known| *known == word).map(|bit| Usages(1 << bit))
    }

    /// The words, in the specification's order.
    pub(crate) fn words(self) -> impl Iterator<Item = &'static str> {
        Usages::WORDS.into_iter().enumerate().filter(move |(bit, _)| self.0 & 1 << bit != 0).map(|(_, word)| word)
    }

    pub(crate) const fn with(self, other: Usages) -> Usages {
        Usages(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: Usages) -> Usages {
        Usages(self.0 & other.0)
    }

    pub(crate) const fn has(self, other: Usages) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// # Errors
    /// A `SyntaxError` if there are others than `allowed`.
    pub(crate) fn only(self, allowed: Usages) -> std::result::Result<(), Failure> {
        match Usages(self.0 & !allowed.0).words().next() {
            None => Ok(()),
            Some(word) => Err(Failure::syntax(format!("such a key cannot be used for {word:?}"))),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    Secret,
    Public,
    Private,
}

impl KeyType {
    pub(crate) fn word(self) -> &'static str {
        match self {
            KeyType::Secret => "secret",
            KeyType::Public => "public",
            KeyType::Private => "private",
        }
    }
}

/// What a key's `algorithm` says beside its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Details {
    None,
    Rsa { modulus_length: u32, public_exponent: Vec<u8>, hash: Hash },
    Curve(Curve),
    Aes { length: u32 },
    Hmac { hash: Hash, length: u32 },
}

/// What a key is made of.
pub(crate) enum Material {
    Secret(Secret),
    RsaPublic(rsa::Public),
    RsaPrivate(rsa::Private),
    EcPublic(ec::Public),
    EcPrivate(ec::Private),
    OkpPublic(okp::Public),
    OkpPrivate(okp::Private),
}

/// A key.
pub(crate) struct Key {
    pub(crate) name: Name,
    pub(crate) details: Details,
    pub(crate) extractable: bool,
    pub(crate) usages: Usages,
    pub(crate) material: Material,
}

/// A public key and its private one.
pub(crate) type Pair = (Key, Key);

impl Key {
    pub(crate) fn kind(&self) -> KeyType {
        match self.material {
            Material::Secret(_) => KeyType::Secret,
            Material::RsaPublic(_) | Material::EcPublic(_) | Material::OkpPublic(_) => KeyType::Public,
            Material::RsaPrivate(_) | Material::EcPrivate(_) | Material::OkpPrivate(_) => KeyType::Private,
        }
    }

    /// # Errors
    /// An `InvalidAccessError` if the key is of another algorithm or may not be used like this.
    pub(crate) fn permit(&self, name: Name, usage: Usages) -> std::result::Result<(), Failure> {
        if self.name != name {
            return Err(Failure::invalid_access(format!("the key is for {}, not {}", self.name.text(), name.text())));
        }
        if !self.usages.has(usage) {
            let word = usage.words().next().unwrap_or_default();
            return Err(Failure::invalid_access(format!("the key's usages lack {word:?}")));
        }
        Ok(())
    }

    /// The bytes of a secret key.
    ///
    /// # Errors
    /// An `InvalidAccessError` for another type of key.
    pub(crate) fn secret(&self) -> std::result::Result<&Secret, Failure> {
        match &self.material {
            Material::Secret(secret) => Ok(secret),
            _ => Err(wrong_type(self)),
        }
    }

    /// Bytes of native memory, roughly.
    pub(crate) fn size(&self) -> usize {
        const OBJECT: usize = 256;
        OBJECT
            + match &self.material {
                Material::Secret(secret) => secret.len(),
                Material::RsaPublic(_) => 2 << 10,
                Material::RsaPrivate(_) => 16 << 10,
                Material::EcPublic(_) | Material::EcPrivate(_) => 2 << 10,
                Material::OkpPublic(_) | Material::OkpPrivate(_) => 512,
            }
    }
}

/// A key on its way to another realm, as it is: its material is in no message.
pub(crate) struct SentKey(pub(crate) Arc<Key>);

impl Parcel for SentKey {
    fn size(&self) -> usize {
        self.0.size()
    }

    fn open<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        if ctx.kept(crate::WITH_SUBTLE).is_none() {
            return Err(ctx.throw_dom_exception("DataCloneError", "this realm has no CryptoKey"));
        }
        to_js(ctx, self.0.clone())
    }
}

/// The failure of an operation that needs another type of key.
pub(crate) fn wrong_type(key: &Key) -> Failure {
    Failure::invalid_access(format!("a {} key cannot do that", key.kind().word()))
}

/// What the keys of one realm hold outside its heap.
#[derive(Default)]
struct Vault {
    used: Cell<usize>,
}

/// Native memory that the keys of one realm may hold.
const VAULT: usize = 64 << 20;

/// What a `CryptoKey` object stands for: a key, and its share of the vault.
pub(crate) struct KeyHandle {
    key: Arc<Key>,
    vault: Rc<Vault>,
}

impl KeyHandle {
    pub(crate) fn key(&self) -> &Arc<Key> {
        &self.key
    }
}

impl Drop for KeyHandle {
    fn drop(&mut self) {
        self.vault.used.set(self.vault.used.get().saturating_sub(self.key.size()));
    }
}

/// Makes a `CryptoKey` object.
///
/// # Errors
/// Throws an `OperationError` if the realm's keys would hold more than 64 MiB, or if memory is short.
pub(crate) fn to_js(ctx: Ctx<'_>, key: Arc<Key>) -> Result<Value<'_>> {
    let vault = vault(ctx)?;
    let used = vault.used.get() + key.size();
    if used > VAULT {
        let message = format!("the keys of this realm would hold {used} bytes, more than {VAULT}");
        return Err(ctx.throw_dom_exception("OperationError", &message));
    }
    vault.used.set(used);
    let prototype = crate::subtle::glue(ctx)?.get("CryptoKey")?.get("prototype")?;
    ctx.host_object(Rc::new(KeyHandle { key, vault }), Some(&prototype))
}

fn vault(ctx: Ctx<'_>) -> Result<Rc<Vault>> {
    const KEPT: &str = "crypto.vault";
    if let Some(vault) = ctx.kept(KEPT).and_then(|kept| kept.host::<Vault>()) {
        return Ok(vault);
    }
    let vault = Rc::new(Vault::default());
    ctx.keep(KEPT, ctx.host_object(vault.clone(), None)?);
    Ok(vault)
}

/// The object that a key's attribute `algorithm` gives.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn algorithm_object<'a>(ctx: Ctx<'a>, key: &Key) -> Result<Value<'a>> {
    let object = ctx.object()?;
    object.define("name", ctx.string(key.name.text())?, Attributes::ALL)?;
    let set_hash = |hash: Hash| -> Result<()> {
        let inner = ctx.object()?;
        inner.define("name", ctx.string(hash.name())?, Attributes::ALL)?;
        object.define("hash", inner, Attributes::ALL)
    };
    match &key.details {
        Details::None => {}
        Details::Rsa { modulus_length, public_exponent, hash } => {
            object.define("modulusLength", ctx.number(f64::from(*modulus_length)), Attributes::ALL)?;
            object.define("publicExponent", ctx.uint8_array(public_exponent)?, Attributes::ALL)?;
            set_hash(*hash)?;
        }
        Details::Curve(curve) => object.define("namedCurve", ctx.string(curve.name())?, Attributes::ALL)?,
        Details::Aes { length } => object.define("length", ctx.number(f64::from(*length)), Attributes::ALL)?,
        Details::Hmac { hash, length } => {
            set_hash(*hash)?;
            object.define("length", ctx.number(f64::from(*length)), Attributes::ALL)?;
        }
    }
    Ok(object)
}
