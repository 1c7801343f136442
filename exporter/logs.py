"""What the log looks like: one event a line on stderr, in logfmt or JSON.

An event is a constant message and its facts, given as `extra={...}`. A traceback means a bug, and a person has to read
it: logfmt prints it below its line, indented, so that no text in it can pass for an event; JSON keeps it in one field.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

THIRD_PARTY_LEVEL = logging.WARNING
"""Below it the AWS SDK prints signed headers and whole answers, and the web server every start and stop."""

_OWN_LOGGER = "exporter"
_SDK_LOGGERS = ("aiobotocore", "botocore")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
_TAKEN = frozenset({"time", "level", "logger", "error", "traceback"})
_BARE = re.compile(r'[^\s"=\\\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+')


class Handler(logging.StreamHandler[TextIO]):
    """The one handler that `configure` puts in place and takes away again."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*; the SDK's own without its traceback, which may hold what a provider of credentials said."""
        if record.name.startswith(_SDK_LOGGERS):
            record = copy.copy(record)
            record.exc_info = record.exc_text = None
        super().emit(record)


def configure(level: str, style: str, *, stream: TextIO | None = None) -> None:
    """Send every log record to *stream* (stderr unless told) in *style*, our own from *level* on.

    *level* is `debug`, `info`, `warning` or `error`, *style* `logfmt` or `json`. To be called again after a reload.
    """
    handler = Handler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else LogfmtFormatter())
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    number = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(number, THIRD_PARTY_LEVEL))
    logging.getLogger(_OWN_LOGGER).setLevel(number)


class LogfmtFormatter(logging.Formatter):
    """`time=... level=info logger=exporter.scheduler msg="poll failed" target=default`, a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of *record*, and the indented traceback where there is one."""
        line = " ".join(f"{key}={_quoted(_text(value))}" for key, value in _facts(record))
        trace = _traceback(record)
        return line if trace is None else "\n    ".join((line, *trace.splitlines()))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, the traceback as the field `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as one line of JSON."""
        fields = {key: value if _is_json(value) else _text(value) for key, value in _facts(record)}
        trace = _traceback(record)
        if trace is not None:
            fields["traceback"] = trace
        return json.dumps(fields)


def _facts(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "time", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname.lower()
    yield "logger", record.name
    yield "msg", record.getMessage()
    if record.exc_info is not None and record.exc_info[0] is not None:
        yield "error", f"{record.exc_info[0].__name__}: {record.exc_info[1]}"
        taken = _TAKEN
    else:
        taken = _TAKEN - {"error"}
    for key, value in vars(record).items():
        if key not in _STANDARD and value is not None:
            yield f"{key}_" if key in taken else key, value


def _traceback(record: logging.LogRecord) -> str | None:
    if record.exc_info is None or record.exc_info[0] is None:
        return None
    return logging.Formatter().formatException(record.exc_info)


def _is_json(value: object) -> bool:
    return isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value))


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value)


def _quoted(text: str) -> str:
    return text if _BARE.fullmatch(text) else json.dumps(text)
