"""The payload: one ChaCha20-Poly1305 message (RFC 8439) of any size, and the zlib stream in it, both in pieces.

The library's AEAD takes whole messages only, so the two primitives are put together here. The tag is checked in a pass
of its own, before anything is decrypted.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.poly1305 import Poly1305

from .errors import CdocError, malformed

NONCE_LENGTH = 12
TAG_LENGTH = 16
READ_SIZE = 1 << 18
INFLATE_SIZE = 1 << 20


@dataclass(frozen=True)
class SealedPayload:
    """Where the message stands in a seekable file, and all that is needed to open it."""

    file: BinaryIO
    start: int
    length: int
    nonce: bytes
    tag: bytes
    key: bytes
    aad: bytes

    def verify(self) -> None:
        """Raises `tampered` when the tag is wrong; decrypts nothing."""
        mac = Poly1305(self._cipher(counter=0).update(bytes(32)))
        mac.update(self.aad + _pad16(len(self.aad)))
        for chunk in self._ciphertext():
            mac.update(chunk)
        mac.update(_pad16(self.length) + struct.pack("<QQ", len(self.aad), self.length))
        try:
            mac.verify(self.tag)
        except InvalidSignature as error:
            raise CdocError("tampered", "the payload's tag does not match") from error

    def decrypt(self) -> Iterator[bytes]:
        cipher = self._cipher(counter=1)
        for chunk in self._ciphertext():
            yield cipher.update(chunk)

    def _cipher(self, counter: int) -> CipherContext:
        nonce = struct.pack("<I", counter) + self.nonce
        return Cipher(algorithms.ChaCha20(self.key, nonce), None).encryptor()

    def _ciphertext(self) -> Iterator[bytes]:
        self.file.seek(self.start)
        left = self.length
        while left:
            chunk = self.file.read(min(READ_SIZE, left))
            if not chunk:
                raise CdocError("truncated", "the file shrank while it was read")
            left -= len(chunk)
            yield chunk


def _pad16(length: int) -> bytes:
    return bytes(-length % 16)


def seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Ciphertext and tag, by the library's own AEAD: a check on the streamed one above."""
    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of one whole zlib stream, with its Adler-32 checked and nothing after it."""
    stream = zlib.decompressobj()
    try:
        for chunk in chunks:
            if stream.eof:
                raise malformed("bytes after the zlib stream")
            while chunk:
                piece = stream.decompress(chunk, INFLATE_SIZE)
                if piece:
                    yield piece
                chunk = stream.unconsumed_tail
            if stream.unused_data:
                raise malformed("bytes after the zlib stream")
        rest = stream.flush()
    except zlib.error as error:
        raise malformed(f"zlib: {error}") from error
    if rest:
        yield rest
    if not stream.eof:
        raise malformed("the zlib stream is cut off")
