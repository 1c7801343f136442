"""What is to be checked: the command line's texts become `Options`, or one line that says which of them is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.commands.check.counters import COUNTERS, EMAILS, QUOTA, REPUTATION, STATE_COUNTERS, Counter, StateCounter
from exporter.commands.check.errors import RefusedError
from exporter.commands.check.thresholds import Levels, StateLevels, parse_range, parse_states

PLUGIN, MODE, CUSTOM_MODES = "cloud::aws::ses::plugin", "emails", ("awscli", "paws")
STATISTICS = ("minimum", "maximum", "average", "sum")
TIMEFRAME_SECONDS, PERIOD_SECONDS, TIMEOUT_SECONDS = 172_800, 86_400, 50.0
MAX_TIMEFRAME_SECONDS = 455 * 86_400
MAX_TIMEOUT_SECONDS = 600.0
MINUTE = 60
CONFIGURATION_SET = "ses:configuration-set"
ACCOUNT_INSTANCE = "SES"
MAX_QUOTED = 16
"""Longer text is not repeated in an error: it may be a key that stands in the wrong place."""

KEYS = {
    "aws-access-key": "AWS_ACCESS_KEY_ID",
    "aws-secret-key": "AWS_SECRET_ACCESS_KEY",
    "aws-session-token": "AWS_SESSION_TOKEN",
    "aws-profile": "AWS_PROFILE",
}

PLAIN = ("aws-access-key", "aws-secret-key", "aws-session-token", "external-id")
"""What goes to AWS as it is, in headers and forms that hold no other signs than ASCII's."""


@dataclass(frozen=True, slots=True)
class Access:
    """The way into AWS. *variables* go into the environment of the SDK; nothing of it is shown."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    role_arn: str | None = None
    external_id: str | None = field(default=None, repr=False)
    endpoint_url: str | None = field(default=None, repr=False)
    proxy_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What to read, what to judge it by, and what to show. *emails* are those of Centreon's four that are wanted."""

    region: str
    access: Access = Access()
    dimensions: tuple[tuple[str, str], ...] = ()
    statistics: tuple[str, ...] = ("Average",)
    timeframe_seconds: int = TIMEFRAME_SECONDS
    period_seconds: int = PERIOD_SECONDS
    timeout_seconds: float = TIMEOUT_SECONDS
    emails: tuple[Counter, ...] = EMAILS
    levels: Mapping[str, Levels] = field(default_factory=dict)
    state_levels: Mapping[str, StateLevels] = field(default_factory=dict)
    zeroed: bool = False
    verbose: bool = False
    perfdata: bool = True
    filter_perfdata: re.Pattern[str] | None = None

    @property
    def instance(self) -> str:
        """What is checked, as the texts name it: `SES`, or the value of the dimension."""
        return "-".join(value for _, value in self.dimensions) or ACCOUNT_INSTANCE


