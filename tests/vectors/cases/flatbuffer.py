"""The header as FlatBuffers: offsets and lengths that lie, for the whole header and for one record."""

from __future__ import annotations

from collections.abc import Callable

from cdoc2py import header
from cdoc2py.header import Record, SymmetricCapsule

from .damage import CAPSULE, CAPSULE_TYPE, FMK, LABEL, RECIPIENT_KEY, RECIPIENTS, Places
from .kit import OPEN_SECRET, Kit
from .seeded import Seeded

Damage = Callable[[Places], None]
PAST_END = 0x7FFF_FFF0


def add(kit: Kit) -> None:
    _root(kit)
    _whole(kit)
    _records(kit)
    _missing(kit)
    _limits(kit)


def _damaged(kit: Kit, damage: Damage, good_record: bool) -> Callable[[bytes, Seeded], bytes]:
    def make(fmk: bytes, seed: Seeded) -> bytes:
        records = [kit.ec_record(fmk, seed)]
        if good_record:
            records.append(kit.ec_record(fmk, seed))
        places = Places(header.build(records, share_vtables=False))
        damage(places)
        return bytes(places.data)
    return make


# --- what concerns the whole header ------------------------------------------------------------------------------


def _root(kit: Kit) -> None:
    def set_root(value: int) -> Damage:
        return lambda places: places.put(0, "I", value)

    cases: dict[str, tuple[Damage, str, str]] = {
        "root_zero": (set_root(0), "the root offset is 0", "malformed|no_key"),
        "root_past_end": (set_root(PAST_END), "the root offset points far outside", "malformed"),
        "root_negative": (set_root(0xFFFF_FFF0), "the root offset is negative when read as signed", "malformed"),
        "root_at_end": (lambda p: p.put(0, "I", len(p.data)), "the root offset points to the very end", "malformed"),
        "root_last_byte": (lambda p: p.put(0, "I", len(p.data) - 1), "the root offset points to the last byte",
                           "malformed"),
        "root_unaligned": (lambda p: p.put(0, "I", p.root() + 1), "the root offset is one off", "malformed|no_key"),
        "root_vtable_past_end": (lambda p: p.put(p.root(), "i", -PAST_END), "the root's vtable lies outside",
                                 "malformed"),
        "root_vtable_before": (lambda p: p.put(p.root(), "i", PAST_END), "the root's vtable lies before the header",
                               "malformed"),
        "root_vtable_self": (lambda p: p.put(p.root(), "i", 0), "the root is its own vtable", "malformed|no_key"),
        "root_vtable_empty": (lambda p: p.put(p.vtable(p.root()), "H", 0), "the root's vtable has length 0",
                              "malformed|no_key"),
        "root_vtable_odd": (lambda p: p.put(p.vtable(p.root()), "H", 7), "the root's vtable has an odd length",
                            "malformed|success|no_key"),
        "root_vtable_huge": (lambda p: p.put(p.vtable(p.root()), "H", 0xFFFE), "the root's vtable claims 65534 bytes",
                             "malformed|success"),
        "root_table_huge": (lambda p: p.put(p.vtable(p.root()) + 2, "H", 0xFFFF), "the root table claims 65535 bytes",
                            "malformed|success"),
        "root_table_small": (lambda p: p.put(p.vtable(p.root()) + 2, "H", 4), "the root table claims to hold no fields",
                             "malformed|success"),
        "root_field_outside": (lambda p: p.put(p.slot(p.root(), RECIPIENTS), "H", 0xFFF0),
                               "the recipients field lies outside its table", "malformed|no_key"),
        "records_past_end": (lambda p: p.put(p.field(p.root(), RECIPIENTS), "I", PAST_END),
                             "the vector of records lies outside", "malformed"),
        "records_negative": (lambda p: p.put(p.field(p.root(), RECIPIENTS), "I", 0xFFFF_FFF8),
                             "the vector of records lies before its offset", "malformed"),
        "records_offset_zero": (lambda p: p.put(p.field(p.root(), RECIPIENTS), "I", 0),
                                "the vector of records is its own offset", "malformed|no_key"),
        "records_length_huge": (lambda p: p.put(p.records(), "I", 0xFFFF_FFFF),
                                "the vector of records claims 2^32 - 1 elements", "malformed|limit_exceeded"),
        "records_length_wraps": (lambda p: p.put(p.records(), "I", 0x4000_0001),
                                 "four times the number of records overflows 32 bits to 4", "malformed|limit_exceeded"),
        "records_length_over": (lambda p: p.put(p.records(), "I", 8000), "8000 records are claimed where one stands",
                                "malformed|success"),
    }
    for name, (damage, about, expect) in cases.items():
        kit.add(f"header_{name}", f"FlatBuffers: {about}.", expect,
                kit.of_header(f"header_{name}", _damaged(kit, damage, good_record=False)))


