"""The page as text. Everything that comes from a project is escaped."""

from __future__ import annotations

import base64
import hashlib
import html
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from aggregator.core.names import TableName
from aggregator.core.status import SETTLED, Cause, ModelStatus, ProjectStatus, State, span, to_explain
from aggregator.export.status_page.grid import CELL, STEP, TOP, WIDTH, Cell, Window, cells, earlier
from aggregator.export.status_page.style import PATTERNS, STYLE

Causes = Mapping[tuple[TableName, str], int]
"""The number of the cause of each partition that is not fresh."""

_MEANING = {
    State.FRESH: "building it now would give the rows that it has",
    State.ACCEPTED: "other SQL gave its rows, and its author lets them stay (on_change)",
    State.KEPT: "what it was made from is gone, and its author keeps it (gone: keep)",
    State.HELD: "it was rolled back, and is built again when what it reads or its SQL changes",
    State.STALE: "what it was made from, or its SQL, has changed since",
    State.MISSING: "not built yet, or its rows are gone",
    State.FAILED: "the last attempt to build it failed; it keeps the rows that it had",
}
_KINDS = {"failed": "failed", "missing": "missing"}


def status_page(status: ProjectStatus) -> str:
    """The state of a project's partitions as an HTML document."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = f"{status.project} on {status.environment}: status of partitions"
    body = "\n".join((*_head(status), *_causes(status.causes), *_owners(status), *_calendar(status)))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(title)}</title>
<style>{STYLE}</style></head>
<body>{PATTERNS}<main>
{body}
</main></body></html>
"""


def _head(status: ProjectStatus) -> Iterator[str]:
    counts = Counter(state for model in status.models for state in model.states.values())
    yield f"<h1>What is fresh in {_text(status.project)}</h1>"
    yield (
        f'<p class="soft">Environment {_text(status.environment)}, as of {status.at:%Y-%m-%d %H:%M} UTC by the '
        "warehouse’s clock. Made by <code>aggregator status --html</code>; it shows that moment and does not "
        "refresh itself.</p>"
    )
    yield (
        f"<p>{_count(len(status.models), 'table')} consist of {_count(counts.total(), 'partition')}: "
        "stretches of time, such as a day, each built on its own.</p>"
    )
    yield '<ul class="tiles">'
    for state in to_explain(counts):
        yield f'<li title="{_text(_MEANING[state])}"><b>{counts[state]:,}</b>{_swatch(state)} {state}</li>'
    yield "</ul>"


def _causes(causes: Sequence[Cause]) -> Iterator[str]:
    yield "<h2>What happened, and what mends it</h2>"
    if not causes:
        yield "<p>Everything is fresh: there is nothing to do.</p>"
        return
    yield (
        f'<p class="soft">{_count(len(causes), "cause")}. What reads a changed table is listed with the change. '
        "Commands are for the project’s folder.</p>"
    )
    for number, cause in enumerate(causes, 1):
        before = "Mend the cause, then" if cause.kind == "failed" else "Mend it:"
        yield f'<article class="cause {_KINDS.get(cause.kind, "stale")}" id="cause-{number}">'
        yield f"<h3><bdi>{number}. {_text(cause.headline)}</bdi></h3>"
        yield f"<p>{_count(cause.count, 'partition')} of {_count(len(cause.affected), 'table')} not fresh.</p>"
        yield f'<p class="mend">{before} <code>{_text(cause.mend)}</code></p>'
        yield '<div class="wide"><table><tr><th>table</th><th>partitions</th><th>owner</th></tr>'
        for each in cause.affected:
            link = f'<a href="#{_text(str(each.model))}"><code>{_text(str(each.model))}</code></a>'
            yield f"<tr><td>{link}</td><td>{_text(span(each.partitions))}</td><td>{_owner(each.owner)}</td></tr>"
        yield "</table></div></article>"


def _owners(status: ProjectStatus) -> Iterator[str]:
    """Who has something to look at."""
    concerned: dict[str, Counter[State]] = {}
    tables: dict[str, list[str]] = {}
    for model in status.models:
        if not model.is_settled:
            counted = Counter(state for state in model.states.values() if state not in SETTLED)
            concerned.setdefault(model.owner, Counter()).update(counted)
            tables.setdefault(model.owner, []).append(str(model.name))
    if not concerned:
        return
    yield "<h2>Whose it is</h2><article><div class='wide'><table>"
    yield "<tr><th>owner</th><th>not fresh</th><th>tables</th></tr>"
    for owner, counts in sorted(concerned.items(), key=lambda item: (-item[1][State.FAILED], -item[1].total())):
        links = ", ".join(f'<a href="#{_text(each)}"><code>{_text(each)}</code></a>' for each in tables[owner])
        yield f"<tr><td>{_owner(owner)}</td><td>{_tally(counts)}</td><td>{links}</td></tr>"
    yield "</table></div></article>"


