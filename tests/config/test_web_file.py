"""The file of `--web.config.file`: what is honoured, and that everything else is refused, never ignored."""

from __future__ import annotations

import errno
import json
import os
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config.load import Loaded, load
from exporter.config.web import tls as module
from exporter.config.web.access import Rate, WebAccess
from exporter.config.web.names import CIPHERS, TLS13_CIPHERS
from exporter.config.web.pem import not_after
from exporter.config.web.read import read_web_file
from exporter.config.web.sans import sans_of
from exporter.errors import ConfigError
from tests.certificates import Authority, Papers, authority
from tests.effort import examples

HASH = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
STRICT = "RequireAndVerifyClientCert"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def papers(ours: Authority) -> Papers:
    return ours.issue("server", "exporter")


def read(folder: Path, values: object) -> WebAccess:
    file = folder / "web.yml"
    file.write_text(values if isinstance(values, str) else json.dumps(values))
    return read_web_file(file)


def refused(folder: Path, values: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, values)
    return [str(problem).partition("web.yml:")[2].partition(": ")[2] for problem in caught.value.problems]


def tls(papers: Papers, **more: Any) -> dict[str, Any]:
    return {"tls_server_config": {"cert_file": str(papers.cert), "key_file": str(papers.key), **more}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n\n",
        "  # nothing\n",
        "---\n",
        "--- # nothing\n...\n",
        "tls_server_config:\nbasic_auth_users:\n",
        "basic_auth_users: {}",
    ],
)
def test_a_file_that_asks_for_nothing_lets_everybody_in(tmp_path: Path, text: str) -> None:
    access = read(tmp_path, text)
    assert (access.tls, dict(access.users), access.headers, access.rate) == (None, {}, (), None)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"client_auth_type": "RequireAnyClientCert"}, 'client_auth_type = "RequireAnyClientCert": asks for '),
        (
            {"client_auth_type": "RequestClientCert"},
            "without verifying them, which ssl cannot; must be one of NoClient",
        ),
        ({"client_auth_type": "RequireClientCert"}, "without verifying them"),
        ({"client_auth_type": "RequireAndVerifyClientCrt"}, "did you mean RequireAndVerifyClientCert?"),
        ({"client_auth_type": STRICT}, "client_ca_file: is missing: without it certificates of every public CA"),
        ({"client_auth_type": STRICT, "client_ca_file": "gone.pem"}, 'client_ca_file = "gone.pem": cannot be read: no'),
        ({"client_auth_type": STRICT, "client_ca": "none"}, "client_ca: holds no certificate in PEM"),
        ({"client_ca": "none"}, "client_auth_type: is needed with a client CA"),
        ({"client_allowed_sans": ["a"]}, "client_allowed_sans: is only for client_auth_type RequireAndVerify"),
        (
            {"client_auth_type": STRICT, "client_allowed_sans": []},
            "client_allowed_sans: is empty: nobody could come in",
        ),
        ({"client_ca_file": "gone.pem", "client_ca": "SECRET"}, "client_ca: is given beside client_ca_file"),
        ({"min_version": "TLS11"}, 'min_version = "TLS11": is broken and not offered; must be TLS12 or TLS13'),
        ({"max_version": "TLS1.3"}, 'max_version = "TLS1.3": must be TLS12 or TLS13'),
        ({"min_version": "TLS13", "max_version": "TLS12"}, 'max_version = "TLS12": is below min_version'),
        (
            {"cipher_suites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA"]},
            "did you mean TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ),
        ({"cipher_suites": ["TLS_AES_128_GCM_SHA256"]}, "has no suite for TLS 1.2; name one, or set min_version"),
        ({"cipher_suites": sorted(TLS13_CIPHERS)}, "has no suite for TLS 1.2; name one, or set min_version to TLS13"),
        ({"cipher_suites": list(CIPHERS), "min_version": "TLS13"}, "which min_version leaves out"),
        ({"curve_preferences": ["X25519", "CurveP256"]}, "of which ssl can set one only"),
        ({"curve_preferences": ["X448"]}, "must be one of CurveP256, CurveP384, CurveP521, X25519"),
        ({"prefer_server_cipher_suites": "sure"}, "must be true or false"),
        ({"cert": "SECRET"}, "cert: is given beside cert_file; only one of them is allowed"),
        ({"key": "SECRET"}, "key: is given beside key_file; only one of them is allowed"),
        ({"key_fil": "SECRET"}, "key_fil: unknown key; did you mean key_file?"),
        ({"key_file": ""}, "key_file: is missing"),
        ({"key_file": 5}, "key_file = 5: must be text"),
        ({"key_file": None}, "key_file: is missing"),
        ({"cert_file": None}, "cert_file: is missing"),
        ({"cert_file": None, "cert": 5}, "cert: must be text in PEM"),
        ({"cert_file": None, "cert": "SECRET"}, "cert: holds no certificate in PEM"),
        ({"key_file": None, "key": "SECRET"}, "key: is no private key in PEM"),
        ({"cert_file": None, "cert": BROKEN}, "cert: holds a certificate that cannot be read"),
        ({"client_auth_type": STRICT, "client_ca": BROKEN}, "client_ca: holds no certificate in PEM"),
        ({"cert_file": "/dev/null"}, 'cert_file = "/dev/null": is no regular file'),
        ({"cert_file": "x\0y"}, "cannot be read: embedded null byte"),
    ],
)
def test_what_tls_cannot_honour_is_refused(tmp_path: Path, papers: Papers, more: dict[str, Any], line: str) -> None:
    lines = refused(tmp_path, tls(papers, **more))
    assert any(line in each for each in lines), lines
    assert "SECRET" not in "".join(lines)


