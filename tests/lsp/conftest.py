"""An editor, and a project to edit."""

from __future__ import annotations

import pytest
from editor_client import FILES, Editor


@pytest.fixture(scope="session")
def editor():
    """One for all tests; each has a project of its own."""
    pytest.importorskip("pygls")
    editor = Editor()
    yield editor
    assert editor.stop() == 0


@pytest.fixture
def project(make_project):
    return make_project(FILES)