def _whole(kit: Kit) -> None:
    kit.add("header_records_empty", "A header with an empty list of records.", "malformed|no_key",
            kit.of_header("header_records_empty", lambda fmk, seed: _filled(header.build([]))))
    kit.add("header_records_missing", "A header without a list of records.", "malformed|no_key",
            kit.of_header("header_records_missing", lambda fmk, seed: _filled(header.build(None))))
    for method in (0, 2, 127, -1):
        name = f"header_payload_method_{method}".replace("-1", "minus_1")
        kit.add(name, f"The payload encryption method is {method}.", "malformed|unsupported_version",
                kit.of_header(name, lambda fmk, seed: header.build([kit.ec_record(fmk, seed)], method)))
    kit.add("header_zeros", "A header of 100 zero bytes.", "malformed|no_key",
            kit.of_header("header_zeros", lambda fmk, seed: bytes(100)))
    kit.add("header_ones", "A header of 100 bytes FF.", "malformed",
            kit.of_header("header_ones", lambda fmk, seed: b"\xff" * 100))
    kit.add("header_random", "A header of 500 random bytes.", "malformed|no_key",
            kit.of_header("header_random", lambda fmk, seed: seed.bytes(500)))
    kit.add("header_text", "A header of text.", "malformed|no_key",
            kit.of_header("header_text", lambda fmk, seed: b"This is not a FlatBuffer at all. " * 8))
    kit.add("header_size_prefixed", "A size prefix before the root offset, as FlatBuffers also allow elsewhere.",
            "malformed|no_key", kit.of_header("header_size_prefixed", _size_prefixed(kit)))


def _filled(built: bytes) -> bytes:
    """Some headers are below the least length of the envelope; what follows a FlatBuffer is not part of it."""
    return built.ljust(80, b"\0")


def _size_prefixed(kit: Kit) -> Callable[[bytes, Seeded], bytes]:
    def make(fmk: bytes, seed: Seeded) -> bytes:
        built = header.build([kit.ec_record(fmk, seed)])
        return len(built).to_bytes(4, "little") + built
    return make


# --- what concerns one record ------------------------------------------------------------------------------------


