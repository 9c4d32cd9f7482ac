"""Vector files: a text head, a blank line, the raw container (README.md describes the head)."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path

from .archive import FileInfo
from .keys import Key, Keyring, Password, SecretKey, ShareAnswers, load_private_key

FIELD_ORDER = (
    "name", "about", "hostile", "expect", "open-with", "server-capsule", "share", "header-only", "record", "file",
    "skipped-records", "unusable-records", "limit-total-size", "memory", "time", "slow", "note-unusual",
)


@dataclass
class Vector:
    """Head fields in order, each key with all its values, and the container."""

    head: dict[str, list[str]] = field(default_factory=dict)
    container: bytes = b""

    def one(self, key: str, default: str = "") -> str:
        return self.head.get(key, [default])[0]

    def all(self, key: str) -> list[str]:
        return self.head.get(key, [])

    @property
    def name(self) -> str:
        return self.one("name")

    @property
    def expected(self) -> set[str]:
        return set(self.one("expect").split("|"))

    @property
    def files(self) -> list[FileInfo]:
        return [_parse_file(line) for line in self.all("file")]

    def to_bytes(self) -> bytes:
        lines = []
        for key in FIELD_ORDER:
            for value in self.head.get(key, []):
                assert "\n" not in value and value == value.strip(), (self.name, key, value)
                lines.append(f"{key}: {value}\n")
        assert self.head.keys() <= set(FIELD_ORDER), self.head.keys()
        return "".join(lines).encode() + b"\n" + self.container


def parse(data: bytes) -> Vector:
    head, _, container = data.partition(b"\n\n")
    vector = Vector(container=container)
    for line in head.decode().split("\n"):
        key, _, value = line.partition(": ")
        vector.head.setdefault(key, []).append(value)
    return vector


def load_all(folder: Path) -> list[Vector]:
    return [parse(path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file()]


def file_line(file: FileInfo) -> str:
    return f"{file.sha256} {file.size} {json.dumps(file.name)}"


def _parse_file(line: str) -> FileInfo:
    digest, size, name = line.split(" ", 2)
    return FileInfo(json.loads(name), int(size), digest)


def keyrings(vector: Vector, folder: Path) -> list[Keyring]:
    """One for each `open-with`: what is expected holds for each of them alone."""
    capsules = dict(_answer(line) for line in vector.all("server-capsule"))
    return [Keyring([_key(line, vector, folder)], capsules) for line in vector.all("open-with")]


def _key(line: str, vector: Vector, folder: Path) -> Key:
    kind, _, value = line.partition(" ")
    match kind:
        case "key":
            return load_private_key((folder / value).read_bytes())
        case "secret-hex":
            return SecretKey(bytes.fromhex(value))
        case "password":
            return Password(value.encode())
        case "shares":
            return ShareAnswers(dict(_answer(line) for line in vector.all("share")))
    raise ValueError(f"open-with: {line}")


def _answer(line: str) -> tuple[bytes, bytes]:
    identifier, material = line.rsplit(" ", 1)
    return identifier.encode(), bytes.fromhex(material)


def open_body(vector: Vector) -> io.BytesIO:
    return io.BytesIO(vector.container)
