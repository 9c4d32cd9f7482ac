"""Would the Java reader open it? It refuses more than 1000 entries, and an expansion above 10:1 at any point.

The ratio is cumulative: all bytes that came out of the zlib stream so far by all that went in. The Java reader feeds
its inflater 512 bytes at a time and counts them as consumed when it feeds them, so the verdict does the same; the ratio
counted byte by byte, which is never lower, is reported beside it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from .archive import BLOCK, Source, TarHeader, parse_pax
from .container import unseal
from .errors import CdocError, malformed
from .keys import Keyring

MAX_ENTRIES = 1000
MAX_RATIO = 10.0
FEED = 512
MAX_OUTPUT = 1 << 20


@dataclass
class Meter:
    """The worst ratios of a stream, seen while it passes."""

    worst: float = 0.0
    worst_at: int = 0
    worst_bytewise: float = 0.0
    consumed: int = 0
    produced: int = 0

    def inflate(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        stream = zlib.decompressobj()
        for feed in _rebuffer(pieces):
            before = self.produced
            snapshot = stream.copy()
            yield from self._feed(stream, feed)
            self.consumed += len(feed)
            self._note(self.produced / self.consumed)
            # Inside the feed the ratio cannot have been above all its output by all the input before it.
            if self.produced > self.worst_bytewise * (self.consumed - len(feed)):
                self._bytewise(snapshot, feed, self.consumed - len(feed), before)
        if not stream.eof:
            raise malformed("the zlib stream is cut off")

    def _feed(self, stream: Any, feed: bytes) -> Iterator[bytes]:
        while feed:
            piece = stream.decompress(feed, MAX_OUTPUT)
            self.produced += len(piece)
            if piece:
                yield piece
            feed = stream.unconsumed_tail

    def _note(self, ratio: float) -> None:
        if ratio > self.worst:
            self.worst, self.worst_at = ratio, self.consumed

    def _bytewise(self, stream: Any, feed: bytes, consumed: int, produced: int) -> None:
        for number in range(len(feed)):
            produced += len(stream.decompress(feed[number:number + 1]))
            self.worst_bytewise = max(self.worst_bytewise, produced / (consumed + number + 1))


@dataclass(frozen=True)
class Verdict:
    accepted: bool
    reason: str
    entries: int
    worst_ratio: float
    worst_ratio_at: int
    worst_ratio_bytewise: float
    compressed: int
    uncompressed: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check(file: BinaryIO, keyring: Keyring) -> Verdict:
    """Reads the whole container without stopping at the limits, so as to report how far it is from them."""
    _, _, sealed = unseal(file, keyring)
    meter = Meter()
    try:
        entries = _count_entries(meter.inflate(sealed.decrypt()))
    except zlib.error as error:
        raise CdocError("malformed", f"zlib: {error}") from error
    reasons = []
    if entries > MAX_ENTRIES:
        reasons.append(f"{entries} entries")
    if meter.worst > MAX_RATIO:
        reasons.append(f"expansion of {meter.worst:.2f}:1 after {meter.worst_at} compressed bytes")
    return Verdict(not reasons, "; ".join(reasons), entries, round(meter.worst, 3), meter.worst_at,
                   round(meter.worst_bytewise, 3), meter.consumed, meter.produced)


def _rebuffer(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        data = rest + piece
        whole = len(data) - len(data) % FEED
        for start in range(0, whole, FEED):
            yield data[start:start + FEED]
        rest = data[whole:]
    if rest:
        yield rest


def _count_entries(pieces: Iterator[bytes]) -> int:
    """Entries as the Java reader counts them: files, not their extended headers."""
    source = Source(pieces)
    entries, pax_size = 0, None
    while (block := source.take(BLOCK)) != bytes(BLOCK):
        header = TarHeader.parse(block)
        size = header.size
        if header.type == b"x":
            data = source.take(size)
            pax_size = parse_pax(data).get(b"size")
            size = 0
            source.take(-len(data) % BLOCK)
        elif header.type not in b"gLK":
            size = int(pax_size) if pax_size else size
            entries, pax_size = entries + 1, None
        for _ in source.stream(size + -size % BLOCK):
            pass
    for _ in source.rest():
        pass
    return entries
