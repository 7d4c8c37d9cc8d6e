"""The published schemas: as the loader reads, for whatever a file may hold."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from aggregator.core.diagnostics import Document
from aggregator.export.json_schema import FORMATS, json_schema, schema_of
from aggregator.load import load_project
from aggregator.load.keys import KEYS
from aggregator.load.report import Report
from aggregator.load.shapes import Field, ListOf, MapOf, OneAtLeast, Record
from aggregator.load.yaml_nodes import Mapping, Scalar, Sequence
from aggregator.load.yaml_reader import read_yaml

ROOT = Path(__file__).resolve().parents[2]
VALIDATORS = {name: Draft202012Validator(json_schema(name)) for name in FORMATS}
WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def as_json(node):
    """A node as editors have it."""
    if isinstance(node, Mapping):
        return {key.text: as_json(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [as_json(item) for item in node.items]
    return scalar(node.text) if isinstance(node, Scalar) and node.plain else getattr(node, "text", "")


def scalar(text):
    """YAML 1.2's core schema."""
    if text.lower() in WORDS and text in {text.lower(), text.upper(), text.capitalize()}:
        return WORDS[text.lower()]
    if re.fullmatch(r"[-+]?[0-9]+", text) and len(text) < 4000:
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def judge(name: str, text: str) -> tuple[bool, list[str]]:
    """Whether the loader takes a text, and what the schema says against it."""
    document = Document("file", text)
    root, problems = read_yaml(document, 0, len(text))
    report = Report()
    FORMATS[name].read(root or Mapping((), document.place(0)), report)
    found = [*problems, *report.diagnostics, *(environment_problems(text) if name == "project" else ())]
    said = [] if root is None else [error.message for error in VALIDATORS[name].iter_errors(as_json(root))]
    return not found, said


