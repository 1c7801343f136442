"""The scrape: how long it takes beside a bare app with as many ready bytes, idle and during polls."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import peers, stage
from benchmarks.effort import Effort
from benchmarks.machine import cpu_seconds
from benchmarks.rows import Row, percentile, typical
from benchmarks.scraper import Scraper
from benchmarks.sizes import samples
from benchmarks.stage import of_series
from tests import processes
from tests.processes import Running, environment

FORMS = {"plain": False, "gzip": True}
BARE_RATIO = 1.3
TIMES_FASTER = 10
DURING_POLLS_SECONDS = 0.050
BLOCK_SECONDS = 0.050


def idle(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the scrape of many series between polls, against the bare app, turn by turn on the same machine."""
    with ExitStack() as stack:
        at = stack.enter_context(stage.cloud(folder, of_series(effort.many).sets))
        running = stack.enter_context(stage.real(at, of_series(effort.many)))
        stage.wait_whole(running, of_series(effort.many))
        pages = {form: _page(running, gzip=gzip) for form, gzip in FORMS.items()}
        for form, page in pages.items():
            (folder / form).write_bytes(page)
        command = (sys.executable, "-m", "benchmarks.bare", *(str(folder / form) for form in FORMS))
        bare = stack.enter_context(processes.process(command=command, environ=environment()))
        assert bare.process.stdout is not None
        bare.address = bare.process.stdout.readline().strip()
        yield Row("scrape", f"samples on the page of {effort.many} metrics", samples(pages["plain"]), "")
        for form in FORMS:
            yield from _against(form, len(pages[form]), running, bare, effort)


def _against(form: str, size: int, running: Running, bare: Running, effort: Effort) -> Iterator[Row]:
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    spent = {running.process.pid: 0.0, bare.process.pid: 0.0}
    with (
        Scraper(running.address, gzip=FORMS[form]) as scraper,
        Scraper(bare.address, f"/{form}", gzip=FORMS[form]) as other,
    ):
        for each in (scraper, other):
            for _ in range(effort.warm_up_scrapes):
                each.seconds()
        for _ in range(effort.rounds):
            for side, rounds, process in ((scraper, ours, running.process), (other, theirs, bare.process)):
                before = cpu_seconds(process.pid)
                rounds.append([side.seconds() for _ in range(effort.scrapes)])
                spent[process.pid] += cpu_seconds(process.pid) - before
    limit = peers.SCRAPE_P99_SECONDS[form] / TIMES_FASTER * 1e3
    p50, p99 = typical(ours, 50), typical(ours, 99)
    bytes_note = f"{size / 1e3:.0f} kB"
    cpu = spent[running.process.pid] / max(spent[bare.process.pid], 1e-9)
    yield Row("scrape", f"{form}, p50", p50 * 1e3, "ms", None, bytes_note)
    yield Row("scrape", f"{form}, p99", p99 * 1e3, "ms", limit, "target: a tenth of the better peer")
    note = f"bare p99 {typical(theirs, 99) * 1e3:.2f} ms"
    yield Row("scrape", f"{form}, p50 to the bare app's", p50 / typical(theirs, 50), "x", BARE_RATIO, note)
    yield Row("scrape", f"{form}, p99 to the bare app's", p99 / typical(theirs, 99), "x", BARE_RATIO, note)
    yield Row("scrape", f"{form}, CPU of the server to the bare app's", cpu, "x")


def polled(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield what polls of many series do to scrapes that go on all the time, and how long the loop is ever busy."""
    size = of_series(effort.many)
    with stage.cloud(folder, size.sets) as at:
        with stage.timeless(at, size, seconds=effort.polls_seconds) as (running, record):
            running.wait_ready(stage.RUN_SECONDS)
            with Scraper(running.address) as scraper:
                busy = []
                while not stage.ended(record):
                    busy.append(scraper.seconds())
                still = [scraper.seconds() for _ in range(max(effort.scrapes, len(busy) // 4))]
        worse = (percentile(busy, 99) - percentile(still, 99)) * 1e3
        note = f"{len(busy)} scrapes one after the other, the longest {max(busy) * 1e3:.0f} ms"
        yield Row(
            "loop", "gzip p99 while polls run, beyond the idle one", worse, "ms", DURING_POLLS_SECONDS * 1e3, note
        )
        with stage.timeless(at, size, seconds=effort.polls_seconds, measured=True) as (running, record):
            with Scraper(running.address) as scraper:
                while not stage.ended(record):
                    scraper.seconds()
            blocks = [line["longest_seconds"] for line in stage.lines(running, record)]
        start, polls = max(blocks[:2]), max(blocks[2:], default=0.0)
        note = "CPU time of one turn, scrapes included"
        yield Row("loop", "longest turn at polls", polls * 1e3, "ms", BLOCK_SECONDS * 1e3, note)
        yield Row("loop", "longest turn at start", start * 1e3, "ms", BLOCK_SECONDS * 1e3, note)


def _page(running: Running, *, gzip: bool) -> bytes:
    with Scraper(running.address, gzip=gzip) as scraper:
        return scraper.body()