def options_of(given: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
    """Return what *given* (by option, empty text is not given) and the region of *environ* ask for.

    Raises:
        RefusedError: something is missing or wrong.
    """
    texts = {key: value for key, value in given.items() if value}
    _only(texts, "plugin", (PLUGIN,))
    _only(texts, "mode", (MODE,))
    _only(texts, "custommode", CUSTOM_MODES)
    region = texts.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise RefusedError("Need to specify --region option.")
    if "skip-ssl-check" in texts:
        raise RefusedError("--skip-ssl-check: certificates are always checked; AWS_CA_BUNDLE names one to trust.")
    label, metric = _regexp(texts, "filter-counters"), _regexp(texts, "filter-metric")
    levels = {each.label: found for each in COUNTERS if (found := _levels(texts, each)) and _matches(label, each.label)}
    states = {one.label: bad for one in STATE_COUNTERS if (bad := _states(texts, one)) and _matches(label, one.label)}
    emails = tuple(each for each in EMAILS if _matches(label, each.label) and _matches(metric, each.metric))
    if not emails and not states and not any(each.label in levels for each in (*REPUTATION, QUOTA)):
        raise RefusedError("No metrics. The filters leave nothing to check.")
    return Options(
        region=region,
        access=_access(texts),
        dimensions=_dimensions(texts),
        statistics=_statistics(texts),
        timeframe_seconds=_seconds(texts, "timeframe", TIMEFRAME_SECONDS, 1),
        period_seconds=_seconds(texts, "period", PERIOD_SECONDS, MINUTE),
        timeout_seconds=_timeout(texts),
        emails=emails,
        levels=levels,
        state_levels=states,
        zeroed="zeroed" in texts,
        verbose="verbose" in texts,
        perfdata="output-ignore-perfdata" not in texts,
        filter_perfdata=_regexp(texts, "filter-perfdata"),
    )


def _only(texts: Mapping[str, Any], key: str, known: tuple[str, ...]) -> None:
    value = texts.get(key, known[0])
    if value not in known:
        raise RefusedError(f"{key} {_quoted(value)} doesn't exist: use {' or '.join(known)}.")


def _quoted(text: str) -> str:
    return f"'{text}'" if len(text) <= MAX_QUOTED else "'...'"


def _regexp(texts: Mapping[str, Any], key: str) -> re.Pattern[str] | None:
    try:
        return re.compile(texts[key]) if key in texts else None
    except (re.error, OverflowError, RecursionError):
        raise RefusedError(f"Wrong --{key} option: it is not a regular expression.") from None


def _matches(pattern: re.Pattern[str] | None, text: str) -> bool:
    return pattern is None or pattern.search(text) is not None


def _levels(texts: Mapping[str, Any], counter: Counter) -> Levels | None:
    found = []
    for key in (f"warning-{counter.label}", f"critical-{counter.label}"):
        found.append(parse_range(texts[key]) if key in texts else None)
        if key in texts and found[-1] is None:
            raise RefusedError(f"Wrong {key} threshold {_quoted(texts[key])}.")
    return Levels(*found) if any(found) else None


def _states(texts: Mapping[str, Any], counter: StateCounter) -> StateLevels | None:
    found = []
    for key in (f"warning-{counter.label}", f"critical-{counter.label}"):
        found.append(parse_states(texts[key], counter.states) if key in texts else None)
        if key in texts and found[-1] is None:
            allowed = ", ".join(counter.states)
            raise RefusedError(f"Wrong {key} threshold {_quoted(texts[key])}: it is a list of {allowed}.")
    return StateLevels(*found) if any(found) else None


def _dimensions(texts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    if "configuration-set" in texts:
        found[CONFIGURATION_SET] = texts["configuration-set"]
    for text in texts.get("dimension", ()):
        name, _, value = text.partition("=")
        if text and not (name and value):
            raise RefusedError("Wrong --dimension option: it is NAME=VALUE.")
        if text and found.setdefault(name, value) != value:
            raise RefusedError("Wrong --dimension option: one dimension has two values.")
    return tuple(sorted(found.items()))


def _statistics(texts: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    for text in filter(None, texts.get("statistic", ())):
        if text.lower() not in STATISTICS:
            raise RefusedError(f"Statistic {_quoted(text)} is not handled: use {', '.join(STATISTICS)}.")
        found.append(text.capitalize())
    return tuple(dict.fromkeys(found)) or ("Average",)


def _seconds(texts: Mapping[str, Any], key: str, default: int, step: int) -> int:
    text = texts.get(key, str(default))
    value = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    if not step <= value <= MAX_TIMEFRAME_SECONDS or value % step:
        kind = "seconds" if step == 1 else f"a multiple of {step} seconds"
        raise RefusedError(f"Wrong --{key} option: it is {kind}, at most {MAX_TIMEFRAME_SECONDS}.")
    return value


def _timeout(texts: Mapping[str, Any]) -> float:
    text = texts.get("timeout", str(TIMEOUT_SECONDS))
    value = float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) else 0.0
    if not 0 < value <= MAX_TIMEOUT_SECONDS:
        raise RefusedError(f"Wrong --timeout option: it is seconds, more than 0 and at most {MAX_TIMEOUT_SECONDS:.0f}.")
    return value


def _access(texts: Mapping[str, Any]) -> Access:
    if "external-id" in texts and "role-arn" not in texts:
        raise RefusedError("--external-id needs --role-arn.")
    for key in PLAIN:
        if key in texts and not (texts[key].isascii() and texts[key].isprintable()):
            raise RefusedError(f"Wrong --{key} option: it holds signs that cannot be in it.")
    proxy = texts.get("proxyurl")
    return Access(
        {variable: texts[key] for key, variable in KEYS.items() if key in texts},
        role_arn=texts.get("role-arn"),
        external_id=texts.get("external-id"),
        endpoint_url=texts.get("endpoint-url"),
        proxy_url=proxy if proxy is None or "://" in proxy else f"http://{proxy}",
    )
