from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import pytest
from starlette.types import Message

from exporter.aside import T
from exporter.errors import Refusal
from exporter.web import press
from exporter.web.metrics import MAX_FILTERS, Scrapes, wants_gzip, wants_openmetrics
from exporter.web.press import LARGE_BYTES

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


WHOLE = b"aws_ses_send_total 1.0\n" * LARGE_BYTES


@dataclass
class Asked:
    """A page, and who asks for it. To render a page takes turns until *go_on*; *whole* is kept where not None."""

    whole: bytes | None = WHOLE
    go_on: bool = True
    rendered: list[frozenset[str] | None] = field(default_factory=list)
    own_part: bytes = b"own\n"
    process_part: bytes = b"process\n"
    refused: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scrapes = Scrapes(self, self.refused.append)

    def kept(self, *, openmetrics: bool) -> bytes | None:
        return self.whole

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        self.rendered.append(names)
        while not self.go_on:
            yield
        return WHOLE

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> tuple[bytes, bytes]:
        return self.own_part, self.process_part

    def ask(self, query: bytes = b"", *, coding: bytes = b"", hung_up: bool = False) -> asyncio.Task[list[Message]]:
        """Return the answer to come."""
        return asyncio.create_task(self._asked(query, coding, hung_up=hung_up))

    async def _asked(self, query: bytes, coding: bytes, *, hung_up: bool) -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            if not hung_up:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "query_string": query, "headers": [(b"accept-encoding", coding)]}
        await self.scrapes(scope, receive, send)
        return sent


async def turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def body(answer: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in answer)


async def test_a_page_that_is_kept_does_not_wait_for_one_that_is_being_made() -> None:
    asked = Asked(go_on=False)
    filtered = asked.ask(b"name[]=aws_ses_up")
    await turns()
    assert asked.rendered == [frozenset({"aws_ses_up"})]
    assert body(await asked.ask()) == WHOLE + b"own\nprocess\n"
    assert gzip.decompress(body(await asked.ask(coding=b"gzip"))) == WHOLE + b"own\nprocess\n"
    assert not filtered.done()
    asked.go_on = True
    assert body(await filtered) == WHOLE + b"own\nprocess\n"


async def test_pages_are_rendered_one_at_a_time() -> None:
    asked = Asked(whole=None, go_on=False)
    answers = [asked.ask(query) for query in (b"", b"name[]=a", b"", b"name[]=b")]
    await turns()
    assert asked.rendered == [None], "in steps, of which none may see half of what another one changes"
    asked.go_on = True
    await asyncio.gather(*answers)
    assert len(asked.rendered) == len(answers)


async def test_to_compress_what_is_for_one_request_keeps_no_other_page_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    compressing = asyncio.Event()

    async def waits(work: Callable[[], T]) -> T:
        await compressing.wait()
        return work()

    monkeypatch.setattr(press, "in_a_thread", waits)
    asked = Asked(whole=None)
    filtered = [asked.ask(b"name[]=%d" % number, coding=b"gzip") for number in range(3)]
    await turns()
    assert body(await asked.ask()) == WHOLE + b"own\nprocess\n"
    assert asked.rendered == [frozenset("0"), None], "of those for one request, the next is begun when one is done"
    compressing.set()
    assert {gzip.decompress(body(answer)) for answer in await asyncio.gather(*filtered)} == {WHOLE + b"own\nprocess\n"}


async def test_of_pages_with_name_only_so_many_wait_and_the_next_one_is_told_to_come_again() -> None:
    asked = Asked(go_on=False)
    filtered = [asked.ask(b"name[]=%d" % number) for number in range(MAX_FILTERS)]
    await turns()
    head, *_ = await asked.ask(b"name[]=a")
    assert (head["status"], dict(head["headers"])[b"retry-after"]) == (503, b"1")
    assert asked.refused == [Refusal.BUSY]
    assert body(await asked.ask()) == WHOLE + b"own\nprocess\n"
    asked.go_on = True
    assert {len(body(answer)) for answer in await asyncio.gather(*filtered)} == {len(WHOLE) + 12}
    assert (await asked.ask(b"name[]=a"))[0]["status"] == 200


async def test_who_hung_up_before_his_turn_is_passed_over() -> None:
    asked = Asked(go_on=False)
    first = asked.ask(b"name[]=a")
    await turns()
    others = [asked.ask(b"name[]=b", hung_up=hung_up) for hung_up in (True, False)]
    await turns()
    asked.go_on = True
    await asyncio.gather(first, *others)
    assert asked.rendered == [frozenset("a"), frozenset("b")]


@pytest.mark.parametrize("cut", [True, False])
async def test_who_hangs_up_or_is_cut_leaves_his_place_at_once(cut: bool) -> None:
    asked = Asked(go_on=False)
    first = asked.ask(b"name[]=a")
    await turns()
    gone = [asked.ask(b"name[]=b", hung_up=not cut) for _ in range(MAX_FILTERS - 1)]
    await turns()
    assert all(task.done() is not cut for task in gone)
    for task in gone:
        task.cancel()
    others = [asked.ask(b"name[]=c") for _ in range(MAX_FILTERS - 1)]
    await turns()
    asked.go_on = True
    await asyncio.gather(first, *others)
    assert asked.refused == []
    assert asked.rendered == [frozenset("a")] + [frozenset("c")] * len(others)
