"""The envelope: what is told before any key is needed, and what authentication must notice."""

from __future__ import annotations

import struct

from cdoc2py import container, header, schedule

from .kit import LETTER_TAR, OPEN_PASSWORD, OPEN_SECRET, Kit, flip
from .seeded import Seeded


def add(kit: Kit) -> None:
    _foreign(kit)
    _versions(kit)
    _truncated(kit)
    _lengths(kit)
    _altered(kit)
    _repaired(kit)


def _good(kit: Kit, name: str) -> bytes:
    return kit.of_tar(name, LETTER_TAR)


def _header_length(body: bytes) -> int:
    return struct.unpack(">i", body[5:9])[0]


def _with_length(body: bytes, length: int) -> bytes:
    return body[:5] + struct.pack(">i", length) + body[9:]


def _foreign(kit: Kit) -> None:
    good = _good(kit, "envelope_foreign")
    others = {
        "empty": (b"", "an empty file", "not_cdoc2|truncated"),
        "zip": (b"PK\x03\x04" + bytes(200), "a ZIP archive", "not_cdoc2"),
        "pdf": (b"%PDF-1.7\n" + bytes(200), "a PDF document", "not_cdoc2"),
        "text": (b"CDO is not CDOC\n" * 20, "text that begins almost alike", "not_cdoc2"),
        "zeros": (bytes(300), "zero bytes only", "not_cdoc2"),
        "lower_case": (b"cdoc" + good[4:], "the magic in lower case", "not_cdoc2"),
        "first_byte": (b"X" + good[1:], "the first byte of the magic altered", "not_cdoc2"),
        "fourth_byte": (good[:3] + b"D" + good[4:], "the last byte of the magic altered", "not_cdoc2"),
        "bom": (b"\xef\xbb\xbf" + good, "a byte order mark before the magic", "not_cdoc2"),
        "newline": (b"\n" + good, "a newline before the magic", "not_cdoc2"),
        "html": (b"<!DOCTYPE html><html></html>", "markup that is not CDOC 1", "not_cdoc2"),
        "other_xml": (b'<?xml version="1.0"?><SignedDoc xmlns="http://www.sk.ee/DigiDoc/v1.3.0#"/>',
                      "XML that is not CDOC 1: a signed document", "not_cdoc2"),
        "xml_mentions": (b'<?xml version="1.0"?><note>EncryptedData</note>',
                         "XML with EncryptedData in its text only", "not_cdoc2"),
        "xml_attribute": (b'<?xml version="1.0"?><a b="<denc:EncryptedData "/>',
                          "broken XML with EncryptedData in an attribute only", "not_cdoc2|old_format"),
    }
    for name, (body, about, expect) in others.items():
        kit.add(f"envelope_foreign_{name}", f"Not a container: {about}.", expect, body)
    _old(kit)


def _old(kit: Kit) -> None:
    data = (b'<denc:EncryptedData xmlns:denc="http://www.w3.org/2001/04/xmlenc#" '
            b'MimeType="http://www.sk.ee/DigiDoc/v1.3.0/digidoc.xsd"><denc:CipherData/></denc:EncryptedData>\n')
    declaration = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    forms = {
        "plain": (declaration + data, "as CDOC 1 writers begin it"),
        "bom": (b"\xef\xbb\xbf" + declaration + data, "after a byte order mark"),
        "whitespace": (b" \r\n\t\n" + declaration + data, "after whitespace"),
        "no_declaration": (data, "without an XML declaration"),
        "other_prefix": (declaration + data.replace(b"denc:", b"xenc:").replace(b":denc", b":xenc"),
                         "under another namespace prefix"),
        "no_prefix": (declaration + data.replace(b"denc:", b"").replace(b":denc", b""),
                      "in the default namespace"),
        "comment": (declaration + b"<!-- written by a program -->\n" + data, "after a comment"),
        "truncated": ((declaration + data)[:90], "cut off in its root element"),
    }
    for name, (body, about) in forms.items():
        kit.add(f"envelope_cdoc1_{name}", f"A CDOC 1 container, {about}.", "old_format", body)
    kit.add("envelope_cdoc1_utf16", "A CDOC 1 container in UTF-16, which no known writer makes.",
            "old_format|not_cdoc2", (declaration + data).decode().replace("UTF-8", "UTF-16").encode("utf-16"))


