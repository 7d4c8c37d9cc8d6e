"""No text that someone may type gives a traceback: sound files, mutilated, are read or refused, and every finding has a
place in its file."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.cli import main

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    path: (ROOT / path).read_text(encoding="utf-8")
    for path in (
        "aggregator.yml",
        "macros/delays.sql",
        "models/lake/flights.yml",
        "models/staging/flights.sql",
        "models/marts/daily_performance.sql",
        "models/marts/delay_bands.sql",
        "models/marts/cumulative_flights.sql",
    )
}
FRAGMENTS = st.sampled_from(
    [
        *(
            "'",
            '"',
            "`",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "<",
            ">",
            ",",
            ";",
            ":",
            ": ",
            "- ",
            "#",
            "|",
            "&a ",
            "*a",
            "!x ",
        ),
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{% for x in y %}",
            "{% endfor %}",
            "{{ nope }}",
            "---*/",
            "*/",
            "/*",
            "--",
        ),
        *(
            "\t",
            "\n",
            "\r",
            "\r\n",
            "\0",
            "\x0b",
            "\x0c",
            "\x85",
            "\u2028",
            "\ufeff",
            "\U0001f4a5",
            "é",
            "\u0663",
            "\\",
            "\\u",
        ),
        *(
            "@start",
            "@",
            "@@x",
            "?",
            "$1",
            "=",
            "==",
            "*",
            ".",
            "..",
            "...",
            "~",
            "null",
            "NO",
            "010",
            "12:30",
            "1e999",
        ),
        *(
            "SELECT",
            " SELECT 1 AS one ",
            "FROM",
            "WITH x AS (",
            "UNION ALL ",
            "LIMIT 1",
            "GROUP BY 1",
            " AS ",
            "CASE",
            "END",
        ),
        *(
            " OVER (",
            " QUALIFY ",
            "UNNEST(",
            "lake.flights",
            "lake.",
            "x.y.z",
            "DROP TABLE x;",
            "INSERT INTO x ",
            "|> ",
        ),
        *(
            "PIVOT(",
            "TABLESAMPLE ",
            "STRUCT<",
            "ARRAY<",
            "CAST(",
            "INTERVAL ",
            "DATE '",
            "r'",
            "b'",
            "'''",
            '"""',
            "0x",
        ),
    ]
)


@st.composite
def mutilated(draw: st.DrawFn, text: str) -> str:
    """A text after a few accidents."""
    for _ in range(draw(st.integers(1, 3))):
        lines = text.split("\n")
        line = draw(st.integers(0, len(lines) - 1))
        at = draw(st.integers(0, len(text)))
        match draw(
            st.sampled_from(["drop line", "repeat line", "swap", "insert", "insert", "cut", "letter", "end", "nest"])
        ):
            case "drop line":
                text = "\n".join(lines[:line] + lines[line + 1 :])
            case "repeat line":
                text = "\n".join(lines[: line + 1] + lines[line:])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[line], lines[other] = lines[other], lines[line]
                text = "\n".join(lines)
            case "insert":
                text = text[:at] + draw(FRAGMENTS) + text[at:]
            case "cut":
                text = text[:at] + text[at + draw(st.integers(1, 30)) :]
            case "letter":
                text = text[:at] + draw(st.characters(codec="utf-8")) + text[at + 1 :]
            case "end":
                text = text[:at]
            case _:
                text = text[:at] + draw(FRAGMENTS) * draw(st.sampled_from([3, 40, 300])) + text[at:]
    return text


def findings(root: Path) -> tuple[int, list[dict]]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["lint", "--format", "json", "--project", str(root)])
        assert main(["lint", "--project", str(root)]) == code
    assert "Traceback" not in err.getvalue()
    assert code in (0, 1, 2), err.getvalue()
    return code, json.loads(out.getvalue().partition("\n]\n")[0] + "]") if out.getvalue().startswith("[\n") else []


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_mutilated_files(data: st.DataObject):
    path = data.draw(st.sampled_from(sorted(FILES)))
    files = {**FILES, path: data.draw(mutilated(FILES[path]))}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode("utf-8"))

        code, found = findings(root)

    assert bool(found) == bool(code)
    for each in found:
        lines = files[each["path"]].replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
        assert each["message"]
        assert "\n" not in each["message"]
        assert 1 <= each["line"] <= len(lines)
        assert 1 <= each["column"] <= len(lines[each["line"] - 1]) + 1
        assert (each["end_line"], each["end_column"]) > (each["line"], each["column"])
        assert each["end_line"] <= len(lines)


@pytest.mark.parametrize("path", sorted(FILES))
def test_the_files_are_sound(path, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert findings(tmp_path) == (0, [])
