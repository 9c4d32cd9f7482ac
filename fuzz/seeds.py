#!/usr/bin/env python3
"""Writes seeds for the fuzz targets from the test vectors' generator: `seeds.py CORPUS_DIR`, in its environment."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests/vectors"))

from cases import envelope, flatbuffer, labels, names, recipients, seeded, stream, tarball  # noqa: E402
from cases.kit import Kit  # noqa: E402
from cdoc2py import header  # noqa: E402
from cdoc2py.container import read_envelope  # noqa: E402
from cdoc2py.errors import CdocError  # noqa: E402
from cdoc2py.vectorfile import Vector, open_body  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat, pkcs12  # noqa: E402
from cryptography.x509 import ocsp  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier  # noqa: E402

# Long seeds make a fuzzer slow, and show nothing that short ones do not.
LONGEST = 16 << 10
PASSWORD = b"pass"


class RecordingKit(Kit):
    """Keeps what goes into payloads, which is sealed away in the vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.streams: list[bytes] = []
        self.archives: list[bytes] = []

    def of_stream(self, name: str, plaintext: bytes) -> bytes:
        self.streams.append(plaintext)
        return super().of_stream(name, plaintext)

    def of_tar(self, name: str, archive: bytes) -> bytes:
        self.archives.append(archive)
        return super().of_tar(name, archive)


def main() -> None:
    corpus = Path(sys.argv[1])
    kit = RecordingKit()
    for group in (envelope, recipients, flatbuffer, labels, stream, names, tarball):
        group.add(kit)
    bodies = [vector.container for vector in kit.vectors.values()]
    write(corpus / "envelope_and_header", bodies)
    write(corpus / "payload", kit.streams)
    write(corpus / "container", kit.streams)
    write(corpus / "archive", kit.archives)
    write(corpus / "label", [label for vector in kit.vectors.values() for label in labels_of(vector)])
    write(corpus / "key_files", key_files(kit) + certificates(kit))
    write(corpus / "capsule", capsules(kit))
    write(corpus / "server_list", server_lists(kit))
    write(corpus / "nonce", nonces())
    write(corpus / "ticket", tickets(kit))
    write(corpus / "ticket_signature", tickets(kit) + certificates(kit))
    write(corpus / "share_token", shares(kit) + certificates(kit))
    write(corpus / "ocsp_answer", ocsp_answers())
    write(corpus / "central_configuration", central_configurations(kit))
    write(corpus / "signed_list", signed_lists(kit) + certificates(kit))
    write(corpus / "card", conversations())
    write(corpus / "card_data", data_objects())
    write(corpus / "certificate", [seed for seed in certificates(kit) if seed.startswith(b"\x30")] + [card_certificate()])


