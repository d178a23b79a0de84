//! `crypto.subtle`: what the conformance suite does not ask, and vectors of RFCs.

use quickbeam_api_crypto::{Crypto, SubtleCrypto};
use quickbeam_api_harness::Harness;
use quickbeam_api_structured_clone::StructuredClone;

/// Conversions between bytes and hexadecimal, and keys that many scripts need.
const PRELUDE: &str = r#"
    globalThis.hex = (bytes) => new Uint8Array(bytes).toHex();
    globalThis.bytes = (text) => Uint8Array.fromHex(text.replaceAll(" ", ""));
    globalThis.text = (string) => Uint8Array.from(string, (unit) => unit.charCodeAt(0));
    globalThis.s = crypto.subtle;
"#;

fn checks(cases: &[(&str, &str)]) {
    let harness = Harness::new(&[&Crypto, &SubtleCrypto, &StructuredClone]);
    harness.check(&format!("{PRELUDE}; 1"), "1");
    for (script, expected) in cases {
        harness.check(&format!("(async () => {{ {script} }})()"), expected);
    }
}

#[test]
fn digests() {
    checks(&[
        (
            "return hex(await s.digest('sha-256', text('abc')))",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "return hex(await s.digest({ name: 'SHA-1' }, new DataView(text('xabcx').buffer, 1, 3)))",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        ),
        (
            "const long = new Uint8Array(3_000_000).fill(97); const digest = s.digest('SHA-256', long); long.fill(0); return hex(await digest)",
            "2a152c894398719c0570f83fac34ac03a0f6e8e474b995c2403aa5434f7b9dd4",
        ),
        ("return (await s.digest('SHA-512', new ArrayBuffer(0))).byteLength", "64"),
    ]);
}

#[test]
fn every_failure_rejects() {
    checks(&[
        (
            "const promise = s.digest('MD5', text('a')); return promise.catch((error) => `${error.name} ${error instanceof DOMException}`)",
            "NotSupportedError true",
        ),
        ("return s.digest('SHA-1', 'text')", "TypeError: the data is not an ArrayBuffer or a view of one"),
        ("return s.digest()", "TypeError: SubtleCrypto.digest: 2 arguments required, but only 0 present"),
        ("return s.digest.call({}, 'SHA-1', text('a'))", "TypeError: this is not a SubtleCrypto"),
        ("return s.digest({ get name() { throw new RangeError('mine') } }, text('a'))", "RangeError: mine"),
        (
            "return s.generateKey({ name: 'AES-GCM', length: 99 }, true, ['encrypt'])",
            "OperationError: AES has keys of 128, 192 and 256 bits, not of 99",
        ),
        (
            "return s.generateKey({ name: 'AES-GCM', length: -1 }, true, ['encrypt'])",
            "TypeError: length is outside the range from 0 to 65535",
        ),
        (
            "return s.generateKey({ name: 'HMAC', hash: 'SHA-1', length: 2 ** 32 - 1 }, true, ['sign'])",
            "OperationError: a key of 4294967295 bits is longer than 8388608",
        ),
        ("return s.generateKey('Ed25519', true, ['sing'])", "TypeError: \"sing\" is not a key usage"),
        ("return s.generateKey('Ed25519', true, [])", "SyntaxError: a private key needs a usage"),
        (
            "return s.generateKey('Ed25519', true, { *[Symbol.iterator]() { for (;;) yield 'sign' } })",
            "TypeError: the list has more than 1000 items",
        ),
        (
            "return s.importKey('raw', {}, 'HKDF', false, ['deriveBits'])",
            "TypeError: the key data is not an ArrayBuffer or a view of one",
        ),
        (
            "return s.importKey('der', text('a'), 'HKDF', false, ['deriveBits'])",
            "TypeError: \"der\" is not a key format",
        ),
        (
            "return s.generateKey({ name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 1_000_000, publicExponent: new Uint8Array([1, 0, 1]) }, true, ['sign'])",
            "OperationError: RSA keys are generated with 2048, 3072, 4096 or 8192 bits, not with 1000000",
        ),
        (
            "const key = await s.importKey('raw', text('a'), 'PBKDF2', false, ['deriveBits']); return s.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: text('a'), iterations: 2 ** 32 - 1 }, key, 8)",
            "OperationError: 4294967295 rounds are more than 33554432",
        ),
    ]);
}