def _records(kit: Kit) -> None:
    """Each damage in the first record, alone and with a good record after it."""
    label = lambda p: p.target(p.field(p.record(0), LABEL))  # noqa: E731
    fmk = lambda p: p.target(p.field(p.record(0), FMK))  # noqa: E731
    key = lambda p: p.target(p.field(p.capsule(0), RECIPIENT_KEY))  # noqa: E731
    damages: dict[str, tuple[Damage, str]] = {
        "offset_past_end": (lambda p: p.put(p.record_offset(0), "I", PAST_END), "the record lies outside"),
        "offset_negative": (lambda p: p.put(p.record_offset(0), "I", 0xFFFF_FFF0), "the record's offset is negative"),
        "offset_zero": (lambda p: p.put(p.record_offset(0), "I", 0), "the record is its own offset"),
        "offset_at_end": (lambda p: p.point(p.record_offset(0), len(p.data)), "the record begins at the end"),
        "vtable_past_end": (lambda p: p.put(p.record(0), "i", -PAST_END), "the record's vtable lies outside"),
        "vtable_before": (lambda p: p.put(p.record(0), "i", PAST_END), "the record's vtable lies before the header"),
        "vtable_empty": (lambda p: p.put(p.vtable(p.record(0)), "H", 0), "the record's vtable has length 0"),
        "field_outside": (lambda p: p.put(p.slot(p.record(0), LABEL), "H", 0xFFF0), "the label's field lies outside"),
        "label_past_end": (lambda p: p.put(p.field(p.record(0), LABEL), "I", PAST_END), "the label lies outside"),
        "label_negative": (lambda p: p.put(p.field(p.record(0), LABEL), "I", 0xFFFF_FFF0),
                           "the label's offset is negative"),
        "label_length_huge": (lambda p: p.put(label(p), "I", 0xFFFF_FFFF), "the label claims 4 GiB"),
        "label_length_over": (lambda p: p.put(label(p), "I", len(p.data)), "the label runs past the header"),
        "fmk_length_huge": (lambda p: p.put(fmk(p), "I", 0x8000_0000), "the encrypted FMK claims 2 GiB"),
        "fmk_past_end": (lambda p: p.put(p.field(p.record(0), FMK), "I", PAST_END), "the encrypted FMK lies outside"),
        "capsule_past_end": (lambda p: p.put(p.field(p.record(0), CAPSULE), "I", PAST_END), "the capsule lies outside"),
        "capsule_at_end": (lambda p: p.point(p.field(p.record(0), CAPSULE), len(p.data) - 2),
                           "the capsule begins two bytes before the end"),
        "capsule_vtable_outside": (lambda p: p.put(p.capsule(0), "i", -PAST_END), "the capsule's vtable lies outside"),
        "capsule_vtable_empty": (lambda p: p.put(p.vtable(p.capsule(0)), "H", 0), "the capsule's vtable is empty"),
        "key_length_huge": (lambda p: p.put(key(p), "I", 0xFFFF_FFFF), "the recipient's key claims 4 GiB"),
        "key_length_zero": (lambda p: p.put(key(p), "I", 0), "the recipient's key is empty"),
        "key_past_end": (lambda p: p.put(p.field(p.capsule(0), RECIPIENT_KEY), "I", PAST_END),
                         "the recipient's key lies outside"),
        "slot_capsule_absent": (lambda p: p.put(p.slot(p.record(0), CAPSULE), "H", 0), "the capsule's field is absent"),
    }
    for name, (damage, about) in damages.items():
        full = f"record_{name}"
        kit.add(f"{full}_alone", f"FlatBuffers: {about}; no other record.", "malformed|no_key",
                kit.of_header(f"{full}_alone", _damaged(kit, damage, good_record=False)))
        kit.add(f"{full}_and_good", f"FlatBuffers: {about}; the good record after it opens the container.", "success",
                kit.of_header(f"{full}_and_good", _damaged(kit, damage, good_record=True)), hostile=True,
                unusable_records=1)
    _odd_records(kit)


def _odd_records(kit: Kit) -> None:
    """Wrong in a way that readers may see differently; nothing but a clean answer is demanded."""
    odd: dict[str, tuple[Damage, str]] = {
        "type_mistaken": (lambda p: p.put(p.field(p.record(0), CAPSULE_TYPE), "B", 5),
                          "an EC capsule is said to be a password capsule"),
        "capsule_is_record": (lambda p: p.put(p.record(0), "i", p.record(0) - p.vtable(p.capsule(0))),
                              "the record uses a vtable of another kind of table"),
        "label_unaligned": (lambda p: p.put(p.field(p.record(0), LABEL), "I",
                                            p.target(p.field(p.record(0), LABEL)) - p.field(p.record(0), LABEL) + 1),
                            "the label's offset is one off, so that its length is nonsense"),
        "capsule_is_label": (lambda p: p.point(p.field(p.record(0), CAPSULE), p.target(p.field(p.record(0), LABEL))),
                             "the capsule's offset leads to the label"),
        "capsule_is_itself": (lambda p: p.put(p.field(p.record(0), CAPSULE), "I", 0),
                              "the capsule's offset leads to itself"),
        "label_is_capsule": (lambda p: p.point(p.field(p.record(0), LABEL), p.capsule(0)),
                             "the label's offset leads to the capsule"),
        "vtable_shared_slots": (lambda p: p.put(p.slot(p.record(0), LABEL), "H",
                                                p.field(p.record(0), FMK) - p.record(0)),
                                "label and encrypted FMK are the same bytes"),
    }
    for name, (damage, about) in odd.items():
        full = f"record_{name}"
        kit.add(f"{full}_and_good", f"FlatBuffers: {about}; the good record after it opens the container.",
                "success|malformed", kit.of_header(f"{full}_and_good", _damaged(kit, damage, good_record=True)))