def write(folder: Path, seeds: list[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        if len(seed) <= LONGEST:
            (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


def labels_of(vector: Vector) -> list[bytes]:
    try:
        records = header.parse(read_envelope(open_body(vector)).header).records
    except CdocError:
        return []
    return [parsed.record.label for parsed in records[:8] if parsed.record and parsed.record.label]


def key_files(kit: Kit) -> list[bytes]:
    seeds = []
    for key in kit.keys.values():
        private = key.private
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            seeds += [private.private_bytes(encoding, form, serialization.NoEncryption())
                      for encoding in (Encoding.PEM, Encoding.DER)]
        encrypted = serialization.BestAvailableEncryption(PASSWORD)
        seeds.append(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, encrypted))
        certificate = certificate_of(private, "JÕEORG,JAAK-KRISTJAN,38001085718")
        for algorithm in (pkcs12.PBES.PBESv2SHA256AndAES256CBC, pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC):
            builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(20).key_cert_algorithm(algorithm)
            protection = builder.hmac_hash(hashes.SHA256()).build(PASSWORD)
            seeds.append(pkcs12.serialize_key_and_certificates(b"key", private, certificate, None, protection))
        seeds.append(certificate.public_bytes(Encoding.PEM) + seeded.pem(key))
    return seeds


def certificates(kit: Kit) -> list[bytes]:
    seeds = []
    for key in kit.keys.values():
        public = key.private.public_key()
        seeds += [public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
                  for encoding in (Encoding.PEM, Encoding.DER)]
        for common_name in ("JÕEORG,JAAK-KRISTJAN,38001085718", "Firma OÜ", ""):
            certificate = certificate_of(key.private, common_name)
            seeds += [certificate.public_bytes(encoding) for encoding in (Encoding.PEM, Encoding.DER)]
    return seeds


def capsules(kit: Kit) -> list[bytes]:
    """Bodies as servers get them, and what they answer beside."""
    seeds = [b"/key-capsules/KC00112233445566778899aabbccddeeff", b"2030-01-01T02:00:00+02:00", b"2030-01-01T00:00:00Z"]
    for key in kit.keys.values():
        public = key.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            recipient = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            material, kind = recipient, f"ecc_{public.curve.name}"
        else:
            recipient, material, kind = public.public_bytes(Encoding.DER, PublicFormat.PKCS1), bytes(256), "rsa"
        values = [base64.b64encode(value).decode() for value in (recipient, material)]
        body = {"recipient_id": values[0], "ephemeral_key_material": values[1], "capsule_type": kind}
        seeds.append(json.dumps(body).encode())
    return seeds


def nonces() -> list[bytes]:
    nonce = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=")
    return [nonce, b'{"nonce":"' + nonce + b'"}']


def tickets(kit: Kit) -> list[bytes]:
    """As recipients make them, with signatures over something else."""
    def encoded(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    tag = hashlib.sha256(b"CDOC2 nonce server tag v0.1\0css-a\0https://css-a.example:8446").digest()[:16]
    transaction = {"transactionID": "KC00112233445566778899aabbccddeeff", "nonce": encoded(tag + bytes(range(16)))}
    masked = [{"transactionID": f"KC{number:032x}", "masked_nonce": encoded(bytes([number]) * 32)} for number in range(3)]
    seeds = []
    for key in kit.keys.values():
        public = key.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            size = (public.curve.key_size + 7) // 8
            curve, alg = {32: ("P-256", "ES256"), 48: ("P-384", "ES384"), 66: ("P-521", "ES512")}[size]
            numbers = public.public_numbers()
            jwk = {"kty": "EC", "crv": curve, "x": encoded(numbers.x.to_bytes(size)), "y": encoded(numbers.y.to_bytes(size))}
            signature = bytes(range(2 * size))
        else:
            size = public.key_size // 8
            numbers = public.public_numbers()
            jwk = {"kty": "RSA", "n": encoded(numbers.n.to_bytes(size)), "e": encoded(numbers.e.to_bytes(3))}
            alg, signature = "RS256", bytes(size)
        certificate = certificate_of(key.private, "JÕEORG,JAAK-KRISTJAN,38001085718").public_bytes(Encoding.DER)
        jwk["x5c"] = [base64.b64encode(certificate).decode()]
        header = encoded(json.dumps({"alg": alg, "typ": "JWS"}, separators=(",", ":")).encode())
        ticket = {
            "type": "CDOC2 authentication ticket v0.1", "transaction": transaction, "masked_transactions": masked,
            "authentication_signature_type": "ID-card-raw",
            "authentication_signature_value": f"{header}..{encoded(signature)}", "jwk": jwk,
        }
        text = json.dumps(ticket, separators=(",", ":")).encode()
        seeds += [text, encoded(text).encode(), json.dumps(jwk).encode()]
    return seeds


def shares(kit: Kit) -> list[bytes]:
    """Shares, nonces and tokens, each token with a certificate in the next line; signatures are over something else."""
    def encoded(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    def disclosure(value: list) -> str:
        return encoded(json.dumps(value, separators=(",", ":")).encode())

    def digest(text: str) -> str:
        return encoded(hashlib.sha256(text.encode()).digest())

    share = {"share": base64.b64encode(bytes(32)).decode(), "recipient": "etsi/PNOEE-38001085718"}
    seeds = [json.dumps(share).encode(), b'{"nonce":"AAECAwQFBgcICQoLDA0ODw"}', b"/key-shares/00112233445566778899aabbccddeeff"]
    salt = "s95VgvVDaRcOj3HWkb7bXQ"
    url = "https://a.example/key-shares/00112233445566778899aabbccddeeff?nonce=AAECAwQFBgcICQoLDA0ODw"
    inner = disclosure([salt, url])
    outer = disclosure([salt, "aud", [{"...": digest(inner)}, {"...": digest("another")}]])
    payload = {"iss": "etsi/PNOEE-38001085718", "_sd": [digest(outer)], "_sd_alg": "sha-256"}
    for key in kit.keys.values():
        public = key.private.public_key()
        alg = "RS256" if not isinstance(public, ec.EllipticCurvePublicKey) else {256: "ES256"}.get(public.curve.key_size, "ES384")
        header = {"typ": "vnd.cdoc2.auth-token.v1+sd-jwt", "alg": alg}
        parts = [encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload)]
        token = f"{parts[0]}.{parts[1]}.{encoded(bytes(range(96)))}~{outer}~{inner}~"
        der = certificate_of(key.private, "JÕEORG,JAAK-KRISTJAN,38001085718").public_bytes(Encoding.DER)
        seeds += [f"{token}\n{encoded(der)}".encode(), token.encode()]
    return seeds


def server_lists(kit: Kit) -> list[bytes]:
    seeds = []
    for key in kit.keys.values():
        certificate = certificate_of(key.private, "capsules.example")
        pem = certificate.public_bytes(Encoding.PEM).decode()
        der = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
        server = {
            "id": "css-a", "name": "Capsules of A", "organisation": "a", "capsuleTypes": ["ecc_secp384r1", "rsa"],
            "senderUrl": "https://capsules.example:8443", "recipientUrl": "https://capsules.example:8444",
            "ticketUrl": "https://capsules.example:8445", "sharesUrl": "https://capsules.example/shares",
            "certificates": [pem, der],
        }
        later = {**server, "id": "css-b", "certificates": [], "incomplete": "not yet"}
        seeds.append(json.dumps({"version": 1, "serial": 4, "expires": "2030-01-01T00:00:00Z",
                                 "servers": [server, later]}).encode())
    return seeds


def authority() -> ec.EllipticCurvePrivateKey:
    """The authority of the targets, which sign by it themselves."""
    number = int.from_bytes(hashlib.sha256(b"kapsel fuzz authority").digest(), "big")
    return ec.derive_private_key(number, ec.SECP256R1())


def signed_lists(kit: Kit) -> list[bytes]:
    lists = server_lists(kit)
    signatures = [base64.b64encode(authority().sign(text, ec.ECDSA(hashes.SHA256()))) for text in lists]
    return [signature + b"\n" + text for signature, text in zip(signatures, lists, strict=True)]


def central_configurations(kit: Kit) -> list[bytes]:
    """With the server's own certificate in the bundle, and with another one."""
    seeds = []
    for key in kit.keys.values():
        for name in ("capsules.example", "other.example"):
            der = certificate_of(key.private, name, x509.SubjectAlternativeName([x509.DNSName(name)]))
            seeds.append(json.dumps({
                "META-INF": {"DATE": "20240612102015Z", "SERIAL": 7, "VER": 1},
                "CDOC2-CONF": {"11111111-2222-3333-4444-555555555555": {
                    "NAME": "Capsules",
                    "POST": "https://capsules.example:8443",
                    "FETCH": "https://capsules.example:8444",
                }},
                "CDOC2-USE-KEYSERVER": True,
                "CERT-BUNDLE": [base64.b64encode(der.public_bytes(Encoding.DER)).decode()],
            }).encode())
    return seeds


def ocsp_answers() -> list[bytes]:
    """Answers of the authority and of a responder that it named; behind a 1, what an answer says, without its signature."""
    private, other = authority(), ec.derive_private_key(7, ec.SECP256R1())
    start, end = datetime.datetime(2020, 1, 1), datetime.datetime(2035, 1, 1)

    def certificate(name: str, public, *extensions) -> x509.Certificate:
        named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, it)]) for it in (name, "Authority")]
        builder = x509.CertificateBuilder().subject_name(named[0]).issuer_name(named[1]).public_key(public)
        builder = builder.serial_number(7).not_valid_before(start).not_valid_after(end)
        for extension in extensions:
            builder = builder.add_extension(extension, False)
        return builder.sign(private, hashes.SHA256())

    issuer, issued = certificate("Authority", private.public_key()), certificate("Somebody", other.public_key())
    delegate = certificate("Responder", other.public_key(), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]))
    now = datetime.datetime(2026, 1, 1)
    seeds = []
    for status in (ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN):
        revoked = now if status == ocsp.OCSPCertStatus.REVOKED else None
        for algorithm in (hashes.SHA1(), hashes.SHA256()):
            for next_update in (None, now + datetime.timedelta(days=1)):
                builder = ocsp.OCSPResponseBuilder().add_response(
                    issued, issuer, algorithm, status, now, next_update, revoked, None)
                by_itself = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, issuer)
                by_delegate = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, delegate).certificates([delegate])
                by_delegate = by_delegate.add_extension(x509.OCSPNonce(bytes(32)), False)
                for answer in (by_itself.sign(private, hashes.SHA256()), by_delegate.sign(other, hashes.SHA256())):
                    seeds += [b"\0" + answer.public_bytes(Encoding.DER), b"\1" + answer.tbs_response_bytes]
    failed = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    return [*seeds, b"\0" + failed.public_bytes(Encoding.DER)]


