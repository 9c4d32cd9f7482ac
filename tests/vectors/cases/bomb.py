"""zlib streams of huge content, made without having the content."""

from __future__ import annotations

import zlib
from functools import cache

MIB = 1 << 20
ADLER_MODULUS = 65521


class Bomb:
    """A zlib stream out of literal bytes and runs of zeros.

    A full flush ends each piece on a byte boundary and forgets its history, so the compressed form of one MiB of zeros
    can stand there any number of times.
    """

    def __init__(self) -> None:
        self._parts = [b"\x78\xda"]
        self._a, self._b = 1, 0

    def add(self, data: bytes) -> Bomb:
        self._parts.append(_deflate(data))
        adler = zlib.adler32(data, self._b << 16 | self._a)
        self._a, self._b = adler & 0xFFFF, adler >> 16
        return self

    def zeros(self, count: int) -> Bomb:
        self._parts.append(_mib_of_zeros() * (count // MIB))
        if count % MIB:
            self._parts.append(_deflate(bytes(count % MIB)))
        # A zero byte leaves Adler's first sum alone and adds it to the second.
        self._b = (self._b + count * self._a) % ADLER_MODULUS
        return self

    def finish(self) -> bytes:
        end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
        return b"".join(self._parts) + end + (self._b << 16 | self._a).to_bytes(4, "big")


def _deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush(zlib.Z_FULL_FLUSH)


@cache
def _mib_of_zeros() -> bytes:
    return _deflate(bytes(MIB))
