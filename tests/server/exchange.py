"""A client of another kind (requests, OpenSSL) that exchanges capsules with a running server:

exchange.py SENDER-URL RECIPIENT-URL SERVER.PEM PEOPLE, where PEOPLE holds NAME.pem and NAME-key.pem of mari and jaan (P-384), tiina (RSA),
who are listed, and of a stranger (P-384), who is not.
"""

import base64
import datetime
import pathlib
import re
import sys

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

SENDERS, RECIPIENTS, SERVER, PEOPLE = sys.argv[1], sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def public_key(name):
    return x509.load_pem_x509_certificate((PEOPLE / f"{name}.pem").read_bytes()).public_key()


def private_key(name):
    return serialization.load_pem_private_key((PEOPLE / f"{name}-key.pem").read_bytes(), None)


def point(key):
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def text(octets):
    return base64.b64encode(octets).decode()


def ec_capsule(name):
    """A capsule for this person, and the secret that only they can have of it."""
    ephemeral, key = ec.generate_private_key(ec.SECP384R1()), public_key(name)
    capsule = {
        "recipient_id": text(point(key)),
        "ephemeral_key_material": text(point(ephemeral.public_key())),
        "capsule_type": "ecc_secp384r1",
    }
    return capsule, ephemeral.exchange(ec.ECDH(), key)


def ec_secret(capsule, name):
    ephemeral = base64.b64decode(capsule["ephemeral_key_material"], validate=True)
    return private_key(name).exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), ephemeral))


def rsa_capsule(name):
    key, secret = public_key(name), bytes(range(32))
    capsule = {
        "recipient_id": text(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)),
        "ephemeral_key_material": text(key.encrypt(secret, OAEP)),
        "capsule_type": "rsa",
    }
    return capsule, secret


def rsa_secret(capsule, name):
    return private_key(name).decrypt(base64.b64decode(capsule["ephemeral_key_material"], validate=True), OAEP)


def post(capsule, **more):
    kind = "data" if isinstance(capsule, (bytes, str)) else "json"
    return requests.post(f"{SENDERS}/key-capsules", verify=SERVER, timeout=10, **{kind: capsule}, **more)


def get(path, name=None):
    proof = name and (str(PEOPLE / f"{name}.pem"), str(PEOPLE / f"{name}-key.pem"))
    return requests.get(f"{RECIPIENTS}{path}", verify=SERVER, cert=proof, timeout=10)


def moment(answer):
    return datetime.datetime.fromisoformat(answer.headers["x-expiry-time"].replace("Z", "+00:00"))


def check(right, what):
    if not right:
        sys.exit(f"FAILED: {what}")


def delivered(capsule, **more):
    answer = post(capsule, **more)
    check(answer.status_code == 201 and not answer.content, f"post: {answer.status_code} {answer.text}")
    check(re.fullmatch(r"/key-capsules/[A-Za-z0-9-]{18,34}", answer.headers["location"]), answer.headers)
    return answer


def a_capsule_comes_back_to_whom_it_is_for():
    for make, secret_of, name in [(ec_capsule, ec_secret, "mari"), (rsa_capsule, rsa_secret, "tiina")]:
        capsule, secret = make(name)
        posted = delivered(capsule)
        fetched = get(posted.headers["location"], name)
        check(fetched.status_code == 200 and fetched.json() == capsule, f"get: {fetched.status_code} {fetched.text}")
        check(fetched.headers["content-type"] == "application/json", fetched.headers)
        check(moment(fetched) == moment(posted), "the server changed its mind about the expiry")
        check(secret_of(fetched.json(), name) == secret, "another secret came out")


def it_is_kept_as_long_as_was_asked_for():
    wanted = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=30)
    header = {"x-expiry-time": wanted.isoformat().replace("+00:00", "Z")}
    check(moment(delivered(ec_capsule("mari")[0], headers=header)) == wanted, "another expiry")
    header = {"x-expiry-time": "2200-01-01T00:00:00Z"}
    adjusted = delivered(ec_capsule("mari")[0], headers=header)
    check(adjusted.headers["x-expiry-time-adjusted"] == "true" and moment(adjusted).year < 2200, adjusted.headers)


def nobody_else_gets_it():
    path = delivered(ec_capsule("mari")[0]).headers["location"]
    unknown = "/key-capsules/KC" + "0" * 32
    answers = {(a.status_code, a.content) for a in (get(path, "jaan"), get(path, "tiina"), get(unknown, "mari"))}
    check(answers == {(404, b"")}, f"another's and unknown ones are told apart: {answers}")
    for name in (None, "stranger"):
        try:
            answer = get(path, name)
        except requests.exceptions.ConnectionError:
            continue
        check(False, f"{name} is let in: {answer.status_code}")


def what_is_no_capsule_is_refused():
    capsule, _ = ec_capsule("mari")
    off_the_curve = base64.b64decode(capsule["ephemeral_key_material"])[:-1] + b"\0"
    wrong = {
        "not JSON": "{",
        "nothing": "",
        "a list": [capsule],
        "a member too many": capsule | {"more": 1},
        "a member too few": {k: v for k, v in capsule.items() if k != "recipient_id"},
        "another type": capsule | {"capsule_type": "rsa"},
        "an unknown type": capsule | {"capsule_type": "ecc_secp192r1"},
        "a point beside the curve": capsule | {"ephemeral_key_material": text(off_the_curve)},
        "no base64": capsule | {"recipient_id": "%" + capsule["recipient_id"][1:]},
    }
    json = {"content-type": "application/json"}
    for what, body in wrong.items():
        answer = post(body, headers=json)
        check(answer.status_code == 400, f"{what}: {answer.status_code}")
    for when in ("2001-01-01T00:00:00Z", "tomorrow"):
        answer = post(capsule, headers={"x-expiry-time": when})
        check(answer.status_code == 400, f"expiry {when}: {answer.status_code}")
    answer = get("/key-capsules/short", "mari")
    check(answer.status_code == 400, f"an id that is too short: {answer.status_code}")


a_capsule_comes_back_to_whom_it_is_for()
it_is_kept_as_long_as_was_asked_for()
nobody_else_gets_it()
what_is_no_capsule_is_refused()
print("capsules are exchanged with requests as with Kapsel")
