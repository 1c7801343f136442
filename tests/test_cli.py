from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter import __version__, cli, daemon
from exporter.commands import demo
from exporter.config.load import Loaded
from exporter.errors import ListenError

TARGETS = "targets: [{regions: [us-east-1]}]\n"


class FakeDaemon:
    """Stands in for `daemon.run`: loads once, as the daemon does, and keeps what it got."""

    def __init__(self) -> None:
        self.loaded: list[Loaded] = []
        self.load: Callable[[], Loaded] | None = None
        self.code = 0
        self.error: BaseException | None = None

    def run(self, load: Callable[[], Loaded]) -> int:
        self.load = load
        self.loaded.append(load())
        if self.error is not None:
            raise self.error
        return self.code


@pytest.fixture
def fake_daemon(monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    fake = FakeDaemon()
    monkeypatch.setattr(daemon, "run", fake.run)
    return fake


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(TARGETS, encoding="utf-8")
    return path


@pytest.fixture
def err(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    def lines() -> list[str]:
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err.splitlines()

    return lines


@pytest.mark.parametrize("command", [[], ["run"]])
def test_flags_without_or_before_a_command_run_the_daemon(
    command: list[str], file: Path, fake_daemon: FakeDaemon
) -> None:
    arguments = [
        f"--config.file={file}",
        "--web.listen-address=127.0.0.1:0",
        "--web.listen-address",
        "[::1]:0",
        "--web.telemetry-path=/ses",
        "--web.enable-lifecycle",
        "--log.level=debug",
        "--log.format=json",
    ]
    assert cli.run([*arguments, *command]) == 0
    settings = fake_daemon.loaded[0].settings
    assert settings.web.listen_addresses == ("127.0.0.1:0", "[::1]:0")
    assert (settings.web.telemetry_path, settings.web.enable_lifecycle) == ("/ses", True)
    assert (settings.log.level, settings.log.format) == ("debug", "json")


def test_a_flag_that_is_not_given_leaves_the_file_alone_and_one_can_be_taken_back(
    file: Path, fake_daemon: FakeDaemon
) -> None:
    file.write_text(TARGETS + "web: {enable_lifecycle: true}\n", encoding="utf-8")
    assert cli.run([f"--config.file={file}"]) == cli.run([f"--config.file={file}", "--no-web.enable-lifecycle"]) == 0
    assert [loaded.settings.web.enable_lifecycle for loaded in fake_daemon.loaded] == [True, False]


def test_an_empty_name_of_the_web_configuration_is_none(
    file: Path, fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SES_EXPORTER__WEB__CONFIG_FILE", "")
    assert cli.run([f"--config.file={file}"]) == cli.run([f"--config.file={file}", "--web.config.file="]) == 0
    assert [loaded.settings.web.config_file for loaded in fake_daemon.loaded] == [None, None]


@pytest.mark.parametrize(
    ("told", "given"),
    [
        ("web: {config_file: web.yml}", ("", "")),
        ("", ("web.yml", "")),
        ("web: {config_file: ''}", ("", "")),
        ("", (" ", "")),
        ("", ("", " ")),
        ("", ("", "''")),
    ],
)
def test_an_empty_name_takes_away_no_other_and_what_only_looks_empty_is_a_name(
    told: str, given: tuple[str, str], file: Path, fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable, flag = given
    file.write_text(f"{TARGETS}{told}\n", encoding="utf-8")
    monkeypatch.setenv("AWS_SES_EXPORTER__WEB__CONFIG_FILE", variable)
    assert cli.run([f"--config.file={file}", f"--web.config.file={flag}"]) == 2, "there is no such file"
    assert fake_daemon.loaded == []


def test_without_a_file_the_region_of_the_environment_is_read(
    fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS", "60")
    assert cli.run([]) == 0
    settings = fake_daemon.loaded[0].settings
    assert (settings.targets[0].regions, settings.poll_interval_seconds) == (("eu-west-1",), 60)


def test_the_daemon_reads_the_file_anew_when_it_loads_again(file: Path, fake_daemon: FakeDaemon) -> None:
    cli.run([f"--config.file={file}"])
    file.write_text(TARGETS + "delay_seconds: 60\n", encoding="utf-8")
    assert fake_daemon.load is not None
    assert fake_daemon.load().settings.delay_seconds == 60


def test_the_exit_code_is_the_daemons(file: Path, fake_daemon: FakeDaemon) -> None:
    fake_daemon.code = 1
    assert cli.run([f"--config.file={file}"]) == 1


def test_a_bad_configuration_is_lines_and_2(file: Path, fake_daemon: FakeDaemon, err: Callable[[], list[str]]) -> None:
    file.write_text(TARGETS + "delay_seconds: x\nfoo: 1\n", encoding="utf-8")
    assert cli.run([f"--config.file={file}", "--log.level=loud"]) == 2
    assert [line.split(": ")[:2] for line in err()] == [
        [f"{file}:2", "delay_seconds = x"],
        [f"{file}:3", "foo"],
        ["flag", "--log.level = loud"],
    ]
    assert fake_daemon.loaded == []


def test_no_region_at_all_is_one_line_and_2(fake_daemon: FakeDaemon, err: Callable[[], list[str]]) -> None:
    assert cli.run([]) == 2
    assert err() == [
        "environment: targets: is missing: name the regions under targets, or set AWS_REGION or the profile's region"
    ]
    assert fake_daemon.load is not None


def test_an_address_in_use_is_one_line_and_1(file: Path, fake_daemon: FakeDaemon, err: Callable[[], list[str]]) -> None:
    fake_daemon.error = ListenError("cannot listen on :9199: address already in use")
    assert cli.run([f"--config.file={file}"]) == 1
    assert err() == ["aws-ses-exporter: cannot listen on :9199: address already in use"]


def test_an_interrupt_outside_the_daemon_is_1(file: Path, fake_daemon: FakeDaemon) -> None:
    fake_daemon.error = KeyboardInterrupt()
    assert cli.run([f"--config.file={file}"]) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--web.listen-adress=:1"], "No such option: --web.listen-adress; did you mean --web.listen-address?"),
        (["--nonsense"], "No such option: --nonsense"),
        (["--log.level"], "Option '--log.level' requires an argument."),
        (["check-confg"], "No such command 'check-confg'. Did you mean 'check-config', 'check'?"),
        (["check-config", "a", "b"], "Got unexpected extra argument(s) (b)"),
        (["demo", "--onec"], "No such option: --onec; did you mean --once?"),
        (
            ["--web.config.file=x", "demo"],
            "Invalid value for --web.config.file: is not for the demo",
        ),
        (["check-config", "--log.level=debug"], "--log.level has to stand before check-config"),
        (["run", "--config.file=x"], "--config.file has to stand before run"),
        (["check-config", "--log.lvel=debug"], "No such option: --log.lvel"),
        (["--config.file="], "Invalid value for '--config.file': needs the name of a file"),
        (["--config.file", "", "check-config"], "Invalid value for '--config.file': needs the name of a file"),
        (["check-config", ""], "Invalid value for '[FILE]': needs the name of a file"),
    ],
)
def test_wrong_usage_is_one_line_and_2(arguments: list[str], line: str, err: Callable[[], list[str]]) -> None:
    assert cli.run(arguments) == 2
    assert err() == [f"aws-ses-exporter: {line} (--help shows what there is)"]


def test_a_switch_of_yace_with_its_value_apart_is_one_line_and_2(err: Callable[[], list[str]]) -> None:
    assert cli.run(["-labels-snake-case", "true"]) == 2
    assert err() == ["flag: --labels-snake-case = true: takes its value after =, as in --labels-snake-case=true"]


def test_version_and_help_are_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"aws-ses-exporter {__version__} (Python {sys.version.split()[0]})\n"
    for arguments in (["--help"], ["-h"], ["demo", "--help"], ["check-config", "--help"]):
        assert cli.run(arguments) == 0
        assert capsys.readouterr().out.startswith("Usage: aws-ses-exporter")


@pytest.mark.parametrize("before", [True, False])
def test_check_config_takes_the_file_as_argument_or_flag(
    before: bool, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("targets: [{regions: [us-east-1, mars-north-1]}]\naws: {proxy_url: http://a:hunter2@b}\n", "utf-8")
    arguments = [f"--config.file={file}", "check-config"] if before else ["check-config", str(file)]
    assert cli.run(arguments) == 0
    printed = capsys.readouterr()
    assert yaml.safe_load(printed.out)["aws"]["proxy_url"] == "<secret>"
    assert "# CloudWatch queries per poll: 28" in printed.out
    assert "US dollars" in printed.out
    assert printed.err == (
        f"warning: {file}:1: targets[0].regions[1] = mars-north-1: "
        "is a region that the SDK does not know; it is asked nevertheless\n"
    )


def test_check_config_shows_all_problems_and_is_2(file: Path, err: Callable[[], list[str]]) -> None:
    file.write_text(TARGETS + "delay_seconds: -1\nperiod_seconds: 61\n", encoding="utf-8")
    assert cli.run(["check-config", str(file)]) == 2
    assert [line.partition(": ")[0] for line in err()] == [f"{file}:2", f"{file}:3"]


@pytest.mark.parametrize("once", [True, False])
def test_demo_gets_its_flags_and_gives_the_exit_code(once: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def fake(*arguments: object) -> int:
        seen.extend(arguments)
        return 1

    monkeypatch.setattr(demo, "demo", fake)
    assert cli.run(["--web.listen-address=:1", "demo", *(["--once"] if once else [])]) == 1
    assert seen == [once, [":1"]]


def test_main_exits_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["aws-ses-exporter", "--version"])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 0


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exporter", "--nonsense"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "aws-ses-exporter: No such option: --nonsense (--help shows what there is)\n"


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--version"], {"pydantic", "botocore", "starlette", "uvicorn", "yaml", "prometheus_client"}),
        (["check-config", "FILE"], {"aiobotocore", "starlette", "uvicorn", "prometheus_client", "moto", "aiohttp"}),
    ],
)
def test_what_a_command_does_not_need_is_not_imported(arguments: list[str], absent: set[str], file: Path) -> None:
    code = (
        "import sys; from exporter import cli; assert cli.run(sys.argv[1:]) == 0; "
        f"print(sorted({absent!r} & set(sys.modules)), file=sys.stderr)"
    )
    arguments = [str(file) if argument == "FILE" else argument for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "[]"


THEIRS = "region: us-east-1\nmetrics: [{aws_namespace: AWS/SES, aws_metric_name: Send}]\n"


@pytest.mark.parametrize("flags", [[], ["--log.level=debug"]])
def test_the_command_form_of_cloudwatch_exporter_is_taken(
    file: Path, fake_daemon: FakeDaemon, flags: list[str]
) -> None:
    file.write_text(THEIRS, encoding="utf-8")
    assert cli.run([*flags, "9106", str(file)]) == 0
    settings = fake_daemon.loaded[0].settings
    assert settings.web.listen_addresses == (":9106",)
    assert settings.dialect.name == "cloudwatch_exporter"


def test_a_port_and_a_file_after_a_command_are_usage(file: Path, err: Callable[[], list[str]]) -> None:
    assert cli.run(["run", "9106", str(file)]) == 2
    assert err()[0].startswith("aws-ses-exporter: ")


def test_the_dialect_can_be_forced(file: Path, fake_daemon: FakeDaemon, err: Callable[[], list[str]]) -> None:
    file.write_text(THEIRS, encoding="utf-8")
    assert cli.run([f"--config.file={file}"]) == 0
    assert fake_daemon.loaded[0].settings.dialect.name == "cloudwatch_exporter"
    assert cli.run([f"--config.file={file}", "--config.dialect=native"]) == 2
    assert any(line.startswith(f"{file}:1: region: unknown key") for line in err())
    assert cli.run([f"--config.file={file}", "--config.dialect=other"]) == 2
    assert "'native', 'cloudwatch_exporter'" in err()[0]


YACE = (
    "discovery: {jobs: [{type: AWS/SES, regions: [us-east-1], dimensionNameRequirements: [RuleSetName], "
    "metrics: [{name: Send, statistics: [Sum]}]}]}\n"
)


def test_the_flags_of_yace_are_taken(file: Path, fake_daemon: FakeDaemon) -> None:
    file.write_text(YACE, encoding="utf-8")
    flags = ["-config.file", str(file), "-listen-address", ":5000", "--scraping-interval=120", "-labels-snake-case"]
    assert cli.run([*flags, "-fips", "-tag-concurrency", "5"]) == 0
    (loaded,) = fake_daemon.loaded
    settings = loaded.settings
    assert settings.web.listen_addresses == (":5000",)
    assert settings.poll_interval_seconds == 120
    assert settings.aws.use_fips
    assert settings.dialect.name == "yace"
    labels = settings.dialect.rules[0].label_pairs("1", "r", (("RuleSetName", "a"),))
    assert "dimension_rule_set_name" in dict(labels)
    assert loaded.warnings == ("flag: --tag-concurrency: does nothing: AWS/SES has no tags to look for",)
    assert fake_daemon.load is not None
    assert fake_daemon.load().settings.dialect == settings.dialect


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-scraping-interval", "soon"], "'--scraping-interval': Input should be a valid integer"),
        (["-scraping-interval=1"], "--scraping-interval = 1: must be a whole number from 10 to 3600"),
        (["-listen-address"], "'--web.listen-address' requires an argument"),
        (["-labels-snake-case=maybe"], "'--labels-snake-case' does not take a value"),
    ],
)
def test_a_wrong_flag_of_yace_is_one_line(
    file: Path, err: Callable[[], list[str]], flags: list[str], said: str
) -> None:
    assert cli.run([f"--config.file={file}", *flags]) == 2
    (line,) = err()
    assert said in line


def test_verify_config_is_check_config(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(YACE, encoding="utf-8")
    assert cli.run(["verify-config", "-config.file", str(file)]) == 0
    assert "# The file is one of yace" in capsys.readouterr().out
    file.write_text(YACE.replace("AWS/SES", "ses"), encoding="utf-8")
    assert cli.run(["vc", f"-config.file={file}"]) == 2
    assert capsys.readouterr().err == f"{file}:1: discovery.jobs[0].type = ses: must be the namespace, AWS/SES\n"
    assert cli.run(["version"]) == 0
    assert __version__ in capsys.readouterr().out
