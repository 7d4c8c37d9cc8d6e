"""Those who listen on the loopback: for datagrams, for requests over HTTP, for mail."""

from __future__ import annotations

import contextlib
import email.policy
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Datagrams:
    """A UDP socket. What was sent to it on the loopback is there as soon as it was sent."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**22)
        self._socket.setblocking(False)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def received(self) -> list[bytes]:
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self._socket.recv(2**16))
        return found

    def close(self) -> None:
        self._socket.close()


class Requests:
    """A server that keeps what is posted to it: paths, headers and bodies; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.answers = threading.Event()
        self.answers.set()
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mine.posted.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                mine.answers.wait()
                self.send_response(mine.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def texts(self) -> list[str]:
        """What was said to a webhook."""
        return [json.loads(body)["text"] for _, _, body in self.posted]

    def close(self) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()


class Mailbox:
    """A mail server that keeps what is handed in; with a certificate, it speaks TLS from the first byte on."""

    def __init__(self, certificate: str = "", refuses: str = "") -> None:  # noqa: C901  (each command is a branch)
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []
        mine = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("220 ready")
                while line := self.rfile.readline():
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"EHLO":
                        self.say("250-loopback\r\n250 AUTH PLAIN")
                    elif word == b"AUTH":
                        mine.logins.append(line.split()[2].decode())
                        self.say("235 welcome")
                    elif word == b"RCPT" and refuses:
                        self.say(refuses)
                    elif word == b"DATA":
                        self.say("354 go on")
                        lines = []
                        while (part := self.rfile.readline()) != b".\r\n":
                            lines.append(part)
                        mine.mails.append(
                            BytesParser(EmailMessage, policy=email.policy.default).parsebytes(b"".join(lines))
                        )
                        self.say("250 taken")
                    elif word == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 fine")

            def say(self, text):
                self.wfile.write(f"{text}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def closing_all(*some: Datagrams | Requests | Mailbox) -> Iterator[None]:
    try:
        yield
    finally:
        for each in some:
            each.close()


def unused_address() -> str:
    """Where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
