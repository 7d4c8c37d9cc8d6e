"""``export:``: where rows go as files."""

from __future__ import annotations

import re
from typing import ClassVar

from aggregator.core.diagnostics import Word
from aggregator.core.project import ExportDeclaration, FileFormat
from aggregator.load.report import Invalid, Report
from aggregator.load.shapes import Choice, Field, Record
from aggregator.load.yaml_nodes import Node, Scalar

EXAMPLE = "gs://acme-exports/{model}/{partition}/*.parquet"
PLACEHOLDERS = ("model", "dataset", "table", "partition")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_BUCKET = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]/")


class Pattern:
    """Where files go: a bucket, folders, and a name with one star, for the number of a file."""

    BUCKET: ClassVar = _BUCKET

    def read(self, node: Node, report: Report) -> Word | Invalid:
        """The pattern as written."""
        if not isinstance(node, Scalar):
            return report.wrong(node, f"an address such as {EXAMPLE}")
        problem = _problem(node.text)
        return report.wrong(node, f"an address such as {EXAMPLE}", problem) if problem else Word(node.text, node.place)


def _problem(text: str) -> str:
    """What is wrong with a pattern; empty if nothing is."""
    names = _PLACEHOLDER.findall(text)
    unknown = next((name for name in names if name not in PLACEHOLDERS), None)
    name = text.rpartition("/")[2]
    if not _BUCKET.match(text):
        return "begin with gs:// and the name of a bucket"
    if unknown is not None:
        return f"{{{unknown}}} stands for nothing; there are {', '.join(f'{{{each}}}' for each in PLACEHOLDERS)}"
    if re.search(r"[{}\\?\[\]#\s]", _PLACEHOLDER.sub("", text)) or "//" in text.removeprefix("gs://") or "/." in text:
        return "use letters, digits, - and _ in names"
    if text.count("*") != 1 or "*" not in name:
        return "write one * in the name of the file: it stands for the number of a file"
    if not {"model"} & set(names) and not {"dataset", "table"} <= set(names):
        return "write {model} in it, so that no two tables write to one place"
    return "write {partition} in the folder, not in the name of the file" if "{partition}" in name else ""


EXPORT = Record(
    "export",
    {
        "to": Field(Pattern(), required=f"say where: `to: {EXAMPLE}`"),
        "format": Field(Choice(FileFormat), default=FileFormat.PARQUET),
    },
    lambda values, _place: ExportDeclaration(values["to"], values["format"]),
)


class Prefix:
    """A bucket, or a folder in one, that an environment may export to."""

    BUCKET: ClassVar = _BUCKET

    def read(self, node: Node, report: Report) -> str | Invalid:
        """The prefix, which ends in a slash."""
        text = f"{node.text.rstrip('/')}/" if isinstance(node, Scalar) else ""
        if not isinstance(node, Scalar) or not _BUCKET.match(text) or "*" in text or "{" in text:
            return report.wrong(node, "a bucket or a folder in one, such as gs://acme-exports")
        return text
