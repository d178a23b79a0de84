//! Algorithms: their names, and the normalisation of what JavaScript gives for one (section 18.4 of the specification).

use crate::idl;
use crate::key::Key;
use quickbeam_engine::{Ctx, Result, Value};
use std::sync::Arc;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Hash::Sha1 => "SHA-1",
            Hash::Sha256 => "SHA-256",
            Hash::Sha384 => "SHA-384",
            Hash::Sha512 => "SHA-512",
        }
    }

    /// What names of JSON Web Algorithms end with.
    pub(crate) fn jwa(self) -> &'static str {
        match self {
            Hash::Sha1 => "1",
            Hash::Sha256 => "256",
            Hash::Sha384 => "384",
            Hash::Sha512 => "512",
        }
    }

    pub(crate) fn digest(self) -> &'static aws_lc_rs::digest::Algorithm {
        use aws_lc_rs::digest;
        match self {
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        }
    }
}

/// A curve of NIST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) const ALL: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Curve> {
        Curve::ALL.into_iter().find(|curve| curve.name() == name)
    }

    /// Bytes of a coordinate, and of a private key.
    pub(crate) fn size(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }
}

/// An algorithm that is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Digest(Hash),
    RsaPkcs1,
    RsaPss,
    RsaOaep,
    Ecdsa,
    Ecdh,
    Ed25519,
    X25519,
    AesCbc,
    AesCtr,
    AesGcm,
    AesKw,
    Hmac,
    Hkdf,
    Pbkdf2,
}

const NAMES: [(&str, Name); 18] = [
    ("SHA-1", Name::Digest(Hash::Sha1)),
    ("SHA-256", Name::Digest(Hash::Sha256)),
    ("SHA-384", Name::Digest(Hash::Sha384)),
    ("SHA-512", Name::Digest(Hash::Sha512)),
    ("RSASSA-PKCS1-v1_5", Name::RsaPkcs1),
    ("RSA-PSS", Name::RsaPss),
    ("RSA-OAEP", Name::RsaOaep),
    ("ECDSA", Name::Ecdsa),
    ("ECDH", Name::Ecdh),
    ("Ed25519", Name::Ed25519),
    ("X25519", Name::X25519),
    ("AES-CBC", Name::AesCbc),
    ("AES-CTR", Name::AesCtr),
    ("AES-GCM", Name::AesGcm),
    ("AES-KW", Name::AesKw),
    ("HMAC", Name::Hmac),
    ("HKDF", Name::Hkdf),
    ("PBKDF2", Name::Pbkdf2),
];

impl Name {
    pub(crate) fn text(self) -> &'static str {
        NAMES.iter().find(|(_, name)| *name == self).map_or("", |(text, _)| text)
    }

    fn of(text: &str) -> Option<Name> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(text)).map(|(_, name)| *name)
    }
}

/// An operation that algorithms are normalised for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Encrypt,
    Decrypt,
    Sign,
    Verify,
    Digest,
    DeriveBits,
    GenerateKey,
    ImportKey,
    KeyLength,
    WrapKey,
    UnwrapKey,
}

/// The dictionary that an algorithm takes for an operation.
#[derive(Clone, Copy)]
enum Shape {
    Plain,
    RsaKeyGen,
    Hashed,
    HmacKey,
    Curve,
    AesKey,
    AesCbc,
    AesCtr,
    AesGcm,
    RsaPss,
    RsaOaep,
    KeyDerive,
    Hkdf,
    Pbkdf2,
}

/// What an algorithm was given, by the names of the specification's dictionaries.
#[derive(Clone)]
pub(crate) enum Params {
    None,
    RsaKeyGen {
        modulus_length: u32,
        public_exponent: Vec<u8>,
        hash: Hash,
    },
    Hashed(Hash),
    HmacKey {
        hash: Hash,
        length: Option<u32>,
    },
    /// `None`: a curve of an unknown name.
    Curve(Option<Curve>),
    AesKey {
        length: u32,
    },
    AesCbc {
        iv: Vec<u8>,
    },
    AesCtr {
        counter: Vec<u8>,
        length: u32,
    },
    AesGcm {
        iv: Vec<u8>,
        additional_data: Vec<u8>,
        tag_length: u32,
    },
    RsaPss {
        salt_length: u32,
    },
    RsaOaep {
        label: Vec<u8>,
    },
    KeyDerive {
        public: Arc<Key>,
    },
    Hkdf {
        hash: Hash,
        salt: Vec<u8>,
        info: Vec<u8>,
    },
    Pbkdf2 {
        hash: Hash,
        salt: Vec<u8>,
        iterations: u32,
    },
}

