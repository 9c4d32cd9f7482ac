"""Fetches capsules: `client.py` with JSON in its standard input, and a JSON list of what each server answered in its output."""

from __future__ import annotations

import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from . import protocol


def ask(server: dict, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    context = ssl.create_default_context(cadata=server["certificate"])
    parts = urlsplit(server["url"])
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def main() -> None:
    task = json.load(sys.stdin)
    key = load_pem_private_key(task["key"].encode(), None)
    certificate = x509.load_pem_x509_certificate(task["certificate"].encode())
    nonces = {}
    for server in task["servers"]:
        status, body = ask(server, "POST", f"/key-capsules/{server['transaction']}/nonce", {})
        assert status == 200, status
        nonce = protocol.unb64u(json.loads(body)["nonce"])
        assert nonce[:16] == protocol.tag(server["id"], server["url"]), "another server's nonce"
        nonces[server["transaction"]] = nonce
    masked = {id: protocol.mask(nonce) for id, nonce in nonces.items()}
    header, message = protocol.signing_input(key.public_key(), masked)
    value = f"{header}..{protocol.b64u(protocol.sign(key, message))}"
    answers = []
    for server in task["servers"]:
        ticket = protocol.ticket(server["transaction"], nonces, value, certificate)
        path = f"/key-capsules/{server['transaction']}"
        status, body = ask(server, "GET", path, {"x-cdoc2-auth-ticket": ticket})
        again, _ = ask(server, "GET", path, {"x-cdoc2-auth-ticket": ticket})
        answers.append({"status": status, "body": body.decode(), "again": again})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
