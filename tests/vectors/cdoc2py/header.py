"""The header: recipient records and capsules, from and to FlatBuffers.

The capsule classes hold what stands in the file, right or wrong: None leaves a field out, and any number may stand
for an enumeration, so that the generator can write what no honest writer would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Union

import flatbuffers

from .curves import CURVES, is_point
from .errors import CdocError, malformed
from .flat import Budget, BudgetError, FlatError, Table

MAX_RECORDS = 8192
MAX_SHARES = 64
MAX_VECTOR_BYTES = 4 << 20

CHACHA20_POLY1305 = 1
XOR = 1
PBKDF2_HMAC_SHA256 = 1
SID_MID = 1
N_OF_N = 1


@dataclass
class EccDetails:
    TYPE: ClassVar[int] = 1
    curve: int
    recipient_key: bytes | None


@dataclass
class RsaDetails:
    TYPE: ClassVar[int] = 2
    recipient_key: bytes | None


@dataclass
class EccCapsule:
    TYPE: ClassVar[int] = 1
    curve: int
    recipient_key: bytes | None
    sender_key: bytes | None


@dataclass
class RsaCapsule:
    TYPE: ClassVar[int] = 2
    recipient_key: bytes | None
    encrypted_kek: bytes | None


@dataclass
class ServerCapsule:
    TYPE: ClassVar[int] = 3
    details: EccDetails | RsaDetails | None
    server_id: bytes | None
    transaction_id: bytes | None
    details_type: int | None = None


@dataclass
class SymmetricCapsule:
    TYPE: ClassVar[int] = 4
    salt: bytes | None


@dataclass
class PasswordCapsule:
    TYPE: ClassVar[int] = 5
    salt: bytes | None
    password_salt: bytes | None
    kdf: int = PBKDF2_HMAC_SHA256
    iterations: int = 600_000


@dataclass
class Share:
    url: bytes | None
    share_id: bytes | None


@dataclass
class SharesCapsule:
    TYPE: ClassVar[int] = 6
    shares: list[Share] | None
    salt: bytes | None
    recipient_type: int = SID_MID
    scheme: int = N_OF_N
    recipient_id: bytes | None = b""


Capsule = Union[EccCapsule, RsaCapsule, ServerCapsule, SymmetricCapsule, PasswordCapsule, SharesCapsule]


@dataclass
class Record:
    """A recipient record. `capsule_type` overrides the capsule's own number in the union."""

    capsule: Capsule | None
    label: bytes | None
    encrypted_fmk: bytes | None
    method: int = XOR
    capsule_type: int | None = None


@dataclass
class ParsedRecord:
    """What a reader makes of a record: `unknown` is from a newer writer, `unusable` breaks the format."""

    index: int
    status: str
    reason: str = ""
    record: Record | None = None


@dataclass
class Header:
    records: list[ParsedRecord] = field(default_factory=list)
    payload_method: int = CHACHA20_POLY1305


# --- writing -----------------------------------------------------------------------------------------------------


