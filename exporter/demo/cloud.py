"""An AWS inside the process: moto's server on a loopback port, with SESv2 GetAccount answered beside it.

moto keeps what CloudWatch holds and answers GetMetricData and GetCallerIdentity; it knows no GetAccount.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from exporter.catalogue import NAMESPACE
from exporter.demo.mail import Minute

HOUR_SECONDS = 3600
_POLL_SECONDS = 0.05
_ACCOUNT_PATH = "/v2/email/account"


class EmbeddedAws:
    """An AWS for one process, started by `with`. *account* gives GetAccount's answer for a region."""

    def __init__(self, account: Callable[[str], Mapping[str, Any]]) -> None:
        """Bind a free port of 127.0.0.1 and forget what moto held before."""
        get_backend("cloudwatch").reset()
        self._account = account
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="embedded-aws", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it answers, for `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self._server.port}"

    def put_minute(self, region: str, minute: Minute) -> None:
        """Keep one datapoint of each metric for *minute*, as CloudWatch does."""
        _backend(region).put_metric_data(
            NAMESPACE,
            [
                {"MetricName": name, "Value": value, "Timestamp": _moment(minute.start)}
                for name, value in {**minute.counts, **minute.rates}.items()
            ],
        )

    def put_hour(self, region: str, minutes: Iterable[Minute]) -> None:
        """Keep one datapoint of each metric for an hour's *minutes*, at the hour's start.

        moto compares every point with every period of a question, so weeks of minutes would take it a minute.
        """
        values = defaultdict[str, list[float]](list)
        start = 0
        for minute in minutes:
            start = minute.start // HOUR_SECONDS * HOUR_SECONDS
            for name, value in {**minute.counts, **minute.rates}.items():
                values[name].append(value)
        _backend(region).put_metric_data(
            NAMESPACE,
            [
                {
                    "MetricName": name,
                    "StatisticValues": {
                        "Sum": sum(parts),
                        "Minimum": min(parts),
                        "Maximum": max(parts),
                        "SampleCount": len(parts),
                    },
                    "Timestamp": _moment(start),
                }
                for name, parts in values.items()
            ],
        )

    def __enter__(self) -> Self:
        """Start to answer."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to answer and close the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].rstrip("/") != _ACCOUNT_PATH:
            answer: Iterable[bytes] = self._moto(environ, start_response)
            return answer
        body = json.dumps(self._account(_signed_region(environ))).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto is read without its types
    """moto's handler without a line on stderr for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _backend(region: str) -> Any:
    return get_backend("cloudwatch")[DEFAULT_ACCOUNT_ID][region]


def _moment(seconds: int) -> datetime:
    """Return *seconds* as moto wants its times: UTC, without saying so."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _signed_region(environ: Mapping[str, Any]) -> str:
    """Return the region that the request is signed for: `Credential=KEY/DAY/REGION/ses/aws4_request`."""
    scope: str = environ["HTTP_AUTHORIZATION"].split("Credential=", 1)[1]
    return scope.split("/")[2]
