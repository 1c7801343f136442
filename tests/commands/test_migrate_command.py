"""`migrate` as a command: warnings, errors, the region that nobody names, and what must not be printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from exporter import cli
from exporter.commands import migrate
from exporter.config.load import Loaded, load
from tests.commands.test_migrate import ROLE, SEND, SETS, file, written
from tests.migrations import NATIVE, migrated

__all__ = ["file"]


def test_what_is_left_out_of_the_file_is_warned_of_and_told(file: Path) -> None:
    found = migrated(written(file, SEND, {**SEND, "aws_namespace": "AWS/ELB"}))
    line = 'metrics[1].aws_namespace = "AWS/ELB": Send is left out: only AWS/SES is read here'
    assert [each.partition("yml:")[2].partition(": ")[2] for each in found.warnings] == [line]
    assert found.printed.others[-1].endswith(line)


@pytest.mark.parametrize(
    ("role", "targets", "told"),
    [
        (None, None, "AWS_REGION or the profile's region decides, as before"),
        (ROLE, ["eu-west-1"], "eu-west-1, of AWS_REGION or the profile, is written down"),
    ],
)
def test_a_region_that_nobody_names_stays_unnamed_unless_there_is_a_role(
    file: Path, role: str | None, targets: list[str] | None, told: str
) -> None:
    found = migrated(written(file, SEND, region=None, role_arn=role), fallback="eu-west-1")
    assert [target["regions"] for target in found.values.get("targets", ())] == ([targets] if targets else [])
    assert found.native.settings.targets == found.theirs.settings.targets
    assert found.warnings == [f"warning: {file}: names no region: {told}"]


def test_a_secret_is_not_printed(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = load(written(file, SEND, role_arn=ROLE), environ={}, flags={}, default_region=lambda: None).settings
    target = theirs.targets[0].model_copy(update={"external_id": SecretStr("hunter2-hunter2")})
    settings = theirs.model_copy(update={"targets": (target,)}).with_dialect(theirs.dialect)
    monkeypatch.setattr(migrate, "load", lambda *_, **__: Loaded(settings, "", ()))
    assert migrate.migrate(file, None, default_region=lambda: None, unknown_regions=lambda _: ()) == 0
    printed = capsys.readouterr()
    assert "    external_id: <secret>\n" in printed.out
    assert "hunter2" not in printed.out + printed.err
    assert printed.err == f"warning: {file}: a secret is not shown: put it in place of <secret>\n"


def test_no_line_of_the_comment_can_end_it() -> None:
    assert list(migrate._commented(["a\nb: 1", ""])) == ['# "a\\nb: 1"\n', "#\n"]


def test_odd_values_of_dimensions_come_through(file: Path) -> None:
    odd = [
        "1e3",
        "yes",
        "012",
        "5:00",
        "~",
        "<<",
        "a: b",
        "#",
        "- x",
        '"',
        " ",
        "line\nbreak",
        "\N{SNOWMAN}",
        "x" * 255,
    ]
    select = {"aws_dimensions": SETS, "aws_dimension_select": {SETS[0]: odd}}
    found = migrated(written(file, {**SEND, **select}))
    metric = next(each for each in found.native.settings.metrics or () if each.name == "Send")
    assert metric.dimensions == ({SETS[0]: odd},)


@pytest.mark.parametrize("before", [True, False])
def test_the_command_takes_the_file_as_argument_or_flag(
    before: bool, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(file, SEND, {**SEND, "aws_namespace": "AWS/ELB"})
    assert cli.run([f"--config.file={file}", "migrate"] if before else ["migrate", str(file)]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == (migrated(file).printed.text, 1)
    output = file.with_name(NATIVE)
    output.write_text(printed.out)
    assert cli.run(["check-config", str(output)]) == 0
    assert cli.run(["migrate", str(output)]) == 2
    assert capsys.readouterr().err == f"{output}: is already native: there is nothing to migrate\n"


@pytest.mark.parametrize(
    "text",
    [
        "metrics: [{aws_namespace: AWS/SES, aws_metric_name: Send, aws_statistic: [Sum]}]\nregion: nowhere\n",
        "targets: [{regions: [us-east-1]}]\ndelay_seconds: -1\n",
        "metrics: [{aws_namespace: AWS/SES, aws_metric_name: Send}]\n",
        "[",
        None,
    ],
)
def test_a_file_that_is_wrong_gives_the_lines_of_check_config(
    text: str | None, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        file.write_text(text)
    said = []
    for command in ("check-config", "migrate"):
        assert cli.run([command, str(file)]) == 2
        said.append(capsys.readouterr())
    assert said[0] == said[1]
    assert (said[1].out, said[1].err.count(str(file))) == ("", said[1].err.count("\n"))


def test_the_dialect_can_be_forced_and_a_file_is_needed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(file, region=None)
    assert cli.run(["migrate", str(file)]) == 2
    capsys.readouterr()
    file.write_text("region: us-east-1\nmetrics: []\n")
    assert cli.run(["--config.dialect=cloudwatch_exporter", "migrate", str(file)]) == 0
    assert "  # not in the file" in capsys.readouterr().out
    assert cli.run(["--config.dialect=native", "migrate", str(file)]) == 2
    assert "region: unknown key" in capsys.readouterr().err
    assert cli.run(["migrate"]) == 2
    assert "Invalid value for '[FILE]': needs the name of a file" in capsys.readouterr().err
    assert cli.run(["migrate", "--help"]) == 0
    assert "gives the same series" in capsys.readouterr().out
