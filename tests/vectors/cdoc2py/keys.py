"""The keys a recipient holds, and what a server would answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .curves import CURVES, number_of


@dataclass(frozen=True)
class EcKey:
    private: ec.EllipticCurvePrivateKey

    @property
    def curve(self) -> int:
        number = number_of(self.private.curve)
        assert number is not None
        return number

    @property
    def point(self) -> bytes:
        return point_of(self.private.public_key())

    def shared_secret(self, peer_point: bytes) -> bytes:
        """The x coordinate, big endian, of the field's length."""
        peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[self.curve].curve, peer_point)
        return self.private.exchange(ec.ECDH(), peer)


@dataclass(frozen=True)
class RsaKey:
    private: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return rsa_der(self.private.public_key())


@dataclass(frozen=True)
class SecretKey:
    secret: bytes


@dataclass(frozen=True)
class Password:
    password: bytes


@dataclass(frozen=True)
class ShareAnswers:
    """Shares by their ids, as share servers would hand them out."""

    shares: dict[bytes, bytes]


Key = Union[EcKey, RsaKey, SecretKey, Password, ShareAnswers]


@dataclass(frozen=True)
class Keyring:
    """All that is at hand to open a container: keys, and key material of capsule servers by transaction id."""

    keys: list[Key]
    server_capsules: dict[bytes, bytes] = field(default_factory=dict)


def load_private_key(pem: bytes, password: bytes | None = None) -> EcKey | RsaKey:
    key = serialization.load_pem_private_key(pem, password)
    match key:
        case ec.EllipticCurvePrivateKey():
            if number_of(key.curve) is None:
                raise ValueError(f"curve {key.curve.name} is not one of the format")
            return EcKey(key)
        case rsa.RSAPrivateKey():
            return RsaKey(key)
    raise ValueError("neither an EC nor an RSA key")


def point_of(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def rsa_der(public: rsa.RSAPublicKey) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
