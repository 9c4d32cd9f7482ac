"""Base64url, and signatures as JOSE has them."""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

CURVES = {256: ("P-256", "ES256", hashes.SHA256), 384: ("P-384", "ES384", hashes.SHA384), 521: ("P-521", "ES512", hashes.SHA512)}


def b64u(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64u(value) != text:
        raise ValueError("not canonical base64url")
    return value


def algorithm(key) -> str:
    return CURVES[key.curve.key_size][1] if isinstance(key, ec.EllipticCurvePublicKey) else "RS256"


def sign(key, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    size = (key.curve.key_size + 7) // 8
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(CURVES[key.curve.key_size][2]())))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def is_signed(public, message: bytes, signature: bytes) -> bool:
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            return True
        size = (public.curve.key_size + 7) // 8
        if len(signature) != 2 * size:
            return False
        r, s = (int.from_bytes(signature[part], "big") for part in (slice(size), slice(size, None)))
        public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(CURVES[public.curve.key_size][2]()))
        return True
    except InvalidSignature:
        return False
