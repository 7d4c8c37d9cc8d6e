"""``aggregator.yml`` as it was written: what the shapes of ``schema.py`` make of it, and the cache keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.core.diagnostics import Word
    from aggregator.core.learned import LearnedModel
    from aggregator.core.monitoring import Monitoring
    from aggregator.core.plain import Plain
    from aggregator.core.project import CheckDeclaration, Environment


@dataclasses.dataclass(frozen=True)
class MonitoringDeclaration:
    """``monitoring:`` as written, and the environments that have it."""

    environments: tuple[Word, ...]
    monitoring: Monitoring


@dataclasses.dataclass(frozen=True)
class ProjectFile:
    """The whole file."""

    project: str
    zone: str
    environments: Mapping[Word, Environment]
    default_environment: Word
    variables: Mapping[str, Plain]
    functions: tuple[Word, ...]
    ml_models: tuple[LearnedModel, ...]
    checks: Mapping[Word, tuple[CheckDeclaration, ...]]
    monitoring: MonitoringDeclaration | None
