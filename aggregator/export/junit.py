"""Results of tests as JUnit XML, which CI systems show."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclasses.dataclass(frozen=True)
class TestResult:
    """One test: where it belongs to, its name and file, how long it took, and what is wrong, if anything."""

    group: str
    name: str
    file: str
    seconds: float
    failure: str = ""


def junit(results: Sequence[TestResult]) -> str:
    """An XML document with one suite per group."""
    root = ET.Element("testsuites")
    for group in dict.fromkeys(each.group for each in results):
        mine = [each for each in results if each.group == group]
        failures = sum(bool(each.failure) for each in mine)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=group,
            tests=str(len(mine)),
            failures=str(failures),
            errors="0",
            time=f"{sum(each.seconds for each in mine):.3f}",
        )
        for each in mine:
            case = ET.SubElement(
                suite, "testcase", classname=group, name=each.name, file=each.file, time=f"{each.seconds:.3f}"
            )
            if each.failure:
                text = _NOT_XML.sub("�", each.failure)
                ET.SubElement(case, "failure", message=text.partition("\n")[0]).text = text
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
