"""DogStatsD: metrics as lines of text in UDP datagrams, which nobody answers.

The protocol: https://docs.datadoghq.com/developers/dogstatsd/datagram_shell. What tags may be:
https://docs.datadoghq.com/getting_started/tagging.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping

from aggregator.core.monitoring import CONVENTIONAL
from aggregator.monitoring.metrics import Kind, Measurement

MOST_BYTES = 1432
"""A datagram of this size is not cut up on its way through an Ethernet."""

_MOST_LETTERS = 200
_TYPES = {Kind.COUNT: "c", Kind.GAUGE: "g", Kind.DISTRIBUTION: "d"}
_HOST, _PORT = "127.0.0.1", "8125"


class DogStatsD:
    """A listener at a host and a port. Raises OSError when it is made and while it is sent to."""

    def __init__(self, address: str, environ: Mapping[str, str] = os.environ) -> None:
        host, port = _place(address, environ)
        self.name = f"DogStatsD at {host}:{port}"
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        # An agent listens on IPv4; what `localhost` is first may be the other one.
        family, _, _, _, target = min(found, key=lambda each: each[0] is not socket.AF_INET)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._socket.connect(target)  # so that the system tells when nobody listens

    def send(self, measurements: Iterable[Measurement]) -> None:
        """Send all of them; what the system has no room for is lost. Raises the first error when all were tried."""
        failure: OSError | None = None
        for datagram in datagrams(map(line, measurements)):
            try:
                self._socket.send(datagram)
            except BlockingIOError:
                continue
            except OSError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Give the socket back. Nothing waits to be sent."""
        self._socket.close()


def line(measurement: Measurement) -> str:
    """One value: ``agg.partition.rows:7|c|#env:prod,model:marts.sums``."""
    metric = measurement.metric
    tags = ",".join(f"{key}:{tag_value(value)}" for key, value in sorted(measurement.tags.items()))
    return f"{metric.name}:{_number(measurement.value)}|{_TYPES[metric.kind]}|#{tags}"


def _number(value: float) -> str:
    """Digits and a point, without an exponent."""
    return str(int(value)) if value == int(value) else f"{value:.9f}".rstrip("0").rstrip(".")


def datagrams(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines put together, as many as go into a datagram."""
    held: list[bytes] = []
    for each in lines:
        text = each.encode()
        if held and sum(map(len, held)) + len(held) + len(text) > MOST_BYTES:
            yield b"\n".join(held)
            held = []
        held.append(text)
    if held:
        yield b"\n".join(held)


def tag_value(text: str) -> str:
    """A value as Datadog keeps it, so that those who ask for it there can say it as it is."""
    return re.sub(r"[^a-z0-9_\-:./]", "_", text.lower())[:_MOST_LETTERS]


def _place(address: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Host and port; by convention, those of the agent."""
    if address == CONVENTIONAL:
        return environ.get("DD_AGENT_HOST") or _HOST, environ.get("DD_DOGSTATSD_PORT") or _PORT
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port
