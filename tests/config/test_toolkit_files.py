"""What the exporter-toolkit's own test files say, and that each is taken or refused as the document says it is.

Source: web/testdata of github.com/prometheus/exporter-toolkit, by name; the keys and values are theirs, the
certificates ours. Left out are those whose keys no release of the toolkit has.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from exporter.config.web.names import CIPHERS, CURVES, TLS13_CIPHERS
from exporter.config.web.read import read_web_file
from exporter.errors import ConfigError
from tests.certificates import authority

OWN = {"cert_file": "server.crt", "key_file": "server.key"}
MAYBE = OWN | {"client_auth_type": "VerifyClientCertIfGiven"}
STRICT = OWN | {"client_auth_type": "RequireAndVerifyClientCert"}
ANY = OWN | {"client_auth_type": "RequireAnyClientCert"}
OF_CLIENTS = STRICT | {"client_ca_file": "ca.pem"}
NEW, OLD = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
EVERY_CA = "without it certificates of every public CA would be let in"
HASHED = "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu"
SLOW = "$2y$18$4VeFDzXIoPHKnKTU3O3GH.N.vZu06CVqczYZ8WvfzrddFU6tGqjR."
HEADERS = {
    "X-Frame-Options": "deny",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-XSS-Protection": 1,
    "Content-Security-Policy": "default-src 'self' *.test.example.net",
}


def tls(group: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tls_server_config": group, **more}


TAKEN = {
    "web_config_empty.yml": {},
    "web_config_headers.good.yml": {"http_server_config": {"headers": HEADERS}},
    "web_config_users_noTLS.good.yml": {"basic_auth_users": {"carol": HASHED}},
    "web_config_rate_limiter_nonblocking.yaml": {"rate_limit": {"interval": 0, "burst": 0}},
    "web_config_rate_limiter_one_second.yaml": {"rate_limit": {"interval": "1s", "burst": 1}},
    "web_config_auth_client_san.good.yaml": tls(OF_CLIENTS | {"client_allowed_sans": ["one", "test3", "two"]}),
}
REFUSED = {
    # as the toolkit refuses them
    "web_config_junk_key.yml": (tls({"cert_filse": "server.crt"}), "did you mean cert_file?"),
    "web_config_noAuth_certPath_empty.bad.yml": (tls(OWN | {"cert_file": ""}), "cert_file: is missing"),
    "web_config_noAuth_keyPath_empty.bad.yml": (tls(OWN | {"key_file": ""}), "key_file: is missing"),
    "web_config_noAuth_cert_empty.bad.yml": (tls({"cert": "", "key_file": "server.key"}), "cert_file: is missing"),
    "web_config_noAuth_certPath_keyPath_empty.bad.yml": (
        tls({"cert_file": "", "key_file": "", "client_auth_type": "x"}),
        "cert_file: is missing",
    ),
    "web_config_noAuth_certPath_invalid.bad.yml": (tls(OWN | {"cert_file": "somefile"}), "no such file"),
    "web_config_noAuth_inventedCiphers.bad.yml": (tls(OWN | {"cipher_suites": ["TLS_X"]}), "is not a suite that Go"),
    "web_config_noAuth_inventedCurves.bad.yml": (tls(OWN | {"curve_preferences": ["CurveP257"]}), "must be one of"),
    "web_config_noAuth_wrongTLSVersion.bad.yml": (tls(OWN | {"min_version": "TLS111"}), "must be TLS12 or TLS13"),
    "web_config_auth_clientCAs_invalid.bad.yml": (tls(OWN | {"client_ca_file": "somefile"}), "no such file"),
    "web_config_auth_client_san_optional_cert.bad.yaml": (
        tls(MAYBE | {"client_ca_file": "ca.pem", "client_allowed_sans": ["bad"]}),
        "is only for client_auth_type RequireAndVerify",
    ),
    "web_config_auth_user_list_invalid.bad.yml": (
        tls(OWN, basic_auth_users={"john": "doe"}),
        "must be a bcrypt hash",
    ),
    "web_config_headers_content_type_options.bad.yml": (
        {"http_server_config": {"headers": {"X-Content-Type-Options": "sniff"}}},
        "must be one of nosniff",
    ),
    "web_config_headers_extra_header.bad.yml": (
        {"http_server_config": {"headers": {"Link": "x"}}},
        "headers.Link: unknown key",
    ),
    "web_config_headers_frame_options.bad.yml": (
        {"http_server_config": {"headers": {"X-Frame-Options": "sameorigins"}}},
        "must be one of deny, sameorigin",
    ),
    # as the document says
    "web_config_users.good.yml": (
        tls(OWN, basic_auth_users={"bob": SLOW, "carol": HASHED}),
        "basic_auth_users.bob: has cost 18, over 15: every wrong password would take seconds to check",
    ),
    "web_config_noAuth.good.yml": (tls(MAYBE), EVERY_CA),
    "web_config_noAuth.good.blocking.yml": (tls(STRICT), EVERY_CA),
    "web_config_noAuth_allCiphers.good.yml": (tls(MAYBE | {"cipher_suites": [*CIPHERS, *TLS13_CIPHERS]}), EVERY_CA),
    "web_config_noAuth_someCiphers.good.yml": (
        tls(MAYBE | {"cipher_suites": [OLD, NEW], "min_version": "TLS12", "max_version": "TLS12"}),
        EVERY_CA,
    ),
    "web_config_noAuth_noHTTP2.good.yml": (
        tls(MAYBE | {"cipher_suites": [NEW], "max_version": "TLS12"}, http_server_config={"http2": False}),
        EVERY_CA,
    ),
    "web_config_noAuth_someCurves.good.yml": (
        tls(MAYBE | {"min_version": "TLS13", "curve_preferences": ["CurveP521"]}),
        EVERY_CA,
    ),
    "web_config_noAuth_allCurves.good.yml": (
        tls(OWN | {"curve_preferences": list(CURVES)}),
        "names more than one curve, of which ssl can set one only",
    ),
    "tls_config_noAuth.requireanyclientcert.good.yml": (tls(ANY), "without verifying them, which ssl cannot"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toolkit")
    ours = authority(folder / "ours")
    papers = ours.issue("server", "exporter")
    shutil.copy(papers.cert, folder / "server.crt")
    shutil.copy(papers.key, folder / "server.key")
    shutil.copy(ours.file, folder / "ca.pem")
    return folder


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_of_the_toolkit_is_taken_without_a_word(folder: Path, name: str) -> None:
    (folder / "web.yml").write_text(json.dumps(TAKEN[name]))
    assert read_web_file(folder / "web.yml").doubts == ()


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_the_toolkit_is_refused_for_one_reason(folder: Path, name: str) -> None:
    values, reason = REFUSED[name]
    (folder / "web.yml").write_text(json.dumps(values))
    with pytest.raises(ConfigError) as caught:
        read_web_file(folder / "web.yml")
    assert any(reason in str(problem) for problem in caught.value.problems), caught.value


@pytest.mark.parametrize("name", [name for name in REFUSED if REFUSED[name][1] is EVERY_CA])
def test_with_a_client_ca_it_is_taken(folder: Path, name: str) -> None:
    values, _ = REFUSED[name]
    group = {**values["tls_server_config"], "client_ca_file": "ca.pem"}
    (folder / "web.yml").write_text(json.dumps({**values, "tls_server_config": group}))
    access = read_web_file(folder / "web.yml")
    assert access.tls is not None
    assert access.doubts == ()
