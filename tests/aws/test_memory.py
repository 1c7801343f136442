"""What many ways in cost, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.aws import FakeAws

SCRIPT = """
import asyncio, gc, sys
from exporter.aws.clients import Aws
from exporter.config.settings import AwsSettings, TargetSettings
from tests.aws.helpers import Recorder, metric_data

def resident_mb():
    gc.collect()
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024

async def use(opened, **way):
    clients = await opened.region(TargetSettings(regions=("us-east-1",), **way), "us-east-1", Recorder())
    await clients.get_metric_data(**metric_data("Send"))
    await clients.get_account()

async def main():
    async with Aws(AwsSettings(endpoint_url=sys.argv[1])) as opened:
        await use(opened)
        before = resident_mb()
        for number in range(50):
            await use(opened, role_arn=f"arn:aws:iam::{number:012d}:role/reader")
        print(resident_mb() - before)

asyncio.run(main())
"""


RELOADS = """
import asyncio, gc, sys, weakref
from exporter.aws.clients import Aws
from exporter.config.settings import AwsSettings, TargetSettings
from exporter.daemon.garbage import much_died, short_collections
from tests.aws.helpers import Recorder, metric_data

async def main():
    alive, most = weakref.WeakSet(), 0
    for _ in range(10):
        async with Aws(AwsSettings(endpoint_url=sys.argv[1])) as opened:
            clients = await opened.region(TargetSettings(regions=("us-east-1",)), "us-east-1", Recorder())
            await clients.get_metric_data(**metric_data("Send"))
            alive.add(opened._factory.session(None))  # it dies in a cycle, and what it holds with it
            most = max(most, len(alive))
            gc.collect()  # while it lives, so that it is set aside
        much_died()  # as the fleet says after a reload
    print(most)

with short_collections():
    asyncio.run(main())
"""


def printed(script: str, url: str) -> float:
    """Return the number that *script* prints, run on the AWS at *url*."""
    root = Path(__file__).parents[2]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    result = subprocess.run(
        [sys.executable, "-c", script, url],
        env=unmeasured | {"PYTHONPATH": str(root), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return float(result.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads resident memory from /proc")
def test_fifty_roles_add_under_60_mb(aws: FakeAws) -> None:
    assert printed(SCRIPT, aws.url) < 60


def test_what_reloads_leave_behind_does_not_pile_up_while_collections_are_short(aws: FakeAws) -> None:
    assert printed(RELOADS, aws.url) < 4
