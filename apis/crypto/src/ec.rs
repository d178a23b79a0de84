//! Elliptic curves of NIST: ECDSA and ECDH.

use crate::algorithm::{Curve, Hash, Name};
use crate::failure::Failure;
use crate::format::{self, Contents, Format, KeyData, encoding};
use crate::jwk::{self, Jwk};
use crate::key::{Details, Key, Material, Pair, Secret, Usages, wrong_type};
use aws_lc_rs::agreement;
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin};
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, UnparsedPublicKey};
use pkcs8::ObjectIdentifier;
use sec1::EcPrivateKey;
use sec1::der::{AnyRef, Decode, Encode};
use std::sync::OnceLock;
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Failure>;

const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A public key.
pub(crate) struct Public {
    curve: Curve,
    /// The point, uncompressed: 4, x, y.
    point: Vec<u8>,
}

/// A private key.
pub(crate) struct Private {
    /// A number of the curve's size.
    scalar: Secret,
    public: Public,
    signer: OnceLock<Option<EcdsaKeyPair>>,
}

fn curve_oid(curve: Curve) -> ObjectIdentifier {
    match curve {
        Curve::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        Curve::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        Curve::P521 => ObjectIdentifier::new_unwrap("1.3.132.0.35"),
    }
}

fn agreement(curve: Curve) -> &'static agreement::Algorithm {
    match curve {
        Curve::P256 => &agreement::ECDH_P256,
        Curve::P384 => &agreement::ECDH_P384,
        Curve::P521 => &agreement::ECDH_P521,
    }
}

/// The library's algorithms for a curve, all with the same hash function; see [`fit`].
fn ecdsa(
    curve: Curve,
) -> (&'static EcdsaSigningAlgorithm, &'static EcdsaVerificationAlgorithm, &'static digest::Algorithm) {
    match curve {
        Curve::P256 => {
            (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signature::ECDSA_P256_SHA256_FIXED, &digest::SHA256)
        }
        Curve::P384 => {
            (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &signature::ECDSA_P384_SHA384_FIXED, &digest::SHA384)
        }
        Curve::P521 => {
            (&signature::ECDSA_P521_SHA512_FIXED_SIGNING, &signature::ECDSA_P521_SHA512_FIXED, &digest::SHA512)
        }
    }
}

fn public_usages(name: Name) -> Usages {
    if name == Name::Ecdsa { Usages::VERIFY } else { Usages::NONE }
}

fn private_usages(name: Name) -> Usages {
    if name == Name::Ecdsa { Usages::SIGN } else { Usages::DERIVE_KEY.with(Usages::DERIVE_BITS) }
}

impl Public {
    /// A point, compressed or not, that lies on the curve.
    fn new(curve: Curve, point: &[u8]) -> Outcome<Public> {
        let refuse = || Failure::data(format!("the key data is not a point of {}", curve.name()));
        let size = curve.size();
        match point.first() {
            Some(4) if point.len() == 1 + 2 * size => {}
            Some(2 | 3) if point.len() == 1 + size => {}
            _ => return Err(refuse()),
        }
        let parsed = UnparsedPublicKey::new(ecdsa(curve).1, point).parse().map_err(|_| refuse())?;
        if point[0] == 4 {
            return Ok(Public { curve, point: point.to_vec() });
        }
        let spki = AsDer::as_der(&parsed).map_err(|_| refuse())?;
        Ok(Public { curve, point: format::open_spki(spki.as_ref())?.key.to_vec() })
    }

    fn coordinates(&self) -> (&[u8], &[u8]) {
        self.point[1..].split_at(self.curve.size())
    }
}

impl Private {
    fn new(curve: Curve, scalar: Secret) -> Outcome<Private> {
        let refuse = || Failure::data(format!("the key data is not a private key of {}", curve.name()));
        let key = agreement::PrivateKey::from_private_key(agreement(curve), &scalar).map_err(|_| refuse())?;
        let point = key.compute_public_key().map_err(|_| refuse())?.as_ref().to_vec();
        Ok(Private { scalar, public: Public { curve, point }, signer: OnceLock::new() })
    }

    fn signer(&self) -> Outcome<&EcdsaKeyPair> {
        let make = || {
            let (signing, ..) = ecdsa(self.public.curve);
            EcdsaKeyPair::from_private_key_and_public_key(signing, &self.scalar, &self.public.point).ok()
        };
        self.signer.get_or_init(make).as_ref().ok_or_else(|| Failure::operation("the key cannot sign"))
    }

    fn pkcs8(&self) -> Outcome<Secret> {
        let inner = EcPrivateKey { private_key: &self.scalar, parameters: None, public_key: Some(&self.public.point) };
        let inner = Zeroizing::new(inner.to_der().map_err(|_| encoding())?);
        let curve = curve_oid(self.public.curve);
        format::make_pkcs8(OID, Some(AnyRef::from(&curve)), &inner)
    }
}

