"""Key schedule: how every key of a container follows from another."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

KEY_LENGTH = 32
FMK_METHOD = b"XOR"


def extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract with SHA-256 (RFC 5869, 2.2)."""
    return hmac.digest(salt, ikm, "sha256")


def expand(prk: bytes, info: bytes) -> bytes:
    """HKDF-Expand with SHA-256 to 32 bytes (RFC 5869, 2.3)."""
    return HKDFExpand(hashes.SHA256(), KEY_LENGTH, info).derive(prk)


def file_master_key(ikm: bytes) -> bytes:
    return extract(b"CDOC20salt", ikm)


def content_key(fmk: bytes) -> bytes:
    return expand(fmk, b"CDOC20cek")


def header_mac(fmk: bytes, header: bytes) -> bytes:
    return hmac.digest(expand(fmk, b"CDOC20hmac"), header, hashlib.sha256)


def payload_aad(header: bytes, mac: bytes) -> bytes:
    return b"CDOC20payload" + header + mac


def ec_kek(shared_secret: bytes, recipient_point: bytes, sender_point: bytes) -> bytes:
    prk = extract(b"CDOC20kekpremaster", shared_secret)
    return expand(prk, b"CDOC20kek" + FMK_METHOD + recipient_point + sender_point)


def secret_kek(secret: bytes, salt: bytes, label: bytes) -> bytes:
    return expand(extract(salt, secret), b"CDOC20kek" + FMK_METHOD + label)


def password_secret(password: bytes, password_salt: bytes, iterations: int) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), KEY_LENGTH, password_salt, iterations).derive(password)


def shares_kek(random: bytes, salt: bytes, recipient_id: bytes) -> bytes:
    # "CDOC2kek", not "CDOC20kek": the deployed scheme spells this one differently.
    return expand(extract(salt, random), b"CDOC2kek" + FMK_METHOD + recipient_id)


def xor(left: bytes, right: bytes) -> bytes:
    assert len(left) == len(right)
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
