// Runs one file of Wycheproof's vectors. Gives [vectors that were run, a line for each that ended otherwise than it says].
async (file) => {
  const { subtle } = crypto;
  const bytes = (hex) => Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const hex = (buffer) => new Uint8Array(buffer).toHex();
  const CURVES = { secp256r1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
  const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
  const hashIn = (name) => HASHES.find((hash) => hash.replace("-", "") === name.replace("-", "").toUpperCase());
  const padded = (number, size) => bytes(number.padStart(size * 2, "0").slice(-size * 2));
  const importRaw = (data, algorithm, usage) => subtle.importKey("raw", data, algorithm, false, [usage]);

  // Each gives `undefined` where this API has no such algorithm, else whether the outcome is the one of a valid vector.
  const sealed = async ({ msg }, { name, ...params }, key, ct) => {
    const opener = await importRaw(key, name, "decrypt");
    const sealer = await importRaw(key, name, "encrypt");
    const opened = await subtle.decrypt({ name, ...params }, opener, ct);
    return hex(opened) === msg && hex(await subtle.encrypt({ name, ...params }, sealer, bytes(msg))) === hex(ct);
  };
  const verifies = async (group, vector, key, algorithm) =>
    subtle.verify(algorithm, await key, bytes(vector.sig), bytes(vector.msg));
  const rsaKey = (group, name, hash) =>
    subtle.importKey("spki", bytes(group.publicKeyDer), { name, hash }, false, ["verify"]);

  const RUN = {
    "AES-GCM": ({ tagSize }, vector) =>
      sealed(
        vector,
        { name: "AES-GCM", iv: bytes(vector.iv), additionalData: bytes(vector.aad), tagLength: tagSize },
        bytes(vector.key),
        bytes(vector.ct + vector.tag),
      ),
    "AES-CBC-PKCS5": (group, vector) =>
      sealed(vector, { name: "AES-CBC", iv: bytes(vector.iv) }, bytes(vector.key), bytes(vector.ct)),
    "AES-WRAP": async (group, vector) => {
      const [key, algorithm] = [bytes(vector.key), { name: "HMAC", hash: "SHA-1" }];
      const unwrapper = await importRaw(key, "AES-KW", "unwrapKey");
      const unwrapped = await subtle.unwrapKey("raw", bytes(vector.ct), unwrapper, "AES-KW", algorithm, true, ["sign"]);
      return hex(await subtle.exportKey("raw", unwrapped)) === vector.msg;
    },
    HMAC: async ({ tagSize }, vector, hash) => {
      const signer = await importRaw(bytes(vector.key), { name: "HMAC", hash }, "sign");
      return hex(await subtle.sign("HMAC", signer, bytes(vector.msg))).slice(0, tagSize / 4) === vector.tag;
    },
    HKDF: async (group, { ikm, salt, info, size, okm }, hash) => {
      const key = await importRaw(bytes(ikm), "HKDF", "deriveBits");
      return hex(await subtle.deriveBits({ name: "HKDF", hash, salt: bytes(salt), info: bytes(info) }, key, size * 8)) === okm;
    },
    PBKDF2: async (group, { password, salt, iterationCount, dkLen, dk }, hash) => {
      const key = await importRaw(bytes(password), "PBKDF2", "deriveBits");
      const params = { name: "PBKDF2", hash, salt: bytes(salt), iterations: iterationCount };
      return hex(await subtle.deriveBits(params, key, dkLen * 8)) === dk;
    },
    ECDSA: (group, vector, hash) => {
      const { curve, uncompressed } = group.publicKey;
      if (group.type !== "EcdsaP1363Verify" || CURVES[curve] === undefined) return undefined;
      const algorithm = { name: "ECDSA", namedCurve: CURVES[curve] };
      return verifies(group, vector, importRaw(bytes(uncompressed), algorithm, "verify"), { name: "ECDSA", hash });
    },
    EDDSA: (group, vector) => verifies(group, vector, importRaw(bytes(group.publicKey.pk), "Ed25519", "verify"), "Ed25519"),
    ECDH: async (group, vector) => {
      const namedCurve = CURVES[group.curve];
      if (namedCurve === undefined) return undefined;
      const algorithm = { name: "ECDH", namedCurve };
      const format = group.encoding === "ecpoint" ? "raw" : "spki";
      const theirs = await subtle.importKey(format, bytes(vector.public), algorithm, false, []);
      const size = { "P-256": 32, "P-384": 48, "P-521": 66 }[namedCurve];
      // A PKCS #8 container without a public key around the number.
      const inner = [0x30, size + 5, 2, 1, 1, 4, size, ...padded(vector.private, size)];
      const oid = { "P-256": [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], "P-384": [0x2b, 0x81, 4, 0, 0x22], "P-521": [0x2b, 0x81, 4, 0, 0x23] }[namedCurve];
      const names = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, oid.length, ...oid];
      const body = [2, 1, 0, 0x30, names.length, ...names, 4, inner.length, ...inner];
      const pkcs8 = new Uint8Array(body.length < 128 ? [0x30, body.length, ...body] : [0x30, 0x81, body.length, ...body]);
      const own = await subtle.importKey("pkcs8", pkcs8, algorithm, false, ["deriveBits"]);
      return hex(await subtle.deriveBits({ name: "ECDH", public: theirs }, own, null)) === vector.shared;
    },
    XDH: async (group, vector) => {
      const theirs = await subtle.importKey("raw", bytes(vector.public), "X25519", false, []);
      const pkcs8 = bytes(`302e020100300506032b656e04220420${vector.private}`);
      const own = await subtle.importKey("pkcs8", pkcs8, "X25519", false, ["deriveBits"]);
      return hex(await subtle.deriveBits({ name: "X25519", public: theirs }, own, null)) === vector.shared;
    },
    "RSASSA-PKCS1-v1_5": (group, vector, hash) =>
      verifies(group, vector, rsaKey(group, "RSASSA-PKCS1-v1_5", hash), "RSASSA-PKCS1-v1_5"),
    "RSASSA-PSS": (group, vector, hash) => {
      if (group.mgf !== "MGF1" || group.mgfSha !== group.sha || hash === "SHA-1") return undefined;
      if (group.type !== "RsassaPssVerify") return undefined;
      return verifies(group, vector, rsaKey(group, "RSA-PSS", hash), { name: "RSA-PSS", saltLength: group.sLen });
    },
    "RSAES-OAEP": async (group, vector, hash) => {
      // Shorter private keys can be imported, but not used.
      if (group.mgfSha !== group.sha || group.keySize < 2048) return undefined;
      const algorithm = { name: "RSA-OAEP", hash };
      const key = await subtle.importKey("pkcs8", bytes(group.privateKeyPkcs8), algorithm, false, ["decrypt"]);
      return hex(await subtle.decrypt({ name: "RSA-OAEP", label: bytes(vector.label) }, key, bytes(vector.ct))) === vector.msg;
    },
  };

  const { algorithm, testGroups } = JSON.parse(file);
  const [, family, suffix] = /^(HMAC|HKDF|PBKDF2)-?(?:HMAC)?(.*)$/.exec(algorithm) ?? [, algorithm, undefined];
  const run = RUN[family];
  const wrong = [];
  let count = 0;
  if (run === undefined) return JSON.stringify([0, []]);
  for (const group of testGroups) {
    const hash = hashIn(suffix ?? group.sha ?? "SHA-1");
    if (hash === undefined) continue;
    for (const vector of group.tests) {
      let outcome;
      try {
        outcome = await run(group, vector, hash);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        outcome = error.name;
      }
      if (outcome === undefined) continue;
      count++;
      const isRight = vector.result === "valid" ? outcome === true : vector.result === "acceptable" || outcome !== true;
      if (!isRight) wrong.push(`${algorithm} ${vector.tcId} is ${vector.result} (${vector.comment}), but gives ${outcome}`);
    }
  }
  return JSON.stringify([count, wrong]);
}
