"""Passwords checked against bcrypt hashes: off the event loop, one at a time, and the good ones not again.

Of each address one check waits or runs, so that who guesses, on however many connections, keeps nobody else out.
Nothing tells a user that is unknown from one whose password is wrong: both cost one check against a hash of the file.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import bcrypt

from exporter.aside import NoThreadError
from exporter.web.place import place_of
from exporter.web.waiting import turn

MAX_REMEMBERED = 256
MAX_WAITING = 32
"""With so many in the queue the next one is told to come again; a good password that is known never waits."""
BCRYPT_BYTES = 72
"""Of a longer password bcrypt, in Go as everywhere, sees only the beginning."""

Aside: TypeAlias = Callable[[Callable[[], bool]], Awaitable[bool]]


class BusyError(Exception):
    """Too many passwords wait to be checked."""


class Passwords:
    """Checks passwords; of the good ones it keeps a keyed digest that is worth nothing outside this process."""

    def __init__(self, *, secret: bytes, aside: Aside, check: Callable[[bytes, bytes], bool] = bcrypt.checkpw) -> None:
        """Use *secret*, random bytes, as the key of what is kept, and run each *check* with *aside*, in a thread."""
        self._secret = secret
        self._aside = aside
        self._check = check
        self._one = asyncio.Lock()
        self._waiting: set[str] = set()
        self._good: OrderedDict[bytes, None] = OrderedDict()

    async def is_right(
        self,
        users: Mapping[str, bytes],
        user: str,
        password: bytes,
        *,
        peer: str,
        leaves: Callable[[], Awaitable[None]],
    ) -> bool:
        """Return whether *password* is that of *user*, one of *users*, which have hashes.

        *peer* is the address that asks. *leaves* is awaited while that waits, and ends when it has hung up; before its
        turn that counts as wrong.

        Raises:
            BusyError: a check of the same address waits or runs, too many others wait, or there is no thread for it.
        """
        known = user in users
        hashed = users[user] if known else self._decoy(users, user)
        password = password[:BCRYPT_BYTES]
        mark = self._digest(user.encode(), hashed, password)
        if known and mark in self._good:
            self._good.move_to_end(mark)
            return True
        place = place_of(peer)
        if place in self._waiting or len(self._waiting) >= MAX_WAITING:
            raise BusyError
        self._waiting.add(place)
        gone = asyncio.ensure_future(leaves())
        try:
            async with turn(self._one, gone) as there:
                # never cut short once it runs: the thread would go on, and so as many as somebody likes
                right = there and await self._aside(lambda: self._matches(password, hashed))
        except NoThreadError as error:
            raise BusyError from error
        finally:
            gone.cancel()
            self._waiting.discard(place)
        if not (known and right):
            return False
        self._good[mark] = None
        if len(self._good) > MAX_REMEMBERED:
            self._good.popitem(last=False)
        return True

    def _decoy(self, users: Mapping[str, bytes], user: str) -> bytes:
        """Return a hash of the file, always the same for one name, so that its cost tells nothing."""
        hashes = sorted(users.values())
        return hashes[int.from_bytes(self._digest(user.encode())) % len(hashes)]

    def _digest(self, *parts: bytes) -> bytes:
        lengths = b"".join(len(part).to_bytes(8) for part in parts)
        return hmac.digest(self._secret, lengths + b"".join(parts), hashlib.sha256)

    def _matches(self, password: bytes, hashed: bytes) -> bool:
        # a NUL is in nobody's password: it is refused after the same work
        plain = password.replace(b"\0", b"")
        return self._check(plain, hashed) and plain == password
