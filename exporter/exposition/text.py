"""Lines of the Prometheus text format 0.0.4 and of OpenMetrics 1.0: numbers, labels, headers, samples. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from exporter.catalogue import Family
from exporter.exposition.naming import Labels
from exporter.series.observations import Reading, Series

FORMS_REMEMBERED = 8
"""Those of the process, in two formats, and of who asks for some by name."""
_LARGEST_PLAIN_DIGITS = 6

Row = tuple[str, Series]
"""A series with its labels as they stand on the page."""


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of the page that are good from *since*, inclusive, to *until*, exclusive (unix seconds)."""

    content: bytes
    since: float
    until: float

    def good_at(self, now: float) -> bool:
        """Tell whether rendering at *now* would give the same; a clock set back behind *since* may not."""
        return self.since <= now < self.until


def number(value: float) -> str:
    """Return *value* as Go and prometheus_client write it: `5.0`, `1.5e+06`, `+Inf`, `NaN`."""
    text = repr(float(value))
    if not math.isfinite(value):
        return {"inf": "+Inf", "-inf": "-Inf"}.get(text, "NaN")
    dot = text.find(".")
    if dot <= _LARGEST_PLAIN_DIGITS or value < 0:
        return text
    mantissa = f"{text[0]}.{text[1:dot]}{text[dot + 1 :]}".rstrip("0.")
    return f"{mantissa}e+{dot - 1:02d}"


def label_text(labels: Labels) -> str:
    """Return *labels* as `{name="value",...}`, or nothing when there are none. Values are never cut."""
    pairs = ",".join([f'{name}="{escaped(value)}"' for name, value in labels])
    if not pairs.isascii():
        pairs = encoded(pairs).decode()  # what differs only in halves of surrogate pairs must be seen to be the same
    return f"{{{pairs}}}" if pairs else ""


def openmetrics_name(family: Family) -> str:
    """Return the family's name in OpenMetrics, where only the samples of a counter carry `_total`."""
    return family.name.removesuffix("_total") if family.type == "counter" else family.name


def header(family: Family, *, openmetrics: bool) -> bytes:
    """Return the HELP and TYPE lines of *family*."""
    name = openmetrics_name(family) if openmetrics else family.name
    text = escaped(family.help) if openmetrics else family.help.replace("\\", r"\\").replace("\n", r"\n")
    return encoded(f"# HELP {name} {text}\n# TYPE {name} {family.type}\n")


@lru_cache(maxsize=FORMS_REMEMBERED)
def single_samples(families: tuple[Family, ...], *, openmetrics: bool) -> str:
    """Return *families* of one sample without labels each, with `%s` for its number."""
    parts = (header(family, openmetrics=openmetrics).decode() + f"{family.name} " for family in families)
    return "".join(part.replace("%", "%%") + "%s\n" for part in parts)


def block(
    family: Family,
    rows: Sequence[Row],
    now: float,
    *,
    timestamp: Callable[[Series, Reading], float | None],
    openmetrics: bool,
) -> Block:
    """Return the samples of *family* in the order of *rows*, leaving out what has ended at *now*."""
    name, until, lines = family.name, math.inf, []
    for labels, series in rows:
        for each in (*series.earlier, series.reading) if series.earlier else (series.reading,):
            reading = each.at(now)
            if reading is None:
                continue
            until = min(until, reading.valid_until)
            moment = timestamp(series, reading)
            lines.append(f"{name}{labels} {number(reading.value)}{_moment(moment, openmetrics=openmetrics)}\n")
    return Block(encoded("".join(lines)), now, until)


def encoded(text: str) -> bytes:
    """Return *text* as UTF-8; half of a surrogate pair, which has no UTF-8, becomes `?`."""
    return text.encode("utf-8", "replace")


def escaped(text: str) -> str:
    """Return *text* as it stands between quotes."""
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _moment(seconds: float | None, *, openmetrics: bool) -> str:
    if seconds is None:
        return ""
    return f" {seconds:.3f}" if openmetrics else f" {round(seconds * 1000)}"
