"""Proof that this reader is right by itself: known answers, containers of another implementation, round trips."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import capsules, container, header, label, payload, schedule, tar
from .archive import FileInfo, NullSink
from .curves import CURVES
from .errors import CdocError
from .header import EccDetails, Record, RsaDetails, ServerCapsule
from .keys import EcKey, Key, Keyring, Password, RsaKey, SecretKey, ShareAnswers, load_private_key, rsa_der

README = FileInfo("README.md", 9291, "d17970a5f4be8c4f68c5ba65783e8cae6db138dfa0be3b90fb43778638cdfc0b")
PASSWORD_README = FileInfo("README.md", 11921, "e9aaede5d8876c1506fafa9ec9aaac80a46ffe541dd0027844224f4aa1f8359d")
LONG_NAME = (43, "ac040771fe63305abc04a0eee371c7707380016786b43503ca5aa7d0b6b5f2ef")
REFERENCE_SECRET = base64.b64decode("HHeUrHfo+bCZd//gGmEOU2nA5cgQolQ/m18UO/dN1tE=")

FILES = [("letter.txt", b"a letter\n"), ("õ.bin", bytes(range(256)) * 5), ("n" * 200, b""), ("empty", b"")]


def run(reference: str | None) -> int:
    """Prints a line for each check; returns an exit status."""
    checks: dict[str, Callable[[], None]] = {
        "known answer: symmetric key": known_symmetric,
        "known answer: password": known_password,
        "labels": labels,
        "streamed AEAD equals the library's": streamed_aead,
        "every altered byte is noticed": every_byte_matters,
        **{f"round trip: {name}": check for name, check in round_trips().items()},
    }
    if reference is None:
        print("CDOC2_REFERENCE is not set: the reference containers are left out")
    else:
        folder = Path(reference)
        checks |= {f"reference: {name}": check for name, check in reference_checks(folder).items()}
    failed = [name for name, check in checks.items() if not _passes(name, check)]
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return int(bool(failed))


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except (AssertionError, CdocError) as error:
        print(f"FAILED {name}: {error}")
        return False
    print(f"ok     {name}")
    return True


# --- known answers -----------------------------------------------------------------------------------------------

SALT = b"salt" + bytes(28)


def known_symmetric() -> None:
    kek = schedule.secret_kek(bytes(32), SALT, b"deriveKeyEncryptionKeyFromSharedSecret")
    assert kek.hex() == "962b1d44a6e36e9d117136e972e2da0bff7b35fc29b3d8ec5bde246d2c145984"


def known_password() -> None:
    secret = schedule.password_secret(b"myPlainTextPassword", SALT, 600_000)
    assert secret.hex() == "d4f767095d5c36fb2894822e3807f9e90fd8273c6da9284f89f05fd3cb0850a0"


def labels() -> None:
    examples = {
        "data:,LABEL=passwordlabel&TYPE=pw&V=1": {"LABEL": "passwordlabel", "TYPE": "pw"},
        "data:,FILE=rsa_pub.pem&TYPE=pub_key&V=1": {"FILE": "rsa_pub.pem", "TYPE": "pub_key"},
        "data:,SN=etsi%2FPNOEE-30303039914&TYPE=auth&V=1": {"SN": "etsi/PNOEE-30303039914", "TYPE": "auth"},
        "data:,LABEL=a+b%7E*&V=1": {"LABEL": "a b~*"},
    }
    for text, fields in examples.items():
        assert label.build(fields) == text
        assert label.parse(text) == {**fields, "V": "1"}
    assert label.parse("free text") is None


# --- own writer --------------------------------------------------------------------------------------------------


def streamed_aead() -> None:
    key, nonce, aad = os.urandom(32), os.urandom(12), os.urandom(77)
    for length in (0, 1, 15, 16, 64, payload.READ_SIZE - 1, payload.READ_SIZE, 2 * payload.READ_SIZE + 5):
        plaintext = os.urandom(length)
        sealed = payload.seal(key, nonce, plaintext, aad)
        opened = payload.SealedPayload(io.BytesIO(sealed), 0, length, nonce, sealed[length:], key, aad)
        opened.verify()
        assert b"".join(opened.decrypt()) == plaintext


def every_byte_matters() -> None:
    """No byte after the header's start can change without an authentication failure."""
    fmk, secret = os.urandom(32), os.urandom(32)
    capsule, kek = capsules.symmetric_capsule(secret, os.urandom(32), b"x")
    records = [capsules.record(capsule, b"x", fmk, kek)]
    good = container.write(records, fmk, os.urandom(12), tar.archive(FILES[:1]))
    for position in range(container.PREFIX_LENGTH + len(header.build(records)), len(good)):
        bad = bytearray(good)
        bad[position] ^= 1
        try:
            container.open_container(io.BytesIO(bad), Keyring([SecretKey(secret)]), NullSink())
        except CdocError as error:
            assert error.kind in ("tampered", "wrong_key"), (position, error.kind)
        else:
            raise AssertionError(f"byte {position} may be altered")


