"""Every secret of a container that a key opens, by the independent implementation: JSON, names and hex.

    secrets.py CONTAINER (key PEM | secret FILE | password FILE) [SENDER_POINT]

SENDER_POINT (hex) is what a server would answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cdoc2py import capsules, container, header, schedule
from cdoc2py.keys import EcKey, Key, Keyring, Password, RsaKey, SecretKey, load_private_key


def main(path: str, kind: str, file: str, sender: str = "") -> None:
    key = read_key(kind, Path(file).read_bytes())
    with open(path, "rb") as stream:
        envelope = container.read_envelope(stream)
    parsed = header.parse(envelope.header)
    material = {
        record.record.capsule.transaction_id: bytes.fromhex(sender)
        for record in parsed.records
        if record.record is not None and isinstance(record.record.capsule, header.ServerCapsule)
    }
    opened = capsules.find_fmk(parsed, envelope.header, envelope.mac, Keyring([key], material))
    record = parsed.records[opened.record].record
    assert record is not None and record.encrypted_fmk is not None
    fmk = opened.fmk
    secrets = {
        "FMK": fmk,
        "CEK": schedule.content_key(fmk),
        "HHK": schedule.expand(fmk, b"CDOC20hmac"),
        "KEK": schedule.xor(fmk, record.encrypted_fmk),
    }
    match key, record.capsule:
        case EcKey(), header.EccCapsule() | header.ServerCapsule():
            point = bytes.fromhex(sender) or record.capsule.sender_key
            shared = key.shared_secret(point)
            secrets["shared secret"] = shared
            secrets["extracted"] = schedule.extract(b"CDOC20kekpremaster", shared)
        case Password(), header.PasswordCapsule() as capsule:
            derived = schedule.password_secret(key.password, capsule.password_salt, capsule.iterations)
            secrets["derived from the password"] = derived
            secrets["extracted"] = schedule.extract(capsule.salt, derived)
        case SecretKey(), header.SymmetricCapsule() as capsule:
            secrets["extracted"] = schedule.extract(capsule.salt, key.secret)
    secrets |= of_key(key)
    print(json.dumps({name: value.hex() for name, value in secrets.items()}))


def read_key(kind: str, content: bytes) -> Key:
    match kind:
        case "key":
            return load_private_key(content)
        case "secret":
            return SecretKey(content)
        case "password":
            return Password(content.rstrip(b"\n"))
    raise ValueError(kind)


def of_key(key: Key) -> dict[str, bytes]:
    match key:
        case EcKey():
            number = key.private.private_numbers().private_value
            length = (key.private.curve.key_size + 7) // 8
            # As it stands in files, and as processors count.
            return {"private key": number.to_bytes(length, "big"), "private key, reversed": number.to_bytes(length, "little")}
        case RsaKey():
            numbers = key.private.private_numbers()
            found = {}
            for name, number in [("p", numbers.p), ("q", numbers.q), ("d", numbers.d)]:
                length = (number.bit_length() + 7) // 8
                found[name] = number.to_bytes(length, "big")
                found[name + ", reversed"] = number.to_bytes(length, "little")
            return found
        case SecretKey():
            return {"secret": key.secret}
        case Password():
            return {"password": key.password}
    return {}


main(*sys.argv[1:])
