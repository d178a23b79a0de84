//! RSA: RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP.
//!
//! Keys are kept as the DER of PKCS #1; the library's own form is made when a key is first used. The library uses
//! private keys of 2,048 to 8,192 bits and signs with SHA-2 only; shorter keys can be imported and exported, and
//! signatures with SHA-1 be verified.

use crate::algorithm::{Hash, Name};
use crate::failure::Failure;
use crate::format::{self, Format, KeyData, encoding, unsupported};
use crate::jwk::{self, Jwk};
use crate::key::{Details, Key, Material, Pair, Secret, Usages, wrong_type};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{self, RsaParameters, RsaPssSaltLength, RsaSignatureEncoding, UnparsedPublicKey};
use pkcs1::der::asn1::UintRef;
use pkcs1::der::{AnyRef, Decode, Encode, Error as DerError};
use pkcs1::{RsaPrivateKey, RsaPrivateKeyRef, RsaPublicKeyRef};
use pkcs8::ObjectIdentifier;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Failure>;

const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Bits of the shortest private key that the library takes.
const MIN_PRIVATE: u32 = 2_048;

/// A public key.
pub(crate) struct Public {
    /// `RSAPublicKey` of PKCS #1.
    der: Vec<u8>,
}

/// A private key.
pub(crate) struct Private {
    /// `RSAPrivateKey` of PKCS #1.
    der: Secret,
    signer: OnceLock<Option<KeyPair>>,
    decryptor: OnceLock<Option<OaepPrivateDecryptingKey>>,
}

fn public_usages(name: Name) -> Usages {
    if name == Name::RsaOaep { Usages::ENCRYPT.with(Usages::WRAP_KEY) } else { Usages::VERIFY }
}

fn private_usages(name: Name) -> Usages {
    if name == Name::RsaOaep { Usages::DECRYPT.with(Usages::UNWRAP_KEY) } else { Usages::SIGN }
}

impl Public {
    fn new(key: &RsaPublicKeyRef<'_>) -> Outcome<Public> {
        let is_odd = |number: &UintRef<'_>| number.as_bytes().last().is_some_and(|byte| byte % 2 == 1);
        if !is_odd(&key.modulus) || !is_odd(&key.public_exponent) {
            return Err(Failure::data("the RSA key has an even modulus or exponent"));
        }
        Ok(Public { der: key.to_der().map_err(|_| encoding())? })
    }

    fn parts(&self) -> Outcome<RsaPublicKeyRef<'_>> {
        RsaPublicKeyRef::from_der(&self.der).map_err(|_| encoding())
    }

    fn spki(&self) -> Outcome<Secret> {
        format::make_spki(OID, Some(AnyRef::NULL), &self.der)
    }
}

impl Private {
    fn new(key: &RsaPrivateKeyRef<'_>) -> Outcome<Private> {
        if key.other_prime_infos.is_some() {
            return Err(Failure::not_supported("RSA keys with more than two primes are not supported"));
        }
        let der = Zeroizing::new(key.to_der().map_err(|_| encoding())?);
        let private = Private { der, signer: OnceLock::new(), decryptor: OnceLock::new() };
        if bits(&key.modulus) >= MIN_PRIVATE && KeyPair::from_der(&private.der).is_err() {
            return Err(Failure::data("the numbers of the RSA key do not belong together"));
        }
        Ok(private)
    }

    fn parts(&self) -> Outcome<RsaPrivateKeyRef<'_>> {
        RsaPrivateKeyRef::from_der(&self.der).map_err(|_| encoding())
    }

    fn pkcs8(&self) -> Outcome<Secret> {
        format::make_pkcs8(OID, Some(AnyRef::NULL), &self.der)
    }

    fn signer(&self) -> Outcome<&KeyPair> {
        self.signer.get_or_init(|| KeyPair::from_der(&self.der).ok()).as_ref().ok_or_else(unusable)
    }

    fn decryptor(&self) -> Outcome<&OaepPrivateDecryptingKey> {
        let make = || {
            let key = PrivateDecryptingKey::from_pkcs8(&self.pkcs8().ok()?).ok()?;
            OaepPrivateDecryptingKey::new(key).ok()
        };
        self.decryptor.get_or_init(make).as_ref().ok_or_else(unusable)
    }
}

fn unusable() -> Failure {
    Failure::operation("private RSA keys are used with 2048 to 8192 bits only")
}

fn bits(modulus: &UintRef<'_>) -> u32 {
    let bytes = modulus.as_bytes();
    let leading = bytes.first().map_or(0, |byte| byte.leading_zeros());
    (bytes.len() as u32 * 8).saturating_sub(leading)
}

