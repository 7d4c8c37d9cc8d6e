"""The page about partitions: whole, escaped, and content with itself."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from lab import name

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.status import Affected, Cause, ModelStatus, ProjectStatus, State
from aggregator.export.status_page import status_page
from aggregator.export.status_page.grid import Window, cells, earlier

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
VOID = {"meta", "br"}


def calendar(grain: Grain) -> Calendar:
    return Calendar("t", ColumnType.DATETIME, grain, "UTC")


def model(grain: Grain | None, start: str, end: str, table: str = "marts.x", **states: State) -> ModelStatus:
    """All fresh, but for those that are named, with underscores for what can't stand in a name."""
    cut = calendar(grain) if grain else None
    span = grain.range(datetime.fromisoformat(start), datetime.fromisoformat(end)) if grain else ()
    ids = [cut.id(each) for each in span] if cut else [""]
    found = dict.fromkeys(ids, State.FRESH) | {key.strip("_").replace("_", "-"): each for key, each in states.items()}
    reasons = {each: "input: <it> changed" for each, state in found.items() if state is not State.FRESH}
    return ModelStatus(name(table), "What <it> is", "a@example.com", str(grain or "table"), cut, found, reasons)


def cause(*affected: Affected, kind: str = "input") -> Cause:
    return Cause(kind, "lake.f", ("2024-02-01",), "changed <b>", True, affected, "aggregator run --select marts.x+")


def page(*models: ModelStatus, causes: tuple[Cause, ...] = ()) -> str:
    return status_page(ProjectStatus("shop", "local", NOW, models, causes))


class Reader(HTMLParser):
    """The elements of a page, which must be nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


DAY = model(Grain.DAY, "2023-06-01", "2024-03-01", _2024_02_01=State.FAILED, _2024_02_02=State.STALE)
CAUSES = (
    cause(Affected(DAY.name, DAY.owner, ("2024-02-01",)), kind="failed"),
    cause(Affected(DAY.name, DAY.owner, ("2024-02-02",))),
)


def test_it_is_whole_and_its_links_lead_somewhere():
    found = Reader(page(DAY, causes=CAUSES)).elements

    ids = {attributes["id"] for _, attributes in found if "id" in attributes}
    links = {attributes["href"] for tag, attributes in found if tag == "a"}
    assert links == {"#cause-1", "#cause-2", "#marts.x"}
    assert {link[1:] for link in links} <= ids


def test_it_loads_nothing_and_runs_nothing():
    text = page(DAY, causes=CAUSES)
    style = re.search("<style>(.*)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert {tag for tag, _ in Reader(text).elements} & {"script", "link", "img", "iframe", "object"} == set()
    assert "http" not in text.replace("http-equiv", "")
    assert "style=" not in text


def test_all_that_projects_say_is_escaped():
    text = page(DAY, causes=CAUSES)

    assert "<it>" not in text
    assert "<b>changed" not in text
    assert "What &lt;it&gt; is" in text


def test_a_cell_says_why_and_what_mends_it():
    text = page(DAY, causes=CAUSES)

    assert (
        '<a href="#cause-1" aria-label="2024-02-01: failed"><path class="failed" d="M800 64h14v14h-14z"><title>'
        "2024-02-01: failed\ninput: &lt;it&gt; changed\nCause: lake.f@2024-02-01 changed &lt;b&gt;\n"
        "Mend it: aggregator run --select marts.x+</title></path></a>"
    ) in text
    assert "<title>2024-01-31: fresh</title>" in text


def test_what_is_left_as_it_is_says_why_and_is_nobodys_work():
    left = model(Grain.DAY, "2024-02-01", "2024-03-01", _2024_02_01=State.KEPT, _2024_02_02=State.ACCEPTED)

    text = page(left)

    assert "<title>2024-02-01: kept\ninput: &lt;it&gt; changed</title>" in text
    assert 'class="accepted"' in text
    assert "Everything is fresh: there is nothing to do." in text
    assert "Whose it is" not in text
    assert "Not fresh" not in text
    assert "kept" not in page(DAY, causes=CAUSES).split("<body>")[1].split("<main>")[1]


def test_all_fresh():
    text = page(model(None, "", ""))

    assert "Everything is fresh: there is nothing to do." in text
    assert "Whose it is" not in text


def test_nothing_at_all():
    assert Reader(page()).elements


@pytest.mark.parametrize(
    ("grain", "start", "number", "label", "size"),
    [
        (Grain.HOUR, "2024-02-28", 2, "2024-02-28", (14, 14)),
        (Grain.DAY, "2024-02-27", 3, "2024-02-27", (14, 14)),
        (Grain.ISOWEEK, "2024-02-05", 4, "2024-02-05", (14, 14)),
        (Grain.MONTH, "2024-01-01", 2, "2024-01", (31 / 7 * 16 - 2, 14)),
        (Grain.QUARTER, "2023-07-01", 3, "2023-07", (92 / 7 * 16 - 2, 14)),
    ],
)
def test_partitions_as_cells(grain, start, number, label, size):
    found = model(grain, start, "2024-03-01")

    shown, _ = cells(found, Window(datetime.fromisoformat("2023-03-06")))

    assert (len(shown), shown[0].label) == (number, label)
    assert (shown[0].width, shown[0].height) == pytest.approx(size, abs=0.2)
    assert [each for cell in shown for each in cell.partitions] == list(found.states)


@pytest.mark.parametrize("grain", [Grain.HOUR, Grain.DAY, Grain.ISOWEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR])
def test_no_partition_is_left_out_or_shown_twice(grain):
    found = model(grain, "2019-01-01", "2024-03-01")
    window = Window.of([found], NOW)

    _, before, height = earlier(found, window)
    shown, _ = cells(found, window)

    assert [each for cell in (*before, *shown) for each in cell.partitions] == list(found.states)
    assert height == (32 if before else 0)
    assert all(cell.y + cell.height <= height for cell in before)


def test_the_window_ends_with_the_newest_partition():
    window = Window.of(
        [model(Grain.DAY, "2020-01-01", "2024-02-01"), model(Grain.YEAR, "2010-01-01", "2011-01-01")], NOW
    )

    assert (window.start, window.end) == (datetime.fromisoformat("2023-01-30"), datetime.fromisoformat("2024-02-05"))
