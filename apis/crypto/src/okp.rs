//! Curve 25519 (RFC 7748, 8032): Ed25519 and X25519.

use crate::algorithm::Name;
use crate::failure::Failure;
use crate::format::{self, Contents, Format, KeyData, encoding};
use crate::jwk::{self, Jwk};
use crate::key::{Details, Key, Material, Pair, Secret, Usages, wrong_type};
use crate::random;
use aws_lc_rs::agreement;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode};
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Failure>;

/// Bytes of a key, private or public.
const SIZE: usize = 32;

/// A public key.
pub(crate) struct Public {
    bytes: [u8; SIZE],
}

/// A private key.
pub(crate) struct Private {
    seed: Secret,
    public: [u8; SIZE],
}

fn oid(name: Name) -> ObjectIdentifier {
    if name == Name::X25519 {
        ObjectIdentifier::new_unwrap("1.3.101.110")
    } else {
        ObjectIdentifier::new_unwrap("1.3.101.112")
    }
}

fn public_usages(name: Name) -> Usages {
    if name == Name::X25519 { Usages::NONE } else { Usages::VERIFY }
}

fn private_usages(name: Name) -> Usages {
    if name == Name::X25519 { Usages::DERIVE_KEY.with(Usages::DERIVE_BITS) } else { Usages::SIGN }
}

fn wrong_size(size: usize) -> Failure {
    Failure::data(format!("a key has {SIZE} bytes, not {size}"))
}

fn public(bytes: &[u8]) -> Outcome<Public> {
    let bytes = bytes.try_into().map_err(|_| wrong_size(bytes.len()))?;
    Ok(Public { bytes })
}

fn private(name: Name, seed: Secret) -> Outcome<Private> {
    if seed.len() != SIZE {
        return Err(wrong_size(seed.len()));
    }
    let refuse = || Failure::data("the key data is not a private key");
    let public = if name == Name::X25519 {
        let key = agreement::PrivateKey::from_private_key(&agreement::X25519, &seed).map_err(|_| refuse())?;
        key.compute_public_key().map_err(|_| refuse())?.as_ref().try_into()
    } else {
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| refuse())?.public_key().as_ref().try_into()
    };
    Ok(Private { seed, public: public.map_err(|_| refuse())? })
}

fn public_key(name: Name, public: Public, extractable: bool, usages: Usages) -> Key {
    Key { name, details: Details::None, extractable, usages, material: Material::OkpPublic(public) }
}

fn private_key(name: Name, private: Private, extractable: bool, usages: Usages) -> Key {
    Key { name, details: Details::None, extractable, usages, material: Material::OkpPrivate(private) }
}

pub(crate) fn generate(name: Name, extractable: bool, usages: Usages) -> Outcome<Pair> {
    usages.only(public_usages(name).with(private_usages(name)))?;
    let private = private(name, random::secret(SIZE)?)?;
    let public = Public { bytes: private.public };
    Ok((
        public_key(name, public, true, usages.and(public_usages(name))),
        private_key(name, private, extractable, usages.and(private_usages(name))),
    ))
}

pub(crate) fn import(name: Name, data: KeyData, extractable: bool, usages: Usages) -> Outcome<Key> {
    match data {
        KeyData::Raw(bytes) => {
            usages.only(public_usages(name))?;
            Ok(public_key(name, public(&bytes)?, extractable, usages))
        }
        KeyData::Spki(bytes) => {
            usages.only(public_usages(name))?;
            let contents = format::open_spki(&bytes)?;
            check(name, &contents)?;
            Ok(public_key(name, public(contents.key)?, extractable, usages))
        }
        KeyData::Pkcs8(bytes) => {
            usages.only(private_usages(name))?;
            let contents = format::open_pkcs8(&bytes)?;
            check(name, &contents)?;
            let seed = <&OctetStringRef>::from_der(contents.key);
            let seed = seed.map_err(|_| Failure::data("the key data is not a private key"))?;
            let private = private(name, Zeroizing::new(seed.as_bytes().to_vec()))?;
            Ok(private_key(name, private, extractable, usages))
        }
        KeyData::Jwk(jwk) => import_jwk(name, &jwk, extractable, usages),
    }
}

fn check(name: Name, contents: &Contents<'_>) -> Outcome<()> {
    if contents.oid != oid(name) || contents.has_parameters {
        return Err(Failure::data(format!("the key data is not that of a key for {}", name.text())));
    }
    Ok(())
}

