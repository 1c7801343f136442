"""Names of regions: the default one, and which ones the SDK knows. No session, no client, no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import ConfigNotFound, ConfigParseError
from botocore.loaders import Loader

from exporter.errors import ConfigError, Problem


def default_region(environ: Mapping[str, str]) -> str | None:
    """Return the region that *environ* or the AWS profile it names says, None where none is said.

    AWS_REGION, then AWS_DEFAULT_REGION, then the region of AWS_PROFILE (or `default`) in the AWS configuration files.

    Raises:
        ConfigError: one of these files cannot be read, whatever it would say: no call to AWS would get past it.
    """
    named = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if named:
        return named
    profile = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    home = environ.get("HOME", "~")
    credentials = Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or f"{home}/.aws/credentials")
    config = Path(environ.get("AWS_CONFIG_FILE") or f"{home}/.aws/config")
    region = _read(credentials, profiles=False).get(profile, {}).get("region")
    region = region or _read(config, profiles=True).get(profile, {}).get("region")
    return str(region) if region else None


def unknown_regions(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of *names* that the SDK does not know, each once and in order: new ones, or misspelt."""
    partitions = Loader().load_data("partitions")["partitions"]
    known = {region for partition in partitions for region in partition["regions"]}
    return tuple(name for name in dict.fromkeys(names) if name not in known or name.endswith("-global"))


def _read(path: Path, *, profiles: bool) -> Mapping[str, Mapping[str, object]]:
    try:
        if profiles:
            return dict(load_config(str(path))["profiles"])
        return dict(raw_config_parse(str(path)))
    except ConfigNotFound:
        return {}
    except ConfigParseError:
        message = "is not an AWS configuration file: sections such as [default], and lines such as region = us-east-1"
        raise ConfigError((Problem(str(path), message),)) from None
