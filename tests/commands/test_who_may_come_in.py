from __future__ import annotations

import ssl

import pytest

from exporter.commands.check_config import who_may_come_in
from exporter.config.web.access import Tls, WebAccess


@pytest.mark.parametrize(
    ("mode", "users", "sentence"),
    [
        (None, 0, "everybody who reaches the port, without TLS"),
        (None, 1, "one of 1 user, without TLS"),
        (ssl.CERT_NONE, 2, "one of 2 users, over TLS"),
        (ssl.CERT_OPTIONAL, 0, "everybody who reaches the port, over TLS, with a good certificate or none"),
        (ssl.CERT_REQUIRED, 0, "everybody who reaches the port, over TLS, with a certificate"),
    ],
)
def test_check_config_says_who_may_come_in(mode: ssl.VerifyMode | None, users: int, sentence: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = mode or ssl.CERT_NONE
    access = WebAccess(None if mode is None else Tls(context, b""), {str(number): b"" for number in range(users)})
    assert who_may_come_in(access) == f"Who may come in: {sentence}"
