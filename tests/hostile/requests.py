"""Classes of hostile requests: each makes, at random, the bytes that one client sends."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random
from typing import TypeAlias

from tests.hostile.invariant import SECRET

Make: TypeAlias = Callable[[Random], bytes]

PATHS = ("/metrics", "/", "/config", "/-/healthy", "/-/ready", "/-/reload", "/healthz", "/nothing")
LONG = 70_000


def request(target: str | bytes, *headers: str | bytes, method: str = "GET", body: bytes = b"") -> bytes:
    """Return a request whose connection ends with its answer."""
    lines = [b" ".join((method.encode(), _bytes(target), b"HTTP/1.1")), b"Host: x", b"Connection: close"]
    return b"\r\n".join([*lines, *map(_bytes, headers), b"", body])


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _path(rng: Random) -> str:
    return rng.choice(PATHS)


def _noise(rng: Random, most: int = 300) -> bytes:
    return rng.randbytes(rng.randint(1, most))


def methods(rng: Random) -> bytes:
    names = ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "HEAD", "PROPFIND", "get", "G\0T", "", "X" * LONG]
    return request(_path(rng), method=rng.choice([*names, "CONNECT", "PRI", "M-SEARCH", "SOURCE", "GETS"]))


def targets(rng: Random) -> bytes:
    odd = ["/../../etc/passwd", "/metrics/../config", "/%2e%2e/%2e%2e/etc/passwd", "/metrics%00", "/%00", "/%", "/%zz"]
    odd += [
        "*",
        "//",
        "///metrics",
        "http://x/metrics",
        "http://[",
        "http://x:99999/",
        "x:443",
        "/metrics#a",
        "",
        "metrics",
    ]
    odd += [
        "/metrics;a=b",
        "/METRICS",
        "/metrics/",
        "/-/../metrics",
        "/%c0%ae%c0%ae/",
        "\\..\\x",
        "/\x7f",
        "/é",
        "/a b",
    ]
    odd += [
        "/metrics?name[]=%00&name[]=%ff",
        "/metrics?" + "&" * 500,
        "/metrics?name[]",
        "/?x=${jndi:ldap://x}",
        "/%s%n",
    ]
    return request(rng.choice(odd), method=rng.choice(["GET", "GET", "OPTIONS", "POST", "CONNECT"]))


def long_targets(rng: Random) -> bytes:
    part = rng.choice(["a", "/", "%00", "../", "é", "?", "%"])
    return request("/" + part * rng.choice([3_000, LONG // len(part)]))


def long_heads(rng: Random) -> bytes:
    name = rng.choice(["X", "Cookie", "Accept", "Authorization", "Host", "Accept-Encoding", "Content-Type"])
    if rng.random() < 0.3:
        return request(_path(rng), f"{'X' * LONG}: a")
    return request(_path(rng), f"{name}: {'a' * rng.choice([60_000, LONG, 300_000])}")


def many_headers(rng: Random) -> bytes:
    line = rng.choice(["a:", "a: b", "Accept: */*", "Cookie: a=b", "Host: y", f"{'x' * 50}: y"])
    return request(_path(rng), *[line] * rng.choice([101, 1_000, 10_000]))


def many_names(rng: Random) -> bytes:
    name = rng.choice(["a", "", "aws_ses_send_quota_max", "%00", "é"])
    number = rng.choice([100, 1_000, 7_000, 10_000])
    return request("/metrics?" + "&".join(f"name[]={name}" for _ in range(number)), "Accept-Encoding: gzip")


def header_lines(rng: Random) -> bytes:
    odd: list[str | bytes] = [
        "no colon",
        ": no name",
        "a\0: b",
        b"\xff: \xfe",
        "a: \0",
        "a : b",
        " folded",
        "\tfolded",
        "a: b\rc: d",
    ]
    odd += [
        "a: b\nc: d",
        "a: \x1b[31m",
        b"Host: \xff",
        "Host:",
        "Host: a\r\nHost: b",
        "a" * 999 + ":",
        "a: \r\n b",
        "Date: x",
    ]
    return request(_path(rng), *rng.choices(odd, k=rng.randint(1, 3)))


def accepts(rng: Random) -> bytes:
    odd = [
        ",",
        ";",
        ";q=",
        ";q=nan",
        ";q=1e999",
        "*/*;q=-1",
        "application/openmetrics-text;version=",
        "gzip;q=0",
        "gzip",
        "\x01",
    ]
    names = ["Accept", "Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since", "Accept-Charset", "TE"]
    value = rng.choice(odd) * rng.choice([1, 50, 2_000])
    return request("/metrics", f"{rng.choice(names)}: {value}", f"{rng.choice(names)}: {rng.choice(odd)}")


def versions(rng: Random) -> bytes:
    odd = [
        "HTTP/1.0",
        "HTTP/0.9",
        "HTTP/2.0",
        "HTTP/3",
        "HTTP/1.1 x",
        "HTTP/-1.1",
        "HTTP/1.99999999999",
        "http/1.1",
        "",
        "ICY",
    ]
    return f"GET {_path(rng)} {rng.choice(odd)}\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


def pipelines(rng: Random) -> bytes:
    one = f"GET {_path(rng)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    end = rng.choice([b"", b"GARBAGE\r\n\r\n", one[:20], request("/metrics")])
    return one * rng.choice([2, 10, 100, 1_500, 5_000]) + end


def bodies_on_get(rng: Random) -> bytes:
    size = rng.choice([1, 100, 60_000, 300_000, 2_000_000])
    told = rng.choice([size, size - 1, size + 1, 0])
    return request(_path(rng), f"Content-Length: {told}", body=b"x" * size)


def chunks(rng: Random) -> bytes:
    odd = [
        b"xyz\r\n",
        b"-1\r\n",
        b"ffffffffffffffff1\r\n",
        b"5\r\nhel",
        b"1;" + b"e" * LONG + b"\r\na\r\n",
        b"0\r\n\r\n",
        b"0x5\r\n",
        b"\r\n",
    ]
    odd += [
        b"1\r\naX",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"00000000000000000005\r\n",
        b"1\r\na\r\n" * 30_000,
        b"0\r\n" + b"a: b\r\n" * 20_000,
    ]
    return request(_path(rng), "Transfer-Encoding: chunked", method=rng.choice(["POST", "GET"]), body=rng.choice(odd))


def smuggling(rng: Random) -> bytes:
    inner = request("/config")
    pairs = [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 5",),
        ("Content-Length: +5",),
        ("Content-Length: -1",),
        ("Content-Length: 0x5",),
        (f"Content-Length: {'9' * 30}",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding:\x0bchunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("X: a\nTransfer-Encoding: chunked",),
    ]
    return request(_path(rng), *rng.choice(pairs), method=rng.choice(["GET", "POST"]), body=b"0\r\n\r\n" + inner)


def upgrades(rng: Random) -> bytes:
    kind = rng.choice(["websocket", "h2c", "TLS/1.0", "x" * 500, ""])
    headers = [f"Upgrade: {kind}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"]
    return request(_path(rng), *headers, "Sec-WebSocket-Key: x", body=_noise(rng, 3_000))


def expectations(rng: Random) -> bytes:
    value = rng.choice(["100-continue", "200-ok", "100-continue, 100-continue", "x" * 500])
    return request(_path(rng), f"Expect: {value}", f"Content-Length: {rng.choice([0, 5, 10**12])}", method="POST")


def passwords(rng: Random) -> bytes:
    plain = [
        b"alice",
        b"alice:\0",
        b"alice:" + b"x" * 200,
        b":",
        b"\xff\xfe:\xfd",
        b"a" * 40_000 + b":b",
        f"alice:{SECRET}".encode(),
    ]
    coded = [base64.b64encode(text).decode() for text in plain]
    odd = ["!!!", "", "=", "YQ", "a" * 60_000, "A" * 1_000_000, "YWxpY2U6 YWxpY2U=", f"x {SECRET}", "=" * 999]
    scheme = rng.choice(["Basic", "basic", "Basic ", "Bearer", "Digest", "Negotiate", "", "Basic\t"])
    headers = [f"Authorization: {scheme} {rng.choice([*coded, *odd])}"] * rng.choice([1, 1, 2])
    return request(_path(rng), *headers)


def reload_bodies(rng: Random) -> bytes:
    if rng.random() < 0.5:
        return request(
            "/-/reload", f"Content-Length: {rng.choice([10, 10**15])}", method="POST", body=_noise(rng, 9_999)
        )
    body = b"%x\r\n" % 5_000 + b"x" * 5_000 + b"\r\n"
    return request("/-/reload", "Transfer-Encoding: chunked", method="POST", body=body * rng.choice([1, 50, 400]))


def halves(rng: Random) -> bytes:
    whole = request(_path(rng), "Content-Length: 10", method=rng.choice(["GET", "POST"]), body=b"0123456789")
    return whole[: rng.randrange(len(whole))]


def noise(rng: Random) -> bytes:
    return rng.choice([b"", b"GET ", b"\r\n" * 1_000, b"\0" * 100, b"GET / HTTP/1.1\r\n"]) + _noise(rng, 2_000)


def tls_to_a_plain_port(rng: Random) -> bytes:
    return b"\x16\x03\x01" + rng.choice([b"\x02\x00\x01\x00\x01\xfc\x03\x03", b"\xff\xff", b""]) + _noise(rng)


def bytes_changed(rng: Random) -> bytes:
    data = bytearray(request(_path(rng), "Accept: text/plain", "Content-Length: 3", body=b"abc"))
    for _ in range(rng.randint(1, 5)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


CLASSES: tuple[Make, ...] = (
    accepts,
    bodies_on_get,
    bytes_changed,
    chunks,
    expectations,
    halves,
    header_lines,
    long_heads,
    long_targets,
    many_headers,
    many_names,
    methods,
    noise,
    passwords,
    pipelines,
    reload_bodies,
    smuggling,
    targets,
    tls_to_a_plain_port,
    upgrades,
    versions,
)
