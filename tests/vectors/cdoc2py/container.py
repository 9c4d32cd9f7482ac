"""The container: envelope, header, sealed payload; making and opening one."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from . import archive, capsules, header, payload, schedule
from . import label as labels
from .archive import Deviations, FileInfo, Limits, Sink
from .errors import CdocError, malformed
from .keys import Keyring

MAGIC = b"CDOC"
VERSION = 2
PREFIX_LENGTH = 9
MIN_HEADER = 67
MAX_HEADER = 1 << 20
MAC_LENGTH = 32
MIN_CONTAINER = 153
XML_LOOK_AHEAD = 4096


@dataclass(frozen=True)
class Envelope:
    """The outer structure, nothing decrypted or authenticated."""

    header: bytes
    mac: bytes
    nonce: bytes
    ciphertext_start: int
    ciphertext_length: int
    tag: bytes


@dataclass(frozen=True)
class Content:
    """All of an opened container."""

    header: header.Header
    record: int
    untried: int
    files: list[FileInfo]
    compressed: int
    deviations: Deviations


def seal(header_bytes: bytes, fmk: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    """A container of any header and any payload plaintext (a zlib stream, when honest)."""
    mac = schedule.header_mac(fmk, header_bytes)
    aad = schedule.payload_aad(header_bytes, mac)
    sealed = payload.seal(schedule.content_key(fmk), nonce, plaintext, aad)
    return MAGIC + bytes([VERSION]) + struct.pack(">i", len(header_bytes)) + header_bytes + mac + nonce + sealed


def write(records: list[header.Record], fmk: bytes, nonce: bytes, tar: bytes) -> bytes:
    return seal(header.build(records), fmk, nonce, zlib.compress(tar))


def read_envelope(file: BinaryIO) -> Envelope:
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    prefix = file.read(PREFIX_LENGTH)
    _check_magic(prefix, file)
    if len(prefix) < PREFIX_LENGTH:
        raise CdocError("truncated", "the file ends before its header")
    length = struct.unpack(">i", prefix[5:])[0]
    if not MIN_HEADER <= length <= MAX_HEADER:
        raise malformed(f"a header of {length} bytes")
    after_header = PREFIX_LENGTH + length
    ciphertext_start = after_header + MAC_LENGTH + payload.NONCE_LENGTH
    if size < max(ciphertext_start + payload.TAG_LENGTH, MIN_CONTAINER):
        raise CdocError("truncated", "the file ends before its payload")
    header_bytes, mac, nonce = file.read(length), file.read(MAC_LENGTH), file.read(payload.NONCE_LENGTH)
    file.seek(size - payload.TAG_LENGTH)
    tag = file.read(payload.TAG_LENGTH)
    return Envelope(header_bytes, mac, nonce, ciphertext_start, size - payload.TAG_LENGTH - ciphertext_start, tag)


def _check_magic(prefix: bytes, file: BinaryIO) -> None:
    if not prefix.startswith(MAGIC):
        file.seek(0)
        start = file.read(XML_LOOK_AHEAD)
        if prefix and MAGIC.startswith(prefix):
            raise CdocError("truncated", "the file ends in its first bytes")
        if _is_cdoc1(start):
            raise CdocError("old_format", "a CDOC 1 container")
        raise CdocError("not_cdoc2", "not a CDOC2 container")
    if len(prefix) > len(MAGIC) and prefix[4] != VERSION:
        raise CdocError("unsupported_version", f"version {prefix[4]}")


def _is_cdoc1(start: bytes) -> bool:
    """XML whose root element is EncryptedData, under any prefix."""
    text = start.removeprefix(b"\xef\xbb\xbf")
    prolog = rb"(\s|<\?.*?\?>|<!--.*?-->)*"
    return re.match(prolog + rb"<([\w.-]+:)?EncryptedData[\s>]", text, re.DOTALL) is not None


def default_limits(container_size: int) -> Limits:
    return Limits(total_size=max(4 << 30, 10 * container_size))


def unseal(file: BinaryIO, keyring: Keyring) -> tuple[header.Header, capsules.Opened, payload.SealedPayload]:
    """Everything up to a payload whose tag is verified."""
    envelope = read_envelope(file)
    parsed = header.parse(envelope.header)
    opened = capsules.find_fmk(parsed, envelope.header, envelope.mac, keyring)
    sealed = payload.SealedPayload(
        file, envelope.ciphertext_start, envelope.ciphertext_length, envelope.nonce, envelope.tag,
        schedule.content_key(opened.fmk), schedule.payload_aad(envelope.header, envelope.mac))
    sealed.verify()
    return parsed, opened, sealed


def open_container(file: BinaryIO, keyring: Keyring, sink: Sink, limits: Limits | None = None) -> Content:
    """Opens, verifies and unpacks a container in a seekable file."""
    parsed, opened, sealed = unseal(file, keyring)
    deviations = Deviations()
    note_header_deviations(parsed, deviations)
    size = file.seek(0, 2)
    pieces = payload.inflate(sealed.decrypt())
    files = archive.read(pieces, limits or default_limits(size), sink, deviations)
    return Content(parsed, opened.record, opened.untried, files, sealed.length, deviations)


def note_header_deviations(parsed: header.Header, deviations: Deviations) -> None:
    """Where a header is not as writers must write it."""
    for record in parsed.records:
        where = f"record {record.index}"
        deviations.note(record.status != "ok", f"{where}: {record.reason}")
        if record.record is None:
            continue
        text = record.record.label.decode("utf-8", "replace")
        deviations.note("\ufffd" in text, f"{where}: label is not UTF-8")
        deviations.note(not labels.is_canonical(text), f"{where}: label {text!r} is not in the writers' form")
        _note_capsule(record.record.capsule, where, deviations)


def _note_capsule(capsule: header.Capsule | None, where: str, deviations: Deviations) -> None:
    match capsule:
        case header.SymmetricCapsule(salt) | header.SharesCapsule(salt=salt):
            deviations.note(len(salt) != 32, f"{where}: salt of {len(salt)} bytes")
        case header.PasswordCapsule(salt, password_salt, _, iterations):
            deviations.note((len(salt), len(password_salt)) != (32, 32), f"{where}: salts are not 32 bytes")
            deviations.note(iterations != 600_000, f"{where}: {iterations} iterations")
        case header.RsaCapsule(_, encrypted_kek):
            deviations.note(len(encrypted_kek) < 256, f"{where}: RSA key under 2048 bits")
