"""Credentials of the machine: an instance metadata service that hangs, and one that comes back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from exporter.errors import Reason
from tests.fakes.aws import DEFAULT_ACCOUNT, FakeAws
from tests.faults.mail import Place
from tests.faults.prometheus import parsed
from tests.faults.seen import failures
from tests.processes import environment, exporter, until

pytestmark = pytest.mark.timeout(300)  # real seconds pass, more where others use the machine

HIT = Place("hit", DEFAULT_ACCOUNT, "us-east-1")
OTHER = Place("other", "210987654321", "eu-west-1")
CONFIG = """
poll_interval_seconds: 10
targets:
- {name: hit, regions: [us-east-1]}
- {name: other, profile: other, regions: [eu-west-1]}
"""
PROFILE = "[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = planted-secret\n"


@contextmanager
def metadata_service(awake: threading.Event) -> Iterator[str]:
    """Serve the keys of a role as an instance does, once *awake*; before, take the connection and say nothing."""
    keys = {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": "AKIDINSTANCE",
        "SecretAccessKey": "planted-secret",
        "Token": "planted-token",
        "Expiration": (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.answer("token")

        def do_GET(self) -> None:
            self.answer("reader" if self.path.endswith("/") else json.dumps(keys))

        def answer(self, text: str) -> None:
            awake.wait()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # the client has given up

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        awake.set()
        server.shutdown()
        server.server_close()


def test_a_metadata_service_that_hangs_fails_its_target_alone_until_it_answers(tmp_path: Path) -> None:
    awake = threading.Event()
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "credentials").write_text(PROFILE)
    with metadata_service(awake) as url, FakeAws() as aws:
        aws.access_keys["AKIDOTHER"] = OTHER.account
        environ = environment(
            AWS_ENDPOINT_URL=aws.url,
            AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"),
            AWS_EC2_METADATA_DISABLED="false",
            AWS_EC2_METADATA_SERVICE_ENDPOINT=url,
        )
        del environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"]
        with exporter(f"--config.file={tmp_path / 'config.yaml'}", environ=environ) as running:
            running.wait_ready()
            page = parsed(running.get("/metrics").text)
            found = {each for each, number in failures(page, HIT).items() if number}
            assert found == {(source, Reason.CREDENTIALS.value) for source in ("cloudwatch", "account")}
            assert page[f"aws_ses_up{{{OTHER.labels}}}"] == 1
            assert not any(failures(page, OTHER).values())
            awake.set()
            up = f"aws_ses_up{{{HIT.labels}}}"
            until(lambda: parsed(running.get("/metrics").text).get(up) == 1, 40)
            assert running.stop() == 0
