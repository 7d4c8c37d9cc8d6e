"""OpenTelemetry: metrics by OTLP over HTTP, through its SDK (extra ``opentelemetry``).

What the SDK is told by environment variables holds here, too: OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES,
OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE and the others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from aggregator.core.monitoring import CONVENTIONAL
from aggregator.monitoring.metrics import Kind, Measurement

EXPORT_SECONDS = 2
"""How long a request may take. It is that of the run's end, which waits for the last one."""

_INTERVAL_MILLISECONDS = 30_000


class OpenTelemetry:
    """A collector. Raises ImportError without the extra."""

    def __init__(self, endpoint: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource  # noqa: PLC0415

        # Without a handler at all, Python would print each attempt that failed; what is said of it is said once, by us.
        logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
        address = None if endpoint == CONVENTIONAL else endpoint
        self._exporter = _noting(OTLPMetricExporter)(endpoint=address, timeout=EXPORT_SECONDS)
        self.name = f"OpenTelemetry at {self._exporter._endpoint}"  # noqa: SLF001
        resource = Resource({SERVICE_NAME: "aggregator"}).merge(OTELResourceDetector().detect())
        reader = PeriodicExportingMetricReader(self._exporter, _INTERVAL_MILLISECONDS)
        self._provider = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._meter = self._provider.get_meter("aggregator")
        self._instruments: dict[str, Any] = {}

    def send(self, measurements: Iterable[Measurement]) -> None:
        """Note all of them, to be sent now and then, and at the end."""
        for each in measurements:
            instrument = self._instrument(each)
            if each.metric.kind is Kind.COUNT:
                instrument.add(each.value, each.tags)
            elif each.metric.kind is Kind.GAUGE:
                instrument.set(each.value, each.tags)
            else:
                instrument.record(each.value, each.tags)

    def close(self) -> None:
        """Send what is left. Raises OSError if the last attempt failed."""
        self._provider.shutdown(EXPORT_SECONDS * 1000)
        if self._exporter.has_failed:
            raise OSError("it did not take them")

    def _instrument(self, measurement: Measurement) -> Any:
        metric = measurement.metric
        if metric.name not in self._instruments:
            make = {
                Kind.COUNT: self._meter.create_counter,
                Kind.GAUGE: self._meter.create_gauge,
                Kind.DISTRIBUTION: self._meter.create_histogram,
            }[metric.kind]
            self._instruments[metric.name] = make(metric.name, unit=metric.unit, description=metric.about)
        return self._instruments[metric.name]


def _noting(exporter: Any) -> Any:
    """The exporter, which also remembers whether its last attempt failed: the SDK only logs that."""

    class Noting(exporter):  # type: ignore[misc]
        has_failed = False

        def export(self, *arguments: Any, **options: Any) -> Any:
            result = super().export(*arguments, **options)
            self.has_failed = result.name != "SUCCESS"
            return result

    return Noting
