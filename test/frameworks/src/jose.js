import * as jose from "jose";

const failure = (promise) => promise.then(() => "accepted", (error) => error.code);

async function signed(algorithm, options) {
  const { publicKey, privateKey } = await jose.generateKeyPair(algorithm, options);
  const token = await new jose.SignJWT({ user: "Ada" })
    .setProtectedHeader({ alg: algorithm })
    .setIssuedAt()
    .setIssuer("shop")
    .setExpirationTime("2h")
    .sign(privateKey);
  const { payload } = await jose.jwtVerify(token, publicKey, { issuer: "shop" });
  const other = await jose.generateKeyPair(algorithm, options);
  return [payload.user, await failure(jose.jwtVerify(token, other.publicKey))];
}

globalThis.run = async () => {
  const secret = new TextEncoder().encode("a secret of thirty-two characters");
  const token = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: "HS256" }).setExpirationTime(1).sign(secret);
  const encrypted = await new jose.EncryptJWT({ b: 2 })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .encrypt(secret.slice(0, 32));
  const { publicKey } = await jose.generateKeyPair("ES256", { extractable: true });
  return {
    es256: await signed("ES256"),
    eddsa: await signed("EdDSA"),
    ps256: await signed("PS256", { modulusLength: 2048 }),
    expired: await failure(jose.jwtVerify(token, secret)),
    decrypted: (await jose.jwtDecrypt(encrypted, secret.slice(0, 32))).payload,
    thumbprint: (await jose.calculateJwkThumbprint(await jose.exportJWK(publicKey))).length,
    spki: (await jose.exportSPKI(publicKey)).startsWith("-----BEGIN PUBLIC KEY-----"),
  };
};

const pair = ["Ada", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"];
globalThis.expected = {
  es256: pair,
  eddsa: pair,
  ps256: pair,
  expired: "ERR_JWT_EXPIRED",
  decrypted: { b: 2 },
  thumbprint: 43,
  spki: true,
};
