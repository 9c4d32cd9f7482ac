"""Recipients: every capsule type as it should be, and each way a record can be wrong."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cdoc2py import capsules, schedule
from cdoc2py.curves import CURVES, SECP256R1, SECP384R1
from cdoc2py.header import (
    EccCapsule,
    EccDetails,
    PasswordCapsule,
    Record,
    RsaDetails,
    ServerCapsule,
    Share,
    SharesCapsule,
    SymmetricCapsule,
)
from cdoc2py.keys import EcKey
from cdoc2py.vectorfile import file_line

from . import seeded
from .kit import CHEAP, LETTER, OPEN_MAIN, OPEN_PASSWORD, OPEN_SECRET, PASSWORD, SECRET, Kit, info
from .seeded import Seeded

SERVER = b"00000000-0000-0000-0000-000000000000"
TRANSACTION = b"KC00112233445566778899aabbccddeeff"
PERSON = b"etsi/PNOEE-30303039914"


def add(kit: Kit) -> None:
    _every_type(kit)
    _leading_zeros(kit)
    _several(kit)
    _wrong_keys(kit)
    _unknown(kit)
    _broken_ec(kit)
    _broken_rsa(kit)
    _broken_fmk(kit)
    _passwords(kit)
    _salts(kit)
    _many_matching(kit)
    _servers(kit)
    _broken_servers(kit)
    _shares(kit)


# --- as it should be ---------------------------------------------------------------------------------------------


def _every_type(kit: Kit) -> None:
    for key in ("ec256", "ec384", "ec521"):
        kit.add_records(f"recipient_{key}", f"One EC recipient, {CURVES[kit.ec(key).curve].name}.", "success",
                        lambda fmk, seed, key=key: [kit.ec_record(fmk, seed, key)], open_with=[f"key keys/{key}.pem"])
    for key in ("rsa2048", "rsa3072"):
        kit.add_records(f"recipient_{key}", f"One RSA recipient of {key[3:]} bits.", "success",
                        lambda fmk, seed, key=key: [kit.rsa_record(fmk, seed, key)],
                        open_with=[f"key keys/{key}.pem"])
    kit.add_records("recipient_symmetric", "One symmetric key.", "success",
                    lambda fmk, seed: [kit.symmetric_record(fmk, seed)], open_with=[OPEN_SECRET])
    long_secret = hashlib.shake_256(b"kapsel vectors long secret").digest(64)
    kit.add_records("recipient_symmetric_64", "A symmetric key of 64 bytes, of which all count.", "success",
                    lambda fmk, seed: [kit.symmetric_record(fmk, seed, long_secret)],
                    open_with=[f"secret-hex {long_secret.hex()}"])
    kit.add_records("recipient_password", "One password, with the iterations that writers use.", "success",
                    lambda fmk, seed: [kit.password_record(fmk, seed, iterations=600_000)],
                    open_with=[OPEN_PASSWORD])
    unicode_password = "Žluťoučký kůň õhtul 🔑"
    kit.add_records("recipient_password_unicode", "A password outside ASCII, as UTF-8.", "success",
                    lambda fmk, seed: [kit.password_record(fmk, seed, unicode_password)],
                    open_with=[f"password {unicode_password}"])


def _leading_zeros(kit: Kit) -> None:
    for key in ("ec256", "ec384"):
        kit.add_records(f"recipient_{key}_zero_secret", "The ECDH secret begins with a zero byte, which counts.",
                        "success", lambda fmk, seed, key=key: [_ec_with(kit, fmk, seed, key, _secret_begins_zero)],
                        open_with=[f"key keys/{key}.pem"])
    kit.add_records("recipient_ec256_zero_coordinate", "The sender's x coordinate begins with a zero byte.",
                    "success", lambda fmk, seed: [_ec_with(kit, fmk, seed, "ec256", _x_begins_zero)])

    def short_kek(fmk: bytes, seed: Seeded) -> list[Record]:
        while (record := kit.rsa_record(fmk, seed)).capsule.encrypted_kek[0]:
            pass
        return [record]

    kit.add_records("recipient_rsa_zero", "The RSA ciphertext begins with a zero byte, which counts.", "success",
                    short_kek, open_with=["key keys/rsa2048.pem"])

    def stripped_kek(fmk: bytes, seed: Seeded) -> list[Record]:
        (record,) = short_kek(fmk, seed)
        record.capsule.encrypted_kek = record.capsule.encrypted_kek[1:]
        return [record]

    kit.add_records("recipient_rsa_zero_stripped", "The RSA ciphertext lacks its leading zero byte.",
                    "tampered|malformed|no_key|success", stripped_kek, open_with=["key keys/rsa2048.pem"])


def _ec_with(kit: Kit, fmk: bytes, seed: Seeded, key: str, wanted) -> Record:
    recipient = kit.ec(key)
    while not wanted(sender := seeded.ec_key(recipient.curve, seed), recipient):
        pass
    capsule, kek = capsules.ec_capsule(recipient.point, sender)
    return capsules.record(capsule, b"ec", fmk, kek)


def _secret_begins_zero(sender: EcKey, recipient: EcKey) -> bool:
    return sender.shared_secret(recipient.point)[0] == 0


def _x_begins_zero(sender: EcKey, recipient: EcKey) -> bool:
    return sender.point[1] == 0


def _several(kit: Kit) -> None:
    def everyone(fmk: bytes, seed: Seeded) -> list[Record]:
        return [kit.ec_record(fmk, seed, "stranger256"), kit.ec_record(fmk, seed, "ec256"),
                kit.ec_record(fmk, seed, "ec384"), kit.ec_record(fmk, seed, "ec521"), kit.rsa_record(fmk, seed),
                kit.symmetric_record(fmk, seed), kit.password_record(fmk, seed)]

    everyones = [f"key keys/{key}.pem" for key in ("ec256", "ec384", "ec521", "rsa2048")]
    kit.add_records("recipients_all_types", "Recipients of every type that stands in the file; each of the keys opens.",
                    "success", everyone, open_with=[*everyones, OPEN_SECRET, OPEN_PASSWORD])
    kit.add("recipients_shared_strings", "The same, with equal strings and vectors stored once, as some writers do.",
            "success", kit.of_records("recipients_shared_strings", everyone, share=True),
            open_with=[*everyones, OPEN_SECRET, OPEN_PASSWORD])
    kit.add_records("recipients_same_key_twice", "Two good records for the same key.", "success",
                    lambda fmk, seed: [kit.ec_record(fmk, seed), kit.ec_record(fmk, seed)])
    kit.add_records("recipients_first_wrong_fmk", "Two records for the key, of which the first leads to a wrong FMK.",
                    "success", lambda fmk, seed: [kit.ec_record(bytes(32), seed), kit.ec_record(fmk, seed)],
                    hostile=True)
    kit.add_records("recipients_first_bad_rsa", "Two records for the RSA key; the first does not decrypt.", "success",
                    lambda fmk, seed: [_bad_rsa(kit, fmk, seed), kit.rsa_record(fmk, seed)], hostile=True,
                    open_with=["key keys/rsa2048.pem"])
    kit.add_records("recipients_other_secret_first", "Two symmetric keys, the first another one.", "success",
                    lambda fmk, seed: [kit.symmetric_record(fmk, seed, seed.bytes(32)),
                                       kit.symmetric_record(fmk, seed)], open_with=[OPEN_SECRET])
    kit.add_records("recipients_other_password_first", "Two passwords; each opens.", "success",
                    lambda fmk, seed: [kit.password_record(fmk, seed, "another one"), kit.password_record(fmk, seed)],
                    open_with=[OPEN_PASSWORD, "password another one"])


def _bad_rsa(kit: Kit, fmk: bytes, seed: Seeded) -> Record:
    record = kit.rsa_record(fmk, seed)
    record.capsule.encrypted_kek = b"\0" + seed.bytes(255)
    return record


# --- other keys than the recipients' -----------------------------------------------------------------------------


def _wrong_keys(kit: Kit) -> None:
    stranger = "key keys/stranger256.pem"
    cases = [
        ("ec_stranger", "an EC key that is nobody's", kit.ec_record, [stranger], "no_key"),
        ("ec_other_curve", "an EC key on another curve", kit.ec_record, ["key keys/ec384.pem"], "no_key"),
        ("ec_for_rsa", "an EC key where the recipient has RSA", kit.rsa_record, [OPEN_MAIN], "no_key"),
        ("rsa_stranger", "an RSA key that is nobody's", kit.rsa_record, ["key keys/stranger_rsa.pem"], "no_key"),
        ("secret_for_ec", "a symmetric key where the recipient has an EC key", kit.ec_record, [OPEN_SECRET], "no_key"),
        ("password_for_ec", "a password where the recipient has an EC key", kit.ec_record, [OPEN_PASSWORD], "no_key"),
        ("password_for_secret", "a password where there is a symmetric key", kit.symmetric_record, [OPEN_PASSWORD],
         "no_key"),
        ("secret_for_password", "a symmetric key where there is a password", kit.password_record, [OPEN_SECRET],
         "no_key"),
        ("key_for_password", "an EC key where there is a password", kit.password_record, [OPEN_MAIN], "no_key"),
        ("secret_wrong", "another symmetric key", kit.symmetric_record, [f"secret-hex {bytes(32).hex()}"], "wrong_key"),
        ("secret_longer", "the symmetric key with a byte more", kit.symmetric_record,
         [f"secret-hex {SECRET.hex()}00"], "wrong_key"),
        ("password_wrong", "another password", kit.password_record, ["password Correct horse battery staple"],
         "wrong_key"),
        ("password_prefix", "only the beginning of the password", kit.password_record, [f"password {PASSWORD[:-1]}"],
         "wrong_key"),
    ]
    for name, about, make, keys, expect in cases:
        kit.add_records(f"wrong_key_{name}", f"Opened with {about}.", expect,
                        lambda fmk, seed, make=make: [make(fmk, seed)], open_with=keys)
    kit.add_records("wrong_key_composed_password", "A password in another Unicode form: passwords are bytes.",
                    "wrong_key|success", lambda fmk, seed: [kit.password_record(fmk, seed, "\u00f5htul")],
                    open_with=["password o\u0303htul"], hostile=False)


# --- from newer writers ------------------------------------------------------------------------------------------


def _unknown(kit: Kit) -> None:
    def typed(number: int):
        def make(fmk: bytes, seed: Seeded) -> Record:
            record = kit.ec_record(fmk, seed, "stranger256")
            record.capsule_type = number
            return record
        return make

    for number in (7, 200, 255):
        kit.add_pair(f"unknown_capsule_{number}", f"A record of capsule type {number}", typed(number), unknown=True,
                     alone="no_key|malformed")
    kit.add_pair("unknown_capsule_none", "A record with capsule type 0 (none) and a value all the same", typed(0),
                 alone="no_key|malformed")
    for curve in (0, 4, 127, -1):
        def make(fmk: bytes, seed: Seeded, curve: int = curve) -> Record:
            record = kit.ec_record(fmk, seed)
            record.capsule.curve = curve
            return record
        kit.add_pair(f"unknown_curve_{curve}".replace("-1", "minus_1"), f"An EC record of curve {curve}", make,
                     unknown=True, alone="no_key|malformed")
    for number in (3, 255):
        kit.add_pair(f"unknown_details_{number}", f"A server record with key details of type {number}",
                     lambda fmk, seed, number=number: Record(
                         ServerCapsule(EccDetails(SECP256R1, kit.ec("ec256").point), SERVER, TRANSACTION, number),
                         b"server", seed.bytes(32)),
                     unknown=True, alone="no_key|malformed")
    kit.add_pair("unknown_details_curve", "A server record with key details of an unknown curve",
                 lambda fmk, seed: Record(ServerCapsule(EccDetails(9, kit.ec("ec256").point), SERVER, TRANSACTION),
                                          b"server", seed.bytes(32)), unknown=True, alone="no_key|malformed")


# --- broken records ----------------------------------------------------------------------------------------------


def _off_curve(point: bytes) -> bytes:
    return point[:-1] + bytes([point[-1] ^ 1])


def _compressed(key: EcKey) -> bytes:
    return key.private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def _hybrid(point: bytes) -> bytes:
    return bytes([6 | point[-1] & 1]) + point[1:]


def _not_reduced(curve: int) -> bytes:
    """x at or above the field prime."""
    length = CURVES[curve].field_length
    return b"\x04" + b"\xff" * length + bytes(length)


def _broken_ec(kit: Kit) -> None:
    main = kit.ec("ec256")
    other = kit.ec("stranger384").point
    points = {
        "empty": (b"", "empty"),
        "infinity": (b"\x00", "the point at infinity, one byte"),
        "infinity_padded": (bytes(65), "zero bytes only"),
        "origin": (b"\x04" + bytes(64), "the coordinates 0, 0"),
        "off_curve": (_off_curve(main.point), "off the curve"),
        "compressed": (_compressed(main), "compressed"),
        "hybrid": (_hybrid(main.point), "in hybrid form"),
        "prefix_05": (b"\x05" + main.point[1:], "under the prefix 05"),
        "short": (main.point[:-1], "a byte short"),
        "long": (main.point + b"\0", "a byte long"),
        "no_prefix": (main.point[1:], "without its prefix"),
        "not_reduced": (_not_reduced(SECP256R1), "above the field prime"),
        "other_curve": (other, "a point of P-384, in a P-256 record"),
        "twist": (b"\x04" + bytes(31) + b"\x05" + bytes(32), "of another curve, x = 5 and y = 0"),
    }
    for name, (point, about) in points.items():
        def bad_sender(fmk: bytes, seed: Seeded, point: bytes = point) -> Record:
            record = kit.ec_record(fmk, seed)
            record.capsule.sender_key = point
            return record
        kit.add_pair(f"ec_sender_{name}", f"The sender's point is {about}", bad_sender)
    for name in ("infinity", "off_curve", "compressed", "short", "other_curve"):
        point, about = points[name]
        def bad_recipient(fmk: bytes, seed: Seeded, point: bytes = point) -> Record:
            record = kit.ec_record(fmk, seed)
            record.capsule.recipient_key = point
            return record
        kit.add_pair(f"ec_recipient_{name}", f"The recipient's point is {about}", bad_recipient)

    def mislabelled(fmk: bytes, seed: Seeded) -> Record:
        record = kit.ec_record(fmk, seed)
        record.capsule.curve = SECP384R1
        return record

    kit.add_pair("ec_curve_mismatch", "P-256 points in a record that says P-384", mislabelled)
    kit.add_records("ec_order_swapped", "The KEK was derived with sender and recipient the wrong way round.",
                    "tampered", lambda fmk, seed: [_swapped(kit, fmk, seed)])


def _swapped(kit: Kit, fmk: bytes, seed: Seeded) -> Record:
    recipient, sender = kit.ec("ec256"), seeded.ec_key(SECP256R1, seed)
    kek = schedule.ec_kek(sender.shared_secret(recipient.point), sender.point, recipient.point)
    return capsules.record(EccCapsule(SECP256R1, recipient.point, sender.point), b"ec", fmk, kek)


def _der_integer(value: bytes) -> bytes:
    return b"\x02\x82" + len(value).to_bytes(2, "big") + value


def _broken_rsa(kit: Kit) -> None:
    public = kit.rsa("rsa2048").private.public_key()
    numbers = public.public_numbers()
    der = kit.rsa("rsa2048").der
    modulus = b"\0" + numbers.n.to_bytes(256, "big")
    padded = _der_integer(b"\0" + modulus) + b"\x02\x03\x01\x00\x01"
    long_form = _der_integer(modulus) + b"\x02\x81\x03\x01\x00\x01"
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    open_with = "key keys/rsa2048.pem"

    def keyed(encoding: bytes):
        def make(fmk: bytes, seed: Seeded) -> list[Record]:
            record = kit.rsa_record(fmk, seed)
            record.capsule.recipient_key = encoding
            return [record]
        return make

    encodings = {
        "zero_padded": (b"\x30\x82" + len(padded).to_bytes(2, "big") + padded, "with a zero byte too many"),
        "long_length": (b"\x30\x82" + len(long_form).to_bytes(2, "big") + long_form, "with a length in long form"),
        "indefinite": (b"\x30\x80" + der[4:] + b"\0\0", "in BER with indefinite length"),
        "trailing": (der + b"\0", "with a byte after it"),
        "spki": (spki, "as SubjectPublicKeyInfo"),
    }
    for name, (encoding, about) in encodings.items():
        kit.add_records(f"rsa_key_{name}", f"The recipient's RSA key stands {about}.", "no_key|malformed|success",
                        keyed(encoding), open_with=[open_with])
    for name, encoding in {"empty": b"", "truncated": der[:-1], "text": b"-----BEGIN RSA PUBLIC KEY-----"}.items():
        kit.add_records(f"rsa_key_{name}", f"The recipient's RSA key is {name}.", "no_key|malformed", keyed(encoding),
                        open_with=[open_with])
    kit.add_records("rsa_key_bad_and_good", "A record with an RSA key that does not parse, before a good one.",
                    "success", lambda fmk, seed: [*keyed(b"\x30\x05abc")(fmk, seed), kit.ec_record(fmk, seed)],
                    hostile=True)
    _small_rsa(kit)
    _broken_kek(kit, open_with)


def _small_rsa(kit: Kit) -> None:
    small = seeded.rsa_key(1024, Seeded("key rsa1024")).private.public_key()

    def make(fmk: bytes, seed: Seeded) -> Record:
        kek = seed.bytes(32)
        return capsules.record(capsules.rsa_capsule(small, kek, seed.bytes(32)), b"small", fmk, kek)

    kit.add_records("rsa_1024_alone", "A recipient with an RSA key of 1024 bits, opened with another key.",
                    "no_key|malformed", lambda fmk, seed: [make(fmk, seed)], open_with=["key keys/rsa2048.pem"])
    kit.add_records("rsa_1024_and_good", "A recipient with an RSA key of 1024 bits beside a good one.", "success",
                    lambda fmk, seed: [make(fmk, seed), kit.ec_record(fmk, seed)], hostile=True)


def _broken_kek(kit: Kit, open_with: str) -> None:
    public = kit.rsa("rsa2048").private.public_key()
    modulus = public.public_numbers().n

    def encrypted(make_kek):
        def make(fmk: bytes, seed: Seeded) -> Record:
            record = kit.rsa_record(fmk, seed)
            record.capsule.encrypted_kek = make_kek(record.capsule.encrypted_kek, seed)
            return record
        return make

    def pkcs1(_: bytes, seed: Seeded) -> bytes:
        filler = bytes(b or 1 for b in seed.bytes(256 - 3 - 32))
        return capsules.rsa_raw(public, b"\0\x02" + filler + b"\0" + seed.bytes(32))

    keks = {
        "altered": (lambda kek, seed: kek[:100] + bytes([kek[100] ^ 1]) + kek[101:], "was altered"),
        "empty": (lambda kek, seed: b"", "is empty"),
        "short": (lambda kek, seed: kek[:-1], "is a byte short"),
        "long": (lambda kek, seed: kek + b"\0", "is a byte long"),
        "zero": (lambda kek, seed: bytes(256), "is zero"),
        "modulus": (lambda kek, seed: modulus.to_bytes(256, "big"), "is the modulus"),
        "pkcs1": (pkcs1, "was padded by PKCS #1 v1.5"),
        "31_bytes": (lambda kek, seed: capsules.oaep_encrypt(public, bytes(31), seed.bytes(32)), "holds 31 bytes"),
        "33_bytes": (lambda kek, seed: capsules.oaep_encrypt(public, bytes(33), seed.bytes(32)), "holds 33 bytes"),
        "0_bytes": (lambda kek, seed: capsules.oaep_encrypt(public, b"", seed.bytes(32)), "holds nothing"),
    }
    for name, (make_kek, about) in keks.items():
        make = encrypted(make_kek)
        kit.add_records(f"rsa_kek_{name}", f"The encrypted KEK {about}.", "tampered|malformed|no_key",
                        lambda fmk, seed, make=make: [make(fmk, seed)], open_with=[open_with])


def _broken_fmk(kit: Kit) -> None:
    for length in (0, 1, 31, 33, 64):
        def make(fmk: bytes, seed: Seeded, length: int = length) -> Record:
            record = kit.ec_record(fmk, seed)
            record.encrypted_fmk = (record.encrypted_fmk * 2)[:length]
            return record
        kit.add_pair(f"fmk_{length}_bytes", f"The encrypted FMK has {length} bytes", make)
    for method in (0, 2, -1):
        def make(fmk: bytes, seed: Seeded, method: int = method) -> Record:
            record = kit.ec_record(fmk, seed)
            record.method = method
            return record
        kit.add_pair(f"fmk_method_{method}".replace("-1", "minus_1"), f"The FMK encryption method is {method}", make)


# --- passwords ---------------------------------------------------------------------------------------------------


def _passwords(kit: Kit) -> None:
    kit.add_records("password_1000", "1000 iterations: the fewest that are accepted.", "success",
                    lambda fmk, seed: [kit.password_record(fmk, seed, iterations=1000)], open_with=[OPEN_PASSWORD])
    kit.add_records("password_10000000", "10 000 000 iterations, the most that are accepted, with a key as the quick "
                    "way in.", "success",
                    lambda fmk, seed: [_unopenable(seed, 10_000_000), kit.ec_record(fmk, seed)], unusable_records=0)
    for iterations in (0, 1, 999, 10_000_001, 2**31 - 1, -1, -(2**31)):
        name = f"password_iterations_{iterations}".replace("-", "minus_")
        kit.add_records(f"{name}_alone", f"{iterations} iterations, with the right password.",
                        "malformed|limit_exceeded|no_key",
                        lambda fmk, seed, i=iterations: [_iterated(kit, fmk, seed, i)], open_with=[OPEN_PASSWORD],
                        time=5)
        kit.add_records(f"{name}_and_good", f"A record of {iterations} iterations before a good one for the same "
                        "password.", "success",
                        lambda fmk, seed, i=iterations: [_iterated(kit, fmk, seed, i), kit.password_record(fmk, seed)],
                        open_with=[OPEN_PASSWORD], hostile=True, time=5)
    for kdf in (0, 2, -1):
        def make(fmk: bytes, seed: Seeded, kdf: int = kdf) -> Record:
            record = kit.password_record(fmk, seed)
            record.capsule.kdf = kdf
            return record
        kit.add_pair(f"password_kdf_{kdf}".replace("-1", "minus_1"), f"A password record with key derivation {kdf}",
                     make, open_with=OPEN_PASSWORD)
    kit.add_records("password_budget", "A wrong password and 16 records of 10 000 000 iterations: only two may be "
                    "tried.", "wrong_key", lambda fmk, seed: [_unopenable(seed, 10_000_000) for _ in range(16)],
                    open_with=[OPEN_PASSWORD], time=60, slow="yes")
    kit.add_records("password_many_cheap", "40 records for other passwords before the right one: too many to try.",
                    "wrong_key", lambda fmk, seed: [*(_unopenable(seed, CHEAP) for _ in range(40)),
                                                    kit.password_record(fmk, seed)], open_with=[OPEN_PASSWORD])


def _unopenable(seed: Seeded, iterations: int) -> Record:
    return Record(PasswordCapsule(seed.bytes(32), seed.bytes(32), iterations=iterations), b"data:,TYPE=pw&V=1",
                  seed.bytes(32))


def _iterated(kit: Kit, fmk: bytes, seed: Seeded, iterations: int) -> Record:
    """Right for its iterations where they can be had cheaply; a reader must not get so far as to notice otherwise."""
    if 0 < iterations < CHEAP:
        return kit.password_record(fmk, seed, iterations=iterations)
    return _unopenable(seed, iterations)


def _salts(kit: Kit) -> None:
    expect = "success|malformed|no_key"
    for length in (0, 16, 31, 33, 64):
        kit.add_records(f"symmetric_salt_{length}", f"A symmetric record with a salt of {length} bytes, not 32.",
                        expect, lambda fmk, seed, n=length: [kit.symmetric_record(fmk, seed, salt=seed.bytes(n))],
                        open_with=[OPEN_SECRET], hostile=True)
        kit.add_records(f"password_salts_{length}", f"A password record with salts of {length} bytes, not 32.", expect,
                        lambda fmk, seed, n=length: [
                            kit.password_record(fmk, seed, salts=(seed.bytes(n), seed.bytes(n)))],
                        open_with=[OPEN_PASSWORD], hostile=True)


def _many_matching(kit: Kit) -> None:
    def wrong(count: int, last_good: bool):
        def make(fmk: bytes, seed: Seeded) -> list[Record]:
            records = [kit.ec_record(seed.bytes(32), seed) for _ in range(count)]
            return records + [kit.ec_record(fmk, seed)] * last_good
        return make

    kit.add_records("matching_16_last_good", "16 records for the key, of which only the last leads to the FMK.",
                    "success", wrong(15, True), hostile=True)
    kit.add_records("matching_17_last_good", "17 records for the key, of which only the last leads to the FMK: one "
                    "too many to try.", "tampered", wrong(16, True))
    kit.add_records("matching_17_wrong", "17 records for the key, none of which leads to the FMK.", "tampered",
                    wrong(17, False))
    kit.add("matching_8000_wrong", "8000 records for the same symmetric key, none right, in a header of 1 MiB: each "
            "try costs an HMAC over it.", "wrong_key",
            kit.of_records("matching_8000_wrong", _one_record_often, share=True), open_with=[OPEN_SECRET], time=5)
    kit.add_records("matching_17_secrets_last_good", "17 symmetric records; the last is the right one.", "wrong_key",
                    lambda fmk, seed: [*(kit.symmetric_record(fmk, seed, seed.bytes(32)) for _ in range(16)),
                                       kit.symmetric_record(fmk, seed)], open_with=[OPEN_SECRET])


def _one_record_often(fmk: bytes, seed: Seeded) -> list[Record]:
    large = Record(SymmetricCapsule(bytes(32)), b"L" * 900_000, seed.bytes(32))
    return [large] + [Record(SymmetricCapsule(bytes(32)), b"", seed.bytes(32))] * 8000


# --- capsules on servers -----------------------------------------------------------------------------------------


def _server_ec(kit: Kit, fmk: bytes, seed: Seeded, key: str) -> tuple[Record, bytes]:
    """A record, and the key material that the server holds."""
    recipient, sender = kit.ec(key), seeded.ec_key(kit.ec(key).curve, seed)
    capsule, kek = capsules.ec_capsule(recipient.point, sender)
    on_server = ServerCapsule(EccDetails(recipient.curve, recipient.point), SERVER, TRANSACTION)
    return capsules.record(on_server, b"data:,SERVER_EXP=1900000000&TYPE=ID-card&V=1", fmk, kek), capsule.sender_key


def _server_rsa(kit: Kit, fmk: bytes, seed: Seeded, key: str) -> tuple[Record, bytes]:
    record = kit.rsa_record(fmk, seed, key)
    on_server = ServerCapsule(RsaDetails(record.capsule.recipient_key), SERVER, TRANSACTION)
    return Record(on_server, b"data:,TYPE=cert&V=1", record.encrypted_fmk), record.capsule.encrypted_kek


def _servers(kit: Kit) -> None:
    makers = {"ec256": _server_ec, "ec384": _server_ec, "ec521": _server_ec, "rsa2048": _server_rsa}
    for key, maker in makers.items():
        name = f"server_{key}"
        material = []

        def make(fmk: bytes, seed: Seeded) -> list[Record]:
            record, held = maker(kit, fmk, seed, key)
            material.append(held)
            return [record]

        body = kit.of_records(name, make)
        record = f'{{"type": "server", "server_id": "{SERVER.decode()}", "transaction_id": "{TRANSACTION.decode()}"}}'
        kit.add(name, f"A capsule on a server for {key}; server-capsule gives the key material it holds.", "success",
                body, open_with=[f"key keys/{key}.pem"], header_only="yes", record=record,
                server_capsule=f"{TRANSACTION.decode()} {material[0].hex()}",
                file=[_letter_line()])
    altered = kit.of_records("server_wrong_material", lambda fmk, seed: [_server_ec(kit, fmk, seed, "ec256")[0]])
    wrong = kit.ec("stranger256").point.hex()
    kit.add("server_wrong_material", "The server gives another key material than the sender left there.", "tampered",
            altered, header_only="yes", server_capsule=f"{TRANSACTION.decode()} {wrong}")


def _letter_line() -> str:
    return file_line(info(*LETTER[0]))


def _broken_servers(kit: Kit) -> None:
    point = kit.ec("ec256").point

    def server(details=EccDetails(SECP256R1, point), server_id=SERVER, transaction=TRANSACTION, kind=None):
        return lambda fmk, seed: Record(ServerCapsule(details, server_id, transaction, kind), b"s", seed.bytes(32))

    broken = {
        "no_details": (server(details=None, kind=1), "without key details"),
        "no_id": (server(server_id=None), "without a server id"),
        "no_transaction": (server(transaction=None), "without a transaction id"),
        "point_off_curve": (server(EccDetails(SECP256R1, _off_curve(point))), "for a point off the curve"),
        "no_key": (server(EccDetails(SECP256R1, None)), "without the recipient's key"),
        "no_rsa_key": (server(RsaDetails(None)), "without the recipient's RSA key"),
    }
    for name, (make, about) in broken.items():
        kit.add_pair(f"server_{name}", f"A server record {about}", make)
    strange = {
        "id_empty": (server(server_id=b""), "an empty server id"),
        "id_url": (server(server_id=b"https://evil.example:8443"), "a URL for a server id"),
        "transaction_empty": (server(transaction=b""), "an empty transaction id"),
        "transaction_path": (server(transaction=b"../../admin?x=1#"), "a transaction id that would change a path"),
        "transaction_newline": (server(transaction=b"KC\r\nHost: evil.example"), "a newline in the transaction id"),
        "transaction_long": (server(transaction=b"KC" + b"0" * 5000), "a transaction id of 5000 bytes"),
    }
    for name, (make, about) in strange.items():
        kit.add_records(f"server_{name}", f"A server record with {about}: may be shown, never be sent.",
                        "success|malformed", lambda fmk, seed, make=make: [make(fmk, seed)], open_with=[],
                        header_only="yes", hostile=True)


# --- key shares --------------------------------------------------------------------------------------------------


def _make_shares(fmk: bytes, seed: Seeded, count: int) -> tuple[Record, dict[bytes, bytes]]:
    servers = [(b"https://s%d.example:8443" % i, seed.bytes(16).hex().encode()) for i in range(count)]
    others = [seed.bytes(32) for _ in range(count - 1)]
    capsule, kek, shares = capsules.shares_capsule(servers, seed.bytes(32), others, seed.bytes(32), PERSON)
    label = b"data:,SN=etsi%2FPNOEE-30303039914&TYPE=auth&V=1"
    return capsules.record(capsule, label, fmk, kek), shares


def _shares(kit: Kit) -> None:
    for count in (1, 2, 3, 64):
        name = f"shares_{count}"
        shares: dict[bytes, bytes] = {}

        def make(fmk: bytes, seed: Seeded) -> list[Record]:
            record, made = _make_shares(fmk, seed, count)
            shares.update(made)
            return [record]

        body = kit.of_records(name, make)
        lines = [f"{share_id.decode()} {share.hex()}" for share_id, share in shares.items()]
        record = f'{{"type": "shares", "recipient_id": "{PERSON.decode()}"}}'
        # One share is no sharing: a reader may leave such a record out.
        expect = "success|malformed|no_key" if count == 1 else "success"
        kit.add(name, f"{count} key shares; each share line gives what a share server holds.", expect, body,
                open_with=["shares"], header_only="yes", record=record, share=lines, file=[_letter_line()],
                hostile=count == 1)
    kit.add_records("shares_65", "65 shares: one over the limit.", "limit_exceeded",
                    lambda fmk, seed: [_make_shares(fmk, seed, 65)[0]], open_with=[], header_only="yes")
    kit.add_records("shares_65_and_good", "A record of 65 shares before a good one: the whole header is refused.",
                    "limit_exceeded",
                    lambda fmk, seed: [_make_shares(fmk, seed, 65)[0], kit.ec_record(fmk, seed)])
    kit.add("shares_100000_shared", "100 000 shares that are one table, referred to again and again.",
            "limit_exceeded", kit.of_records("shares_100000_shared", _one_share_often, share=True),
            open_with=[], header_only="yes", time=5, memory=64)
    _broken_shares(kit)


def _one_share_often(fmk: bytes, seed: Seeded) -> list[Record]:
    share = Share(b"https://s.example", b"0" * 32)
    return [Record(SharesCapsule([share] * 100_000, bytes(32), recipient_id=PERSON), b"", seed.bytes(32))]


def _broken_shares(kit: Kit) -> None:
    good = [Share(b"https://s.example", b"0" * 32)] * 2

    def shares(listed=good, salt=bytes(32), **more):
        more = {"recipient_id": PERSON, **more}
        return lambda fmk, seed: Record(SharesCapsule(listed, salt, **more), b"shares", seed.bytes(32))

    broken = {
        "0": (shares([]), "of no shares"),
        "missing": (shares(None), "without the list of shares"),
        "no_salt": (shares(salt=None), "without a salt"),
        "no_recipient": (shares(recipient_id=None), "without a recipient"),
        "no_url": (shares([Share(None, b"0" * 32)]), "with a share that has no URL"),
        "no_id": (shares([Share(b"https://s.example", None)]), "with a share that has no id"),
    }
    for name, (make, about) in broken.items():
        kit.add_pair(f"shares_{name}", f"A key-shares record {about}", make)
    newer = {
        "scheme_0": (shares(scheme=0), "of unknown scheme"),
        "scheme_2": (shares(scheme=2), "of a scheme to come"),
        "recipient_type_0": (shares(recipient_type=0), "of unknown recipient type"),
        "recipient_type_2": (shares(recipient_type=2), "of a recipient type to come"),
    }
    for name, (make, about) in newer.items():
        kit.add_records(f"shares_{name}_and_good", f"A key-shares record {about}, before a good record.", "success",
                        lambda fmk, seed, make=make: [make(fmk, seed), kit.ec_record(fmk, seed)], hostile=True)
    for name, url in {"file": b"file:///etc/passwd", "user": b"https://good.example@evil.example/",
                      "newline": b"https://s.example\r\nX: y"}.items():
        kit.add_records(f"shares_url_{name}", "A share server URL that must never be asked; it may be shown.",
                        "success|malformed",
                        lambda fmk, seed, url=url: [shares([Share(url, b"0" * 32)] * 2)(fmk, seed)], open_with=[],
                        header_only="yes", hostile=True)
