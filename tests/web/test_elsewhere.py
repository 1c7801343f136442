from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from exporter.web.elsewhere import from_elsewhere


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"host": "exporter:9199"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://behind.a.proxy", "host": "exporter:9199"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": ""}, True),
        ({"origin": "http://exporter:9199", "host": "Exporter:9199"}, False),
        ({"origin": "http://evil.example", "host": "exporter:9199"}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": "null", "host": "exporter:9199"}, True),
        ({"origin": "http://[", "host": "exporter:9199"}, True),
    ],
)
def test_a_request_for_a_page_of_another_site_is_known(headers: dict[str, str], elsewhere: bool) -> None:
    assert from_elsewhere(Headers(headers)) is elsewhere
