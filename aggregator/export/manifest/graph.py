"""The content of a manifest as a graph, without the project: what it gives is planned and built as that would be.

Only ``core`` is needed, and no parser. What nobody asks for when tables are built is not there: the text of files,
variables, macros, and the states that roll-ups are compiled from.
"""

from __future__ import annotations

import functools
from datetime import datetime
from pathlib import Path

from aggregator.checks import PromisingModel
from aggregator.core.aggregate import RollupDeclaration
from aggregator.core.declared import Budget, DeclaredSize, Duration, Freshness, OnChange, Scheduling, TimeOfDay
from aggregator.core.diagnostics import Document, Place, Word
from aggregator.core.graph import (
    Derivation,
    Difference,
    Fidelity,
    Graph,
    Input,
    Measure,
    Mention,
    Origin,
    OutputColumn,
    Translations,
)
from aggregator.core.lazily import Lazily
from aggregator.core.maps import PartitionMap
from aggregator.core.monitoring import Contact, MailServer, Monitoring, Security
from aggregator.core.names import TableName
from aggregator.core.project import (
    CheckDeclaration,
    Column,
    Environment,
    ExportDeclaration,
    FileFormat,
    Function,
    Kind,
    LocalFile,
    Model,
    Project,
    Source,
)
from aggregator.engines.mentions import mentions
from aggregator.export.manifest.file import Json
from aggregator.export.manifest.form import read_calendar, read_partition
from aggregator.export.manifest.promises import read_promise

_NOWHERE = Place("aggregator.yml")


def graph_of(content: Json, root: Path) -> Graph:
    """The graph; ``root`` is what the paths of the embedded engine are relative to."""
    said = {_name(each["name"]): each for each in content["models"]}
    sources = {_name(each["name"]): _source(each) for each in content["sources"]}
    models = Lazily({name: functools.partial(_compiled, each) for name, each in said.items()})
    project = Project(
        root=root,
        name=content["project"],
        zone=content["time_zone"],
        environment=_environment(content["environment"]),
        environments=tuple(content["environments"]),
        variables={},
        macros=(),
        sources=sources,
        models=Lazily({name: functools.partial(_declared, each) for name, each in said.items()}),
        read_from=_environment(content["read_from"]) if content["read_from"] is not None else None,
        functions=tuple(Function(each["name"], Word(each["sql"], _NOWHERE)) for each in content.get("functions", ())),
        monitoring=_monitoring(content.get("monitoring")),
    )
    listed = [*content["sources"], *content["models"]]
    return Graph(
        project=project,
        models=models,
        sources=sources,
        calendars={_name(each["name"]): read_calendar(each["calendar"]) for each in listed},
        reads={name: _reads(name, each) for name, each in said.items()},
        identities={name: each["fingerprint"] for name, each in said.items()},
        translations=Translations(**content.get("translations", {})),
        mentions=Lazily({each["sql"]: functools.partial(_mentions, each) for each in content["models"]}),
    )


def _name(text: str) -> TableName:
    return TableName(*text.split("."))


def _environment(said: Json) -> Environment:
    return Environment(**said, place=_NOWHERE)


def _monitoring(said: Json | None) -> Monitoring | None:
    if said is None:
        return None
    email = said["email"]
    server = MailServer(**{**email, "security": Security(email["security"])}) if email is not None else None
    owners = {owner: Contact(**contact) for owner, contact in said["owners"].items()}
    return Monitoring(**{**said, "email": server, "owners": owners})


def _reads(name: TableName, said: Json) -> tuple[TableName, ...]:
    return tuple(sorted({_name(each["table"]) for each in said["inputs"]} - {name}))


def _source(said: Json) -> Source:
    path = said["path"]
    place = Place(path)
    local = said["local"]
    return Source(
        name=_name(said["name"]),
        document=Document(path, ""),
        description=said["description"],
        owner=said["owner"],
        columns=tuple(
            Column(Word(each["name"], place), each["type"], each["description"], each["bytes"], each["sensitive"])
            for each in said["columns"]
        ),
        partition=read_partition(said["partition"], path),
        freshness=_freshness(said["freshness"]),
        local=_local(local, path) if local else None,
        size=DeclaredSize(**said["size"]) if said["size"] else None,
        key=tuple(Word(each, place) for each in said["key"]),
    )


