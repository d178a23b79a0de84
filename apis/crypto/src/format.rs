//! Formats of key data, and the DER containers of asymmetric keys.

use crate::failure::Failure;
use crate::jwk::Jwk;
use crate::key::Secret;
use pkcs8::der::asn1::{BitStringRef, OctetStringRef};
use pkcs8::der::{AnyRef, Decode, Encode};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

/// A format of key data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Raw,
    Spki,
    Pkcs8,
    Jwk,
}

impl Format {
    pub(crate) fn of(word: &str) -> Option<Format> {
        Some(match word {
            "raw" => Format::Raw,
            "spki" => Format::Spki,
            "pkcs8" => Format::Pkcs8,
            "jwk" => Format::Jwk,
            _ => return None,
        })
    }
}

/// Key data in its format.
pub(crate) enum KeyData {
    Raw(Secret),
    Spki(Secret),
    Pkcs8(Secret),
    Jwk(Box<Jwk>),
}

impl KeyData {
    /// Its bytes: those of the format, or the JSON text.
    pub(crate) fn into_bytes(self) -> Secret {
        match self {
            KeyData::Raw(bytes) | KeyData::Spki(bytes) | KeyData::Pkcs8(bytes) => bytes,
            KeyData::Jwk(jwk) => jwk.to_json(),
        }
    }
}

/// The failure for a format that an algorithm does not have.
pub(crate) fn unsupported() -> Failure {
    Failure::not_supported("keys of this algorithm and type have no such format")
}

/// What a container holds.
pub(crate) struct Contents<'a> {
    pub(crate) oid: ObjectIdentifier,
    /// The parameters, if they are an object identifier.
    pub(crate) parameter: Option<ObjectIdentifier>,
    pub(crate) has_parameters: bool,
    pub(crate) key: &'a [u8],
}

impl<'a> Contents<'a> {
    fn new(algorithm: &AlgorithmIdentifierRef<'_>, key: &'a [u8]) -> Contents<'a> {
        Contents {
            oid: algorithm.oid,
            parameter: algorithm.parameters_oid().ok(),
            has_parameters: algorithm.parameters.is_some(),
            key,
        }
    }
}

/// Opens a `SubjectPublicKeyInfo`.
///
/// # Errors
/// A `DataError` if it is none.
pub(crate) fn open_spki(bytes: &[u8]) -> Result<Contents<'_>, Failure> {
    let refuse = || Failure::data("the key data is not a SubjectPublicKeyInfo");
    let info = SubjectPublicKeyInfoRef::from_der(bytes).map_err(|_| refuse())?;
    let key = info.subject_public_key.as_bytes().ok_or_else(refuse)?;
    Ok(Contents::new(&info.algorithm, key))
}

/// Opens a `PrivateKeyInfo` (PKCS #8).
///
/// # Errors
/// A `DataError` if it is none.
pub(crate) fn open_pkcs8(bytes: &[u8]) -> Result<Contents<'_>, Failure> {
    let info = PrivateKeyInfoRef::from_der(bytes).map_err(|_| Failure::data("the key data is not a PrivateKeyInfo"))?;
    Ok(Contents::new(&info.algorithm, info.private_key.as_bytes()))
}

/// Makes a `SubjectPublicKeyInfo`.
///
/// # Errors
/// An `OperationError` if the key is absurdly large.
pub(crate) fn make_spki(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, key: &[u8]) -> Result<Secret, Failure> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    let made = BitStringRef::from_bytes(key)
        .and_then(|subject_public_key| SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der());
    made.map(Zeroizing::new).map_err(|_| encoding())
}

/// Makes a `PrivateKeyInfo`.
///
/// # Errors
/// An `OperationError` if the key is absurdly large.
pub(crate) fn make_pkcs8(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, key: &[u8]) -> Result<Secret, Failure> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    let made = OctetStringRef::new(key).and_then(|key| PrivateKeyInfoRef::new(algorithm, key).to_der());
    made.map(Zeroizing::new).map_err(|_| encoding())
}

/// The failure to write a key down.
pub(crate) fn encoding() -> Failure {
    Failure::operation("the key cannot be encoded")
}
