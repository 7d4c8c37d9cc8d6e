"""What a task read and wrote, in the words of OpenLineage; only imported where its provider is installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    base_subset_dataset,
    column_lineage_dataset,
    output_statistics_output_dataset,
    ownership_dataset,
    schema_dataset,
)

from aggregator.airflow.work import Built
from aggregator.core.graph import CompiledModel, Graph
from aggregator.core.names import TableName
from aggregator.core.project import ExportDeclaration
from aggregator.core.unload import address
from aggregator.core.warehouse import WHOLE
from aggregator.plan.scheduled import awaited

_MOST_NAMED = 1000
"""So many partitions of a table are named; of more, none is."""


@dataclasses.dataclass(frozen=True)
class Done:
    """What a task did: models that it looked at, partitions that it wrote to files, and where tables are.

    ``places`` are namespaces and names, as OpenLineage has them.
    """

    graph: Graph
    places: Mapping[TableName, tuple[str, str]]
    builts: Mapping[TableName, Built]
    exported: Mapping[TableName, Sequence[str]]

    def lineage(self) -> OperatorLineage[Any, Any]:
        """Inputs and outputs with their facets: schema, lineage of columns, partitions, owner, and how many rows."""
        written = (name for name, built in self.builts.items() if built.written)
        outputs = [*map(self._output, written), *map(self._files, self.exported)]
        return OperatorLineage(inputs=list(self._inputs()), outputs=outputs)

    def _inputs(self) -> Iterator[InputDataset]:
        read = {name: set(partitions) for name, partitions in self.exported.items()}
        for name, built in self.builts.items():
            for table in self.graph.reads[name] if built.written else ():
                if table not in self.builts:
                    read.setdefault(table, set()).update(awaited(self.graph, name, built.written, table))
        for table, partitions in read.items():
            namespace, name_ = self.places[table]
            subset = self._subset(table, sorted(partitions))
            facets: dict[str, Any] = {}
            if subset:
                facets["subset"] = base_subset_dataset.InputSubsetInputDatasetFacet(subset)
            yield InputDataset(namespace, name_, facets=self._about(table), inputFacets=facets)

    def _output(self, name: TableName) -> OutputDataset:
        built, model = self.builts[name], self.graph.models[name]
        namespace, name_ = self.places[name]
        counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=built.rows)
        about = {**self._about(name), "columnLineage": self._columns(model)}
        facets = {"outputStatistics": counted, **self._written(name, built.written)}
        return OutputDataset(namespace, name_, facets=about, outputFacets=facets)

    def _files(self, name: TableName) -> OutputDataset:
        """The folder in storage below which the files of a table are; its columns are those of the table."""
        model = self.graph.models[name]
        declared = model.model.export
        assert declared is not None  # noqa: S101  (only such models are exported)
        columns = tuple(each for each in model.columns if not each.state_of)
        place = self.places[name]
        fields = {
            each.name: column_lineage_dataset.Fields([column_lineage_dataset.InputField(*place, each.name)])
            for each in columns
        }
        lineage = column_lineage_dataset.ColumnLineageDatasetFacet(fields)
        about = {"schema": _schema(columns), "ownership": _ownership(model.model.owner), "columnLineage": lineage}
        bucket, _, path = _folder(declared, name).removeprefix("gs://").partition("/")
        return OutputDataset(
            f"gs://{bucket}", path, facets=about, outputFacets=self._written(name, self.exported[name])
        )

    def _written(self, table: TableName, partitions: Sequence[str]) -> dict[str, Any]:
        subset = self._subset(table, partitions)
        return {"subset": base_subset_dataset.OutputSubsetOutputDatasetFacet(subset)} if subset else {}

    def _about(self, table: TableName) -> dict[str, Any]:
        model = self.graph.models.get(table)
        source = self.graph.sources.get(table)
        columns: Iterable[Any] = model.columns if model is not None else source.columns if source is not None else ()
        owner = model.model.owner if model is not None else source.owner if source is not None else ""
        return {"schema": _schema(columns), "ownership": _ownership(owner)}

    def _columns(self, model: CompiledModel) -> column_lineage_dataset.ColumnLineageDatasetFacet:
        """Of each column, those that its values come from."""
        fields = {}
        for column in model.columns:
            origins = [(TableName(*each.table.split(".")), each.column) for each in column.origins]
            inputs = [
                column_lineage_dataset.InputField(*self.places[table], field)
                for table, field in origins
                if table in self.places
            ]
            if inputs:
                fields[column.name] = column_lineage_dataset.Fields(inputs)
        return column_lineage_dataset.ColumnLineageDatasetFacet(fields)

    def _subset(
        self, table: TableName, partitions: Sequence[str]
    ) -> base_subset_dataset.PartitionSubsetCondition | None:
        """Some partitions of a table; None for all of it."""
        calendar = self.graph.calendars[table]
        if calendar is None or not 0 < len(partitions) <= _MOST_NAMED or WHOLE in partitions:
            return None
        return base_subset_dataset.PartitionSubsetCondition(
            [base_subset_dataset.Partition({calendar.column: each}, each) for each in partitions]
        )


def _schema(columns: Iterable[Any]) -> schema_dataset.SchemaDatasetFacet:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=str(each.name), type=each.type, description=each.description)
        for each in columns
    ]
    return schema_dataset.SchemaDatasetFacet(fields=fields)


def _ownership(owner: str) -> ownership_dataset.OwnershipDatasetFacet:
    owners = [ownership_dataset.Owner(name=owner, type="OWNER")] if owner else []
    return ownership_dataset.OwnershipDatasetFacet(owners=owners)


def _folder(declared: ExportDeclaration, table: TableName) -> str:
    """The folder of all files of a table; the pattern of its files where folders of partitions have others, too."""
    pattern, to = address(declared, table, "*"), str(declared.to)
    is_of_table = all(each not in to.partition("{partition}")[2] for each in ("{model}", "{table}"))
    return pattern.partition("*")[0].rpartition("/")[0] if is_of_table else pattern