def environment_problems(text):
    """What is looked at once all of ``aggregator.yml`` is read."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "aggregator.yml").write_text(text, encoding="utf-8")
        return load_project(Path(folder)).diagnostics


def front_matter(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("/*---")[2].partition("---*/")[0]


def committed() -> dict[str, tuple[str, str]]:
    """Every file of the demo, of the starter and of the golden cases, with its format."""
    found = {}
    roots = [ROOT, ROOT / "aggregator" / "starter", *sorted(ROOT.glob("tests/golden/*/*/project"))]
    for root in roots:
        paths = [*root.glob("aggregator.yml"), *root.glob("models/*/*.yml"), *root.glob("models/*/*.sql")]
        tests = {path.relative_to(ROOT).as_posix(): path for path in root.glob("tests/models/*/*/*.yml")}
        found |= {name: ("test", path.read_text(encoding="utf-8")) for name, path in tests.items()}
        for path in paths:
            name = "project" if path.name == "aggregator.yml" else {".yml": "source", ".sql": "model"}[path.suffix]
            try:
                text = front_matter(path) if name == "model" else path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            name = "rollup" if name == "source" and "\nrollup:" in text else name
            found[path.relative_to(ROOT).as_posix()] = (name, text)
    return found


COMMITTED = committed()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_published_is_current(name, request):
    file = ROOT / "docs" / "schemas" / f"{name}.json"
    current = json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"
    if request.config.getoption("--update"):
        file.write_text(current, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == current


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_a_schema(name):
    Draft202012Validator.check_schema(json_schema(name))


def records(shape):
    """Every record that a shape reaches."""
    if isinstance(shape, OneAtLeast):
        yield from records(shape.record)
    elif isinstance(shape, Record):
        yield shape
        for field in shape.fields.values():
            yield from records(field.shape)
    elif isinstance(shape, (ListOf, MapOf)):
        yield from records(getattr(shape, "item", None) or shape.value)


def test_every_key_is_described():
    reached = {record.what: record for shape in FORMATS.values() for record in records(shape)}

    assert {what: set(KEYS[what]) for what in reached} == {what: set(found.fields) for what, found in reached.items()}
    assert all(key.about.endswith(".") for keys in KEYS.values() for key in keys.values())


def examples(schema):
    """Every example with the schema that it belongs to."""
    if isinstance(schema, dict):
        yield from ((schema, example) for example in schema.get("examples", ()) if isinstance(schema["examples"], list))
        for each in schema.values():
            yield from examples(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from examples(each)


@pytest.mark.parametrize("name", FORMATS)
def test_examples_fit(name):
    found = list(examples(json_schema(name)))

    assert len(found) > 5
    assert [example for schema, example in found if not Draft202012Validator(schema).is_valid(example)] == []


def test_what_the_loader_accepts_fits_the_schema():
    judged = {path: judge(*each) for path, each in COMMITTED.items()}
    accepted = {path: said for path, (is_accepted, said) in judged.items() if is_accepted}

    assert len(accepted) > 200
    assert {path: said for path, said in accepted.items() if said} == {}


def test_what_does_not_fit_is_refused_by_the_loader():
    judged = {path: judge(*each) for path, each in COMMITTED.items()}
    refused = [path for path, (is_accepted, said) in judged.items() if said and not is_accepted]

    assert len(refused) > 15


NEW = {
    "model": "description: x\nowner: x\n",
    "source": "source:\n  description: x\n  owner: x\n  columns: {a: INT64}\n",
    "test": "interval: {from: 2013-01-01, to: 2013-01-02}\nexpect: []\n",
    "project": "project: x\nenvironments: {local: {engine: duckdb, path: x}}\ndefault_environment: local\n",
}
WRONG = [
    ("model", "descripton: x\n", "a misspelt key"),
    ("model", "kind: tabel\n", "a word of another list"),
    ("model", "partition: {by: a, grain: decade, from: 2013-01-01}\n", "a grain that there is not"),
    ("model", "partition: {by: a, grain: day, from: 2013}\n", "a year for a date"),
    ("model", "partition: {by: a, grain: day, from: 1.1.2013}\n", "a date as in Germany"),
    ("model", "partition: {grain: day, from: 2013-01-01}\n", "a partition by nothing"),
    ("model", "partition: day\n", "a word for a mapping"),
    ("model", "inputs: {a.b: {last: 7 isoweeks}}\n", "ISO weeks"),
    ("model", "inputs: {a.b: {last: 7 days, offset: 1 day}}\n", "two maps at once"),
    ("model", "inputs: {a.b: newest}\n", "a map that there is not"),
    ("model", "checks: [not null]\n", "a check of two words"),
    ("model", "checks: [{not_null: a, key: b}]\n", "two checks in one"),
    ("model", "freshness: {warn_after: 26}\n", "a duration without a unit"),
    ("model", "freshness: {warn_after: 26 weeks}\n", "a duration in weeks"),
    ("model", "budget: {}\n", "a budget of nothing"),
    ("model", "budget: {bytes: 5 GBit}\n", "a size in bits"),
    ("model", "budget: {bytes_per_year: 5 GB}\n", "a budget for a year"),
    ("model", "size: {}\n", "a size of nothing"),
    ("model", "size: {rows: 5 T}\n", "rows by the trillion"),
    ("model", "size: 5 GB\n", "a size that does not say of what"),
    ("model", "columns: {a: {bytes: 5 GB}}\n", "a column with a unit"),
    ("model", "partition: {by: a, grain: day, from: 2013-01-01, require_filter: yes}\n", "a word for true"),
    ("model", "columns: [a]\n", "a list of columns"),
    ("model", "columns: {a-b: x}\n", "a column with a dash"),
    ("model", "key: [a b]\n", "a key with a blank"),
    ("model", "schedule: fortnightly\n", "a schedule that there is not"),
    ("model", "schedule: 0 5 * *\n", "a cron expression of four fields"),
    ("model", "tags: {a: b}\n", "a mapping of tags"),
    ("model", "description: ' '\n", "a description of blanks"),
    ("source", "  partition: {by: a, grain: day}\n", "a source without a beginning"),
    ("source", "  local: {package: x}\n", "a package without a file"),
    ("source", "  kind: view\n", "a key of a model in a source"),
    ("test", "given: [a]\n", "rows of no table"),
    ("test", "given: {a.b: flights.xls}\n", "a spreadsheet"),
    ("test", "given: {a.b: [1, 2]}\n", "rows that are numbers"),
    ("test", "now: yesterday\n", "a word for a moment"),
    ("test", "tolerance: 1%\n", "a tolerance in percent"),
    ("project", "time_zone: the north pole\n", "a zone that there is not"),
    ("project", "version: 1\n", "a key that there is not"),
    ("project", "monitoring: {dogstatsd: true}\n", "monitoring of no environment"),
    ("project", "monitoring: {environments: local, dogstatsd: here}\n", "a host without a port"),
    ("project", "monitoring: {environments: local, webhook: https://x.example.com}\n", "a secret in the file"),
    ("project", "monitoring: {environments: local, runbook: wiki}\n", "a runbook that is no address"),
    ("project", "monitoring: {environments: local, tags: {Team: data}}\n", "a tag in capitals"),
    ("project", "monitoring: {environments: local, email: {host: x, from: x}}\n", "mail from no address"),
    ("project", "monitoring: {environments: local, email: {host: x, from: a@b.c, port: 0}}\n", "a port that is none"),
    ("model", "runbook: wiki\n", "a runbook in a word"),
]


@pytest.mark.parametrize(("name", "line"), [each[:2] for each in WRONG], ids=[each[2] for each in WRONG])
def test_mistakes_that_a_schema_finds(name, line):
    key = line.partition(":")[0]
    text = "".join(each for each in NEW[name].splitlines(keepends=True) if not each.startswith(f"{key}:")) + line

    is_accepted, said = judge(name, text)

    assert not is_accepted
    assert said


@pytest.mark.parametrize(
    ("engine", "needed"), [("duckdb", "path"), ("bigquery", "project")], ids=["duckdb", "bigquery"]
)
def test_what_an_engine_needs(engine, needed):
    text = f"project: x\ndefault_environment: a\nenvironments: {{a: {{engine: {engine}"

    assert any(needed in message for message in judge("project", f"{text}}}}}\n")[1])
    assert judge("project", f"{text}, {needed}: x}}}}\n") == (True, [])


# What only the loader finds; docs/editors.md lists them.
ONLY_THE_LOADER = [
    ("model", "partition: {by: a, grain: day, from: 2013-02-30}\n", "a day that the month lacks"),
    ("model", "partition: {by: a, grain: day, from: 2013-02-01, to: 2013-01-01}\n", "an end before the beginning"),
    ("model", "partition: {by: a, grain: day, from: 2013-02-01, zone: Europe/Bonn}\n", "a city without a zone"),
    ("model", "schedule: 61 5 * * *\n", "a minute beyond the hour"),
    ("model", "columns: {a: x, A: y}\n", "a column twice, in two cases"),
    ("model", "columns: {a: {type: ARRAY<STRNG>}}\n", "a misspelt type within a type"),
    ("model", "checks: {not_null: {bound: 010}}\n", "a value that may mean two things"),
    ("model", 'tags: "a\\x01b"\n', "a control character"),
    ("project", "time_zone: Mars/Crater\n", "a zone of another planet"),
    ("project", "monitoring: {environments: prod}\n", "monitoring of an environment that there is not"),
    ("project", "monitoring: {environments: local, tags: {env: x}}\n", "a tag that metrics have"),
    ("project", "monitoring: {environments: local, email: {host: x, from: a@b.c, user: x}}\n", "half a login"),
    ("project", "monitoring: {environments: local, dogstatsd: 'a:99999'}\n", "a port out of range"),
    ("project", "monitoring: {environments: local, runbook: 'https://x/{m}'}\n", "a placeholder of nothing"),
]


@pytest.mark.parametrize(
    ("name", "line"), [each[:2] for each in ONLY_THE_LOADER], ids=[each[2] for each in ONLY_THE_LOADER]
)
def test_mistakes_that_only_the_loader_finds(name, line):
    assert judge(name, NEW[name] + line) == (False, [])


# --- any values, each under every key ---

SCALARS = [
    "x", "a b", "1", "-1", "0", "1.5", "1e5", "00:30", "2013-01-01", "2013-01-01T05:00", "26h", "26 H", "5 GB",
    "0.5 tIb", "yes", "NO", "' x '", '"1"', "'null'", "daily", "daily UTC", "0 5 * * 1-5",
    "0,30 * * * mon Europe/Berlin", "table", "view", "day", "same", "UTC", "America/New_York", "Etc/GMT+1", "INT64",
    "int", "Numeric( 10 , 2 )",
    "string(5)", "ARRAY<INT64>", "'struct < a int64 , b ARRAY<STRING(3)> >'", "RANGE<DATE>", "ARRAY", "duckdb",
    "bigquery", "{}", "[]",
]  # fmt: skip
KEYS_OF_ALL = sorted(
    {key for keys in KEYS.values() for key in keys} | {"last", "offset", "a", "lake.weather", "not_null"}
)
values = st.recursive(
    st.sampled_from([*SCALARS, "7 days", "1 hour"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(KEYS_OF_ALL), inner, max_size=3).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=150)
def test_whatever_one_key_accepts_fits_its_schema(data):
    """One key at a time: the chance that all keys of a file are right at once is small."""
    fields = [(what, name, field) for what, name, field in FIELDS]
    what, name, field = data.draw(st.sampled_from(fields))
    given_examples = [json.dumps(each) for each in KEYS[what][name].examples]
    text = data.draw(st.sampled_from(given_examples) | values if given_examples else values)
    document = Document("file", text)
    root, problems = read_yaml(document, 0, len(text))
    hypothesis.assume(root is not None and not problems)
    report = Report()
    field.shape.read(root, report)
    hypothesis.assume(not report.diagnostics)

    assert Draft202012Validator(schema_of(field.shape)).is_valid(as_json(root)), (what, name, text)


FIELDS: list[tuple[str, str, Field]] = [
    (record.what, name, field)
    for shape in FORMATS.values()
    for record in records(shape)
    for name, field in record.fields.items()
]


@pytest.mark.parametrize("value", SCALARS)
def test_whatever_scalar_a_key_accepts_fits_its_schema(value):
    root, problems = read_yaml(Document("file", value), 0, len(value))
    assert not problems
    wrong = []
    for what, name, field in FIELDS:
        report = Report()
        field.shape.read(root, report)
        if not report.diagnostics and not Draft202012Validator(schema_of(field.shape)).is_valid(as_json(root)):
            wrong.append((what, name))

    assert wrong == []


def test_a_new_shape_is_not_forgotten():
    class NewShape:
        pass

    with pytest.raises(TypeError, match="NewShape has no JSON schema"):
        schema_of(NewShape())
