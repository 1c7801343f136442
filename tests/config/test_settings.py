from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from exporter.config.settings import AwsSettings, Settings, TargetSettings
from exporter.config.types import (
    AccountId,
    EndpointUrl,
    ListenAddress,
    PeriodSeconds,
    ProxyUrl,
    Region,
    RoleArn,
    Statistic,
    TelemetryPath,
    Text,
)

ROOT = Path(__file__).parents[2]

GOOD: list[tuple[Any, list[Any]]] = [
    (PeriodSeconds, [60, 120, 300, 900, 1800, 3600, 7200, 21600, 43200, 86400]),
    (Region, ["us-east-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "cn-north-1", "ap-southeast-7"]),
    (RoleArn, ["arn:aws:iam::123456789012:role/a/path/ses", "arn:aws-us-gov:iam::123456789012:role/r@x.y"]),
    (AccountId, ["123456789012", 123456789012, "000000000001"]),
    (Statistic, ["Sum", "Average", "Minimum", "Maximum", "SampleCount", "p0", "p5", "p99", "p99.9", "p100", "p100.0"]),
    (ListenAddress, [":9199", ":0", "127.0.0.1:9199", "localhost:1", "[::1]:65535", "[::]:9199", "a-b.example.:80"]),
    (TelemetryPath, ["/metrics", "/a/b.c_d~e-f", "/configs", "/metrics/", "/.../.a", "/a..b"]),
    (
        EndpointUrl,
        ["http://127.0.0.1:5000", "https://vpce-1.monitoring.us-east-1.vpce.amazonaws.com/", "http://[::1]:1"],
    ),
    (ProxyUrl, ["http://proxy:3128", "https://user:p%40ss@proxy"]),
    (Text, ["a", "zwei Wörter", "x" * 128]),
]
BAD: list[tuple[Any, list[Any]]] = [
    (PeriodSeconds, [0, 59, 90, 420, 3660, 5400, 18000, 86460, True, "60", 60.0]),
    (Region, ["us-east", "us-east-1 ", "US-EAST-1", "us-east-1\n", "us--east-1", "*"]),
    (RoleArn, ["arn:aws:iam::123456789012:role/", "arn:aws:iam:us-east-1:123456789012:role/r", "role/r\n"]),
    (AccountId, [12345678901, "12345678901", "1234567890123", True, 123456789012.0, "١٢٣٤٥٦٧٨٩٠١٢"]),
    (Statistic, ["sum", "p", "p-1", "p101", "p100.1", "p999", "p1.23", "p٩", "Sum\n", "tm50"]),
    (ListenAddress, ["", ":", "9199", "::1:9199", "[::1]", "[]:1", "[127.0.0.1]:1", "a b:1", ":65536", ":-1", "-a:1"]),
    (TelemetryPath, ["", "/", "//", "metrics", "/a b", "/-/x", "/-", "/config", "/config/", "/a?b", "/a//b", "/a\n"]),
    (TelemetryPath, ["/.", "/..", "/a/../b", "/a/.", "/../-/healthy"]),
    (
        EndpointUrl,
        ["", "x", "ftp://x", "http://", "http://u@h", "http://h:x", "http://h:0", "http://h?q", "http://h h"],
    ),
    (EndpointUrl, ["http://[::1", "http://h/\n", "http://é", "http://user:12/SECRET@h", "http://h/a@b", "user:pw@h"]),
    (ProxyUrl, ["", "proxy:3128", "http://a:b@", "http://h#f", "http://user:12/SECRET@proxy:3128"]),
    (Text, ["", " ", " a", "a ", "a\nb", "a\x00", "x" * 129]),
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD for value in values])
def test_a_good_value_is_kept(kind: Any, value: Any) -> None:
    read = TypeAdapter(kind).validate_python(value)
    assert (read.get_secret_value() if kind is ProxyUrl else read) == (str(value) if kind is AccountId else value)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD for value in values])
def test_a_bad_value_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


def test_the_label_is_the_name_else_the_account_else_the_profile_else_default() -> None:
    regions = ("us-east-1",)
    arn = "arn:aws:iam::123456789012:role/r"
    assert TargetSettings(regions=regions).label == "default"
    assert TargetSettings(regions=regions, profile="p").label == "p"
    assert TargetSettings(regions=regions, profile="p", role_arn=arn).label == "123456789012"
    assert TargetSettings(regions=regions, profile="p", role_arn=arn, name="n").label == "n"


def test_settings_made_in_code_read_nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS", "10")
    assert Settings(targets=(TargetSettings(regions=("us-east-1",)),)).poll_interval_seconds == 300


def test_the_default_time_limits_fit_under_a_poll() -> None:
    aws = AwsSettings()
    limit = Settings(targets=(TargetSettings(regions=("us-east-1",)),)).poll_timeout_seconds
    assert aws.max_attempts * (aws.connect_timeout_seconds + aws.read_timeout_seconds) <= limit


def test_an_error_never_holds_the_input() -> None:
    with pytest.raises(ValidationError) as caught:
        AwsSettings.model_validate({"proxy_url": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_to_know_the_settings_takes_little_memory() -> None:
    code = (
        "import pydantic_settings, exporter.config.types\n"
        "from benchmarks.machine import resident_bytes\n"
        "before = resident_bytes()\n"
        "import exporter.config.settings\n"
        "print(resident_bytes() - before)"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert int(said) < 5_000_000, "a pattern that counts characters of Unicode takes 5 MB each time it is compiled"
