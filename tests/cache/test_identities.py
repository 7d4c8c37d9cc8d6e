"""Keys tell apart what is not the same."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cache import key_of
from aggregator.cache.keys import software

PARTS = [(), ("",), ("", ""), ("ab", "c"), ("a", "bc"), ("abc",), ("1:a",), ("é",), ("e\u0301",), ("\udcff",)]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(PARTS, 2)))
def test_other_parts_have_another_key(one, other):
    assert key_of(*one) != key_of(*other)


@given(st.lists(st.text("1:a", max_size=3), max_size=3), st.lists(st.text("1:a", max_size=3), max_size=3))
def test_only_equal_parts_have_equal_keys(one, other):
    assert (key_of(*one) == key_of(*other)) == (one == other)


@pytest.fixture
def software_with(monkeypatch):
    installed = list(sys.path)

    def identity(path: Path) -> str:
        monkeypatch.setattr(sys, "path", [str(path), "", *installed])
        software.cache_clear()
        return software()

    yield identity
    software.cache_clear()


def test_another_version_of_a_library_is_other_software(tmp_path, software_with):
    identities = []
    for name in ("sqlglot-1.0.dist-info", "sqlglot-1.1.dist-info", "PyYAML-6.0.egg-info", "other-1.0.dist-info"):
        (tmp_path / name / name).mkdir(parents=True)
        identities.append(software_with(tmp_path / name))
    *known, other = identities

    assert other == software_with(tmp_path / "other-1.0.dist-info" / "nothing")
    assert len({*known, other}) == len(identities)


def test_installers_note_versions_in_the_names_of_folders():
    """What has no such folder would be taken for the same in every version."""
    assert any((Path(path) / f"sqlglot-{sqlglot.__version__}.dist-info").is_dir() for path in sys.path)
