"""A webhook of Slack, or of what understands the same: Mattermost, Rocket.Chat, Google Chat."""

from __future__ import annotations

import json
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from aggregator.monitoring.protocol import NotDeliveredError

SECONDS = 10
"""How long it may take to answer."""


def post(url: str, text: str) -> None:
    """Post a text. Raises :class:`NotDeliveredError`, which does not name the address: that is a secret."""
    if not url.startswith(("https://", "http://")):
        raise NotDeliveredError("its address does not begin with https://")
    body = json.dumps({"text": escaped(text)}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  (looked at above)
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            answer.read()
    except HTTPError as error:
        raise NotDeliveredError(f"it answered {error.code} {error.reason}") from None
    except URLError as error:
        raise NotDeliveredError(f"it can't be reached: {error.reason}") from None
    except (OSError, ValueError) as error:
        raise NotDeliveredError(f"it can't be reached: {type(error).__name__}") from None


def escaped(text: str) -> str:
    """A text in which Slack sees no links, and calls nobody: not by what a warehouse or a row happens to say."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