def card_certificate() -> bytes:
    private = ec.derive_private_key(7, ec.SECP384R1())
    return certificate_of(private, "JÕEORG,JAAK-KRISTJAN,38001085718").public_bytes(Encoding.DER)


def tlv(tag: str, *values: bytes) -> bytes:
    value = b"".join(values)
    length = bytes([len(value)]) if len(value) < 0x80 else b"\x82" + len(value).to_bytes(2, "big")
    return bytes.fromhex(tag) + length + value


def conversations() -> list[bytes]:
    """All that the two kinds of card answer when nothing goes wrong, and when something does."""
    done, certificate = b"\x90\x00", card_certificate()
    pieces = [certificate[at:at + 0xC0] + done for at in range(0, len(certificate), 0xC0)]
    size = len(certificate).to_bytes(2, "big")
    secret, signature = bytes(48) + done, bytes(96) + done
    idemia_tries = tlv("70", tlv("BF8101", tlv("A0", tlv("9A", b"\x03"), tlv("9B", b"\x03")))) + done
    thales_tries = tlv("A0", tlv("83", b"\x81"), tlv("DF21", b"\x03"), tlv("DF2F", b"\x01")) + done
    idemia = [done, idemia_tries, tlv("6F", tlv("80", size)) + done, *pieces, done, done, b"AS0000001" + done, done,
              b"31 12 2030" + done, done, idemia_tries, done, done, done, secret, done, signature]
    thales = [done, thales_tries, tlv("6F", tlv("81", size)) + done, *pieces, done, thales_tries, done, done, secret,
              done, done, signature]
    seeds = []
    for kind, answers in ((0, idemia), (1, thales)):
        for fault in (None, b"\x63\xc2", b"\x69\x83", b"\x6c\x10", b"\x61\x20", b"\x6a\x82", b""):
            # At the PIN, and at the certificate.
            for at in (len(answers) - (6 if kind else 5), 2):
                said = answers if fault is None else [*answers[:at], fault, *answers[at + 1:]]
                seeds.append(bytes([kind]) + b"".join(len(answer).to_bytes(2, "big") + answer for answer in said))
    return seeds