/// A normalised algorithm.
#[derive(Clone)]
pub(crate) struct Algorithm {
    pub(crate) name: Name,
    pub(crate) params: Params,
}

impl Algorithm {
    /// Bytes that it holds.
    pub(crate) fn size(&self) -> usize {
        match &self.params {
            Params::RsaKeyGen { public_exponent, .. } => public_exponent.len(),
            Params::AesCbc { iv } => iv.len(),
            Params::AesCtr { counter, .. } => counter.len(),
            Params::AesGcm { iv, additional_data, .. } => iv.len() + additional_data.len(),
            Params::RsaOaep { label } => label.len(),
            Params::KeyDerive { public } => public.size(),
            Params::Hkdf { salt, info, .. } => salt.len() + info.len(),
            Params::Pbkdf2 { salt, .. } => salt.len(),
            Params::None
            | Params::Hashed(_)
            | Params::HmacKey { .. }
            | Params::Curve(_)
            | Params::AesKey { .. }
            | Params::RsaPss { .. } => 0,
        }
    }
}

/// An `AlgorithmIdentifier` as an argument: a name, or an object with one.
pub(crate) enum Identifier<'a> {
    Name(String),
    Object(Value<'a>),
}

impl<'a> Identifier<'a> {
    /// # Errors
    /// What the conversion to a string throws.
    pub(crate) fn of(value: Value<'a>) -> Result<Identifier<'a>> {
        if value.is_object() { Ok(Identifier::Object(value)) } else { value.to_text().map(Identifier::Name) }
    }

    /// Normalises it for an operation.
    ///
    /// # Errors
    /// Throws a `NotSupportedError` for what is not registered for the operation, a `TypeError` for members that are
    /// missing or wrong, and what getters throw.
    pub(crate) fn normalize(&self, ctx: Ctx<'a>, operation: Operation) -> Result<Algorithm> {
        match self {
            Identifier::Name(text) => {
                let (name, shape) = find(ctx, text, operation)?;
                let params = match shape {
                    Shape::Plain => Params::None,
                    // A name alone stands for a dictionary without other members.
                    _ => params(ctx, &ctx.object_without_prototype()?, shape)?,
                };
                Ok(Algorithm { name, params })
            }
            Identifier::Object(object) => {
                let text = idl::required(ctx, object, "name")?.to_text()?;
                let (name, shape) = find(ctx, &text, operation)?;
                Ok(Algorithm { name, params: params(ctx, object, shape)? })
            }
        }
    }
}

fn find(ctx: Ctx<'_>, text: &str, operation: Operation) -> Result<(Name, Shape)> {
    let found = Name::of(text).and_then(|name| Some((name, shape(name, operation)?)));
    found.ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        ctx.throw_dom_exception("NotSupportedError", &format!("no algorithm {shown:?} for {operation:?}"))
    })
}

/// The registry of section 18.2.2.
fn shape(name: Name, operation: Operation) -> Option<Shape> {
    use Operation::{
        Decrypt, DeriveBits, Digest, Encrypt, GenerateKey, ImportKey, KeyLength, Sign, UnwrapKey, Verify, WrapKey,
    };
    Some(match (name, operation) {
        (Name::Digest(_), Digest) => Shape::Plain,

        (Name::RsaPkcs1 | Name::RsaPss | Name::RsaOaep, GenerateKey) => Shape::RsaKeyGen,
        (Name::RsaPkcs1 | Name::RsaPss | Name::RsaOaep, ImportKey) => Shape::Hashed,
        (Name::RsaPkcs1, Sign | Verify) => Shape::Plain,
        (Name::RsaPss, Sign | Verify) => Shape::RsaPss,
        (Name::RsaOaep, Encrypt | Decrypt) => Shape::RsaOaep,

        (Name::Ecdsa | Name::Ecdh, GenerateKey | ImportKey) => Shape::Curve,
        (Name::Ecdsa, Sign | Verify) => Shape::Hashed,
        (Name::Ed25519, GenerateKey | ImportKey | Sign | Verify) => Shape::Plain,
        (Name::X25519, GenerateKey | ImportKey) => Shape::Plain,
        (Name::Ecdh | Name::X25519, DeriveBits) => Shape::KeyDerive,

        (Name::AesCbc | Name::AesCtr | Name::AesGcm | Name::AesKw, GenerateKey | KeyLength) => Shape::AesKey,
        (Name::AesCbc | Name::AesCtr | Name::AesGcm | Name::AesKw, ImportKey) => Shape::Plain,
        (Name::AesCbc, Encrypt | Decrypt) => Shape::AesCbc,
        (Name::AesCtr, Encrypt | Decrypt) => Shape::AesCtr,
        (Name::AesGcm, Encrypt | Decrypt) => Shape::AesGcm,
        (Name::AesKw, WrapKey | UnwrapKey) => Shape::Plain,

        (Name::Hmac, GenerateKey | ImportKey | KeyLength) => Shape::HmacKey,
        (Name::Hmac, Sign | Verify) => Shape::Plain,

        (Name::Hkdf | Name::Pbkdf2, ImportKey | KeyLength) => Shape::Plain,
        (Name::Hkdf, DeriveBits) => Shape::Hkdf,
        (Name::Pbkdf2, DeriveBits) => Shape::Pbkdf2,
        _ => return None,
    })
}

