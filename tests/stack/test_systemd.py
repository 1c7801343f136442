"""The unit for systemd: what it may do, that systemd takes it, and that the exporter lives with it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter import cli
from tests.fakes.aws import FakeAws
from tests.package.engine import LIMITED
from tests.processes import environment, exporter
from tests.stack.files import ROOT, compose, one

UNIT = ROOT / "examples" / "systemd" / "aws-ses-exporter.service"
INSTALLATION = (ROOT / "docs" / "installation.md").read_text()
INSTALLED = "/opt/aws-ses-exporter/bin/aws-ses-exporter"
EXPOSURE = 15
"""In tenths of what `systemd-analyze security` shows; network and addresses, which it needs, make 13."""
NO_GAIN_OF_EXECUTION = """\
import ctypes, os, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit(77)
if len(sys.argv) > 1:
    os.execv(sys.argv[1], sys.argv[1:])
"""
"""What MemoryDenyWriteExecute forbids, by the kernel itself (Linux 6.3)."""


def options() -> dict[str, list[str]]:
    """Return the options of the unit, each with its values."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit, for a program that is here."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace(INSTALLED, str(Path(sys.executable))))
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on PATH: apt-get install systemd")
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True)


def test_systemd_takes_the_unit_without_a_word(installed: Path) -> None:
    said = analyze("verify", "--man=no", str(installed))

    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_systemd_would_notice_a_slip_of_the_pen(installed: Path) -> None:
    installed.write_text(installed.read_text().replace("NoNewPrivileges=yes", "NoNewPrivilege=yes"))

    assert "NoNewPrivilege" in analyze("verify", "--man=no", str(installed)).stderr


def test_it_is_exposed_to_no_more_than_the_network(installed: Path) -> None:
    if int(analyze("--version").stdout.split()[1]) < 250:
        pytest.skip("this systemd-analyze knows no security --offline: 250 or newer does")
    said = analyze("security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE}", str(installed))

    assert said.returncode == 0, said.stdout


def test_it_has_a_user_of_its_own_and_no_rights() -> None:
    found = options()

    assert found["CapabilityBoundingSet"] == found["AmbientCapabilities"] == [""]
    assert found["ProtectSystem"] == ["strict"]
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateUsers", "ProtectHome", "MemoryDenyWriteExecute"):
        assert found[name] == ["yes"]
    assert not {"User", "ReadWritePaths", "StateDirectory", "EnvironmentFile"} & set(found)


def test_it_reloads_and_stops_as_the_exporter_does_and_comes_back_unless_its_configuration_is_wrong() -> None:
    found = options()

    assert found["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert found["Restart"] == ["always"]
    assert found["RestartPreventExitStatus"] == [str(cli.USAGE_ERROR)]
    assert not {"KillSignal", "SendSIGKILL"} & set(found), "SIGTERM, then SIGKILL"
    assert int(found["TimeoutStopSec"][0]) <= 10


def test_what_it_starts_is_what_the_instructions_install() -> None:
    (start,) = options()["ExecStart"]
    program, flag = start.split()

    assert program == INSTALLED
    assert f"python3 -m venv {Path(INSTALLED).parents[1]}\n" in INSTALLATION
    assert flag.removeprefix("--config.file=") in INSTALLATION
    assert str(UNIT.relative_to(ROOT)) in INSTALLATION


def test_the_limit_of_memory_is_what_the_instructions_say_and_the_same_everywhere() -> None:
    (container,) = one("deployment.yaml")["spec"]["template"]["spec"]["containers"]

    assert "**256 MB** is the limit in all examples" in INSTALLATION
    assert options()["MemoryMax"] == ["256M"]
    assert container["resources"]["limits"] == {"memory": "256Mi"}
    assert compose()["services"]["exporter"]["mem_limit"] == "256m"
    assert "--memory=256m" in LIMITED
    assert "--memory=256m" in INSTALLATION


def test_the_exporter_lives_without_memory_that_is_written_and_executed() -> None:
    launcher = (sys.executable, "-c", NO_GAIN_OF_EXECUTION)
    if subprocess.run(launcher, check=False).returncode:
        pytest.skip("this kernel knows no PR_SET_MDWE: Linux 6.3 does")
    with FakeAws() as aws:
        environ = environment(AWS_ENDPOINT_URL=aws.url, AWS_REGION="us-east-1")
        with exporter(environ=environ, command=(*launcher, sys.executable, "-m", "exporter")) as running:
            running.wait_ready()
            assert 'aws_ses_up{account_id="123456789012",region="us-east-1"} 1.0' in running.get("/metrics").text
            assert running.stop() == 0