#[test]
fn keys_cannot_be_forged_and_give_nothing_away() {
    checks(&[
        ("return new CryptoKey()", "TypeError: CryptoKey cannot be constructed"),
        ("return s.exportKey('raw', { __proto__: CryptoKey.prototype })", "TypeError: the key is not a CryptoKey"),
        ("return Object.create(CryptoKey.prototype).type", "TypeError: this is not a CryptoKey"),
        (
            "const key = await s.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']); return s.exportKey('raw', key)",
            "InvalidAccessError: the key is not extractable",
        ),
        // What scripts change changes nothing for the engine's side.
        (
            "const key = await s.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']); key.usages.push('decrypt'); key.algorithm.name = 'AES-CBC'; Object.defineProperty(key, 'extractable', { value: true }); \
             return (await Promise.allSettled([s.exportKey('raw', key), s.decrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, new Uint8Array(16))])).map(({ reason }) => reason.name).join()",
            "InvalidAccessError,InvalidAccessError",
        ),
        (
            "const key = await s.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']); return [Object.keys(key).length, key.algorithm === key.algorithm, String(key), JSON.stringify(key)].join()",
            "0,true,[object CryptoKey],{}",
        ),
        (
            "const key = await s.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']); const copy = structuredClone({ key }).key; \
             return [copy !== key, copy instanceof CryptoKey, copy.extractable, await s.verify('HMAC', copy, await s.sign('HMAC', key, text('a')), text('a'))].join()",
            "true,true,false,true",
        ),
    ]);
}

#[test]
fn many_keys_are_refused_before_they_hold_much_memory() {
    checks(&[(
        "const keys = []; const raw = new Uint8Array(1 << 20); const one = () => s.importKey('raw', raw, 'HKDF', false, ['deriveBits']); \
         try { for (;;) keys.push(await one()) } catch (error) { return `${error.name} ${keys.length}` }",
        "OperationError 63",
    )]);
}

#[test]
fn derivations_have_an_end() {
    let derive = |algorithm: &str, bytes: u32| {
        format!(
            "const [name, members] = {algorithm}; const key = await s.importKey('raw', text('secret'), name, false, ['deriveBits']); \
             return s.deriveBits({{ name, hash: 'SHA-256', ...members }}, key, {bytes} * 8).then((bits) => bits.byteLength, (error) => error.name)"
        )
    };
    // Each block of the output hashes the salt, or the info, anew.
    let salted = "['PBKDF2', { salt: new Uint8Array(8 << 20), iterations: 1 }]";
    let informed = "['HKDF', { salt: new Uint8Array(8), info: new Uint8Array(20 << 20) }]";
    checks(&[
        (&derive(salted, 1 << 20), "OperationError"),
        (&derive(salted, 32), "32"),
        (&derive("['PBKDF2', { salt: new Uint8Array(8), iterations: 1 }]", 1 << 20), "1048576"),
        (&derive(informed, 255 * 32), "OperationError"),
        (&derive(informed, 32), "32"),
    ]);
}

#[test]
fn what_many_operations_hold_is_bounded() {
    // Salts of 80 MB. Those whose hash is there already count until the script takes it.
    checks(&[(
        "const key = await s.importKey('raw', text('password'), 'PBKDF2', false, ['deriveBits']); const salt = new Uint8Array(4 << 20); \
         const one = () => s.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: 4_000 }, key, 256).then(() => 'derived', (error) => error.name); \
         const all = await Promise.all(Array.from({ length: 20 }, one)); \
         return [all.filter((what) => what === 'derived').length, all.filter((what) => what === 'OperationError').length, await one()].join()",
        "15,5,derived",
    )]);
}

#[test]
fn counters_wrap_by_themselves() {
    // Two blocks, of which the second has the counter zero: the same as that block by itself.
    checks(&[(
        "const key = await s.importKey('raw', new Uint8Array(16), 'AES-CTR', false, ['encrypt']); const counter = new Uint8Array(16).fill(255); \
         const run = async (counter, length, size) => hex(await s.encrypt({ name: 'AES-CTR', counter, length }, key, new Uint8Array(size))); \
         const results = []; \
         for (const length of [1, 7, 8, 64, 127, 128]) { \
           const wrapped = Uint8Array.from(counter); for (let bit = 0; bit < length; bit++) wrapped[15 - (bit >> 3)] &= ~(1 << (bit & 7)); \
           results.push((await run(counter, length, 32)).slice(32) === await run(wrapped, length, 16)); \
         } \
         return results.join()",
        "true,true,true,true,true,true",
    )]);
}

#[test]
fn every_hash_function_signs_on_every_curve() {
    checks(&[(
        "const results = []; \
         for (const namedCurve of ['P-256', 'P-384', 'P-521']) { \
           const { privateKey, publicKey } = await s.generateKey({ name: 'ECDSA', namedCurve }, false, ['sign', 'verify']); \
           for (const hash of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) { \
             const signature = await s.sign({ name: 'ECDSA', hash }, privateKey, text('data')); \
             results.push(await s.verify({ name: 'ECDSA', hash }, publicKey, signature, text('data')) && !await s.verify({ name: 'ECDSA', hash }, publicKey, signature, text('Data'))); \
           } \
         } \
         return results.every(Boolean)",
        "true",
    )]);
}

