"""Randomness and keys that are the same in every run."""

from __future__ import annotations

import hashlib
import math

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cdoc2py.curves import CURVES
from cdoc2py.keys import EcKey, RsaKey

# Of NIST P-256, P-384, P-521: one less bytes than the order has is always a valid private key.
PRIVATE_BYTES = {number: curve.field_length - 1 for number, curve in CURVES.items()}

SMALL_PRIMES = [p for p in range(3, 2000, 2) if all(p % q for q in range(3, math.isqrt(p) + 1, 2))]


class Seeded:
    """A stream of bytes that depends on a name only, so that no vector changes when another is added."""

    def __init__(self, name: str) -> None:
        self._seed, self._counter = name.encode(), 0

    def bytes(self, length: int) -> bytes:
        self._counter += 1
        return hashlib.shake_256(b"kapsel vectors %d " % self._counter + self._seed).digest(length)

    def integer(self, bits: int) -> int:
        return int.from_bytes(self.bytes((bits + 7) // 8), "big") % (1 << bits)


def ec_key(curve: int, seeded: Seeded) -> EcKey:
    secret = 1 + int.from_bytes(seeded.bytes(PRIVATE_BYTES[curve]), "big")
    return EcKey(ec.derive_private_key(secret, CURVES[curve].curve))


def rsa_key(bits: int, seeded: Seeded) -> RsaKey:
    e = 65537
    p, q = sorted((_prime(bits // 2, e, seeded), _prime(bits // 2, e, seeded)), reverse=True)
    d = pow(e, -1, math.lcm(p - 1, q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return RsaKey(numbers.private_key())


def _prime(bits: int, e: int, seeded: Seeded) -> int:
    """A prime with its two top bits set (so that products have full length), p - 1 prime to e."""
    while True:
        candidate = seeded.integer(bits) | 3 << (bits - 2) | 1
        if all(candidate % p for p in SMALL_PRIMES) and (candidate - 1) % e and _is_prime(candidate, seeded):
            return candidate


def _is_prime(n: int, seeded: Seeded) -> bool:
    """Miller-Rabin; the candidates are random, so that ten rounds are plenty."""
    if pow(2, n - 1, n) != 1:
        return False
    twos = ((n - 1) & -(n - 1)).bit_length() - 1
    odd = (n - 1) >> twos
    return all(_strong(n, 2 + seeded.integer(64), odd, twos) for _ in range(10))


def _strong(n: int, base: int, odd: int, twos: int) -> bool:
    x = pow(base, odd, n)
    if x in (1, n - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def pem(key: EcKey | RsaKey) -> bytes:
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