def test_a_key_of_another_certificate_and_one_with_a_passphrase_are_refused(tmp_path: Path, ours: Authority) -> None:
    papers, other = ours.issue("a", "exporter"), ours.issue("b", "exporter")
    other_key = {"key_file": str(other.key)}
    assert [each.partition(": ")[2] for each in refused(tmp_path, tls(papers, **other_key))] == [
        "is not the key of the certificate"
    ]
    key = serialization.load_pem_private_key(papers.key.read_bytes(), None)
    papers.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    assert ["is encrypted" in each for each in refused(tmp_path, tls(papers))] == [True]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"basic_auth_user": {"a": "SECRET"}}, "basic_auth_user: unknown key; did you mean basic_auth_users?"),
        ({"basic_auth_excluded_paths": ["/x"]}, "basic_auth_excluded_paths: unknown key"),
        ({"basic_auth_users": {"alice": "SECRET"}}, "basic_auth_users.alice: must be a bcrypt hash"),
        ({"basic_auth_users": {"alice": f"{HASH}SECRET"}}, "basic_auth_users.alice: must be a bcrypt hash"),
        ({"basic_auth_users": {"alice": ["SECRET"]}}, "basic_auth_users.alice: must be a bcrypt hash"),
        ({"basic_auth_users": {"alice": HASH.replace("$10$", "$16$")}}, "has cost 16, over 15: every wrong password"),
        ({"basic_auth_users": {"": HASH}}, "is no name of a user"),
        ({"basic_auth_users": ["alice"]}, "basic_auth_users: must be a mapping"),
        ({"http_server_config": {"http3": True}}, "http_server_config.http3: unknown key; did you mean http2?"),
        ({"http_server_config": {"headers": {"X-Frame-Option": "deny"}}}, "did you mean X-Frame-Options?"),
        ({"http_server_config": {"headers": {"X-Frame-Options": "DENY"}}}, "must be one of deny, sameorigin"),
        ({"http_server_config": {"headers": {"X-Content-Type-Options": "x"}}}, "must be one of nosniff"),
        ({"http_server_config": {"headers": {"X-XSS-Protection": "a\nb"}}}, "must be text of printable ASCII"),
        ({"http_server_config": {"headers": {"Content-Security-Policy": True}}}, "must be text of printable ASCII"),
        ({"rate_limit": {"interval": "5", "burst": 1}}, "must be a time with its unit, such as 100ms or 1s"),
        ({"rate_limit": {"interval": True, "burst": 1}}, "must be a time with its unit"),
        ({"rate_limit": {"interval": -5, "burst": 1}}, "must be a time with its unit"),
        ({"rate_limit": {"interval": 2**63, "burst": 1}}, "of 292 years at most"),
        ({"rate_limit": {"interval": "9" * 400 + "h", "burst": 1}}, "of 292 years at most"),
        ({"rate_limit": {"interval": "5 s", "burst": 1}}, "must be a time with its unit"),
        ({"rate_limit": {"interval": "1s"}}, "rate_limit.burst: must be at least 1 with an interval"),
        ({"rate_limit": {"interval": "1s", "burst": -1}}, "must be a whole number from 0"),
        ("basic_auth_users: {alice: !secret SECRET}", "basic_auth_users.alice: has a tag"),
        ("basic_auth_users: {alice: [SECRET", "not YAML"),
        ("- SECRET", "must be a mapping of keys to values"),
    ],
)
def test_what_else_is_wrong_is_refused_without_showing_a_secret(tmp_path: Path, values: object, line: str) -> None:
    lines = refused(tmp_path, values)
    assert any(line in each for each in lines), lines
    assert "SECRET" not in "".join(lines)
    assert HASH[10:] not in "".join(lines)


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    lines = refused(tmp_path, "rate_limit: {interval: x}\nhttp_server_config: {x: 1}\nbasic_auth_users: {a: b}\n")
    assert [line.split(":")[0].split(" ")[0] for line in lines] == [
        "rate_limit.interval",
        "http_server_config.x",
        "basic_auth_users.a",
    ]


