"""Those who listen on the loopback: for datagrams, for requests over HTTP, for mail."""

from __future__ import annotations

import contextlib
import email.policy
import json
import socket
import socketserver
import ssl
import threading
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
    """A mail server that keeps what is handed in.

    With a certificate, it speaks TLS from the first byte on, or when it is asked to (``starttls``). ``refuses`` is what
    it says to whomever mail is for.
    """

    def __init__(self, certificate: str = "", *, starttls: bool = False, refuses: str = "") -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []
        self.refuses = refuses
        self.starttls = starttls
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server = _MailServer(("127.0.0.1", 0), _Conversation)
        self._server.mailbox = self
        self.port = self._server.server_address[1]
        if certificate:
            self.tls.load_cert_chain(certificate)
            if not starttls:
                self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    mailbox: Mailbox

    def handle_error(self, *args):
        """A client that does not trust the certificate leaves; that is what is tested."""


class _Conversation(socketserver.StreamRequestHandler):
    """SMTP, as far as Python's client speaks it."""

    server: _MailServer

    def handle(self):
        self.say("220 ready")
        while line := self.rfile.readline():
            word, *words = line.decode().split() or [""]
            getattr(self, f"on_{word.lower()}", self.on_other)(*words)

    def on_ehlo(self, *_words):
        upgrade = "250-STARTTLS\r\n" if self.server.mailbox.starttls else ""
        self.say(f"250-loopback\r\n{upgrade}250 AUTH PLAIN")

    def on_starttls(self):
        self.say("220 go on")
        self.request = self.server.mailbox.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def on_auth(self, _how, login):
        self.server.mailbox.logins.append(login)
        self.say("235 welcome")

    def on_rcpt(self, *_words):
        self.say(self.server.mailbox.refuses or "250 fine")

    def on_data(self):
        self.say("354 go on")
        lines = list(iter(self.rfile.readline, b".\r\n"))
        parser = BytesParser(EmailMessage, policy=email.policy.default)
        self.server.mailbox.mails.append(parser.parsebytes(b"".join(lines)))
        self.say("250 taken")

    def on_quit(self):
        self.say("221 bye")

    def on_other(self, *_words):
        self.say("250 fine")

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


def unused_address() -> str:
    """Where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