def _missing(kit: Kit) -> None:
    def without(change: Callable[[Record], None]):
        def make(fmk: bytes, seed: Seeded) -> Record:
            record = kit.ec_record(fmk, seed)
            change(record)
            return record
        return make

    changes = {
        "label": lambda record: setattr(record, "label", None),
        "fmk": lambda record: setattr(record, "encrypted_fmk", None),
        "recipient_key": lambda record: setattr(record.capsule, "recipient_key", None),
        "sender_key": lambda record: setattr(record.capsule, "sender_key", None),
    }
    for name, change in changes.items():
        kit.add_pair(f"missing_{name}", f"The required field {name.replace('_', ' ')} is missing", without(change))
    kit.add_pair("missing_salt", "The salt of a symmetric record is missing",
                 lambda fmk, seed: Record(SymmetricCapsule(None), b"", seed.bytes(32)), open_with=OPEN_SECRET)

    def password(**gone: None):
        def make(fmk: bytes, seed: Seeded) -> Record:
            record = kit.password_record(fmk, seed)
            for name in gone:
                setattr(record.capsule, name, None)
            return record
        return make

    for name in ("salt", "password_salt"):
        kit.add_pair(f"missing_password_{name}", f"The {name.replace('_', ' ')} of a password record is missing",
                     password(**{name: None}), open_with="password correct horse battery staple")
    for name in ("recipient_key", "encrypted_kek"):
        def rsa(fmk: bytes, seed: Seeded, name: str = name) -> Record:
            record = kit.rsa_record(fmk, seed)
            setattr(record.capsule, name, None)
            return record
        kit.add_pair(f"missing_rsa_{name}", f"The {name.replace('_', ' ')} of an RSA record is missing", rsa,
                     open_with="key keys/rsa2048.pem")


# --- limits ------------------------------------------------------------------------------------------------------


def _limits(kit: Kit) -> None:
    def often(count: int, label: bytes):
        def make(fmk: bytes, seed: Seeded) -> list[Record]:
            stranger = kit.ec_record(fmk, seed, "stranger256", label)
            return [stranger] * (count - 1) + [kit.ec_record(fmk, seed)]
        return make

    def add_shared(name: str, about: str, expect: str, count: int, label: bytes) -> None:
        kit.add(name, about, expect, kit.of_records(name, often(count, label), share=True), hostile=True, time=10,
                memory=64)

    add_shared("limit_8192_records", "8192 records, the most there may be; all but the last are one table.", "success",
               8192, b"data:,TYPE=pub_key&V=1")
    add_shared("limit_8193_records", "8193 records: one too many.", "limit_exceeded", 8193, b"")
    add_shared("limit_100000_records", "100 000 records that are one table.", "limit_exceeded", 100_000, b"")
    add_shared("limit_shared_3_mib", "A label of 300 kB that ten records share: 3 MiB in all, within the limit.",
               "success", 11, b"L" * 300_000)
    add_shared("limit_shared_5_mib", "A label of 600 kB that nine records share: 5 MiB in all, above the limit.",
               "limit_exceeded", 10, b"L" * 600_000)
    add_shared("limit_shared_4_gib", "A label of 600 kB that 8000 records share: 4.8 GB if each were copied.",
               "limit_exceeded", 8001, b"L" * 600_000)

    def shared_keys(fmk: bytes, seed: Seeded) -> list[Record]:
        big = Record(SymmetricCapsule(b"S" * 500_000), b"", bytes(32))
        return [big] * 1000 + [kit.ec_record(fmk, seed)]

    kit.add("limit_shared_salt", "A salt of 500 kB that 1000 records share.", "limit_exceeded",
            kit.of_records("limit_shared_salt", shared_keys, share=True), time=10, memory=64)