fn details(modulus: &UintRef<'_>, exponent: &UintRef<'_>, hash: Hash) -> Details {
    Details::Rsa { modulus_length: bits(modulus), public_exponent: exponent.as_bytes().to_vec(), hash }
}

fn public_key(name: Name, parts: &RsaPublicKeyRef<'_>, hash: Hash, extractable: bool, usages: Usages) -> Outcome<Key> {
    let details = details(&parts.modulus, &parts.public_exponent, hash);
    Ok(Key { name, details, extractable, usages, material: Material::RsaPublic(Public::new(parts)?) })
}

fn private_key(
    name: Name,
    parts: &RsaPrivateKeyRef<'_>,
    hash: Hash,
    extractable: bool,
    usages: Usages,
) -> Outcome<Key> {
    let details = details(&parts.modulus, &parts.public_exponent, hash);
    Public::new(&parts.public_key())?;
    Ok(Key { name, details, extractable, usages, material: Material::RsaPrivate(Private::new(parts)?) })
}

/// What a key is generated from.
pub(crate) struct Generate<'p> {
    pub(crate) modulus_length: u32,
    pub(crate) public_exponent: &'p [u8],
    pub(crate) hash: Hash,
}

pub(crate) fn generate(name: Name, params: &Generate<'_>, extractable: bool, usages: Usages) -> Outcome<Pair> {
    usages.only(public_usages(name).with(private_usages(name)))?;
    let size = match params.modulus_length {
        2_048 => KeySize::Rsa2048,
        3_072 => KeySize::Rsa3072,
        4_096 => KeySize::Rsa4096,
        8_192 => KeySize::Rsa8192,
        bits => {
            let message = format!("RSA keys are generated with 2048, 3072, 4096 or 8192 bits, not with {bits}");
            return Err(Failure::operation(message));
        }
    };
    let zeros = params.public_exponent.iter().take_while(|byte| **byte == 0).count();
    if params.public_exponent[zeros..] != [1, 0, 1] {
        return Err(Failure::operation("RSA keys are generated with the public exponent 65537 only"));
    }
    let failed = || Failure::operation("the key could not be generated");
    let pair = KeyPair::generate(size).map_err(|_| failed())?;
    let document = AsDer::as_der(&pair).map_err(|_| failed())?;
    let opened = format::open_pkcs8(document.as_ref())?;
    let parts = RsaPrivateKeyRef::from_der(opened.key).map_err(|_| encoding())?;
    let public = public_key(name, &parts.public_key(), params.hash, true, usages.and(public_usages(name)))?;
    let private = private_key(name, &parts, params.hash, extractable, usages.and(private_usages(name)))?;
    Ok((public, private))
}

pub(crate) fn import(name: Name, hash: Hash, data: KeyData, extractable: bool, usages: Usages) -> Outcome<Key> {
    let refuse = |_: DerError| Failure::data("the key data is not an RSA key");
    match data {
        KeyData::Spki(bytes) => {
            usages.only(public_usages(name))?;
            let contents = format::open_spki(&bytes)?;
            check_oid(contents.oid)?;
            public_key(name, &RsaPublicKeyRef::from_der(contents.key).map_err(refuse)?, hash, extractable, usages)
        }
        KeyData::Pkcs8(bytes) => {
            usages.only(private_usages(name))?;
            let contents = format::open_pkcs8(&bytes)?;
            check_oid(contents.oid)?;
            private_key(name, &RsaPrivateKeyRef::from_der(contents.key).map_err(refuse)?, hash, extractable, usages)
        }
        KeyData::Jwk(jwk) => import_jwk(name, hash, &jwk, extractable, usages),
        KeyData::Raw(_) => Err(unsupported()),
    }
}

fn check_oid(oid: ObjectIdentifier) -> Outcome<()> {
    if oid == OID { Ok(()) } else { Err(Failure::data("the key data is not that of an RSA key")) }
}

