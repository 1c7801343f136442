from __future__ import annotations

import yaml
from pydantic import SecretStr

from exporter.catalogue import Kind
from exporter.config.load import load
from exporter.config.settings import AwsSettings, MetricSettings, Settings, TargetSettings
from exporter.config.show import masked

SETTINGS = Settings(
    targets=(
        TargetSettings(
            regions=("us-east-1",), role_arn="arn:aws:iam::123456789012:role/r", external_id=SecretStr("hunter2")
        ),
    ),
    metrics=(MetricSettings(name="Foo", kind=Kind.RATE, statistics=("Sum",)),),
    aws=AwsSettings(proxy_url=SecretStr("http://user:hunter2@proxy:3128")),
)


def test_secrets_are_masked_and_everything_else_is_there() -> None:
    text = masked(SETTINGS)
    assert "hunter2" not in text
    shown = yaml.safe_load(text)
    assert shown["targets"][0]["external_id"] == shown["aws"]["proxy_url"] == "<secret>"
    assert shown["targets"][0]["regions"] == ["us-east-1"]
    assert shown["metrics"][0] | {"kind": "rate"} == shown["metrics"][0]
    assert list(shown) == list(Settings.model_fields)


def test_a_secret_that_is_not_set_is_shown_as_not_set() -> None:
    settings = load(None, environ={}, flags={}, default_region=lambda: "us-east-1").settings
    shown = yaml.safe_load(masked(settings))
    assert shown["aws"]["proxy_url"] is None
    assert shown["targets"][0]["external_id"] is None
