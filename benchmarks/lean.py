"""The exporter's command as `requirements/runtime.txt` installs it.

The SDK takes httpx where it finds it, and a development environment has it; with it comes rich. Together they take 5 MB
and a tenth of a second that operators do not pay.
"""

from __future__ import annotations

import sys
from typing import Any

HIDDEN = ("httpx",)


def hide() -> None:
    """Make importing what only development needs fail, before anything else is imported."""
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(HIDDEN))


if __name__ == "__main__":
    hide()
    from exporter.cli import main

    main()