fn import_jwk(name: Name, jwk: &Jwk, extractable: bool, usages: Usages) -> Outcome<Key> {
    usages.only(if jwk.d.is_some() { private_usages(name) } else { public_usages(name) })?;
    jwk.check("OKP", if name == Name::X25519 { "enc" } else { "sig" }, extractable, usages)?;
    if jwk.crv.as_deref() != Some(name.text()) {
        return Err(Failure::data(format!("the member crv is not {:?}", name.text())));
    }
    if name == Name::Ed25519 {
        jwk.check_alg(&["Ed25519", "EdDSA"])?;
    }
    let x = public(&jwk::decode(jwk.x.as_ref(), "x")?)?;
    if jwk.d.is_none() {
        return Ok(public_key(name, x, extractable, usages));
    }
    let private = private(name, jwk::decode(jwk.d.as_ref(), "d")?)?;
    if private.public != x.bytes {
        return Err(Failure::data("the private and the public key do not belong together"));
    }
    Ok(private_key(name, private, extractable, usages))
}

pub(crate) fn export(key: &Key, format: Format) -> Outcome<KeyData> {
    let jwk = |x: &[u8], d: Option<&Secret>| {
        let jwk = Jwk {
            kty: Some("OKP".to_owned()),
            crv: Some(key.name.text().to_owned()),
            alg: (key.name == Name::Ed25519).then(|| "Ed25519".to_owned()),
            x: jwk::encode(x),
            d: d.and_then(|seed| jwk::encode(seed)),
            ..Jwk::default()
        };
        Ok(KeyData::Jwk(Box::new(jwk.describe(key.usages, key.extractable))))
    };
    match (&key.material, format) {
        (Material::OkpPublic(public), Format::Raw) => Ok(KeyData::Raw(Zeroizing::new(public.bytes.to_vec()))),
        (Material::OkpPublic(public), Format::Spki) => {
            format::make_spki(oid(key.name), None, &public.bytes).map(KeyData::Spki)
        }
        (Material::OkpPublic(public), Format::Jwk) => jwk(&public.bytes, None),
        (Material::OkpPrivate(private), Format::Pkcs8) => {
            let inner = OctetStringRef::new(&private.seed).and_then(|seed| seed.to_der()).map_err(|_| encoding())?;
            format::make_pkcs8(oid(key.name), None, &Zeroizing::new(inner)).map(KeyData::Pkcs8)
        }
        (Material::OkpPrivate(private), Format::Jwk) => jwk(&private.public, Some(&private.seed)),
        _ => Err(wrong_type(key)),
    }
}

pub(crate) fn sign(key: &Key, data: &[u8]) -> Outcome<Vec<u8>> {
    let Material::OkpPrivate(private) = &key.material else { return Err(wrong_type(key)) };
    let failed = |_| Failure::operation("the data could not be signed");
    let pair = Ed25519KeyPair::from_seed_and_public_key(&private.seed, &private.public).map_err(failed)?;
    Ok(pair.sign(data).as_ref().to_vec())
}

pub(crate) fn verify(key: &Key, signature: &[u8], data: &[u8]) -> Outcome<bool> {
    let Material::OkpPublic(public) = &key.material else { return Err(wrong_type(key)) };
    let Some(commitment) = signature.first_chunk::<SIZE>() else { return Ok(false) };
    if is_small_order(&public.bytes) || is_small_order(commitment) {
        return Ok(false);
    }
    Ok(UnparsedPublicKey::new(&ED25519, &public.bytes).verify(data, signature).is_ok())
}

/// The encodings of points whose order divides 8, the sign bit aside. Under such a key a signature can hold for any data.
const SMALL_ORDER: [[u8; SIZE]; 7] = [
    little_endian(0, 0, 0),
    little_endian(1, 0, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    little_endian(0xec, 0xff, 0x7f),
    little_endian(0xed, 0xff, 0x7f),
    little_endian(0xee, 0xff, 0x7f),
];

/// A number of one lowest byte, equal ones between, and one highest.
const fn little_endian(low: u8, middle: u8, high: u8) -> [u8; SIZE] {
    let mut bytes = [middle; SIZE];
    bytes[0] = low;
    bytes[SIZE - 1] = high;
    bytes
}

fn is_small_order(point: &[u8; SIZE]) -> bool {
    let mut y = *point;
    y[SIZE - 1] &= 0x7f;
    SMALL_ORDER.contains(&y)
}

/// The secret that two keys share.
pub(crate) fn agree(key: &Key, public: &Key) -> Outcome<Secret> {
    let Material::OkpPrivate(private) = &key.material else { return Err(wrong_type(key)) };
    let Material::OkpPublic(public) = &public.material else { return Err(wrong_type(public)) };
    let failed = || Failure::operation("the keys do not agree on a secret");
    let own = agreement::PrivateKey::from_private_key(&agreement::X25519, &private.seed).map_err(|_| failed())?;
    let theirs = agreement::UnparsedPublicKey::new(&agreement::X25519, &public.bytes);
    agreement::agree(&own, theirs, failed(), |secret| Ok(Zeroizing::new(secret.to_vec())))
}
