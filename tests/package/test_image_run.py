"""The image as operators run it: read-only, without capabilities, as any user, against the fake AWS."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter import __version__
from tests.effort import SOAK
from tests.fakes.aws import FakeAws
from tests.package import engine
from tests.package.engine import Engine
from tests.processes import CREDENTIALS, START_SECONDS, Answer, until

pytestmark = pytest.mark.timeout(1200)
STOP_SECONDS = 2.0
"""One for the exporter, one for the engine, which takes half of it where nothing else runs."""
LIST = """\
import os, sys
for folder, _, files in os.walk("/", onerror=lambda error: None):
    if not folder.startswith(("/proc", "/sys", "/dev")):
        for name in files:
            print(os.path.join(folder, name))
"""
TREE = """\
import hashlib, pathlib
for path in sorted(pathlib.Path("/opt/exporter").rglob("*")):
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    print(path, path.lstat().st_mode, path.lstat().st_mtime_ns, content)
"""


@pytest.fixture(scope="module")
def container_engine() -> Engine:
    return engine.find()


@pytest.fixture(scope="module")
def image(container_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    return engine.image(container_engine, tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def files(container_engine: Engine, image: str) -> list[str]:
    """Every file of the image that its user can see."""
    said = container_engine(
        "run", "--rm", "--network=none", *engine.LIMITS, *engine.LIMITED, "--entrypoint=python", image, "-c", LIST
    )
    return said.splitlines()


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with FakeAws() as running:
        yield running


def options(aws: FakeAws, user: str) -> list[str]:
    variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1"}
    return [f"--user={user}", *(f"--env={name}={value}" for name, value in variables.items())]


def events(container_engine: Engine, name: str, message: str) -> list[dict[str, str]]:
    """Return the lines of a container's log that say *message*."""
    lines = (json.loads(line) for line in container_engine.log(name).splitlines() if line.startswith("{"))
    return [line for line in lines if line["msg"] == message]


@pytest.mark.parametrize("user", ["65534:65534", "12345:0", "4242:4242"])
def test_it_is_scraped_healthy_reloaded_and_stopped_as_any_user(
    user: str, image: str, container_engine: Engine, aws: FakeAws
) -> None:
    flags = ("--web.listen-address=127.0.0.1:0", "--log.format=json")
    with container_engine.container(image, *flags, options=options(aws, user)) as name:

        def said(message: str, times: int) -> None:
            log = lambda: container_engine.log(name)  # noqa: E731 - asked again each time
            until(lambda: len(events(container_engine, name, message)) == times, START_SECONDS, log)

        said("listening", 1)
        (listening,) = events(container_engine, name, "listening")
        page = ready(listening["address"])
        assert 'aws_ses_up{account_id="123456789012",region="us-east-1"} 1.0' in page
        assert f'version="{__version__}"' in page

        assert container_engine.code("exec", name, "python", "-m", "exporter.probe") == 0
        assert container_engine.code("exec", name, "python", "-m", "exporter.probe", "/nothing") == 1

        said("configuration in force", 1)
        container_engine("kill", "--signal=HUP", name)
        said("configuration in force", 2)

        started = time.monotonic()
        container_engine("kill", "--signal=TERM", name)
        assert container_engine("wait", name) == "0"
        assert time.monotonic() - started < STOP_SECONDS


def ready(address: str) -> str:
    """Return the page as soon as every target was tried."""

    def get(path: str) -> Answer:
        connection = http.client.HTTPConnection(address, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    until(lambda: get("/-/ready").status == http.client.OK, START_SECONDS)
    return get("/metrics").text


def test_it_has_no_compiler_no_pip_no_cache_no_tests_and_no_moto(files: list[str]) -> None:
    programs = re.compile(r"/s?bin/(as|cc|clang|g\+\+|gcc|ld|make|pip[\d.]*|uv)$")
    modules = re.compile(r"/(ensurepip|hatchling|moto|pip|pytest|site-packages/tests|exporter/tests)/")
    caches = re.compile(r"/\.cache/|\.whl$|^/(src|dist)/")

    assert [path for path in files if any(each.search(path) for each in (programs, modules, caches))] == []
    assert any(path.endswith("/site-packages/exporter/py.typed") for path in files), "not all is seen"


def test_all_its_modules_are_compiled(files: list[str]) -> None:
    there = set(files)
    sources = [
        Path(path) for path in files if re.match(r"/(opt/exporter/.*|usr/local/lib/python3\.\d+/\w+)\.py$", path)
    ]
    (tag,) = {
        found[1] for path in files if (found := re.search(r"/exporter/__pycache__/cli\.(cpython-\d+)\.pyc$", path))
    }

    assert len(sources) > 1_000
    assert [
        source for source in sources if str(source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc") not in there
    ] == []


def test_it_says_what_it_is(image: str, container_engine: Engine) -> None:
    (found,) = json.loads(container_engine("image", "inspect", image))
    labels = found["Config"]["Labels"]

    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.base.name"]
    assert found["Config"]["User"] == "65534:65534"
    assert found["Config"]["StopSignal"] == "SIGTERM"
    check = found["Config"].get("Healthcheck") or found["Healthcheck"]  # docker, podman
    assert check["Test"] == ["CMD", "python", "-m", "exporter.probe"]


@pytest.mark.skipif(not SOAK, reason="SOAK=1 builds the image twice")
def test_two_builds_give_the_same_files(container_engine: Engine, tmp_path: Path) -> None:
    base = engine.base(container_engine, tmp_path)
    trees = []
    name = "localhost/aws-ses-exporter-test-again"
    for _ in range(2):
        engine.build(container_engine, base, name, "--no-cache")
        trees.append(
            container_engine("run", "--rm", "--network=none", *engine.LIMITS, "--entrypoint=python", name, "-c", TREE)
        )
        container_engine("rmi", "--force", name)

    assert trees[0].count("\n") > 1_000
    assert trees[0] == trees[1]
