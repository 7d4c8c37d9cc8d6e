"""Findings as GitHub's workflow commands, which it shows beside the line of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Diagnostic


def workflow_command(found: Diagnostic, folder: str = "") -> str:
    """One finding as one line: ``::error file=…,line=…,title=…::message``.

    ``folder`` is where the project lies in its repository, empty or ending in ``/``: GitHub counts paths from there.
    """
    place = found.place
    properties: dict[str, str | int] = {"file": f"{folder}{place.path}", "line": place.line}
    if place.line == place.end_line:  # GitHub drops a comment whose columns are on different lines
        properties |= {"col": place.column, "endColumn": place.end_column}
    else:
        properties |= {"endLine": place.end_line}
    properties["title"] = f"{found.code.id} {found.code.name}"
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    related = (f"{each.place.path}:{each.place.line}: {each.message}" for each in found.related)
    text = "\n".join(filter(None, (found.message, *related, found.help)))
    return f"::{found.code.severity} {listed}::{_message(text)}"


def _message(text: str) -> str:
    """Text without what would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Text without what would end a property."""
    return _message(text).replace(":", "%3A").replace(",", "%2C")