/// Reads the members of a dictionary, in the order of Web IDL.
fn params<'a>(ctx: Ctx<'a>, object: &Value<'a>, shape: Shape) -> Result<Params> {
    let required = |name| idl::required(ctx, object, name);
    let buffer = |name| idl::bytes(ctx, &required(name)?, name);
    let integer = |name, max| idl::integer(ctx, &required(name)?, name, max);
    Ok(match shape {
        Shape::Plain => Params::None,
        Shape::RsaKeyGen => Params::RsaKeyGen {
            modulus_length: integer("modulusLength", u32::MAX)?,
            public_exponent: big_integer(ctx, &required("publicExponent")?)?,
            hash: hash(ctx, object)?,
        },
        Shape::Hashed => Params::Hashed(hash(ctx, object)?),
        Shape::HmacKey => {
            let hash = hash(ctx, object)?;
            let length = idl::member(object, "length")?;
            let length = length.map(|value| idl::integer(ctx, &value, "length", u32::MAX)).transpose()?;
            Params::HmacKey { hash, length }
        }
        Shape::Curve => Params::Curve(Curve::of(&required("namedCurve")?.to_text()?)),
        Shape::AesKey => Params::AesKey { length: integer("length", u16::MAX.into())? },
        Shape::AesCbc => Params::AesCbc { iv: buffer("iv")? },
        Shape::AesCtr => Params::AesCtr { counter: buffer("counter")?, length: integer("length", u8::MAX.into())? },
        Shape::AesGcm => {
            let additional_data = optional_bytes(ctx, object, "additionalData")?;
            let iv = buffer("iv")?;
            let tag_length = idl::member(object, "tagLength")?;
            let tag_length = tag_length.map(|value| idl::integer(ctx, &value, "tagLength", u8::MAX.into()));
            Params::AesGcm { iv, additional_data, tag_length: tag_length.transpose()?.unwrap_or(128) }
        }
        Shape::RsaPss => Params::RsaPss { salt_length: integer("saltLength", u32::MAX)? },
        Shape::RsaOaep => Params::RsaOaep { label: optional_bytes(ctx, object, "label")? },
        Shape::KeyDerive => Params::KeyDerive { public: idl::key(ctx, &required("public")?, "public")? },
        Shape::Hkdf => {
            let hash = hash(ctx, object)?;
            let info = buffer("info")?;
            Params::Hkdf { hash, salt: buffer("salt")?, info }
        }
        Shape::Pbkdf2 => {
            let hash = hash(ctx, object)?;
            let iterations = integer("iterations", u32::MAX)?;
            Params::Pbkdf2 { hash, salt: buffer("salt")?, iterations }
        }
    })
}

fn hash<'a>(ctx: Ctx<'a>, object: &Value<'a>) -> Result<Hash> {
    let algorithm = Identifier::of(idl::required(ctx, object, "hash")?)?.normalize(ctx, Operation::Digest)?;
    match algorithm.name {
        Name::Digest(hash) => Ok(hash),
        _ => Err(ctx.throw_dom_exception("NotSupportedError", "the hash is no hash function")),
    }
}

fn optional_bytes<'a>(ctx: Ctx<'a>, object: &Value<'a>, name: &str) -> Result<Vec<u8>> {
    let value = idl::member(object, name)?;
    Ok(value.map(|value| idl::bytes(ctx, &value, name)).transpose()?.unwrap_or_default())
}

fn big_integer<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Vec<u8>> {
    if value.typed_array_kind() != Some(quickbeam_engine::TypedArrayKind::Uint8) {
        return Err(ctx.throw_type("publicExponent is not a Uint8Array"));
    }
    idl::bytes(ctx, value, "publicExponent")
}