def _local(said: Json, path: str) -> LocalFile:
    return LocalFile(said["file"], said["package"], Place(path, *said["place"]), tuple(said["nulls"]))


def _mentions(said: Json) -> tuple[Mention, ...]:
    """Where the SQL of a model mentions tables; a manifest of an earlier aggregator does not say."""
    found = said.get("mentions")
    if found is None:
        return mentions(said["sql"])
    return tuple((start, end, _name(table)) for start, end, table in found)


def _compiled(said: Json) -> PromisingModel:
    place = Place(said["path"], *said["at"]["select"])
    return PromisingModel(
        model=_declared(said),
        place=place,
        sql=said["sql"],
        inputs=tuple(
            Input(_name(each["table"]), each["alias"], PartitionMap.parse(each["map"]), place, each["function"])
            for each in said["inputs"]
        ),
        columns=tuple(map(_column, said["columns"])),
        calendar=read_calendar(said["calendar"]),
        one_by_one=said["one_by_one"],
        fingerprint=said["fingerprint"],
        functions=tuple(said["functions"]),
        differences=tuple(map(_difference, said["embedded"]["differences"])),
        promises=tuple(read_promise(each, said["path"]) for each in said["promises"]),
    )


def _column(said: Json) -> OutputColumn:
    return OutputColumn(
        name=said["name"],
        type=said["type"],
        description=said["description"],
        origins=tuple(Origin(each["table"], each["column"]) for each in said["from"]),
        derivation=Derivation(said["derivation"]),
        measure=Measure(said["measure"]),
        sketch=said["sketch"],
        state_of=said["state_of"],
    )


def _declared(said: Json) -> Model:
    path = said["path"]
    place = Place(path, *said["at"]["select"])
    key_place = Place(path, *said["at"]["key"]) if said["at"]["key"] else place
    scheduling = said["scheduling"]
    return Model(
        name=_name(said["name"]),
        document=Document(path, ""),
        sql_start=0,
        kind=Kind(said["kind"]),
        description=said["description"],
        owner=said["owner"],
        schedule=said["schedule"],
        partition=read_partition(said["partition"], path),
        cluster=tuple(Word(each, place) for each in said["cluster"]),
        key=tuple(Word(each, key_place) for each in said["key"]),
        checks=tuple(_check(each, path) for each in said["checks"]),
        freshness=_freshness(said["freshness"]),
        budget=Budget(place, **said["budget"]) if said["budget"] else None,
        tags=tuple(said["tags"]),
        runbook=said.get("runbook", ""),
        size=DeclaredSize(**said["size"]) if said["size"] else None,
        rollup=_rollup(said["rollup"], place),
        columns=tuple(Column(Word(each, place), is_sensitive=True) for each in said["sensitive"]),
        export=_export(said["export"], place),
        kept=tuple(Word(each, place) for each in said["kept"]),
        on_change=_on_change(said["on_change"], place),
        volatile=Duration(said["volatile"], place) if said["volatile"] is not None else None,
        lookback=Duration(said["lookback"], place) if said["lookback"] is not None else None,
        scheduling=Scheduling(**{**scheduling, "alerts": tuple(scheduling["alerts"])}),
    )


def _freshness(said: Json | None) -> Freshness | None:
    if said is None:
        return None
    by = TimeOfDay(**said["by"]) if said["by"] is not None else None
    return Freshness(said["warn_after"], said["error_after"], by)


def _export(said: Json | None, place: Place) -> ExportDeclaration | None:
    return ExportDeclaration(Word(said["to"], place), FileFormat(said["format"])) if said is not None else None


def _on_change(said: Json | None, place: Place) -> OnChange | None:
    if said is None:
        return None
    return OnChange(place, datetime.fromisoformat(said["from"]) if said["from"] is not None else None)


def _difference(said: Json) -> Difference:
    return Difference(Fidelity(said["fidelity"]), Place(said["path"], *said["at"]), said["construct"], said["why"])


def _rollup(said: Json | None, place: Place) -> RollupDeclaration | None:
    if said is None:
        return None
    return RollupDeclaration(of=Word(said["of"], place), place=place, is_partial=said["is_partial"])


def _check(said: Json, path: str) -> CheckDeclaration:
    place = Place(path, *said["at"])
    return CheckDeclaration(Word(said["name"], place), said["arguments"], place)