fn public_key(name: Name, public: Public, extractable: bool, usages: Usages) -> Key {
    Key { name, details: Details::Curve(public.curve), extractable, usages, material: Material::EcPublic(public) }
}

fn private_key(name: Name, private: Private, extractable: bool, usages: Usages) -> Key {
    let details = Details::Curve(private.public.curve);
    Key { name, details, extractable, usages, material: Material::EcPrivate(private) }
}

fn known(curve: Option<Curve>) -> Outcome<Curve> {
    curve.ok_or_else(|| Failure::not_supported("namedCurve is not P-256, P-384 or P-521"))
}

pub(crate) fn generate(name: Name, curve: Option<Curve>, extractable: bool, usages: Usages) -> Outcome<Pair> {
    usages.only(public_usages(name).with(private_usages(name)))?;
    let curve = known(curve)?;
    let failed = |_| Failure::operation("the key could not be generated");
    let key = agreement::PrivateKey::generate(agreement(curve)).map_err(failed)?;
    let scalar: EcPrivateKeyBin<'_> = key.as_be_bytes().map_err(failed)?;
    let private = Private::new(curve, Zeroizing::new(scalar.as_ref().to_vec()))?;
    let public = Public { curve, point: private.public.point.clone() };
    Ok((
        public_key(name, public, true, usages.and(public_usages(name))),
        private_key(name, private, extractable, usages.and(private_usages(name))),
    ))
}

pub(crate) fn import(
    name: Name,
    curve: Option<Curve>,
    data: KeyData,
    extractable: bool,
    usages: Usages,
) -> Outcome<Key> {
    match data {
        KeyData::Raw(point) => {
            let curve = known(curve)?;
            usages.only(public_usages(name))?;
            Ok(public_key(name, Public::new(curve, &point)?, extractable, usages))
        }
        KeyData::Spki(bytes) => {
            usages.only(public_usages(name))?;
            let contents = format::open_spki(&bytes)?;
            let curve = known(curve)?;
            check_curve(&contents, curve)?;
            Ok(public_key(name, Public::new(curve, contents.key)?, extractable, usages))
        }
        KeyData::Pkcs8(bytes) => {
            usages.only(private_usages(name))?;
            let contents = format::open_pkcs8(&bytes)?;
            let curve = known(curve)?;
            check_curve(&contents, curve)?;
            Ok(private_key(name, open_private(curve, contents.key)?, extractable, usages))
        }
        KeyData::Jwk(jwk) => import_jwk(name, curve, &jwk, extractable, usages),
    }
}

fn check_curve(contents: &Contents<'_>, curve: Curve) -> Outcome<()> {
    if contents.oid != OID || contents.parameter != Some(curve_oid(curve)) {
        return Err(Failure::data(format!("the key data is not that of a key of {}", curve.name())));
    }
    Ok(())
}

fn open_private(curve: Curve, bytes: &[u8]) -> Outcome<Private> {
    let refuse = || Failure::data(format!("the key data is not a private key of {}", curve.name()));
    let inner = EcPrivateKey::from_der(bytes).map_err(|_| refuse())?;
    if inner.parameters.is_some_and(|parameters| parameters.named_curve() != Some(curve_oid(curve))) {
        return Err(refuse());
    }
    let private = Private::new(curve, Zeroizing::new(inner.private_key.to_vec()))?;
    if let Some(point) = inner.public_key {
        check_pair(&private, &Public::new(curve, point)?)?;
    }
    Ok(private)
}

fn check_pair(private: &Private, public: &Public) -> Outcome<()> {
    if private.public.point == public.point {
        return Ok(());
    }
    Err(Failure::data("the private and the public key do not belong together"))
}

fn import_jwk(name: Name, curve: Option<Curve>, jwk: &Jwk, extractable: bool, usages: Usages) -> Outcome<Key> {
    let allowed = if jwk.d.is_some() { private_usages(name) } else { public_usages(name) };
    usages.only(allowed)?;
    jwk.check("EC", if name == Name::Ecdsa { "sig" } else { "enc" }, extractable, usages)?;
    let curve = known(curve)?;
    if jwk.crv.as_deref() != Some(curve.name()) {
        return Err(Failure::data(format!("the member crv is not {:?}", curve.name())));
    }
    if name == Name::Ecdsa {
        let of_alg = match jwk.alg.as_deref() {
            Some("ES256") => Some(Curve::P256),
            Some("ES384") => Some(Curve::P384),
            Some("ES512") => Some(Curve::P521),
            _ => None,
        };
        if of_alg.is_some_and(|expected| expected != curve) {
            return Err(Failure::data("the members alg and crv contradict each other"));
        }
    }
    let number = |member: &Option<String>, name| -> Outcome<Secret> {
        let bytes = jwk::decode(member.as_ref(), name)?;
        if bytes.len() == curve.size() { Ok(bytes) } else { Err(jwk::bad(name)) }
    };
    let mut point = vec![4];
    point.extend_from_slice(&number(&jwk.x, "x")?);
    point.extend_from_slice(&number(&jwk.y, "y")?);
    let public = Public::new(curve, &point)?;
    if jwk.d.is_none() {
        return Ok(public_key(name, public, extractable, usages));
    }
    let private = Private::new(curve, number(&jwk.d, "d")?)?;
    check_pair(&private, &public)?;
    Ok(private_key(name, private, extractable, usages))
}

