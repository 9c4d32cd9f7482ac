"""The elliptic curves of the format, and which byte strings are points of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Curve:
    name: str
    curve: ec.EllipticCurve
    field_length: int

    @property
    def point_length(self) -> int:
        return 1 + 2 * self.field_length


SECP384R1, SECP256R1, SECP521R1 = 1, 2, 3

CURVES = {
    SECP384R1: Curve("secp384r1", ec.SECP384R1(), 48),
    SECP256R1: Curve("secp256r1", ec.SECP256R1(), 32),
    SECP521R1: Curve("secp521r1", ec.SECP521R1(), 66),
}


@lru_cache(maxsize=1024)
def is_point(curve: int, point: bytes) -> bool:
    """Uncompressed, of the right length, on the curve and not infinity."""
    known = CURVES[curve]
    if len(point) != known.point_length or point[0] != 4:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(known.curve, point)
    except ValueError:
        return False
    return True


def number_of(curve: ec.EllipticCurve) -> int | None:
    return next((number for number, known in CURVES.items() if known.name == curve.name), None)
