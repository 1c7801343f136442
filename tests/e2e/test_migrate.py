"""The whole way as an operator goes it: migrate, start on the output, and compare the pages of both exporters."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.fakes.aws import FakeAws
from tests.migrations import Printed, compared, samples
from tests.processes import environment, exporter

FILE = """
region: us-east-1
delay_seconds: 60
set_timestamp: false
metrics:
  - {aws_namespace: AWS/SES, aws_metric_name: Send, aws_statistics: [Sum, Average]}
  - {aws_namespace: AWS/SES, aws_metric_name: Reputation.BounceRate}
  - aws_namespace: AWS/SES
    aws_metric_name: Bounce
    aws_statistics: [Sum]
    aws_dimensions: ["ses:configuration-set"]
"""


def test_the_exporter_on_the_output_serves_what_it_served_on_the_file(tmp_path: Path) -> None:
    file, output = tmp_path / "config.yml", tmp_path / "native.yml"
    file.write_text(FILE)
    command = (sys.executable, "-m", "exporter", "migrate", str(file))
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    output.write_text(done.stdout)
    with FakeAws() as aws:
        minute = time.time() // 60 * 60
        for moment in (minute + 60 * offset for offset in range(-60, 60)):
            aws.put("Send", moment, 40, sample_count=4)
            aws.put("Bounce", moment, 3, dimensions={"ses:configuration-set": "news"})
        aws.put("Reputation.BounceRate", minute - 7_200, 0.1432)
        environ = environment(AWS_ENDPOINT_URL=aws.url)
        pages = []
        with (
            exporter(f"--config.file={file}", environ=environ) as before,
            exporter(f"--config.file={output}", environ=environ) as now,
        ):
            for each in (before, now):
                each.wait_ready()
                pages.append(samples(each.get("/metrics").text))
            assert [before.stop(), now.stop()] == [0, 0]
    printed = Printed(done.stdout)
    asked = {place.name for place, _, _ in printed.moves}
    assert len(asked) == 2 + 5 + 1
    theirs = {sample: shown for sample, shown in pages[0].items() if sample[0] in asked}
    result = compared(printed, theirs, pages[1])
    assert (result.samples, result.untold, result.announced) == (8, [], {})
    bounced = frozenset({"account_id": "123456789012", "region": "us-east-1", "ses_configuration_set": "news"}.items())
    assert pages[1]["aws_ses_dimension_bounce_sum", bounced].value == 3
    assert {name for name, _ in pages[0]} - asked - {place.name for place in printed.beside} <= {n for n, _ in pages[1]}
