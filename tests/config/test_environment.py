from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from exporter.config.environment import FLAGS, read_environment, read_flags
from exporter.config.keys import keys, variables
from exporter.config.load import load
from exporter.config.settings import Settings
from exporter.errors import ConfigError

P = "AWS_SES_EXPORTER__"
BASE = {f"{P}TARGETS": '[{"regions": ["us-east-1"]}]'}


def settings(environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Settings:
    return load(None, environ=BASE | dict(environ), flags=flags or {}, default_region=lambda: None).settings


def lines(environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        settings(environ, flags)
    assert all(problem.where in {"environment", "flag"} for problem in caught.value.problems)
    return [str(problem).partition(": ")[2] for problem in caught.value.problems]


def test_every_key_outside_a_list_has_a_variable() -> None:
    assert variables()[f"{P}AWS__MAX_ATTEMPTS"] == ("aws", "max_attempts")
    assert variables()[f"{P}SOURCES__ACCOUNT__ENABLED"] == ("sources", "account", "enabled")
    assert set(variables()) == {key.variable for key in keys()}


def test_scalars_are_read_as_in_the_file_and_text_as_it_is() -> None:
    read = settings(
        {
            f"{P}POLL_INTERVAL_SECONDS": "60",
            f"{P}AWS__READ_TIMEOUT_SECONDS": "2.5",
            f"{P}AWS__USE_FIPS": "True",
            f"{P}WEB__ENABLE_LIFECYCLE": "yes",
            f"{P}AWS__PROXY_URL": "http://user:pass@proxy:3128",
            f"{P}LOG__FORMAT": "json",
        }
    )
    assert (read.poll_interval_seconds, read.aws.read_timeout_seconds, read.aws.use_fips) == (60, 2.5, True)
    assert read.web.enable_lifecycle
    assert read.aws.proxy_url is not None
    assert read.aws.proxy_url.get_secret_value() == "http://user:pass@proxy:3128"
    assert read.log.format == "json"


def test_lists_and_groups_are_json_and_the_deeper_variable_goes_first() -> None:
    read = settings(
        {
            f"{P}METRICS": '[{"name": "Send", "statistics": ["Sum", "p99"]}]',
            f"{P}WEB": '{"telemetry_path": "/group", "enable_lifecycle": true}',
            f"{P}WEB__TELEMETRY_PATH": "/key",
            f"{P}WEB__LISTEN_ADDRESSES": '["127.0.0.1:0", "[::1]:0"]',
        }
    )
    assert read.metrics is not None
    assert read.metrics[0].statistics == ("Sum", "p99")
    assert (read.web.telemetry_path, read.web.enable_lifecycle) == ("/key", True)
    assert read.web.listen_addresses == ("127.0.0.1:0", "[::1]:0")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert settings({f"{P}POLL_INTERVAL_SECONDS": "", f"{P}AWS__PROXY_URL": ""}).poll_interval_seconds == 300


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        (f"{P}POLL_INTERVAL_SECOND", f"{P}POLL_INTERVAL_SECONDS"),
        (f"{P}WEB__LISTEN_ADDRESS", f"{P}WEB__LISTEN_ADDRESSES"),
        (f"{P}WEB_TELEMETRY_PATH", f"{P}WEB__TELEMETRY_PATH"),
        ("AWS_SES_EXPORTER_LOG_LEVEL", f"{P}LOG__LEVEL"),
        ("aws_ses_exporter__log__level", f"{P}LOG__LEVEL"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known_one(name: str, guess: str) -> None:
    assert lines({name: "hunter2"}) == [f"{name}: unknown variable; did you mean {guess}?"]


def test_an_unknown_variable_near_to_none_points_to_the_list() -> None:
    assert lines({f"{P}%": "x"}) == [f"{P}%: unknown variable; docs/configuration.md lists them"]


def test_what_kubernetes_sets_for_a_service_of_that_name_is_not_ours() -> None:
    settings(
        {
            "AWS_SES_EXPORTER_SERVICE_HOST": "10.0.0.1",
            "AWS_SES_EXPORTER_SERVICE_PORT": "9199",
            "AWS_SES_EXPORTER_PORT": "tcp://10.0.0.1:9199",
            "AWS_SES_EXPORTER_PORT_9199_TCP_ADDR": "10.0.0.1",
        }
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[", "is not JSON (expecting value at character 2)"),
        ("us-east-1", "is not JSON (expecting value at character 1)"),
        ('[{"name": "a", "name": "hunter2"}]', "has a key twice"),
        ("[" * 40 + "]" * 40, "has more than 32 levels of nesting"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_without_being_shown(text: str, cause: str) -> None:
    allowed = "must be a list of targets with regions, as JSON"
    assert lines({f"{P}TARGETS": text})[0] == f"{P}TARGETS: {cause}; {allowed}"


def test_a_problem_inside_a_variable_names_the_way_to_it() -> None:
    assert lines({f"{P}TARGETS": '[{"regions": ["us-east-1", 5], "external_id": 7, "nmae": "x"}]'}) == [
        f"{P}TARGETS[0].regions[1] = 5: must be the name of a region, such as us-east-1, not a number",
        (
            f"{P}TARGETS[0].external_id = <secret>: must be text of 2 to 1224 characters, in quotes when all digits, "
            "not a number"
        ),
        f"{P}TARGETS[0].nmae: unknown key; did you mean name?",
    ]
    assert lines({f"{P}WEB": '{"prot": 1}'}) == [
        f"{P}WEB.prot: unknown key; known here: listen_addresses, telemetry_path, enable_lifecycle, config_file"
    ]


def test_a_group_that_is_none_is_told_beside_a_key_below_it() -> None:
    assert lines({f"{P}WEB": "5", f"{P}WEB__TELEMETRY_PATH": "/x"}) == [
        f"{P}WEB = 5: must be a mapping of keys to values, not a number"
    ]


def test_secrets_of_the_environment_are_never_shown() -> None:
    assert lines({f"{P}AWS__PROXY_URL": "user:hunter2"}) == [
        (
            f"{P}AWS__PROXY_URL = <secret>: is not an http or https address; "
            "must be an address such as http://proxy:3128 or http://user:password@proxy:3128"
        )
    ]


def test_a_long_value_is_cut_and_an_unprintable_one_escaped() -> None:
    level = "must be one of debug, info, warning, error"
    assert lines({f"{P}LOG__LEVEL": "x" * 99}) == [f"{P}LOG__LEVEL = {'x' * 60}...: {level}"]
    assert lines({f"{P}LOG__LEVEL": "a\nb"}) == [f'{P}LOG__LEVEL = "a\\nb": {level}']
    assert lines({f"{P}LOG__LEVEL": "\udcff"}) == [f'{P}LOG__LEVEL = "\\udcff": {level}']


def test_flags_name_themselves_in_problems() -> None:
    addresses = "must be host:port, :port for every address, or [ipv6]:port, with a port from 0 to 65535"
    assert lines({}, {"web.listen_addresses": [":9199", "x"], "log.format": "xml"}) == [
        f"--web.listen-address[1] = x: is not a listen address; {addresses}",
        "--log.format = xml: must be one of logfmt, json",
    ]


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert read_flags(dict.fromkeys(FLAGS)).values == {}
    assert read_environment({})[0].values == {}