def _versions(kit: Kit) -> None:
    good = _good(kit, "envelope_version")
    for version in (0, 1, 3, 0x32, 255):
        kit.add(f"envelope_version_{version}", f"Version {version} in an otherwise good container.",
                "unsupported_version", good[:4] + bytes([version]) + good[5:])
    kit.add("envelope_version_3_only", "Five bytes: the magic and a version to come.",
            "unsupported_version|truncated", b"CDOC\x03")


def _truncated(kit: Kit) -> None:
    good = _good(kit, "envelope_truncated")
    after_header = 9 + _header_length(good)
    cuts = {
        "magic_1": (1, "inside the magic", "truncated|not_cdoc2"),
        "magic_3": (3, "inside the magic", "truncated|not_cdoc2"),
        "magic_4": (4, "after the magic", "truncated|not_cdoc2"),
        "version": (5, "after the version", "truncated"),
        "length": (8, "inside the header length", "truncated"),
        "no_header": (9, "before the header", "truncated"),
        "header_first": (10, "after the header's first byte", "truncated"),
        "header": (after_header - 1, "one byte before the header ends", "truncated"),
        "no_hmac": (after_header, "after the header", "truncated"),
        "hmac": (after_header + 31, "inside the HMAC", "truncated"),
        "no_nonce": (after_header + 32, "after the HMAC", "truncated"),
        "nonce": (after_header + 43, "inside the nonce", "truncated"),
        "no_payload": (after_header + 44, "after the nonce", "truncated"),
        "tag_15": (after_header + 59, "where not even a tag fits", "truncated"),
        "tag_only": (after_header + 60, "after 16 bytes that could be a tag", "truncated|tampered|malformed"),
        "payload_first": (after_header + 61, "after 17 bytes of payload", "tampered|truncated"),
        "payload_half": ((after_header + 44 + len(good)) // 2, "in the middle of the payload", "tampered|truncated"),
        "no_tag": (len(good) - 16, "before the tag", "tampered|truncated"),
        "tag_last": (len(good) - 1, "one byte before its end", "tampered|truncated"),
    }
    for name, (length, about, expect) in cuts.items():
        kit.add(f"envelope_truncated_{name}", f"The file ends {about}.", expect, good[:length])


def _lengths(kit: Kit) -> None:
    good = _good(kit, "envelope_length")
    lengths = {
        "zero": (0, "malformed"),
        "one": (1, "malformed"),
        "66": (66, "malformed"),
        "minus_one": (-1, "malformed"),
        "most_negative": (-(1 << 31), "malformed"),
        "largest": ((1 << 31) - 1, "malformed"),
        "over_limit": ((1 << 20) + 1, "malformed"),
        "at_limit_beyond_file": (1 << 20, "truncated|malformed"),
        "beyond_file": (len(good), "truncated|malformed"),
        "little_endian": (struct.unpack("<i", good[5:9])[0], "malformed"),
    }
    for name, (length, expect) in lengths.items():
        kit.add(f"envelope_length_{name}", f"The header length field says {length}.", expect,
                _with_length(good, length))
    length = _header_length(good)
    kit.add("envelope_length_one_less", "The header length is one less than the header.",
            "tampered|malformed|no_key", _with_length(good, length - 1))
    kit.add("envelope_length_one_more", "The header length takes in a byte of the HMAC.",
            "tampered|malformed|no_key", _with_length(good, length + 1))
    kit.add("envelope_smallest", "152 bytes: one less than the smallest container.", "truncated|malformed",
            good[:5] + struct.pack(">i", 67) + bytes(143))
    _large_headers(kit)


def _large_headers(kit: Kit) -> None:
    def of_length(length: int):
        def make(fmk: bytes, seed: Seeded) -> bytes:
            record = kit.ec_record(fmk, seed)
            record.label = b""
            # FlatBuffers sizes go in steps; the label takes what is left.
            for label_length in range(length - 700, length):
                record.label = b"L" * label_length
                built = header.build([record])
                if len(built) == length:
                    return built
            raise AssertionError("no label fits")
        return make

    kit.add("envelope_header_1_mib", "A header of exactly 1 MiB, its label almost all of it.", "success",
            kit.of_header("envelope_header_1_mib", of_length(1 << 20)), memory=64)
    kit.add("envelope_header_over_1_mib", "A header four bytes over 1 MiB, everything else right.",
            "malformed|limit_exceeded",
            kit.of_header("envelope_header_over_1_mib", of_length((1 << 20) + 4)))

    def with_rest(fmk: bytes, seed: Seeded) -> bytes:
        return header.build([kit.ec_record(fmk, seed)]) + b"rest"

    kit.add("envelope_header_with_rest", "Bytes after the FlatBuffer inside the header, authentic like the rest.",
            "success|malformed", kit.of_header("envelope_header_with_rest", with_rest))


def _altered(kit: Kit) -> None:
    good = _good(kit, "envelope_altered")
    hmac = 9 + _header_length(good)
    nonce, payload = hmac + 32, hmac + 44
    places = {
        "hmac_first": hmac, "hmac_last": nonce - 1, "nonce_first": nonce, "nonce_last": payload - 1,
        "payload_first": payload, "payload_middle": (payload + len(good) - 16) // 2, "payload_last": len(good) - 17,
        "tag_first": len(good) - 16, "tag_last": len(good) - 1,
    }
    for name, position in places.items():
        kit.add(f"envelope_altered_{name}", f"One bit is flipped: {name.replace('_', ' ')} byte.", "tampered",
                flip(good, position))
    kit.add("envelope_altered_trailing_byte", "One byte after the container.", "tampered", good + b"\0")
    kit.add("envelope_altered_trailing_zeros", "256 KiB of zero bytes after the container.", "tampered",
            good + bytes(1 << 18))
    kit.add("envelope_altered_twice", "The container, twice in one file.", "tampered", good + good)
    kit.add("envelope_altered_hmac_zero", "The HMAC is all zero.", "tampered", good[:hmac] + bytes(32) + good[nonce:])
    _altered_header(kit)


def _altered_header(kit: Kit) -> None:
    def altered(name: str, part: str) -> bytes:
        seed = Seeded(name)
        fmk = seed.bytes(32)
        record = kit.ec_record(fmk, seed)
        whole = container.write([record], fmk, seed.bytes(12), LETTER_TAR)
        found = {"label": record.label, "fmk": record.encrypted_fmk, "sender": record.capsule.sender_key,
                 "recipient": record.capsule.recipient_key}[part]
        assert whole.count(found) == 1
        return flip(whole, whole.index(found) + len(found) // 2)

    expectations = {"label": "tampered", "fmk": "tampered", "sender": "malformed|no_key|tampered",
                    "recipient": "malformed|no_key"}
    for part, expect in expectations.items():
        name = f"envelope_altered_header_{part}"
        kit.add(name, f"One bit of the header is flipped, in the record's {part}, and nothing repaired.", expect,
                altered(name, part))

    symmetric = kit.of_records("envelope_altered_symmetric_hmac",
                               lambda fmk, seed: [kit.symmetric_record(fmk, seed)])
    kit.add("envelope_altered_symmetric_hmac", "The HMAC of a container for a symmetric key is altered: the reader "
            "cannot tell that from a wrong key.", "wrong_key|tampered",
            flip(symmetric, 9 + _header_length(symmetric)), open_with=[OPEN_SECRET])
    password = kit.of_records("envelope_altered_password_tag", lambda fmk, seed: [kit.password_record(fmk, seed)])
    kit.add("envelope_altered_password_tag", "The tag of a container for a password is altered: with the header "
            "right, this is no wrong password.", "tampered", flip(password, len(password) - 1),
            open_with=[OPEN_PASSWORD])


def _repaired(kit: Kit) -> None:
    """Another recipient knows the FMK, and so can make a right HMAC; the tag covers the header all the same."""
    name = "envelope_repaired_label"
    seed = Seeded(name)
    fmk = seed.bytes(32)
    record = kit.ec_record(fmk, seed, label=b"for you")
    whole = container.write([record], fmk, seed.bytes(12), LETTER_TAR)
    old = header.build([record])
    record.label = b"for her"
    new = header.build([record])
    rest = whole[9 + len(old) + 32:]
    start = whole[:5] + struct.pack(">i", len(new))
    kit.add(name, "The label is altered and the HMAC repaired by someone who knows the FMK; the payload is not.",
            "tampered", start + new + schedule.header_mac(fmk, new) + rest)
    kit.add("envelope_repaired_hmac_old", "The label is altered, with the HMAC as it was.", "tampered",
            start + new + schedule.header_mac(fmk, old) + rest)
    records = [record, kit.ec_record(fmk, seed, "stranger256")]
    added = header.build(records)
    kit.add("envelope_repaired_record_added", "A recipient is added and the HMAC repaired, the payload kept.",
            "tampered", whole[:5] + struct.pack(">i", len(added)) + added + schedule.header_mac(fmk, added) + rest)