fn import_jwk(name: Name, hash: Hash, jwk: &Jwk, extractable: bool, usages: Usages) -> Outcome<Key> {
    usages.only(if jwk.d.is_some() { private_usages(name) } else { public_usages(name) })?;
    jwk.check("RSA", if name == Name::RsaOaep { "enc" } else { "sig" }, extractable, usages)?;
    jwk.check_alg(&[&jwa(name, hash)])?;
    let n = jwk::decode(jwk.n.as_ref(), "n")?;
    let e = jwk::decode(jwk.e.as_ref(), "e")?;
    let number = |bytes, member| UintRef::new(bytes).map_err(|_| jwk::bad(member));
    let (modulus, public_exponent) = (number(&n, "n")?, number(&e, "e")?);
    let Some(d) = &jwk.d else {
        return public_key(name, &RsaPublicKeyRef { modulus, public_exponent }, hash, extractable, usages);
    };
    if jwk.oth {
        return Err(Failure::not_supported("RSA keys with more than two primes are not supported"));
    }
    let rest = [&jwk.p, &jwk.q, &jwk.dp, &jwk.dq, &jwk.qi];
    if rest.iter().all(|member| member.is_none()) {
        return Err(Failure::not_supported("private RSA keys without their primes are not supported"));
    }
    let d = jwk::decode(Some(d), "d")?;
    let mut parts = Vec::new();
    for (member, name) in rest.into_iter().zip(["p", "q", "dp", "dq", "qi"]) {
        parts.push(jwk::decode(member.as_ref(), name)?);
    }
    let [p, q, dp, dq, qi] = &parts[..] else { return Err(encoding()) };
    let parts = RsaPrivateKey {
        modulus,
        public_exponent,
        private_exponent: number(&d, "d")?,
        prime1: number(p, "p")?,
        prime2: number(q, "q")?,
        exponent1: number(dp, "dp")?,
        exponent2: number(dq, "dq")?,
        coefficient: number(qi, "qi")?,
        other_prime_infos: None,
    };
    private_key(name, &parts, hash, extractable, usages)
}

fn jwa(name: Name, hash: Hash) -> String {
    match (name, hash) {
        (Name::RsaPkcs1, hash) => format!("RS{}", hash.jwa()),
        (Name::RsaPss, hash) => format!("PS{}", hash.jwa()),
        (_, Hash::Sha1) => "RSA-OAEP".to_owned(),
        (_, hash) => format!("RSA-OAEP-{}", hash.jwa()),
    }
}

pub(crate) fn export(key: &Key, format: Format) -> Outcome<KeyData> {
    let jwk = || Jwk {
        kty: Some("RSA".to_owned()),
        alg: hash_of(key).ok().map(|hash| jwa(key.name, hash)),
        ..Jwk::default()
    };
    let number = |number: &UintRef<'_>| jwk::encode(number.as_bytes());
    let jwk = match (&key.material, format) {
        (Material::RsaPublic(public), Format::Spki) => return public.spki().map(KeyData::Spki),
        (Material::RsaPrivate(private), Format::Pkcs8) => return private.pkcs8().map(KeyData::Pkcs8),
        (Material::RsaPublic(public), Format::Jwk) => {
            let parts = public.parts()?;
            Jwk { n: number(&parts.modulus), e: number(&parts.public_exponent), ..jwk() }
        }
        (Material::RsaPrivate(private), Format::Jwk) => {
            let parts = private.parts()?;
            Jwk {
                n: number(&parts.modulus),
                e: number(&parts.public_exponent),
                d: number(&parts.private_exponent),
                p: number(&parts.prime1),
                q: number(&parts.prime2),
                dp: number(&parts.exponent1),
                dq: number(&parts.exponent2),
                qi: number(&parts.coefficient),
                ..jwk()
            }
        }
        (_, Format::Raw) => return Err(unsupported()),
        _ => return Err(wrong_type(key)),
    };
    Ok(KeyData::Jwk(Box::new(jwk.describe(key.usages, key.extractable))))
}

fn hash_of(key: &Key) -> Outcome<Hash> {
    match key.details {
        Details::Rsa { hash, .. } => Ok(hash),
        _ => Err(wrong_type(key)),
    }
}

fn public(key: &Key) -> Outcome<&Public> {
    if let Material::RsaPublic(public) = &key.material { Ok(public) } else { Err(wrong_type(key)) }
}

fn private(key: &Key) -> Outcome<&Private> {
    if let Material::RsaPrivate(private) = &key.material { Ok(private) } else { Err(wrong_type(key)) }
}

/// A padding of signatures.
#[derive(Clone, Copy)]
pub(crate) enum Padding {
    Pkcs1,
    Pss { salt_length: u32 },
}

pub(crate) fn sign(key: &Key, padding: Padding, data: &[u8]) -> Outcome<Vec<u8>> {
    let private = private(key)?;
    let encoding: &'static RsaSignatureEncoding = match (padding, hash_of(key)?) {
        (_, Hash::Sha1) => return Err(Failure::not_supported("RSA signatures are not made with SHA-1")),
        (Padding::Pkcs1, Hash::Sha256) => &signature::RSA_PKCS1_SHA256,
        (Padding::Pkcs1, Hash::Sha384) => &signature::RSA_PKCS1_SHA384,
        (Padding::Pkcs1, Hash::Sha512) => &signature::RSA_PKCS1_SHA512,
        (Padding::Pss { salt_length }, hash) => pss(key, hash, salt_length)?.signing,
    };
    let signer = private.signer()?;
    let mut signature = vec![0; signer.public_modulus_len()];
    let signed = signer.sign(encoding, &SystemRandom::new(), data, &mut signature);
    signed.map_err(|_| Failure::operation("the data could not be signed"))?;
    Ok(signature)
}