pub(crate) fn export(key: &Key, format: Format) -> Outcome<KeyData> {
    let (public, private) = match &key.material {
        Material::EcPublic(public) => (public, None),
        Material::EcPrivate(private) => (&private.public, Some(private)),
        _ => return Err(wrong_type(key)),
    };
    match (format, private) {
        (Format::Raw, None) => Ok(KeyData::Raw(Zeroizing::new(public.point.clone()))),
        (Format::Spki, None) => {
            let curve = curve_oid(public.curve);
            format::make_spki(OID, Some(AnyRef::from(&curve)), &public.point).map(KeyData::Spki)
        }
        (Format::Pkcs8, Some(private)) => private.pkcs8().map(KeyData::Pkcs8),
        (Format::Jwk, private) => {
            let (x, y) = public.coordinates();
            let jwk = Jwk {
                kty: Some("EC".to_owned()),
                crv: Some(public.curve.name().to_owned()),
                x: jwk::encode(x),
                y: jwk::encode(y),
                d: private.and_then(|private| jwk::encode(&private.scalar)),
                ..Jwk::default()
            };
            Ok(KeyData::Jwk(Box::new(jwk.describe(key.usages, key.extractable))))
        }
        _ => Err(wrong_type(key)),
    }
}

/// The digest of data in the form that the library takes for a curve.
///
/// ECDSA uses a digest as a number, cut to the bits of the curve's order (FIPS 186-5, 6.4.1). A longer digest is cut and a
/// shorter one is given zeros in front, so that each hash function can be used with each curve.
fn fit(curve: Curve, hash: Hash, data: &[u8]) -> Outcome<Digest> {
    let made = digest::digest(hash.digest(), data);
    let (.., native) = ecdsa(curve);
    let size = native.output_len();
    let made = made.as_ref();
    let mut fitted = vec![0; size.saturating_sub(made.len())];
    fitted.extend_from_slice(&made[..made.len().min(size)]);
    Digest::import_less_safe(&fitted, native).map_err(|_| Failure::operation("the digest does not fit the curve"))
}

pub(crate) fn sign(key: &Key, hash: Hash, data: &[u8]) -> Outcome<Vec<u8>> {
    let Material::EcPrivate(private) = &key.material else { return Err(wrong_type(key)) };
    let digest = fit(private.public.curve, hash, data)?;
    let signature = private.signer()?.sign_digest(&digest);
    let signature = signature.map_err(|_| Failure::operation("the data could not be signed"))?;
    Ok(signature.as_ref().to_vec())
}

pub(crate) fn verify(key: &Key, hash: Hash, signature: &[u8], data: &[u8]) -> Outcome<bool> {
    let Material::EcPublic(public) = &key.material else { return Err(wrong_type(key)) };
    if signature.len() != 2 * public.curve.size() {
        return Ok(false);
    }
    let digest = fit(public.curve, hash, data)?;
    Ok(UnparsedPublicKey::new(ecdsa(public.curve).1, &public.point).verify_digest(&digest, signature).is_ok())
}

/// The secret that two keys of a curve share: the x coordinate.
pub(crate) fn agree(key: &Key, public: &Key) -> Outcome<Secret> {
    let Material::EcPrivate(private) = &key.material else { return Err(wrong_type(key)) };
    let Material::EcPublic(public) = &public.material else { return Err(wrong_type(public)) };
    let curve = private.public.curve;
    if public.curve != curve {
        return Err(Failure::invalid_access("the keys are of different curves"));
    }
    let failed = || Failure::operation("the keys do not agree on a secret");
    let own = agreement::PrivateKey::from_private_key(agreement(curve), &private.scalar).map_err(|_| failed())?;
    let theirs = agreement::UnparsedPublicKey::new(agreement(curve), &public.point);
    agreement::agree(&own, theirs, failed(), |secret| Ok(Zeroizing::new(secret.to_vec())))
}