def test_what_is_right_and_yet_needs_a_word_is_a_warning(tmp_path: Path) -> None:
    access = read(
        tmp_path,
        {"http_server_config": {"http2": True}, "basic_auth_users": {"alice": HASH.replace("$10$", "$05$")}},
    )
    assert [doubt.partition("web.yml:1: ")[2] for doubt in access.doubts] == [
        "basic_auth_users.alice: has cost 05: soon guessed where the hash leaks",
        "http_server_config.http2 = true: is not offered: clients are served HTTP/1.1",
    ]


def test_what_templates_leave_empty_is_not_given(tmp_path: Path, papers: Papers) -> None:
    access = read(tmp_path, tls(papers, client_ca_file="", client_auth_type="", client_ca="", min_version=""))
    assert access.tls is not None
    assert access.tls.context.verify_mode is ssl.CERT_NONE
    access = read(tmp_path, {"tls_server_config": {"cert_file": "", "key_file": ""}})
    assert access.tls is None
    assert [doubt.partition("web.yml:1: ")[2] for doubt in access.doubts] == [
        "tls_server_config: names no certificate: there is no TLS"
    ]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (
            {"cipher_suites": ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]},
            "cipher_suites: names some suites of TLS 1.3, of which all are always on",
        ),
        ({"cipher_suites": ["TLS_AES_128_GCM_SHA256"], "min_version": "TLS13"}, "of which all are always on"),
        ({"client_allowed_sans": None}, "tls_server_config.client_allowed_sans: is empty: every name is let in"),
    ],
)
def test_what_go_takes_in_silence_is_taken_with_a_word(
    tmp_path: Path, papers: Papers, more: dict[str, Any], line: str
) -> None:
    (doubt,) = read(tmp_path, tls(papers, **more)).doubts
    assert line in doubt


def test_an_interval_without_a_unit_is_taken_with_a_word(tmp_path: Path) -> None:
    (doubt,) = read(tmp_path, {"rate_limit": {"interval": 5, "burst": 1}}).doubts
    assert doubt.endswith("rate_limit.interval = 5: has no unit: it is taken for nanoseconds, as in Go")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "tls_server_config:\n  cert_file: x\n  key_file: |\n    KEY",
            "tls_server_config.key_file = <secret>: cannot",
        ),
        (
            "tls_server_config:\n  key_file: x\n  cert_file:\n    KEY",
            "tls_server_config.cert_file = <secret>: cannot",
        ),
        (
            "tls_server_config:\n  client_auth_type: |\n    KEY",
            "tls_server_config.client_auth_type = <secret>: must",
        ),
        ("tls_server_config: KEY", "tls_server_config: must be a mapping"),
        ("basic_auth_users:\n  alice:HASH", "basic_auth_users: must be a mapping of keys to values"),
        ("basic_auth_users:\n  alice:HASH\n  bob:HASH", "basic_auth_users: must be a mapping of keys to values"),
        ("basic_auth_users: alice:SECRET", "basic_auth_users: must be a mapping of keys to values"),
        ("basic_auth_users:\n  HASH: alice", "basic_auth_users: must be a bcrypt hash"),
        ("basic_auth_users:\n  'alice:SECRET': HASH", "basic_auth_users: is no name of a user"),
        ("basic_auth_users:\n  'alice:SECRET': a\n  'alice:SECRET': b", "basic_auth_users: is given twice"),
        ("'alice:HASH': x", "unknown key"),
        ("alice: HASH", "alice: unknown key"),
    ],
)
def test_a_secret_at_the_wrong_place_is_told_by_its_line(tmp_path: Path, papers: Papers, text: str, line: str) -> None:
    key = papers.key.read_text()
    (tmp_path / "x").write_bytes(papers.cert.read_bytes())
    written = text.replace("HASH", HASH).replace("KEY", key.strip().replace("\n", "\n    "))
    lines = refused(tmp_path, written)
    assert any(each.startswith(line) for each in lines), lines
    told = "".join(lines)
    assert not any(secret in told for secret in ("SECRET", HASH[4:12], "-----", key.splitlines()[1][:8]))