class _Writer:
    """Children first, as FlatBuffers demands. Equal byte strings are stored once when `share` is set."""

    def __init__(self, share: bool, share_vtables: bool) -> None:
        self.builder = flatbuffers.Builder(1024)
        self.share, self.share_vtables = share, share_vtables
        self.seen: dict[tuple[bool, bytes], int] = {}
        self.tables: dict[int, int] = {}

    def vector(self, data: bytes | None, text: bool = False) -> int | None:
        if data is None:
            return None
        if self.share and (text, data) in self.seen:
            return self.seen[text, data]
        create = self.builder.CreateString if text else self.builder.CreateByteVector
        self.seen[text, data] = create(data)
        return self.seen[text, data]

    def text(self, data: bytes | None) -> int | None:
        return self.vector(data, text=True)

    def offsets(self, children: list[int]) -> int:
        self.builder.StartVector(4, len(children), 4)
        for child in reversed(children):
            self.builder.PrependUOffsetTRelative(child)
        return self.builder.EndVector()

    def table(self, **slots: tuple[str, int | None]) -> int:
        """A table of the slots in order: ("offset" | "int8" | "uint8" | "int32", value)."""
        if not self.share_vtables:
            # Damage to one table must not reach another through a vtable that both use.
            self.builder.vtables.clear()
        self.builder.StartObject(len(slots))
        for number, (kind, value) in enumerate(slots.values()):
            if value is not None:
                self._slot(kind, number, value)
        return self.builder.EndObject()

    def _slot(self, kind: str, number: int, value: int) -> None:
        put = {
            "offset": self.builder.PrependUOffsetTRelativeSlot,
            "int8": self.builder.PrependInt8Slot,
            "uint8": self.builder.PrependUint8Slot,
            "int32": self.builder.PrependInt32Slot,
        }[kind]
        put(number, value, 0)

    def capsule(self, capsule: Capsule) -> int:
        match capsule:
            case EccCapsule():
                recipient, sender = self.vector(capsule.recipient_key), self.vector(capsule.sender_key)
                return self.table(curve=("int8", capsule.curve), recipient=("offset", recipient),
                                  sender=("offset", sender))
            case RsaCapsule():
                recipient, kek = self.vector(capsule.recipient_key), self.vector(capsule.encrypted_kek)
                return self.table(recipient=("offset", recipient), kek=("offset", kek))
            case ServerCapsule():
                return self.server(capsule)
            case SymmetricCapsule():
                return self.table(salt=("offset", self.vector(capsule.salt)))
            case PasswordCapsule():
                salt, password_salt = self.vector(capsule.salt), self.vector(capsule.password_salt)
                return self.table(salt=("offset", salt), password_salt=("offset", password_salt),
                                  kdf=("int8", capsule.kdf), iterations=("int32", capsule.iterations))
            case SharesCapsule():
                return self.shares(capsule)

    def server(self, capsule: ServerCapsule) -> int:
        details, kind = None, 0
        match capsule.details:
            case EccDetails(curve, key):
                kind = EccDetails.TYPE
                details = self.table(curve=("int8", curve), key=("offset", self.vector(key)))
            case RsaDetails(key):
                kind = RsaDetails.TYPE
                details = self.table(key=("offset", self.vector(key)))
        if capsule.details_type is not None:
            kind = capsule.details_type
        server_id, transaction_id = self.text(capsule.server_id), self.text(capsule.transaction_id)
        return self.table(kind=("uint8", kind), details=("offset", details), server=("offset", server_id),
                          transaction=("offset", transaction_id))

    def shares(self, capsule: SharesCapsule) -> int:
        shares = None
        if capsule.shares is not None:
            shares = self.offsets([self.share_table(share) for share in capsule.shares])
        salt, recipient = self.vector(capsule.salt), self.text(capsule.recipient_id)
        return self.table(shares=("offset", shares), salt=("offset", salt),
                          recipient_type=("int8", capsule.recipient_type), scheme=("int8", capsule.scheme),
                          recipient=("offset", recipient))

    def share_table(self, share: Share) -> int:
        if not self.share or id(share) not in self.tables:
            url, share_id = self.text(share.url), self.text(share.share_id)
            self.tables[id(share)] = self.table(url=("offset", url), share_id=("offset", share_id))
        return self.tables[id(share)]

    def record(self, record: Record) -> int:
        if not self.share or id(record) not in self.tables:
            self.tables[id(record)] = self.record_table(record)
        return self.tables[id(record)]

    def record_table(self, record: Record) -> int:
        capsule = None if record.capsule is None else self.capsule(record.capsule)
        kind = record.capsule_type
        if kind is None:
            kind = 0 if record.capsule is None else record.capsule.TYPE
        label, fmk = self.text(record.label), self.vector(record.encrypted_fmk)
        return self.table(kind=("uint8", kind), capsule=("offset", capsule), label=("offset", label),
                          fmk=("offset", fmk), method=("int8", record.method))


def build(records: list[Record] | None, payload_method: int = CHACHA20_POLY1305, *, share: bool = False,
          share_vtables: bool = True) -> bytes:
    """Header bytes. With `share`, equal byte strings and the very same `Record` and `Share` objects stand once."""
    writer = _Writer(share, share_vtables)
    recipients = None
    if records is not None:
        recipients = writer.offsets([writer.record(record) for record in records])
    root = writer.table(recipients=("offset", recipients), method=("int8", payload_method))
    writer.builder.Finish(root)
    return bytes(writer.builder.Output())


# --- reading -----------------------------------------------------------------------------------------------------


class _Unknown(Exception):
    """A record from a newer writer: to be skipped and mentioned."""


class _Unusable(Exception):
    """A record that breaks the format, whatever its neighbours are."""


