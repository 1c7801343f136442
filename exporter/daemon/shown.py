"""The configuration in force as `/config` shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from exporter.aside import in_a_thread
from exporter.config.settings import Settings
from exporter.config.show import masked


class Shown:
    """The text of what *settings* returns: made once for each that is put in force, when it is first asked for.

    Of a thousand targets that takes half a second.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        """Make nothing yet."""
        self._settings = settings
        self._made: tuple[Settings, bytes] | None = None
        self._making = asyncio.Lock()

    async def text(self) -> bytes:
        """Return the text as UTF-8, secrets masked; it is the same object while the settings are."""
        async with self._making:
            settings = self._settings()
            if self._made is None or self._made[0] is not settings:
                text = await in_a_thread(lambda: masked(settings).encode())
                self._made = settings, text
            return self._made[1]
