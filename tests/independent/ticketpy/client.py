"""Fetches capsules: `client.py` with JSON in its standard input, and a JSON list of what each server answered in its output."""

from __future__ import annotations

import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from common import jws
from common.https import ask

from . import protocol


def main() -> None:
    task = json.load(sys.stdin)
    key = load_pem_private_key(task["key"].encode(), None)
    certificate = x509.load_pem_x509_certificate(task["certificate"].encode())
    nonces = {}
    for server in task["servers"]:
        answer = ask(server, "POST", f"/key-capsules/{server['transaction']}/nonce", {})
        assert answer.status == 200, answer.status
        nonce = jws.unb64u(json.loads(answer.text)["nonce"])
        assert nonce[:16] == protocol.tag(server["id"], server["url"]), "another server's nonce"
        nonces[server["transaction"]] = nonce
    masked = {id: protocol.mask(nonce) for id, nonce in nonces.items()}
    header, message = protocol.signing_input(key.public_key(), masked)
    value = f"{header}..{jws.b64u(jws.sign(key, message))}"
    answers = []
    for server in task["servers"]:
        ticket = protocol.ticket(server["transaction"], nonces, value, certificate)
        path = f"/key-capsules/{server['transaction']}"
        first, again = (ask(server, "GET", path, {"x-cdoc2-auth-ticket": ticket}) for _ in range(2))
        answers.append({"status": first.status, "body": first.text, "again": again.status})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
