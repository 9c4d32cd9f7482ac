"""The tar inside: read in a stream, every rule for readers enforced, every departure from the rules for writers noted.

What only a writer must keep to (mode, owner, PAX only when needed...) is collected in `Deviations`; a foreign container
may have any number of them, one that Kapsel wrote none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from . import names
from .errors import CdocError, malformed

BLOCK = 512
RECORD = 10_240
OCTAL_SIZE_LIMIT = 8 << 30
MAX_NOTES = 100


@dataclass(frozen=True)
class Limits:
    total_size: int
    entries: int = 10_000
    pax_size: int = 64 << 10
    name_length: int = names.MAX_NAME_BYTES


@dataclass(frozen=True)
class FileInfo:
    name: str
    size: int
    sha256: str


class Sink(Protocol):
    """Where file contents go."""

    def begin(self, name: str) -> None: ...
    def write(self, chunk: bytes) -> None: ...
    def end(self) -> None: ...


class NullSink:
    """For checking without unpacking."""

    def begin(self, name: str) -> None:
        pass

    def write(self, chunk: bytes) -> None:
        pass

    def end(self) -> None:
        pass


@dataclass
class Deviations:
    """Where a container is not as writers must write it; the first hundred."""

    notes: list[str] = field(default_factory=list)

    def note(self, wrong: bool, text: str) -> None:
        if wrong and len(self.notes) < MAX_NOTES:
            self.notes.append(text)


class Source:
    """Exact amounts out of a stream of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.position = 0

    def take(self, length: int) -> bytes:
        return b"".join(self.stream(length))

    def stream(self, length: int) -> Iterator[memoryview]:
        while length:
            piece = self._some(length)
            if not piece:
                raise malformed("the archive is cut off")
            length -= len(piece)
            yield piece

    def rest(self) -> Iterator[memoryview]:
        while piece := self._some(1 << 20):
            yield piece

    def _some(self, at_most: int) -> memoryview:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return memoryview(b"")
            self._rest = memoryview(piece)
        piece, self._rest = self._rest[:at_most], self._rest[at_most:]
        self.position += len(piece)
        return piece


@dataclass(frozen=True)
class TarHeader:
    """A header block with its numbers read and its checksum checked."""

    block: bytes

    @classmethod
    def parse(cls, block: bytes) -> TarHeader:
        total = sum(block[:148]) + 8 * 0x20 + sum(block[156:])
        if _number(block[148:156], "checksum") != total:
            raise malformed("wrong checksum of a tar header")
        return cls(block)

    @property
    def type(self) -> bytes:
        return self.block[156:157]

    @property
    def size(self) -> int:
        return _number(self.block[124:136], "size")

    @property
    def is_posix(self) -> bool:
        return self.block[257:263] == b"ustar\x00"

    @property
    def name(self) -> bytes:
        name = _text(self.block[:100])
        # In GNU headers (magic "ustar  ") these bytes are times, not a prefix.
        prefix = _text(self.block[345:500]) if self.is_posix else b""
        return prefix + b"/" + name if prefix else name


@dataclass
class Extensions:
    """What PAX headers and GNU long names say of the file that follows."""

    pax: dict[bytes, bytes] | None = None
    long_name: bytes | None = None

    @property
    def pending(self) -> bool:
        return self.pax is not None or self.long_name is not None

    def get(self, key: bytes) -> bytes | None:
        # An empty value takes back what was said (POSIX pax, extended header).
        return (self.pax or {}).get(key) or None


def read(pieces: Iterator[bytes], limits: Limits, sink: Sink, deviations: Deviations) -> list[FileInfo]:
    """Unpacks into `sink`; returns the files in order."""
    return _Reader(Source(pieces), limits, sink, deviations).run()


