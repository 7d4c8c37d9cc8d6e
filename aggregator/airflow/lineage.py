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
from aggregator.core.warehouse import WHOLE
from aggregator.plan.scheduled import awaited

_MOST_NAMED = 1000
"""So many partitions of a table are named; of more, none is."""


@dataclasses.dataclass(frozen=True)
class Done:
    """What a task did: models with the partitions that it looked at, and where tables are, as OpenLineage has it."""

    graph: Graph
    builts: Mapping[TableName, Built]
    places: Mapping[TableName, tuple[str, str]]

    def lineage(self) -> OperatorLineage:
        """Inputs and outputs with their facets: schema, lineage of columns, partitions, owner, and how many rows."""
        return OperatorLineage(inputs=list(self._inputs()), outputs=[*map(self._output, self.builts)])

    def _inputs(self) -> Iterator[InputDataset]:
        read: dict[TableName, set[str]] = {}
        for name, built in self.builts.items():
            for table in self.graph.reads[name]:
                if table not in self.builts:
                    read.setdefault(table, set()).update(awaited(self.graph, name, built.partitions, table))
        for table, partitions in read.items():
            namespace, name_ = self.places[table]
            subset = self._subset(table, sorted(partitions))
            facets = {"subset": base_subset_dataset.InputSubsetInputDatasetFacet(subset)} if subset else {}
            yield InputDataset(namespace, name_, facets=self._about(table), inputFacets=facets)

    def _output(self, name: TableName) -> OutputDataset:
        built, model = self.builts[name], self.graph.models[name]
        namespace, name_ = self.places[name]
        counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=built.rows)
        subset = self._subset(name, built.partitions)
        facets: dict[str, Any] = {"outputStatistics": counted}
        if subset:
            facets["subset"] = base_subset_dataset.OutputSubsetOutputDatasetFacet(subset)
        about = {**self._about(name), "columnLineage": self._columns(model)}
        return OutputDataset(namespace, name_, facets=about, outputFacets=facets)

    def _about(self, table: TableName) -> dict[str, Any]:
        model = self.graph.models.get(table)
        source = self.graph.sources.get(table)
        columns: Iterable[Any] = model.columns if model is not None else source.columns if source is not None else ()
        owner = model.model.owner if model is not None else source.owner if source is not None else ""
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name=str(each.name), type=each.type, description=each.description)
            for each in columns
        ]
        owners = [ownership_dataset.Owner(name=owner, type="OWNER")] if owner else []
        return {
            "schema": schema_dataset.SchemaDatasetFacet(fields=fields),
            "ownership": ownership_dataset.OwnershipDatasetFacet(owners=owners),
        }

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
