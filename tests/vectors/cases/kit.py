"""What all cases use: keys, recipients, and ways to make a container right except for one thing."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cdoc2py import capsules, container, header, tar
from cdoc2py.archive import FileInfo
from cdoc2py.curves import SECP256R1, SECP384R1, SECP521R1
from cdoc2py.header import Record
from cdoc2py.keys import EcKey, RsaKey
from cdoc2py.vectorfile import Vector, file_line

from . import seeded
from .seeded import Seeded

# The order in which alternatives stand in `expect`.
EXPECTATIONS = ("success", "not_cdoc2", "old_format", "unsupported_version", "truncated", "malformed", "no_key",
                "wrong_key", "tampered", "unsafe_content", "limit_exceeded")

Files = list[tuple[str, bytes]]

LETTER: Files = [("letter.txt", b"For your eyes only.\n")]
LETTER_TAR = tar.archive(LETTER)

SECRET = hashlib.sha256(b"kapsel vectors secret").digest()
PASSWORD = "correct horse battery staple"
CHEAP = 1000

# Every container that is about something else is for this key.
MAIN = "ec256"
OPEN_MAIN = f"key keys/{MAIN}.pem"
OPEN_SECRET = f"secret-hex {SECRET.hex()}"
OPEN_PASSWORD = f"password {PASSWORD}"

CURVE_OF_KEY = {"ec256": SECP256R1, "ec384": SECP384R1, "ec521": SECP521R1,
                "stranger256": SECP256R1, "stranger384": SECP384R1, "stranger521": SECP521R1}
RSA_BITS = {"rsa2048": 2048, "rsa3072": 3072, "stranger_rsa": 2048}


@dataclass
class Kit:
    vectors: dict[str, Vector] = field(default_factory=dict)

    @cached_property
    def keys(self) -> dict[str, EcKey | RsaKey]:
        made: dict[str, EcKey | RsaKey] = {}
        for name, curve in CURVE_OF_KEY.items():
            made[name] = seeded.ec_key(curve, Seeded(f"key {name}"))
        for name, bits in RSA_BITS.items():
            made[name] = seeded.rsa_key(bits, Seeded(f"key {name}"))
        return made

    def ec(self, name: str) -> EcKey:
        key = self.keys[name]
        assert isinstance(key, EcKey)
        return key

    def rsa(self, name: str) -> RsaKey:
        key = self.keys[name]
        assert isinstance(key, RsaKey)
        return key

    # --- records ---

    def ec_record(self, fmk: bytes, seed: Seeded, key: str = MAIN, label: bytes = b"data:,TYPE=pub_key&V=1") -> Record:
        recipient = self.ec(key)
        capsule, kek = capsules.ec_capsule(recipient.point, seeded.ec_key(recipient.curve, seed))
        return capsules.record(capsule, label, fmk, kek)

    def rsa_record(self, fmk: bytes, seed: Seeded, key: str = "rsa2048", label: bytes = b"rsa") -> Record:
        kek = seed.bytes(32)
        capsule = capsules.rsa_capsule(self.rsa(key).private.public_key(), kek, seed.bytes(32))
        return capsules.record(capsule, label, fmk, kek)

    def symmetric_record(self, fmk: bytes, seed: Seeded, secret: bytes = SECRET, label: bytes = b"symmetric",
                         salt: bytes | None = None) -> Record:
        salt = seed.bytes(32) if salt is None else salt
        capsule, kek = capsules.symmetric_capsule(secret, salt, label)
        return capsules.record(capsule, label, fmk, kek)

    def password_record(self, fmk: bytes, seed: Seeded, password: str = PASSWORD, iterations: int = CHEAP,
                        label: bytes = b"data:,TYPE=pw&V=1", salts: tuple[bytes, bytes] | None = None) -> Record:
        salt, password_salt = salts or (seed.bytes(32), seed.bytes(32))
        capsule, kek = capsules.password_capsule(password.encode(), salt, password_salt, label, iterations)
        return capsules.record(capsule, label, fmk, kek)

    # --- containers ---

    def of_records(self, name: str, make: Callable[[bytes, Seeded], list[Record]], **build: bool) -> bytes:
        """The letter, for the records that `make` gives for (FMK, randomness)."""
        return self.of_header(name, lambda fmk, seed: header.build(make(fmk, seed), **build))

    def of_header(self, name: str, make: Callable[[bytes, Seeded], bytes]) -> bytes:
        """The letter, under any header: what a hostile sender can do, with everything authentic."""
        seed = Seeded(name)
        fmk = seed.bytes(32)
        return container.seal(make(fmk, seed), fmk, seed.bytes(12), zlib.compress(LETTER_TAR))

    def of_stream(self, name: str, plaintext: bytes) -> bytes:
        """Any bytes where the zlib stream should be, for the main key."""
        seed = Seeded(name)
        fmk = seed.bytes(32)
        head = header.build([self.ec_record(fmk, seed)])
        return container.seal(head, fmk, seed.bytes(12), plaintext)

    def of_tar(self, name: str, archive: bytes) -> bytes:
        return self.of_stream(name, zlib.compress(archive))

    # --- vectors ---

    def add(self, name: str, about: str, expect: str, body: bytes, *, open_with: Iterable[str] = (OPEN_MAIN,),
            files: Files | None = None, hostile: bool | None = None, **head: str | int | list[str]) -> None:
        """`files` default to the letter where success is expected; a vector is hostile unless it must succeed."""
        assert name not in self.vectors, name
        vector = Vector(container=body)
        expect = "|".join(sorted(expect.split("|"), key=EXPECTATIONS.index))
        succeeds = "success" in expect.split("|")
        hostile = expect != "success" if hostile is None else hostile
        vector.head = {"name": [name], "about": [about], "hostile": ["yes" if hostile else "no"], "expect": [expect],
                       "open-with": list(open_with)}
        if succeeds and head.get("header_only") != "yes" or files:
            vector.head["file"] = [file_line(info(*file)) for file in (LETTER if files is None else files)]
        for key, value in head.items():
            values = value if isinstance(value, list) else [str(value)]
            vector.head[key.replace("_", "-")] = values
        self.vectors[name] = vector

    def add_tar(self, name: str, about: str, expect: str, archive: bytes, **more: object) -> None:
        self.add(name, about, expect, self.of_tar(name, archive), **more)

    def add_stream(self, name: str, about: str, expect: str, plaintext: bytes, **more: object) -> None:
        self.add(name, about, expect, self.of_stream(name, plaintext), **more)

    def add_records(self, name: str, about: str, expect: str, make: Callable[[bytes, Seeded], list[Record]],
                    **more: object) -> None:
        self.add(name, about, expect, self.of_records(name, make), **more)

    def add_pair(self, name: str, about: str, make: Callable[[bytes, Seeded], Record], *, unknown: bool = False,
                 alone: str = "malformed|no_key", open_with: str = OPEN_MAIN) -> None:
        """A bad record alone, and before a good one that must open all the same."""
        self.add_records(f"{name}_alone", f"{about}; no other record.", alone,
                         lambda fmk, seed: [make(fmk, seed)], open_with=[open_with], files=[])
        count = {"skipped_records": 1} if unknown else {"unusable_records": 1}
        self.add_records(f"{name}_and_good", f"{about}; the good record after it opens the container.", "success",
                         lambda fmk, seed: [make(fmk, seed), self.ec_record(fmk, seed)], hostile=True, **count)

    # --- output ---

    def write(self, folder: Path) -> None:
        keys = folder / "keys"
        keys.mkdir(parents=True, exist_ok=True)
        for name, key in self.keys.items():
            (keys / f"{name}.pem").write_bytes(seeded.pem(key))
        for name, vector in self.vectors.items():
            (folder / name).write_bytes(vector.to_bytes())


def info(name: str, content: bytes) -> FileInfo:
    return FileInfo(name, len(content), hashlib.sha256(content).hexdigest())


def flip(data: bytes, position: int, bit: int = 1) -> bytes:
    changed = bytearray(data)
    changed[position] ^= bit
    return bytes(changed)
