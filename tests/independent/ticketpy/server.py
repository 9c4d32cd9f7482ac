"""Gives capsules for tickets: `server.py`, with JSON in the first line of its standard input; it writes its port in a line of its output, and
ends when its input does."""

from __future__ import annotations

import json
import os
import sys

from common import https, jws

from . import protocol


class Handler(https.Handler):
    def do_POST(self) -> None:
        self.body()
        path, _, end = self.path.removeprefix("/key-capsules/").partition("/")
        if end != "nonce":
            return self.answer(404)
        nonce = self.server.tag + os.urandom(16)
        self.server.nonces[nonce] = path
        self.answer(200, json.dumps({"nonce": jws.b64u(nonce)}).encode())

    def do_GET(self) -> None:
        id = self.path.removeprefix("/key-capsules/")
        try:
            _, nonce = protocol.verify(self.headers["x-cdoc2-auth-ticket"], id, self.server.tag)
        except (ValueError, TypeError, KeyError) as error:
            print(error, file=sys.stderr)
            return self.answer(401)
        if self.server.nonces.pop(nonce, None) != id or id not in self.server.capsules:
            return self.answer(404)
        self.answer(200, self.server.capsules[id].encode())


def main() -> None:
    task = json.loads(sys.stdin.readline())
    server = https.listening(Handler)
    server.tag = protocol.tag(task["id"], f"https://localhost:{server.server_address[1]}")
    server.nonces, server.capsules = {}, task["capsules"]
    https.serve(server, task)


if __name__ == "__main__":
    main()
