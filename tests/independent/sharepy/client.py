"""Leaves a share on each server and fetches all of them by one signature: `client.py` with JSON in its standard input, and a JSON list of what
each server answered in its output. With `library`, the token is made by the SD-JWT library."""

from __future__ import annotations

import json
import re
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import sdjwt
from common.https import ask
from common.jws import algorithm

from . import protocol

TOKEN_HEADERS = ["x-cdoc2-auth-ticket", "x-cdoc2-auth-token"]


def left(server: dict) -> str:
    """The path of what was left there."""
    answer = ask(server, "POST", "/key-shares", {"Content-Type": "application/json"}, server["share"])
    assert (answer.status, answer.text) == (201, ""), (answer.status, answer.text)
    path = answer.headers["Location"]
    assert re.fullmatch(r"/key-shares/[0-9a-f]{32}", path), path
    return path


def nonce(server: dict, path: str) -> str:
    answer = ask(server, "POST", f"{path}/nonce", {})
    assert answer.status == 200, answer.status
    body = json.loads(answer.text)
    assert list(body) == ["nonce"] and re.fullmatch(r"[\w-]{22}", body["nonce"], re.ASCII), body
    return body["nonce"]


def main() -> None:
    task = json.load(sys.stdin)
    certificate = x509.load_pem_x509_certificate(task["certificate"].encode())
    key = load_pem_private_key(task["key"].encode(), None)
    issuer, servers = protocol.person(certificate), task["servers"]
    paths = [left(server) for server in servers]
    addresses = [f"{server['url'].rstrip('/')}{path}?nonce={nonce(server, path)}" for server, path in zip(servers, paths)]
    if task["library"]:
        presentations = sdjwt.issue({"issuer": issuer, "urls": addresses, "key": task["key"], "algorithm": algorithm(key.public_key())})
    else:
        presentations = protocol.issue(key, issuer, addresses)

    def fetch(position: int, presentation: str):
        form = position % 2
        headers = {TOKEN_HEADERS[form]: presentation, "x-cdoc2-auth-x5c": protocol.certificate_headers(certificate)[form]}
        return ask(servers[position], "GET", paths[position], headers)

    answers = []
    for position in range(len(servers)):
        # What one server was shown is nothing at the next, and uses nothing up there.
        relayed = fetch(position, presentations[position - 1])
        first, again = (fetch(position, presentations[position]) for _ in range(2))
        answers.append({"relayed": relayed.status, "status": first.status, "body": first.text, "again": again.status})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