def round_trips() -> dict[str, Callable[[], None]]:
    checks: dict[str, Callable[[], None]] = {}
    for number, curve in CURVES.items():
        checks[f"ec {curve.name}"] = lambda number=number: _round_trip(*_ec(number))
        checks[f"server ec {curve.name}"] = lambda number=number: _round_trip(*_server_ec(number))
    makers = {"rsa": _rsa, "server rsa": _server_rsa, "symmetric": _symmetric, "password": _password,
              "shares": _shares}
    for name, make in makers.items():
        checks[name] = lambda make=make: _round_trip(*make())
    return checks


FMK = schedule.file_master_key(bytes(32))
Made = tuple[Record, Key, dict[bytes, bytes]]


def _round_trip(record: Record, key: Key, capsules_on_server: dict[bytes, bytes]) -> None:
    sealed = container.write([record], FMK, os.urandom(12), tar.archive(FILES))
    keyring = Keyring([key], capsules_on_server)
    content = container.open_container(io.BytesIO(sealed), keyring, NullSink())
    wanted = [FileInfo(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in FILES]
    assert content.files == wanted, content.files
    assert not content.deviations.notes, content.deviations.notes


def _ec(curve: int) -> Made:
    key, sender = (EcKey(ec.generate_private_key(CURVES[curve].curve)) for _ in range(2))
    capsule, kek = capsules.ec_capsule(key.point, sender)
    return capsules.record(capsule, b"", FMK, kek), key, {}


def _server_ec(curve: int) -> Made:
    key, sender = (EcKey(ec.generate_private_key(CURVES[curve].curve)) for _ in range(2))
    capsule, kek = capsules.ec_capsule(key.point, sender)
    on_server = ServerCapsule(EccDetails(curve, key.point), b"server", b"KC00")
    return capsules.record(on_server, b"", FMK, kek), key, {b"KC00": capsule.sender_key}


def _rsa() -> Made:
    key, kek = rsa.generate_private_key(65537, 2048), os.urandom(32)
    capsule = capsules.rsa_capsule(key.public_key(), kek, os.urandom(32))
    return capsules.record(capsule, b"", FMK, kek), RsaKey(key), {}


def _server_rsa() -> Made:
    record, key, _ = _rsa()
    on_server = ServerCapsule(RsaDetails(rsa_der(key.private.public_key())), b"server", b"KC00")
    return Record(on_server, b"", record.encrypted_fmk), key, {b"KC00": record.capsule.encrypted_kek}


def _symmetric() -> Made:
    secret = os.urandom(48)
    capsule, kek = capsules.symmetric_capsule(secret, os.urandom(32), b"free text")
    return capsules.record(capsule, b"free text", FMK, kek), SecretKey(secret), {}


def _password() -> Made:
    text = label.build({"TYPE": "pw", "LABEL": "hint"}).encode()
    capsule, kek = capsules.password_capsule("sõna".encode(), os.urandom(32), os.urandom(32), text)
    return capsules.record(capsule, text, FMK, kek), Password("sõna".encode()), {}


def _shares() -> Made:
    servers = [(b"https://%c.example" % name, b"%c" % name * 32) for name in b"abc"]
    others = [os.urandom(32), os.urandom(32)]
    capsule, kek, shares = capsules.shares_capsule(servers, os.urandom(32), others, os.urandom(32), b"etsi/PNOEE-1")
    return capsules.record(capsule, b"", FMK, kek), ShareAnswers(shares), {}


# --- another implementation's containers -------------------------------------------------------------------------


def reference_checks(folder: Path) -> dict[str, Callable[[], None]]:
    def open_with(name: str, key: Key) -> list[FileInfo]:
        with (folder / "containers" / name).open("rb") as file:
            return container.open_container(file, Keyring([key]), NullSink()).files

    def pem(name: str) -> Key:
        return load_private_key((folder / "keys" / name).read_bytes())

    def is_readme(name: str, key: Key, wanted: FileInfo = README) -> None:
        files = open_with(name, key)
        assert files == [wanted], files

    def long_name() -> None:
        (file,) = open_with("symmetric_longfilename.cdoc2", SecretKey(REFERENCE_SECRET))
        assert (file.size, file.sha256) == LONG_NAME and len(file.name.encode()) > 100 and not file.name.isascii()

    return {
        "ec_simple": lambda: is_readme("ec_simple.cdoc2", pem("ec_simple.pem")),
        "rsa_simple": lambda: is_readme("rsa_simple.cdoc2", pem("rsa_simple.pem")),
        "symmetric": lambda: is_readme("symmetric.cdoc2", SecretKey(REFERENCE_SECRET)),
        "symmetric_longfilename": long_name,
        "password": lambda: is_readme("password.cdoc2", Password(b"myPlainTextPassword"), PASSWORD_README),
        "server_two_recipients": lambda: two_server_records(folder),
    }


def two_server_records(folder: Path) -> None:
    with (folder / "containers" / "server_two_recipients.cdoc2").open("rb") as file:
        parsed = header.parse(container.read_envelope(file).header)
    found = [record.record.capsule for record in parsed.records if record.record]
    assert len(found) == 2
    for capsule in found:
        assert isinstance(capsule, ServerCapsule) and isinstance(capsule.details, EccDetails)
        assert capsule.server_id == b"ria-dev"
