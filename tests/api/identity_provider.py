"""An identity provider that is not ours: keys of its own and what it, or an attacker, would sign.

Arguments: issuer, audience, and the time in seconds. Prints the keys before and after a rotation, and
tokens by name: those under "good" count as long as the first keys do, none under "bad" ever does.
"""

import base64
import hashlib
import hmac
import json
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

issuer, audience, now = sys.argv[1], sys.argv[2], int(sys.argv[3])

rsa_key = rsa.generate_private_key(65537, 2048)
ec_key = ec.generate_private_key(ec.SECP256R1())
ed_key = ed25519.Ed25519PrivateKey.generate()
next_key = rsa.generate_private_key(65537, 2048)
decrypting_key = rsa.generate_private_key(65537, 2048)
shared_secret = b"rahasia bersama yang panjangnya lebih dari 32 byte"


def jwk(algorithm, key, kid, **more):
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


keys = {
    "keys": [
        jwk(RSAAlgorithm, rsa_key, "rsa", use="sig"),
        jwk(ECAlgorithm, ec_key, "ec", use="sig", alg="ES256"),
        jwk(OKPAlgorithm, ed_key, "ed"),
        jwk(RSAAlgorithm, decrypting_key, "membuka", use="enc"),
        jwk(RSAAlgorithm, decrypting_key, "hanya-ps512", alg="PS512"),
        {"kty": "oct", "kid": "bersama", "k": encoded(shared_secret)},
        {"kty": "LAIN", "kid": "lain"},
    ]
}
rotated = {"keys": [jwk(RSAAlgorithm, next_key, "rsa-2")]}

claims = {
    "iss": issuer,
    "aud": audience,
    "sub": "siti@contoh",
    "iat": now,
    "nbf": now,
    "exp": now + 3600,
}


def signed(key=rsa_key, algorithm="RS256", kid="rsa", header=None, **changed):
    said = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    headers = {**({} if kid is None else {"kid": kid}), **(header or {})}
    return jwt.encode(said, key, algorithm, headers=headers)


def forged(header, sign, said=claims):
    """A token that no library would make."""
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, said))
    return f"{text}.{encoded(sign(text.encode()))}"


def hmac_with(secret):
    return lambda text: hmac.new(secret, text, hashlib.sha256).digest()


pem = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
der = rsa_key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
head, body, signature = signed().split(".")
other_body = signed(sub="tamu@contoh").split(".")[1]

good = {
    "RS256": signed(),
    "PS384": signed(algorithm="PS384"),
    "ES256": signed(ec_key, "ES256", "ec"),
    "EdDSA": signed(ed_key, "EdDSA", "ed"),
    "several audiences": signed(aud=["lain", audience]),
    "a clock a little behind": signed(exp=now - 20),
    "without nbf and iat": signed(nbf=None, iat=None),
}

bad = {
    "expired": signed(exp=now - 600),
    "without an end": signed(exp=None),
    "not yet valid": signed(nbf=now + 600),
    "made tomorrow": signed(iat=now + 86400),
    "another issuer": signed(iss=issuer + "/"),
    "one issuer of several": forged(
        {"alg": "RS256", "kid": "rsa"},
        lambda text: RSAAlgorithm(RSAAlgorithm.SHA256).sign(text, rsa_key),
        {**claims, "iss": ["lain", issuer]},
    ),
    "without an issuer": signed(iss=None),
    "another audience": signed(aud="server-lain"),
    "without an audience": signed(aud=None),
    "alg none": jwt.encode(claims, None, "none", headers={"kid": "rsa"}),
    "alg none in capitals": forged({"alg": "NONE", "kid": "rsa"}, lambda _: b""),
    "unsigned": f"{head}.{body}.",
    "HS256 with the public key as PEM": forged({"alg": "HS256", "kid": "rsa"}, hmac_with(pem)),
    "HS256 with the public key as DER": forged({"alg": "HS256", "kid": "rsa"}, hmac_with(der)),
    "HS256 with a secret of the key set": signed(shared_secret, "HS256", "bersama"),
    "unknown key": signed(kid="tiada"),
    "no key named": signed(kid=None),
    "a key of its own": signed(
        next_key, kid="rsa", header={"jwk": jwk(RSAAlgorithm, next_key, "rsa")}
    ),
    "another key": signed(next_key),
    "a key that only decrypts": signed(decrypting_key, kid="membuka"),
    "an algorithm the key is not for": signed(decrypting_key, kid="hanya-ps512"),
    "a key of another sort": signed(ec_key, "ES256", "rsa"),
    "signature changed": f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
    "signature cut": f"{head}.{body}.{signature[:-4]}",
    "claims changed": f"{head}.{other_body}.{signature}",
    "what must be understood": signed(header={"crit": ["lain"], "lain": True}),
    "too many parts": f"{head}.{body}.{signature}.{signature}",
    "nobody": signed(sub=None),
    "an empty name": signed(sub=""),
    "a subject that is nobody here": signed(sub="tamu@contoh"),
    "nearly the subject": signed(sub="siti@contoh "),
}

print(
    json.dumps(
        {
            "keys": keys,
            "rotated": rotated,
            "good": good,
            "bad": bad,
            "later": signed(next_key, kid="rsa-2"),
            "other user": signed(sub="tanpa-peran@contoh"),
        }
    )
)
