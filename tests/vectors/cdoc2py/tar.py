"""Writing tar blocks, as writers must by default; every field can be set otherwise, to write hostile ones."""

from __future__ import annotations

BLOCK = 512
END = bytes(2 * BLOCK)
MTIME = 1_700_000_000


def octal(value: int, width: int) -> bytes:
    return b"%0*o\x00" % (width - 1, value)


def header(name: bytes, size: int = 0, *, type: bytes = b"0", mode: bytes = octal(0o644, 8),
           uid: bytes = octal(0, 8), gid: bytes = octal(0, 8), size_field: bytes | None = None,
           mtime: bytes = octal(MTIME, 12), checksum: bytes | None = None, link: bytes = b"",
           magic: bytes = b"ustar\x0000", owner: bytes = b"", prefix: bytes = b"", signed_sum: bool = False) -> bytes:
    """One header block with the right checksum, unless another is given."""
    fields = [
        (name, 100), (mode, 8), (uid, 8), (gid, 8), (size_field or octal(size, 12), 12), (mtime, 12), (b" " * 8, 8),
        (type, 1), (link, 100), (magic, 8), (owner, 32), (owner, 32), (b"", 16), (prefix, 155), (b"", 12),
    ]
    block = b"".join(_fit(value, width) for value, width in fields)
    if checksum is None:
        total = sum(b - 256 if signed_sum and b > 127 else b for b in block)
        checksum = b"%06o\x00 " % total
    return block[:148] + _fit(checksum, 8) + block[156:]


def _fit(value: bytes, width: int) -> bytes:
    assert len(value) <= width, (value, width)
    return value.ljust(width, b"\x00")


def pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def pax_record(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def extension(type: bytes, data: bytes, name: bytes = b"pax_header") -> bytes:
    """An extended header of any type with its data."""
    return header(name, len(data), type=type) + pad(data)


def pax(*records: tuple[bytes, bytes]) -> bytes:
    return extension(b"x", b"".join(pax_record(key, value) for key, value in records))


def gnu_long(name: bytes, type: bytes = b"L") -> bytes:
    data = name + b"\x00"
    return header(b"././@LongLink", len(data), type=type, magic=b"ustar  \x00") + pad(data)


def member(name: bytes, content: bytes) -> bytes:
    """A file as writers must write it."""
    extended = b""
    if len(name) > 100 or not name.isascii():
        extended = pax((b"path", name))
        name = bytes(b if b < 128 else ord("_") for b in name)[:100]
    return extended + header(name, len(content)) + pad(content)


def archive(files: list[tuple[str, bytes]]) -> bytes:
    return b"".join(member(name.encode(), content) for name, content in files) + END
