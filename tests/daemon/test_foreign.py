"""The service on the file of another exporter: its page, and a reload from each dialect to every other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import yaml

from exporter.config.load import Loaded, load
from exporter.errors import AwsInternalError
from tests.daemon.world import FakeCloud, messages, running

WEB = {"AWS_SES_EXPORTER__WEB__LISTEN_ADDRESSES": '["127.0.0.1:0"]', "AWS_SES_EXPORTER__WEB__ENABLE_LIFECYCLE": "true"}
CLOUDWATCH_EXPORTER = {
    "region": "us-east-1",
    "set_timestamp": False,
    "metrics": [{"aws_namespace": "AWS/SES", "aws_metric_name": "Send", "aws_statistics": ["Sum"]}],
}
ROLE = "arn:aws:iam::210987654321:role/ses-reader"
SEND = {"name": "Send", "statistics": ["Sum"], "period": 60, "length": 300}
YACE = {
    "discovery": {"jobs": [{"type": "AWS/SES", "regions": ["us-east-1"], "metrics": [SEND]}]},
    "static": [
        {
            "name": "mail",
            "namespace": "AWS/SES",
            "regions": ["us-east-1", "eu-west-1"],
            "roles": [{"roleArn": ROLE}],
            "customTags": [{"key": "team", "value": "news"}],
            "metrics": [SEND],
        }
    ],
}
NATIVE = {"targets": [{"regions": ["us-east-1"]}]}
SHOWN = {
    "cloudwatch_exporter": 'aws_ses_send_sum{job="aws_ses",instance=""}',
    "yace": 'aws_ses_send_sum{account_id="123456789012",custom_tag_team="",name="global",region="us-east-1"}',
    "native": 'aws_ses_send_sum{account_id="123456789012",region="us-east-1"}',
}
SELF_METRICS = {"cloudwatch_exporter": "cloudwatch_", "yace": "yace_"}


def read(folder: Path, values: object) -> Loaded:
    file = folder / "config.yml"
    file.write_text(yaml.safe_dump(values))
    return load(file, environ=WEB, flags={}, default_region=lambda: None)


async def test_a_reload_goes_from_each_dialect_to_every_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.daemon.reload.MIN_REST_SECONDS", 0.01)
    files = {"cloudwatch_exporter": CLOUDWATCH_EXPORTER, "yace": YACE, "native": NATIVE}
    loads = {name: read(tmp_path, values) for name, values in files.items()}
    first, *others = ["cloudwatch_exporter", "native", "yace", "cloudwatch_exporter", "yace", "native", "yace"]
    async with running(FakeCloud(), loads[first].settings, caplog) as service:
        await service.until_polled()

        async def is_shown(name: str) -> bool:
            samples = await service.samples("aws_ses_send_sum")
            return SHOWN[name] in samples and not {SHOWN[other] for other in SHOWN if other != name} & samples.keys()

        assert await is_shown(first)
        assert await service.samples("cloudwatch_exporter_scrape_error") == {"cloudwatch_exporter_scrape_error": 0.0}
        for name in others:
            service.loads = loads[name]
            assert (await service.client.post("/-/reload")).status_code == 200
            await service.until(partial(is_shown, name))
            for dialect, prefix in SELF_METRICS.items():
                assert bool(await service.samples(prefix)) == (dialect == name)
    dialects = [getattr(record, "dialect", None) for record in caplog.records]
    assert [str(name) for name in dialects if name] == [first, *others]
    assert "configuration in force" in messages(caplog)


async def test_each_role_and_region_shows_the_series_of_its_jobs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(FakeCloud(), read(tmp_path, YACE).settings, caplog) as service:
        await service.until_polled()
        native = await service.samples("aws_ses_up")
        samples = await service.samples("aws_ses_send_sum")
        rows = [line for line in (await service.page()).splitlines() if line.startswith("# TYPE aws_ses_send_sum ")]
    mail = 'custom_tag_team="news",name="mail"'
    assert samples == {
        SHOWN["yace"]: 1.0,
        f'aws_ses_send_sum{{account_id="210987654321",{mail},region="eu-west-1"}}': 1.0,
        f'aws_ses_send_sum{{account_id="210987654321",{mail},region="us-east-1"}}': 1.0,
    }
    assert len(native) == 3
    assert len(rows) == 1


async def test_a_failing_role_leaves_the_other_series_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cloud = FakeCloud(trouble={("210987654321", "GetMetricData"): AwsInternalError("x")})
    async with running(cloud, read(tmp_path, YACE).settings, caplog) as service:
        await service.until_ready()
        assert await service.samples("aws_ses_send_sum") == {
            'aws_ses_send_sum{account_id="123456789012",name="global",region="us-east-1"}': 1.0
        }
