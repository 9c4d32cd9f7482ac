"""Takes shares, and gives them for tokens: `server.py`, with JSON in the first line of its standard input; it writes its port in a line of its
output, and ends when its input does. `persons` are the certificates that count. The SD-JWT library must agree with each token that is taken."""

from __future__ import annotations

import base64
import json
import os
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import sdjwt
from common import https, jws

from . import protocol

# Seconds for which a nonce counts.
COUNTS = 300


class Handler(https.Handler):
    def do_POST(self) -> None:
        body = self.body()
        if self.path == "/key-shares":
            return self.take(body)
        id, _, end = self.path.removeprefix("/key-shares/").partition("/")
        if end != "nonce" or id not in self.server.shares:
            return self.answer(404)
        nonce = jws.b64u(os.urandom(16))
        self.server.nonces[nonce] = (id, time.monotonic())
        self.answer(200, json.dumps({"nonce": nonce}).encode())

    def take(self, body: bytes) -> None:
        try:
            share = json.loads(body)
            is_one = set(share) == {"share", "recipient"} and 32 <= len(base64.b64decode(share["share"], validate=True)) <= 128
            is_one = is_one and 12 <= len(share["recipient"]) <= 32 and share["recipient"].startswith("etsi/")
        except (ValueError, TypeError):
            is_one = False
        if not is_one:
            return self.answer(400)
        id = os.urandom(16).hex()
        self.server.shares[id] = (share["recipient"], body)
        self.answer(201, headers={"Location": f"/key-shares/{id}"})

    def do_GET(self) -> None:
        id = self.path.removeprefix("/key-shares/")
        token = self.headers["x-cdoc2-auth-ticket"] or self.headers["x-cdoc2-auth-token"] or ""
        try:
            person, nonce = self.believed(token, id)
        except protocol.Malformed as error:
            print(error, file=sys.stderr)
            return self.answer(400)
        except (ValueError, x509.ExtensionNotFound) as error:
            print(error, file=sys.stderr)
            return self.answer(401)
        asked, given = self.server.nonces.pop(nonce, (None, 0))
        recipient, body = self.server.shares.get(id, (None, b""))
        if asked != id or time.monotonic() - given > COUNTS or recipient != person:
            return self.answer(404)
        self.answer(200, body)

    def believed(self, token: str, id: str) -> tuple[str, str]:
        certificate, person, nonce = protocol.verify(token, self.headers["x-cdoc2-auth-x5c"] or "", id, self.server.base_url)
        if certificate not in self.server.persons:
            raise protocol.Refused("nobody vouches for the certificate")
        key = certificate.public_key()
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        disclosed = sdjwt.verify({"presentation": token, "key": pem, "algorithm": jws.algorithm(key)})
        if disclosed != {"iss": person, "aud": [protocol.address(self.server.base_url, id, nonce)]}:
            raise protocol.Refused(f"the library reads {disclosed}")
        return person, nonce


def main() -> None:
    task = json.loads(sys.stdin.readline())
    server = https.listening(Handler)
    server.base_url = f"https://localhost:{server.server_address[1]}"
    server.persons = [x509.load_pem_x509_certificate(pem.encode()) for pem in task["persons"]]
    server.shares, server.nonces = {}, {}
    https.serve(server, task)


if __name__ == "__main__":
    main()
