"""The real process and the network: connections, names and certificates."""

from __future__ import annotations

import time
from pathlib import Path

from exporter.errors import Reason
from tests.fakes.aws import CutShort, Fault, Hang, Reset, Stall
from tests.faults.held import told_again
from tests.faults.invariant import holds
from tests.faults.real import HIT, LIMIT_SECONDS, Real, real
from tests.faults.seen import failures
from tests.processes import until


def failing(reason: Reason) -> set[tuple[str, str]]:
    return {(source, reason.value) for source in ("cloudwatch", "account")}


def unresolved(world: Real) -> bool:
    """End the connections, which may outlast many polls, and see whether a name was asked for in vain."""
    world.gate.cut()
    return "the name hit.test cannot be resolved" in world.running.get("/").text


def wait_for_a_name_without_end(world: Real) -> None:
    """Let the resolver hang: polls of both sources take too long by it, and those of the other target go on."""
    before, others = failures(world.page(), HIT), world.page()[POLLS_OF_OTHER]
    world.names.write_text("hangs")

    def hanging() -> bool:
        world.gate.cut()
        now = failures(world.page(), HIT)
        return all(now[each] > before[each] for each in failing(Reason.TIMEOUT))

    until(hanging, LIMIT_SECONDS, world.log)
    until(lambda: world.page()[POLLS_OF_OTHER] > others + 2, LIMIT_SECONDS, world.log)


POLLS_OF_OTHER = 'aws_ses_exporter_polls_total{region="eu-west-1",source="cloudwatch",target="other"}'


@told_again
def test_connections_names_and_certificates_that_fail_show_their_reason_and_harm_nothing(tmp_path: Path) -> None:
    faults: list[tuple[Fault, Reason]] = [
        (Reset(), Reason.CONNECTION),
        (CutShort(), Reason.CONNECTION),
        (Hang(), Reason.TIMEOUT),
        (Stall(), Reason.TIMEOUT),
    ]
    with real(tmp_path, patience_seconds=4) as world:
        for fault, reason in faults:
            world.aws.fail(fault, region=HIT.region, times=None)
            world.suffer(failing(reason))
        world.gate.shut()
        world.suffer(failing(Reason.CONNECTION), heal=world.gate.open)
        world.names.write_text("fails")
        until(lambda: unresolved(world), LIMIT_SECONDS, world.log)
        world.heal(lambda: world.names.write_text(""))
        for certificate in world.certificates.bad:
            world.certificates.shown = certificate
            world.gate.cut()
            world.suffer(failing(Reason.TLS), heal=lambda: setattr(world.certificates, "shown", None))
        wait_for_a_name_without_end(world)
        assert world.next_scrape().samples[f"aws_ses_up{{{HIT.labels}}}"] == 0
        world.heal(lambda: world.names.write_text(""))
        world.finish()
        wait_for_a_name_without_end(world)
        begun = time.monotonic()
        assert world.running.stop() == 0
        assert time.monotonic() - begun < 30
    holds(world, failing(Reason.CONNECTION) | failing(Reason.TIMEOUT) | failing(Reason.TLS), hit=[HIT])
