"""The memory of an instance that has begun: as good as beginning, and ignored where it is not whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("wasmtime", reason="wasmtime is not installed")

from aggregator.analyzers.googlesql import memory, module
from aggregator.analyzers.googlesql.client import Instance, Instances
from aggregator.analyzers.googlesql.judge import Judge
from aggregator.analyzers.protocol import Field, Relation, Statement

TABLE = Relation("lake.visits", (Field("page", "STRING"), Field("price", "NUMERIC")))
STATEMENTS = [
    Statement("sums", "SELECT page, SUM(price) AS price FROM lake.visits GROUP BY page", (TABLE,)),
    Statement("wrong", "SELECT pag FROM lake.visits", (TABLE,)),
    Statement("zones", "SELECT DATETIME(TIMESTAMP '2024-03-31 01:30:00 Europe/Berlin', 'Asia/Tokyo') AS there", ()),
    Statement("functions", "SELECT SEARCH(page, 'x') AS found, ST_GEOGPOINT(1, 2) AS place FROM lake.visits", (TABLE,)),
]


@pytest.fixture
def copied(compiled: Path, tmp_path: Path) -> Path:
    """The compiled module with its memory, in a folder of its own."""
    tmp_path.chmod(0o700)
    for each in (compiled, module.image_path(compiled)):
        shutil.copy2(each, tmp_path)
    return tmp_path / compiled.name


def test_an_instance_with_the_memory_says_what_one_says_that_began_itself(copied: Path):
    with_memory = Judge(Instances(copied)).verdicts(STATEMENTS)
    module.image_path(copied).unlink()

    assert Judge(Instances(copied)).verdicts(STATEMENTS) == with_memory
    assert [bool(each.mistake) for each in with_memory] == [False, True, False, False]


def test_the_memory_is_what_it_was_taken_of(copied: Path):
    engine = module.engine()
    image = module.image_path(copied)
    instance = Instance(engine, module.load(copied, engine), image)

    assert instance.image() == image.read_bytes()


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: whole[:5], lambda _: b""])
def test_half_a_memory_is_not_used(copied: Path, damage):
    image = module.image_path(copied)
    image.write_bytes(damage(image.read_bytes()))
    engine = module.engine()
    instance = Instance(engine, module.load(copied, engine))

    assert not memory.fill(instance.room, image)
    assert all(not each.unchecked for each in Judge(Instances(copied)).verdicts(STATEMENTS))
