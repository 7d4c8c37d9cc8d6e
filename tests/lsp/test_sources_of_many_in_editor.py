"""A source that stands for many tables, in an editor."""

from __future__ import annotations

import pytest
from editor_client import FILES, at_cursor

EVENTS = """
    source:
      description: What visitors did.
      owner: ops@example.com
      columns: {event_name: STRING}
      shards: {from: 2024-01-01}
    """
HEAD = "/*---\ndescription: Events.\nowner: ops@example.com\nkey: [event_name]\n---*/\n"


@pytest.mark.parametrize(
    ("sql", "label", "text"),
    [
        pytest.param("SELECT 1 AS x FROM ┃", "lake.events_*", "`lake.events_*`", id="its name needs backticks"),
        pytest.param("SELECT e.┃ FROM `lake.events_*` AS e", "event_name", "event_name", id="its columns"),
    ],
)
def test_what_is_suggested(editor, make_project, sql, label, text):
    path = make_project({**FILES, "models/lake/events_.yml": EVENTS}) / "models/marts/events.sql"
    whole, position = at_cursor(HEAD + sql)
    editor.open(path, whole)

    found = {each.label: each.text_edit.new_text for each in editor.complete(path, position)}
    editor.close(path)

    assert found[label] == text
