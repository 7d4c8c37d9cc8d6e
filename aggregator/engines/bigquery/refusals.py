"""What goes wrong between us and BigQuery: what may go well the next time, what will not, and what to say of it."""

from __future__ import annotations

import functools
from typing import Any

_TRANSIENT_REASONS = frozenset({"rateLimitExceeded", "jobRateLimitExceeded", "backendError", "internalError"})
_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_FINAL_REASONS = frozenset({"quotaExceeded", "notImplemented"})
"""What is no better a minute later, whatever the status says."""


class Refused(Exception):  # noqa: N818  (an answer, not a breakdown)
    """BigQuery answered that a question can't be answered; asking again would not help."""

    def __init__(self, message: str, reason: str, status: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


def is_transient(error: BaseException) -> bool:
    """Whether the same request may well succeed in a moment."""
    if not isinstance(error, Exception):
        return False
    reason, status = _reason(error), getattr(error, "code", None)
    if isinstance(status, int):
        return reason in _TRANSIENT_REASONS or (status in _TRANSIENT_STATUS and reason not in _FINAL_REASONS)
    broken, final = _breakdowns()
    return isinstance(error, broken) and not isinstance(error, final)


@functools.cache
def _breakdowns() -> tuple[tuple[type[Exception], ...], tuple[type[Exception], ...]]:
    """How a request breaks down without an answer of BigQuery's own, and those ways that stay as they are."""
    from google.auth.exceptions import TransportError  # noqa: PLC0415  (heavy; only when used)
    from requests import exceptions  # noqa: PLC0415

    garbled = (exceptions.ChunkedEncodingError, exceptions.JSONDecodeError, exceptions.ContentDecodingError)
    return (ConnectionError, TimeoutError, exceptions.ConnectionError, exceptions.Timeout, TransportError, *garbled), (
        exceptions.SSLError,
    )


def advice_on_credentials(error: Exception) -> str:
    """What to do, if credentials are the matter."""
    from google.auth.exceptions import GoogleAuthError, TransportError  # noqa: PLC0415  (heavy; only when used)

    if not isinstance(error, GoogleAuthError) or isinstance(error, TransportError):
        return ""
    return "run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file"


def refusal(error: Any) -> Refused:
    """BigQuery's own words, without the address that was asked."""
    first = error.errors[0] if error.errors and isinstance(error.errors[0], dict) else {}
    return Refused(str(first.get("message") or error.message), _reason(error), int(error.code or 0))


def _reason(error: Any) -> str:
    first = (getattr(error, "errors", None) or [None])[0]
    return str(first.get("reason", "")) if isinstance(first, dict) else ""


def said(error: BaseException | None) -> str:
    """An error in one line that is short enough to read; of a failed connection, what it failed of."""
    cause = error.args[0] if error is not None and error.args else None
    error = getattr(cause, "reason", None) or error
    text = " ".join(str(getattr(error, "message", None) or error or "no answer").split())
    return text if len(text) <= 200 else f"{text[:197]}..."  # noqa: PLR2004