def parse(data: bytes) -> Header:
    """Reads every record by itself; only what concerns the header as a whole is an error here."""
    budget = Budget(MAX_VECTOR_BYTES)
    try:
        root = Table.root(data, budget)
        positions = root.table_positions(0)
        method = root.int8(1)
    except FlatError as error:
        raise malformed(f"header: {error}") from error
    if not positions:
        raise malformed("header: no recipients")
    if len(positions) > MAX_RECORDS:
        raise CdocError("limit_exceeded", f"header: more than {MAX_RECORDS} records")
    records = [_parse_record(root, index, position) for index, position in enumerate(positions)]
    if method != CHACHA20_POLY1305:
        raise malformed(f"header: payload encryption method {method}")
    return Header(records, method)


def _parse_record(root: Table, index: int, position: int) -> ParsedRecord:
    try:
        return ParsedRecord(index, "ok", record=_record(root.table_at(position)))
    except _Unknown as error:
        return ParsedRecord(index, "unknown", str(error))
    except (_Unusable, FlatError) as error:
        return ParsedRecord(index, "unusable", str(error))
    except BudgetError as error:
        raise CdocError("limit_exceeded", f"header: {error}") from error


def _record(table: Table) -> Record:
    label, fmk, method = table.required_bytes(2), table.required_bytes(3), table.int8(4)
    capsule = _capsule(table.uint8(0), table.table(1))
    if method != XOR:
        raise _Unusable(f"FMK encryption method {method}")
    if len(fmk) != 32:
        raise _Unusable(f"encrypted FMK of {len(fmk)} bytes")
    return Record(capsule, label, fmk, method)


def _capsule(kind: int, table: Table | None) -> Capsule:
    readers = {1: _ecc, 2: _rsa, 3: _server, 4: _symmetric, 5: _password, 6: _shares}
    if kind and kind not in readers:
        raise _Unknown(f"capsule type {kind}")
    # Type 0 means that there is none, whatever else stands there.
    if not kind or table is None:
        raise _Unusable("capsule is missing")
    return readers[kind](table)


def _ecc(table: Table) -> EccCapsule:
    curve = _curve(table.int8(0))
    return EccCapsule(curve, _point(curve, table.required_bytes(1)), _point(curve, table.required_bytes(2)))


def _rsa(table: Table) -> RsaCapsule:
    return RsaCapsule(table.required_bytes(0), table.required_bytes(1))


def _server(table: Table) -> ServerCapsule:
    kind, details = table.uint8(0), table.table(1)
    if kind not in (0, EccDetails.TYPE, RsaDetails.TYPE):
        raise _Unknown(f"key details type {kind}")
    if not kind or details is None:
        raise _Unusable("key details are missing")
    server_id, transaction_id = table.required_bytes(2), table.required_bytes(3)
    if kind == RsaDetails.TYPE:
        return ServerCapsule(RsaDetails(details.required_bytes(0)), server_id, transaction_id)
    curve = _curve(details.int8(0))
    return ServerCapsule(EccDetails(curve, _point(curve, details.required_bytes(1))), server_id, transaction_id)


def _symmetric(table: Table) -> SymmetricCapsule:
    return SymmetricCapsule(table.required_bytes(0))


def _password(table: Table) -> PasswordCapsule:
    capsule = PasswordCapsule(table.required_bytes(0), table.required_bytes(1), table.int8(2), table.int32(3))
    if capsule.kdf != PBKDF2_HMAC_SHA256:
        raise _Unusable(f"key derivation {capsule.kdf}")
    if not 1_000 <= capsule.iterations <= 10_000_000:
        raise _Unusable(f"{capsule.iterations} iterations")
    return capsule


def _shares(table: Table) -> SharesCapsule:
    positions = table.table_positions(0)
    if not positions:
        raise _Unusable("no shares")
    if len(positions) > MAX_SHARES:
        raise CdocError("limit_exceeded", f"header: more than {MAX_SHARES} shares in a record")
    shares = [_share(table.table_at(position)) for position in positions]
    capsule = SharesCapsule(shares, table.required_bytes(1), table.int8(2), table.int8(3), table.required_bytes(4))
    if (capsule.recipient_type, capsule.scheme) != (SID_MID, N_OF_N):
        raise _Unusable(f"recipient type {capsule.recipient_type}, shares scheme {capsule.scheme}")
    return capsule


def _share(table: Table) -> Share:
    return Share(table.required_bytes(0), table.required_bytes(1))


def _curve(number: int) -> int:
    if number not in CURVES:
        raise _Unknown(f"curve {number}")
    return number


def _point(curve: int, point: bytes) -> bytes:
    if not is_point(curve, point):
        raise _Unusable("not an uncompressed point of the curve")
    return point