#[test]
fn vectors_of_rfcs() {
    checks(&[
        // RFC 4231, 2.
        (
            "const key = await s.importKey('raw', text('Jefe'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']); return hex(await s.sign('HMAC', key, text('what do ya want for nothing?')))",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        // RFC 5869, A.1.
        (
            "const key = await s.importKey('raw', new Uint8Array(22).fill(11), 'HKDF', false, ['deriveBits']); \
             return hex(await s.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: bytes('000102030405060708090a0b0c'), info: bytes('f0f1f2f3f4f5f6f7f8f9') }, key, 336))",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        // RFC 6070, 2.
        (
            "const key = await s.importKey('raw', text('password'), 'PBKDF2', false, ['deriveBits']); \
             return hex(await s.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: text('salt'), iterations: 4096 }, key, 160))",
            "4b007901b765489abead49d926f721d065a429c1",
        ),
        // RFC 3394, 4.1 and 4.4: keys of 128 and 192 bits.
        (
            "const kek = await s.importKey('raw', bytes('000102030405060708090A0B0C0D0E0F'), 'AES-KW', false, ['wrapKey']); \
             const key = await s.importKey('raw', bytes('00112233445566778899AABBCCDDEEFF'), 'AES-CTR', true, ['encrypt']); return hex(await s.wrapKey('raw', key, kek, 'AES-KW'))",
            "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
        ),
        (
            "const kek = await s.importKey('raw', bytes('000102030405060708090A0B0C0D0E0F1011121314151617'), 'AES-KW', false, ['unwrapKey']); \
             const key = await s.unwrapKey('raw', bytes('031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2'), kek, 'AES-KW', 'AES-CTR', true, ['encrypt']); \
             return hex(await s.exportKey('raw', key))",
            "00112233445566778899aabbccddeeff0001020304050607",
        ),
        // RFC 8032, 7.1, test 2.
        (
            "const jwk = { kty: 'OKP', crv: 'Ed25519', d: bytes('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb').toBase64({ alphabet: 'base64url', omitPadding: true }), \
               x: bytes('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c').toBase64({ alphabet: 'base64url', omitPadding: true }) }; \
             const key = await s.importKey('jwk', jwk, 'Ed25519', false, ['sign']); return hex(await s.sign('Ed25519', key, bytes('72')))",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        // RFC 7748, 6.1.
        (
            "const pkcs8 = bytes('302e020100300506032b656e042204205dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'); \
             const key = await s.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits']); \
             const alice = await s.importKey('raw', bytes('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'), 'X25519', true, []); \
             return hex(await s.deriveBits({ name: 'X25519', public: alice }, key, 256))",
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
        ),
    ]);
}

#[test]
fn gcm_with_any_nonce_and_tag() {
    // The GCM specification's test cases 5 and 6: nonces of 64 and 480 bits.
    let key = "const key = await s.importKey('raw', bytes('feffe9928665731c6d6a8f9467308308'), 'AES-GCM', false, ['encrypt', 'decrypt']); \
               const additionalData = bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2'); \
               const data = bytes('d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39');";
    let run = |iv: &str, tag_length: u32| {
        format!(
            "{key} const params = {{ name: 'AES-GCM', iv: bytes('{iv}'), additionalData, tagLength: {tag_length} }}; const sealed = await s.encrypt(params, key, data); \
             if (hex(await s.decrypt(params, key, sealed)) !== hex(data)) return 'no round trip'; \
             const spoilt = new Uint8Array(sealed).slice(); spoilt[60] ^= 1; const refused = await s.decrypt(params, key, spoilt).catch((error) => error.name); \
             return hex(sealed).slice(120) + refused"
        )
    };
    let long = "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b";
    checks(&[
        (&run("cafebabefacedbad", 128), "3612d2e79e3b0785561be14aaca2fccbOperationError"),
        (&run(long, 128), "619cc5aefffe0bfa462af43c1699d050OperationError"),
        (&run(long, 96), "619cc5aefffe0bfa462af43cOperationError"),
        (&run("cafebabefacedbaddecaf888", 32), "5bc94fbcOperationError"),
    ]);
}

#[test]
fn long_operations_settle_whatever_their_number() {
    checks(&[
        (
            "const key = await s.importKey('raw', text('password'), 'PBKDF2', false, ['deriveBits']); \
             const one = (iterations) => s.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: text('salt'), iterations }, key, 256).then(hex); \
             const all = await Promise.all(Array.from({ length: 200 }, () => one(4_000))); return [new Set(all).size, all[0] === await one(4_000)].join()",
            "1,true",
        ),
        (
            "const big = new Uint8Array(20 << 20); const all = await Promise.all(Array.from({ length: 5 }, () => s.digest('SHA-1', big).then(hex))); return new Set(all).size",
            "1",
        ),
        (
            "const { publicKey, privateKey } = await s.generateKey({ name: 'RSA-OAEP', hash: 'SHA-512', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, false, ['encrypt', 'decrypt']); \
             const label = text('label'); const sealed = await s.encrypt({ name: 'RSA-OAEP', label }, publicKey, text('data')); \
             return [hex(await s.decrypt({ name: 'RSA-OAEP', label }, privateKey, sealed)), await s.decrypt({ name: 'RSA-OAEP' }, privateKey, sealed).catch((error) => error.name)].join()",
            "64617461,OperationError",
        ),
    ]);
}
