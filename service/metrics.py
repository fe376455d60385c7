"""Figures for Prometheus: counted as lines answer, or asked when somebody looks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from filo_core.errors import FiloError
from workflows.serving.served_line import ServedState

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from filo_core.line.results import LineResult
    from workflows.serving.service import Service

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


class ServiceMetrics:
    """The figures of one service.

    Args:
        service: whose; told of every answer from now on.
    """

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self._parts = Counter(
            "filo_parts",
            "Answers of a line, by product and verdict.",
            ("line", "product", "verdict"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "filo_part_seconds", "From trigger to answer.", ("line",), buckets=_SECONDS, registry=self.registry
        )
        self._requests = Counter(
            "filo_api_requests",
            "Requests, by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.registry.register(_AtAScrape(service))
        service.listeners.append(self.take)

    def take(self, line: str, result: LineResult) -> None:
        """A line has answered."""
        self._parts.labels(line, result.product, result.verdict.value).inc()
        if result.latency_ms is not None:
            self._seconds.labels(line).observe(result.latency_ms / 1000.0)

    def count(self, method: str, route: str, status: int) -> None:
        """A request was answered; ``route`` is the pattern and not the path, which anybody may make up."""
        self._requests.labels(method, route, str(status)).inc()

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self.registry)


class _AtAScrape:
    """What is not counted but looked at."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._of_lines()
        yield GaugeMetricFamily("filo_disk_free_bytes", "Free where the record lies.", self._service.free_bytes)
        total = shutil.disk_usage(self._service.settings.home).total
        yield GaugeMetricFamily("filo_disk_bytes", "Size of the disk where the record lies.", total)
        yield GaugeMetricFamily("filo_problems", "What is wrong now, see /health.", len(self._service.problems()))
        try:
            alarms = len(self._service.alarms.standing())
            told, last = len(self._service.watcher.book.standing()), self._service.last_entry_at()
            sealed = bool(self._service.seal().signature)
        except FiloError:
            alarms, told, last, sealed = 0, 0, None, False
        yield GaugeMetricFamily("filo_record_sealed", "Whether the record can be read and signed: 1 or 0.", sealed)
        yield GaugeMetricFamily("filo_alarms", "Alarms of the record that stand.", alarms)
        yield GaugeMetricFamily("filo_process_alarms", "Alarms of the process that stand.", told)
        if last is not None:
            age = max(0.0, time.time() - last.timestamp())
            yield GaugeMetricFamily("filo_last_event_age_seconds", "Since the chain's newest event was sealed.", age)

    def _of_lines(self) -> Iterator[Metric]:
        running = GaugeMetricFamily("filo_line_running", "1 while a line runs.", labels=("line",))
        ready = GaugeMetricFamily("filo_line_ready", "1 while a part would get its verdict.", labels=("line",))
        camera = GaugeMetricFamily("filo_camera_up", "1 while the cameras of a line give pictures.", labels=("line",))
        waiting = GaugeMetricFamily("filo_outbox_messages", "Messages to be delivered.", labels=("line", "output"))
        oldest = GaugeMetricFamily(
            "filo_outbox_oldest_seconds", "Age of the oldest message to be delivered.", labels=("line",)
        )
        restarts = GaugeMetricFamily("filo_model_restarts", "Model processes that were replaced.", labels=("line",))
        for name, line in self._service.lines.items():
            report = line.report()
            running.add_metric((name,), report.state is ServedState.RUNNING)
            ready.add_metric((name,), report.is_ready)
            if report.has_camera:
                camera.add_metric((name,), report.camera == "running")
            for output, count in report.waiting.items():
                waiting.add_metric((name, output), count)
            oldest.add_metric((name,), report.oldest_waiting_s)
            restarts.add_metric((name,), report.model_restarts)
        yield from (running, ready, camera, waiting, oldest, restarts)
