"""Gives capsules for tickets: `server.py`, with JSON in the first line of its standard input; it writes its port in a line of its output, and
ends when its input does."""

from __future__ import annotations

import json
import os
import ssl
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import protocol


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, end = self.path.removeprefix("/key-capsules/").partition("/")
        if end != "nonce":
            return self.answer(404)
        nonce = self.server.tag + os.urandom(16)
        self.server.nonces[nonce] = path
        self.answer(200, json.dumps({"nonce": protocol.b64u(nonce)}).encode())

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

    def log_message(self, *_) -> None:
        pass


def main() -> None:
    task = json.loads(sys.stdin.readline())
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    server.tag = protocol.tag(task["id"], f"https://localhost:{port}")
    server.nonces, server.capsules = {}, task["capsules"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as both:
        both.write(task["key"] + task["certificate"])
        both.flush()
        context.load_cert_chain(both.name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
