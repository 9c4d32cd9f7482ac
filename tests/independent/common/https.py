"""Requests to a server whose certificate is known, and a server that runs until its standard input ends."""

from __future__ import annotations

import http.client
import ssl
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


def ask(server: dict, method: str, path: str, headers: dict[str, str], body: str | None = None) -> http.client.HTTPResponse:
    """What `server` (`url`, `certificate`) answers."""
    context = ssl.create_default_context(cadata=server["certificate"])
    parts = urlsplit(server["url"])
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


def listening(handler: type[Handler]) -> ThreadingHTTPServer:
    """Bound to a port, and not serving yet."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    return server


def serve(server: ThreadingHTTPServer, task: dict) -> None:
    """Serves with the certificate of the task, writes the port in a line of standard output, and ends when the input does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as both:
        both.write(task["key"] + task["certificate"])
        both.flush()
        context.load_cert_chain(both.name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
