"""Nonces, the signature over them, and tickets."""

from __future__ import annotations

import base64
import hashlib
import json
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from common.jws import CURVES, algorithm, b64u, is_signed, unb64u

SIGNATURE_TYPE = "CDOC2 authentication signature v0.1"
TICKET_TYPE = "CDOC2 authentication ticket v0.1"


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or 443}".lower()


def tag(server_id: str, url: str) -> bytes:
    parts = [b"CDOC2 nonce server tag v0.1", server_id.encode(), origin(url).encode()]
    return hashlib.sha256(b"\0".join(parts)).digest()[:16]


def mask(nonce: bytes) -> str:
    return b64u(hashlib.sha256(nonce).digest())


def payload(masked: dict[str, str]) -> bytes:
    """By transaction, in the order of their bytes."""
    nonces = [{"masked_nonce": masked[id], "transactionID": id} for id in sorted(masked, key=str.encode)]
    return json.dumps({"nonces": nonces, "type": SIGNATURE_TYPE}, separators=(",", ":"), sort_keys=True).encode()


def signing_input(public, masked: dict[str, str]) -> tuple[str, bytes]:
    header = b64u(b'{"alg":"%s","typ":"JWS"}' % algorithm(public).encode())
    return header, f"{header}.{b64u(payload(masked))}".encode()


def jwk(certificate: x509.Certificate) -> dict:
    public, numbers = certificate.public_key(), certificate.public_key().public_numbers()
    if isinstance(public, rsa.RSAPublicKey):
        minimal = lambda number: b64u(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        key = {"kty": "RSA", "n": minimal(numbers.n), "e": minimal(numbers.e)}
    else:
        size = (public.curve.key_size + 7) // 8
        name = CURVES[public.curve.key_size][0]
        key = {"kty": "EC", "crv": name, "x": b64u(numbers.x.to_bytes(size, "big")), "y": b64u(numbers.y.to_bytes(size, "big"))}
    return {**key, "x5c": [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]}


def ticket(id: str, nonces: dict[str, bytes], value: str, certificate: x509.Certificate) -> str:
    others = [{"transactionID": other, "masked_nonce": mask(nonce)} for other, nonce in nonces.items() if other != id]
    return b64u(json.dumps({
        "type": TICKET_TYPE,
        "transaction": {"transactionID": id, "nonce": b64u(nonces[id])},
        "masked_transactions": others,
        "authentication_signature_type": "ID-card-raw",
        "authentication_signature_value": value,
        "jwk": jwk(certificate),
    }).encode())


def verify(header: str, id: str, own_tag: bytes) -> tuple[object, bytes]:
    """The key that signed, and the nonce; raises for whatever is wrong."""
    if len(header) > 16 << 10:
        raise ValueError("too large")
    body = json.loads(unb64u(header))
    members = {"type", "transaction", "masked_transactions", "authentication_signature_type", "authentication_signature_value", "jwk"}
    if set(body) != members or body["type"] != TICKET_TYPE or body["authentication_signature_type"] != "ID-card-raw":
        raise ValueError("not a ticket")
    own = body["transaction"]
    nonce = unb64u(own["nonce"])
    if own["transactionID"] != id or len(nonce) != 32 or nonce[:16] != own_tag:
        raise ValueError("for something else")
    masked = {id: mask(nonce)}
    for other in body["masked_transactions"]:
        if other["transactionID"] in masked:
            raise ValueError("a transaction stands twice")
        masked[other["transactionID"]] = other["masked_nonce"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(body["jwk"]["x5c"][0]))
    if body["jwk"] != jwk(certificate):
        raise ValueError("the key is not the certificate's")
    public = certificate.public_key()
    expected, message = signing_input(public, masked)
    got, signature = body["authentication_signature_value"].split("..")
    if got != expected or not is_signed(public, message, unb64u(signature)):
        raise ValueError("not signed")
    return public, nonce
