"""The effective configuration as text, secrets masked."""

from __future__ import annotations

import hashlib
import json
from enum import Enum
from typing import Any

import yaml
from pydantic import SecretStr

from exporter.config.layers import SECRET
from exporter.config.settings import Settings


def masked(settings: Settings) -> str:
    """Return *settings* as YAML, every key with its effective value, secrets as `<secret>`."""
    return yaml.safe_dump(plain(settings.model_dump()), sort_keys=False, allow_unicode=True, width=4_096)


def digest(settings: Settings) -> str:
    """Return the SHA-256 of *settings* in hexadecimal, secrets masked: equal for equal effective configurations."""
    return hashlib.sha256(_effective(settings).encode()).hexdigest()


def _effective(settings: Settings) -> str:
    """Return all that decides: the keys, and what a foreign file asks for besides."""
    rules = repr(settings.dialect.rules) if settings.dialect.rules else ""
    return json.dumps(plain(settings.model_dump())) + rules


def plain(value: Any) -> Any:
    """Return what pydantic dumped as lists, dicts and scalars, secrets as `<secret>`."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, SecretStr):
        return SECRET
    return value.value if isinstance(value, Enum) else value
