from __future__ import annotations

from pathlib import Path

import pytest

from exporter.aws.regions import default_region, unknown_regions
from exporter.errors import ConfigError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }


def test_the_environment_s_region_comes_first(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nregion = eu-west-3\n")
    assert default_region(environ) == "eu-west-3"
    assert default_region(environ | {"AWS_DEFAULT_REGION": "eu-west-2"}) == "eu-west-2"
    assert default_region(environ | {"AWS_DEFAULT_REGION": "eu-west-2", "AWS_REGION": "eu-west-1"}) == "eu-west-1"


def test_then_that_of_the_profile(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile a]\nregion = eu-west-1\n[profile b]\nregion = eu-west-2\n")
    (tmp_path / "credentials").write_text("[b]\nregion = eu-north-1\n")
    assert default_region(environ | {"AWS_PROFILE": "a"}) == "eu-west-1"
    assert default_region(environ | {"AWS_DEFAULT_PROFILE": "a"}) == "eu-west-1"
    assert default_region(environ | {"AWS_PROFILE": "b"}) == "eu-north-1"
    assert default_region(environ | {"AWS_PROFILE": "c"}) is None


def test_files_are_looked_for_at_home(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\nregion = eu-west-1\n")
    assert default_region({"HOME": str(tmp_path)}) == "eu-west-1"


def test_without_any_there_is_none(environ: dict[str, str]) -> None:
    assert default_region(environ) is None


@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize("content", [b"region = eu-west-1\n", b"[default]\nregion = \xff\n"])
def test_a_broken_file_is_a_problem_with_its_path(
    name: str, content: bytes, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        default_region(environ)
    assert str(caught.value) == (
        f"{tmp_path / name}: is not an AWS configuration file: "
        "sections such as [default], and lines such as region = us-east-1"
    )
    assert default_region(environ | {"AWS_REGION": "eu-west-1"}) == "eu-west-1"


def test_regions_that_the_sdk_does_not_know() -> None:
    names = [
        "us-east-1",
        "us-est-1",
        "eu-west-1",
        "us-gov-west-1",
        "cn-north-1",
        "xx-north-9",
        "us-est-1",
        "aws-global",
    ]
    assert unknown_regions(names) == ("us-est-1", "xx-north-9", "aws-global")