class _Reader:
    def __init__(self, source: Source, limits: Limits, sink: Sink, deviations: Deviations) -> None:
        self.source, self.limits, self.sink, self.deviations = source, limits, sink, deviations
        self.files: list[FileInfo] = []
        self.taken: set[str] = set()
        self.total = 0

    def run(self) -> list[FileInfo]:
        extensions = Extensions()
        while (block := self.source.take(BLOCK)) != bytes(BLOCK):
            extensions = self.entry(TarHeader.parse(block), extensions)
        if extensions.pending:
            raise malformed("an extended header without a file")
        self.end()
        return self.files

    def entry(self, header: TarHeader, extensions: Extensions) -> Extensions:
        self.check_owner(header)
        match header.type:
            case b"0" | b"\x00":
                self.file(header, extensions)
                return Extensions()
            case b"x":
                if extensions.pax is not None:
                    raise malformed("two PAX headers for one file")
                return Extensions(self.pax(header), extensions.long_name)
            case b"g":
                self.global_pax(header)
                return extensions
            case b"L":
                if extensions.long_name is not None:
                    raise malformed("two long names for one file")
                return Extensions(extensions.pax, self.long_name(header))
        raise CdocError("unsafe_content", f"an entry of type {header.type!r}")

    # --- files ---

    def file(self, header: TarHeader, extensions: Extensions) -> None:
        if len(self.files) == self.limits.entries:
            raise CdocError("limit_exceeded", f"more than {self.limits.entries} files")
        name, size = self.name(header, extensions), self.size(header, extensions)
        self.total += size
        if self.total > self.limits.total_size:
            raise CdocError("limit_exceeded", f"more than {self.limits.total_size} bytes")
        self.check_file(header, extensions, name, size)
        self.files.append(FileInfo(name, size, self.content(name, size)))

    def content(self, name: str, size: int) -> str:
        digest = hashlib.sha256()
        self.sink.begin(name)
        for piece in self.source.stream(size):
            digest.update(piece)
            self.sink.write(piece)
        self.sink.end()
        padding = self.source.take(-size % BLOCK)
        self.deviations.note(any(padding), f"{name!r}: padding is not zero")
        return digest.hexdigest()

    def name(self, header: TarHeader, extensions: Extensions) -> str:
        raw = extensions.get(b"path") or extensions.long_name
        if raw is None:
            raw = header.name
        if len(raw) > self.limits.name_length:
            raise CdocError("limit_exceeded", f"a name of {len(raw)} bytes")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CdocError("unsafe_content", f"the name {raw!r} is not UTF-8") from error
        if problem := names.problem(name):
            raise CdocError("unsafe_content", f"the name {name!r} {problem}")
        key = names.collision_key(name)
        if key in self.taken:
            raise CdocError("unsafe_content", f"the name {name!r} is there twice")
        self.taken.add(key)
        return name

    def size(self, header: TarHeader, extensions: Extensions) -> int:
        text = extensions.get(b"size")
        if text is None:
            return header.size
        if not re.fullmatch(rb"[0-9]{1,19}", text):
            raise malformed(f"PAX size {text[:40]!r}")
        return int(text)

    # --- extended headers ---

    def extension_data(self, header: TarHeader) -> bytes:
        size = header.size
        if size > self.limits.pax_size:
            raise CdocError("limit_exceeded", f"an extended header of {size} bytes")
        data = self.source.take(size)
        self.source.take(-size % BLOCK)
        return data

    def pax(self, header: TarHeader) -> dict[bytes, bytes]:
        return parse_pax(self.extension_data(header))

    def global_pax(self, header: TarHeader) -> None:
        self.deviations.note(True, "a global PAX header")
        if {b"path", b"size"} & self.pax(header).keys():
            raise malformed("a global PAX header that names or sizes every file")

    def long_name(self, header: TarHeader) -> bytes:
        self.deviations.note(True, "a GNU long name")
        name = self.extension_data(header).rstrip(b"\x00")
        if not name:
            raise CdocError("unsafe_content", "an empty long name")
        return name

    # --- the end ---

    def end(self) -> None:
        if self.source.take(BLOCK) != bytes(BLOCK):
            raise malformed("data after the end of the archive")
        end = self.source.position
        self.deviations.note(not self.files, "no files")
        for piece in self.source.rest():
            if any(piece):
                raise malformed("data after the end of the archive")
            if self.source.position > end + -end % RECORD:
                raise malformed("more than a record of padding after the end of the archive")
        self.deviations.note(self.source.position != end, "padding after the two zero blocks")

    # --- what only writers must keep to ---

    def check_owner(self, header: TarHeader) -> None:
        block = header.block
        note = self.deviations.note
        note(block[257:265] != b"ustar\x0000", "a header that is not ustar")
        note(not re.fullmatch(rb"0+[\x00 ]?", block[108:116]), "a user id")
        note(not re.fullmatch(rb"0+[\x00 ]?", block[116:124]), "a group id")
        note(any(block[265:329]), "owner names")
        note(any(block[157:257]), "a link name")
        note(any(block[345:500]), "a name prefix")
        note(bool(block[329:345].strip(b"0\x00 ")), "device numbers")

    def check_file(self, header: TarHeader, extensions: Extensions, name: str, size: int) -> None:
        note = self.deviations.note
        note(header.type != b"0", f"{name!r}: type {header.type!r}")
        note(_lenient_number(header.block[100:108]) != 0o644, f"{name!r}: mode {header.block[100:108]!r}")
        note(not re.fullmatch(rb"[0-7]+[\x00 ]?", header.block[136:148]), f"{name!r}: modification time")
        encoded = name.encode()
        needs_path = len(encoded) > 100 or not name.isascii()
        needs_size = size >= OCTAL_SIZE_LIMIT
        needed = {key for key, needs in ((b"path", needs_path), (b"size", needs_size)) if needs}
        present = set(extensions.pax or {})
        note(present != needed, f"{name!r}: PAX keys {sorted(present)} where {sorted(needed)} are needed")
        note(not needs_path and header.name != encoded, f"{name!r}: name of the header differs")


def parse_pax(data: bytes) -> dict[bytes, bytes]:
    """PAX records `LENGTH KEY=VALUE\\n`, LENGTH counting itself; the last of equal keys counts."""
    records: dict[bytes, bytes] = {}
    while data:
        digits, space, _ = data[:20].partition(b" ")
        if not space or not re.fullmatch(rb"[0-9]+", digits):
            raise malformed("PAX record without a length")
        length = int(digits)
        record, data = data[:length], data[length:]
        if len(record) < length or length <= len(digits) + 1 or record[-1:] != b"\n":
            raise malformed("PAX record of a wrong length")
        key, equals, value = record[len(digits) + 1:-1].partition(b"=")
        if not equals or not key:
            raise malformed("PAX record without a key")
        records[key] = value
    return records


def _number(raw: bytes, what: str) -> int:
    if raw[0] == 0x80:
        return int.from_bytes(raw[1:], "big")
    digits = raw.strip(b" \x00")
    if raw[0] > 0x80 or not re.fullmatch(rb"[0-7]*", digits):
        raise malformed(f"tar header: {what} is {raw!r}")
    return int(digits or b"0", 8)


def _lenient_number(raw: bytes) -> int | None:
    try:
        return _number(raw, "")
    except CdocError:
        return None


def _text(raw: bytes) -> bytes:
    return raw.split(b"\x00", 1)[0]
