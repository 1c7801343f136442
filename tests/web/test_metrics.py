from __future__ import annotations

import pytest

from exporter.web.metrics import wants_gzip, wants_openmetrics

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)


@pytest.mark.parametrize(
    "accept",
    [
        PROMETHEUS_2,
        PROMETHEUS_3,
        "application/openmetrics-text",
        'Application/OpenMetrics-Text; version="1.0.0"; charset=utf-8',
        "text/plain;q=0.5, application/openmetrics-text;q=0.5",
    ],
)
def test_openmetrics_is_for_who_asks_for_it(accept: str) -> None:
    assert wants_openmetrics(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=nan",
        "application/openmetrics-text;q=much",
        "application/openmetrics-text;q=0.2,text/plain;q=0.9",
        ";;,=,",
    ],
)
def test_everyone_else_gets_text(accept: str) -> None:
    assert not wants_openmetrics(accept)


@pytest.mark.parametrize(
    ("accept_encoding", "wanted"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("*;q=0.1", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=none", False),
        ("xgzip", False),
    ],
)
def test_gzip_is_for_who_accepts_it(accept_encoding: str, wanted: bool) -> None:
    assert wants_gzip(accept_encoding) is wanted
