from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from exporter import logs


@pytest.fixture
def written() -> Iterator[Callable[..., io.StringIO]]:
    root = logging.getLogger()
    own = logging.getLogger("exporter")
    levels = (root.level, own.level)

    def configure(level: str = "info", style: str = "logfmt") -> io.StringIO:
        stream = io.StringIO()
        logs.configure(level, style, stream=stream)
        return stream

    yield configure
    for handler in [handler for handler in root.handlers if isinstance(handler, logs.Handler)]:
        root.removeHandler(handler)
    root.setLevel(levels[0])
    own.setLevel(levels[1])


def break_down() -> None:
    raise ValueError("broken\nlevel=info msg=forged")


def log_a_bug() -> None:
    try:
        break_down()
    except ValueError:
        logging.getLogger("exporter.daemon").exception("stopped by a bug", extra={"error": "clash", "target": "a"})


@pytest.mark.parametrize("style", ["logfmt", "json"])
@pytest.mark.parametrize("logger", ["botocore.credentials", "aiobotocore.credentials"])
def test_the_sdk_s_tracebacks_are_not_shown_as_they_may_hold_what_a_provider_of_credentials_said(
    logger: str, style: str, written: Callable[..., io.StringIO]
) -> None:
    stream = written(style=style)
    error = RuntimeError("planted by a credential process")
    logging.getLogger(logger).warning("Refreshing temporary credentials failed", exc_info=error)
    assert "Refreshing temporary credentials failed" in stream.getvalue()
    assert "planted" not in stream.getvalue()


def test_logfmt_is_one_line_with_time_level_logger_message_and_facts(written: Callable[..., io.StringIO]) -> None:
    stream = written()
    facts = {"target": "default", "account": None, "n": 3, "addresses": ["a:1", "b:2"]}
    logging.getLogger("exporter.scheduler").warning("poll failed", extra=facts)
    line = stream.getvalue()
    time, rest = line.split(" ", 1)
    assert time.startswith("time=20")
    assert time.endswith("Z")
    assert rest == 'level=warning logger=exporter.scheduler msg="poll failed" target=default n=3 addresses=a:1,b:2\n'


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "x"', '"say \\"x\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("line\nbreak\ttab", '"line\\nbreak\\ttab"'),
        ("esc\x1b[0m", '"esc\\u001b[0m"'),
        ("line\u2028separator", '"line\\u2028separator"'),
        ("Zürich", "Zürich"),
        ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/x"),
        (float("inf"), "inf"),
        (True, "True"),
    ],
)
def test_logfmt_quotes_what_needs_it(written: Callable[..., io.StringIO], value: object, shown: str) -> None:
    stream = written()
    logging.getLogger("exporter").info("x", extra={"value": value})
    assert stream.getvalue().endswith(f" msg=x value={shown}\n")


def test_json_is_one_object_a_line_with_numbers_as_numbers(written: Callable[..., io.StringIO]) -> None:
    stream = written(style="json")
    facts = {"target": "a", "n": 3, "bad": float("nan"), "ok": True, "level": "x"}
    logging.getLogger("exporter.x").info("it is %s", "so", extra=facts)
    document = json.loads(stream.getvalue())
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "info",
        "logger": "exporter.x",
        "msg": "it is so",
        "target": "a",
        "n": 3,
        "bad": "nan",
        "ok": True,
        "level_": "x",
    }


def test_a_traceback_in_logfmt_stands_below_its_line_and_cannot_forge_one(written: Callable[..., io.StringIO]) -> None:
    stream = written()
    log_a_bug()
    first, *rest = stream.getvalue().splitlines()
    assert 'msg="stopped by a bug" error="ValueError: broken\\nlevel=info msg=forged" error_=clash target=a' in first
    assert rest[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in rest)


def test_a_traceback_in_json_is_one_field(written: Callable[..., io.StringIO]) -> None:
    stream = written(style="json")
    log_a_bug()
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: broken" in json.loads(line)["traceback"]


def test_exc_info_without_an_exception_is_no_traceback(written: Callable[..., io.StringIO]) -> None:
    stream = written()
    logging.getLogger("exporter").info("calm", exc_info=True)  # noqa: LOG014 - the case in question
    assert stream.getvalue().endswith("msg=calm\n")


def test_debug_is_for_our_own_loggers_and_others_are_heard_from_warning_on(
    written: Callable[..., io.StringIO],
) -> None:
    stream = written("debug")
    logging.getLogger("exporter.x").debug("ours")
    for name in ("botocore.auth", "aiobotocore", "uvicorn.error", "asyncio"):
        logging.getLogger(name).info("theirs: x-amz-security-token")
        logging.getLogger(name).debug("theirs: authorization")
    logging.getLogger("uvicorn.error").warning("heard")
    lines = stream.getvalue().splitlines()
    assert [line.rpartition("msg=")[2] for line in lines] == ["ours", "heard"]


def test_level_error_silences_warnings_of_everyone(written: Callable[..., io.StringIO]) -> None:
    stream = written("error")
    logging.getLogger("exporter.x").warning("ours")
    logging.getLogger("uvicorn.error").warning("theirs")
    assert stream.getvalue() == ""


def test_configuring_again_replaces_the_handler(written: Callable[..., io.StringIO]) -> None:
    first = written()
    second = written("warning", "json")
    logging.getLogger("exporter").warning("once")
    assert first.getvalue() == ""
    assert json.loads(second.getvalue())["msg"] == "once"


def test_the_log_goes_to_stderr(written: Callable[..., io.StringIO], capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "logfmt")
    logging.getLogger("exporter").info("hello")
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.endswith("msg=hello\n")