def data_objects() -> list[bytes]:
    inner = tlv("70", tlv("BF8101", tlv("A0", tlv("9A", b"\x03"), tlv("9B", b"\x03"))))
    long = tlv("6F", tlv("80", bytes(300)), tlv("81", b"\x01\x00"))
    return [bytes.fromhex(tag) + objects for tag in ("00009b", "000080", "000081", "00df21", "bf8101")
            for objects in (inner, long, tlv("A0", tlv("DF21", b"\x03")))]


def certificate_of(private, common_name: str, *extensions: x509.ExtensionType) -> x509.Certificate:
    """As an ID-card's: names, usage, policy."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    if common_name.endswith("718"):
        attributes += [
            x509.NameAttribute(NameOID.SURNAME, "JÕEORG"),
            x509.NameAttribute(NameOID.GIVEN_NAME, "JAAK-KRISTJAN"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "PNOEE-38001085718"),
        ]
    name = x509.Name(attributes)
    usage = x509.KeyUsage(True, False, False, False, True, False, False, False, False)
    policy = x509.PolicyInformation(ObjectIdentifier("1.3.6.1.4.1.51361.1.1.3"), None)
    start = datetime.datetime(2025, 1, 1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(start.replace(year=2035))
    builder = builder.add_extension(usage, True).add_extension(x509.CertificatePolicies([policy]), False)
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    return builder.sign(private, hashes.SHA256())


if __name__ == "__main__":
    main()
