"""Counting requests: how many of which kind, how long they take, how many are under way."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import Counter, Gauge, Histogram, Metric, disable_created_metrics
from prometheus_client.registry import Collector

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "other"
#: What has no route, whatever its path is: paths are clients' to choose, and without number.
_NO_ROUTE = "none"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

# When each counter began is told by some modes of the library, and not by others.
disable_created_metrics()


class RequestMetrics(Collector):
    """What one web process counts.

    All of it has labels, so that a process which answers no request, such as a command, leaves
    nothing in the folder where the web server's processes count together.
    """

    def __init__(self) -> None:
        self.requests = Counter(
            "aggregator_http_requests",
            "Requests answered.",
            ["route", "method", "status"],
            registry=None,
        )
        self.durations = Histogram(
            "aggregator_http_request_duration_seconds",
            "Time until the first byte of the answer was ready.",
            ["route", "method"],
            buckets=_BUCKETS,
            registry=None,
        )
        self.in_progress = Gauge(
            "aggregator_http_requests_in_progress",
            "Requests being answered.",
            ["method"],
            multiprocess_mode="livesum",
            registry=None,
        )
        self.registrations = Histogram(
            "aggregator_web_upstream_request_duration_seconds",
            "Requests of the web server to the offers service, failed ones included.",
            ["operation"],
            buckets=_BUCKETS,
            registry=None,
        )

    def init_app(self, app: Flask) -> None:
        """Count the requests of an application."""
        app.before_request(self._begin)
        app.after_request(self._count)
        app.teardown_request(self._end)

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its samples."""
        for metric in (self.requests, self.durations, self.in_progress, self.registrations):
            yield from metric.collect()

    def called_upstream(self, operation: str, seconds: float) -> None:
        """Note a request to the offers service."""
        self.registrations.labels(operation).observe(seconds)

    def _begin(self) -> None:
        self.in_progress.labels(_method()).inc()

    def _count(self, response: Response) -> Response:
        rule, method = request.url_rule, _method()
        route = rule.rule if rule else _NO_ROUTE
        self.requests.labels(route, method, response.status_code).inc()
        self.durations.labels(route, method).observe(time.perf_counter() - g.started)
        return response

    def _end(self, _error: BaseException | None) -> None:
        self.in_progress.labels(_method()).dec()


def _method() -> str:
    method = request.method
    return method if method in _METHODS else _OTHER
