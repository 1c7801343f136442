"""Real curl and real Prometheus at the door of the real process, in each mode of a web configuration."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from exporter import probe
from exporter.config.web.names import CIPHERS
from exporter.web.entrance import MAX_HANDSHAKES
from exporter.web.server import MAX_CONNECTIONS
from tests.e2e.house import ALICE, EXAMPLE, RATE, House, open_house, shows, tls
from tests.e2e.scrapes import came_of, jobs, modes
from tests.monitoring import prometheus
from tests.processes import until

PAGES = ("/metrics", "/", "/config", "/-/healthy", "/-/ready", "/nothing")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("web")) as house:
        yield house


def test_the_documented_example_works_with_relative_files_on_every_path(house: House) -> None:
    house.use(EXAMPLE)
    for path in PAGES:
        status, answer = house.curl(path)
        assert status == 401, path
        assert 'www-authenticate: Basic realm="aws-ses-exporter"' in answer
    assert house.curl("/-/reload", "--request", "POST")[0] == 401
    assert [house.curl(path, *ALICE)[0] for path in PAGES] == [200] * 5 + [404]
    assert house.curl("/metrics", "--user", "bob:bob123")[0] == 200
    before = house.refusals("password", *ALICE)
    for wrong in ("alice:bob123", "alice:", "carol:alice123", ":", "alice:alice1234", "Alice:alice123"):
        assert house.curl("/metrics", "--user", wrong)[0] == 401, wrong
    for header in ("Basic", "Basic !!!", "Bearer x", "Basic " + base64.b64encode(b"alice").decode()):
        assert house.curl("/metrics", "--header", f"Authorization: {header}")[0] == 401, header
    assert house.refusals("password", *ALICE) == before + 10
    assert house.curl("/metrics", plain=True)[0] == 0


def test_the_documented_example_works_with_its_rate_too(house: House) -> None:
    house.use(EXAMPLE + RATE)
    assert [house.curl("/metrics", *ALICE)[0], house.curl()[0]] == [200, 401]


def test_a_file_that_is_cut_short_opens_no_door(house: House) -> None:
    house.use(EXAMPLE)
    for text in ("", EXAMPLE[: EXAMPLE.index("basic_auth_users")]):
        house.web.write_text(text)
        told = len(house.refused())
        until(lambda told=told: len(house.refused()) > told)
        assert house.curl("/metrics", plain=True)[0] == 0
        assert house.curl()[0] == 401
        _, page = house.curl("/metrics", *ALICE)
        assert "\naws_ses_exporter_web_config_last_reload_successful 0.0\n" in page
    assert all("takes away what is in force" in problem for problem in house.refused()[-2:])


def test_users_change_without_a_restart_and_work_without_tls(house: House) -> None:
    hashed = bcrypt.hashpw(b"new word", bcrypt.gensalt(4)).decode()
    house.use(json.dumps({"basic_auth_users": {"carol": hashed}}))
    assert house.curl("/metrics", "--user", "carol:new word", plain=True)[0] == 200
    assert house.curl("/metrics", *ALICE, plain=True)[0] == 401
    house.use("# nobody has to say who he is\n")
    assert house.curl("/metrics", plain=True)[0] == 200


@pytest.mark.parametrize("inline", [False, True])
def test_a_client_has_to_show_a_certificate_of_ours(house: House, inline: bool) -> None:
    group: dict[str, object] = {
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": str(house.ours.file),
    }
    text = tls(house, **group)
    if inline:
        group = {"cert": house.server.cert.read_text(), "key": house.server.key.read_text()}
        group |= {"client_auth_type": "RequireAndVerifyClientCert", "client_ca": house.ours.file.read_text()}
        text = json.dumps({"tls_server_config": group})
    house.use(text)
    assert house.curl("/metrics", *shows(house.client))[0] == 200
    before = house.refusals("tls", *shows(house.client))
    assert house.curl()[0] == 0
    assert house.curl("/metrics", *shows(house.stranger))[0] == 0
    assert house.refusals("tls", *shows(house.client)) == before + 2


def test_a_client_may_show_none_but_not_a_strange_one(house: House) -> None:
    house.use(tls(house, client_auth_type="VerifyClientCertIfGiven", client_ca_file=str(house.ours.file)))
    assert house.curl()[0] == 200
    assert house.curl("/metrics", *shows(house.client))[0] == 200
    assert house.curl("/metrics", *shows(house.stranger))[0] == 0


@pytest.mark.parametrize("name", ["prometheus.example", "10.0.0.7", "2001:DB8::7", "who@prometheus.example"])
def test_a_client_has_to_have_one_of_the_allowed_names(house: House, name: str) -> None:
    strict = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": str(house.ours.file)}
    house.use(tls(house, **strict, client_allowed_sans=["other.example", name]))
    assert house.curl("/metrics", *shows(house.client))[0] == 200
    assert house.curl("/metrics", *shows(house.ours.issue("another", "prometheus.example.org")))[0] == 0


def test_versions_of_tls_are_kept_to(house: House) -> None:
    at_most_12, at_least_13 = ("--tls-max", "1.2"), ("--tlsv1.3",)
    house.use(tls(house, min_version="TLS13"))
    assert house.curl("/metrics", *at_least_13)[0] == 200
    assert house.curl("/metrics", *at_most_12)[0] == 0
    house.use(tls(house, max_version="TLS12"))
    assert house.curl("/metrics", *at_least_13)[0] == 0
    assert house.curl("/metrics", *at_most_12)[0] == 200


def test_suites_and_curves_are_kept_to(house: House) -> None:
    suite, other = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    house.use(tls(house, cipher_suites=[suite], curve_preferences=["CurveP384"]))
    assert house.curl("/metrics", "--tls-max", "1.2", "--ciphers", CIPHERS[suite])[0] == 200
    assert house.curl("/metrics", "--tls-max", "1.2", "--ciphers", CIPHERS[other])[0] == 0
    assert house.curl("/metrics", "--curves", "P-384")[0] == 200
    assert house.curl("/metrics", "--curves", "X25519")[0] == 0


def test_headers_are_on_every_answer_and_replace_our_own(house: House) -> None:
    headers = {
        "Content-Security-Policy": "default-src 'self'",
        "Strict-Transport-Security": "max-age=60",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "sameorigin",
        "X-XSS-Protection": 0,
    }
    house.use(json.dumps({"http_server_config": {"http2": False, "headers": headers}}))
    for path in PAGES:
        head = house.curl(path, plain=True)[1].partition("\r\n\r\n")[0].lower().splitlines()
        for name, value in headers.items():
            assert head.count(f"{name}: {value}".lower()) == 1, (path, name)
            assert sum(line.startswith(f"{name}:".lower()) for line in head) == 1


def test_more_requests_than_the_rate_are_refused(house: House) -> None:
    house.use(json.dumps({"rate_limit": {"interval": "1h", "burst": 2}}))
    assert [house.curl("/metrics", plain=True)[0] for _ in range(3)] == [200, 200, 429]
    house.use("")


def test_a_renewed_certificate_is_served_without_a_signal_and_a_broken_one_is_not(house: House) -> None:
    house.use(tls(house))
    kept = house.server.cert.read_bytes(), house.server.key.read_bytes()
    house.server.cert.write_text("not a certificate")
    until(lambda: "aws_ses_exporter_web_config_last_reload_successful 0.0" in house.curl()[1])
    assert house.refused()[-1].rpartition(": ")[2] == "holds no certificate in PEM"
    house.theirs.issue("new", "exporter")
    shutil.copy(house.theirs.folder / "new.pem", house.server.cert)
    shutil.copy(house.theirs.folder / "new.key", house.server.key)
    until(lambda: house.curl("/metrics", "--cacert", str(house.theirs.file))[0] == 200)
    assert house.curl()[0] == 0
    house.server.cert.write_bytes(kept[0])
    house.server.key.write_bytes(kept[1])
    until(lambda: house.curl()[0] == 200)


def test_a_web_configuration_that_is_wrong_changes_nothing(house: House) -> None:
    house.use(EXAMPLE)
    before = house.in_force()
    house.web.write_text("basic_auth_user: {}")
    house.running.process.send_signal(signal.SIGHUP)
    until(lambda: any("basic_auth_user:" in event.get("problem", "") for event in house.running.events()))
    assert house.curl("/metrics")[0] == 401
    assert house.curl("/metrics", *ALICE)[0] == 200
    assert house.in_force() == before


def test_the_health_check_of_the_image_copes_with_every_mode(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIMEOUT_SECONDS", 60.0)
    address, known = f"{house.running.address}/-/healthy", {probe.VARIABLE: "alice:alice123"}
    strict = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": str(house.ours.file)}
    for text in ("", EXAMPLE, tls(house), tls(house, **strict), tls(house, **strict, max_version="TLS12")):
        house.use(text)
        assert probe.main([address], known) == 0
        assert probe.main([address], {}) == 0
    house.use(json.dumps({"rate_limit": {"interval": "1h", "burst": 1}}))
    assert [probe.main([address], {}) for _ in range(3)] == [0, 0, 0]
    house.use(EXAMPLE)
    before = house.refusals("tls", *ALICE)
    assert [probe.main([address], known) for _ in range(3)] == [0, 0, 0]
    assert house.refusals("tls", *ALICE) == before, "a healthy exporter's own probe is nobody to be refused"
    assert probe.main([f"https://{address}"], known) == 0
    assert probe.main([f"http://{address}"], known) == 1
    assert probe.main([address], {probe.VARIABLE: "alice:wrong"}) == 1
    assert probe.main([address.replace("healthy", "nothing")], known) == 1
    assert probe.main(["127.0.0.1:1/-/healthy"], {}) == 1


CROWD = 500
PROMPT_SECONDS = "8"
"""Before the first of the crowd are cut for being slow, after ten, but long for a machine that is held up."""
SLOW = (b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02")
"""Who says nothing, who does not end, who asks and does not read and does not go, who begins TLS."""


@pytest.mark.parametrize("secure", [False, True])
def test_the_metrics_keep_answering_under_a_crowd_of_slow_clients(house: House, secure: bool) -> None:
    house.use(EXAMPLE if secure else "")
    host, _, port = house.running.address.rpartition(":")
    options = ALICE if secure else ()
    with contextlib.ExitStack() as crowd:
        for number in range(CROWD):
            client = crowd.enter_context(socket.create_connection((host, int(port)), timeout=20))
            client.sendall(SLOW[number % len(SLOW)])
            if number % 100 == 99:
                status, answer = house.curl("/metrics", *options, "--max-time", PROMPT_SECONDS, plain=not secure)
                assert status == 200, answer
        for _ in range(5):
            assert house.curl("/metrics", *options, "--max-time", PROMPT_SECONDS, plain=not secure)[0] == 200
        descriptors = len(list(Path(f"/proc/{house.running.process.pid}/fd").iterdir()))
    assert descriptors < MAX_CONNECTIONS + MAX_HANDSHAKES + 50


def test_prometheus_is_let_in_or_kept_out_in_every_mode(house: House, tmp_path: Path) -> None:
    target = {"static_configs": [{"targets": [house.running.address]}]}
    every = {"scrape_interval": "500ms", "scrape_timeout": "500ms"}
    scrapes = [{"job_name": name, **every, **target, **job} for name, job in jobs(house).items()]
    with prometheus({"scrape_configs": scrapes}, tmp_path) as it:
        for mode, (text, told) in modes(house).items():
            house.use(text)
            expected = dict.fromkeys(jobs(house), "cut") | {job: how for how, some in told.items() for job in some}
            since = time.time()
            until(
                lambda since=since, expected=expected: came_of(it, since) == expected,
                explain=lambda since=since, mode=mode: f"{mode}: {came_of(it, since)}",
            )