def test_a_doubtful_user_whose_name_may_be_a_secret_is_told_by_his_line(tmp_path: Path) -> None:
    (doubt,) = read(tmp_path, {"basic_auth_users": {"pa$$word": HASH.replace("$10$", "$05$")}}).doubts
    assert doubt.endswith("web.yml:1: basic_auth_users: has cost 05: soon guessed where the hash leaks")


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "Too many open files"), FileNotFoundError(2, "No /proc")])
def test_a_shortage_while_a_certificate_is_loaded_is_a_problem(
    tmp_path: Path, papers: Papers, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def short(_: str) -> int:
        raise error

    monkeypatch.setattr(os, "memfd_create", short, raising=False)
    (line,) = refused(tmp_path, tls(papers))
    assert f"cannot be loaded: {str(error.strerror).lower()}" in line


def test_a_pipe_in_place_of_a_file_holds_nobody_up(tmp_path: Path, papers: Papers) -> None:
    os.mkfifo(tmp_path / "pipe")
    lines = refused(tmp_path, tls(papers, cert_file=str(tmp_path / "pipe")))
    assert [line.rpartition(": ")[2] for line in lines] == ["is no regular file"]
    os.mkfifo(tmp_path / "web.yml.pipe")
    with pytest.raises(ConfigError, match="is no regular file"):
        read_web_file(tmp_path / "web.yml.pipe")


def test_a_curve_that_openssl_does_not_have_is_refused(
    tmp_path: Path, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CURVES", {"X25519": "no such curve"})
    (line,) = refused(tmp_path, tls(papers, curve_preferences=["X25519"]))
    assert line.endswith("has what OpenSSL here does not offer: X25519")


def test_a_handshake_is_not_begun_again_on_an_open_connection(tmp_path: Path, papers: Papers) -> None:
    access = read(tmp_path, tls(papers))
    assert access.tls is not None
    assert access.tls.context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize("year", [2049, 2050, 9999])
def test_the_end_of_a_certificate_is_read_as_it_is_written(tmp_path: Path, year: int) -> None:
    end = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    issued = trustme.CA().issue_cert("exporter", not_after=end)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    access = read(
        tmp_path, {"tls_server_config": {"cert": chain.decode(), "key": issued.private_key_pem.bytes().decode()}}
    )
    assert access.tls is not None
    assert access.tls.not_after == end.timestamp()


@settings(max_examples=examples(50))
@given(st.binary(max_size=60))
def test_whatever_is_no_certificate_has_no_end_and_is_no_bug(data: bytes) -> None:
    block = ssl.DER_cert_to_PEM_cert(data).encode()
    with pytest.raises(ValueError, match=r".*"):
        not_after(block)


def test_suites_and_the_order_of_choice_reach_openssl(tmp_path: Path, papers: Papers) -> None:
    names = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", *TLS13_CIPHERS]
    access = read(tmp_path, tls(papers, cipher_suites=names, prefer_server_cipher_suites=False))
    assert access.tls is not None
    context = access.tls.context
    old = [each["name"] for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert old == [CIPHERS[name] for name in names[:2]]
    assert not context.options & ssl.OP_CIPHER_SERVER_PREFERENCE
    assert (context.minimum_version, context.maximum_version) == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    default = read(tmp_path, tls(papers)).tls
    assert default is not None
    assert default.context.options & ssl.OP_CIPHER_SERVER_PREFERENCE


def test_suites_that_openssl_does_not_have_are_refused(
    tmp_path: Path, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CIPHERS", {"TLS_GONE": "GONE-SHA", "TLS_HERE": "ECDHE-ECDSA-AES128-GCM-SHA256"})
    (line,) = refused(tmp_path, tls(papers, cipher_suites=["TLS_HERE", "TLS_GONE"]))
    assert line.endswith("has what OpenSSL here does not offer: TLS_GONE")
    (line,) = refused(tmp_path, tls(papers, cipher_suites=["TLS_GONE"]))
    assert line.endswith("has what OpenSSL here does not offer: TLS_GONE")


def test_a_system_without_files_in_memory_loads_certificates_too(
    tmp_path: Path, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert read(tmp_path, tls(papers)).tls is not None


def test_every_suite_of_go_is_known_to_openssl(tmp_path: Path, papers: Papers) -> None:
    assert read(tmp_path, tls(papers, cipher_suites=[*CIPHERS, *TLS13_CIPHERS])).tls is not None


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        *(("1s", 1), ("100ms", 0.1), ("1m30s", 90), ("1.5h", 5400), ("0s", None), (0, None)),
        *((".5s", 0.5), ("1.s", 1), ("500us", 5e-4), ("500µs", 5e-4), ("500μs", 5e-4), ("2ns", 2e-9), (10**9, 1)),
    ],
)
def test_a_rate_is_a_time_and_a_burst(tmp_path: Path, interval: object, seconds: float | None) -> None:
    expected = None if seconds is None else Rate(seconds, 3)
    assert read(tmp_path, {"rate_limit": {"interval": interval, "burst": 3}}).rate == expected


def test_tls_is_equal_when_it_is_made_of_the_same_and_only_then(tmp_path: Path, ours: Authority) -> None:
    ca, old = tmp_path / "ca.pem", ours.issue("old", "exporter")
    ca.write_bytes(ours.file.read_bytes())
    strict = {"client_ca_file": str(ca), "client_auth_type": STRICT, "client_allowed_sans": ["a"]}
    first = read(tmp_path, tls(old, **strict)).tls
    moved = Papers(tmp_path / "moved.pem", tmp_path / "moved.key")
    moved.cert.write_bytes(old.cert.read_bytes())
    moved.key.write_bytes(old.key.read_bytes())
    for same in (tls(old, **strict), tls(moved, **strict), tls(old, **strict) | {"basic_auth_users": {"a": HASH}}):
        assert read(tmp_path, same).tls == first
    for setting in (
        {"client_allowed_sans": ["b"]},
        {"client_allowed_sans": None},
        {"client_allowed_sans": None, "client_auth_type": "VerifyClientCertIfGiven"},
        {"min_version": "TLS13"},
        {"cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]},
        {"prefer_server_cipher_suites": False},
        {"curve_preferences": ["X25519"]},
    ):
        assert read(tmp_path, tls(old, **(strict | setting))).tls != first
    assert read(tmp_path, tls(ours.issue("new", "exporter"), **strict)).tls != first
    ca.write_bytes(ours.file.read_bytes() + authority(tmp_path / "theirs").file.read_bytes())
    assert read(tmp_path, tls(old, **strict)).tls != first


def test_nothing_secret_is_in_what_would_be_printed_of_it(tmp_path: Path, papers: Papers) -> None:
    assert "mDwo" not in repr(read(tmp_path, {"basic_auth_users": {"alice": HASH}, **tls(papers)}))


@settings(max_examples=examples(20))
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists))
def test_any_value_at_any_key_is_taken_or_refused(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    folder = tmp_path_factory.getbasetemp()
    keys = ("tls_server_config", "http_server_config", "basic_auth_users", "rate_limit")
    inner = ("cert", "key_file", "client_auth_type", "cipher_suites", "min_version", "headers", "http2", "interval")
    assert value is None or refused(folder, dict.fromkeys(keys, value))
    assert refused(folder, {key: dict.fromkeys(inner, value) for key in keys})


def test_names_of_certificates_are_read_as_go_reads_them(ours: Authority) -> None:
    found = {"subjectAltName": (("DNS", "a.example"), ("IP Address", "2001:DB8:0:0:0:0:0:7"), ("DirName", "x"))}
    assert sans_of(found) == {"a.example", "2001:db8::7"}
    assert sans_of(None) == frozenset()


def loaded(file: Path | None, **flags: str) -> Loaded:
    return load(file, environ={}, flags=flags, default_region=lambda: "us-east-1")


def test_the_way_to_it_is_relative_to_the_file_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    config = tmp_path / "etc" / "config.yaml"
    config.write_text("web: {config_file: web.yml}\n")
    (tmp_path / "etc" / "web.yml").write_text(f"basic_auth_users: {{alice: {HASH}}}")
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{bob: {HASH}}}")
    monkeypatch.chdir(tmp_path)
    assert set(loaded(config).web.users) == {"alice"}
    assert set(loaded(config, **{"web.config_file": "web.yml"}).web.users) == {"bob"}
    assert set(loaded(None, **{"web.config_file": "web.yml"}).web.users) == {"bob"}
    assert dict(loaded(None).web.users) == {}


def test_its_problems_stand_with_those_of_the_configuration(tmp_path: Path) -> None:
    config, web = tmp_path / "config.yaml", tmp_path / "web.yml"
    config.write_text("web: {config_file: web.yml}\n")
    with pytest.raises(ConfigError, match=r"web\.yml: cannot be read: no such file or directory"):
        loaded(config)
    web.write_text("basic_auth_users: {alice: x}\nrate_limit: {burst: x}\n")
    with pytest.raises(ConfigError, match=r"web\.yml:1: basic_auth_users.alice: must be a bcrypt hash") as caught:
        loaded(config)
    assert len(caught.value.problems) == 2