pub(crate) fn verify(key: &Key, padding: Padding, signature: &[u8], data: &[u8]) -> Outcome<bool> {
    let public = public(key)?;
    let parameters: &'static RsaParameters = match (padding, hash_of(key)?) {
        (Padding::Pkcs1, Hash::Sha1) => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Padding::Pkcs1, Hash::Sha256) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Padding::Pkcs1, Hash::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Padding::Pkcs1, Hash::Sha512) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Padding::Pss { .. }, Hash::Sha1) => {
            return Err(Failure::not_supported("RSA-PSS is not available with SHA-1"));
        }
        (Padding::Pss { salt_length }, hash) => match pss(key, hash, salt_length) {
            Ok(pss) => pss.verifying,
            Err(_) => return Ok(false),
        },
    };
    Ok(UnparsedPublicKey::new(parameters, &public.der).verify(data, signature).is_ok())
}

/// RSA-PSS with one hash function and one length of the salt.
#[derive(Clone, Copy)]
struct Pss {
    signing: &'static RsaSignatureEncoding,
    verifying: &'static RsaParameters,
}

/// The library asks for parameters that live for ever, so each pair of hash function and length is made once. A salt
/// fits into the largest key, so there are about 3,000 of them at most.
fn pss(key: &Key, hash: Hash, salt_length: u32) -> Outcome<Pss> {
    static MADE: Mutex<BTreeMap<(Hash, u16), Pss>> = Mutex::new(BTreeMap::new());
    let refuse = || Failure::operation(format!("a salt of {salt_length} bytes does not fit into a signature"));
    let modulus = if let Details::Rsa { modulus_length, .. } = key.details { modulus_length } else { 0 };
    let room = (modulus.min(8_192) as usize + 6) / 8;
    if salt_length as usize + hash.digest().output_len() + 2 > room {
        return Err(refuse());
    }
    let length = u16::try_from(salt_length).map_err(|_| refuse())?;
    let (signing, verifying) = match hash {
        Hash::Sha1 => return Err(Failure::not_supported("RSA-PSS is not available with SHA-1")),
        Hash::Sha256 => (signature::RSA_PSS_SHA256, signature::RSA_PSS_2048_8192_SHA256),
        Hash::Sha384 => (signature::RSA_PSS_SHA384, signature::RSA_PSS_2048_8192_SHA384),
        Hash::Sha512 => (signature::RSA_PSS_SHA512, signature::RSA_PSS_2048_8192_SHA512),
    };
    let custom = RsaPssSaltLength::Custom(length);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(*made.entry((hash, length)).or_insert_with(|| Pss {
        signing: Box::leak(Box::new(signing.with_pss_salt_length(custom))),
        verifying: Box::leak(Box::new(verifying.with_pss_salt_length(custom))),
    }))
}

fn oaep(hash: Hash) -> &'static OaepAlgorithm {
    match hash {
        Hash::Sha1 => &OAEP_SHA1_MGF1SHA1,
        Hash::Sha256 => &OAEP_SHA256_MGF1SHA256,
        Hash::Sha384 => &OAEP_SHA384_MGF1SHA384,
        Hash::Sha512 => &OAEP_SHA512_MGF1SHA512,
    }
}

pub(crate) fn encrypt(key: &Key, label: &[u8], data: &[u8]) -> Outcome<Vec<u8>> {
    let encryptor =
        PublicEncryptingKey::from_der(&public(key)?.spki()?).and_then(|key| Ok(OaepPublicEncryptingKey::new(key)?));
    let encryptor = encryptor.map_err(|_| Failure::operation("public RSA keys encrypt with 2048 to 8192 bits only"))?;
    let mut out = vec![0; encryptor.ciphertext_size()];
    let written = encryptor.encrypt(oaep(hash_of(key)?), data, &mut out, Some(label)).map(|out| out.len());
    let written = written.map_err(|_| Failure::operation(format!("{} bytes are too many for the key", data.len())))?;
    out.truncate(written);
    Ok(out)
}

pub(crate) fn decrypt(key: &Key, label: &[u8], data: &[u8]) -> Outcome<Vec<u8>> {
    let decryptor = private(key)?.decryptor()?;
    let mut out = Zeroizing::new(vec![0; decryptor.min_output_size()]);
    let written = decryptor.decrypt(oaep(hash_of(key)?), data, &mut out, Some(label)).map(|out| out.len());
    let written = written.map_err(|_| Failure::operation("the data cannot be decrypted with this key and label"))?;
    Ok(out[..written].to_vec())
}
