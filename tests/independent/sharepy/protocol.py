"""Tokens for key shares: one signature, of which every server is shown its own part."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from common.jws import algorithm, b64u, is_signed, sign, unb64u

TYP = "vnd.cdoc2.auth-token.v1+sd-jwt"
ALGORITHMS = ["RS256", "ES256", "ES384"]
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class Malformed(ValueError):
    """No token, or no certificate."""


class Refused(ValueError):
    """One that does not count here."""


def digest(disclosure: str) -> str:
    """Of a disclosure as it travels."""
    return b64u(hashlib.sha256(disclosure.encode("ascii")).digest())


def disclosure(*values) -> str:
    return b64u(json.dumps([b64u(os.urandom(16)), *values], separators=(",", ":")).encode())


def address(base_url: str, id: str, nonce: str) -> str:
    return f"{base_url.rstrip('/')}/key-shares/{id}?nonce={nonce}"


def issue(key, issuer: str, addresses: list[str]) -> list[str]:
    """A presentation for each address."""
    inner = [disclosure(address) for address in addresses]
    outer = disclosure("aud", [{"...": digest(one)} for one in inner])
    header = {"typ": TYP, "alg": algorithm(key.public_key())}
    payload = {"iss": issuer, "_sd": [digest(outer)], "_sd_alg": "sha-256"}
    signing_input = ".".join(b64u(json.dumps(part).encode()) for part in (header, payload))
    jwt = f"{signing_input}.{b64u(sign(key, signing_input.encode()))}"
    return [f"{jwt}~{outer}~{one}~" for one in inner]


def certificate_headers(certificate: x509.Certificate) -> list[str]:
    """PEM in one line, and base64url."""
    der = certificate.public_bytes(Encoding.DER)
    return [f"{BEGIN}{base64.b64encode(der).decode()}{END}", b64u(der)]


def certificate_of(header: str) -> x509.Certificate:
    try:
        if header.startswith(BEGIN) and header.endswith(END):
            return x509.load_der_x509_certificate(base64.b64decode(header[len(BEGIN):-len(END)], validate=True))
        return x509.load_der_x509_certificate(unb64u(header))
    except ValueError as error:
        raise Malformed("no certificate") from error


def read(token: str) -> tuple[str, bytes, dict, dict, str]:
    """Signing input, signature, header, payload and the one audience of a token whose disclosures belong to it."""
    try:
        jwt, outer, inner, end = token.split("~")
        header, payload, signature = jwt.split(".")
        parts = [json.loads(unb64u(part)) for part in (header, payload, outer, inner)]
        (_, name, hidden), (_, audience) = parts[2:]
        digests = [one["..."] for one in hidden]
        if end or name != "aud" or parts[1]["_sd_alg"] != "sha-256" or "aud" in parts[1] or not isinstance(audience, str):
            raise Malformed("not a presentation")
        return f"{header}.{payload}", unb64u(signature), parts[0], parts[1], bound(parts[1]["_sd"], outer, digests, inner, audience)
    except (KeyError, TypeError, UnicodeError, json.JSONDecodeError) as error:
        raise Malformed("not a presentation") from error


def bound(signed: list[str], outer: str, digests: list[str], inner: str, audience: str) -> str:
    if signed != [digest(outer)] or digests.count(digest(inner)) != 1:
        raise Refused("a disclosure was not signed")
    return audience


def person(certificate: x509.Certificate) -> str:
    numbers = certificate.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)
    if len(numbers) != 1:
        raise Refused("nobody's certificate")
    return f"etsi/{numbers[0].value}"


def verify(token: str, header: str, id: str, base_url: str) -> tuple[x509.Certificate, str, str]:
    """The certificate, which the caller must know, whose it is, and the nonce; raises for whatever is wrong."""
    signing_input, signature, protected, payload, audience = read(token)
    certificate = certificate_of(header)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if not usage.digital_signature or usage.content_commitment:
        raise Refused("a certificate that does not authenticate")
    public = certificate.public_key()
    if protected != {"typ": TYP, "alg": algorithm(public)} or protected["alg"] not in ALGORITHMS:
        raise Refused("another type of token")
    if not is_signed(public, signing_input.encode(), signature):
        raise Refused("not signed")
    if payload["iss"] != person(certificate):
        raise Refused("another person's")
    here, there = urlsplit(base_url), urlsplit(audience)
    if (there.scheme, there.hostname, there.port or 443) != (here.scheme, here.hostname, here.port or 443):
        raise Refused("for another server")
    nonce = re.fullmatch(r"nonce=([\w-]{22})", there.query, re.ASCII)
    if there.path != f"/key-shares/{id}" or not nonce:
        raise Refused("for another share")
    return certificate, payload["iss"], nonce[1]
