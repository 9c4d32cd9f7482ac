"""Capsules: how each kind of recipient gets from its key to the file master key (FMK), and how a sender makes them.

Whatever is random is a parameter, so that a test can choose it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from . import schedule
from .errors import CdocError, malformed
from .header import (
    Capsule,
    EccCapsule,
    EccDetails,
    Header,
    PasswordCapsule,
    Record,
    RsaCapsule,
    RsaDetails,
    ServerCapsule,
    Share,
    SharesCapsule,
    SymmetricCapsule,
)
from .keys import EcKey, Key, Keyring, Password, RsaKey, SecretKey, ShareAnswers, rsa_der

MAX_TRIES = 16
MAX_ITERATIONS = 20_000_000

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


# --- making ------------------------------------------------------------------------------------------------------


def ec_capsule(recipient_point: bytes, sender: EcKey) -> tuple[EccCapsule, bytes]:
    kek = schedule.ec_kek(sender.shared_secret(recipient_point), recipient_point, sender.point)
    return EccCapsule(sender.curve, recipient_point, sender.point), kek


def rsa_capsule(recipient: rsa.RSAPublicKey, kek: bytes, seed: bytes) -> RsaCapsule:
    return RsaCapsule(rsa_der(recipient), oaep_encrypt(recipient, kek, seed))


def symmetric_capsule(secret: bytes, salt: bytes, label: bytes) -> tuple[SymmetricCapsule, bytes]:
    return SymmetricCapsule(salt), schedule.secret_kek(secret, salt, label)


def password_capsule(password: bytes, salt: bytes, password_salt: bytes, label: bytes,
                     iterations: int = 600_000) -> tuple[PasswordCapsule, bytes]:
    secret = schedule.password_secret(password, password_salt, iterations)
    capsule = PasswordCapsule(salt, password_salt, iterations=iterations)
    return capsule, schedule.secret_kek(secret, salt, label)


def shares_capsule(servers: list[tuple[bytes, bytes]], random: bytes, other_shares: list[bytes], salt: bytes,
                   recipient_id: bytes) -> tuple[SharesCapsule, bytes, dict[bytes, bytes]]:
    """`servers` are (base URL, share id); `other_shares` are random, one fewer. Also gives the shares by id."""
    kek = schedule.shares_kek(random, salt, recipient_id)
    first = kek
    for share in other_shares:
        first = schedule.xor(first, share)
    shares = dict(zip([share_id for _, share_id in servers], [first, *other_shares], strict=True))
    capsule = SharesCapsule([Share(url, share_id) for url, share_id in servers], salt, recipient_id=recipient_id)
    return capsule, kek, shares


def record(capsule: Capsule, label: bytes, fmk: bytes, kek: bytes) -> Record:
    return Record(capsule, label, schedule.xor(fmk, kek))


def oaep_encrypt(public: rsa.RSAPublicKey, message: bytes, seed: bytes) -> bytes:
    """RSA-OAEP with SHA-256 and a chosen seed (RFC 8017, 7.1.1); the library would draw its own."""
    size = (public.key_size + 7) // 8
    digest_length = 32
    assert len(seed) == digest_length and len(message) <= size - 2 * digest_length - 2
    block = hashlib.sha256(b"").digest() + bytes(size - len(message) - 2 * digest_length - 2) + b"\x01" + message
    masked_block = schedule.xor(block, _mgf1(seed, len(block)))
    masked_seed = schedule.xor(seed, _mgf1(masked_block, digest_length))
    return rsa_raw(public, b"\x00" + masked_seed + masked_block)


def rsa_raw(public: rsa.RSAPublicKey, padded: bytes) -> bytes:
    numbers = public.public_numbers()
    size = (public.key_size + 7) // 8
    return pow(int.from_bytes(padded, "big"), numbers.e, numbers.n).to_bytes(size, "big")


def _mgf1(seed: bytes, length: int) -> bytes:
    blocks = (length + 31) // 32
    return b"".join(hashlib.sha256(seed + i.to_bytes(4, "big")).digest() for i in range(blocks))[:length]


# --- opening -----------------------------------------------------------------------------------------------------


@dataclass
class Attempts:
    """What became of the records that were for the keys at hand, to say the right thing when none opened."""

    wrong_secret: bool = False
    wrong_mac: bool = False
    no_answer: bool = False
    untried: int = 0
    problems: list[str] = field(default_factory=list)

    def error(self, header: Header) -> CdocError:
        if self.wrong_mac:
            return CdocError("tampered", "a key fits, but the header HMAC does not")
        if self.wrong_secret:
            return CdocError("wrong_key", "the password or symmetric key opens no record")
        if self.problems:
            return malformed("; ".join(self.problems))
        if self.no_answer:
            return CdocError("no_key", "the capsule is on a server, and no answer of it is at hand")
        if all(record.status == "unusable" for record in header.records):
            return malformed(f"no record is usable: {header.records[0].reason}")
        return CdocError("no_key", "no record is for this key")


@dataclass(frozen=True)
class Opened:
    fmk: bytes
    record: int
    untried: int


def find_fmk(header: Header, header_bytes: bytes, mac: bytes, keyring: Keyring) -> Opened:
    """Tries the records for each key in turn until the header HMAC is right."""
    attempts = Attempts()
    for key in keyring.keys:
        iterations = tries = 0
        for parsed in header.records:
            if parsed.record is None or not _is_for(parsed.record.capsule, key):
                continue
            cost = parsed.record.capsule.iterations if isinstance(parsed.record.capsule, PasswordCapsule) else 0
            if tries == MAX_TRIES or iterations + cost > MAX_ITERATIONS:
                attempts.untried += 1
                continue
            tries, iterations = tries + 1, iterations + cost
            fmk = _try(parsed.record, key, keyring, attempts)
            if fmk is None:
                continue
            if hmac.compare_digest(schedule.header_mac(fmk, header_bytes), mac):
                return Opened(fmk, parsed.index, attempts.untried)
            # A secret cannot tell a wrong key from an altered header; a key that is named in its record can.
            if isinstance(key, (SecretKey, Password)):
                attempts.wrong_secret = True
            else:
                attempts.wrong_mac = True
    raise attempts.error(header)


def _is_for(capsule: Capsule | None, key: Key) -> bool:
    match key, capsule:
        case (EcKey(), EccCapsule(recipient_key=point)) | (
            EcKey(), ServerCapsule(details=EccDetails(recipient_key=point))
        ):
            return point == key.point
        case (RsaKey(), RsaCapsule(recipient_key=der)) | (RsaKey(), ServerCapsule(details=RsaDetails(der))):
            return der == key.der
        case (SecretKey(), SymmetricCapsule()) | (Password(), PasswordCapsule()) | (ShareAnswers(), SharesCapsule()):
            return True
    return False


def _try(record: Record, key: Key, keyring: Keyring, attempts: Attempts) -> bytes | None:
    try:
        return schedule.xor(record.encrypted_fmk or b"", _kek(record, key, keyring))
    except _Altered:
        attempts.wrong_mac = True
    except _NoAnswer:
        attempts.no_answer = True
    except _CannotUse as error:
        attempts.problems.append(str(error))
    return None


class _Altered(Exception):
    """The key is the right one, yet what was encrypted to it does not open."""


class _NoAnswer(Exception):
    """The key material is on a server, and what it would answer was not given."""


class _CannotUse(Exception):
    """A record for this key that gives no key encryption key (KEK)."""


def _kek(record: Record, key: Key, keyring: Keyring) -> bytes:
    capsule, label = record.capsule, record.label or b""
    match key, capsule:
        case EcKey(), EccCapsule():
            return schedule.ec_kek(key.shared_secret(capsule.sender_key), capsule.recipient_key, capsule.sender_key)
        case EcKey(), ServerCapsule():
            sender = _material(capsule, keyring)
            try:
                return schedule.ec_kek(key.shared_secret(sender), key.point, sender)
            except ValueError as error:
                raise _CannotUse("the server's answer is no point of the curve") from error
        case RsaKey(), RsaCapsule():
            return _oaep_decrypt(key, capsule.encrypted_kek)
        case RsaKey(), ServerCapsule():
            return _oaep_decrypt(key, _material(capsule, keyring))
        case SecretKey(), SymmetricCapsule():
            return schedule.secret_kek(key.secret, capsule.salt, label)
        case Password(), PasswordCapsule():
            secret = schedule.password_secret(key.password, capsule.password_salt, capsule.iterations)
            return schedule.secret_kek(secret, capsule.salt, label)
        case ShareAnswers(), SharesCapsule():
            return _combine(capsule, key)
    raise AssertionError("only called for keys that match")


def _material(capsule: ServerCapsule, keyring: Keyring) -> bytes:
    found = keyring.server_capsules.get(capsule.transaction_id)
    if found is None:
        raise _NoAnswer
    return found


def _oaep_decrypt(key: RsaKey, encrypted: bytes) -> bytes:
    try:
        kek = key.private.decrypt(encrypted, OAEP)
    except ValueError as error:
        raise _Altered from error
    if len(kek) != 32:
        raise _CannotUse(f"a KEK of {len(kek)} bytes")
    return kek


def _combine(capsule: SharesCapsule, key: ShareAnswers) -> bytes:
    kek = bytes(32)
    for share in capsule.shares:
        found = key.shares.get(share.share_id)
        if found is None or len(found) != 32:
            raise _CannotUse("a share is missing or not 32 bytes")
        kek = schedule.xor(kek, found)
    return kek
