"""`aws-ses-exporter demo`: a first look without an AWS account."""

from __future__ import annotations

import sys
from importlib.util import find_spec

MISSING = "the demo needs moto's server, which is not installed: pip install aws-ses-exporter[demo]"


def demo(once: bool, listen_addresses: list[str] | None) -> int:
    """Run the demo and return the exit code.

    *once* prints the page's lines and ends; *listen_addresses* as `--web.listen-address`, None for the demo's own.

    Raises:
        ConfigError: an address is not one.
        ListenError: an address cannot be listened on.
    """
    if any(find_spec(module) is None for module in ("moto", "flask", "flask_cors")):
        print(MISSING, file=sys.stderr)  # noqa: T201 - a command speaks to a person
        return 2
    from exporter.demo.show import run  # noqa: PLC0415 - moto takes a second to import

    return run(once=once, listen_addresses=listen_addresses)