def _calendar(status: ProjectStatus) -> Iterator[str]:
    window = Window.of(status.models, status.at)
    numbers = {
        (affected.model, partition): number
        for number, cause in enumerate(status.causes)
        for affected in cause.affected
        for partition in affected.partitions
    }
    yield "<h2>The year at a glance</h2>"
    yield '<ul class="legend">'
    for state in to_explain(state for model in status.models for state in model.states.values()):
        yield f'<li>{_swatch(state)}<b>{state}</b> <span class="soft">{_MEANING[state]}</span></li>'
    yield "</ul>"
    yield (
        '<p class="soft">A column is a week, from Monday down to Sunday; weeks, months and longer partitions are bars. '
        "What is older stands above, by the month. A cell has the worst state in it: point at one to see why, and "
        "click it to get to the cause.</p>"
    )
    troubled = [model for model in status.models if not model.is_settled]
    settled = [model for model in status.models if model.is_settled]
    for heading, models in (("Not fresh", troubled), ("Fresh", settled)):
        if models:
            yield f"<h2>{heading}: {_count(len(models), 'table')}</h2>"
        for model in models:
            yield from _model(model, window, status.causes, numbers)


def _model(model: ModelStatus, window: Window, causes: Sequence[Cause], numbers: Causes) -> Iterator[str]:
    name = _text(str(model.name))
    form = f"by {model.form}" if model.calendar else model.form
    counts = _tally(Counter(model.states.values()))
    yield f'<article id="{name}"><div class="head"><h3><code>{name}</code></h3><span class="soft">{form}</span>'
    yield f'<span>{counts}</span><span class="owner">{_owner(model.owner)}</span></div>'
    yield f'<p class="soft"><bdi>{_text(model.description)}</bdi></p>'
    found, height = cells(model, window)
    years, before, height_before = earlier(model, window)
    if before:
        yield _svg(height_before, f"{model.name} by month, before {window.start:%Y-%m-%d}")
        yield from (f'<text x="{x:g}" y="{y + 11:g}">{year}</text>' for year, (x, y) in years.items())
        yield from (_cell(each, model, causes, numbers, 0) for each in before)
        yield "</svg></div>"
    yield _svg(height + TOP, f"{model.name} from {window.start:%Y-%m-%d}")
    if model.calendar is not None:
        yield from (f'<text x="{x:g}" y="11">{label}</text>' for label, x in window.months())
    if height > STEP:
        yield from (f'<text x="0" y="{TOP + row * STEP + 11}">{day}</text>' for row, day in ((0, "Mon"), (6, "Sun")))
    yield from (_cell(each, model, causes, numbers, TOP) for each in found)
    yield "</svg></div></article>"


def _svg(height: int, label: str) -> str:
    width, height = WIDTH + 2, height + 2
    size = f'width="{width}" height="{height}" viewBox="-1 -1 {width} {height}"'
    return f'<div class="wide"><svg {size} role="group" aria-label="{_text(label)}">'


def _cell(cell: Cell, model: ModelStatus, causes: Sequence[Cause], numbers: Causes, top: int) -> str:
    """A cell, and what is said where one points at it; it leads to the cause of its worst partition."""
    order = list(State)
    worst = min(cell.partitions, key=lambda each: order.index(model.states[each]))
    state = model.states[worst]
    counts = Counter(model.states[each] for each in cell.partitions)
    said = [f"{cell.label}: {state}" if len(cell.partitions) == 1 else f"{cell.label}: {_tally(counts)}"]
    shape = f"M{cell.x:g} {cell.y + top:g}h{cell.width:g}v{cell.height:g}h-{cell.width:g}z"
    said += [model.reasons[worst]] if worst in model.reasons else []
    number = numbers.get((model.name, worst))
    cause = causes[number] if number is not None else None
    said += [f"Cause: {cause.headline}", f"Mend it: {cause.mend}"] if cause else []
    path = f'<path class="{state}" d="{shape}"><title>{_text(chr(10).join(said))}</title></path>'
    return path if number is None else f'<a href="#cause-{number + 1}" aria-label="{_text(said[0])}">{path}</a>'


def _swatch(state: State) -> str:
    return (
        f'<svg width="13" height="13" viewBox="-1 -1 {CELL + 2} {CELL + 2}" aria-hidden="true">{_square(state)}</svg>'
    )


def _square(state: State) -> str:
    return f'<path class="{state}" d="M0 0h{CELL}v{CELL}h-{CELL}z"/>'


def _tally(counts: Counter[State]) -> str:
    return ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state])


def _owner(owner: str) -> str:
    return f"<bdi>{_text(owner)}</bdi>"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _text(value: str) -> str:
    return html.escape(value, quote=True)
