"""A good configuration of each dialect, with as many of its keys as fit, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exporter.config.keys import Loc, keys
from exporter.config.load import load
from exporter.config.web.read import read_web_file
from exporter.errors import ConfigError

ROLE = "arn:aws:iam::123456789012:role/ses-reader"
SEND = {"name": "Send", "statistics": ["Sum", "p99"], "period": 300, "length": 600, "delay": 60, "nilToZero": True}


@dataclass(frozen=True)
class Dialect:
    """A dialect: its good *tree*, and what reads a file of it, raising ConfigError or nothing."""

    tree: dict[str, Any]
    read: Callable[[Path], object]
    extra: tuple[Loc, ...] = ()

    def text(self) -> str:
        return dumped(self.tree)

    def places(self) -> list[Loc]:
        """Return the way to every value of the tree, and to those keys that it has not."""
        return sorted({*_places(self.tree, ()), *self.extra}, key=str)


def dumped(tree: object) -> str:
    text: str = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
    return text


def changed(value: Any, loc: Loc, new: object) -> Any:
    """Return a copy of *value* with *new* at *loc*."""
    if not loc:
        return new
    first, rest = loc[0], loc[1:]
    if isinstance(first, int):
        items = list(value) if isinstance(value, list) else []
        below = items[first] if first < len(items) else None
        return [*items[:first], changed(below, rest, new), *items[first + 1 :]]
    mapping = value if isinstance(value, dict) else {}
    return {**mapping, first: changed(mapping.get(first), rest, new)}


def _places(value: object, loc: Loc) -> Iterator[Loc]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for name, item in items:
        yield (*loc, name)
        yield from _places(item, (*loc, name))


def refusal(read: Callable[[], object]) -> str:
    """Return the lines of the ConfigError that *read* raises, empty when it raises none."""
    try:
        read()
    except ConfigError as error:
        return str(error)
    return ""


def _load(path: Path) -> object:
    return load(path, environ={}, flags={}, default_region=lambda: "us-east-1")


DIALECTS = {
    "native": Dialect(
        {
            "poll_interval_seconds": 300,
            "targets": [{"name": "main", "regions": ["us-east-1"], "role_arn": ROLE, "external_id": "0123"}],
            "metrics": [{"name": "Send", "statistics": ["Sum"], "dimensions": [{"a": {"include": ["b.*"]}}]}],
            "sources": {"configuration_sets": {"enabled": True, "include": ["news-.*"]}},
            "web": {"listen_addresses": [":9199"], "telemetry_path": "/metrics"},
        },
        _load,
        tuple(key.loc for key in keys()),
    ),
    "cloudwatch_exporter": Dialect(
        {
            "region": "us-east-1",
            "role_arn": ROLE,
            "period_seconds": 60,
            "delay_seconds": 600,
            "range_seconds": 600,
            "metrics": [
                {
                    "aws_namespace": "AWS/SES",
                    "aws_metric_name": "Send",
                    "aws_statistics": ["Sum"],
                    "aws_dimensions": ["ses:configuration-set"],
                    "aws_dimension_select_regex": {"ses:configuration-set": ["news-.*"]},
                }
            ],
        },
        _load,
    ),
    "yace": Dialect(
        {
            "apiVersion": "v1alpha1",
            "discovery": {
                "jobs": [
                    {
                        "type": "AWS/SES",
                        "regions": ["us-east-1"],
                        "roles": [{"roleArn": ROLE, "externalId": "0123"}],
                        "dimensionNameRequirements": ["ses:configuration-set"],
                        "period": 300,
                        "metrics": [SEND],
                    }
                ]
            },
            "static": [
                {
                    "name": "mail",
                    "namespace": "AWS/SES",
                    "regions": ["us-east-1"],
                    "dimensions": [{"name": "a", "value": "b"}],
                    "metrics": [SEND],
                }
            ],
        },
        _load,
    ),
    "web": Dialect(
        {
            "tls_server_config": {
                "cert_file": "server.crt",
                "key_file": "server.key",
                "client_auth_type": "NoClientCert",
                "min_version": "TLS12",
                "cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
                "curve_preferences": ["CurveP256"],
                "prefer_server_cipher_suites": True,
                "client_allowed_sans": ["a.example"],
            },
            "basic_auth_users": {"alice": "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"},
            "http_server_config": {"http2": False, "headers": {"X-Frame-Options": "deny"}},
            "rate_limit": {"interval": "1s", "burst": 10},
        },
        read_web_file,
    ),
}
