"""Texts that are not on disk yet, loaded as if they were."""

from __future__ import annotations

import pytest

from aggregator.load import load_project


def test_what_is_unsaved_stands_for_the_file(make_project):
    root = make_project({"models/a/b.sql": "/*---\ndescription: x\nowner: x\n---*/\nSELECT 1 AS one\n"})
    new = "/*---\r\ndescription: New.\r\nowner: x\r\n---*/\r\nSELECT 2 AS two\r\n"

    loaded = load_project(root, unsaved={root / "models/a/b.sql": new, root / "models/a/.hidden.sql": "x"})

    assert loaded.diagnostics == ()
    assert loaded.project is not None
    (model,) = loaded.project.models.values()
    assert (model.description, model.sql) == ("New.", "\nSELECT 2 AS two\n")


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("models/a/new.sql", "SELECT 1", "A108"),
        ("models/a/new.yml", "source: [", "A102"),
        ("macros/new.sql", " ", "A109"),
        ("models/new.sql", "SELECT 1", "A110"),
        ("models/a/new.sql", "-- \ud83c half of an emoji", "A109"),
    ],
    ids=["a model", "a source", "an empty macro", "a bad name", "what is no text"],
)
def test_files_that_were_never_saved(path, text, code, make_project):
    root = make_project({})

    assert [each.code.id for each in load_project(root, unsaved={root / path: text}).diagnostics] == [code]
    assert [each.name for each in root.iterdir()] == ["aggregator.yml"]
