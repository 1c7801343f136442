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


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads resident memory from /proc")
def test_fifty_roles_add_under_60_mb(aws: FakeAws) -> None:
    root = Path(__file__).parents[2]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, aws.url],
        env=unmeasured | {"PYTHONPATH": str(root), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) < 60
