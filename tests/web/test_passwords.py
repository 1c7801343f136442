from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt
import pytest

from exporter.aside import aside
from exporter.config.web.read import read_web_file
from exporter.web.passwords import MAX_REMEMBERED, MAX_WAITING, BusyError, Passwords
from tests.threads import without_threads

USERS = {"alice": b"hash of alice123", "bob": b"hash of bob123", "carol": b"hash of carol"}


async def _stays() -> None:
    await asyncio.Event().wait()


async def _has_left() -> None:
    return None


@dataclass
class Checks:
    """Checks that are counted, and may be held up; a hash tells its password."""

    seen: list[tuple[bytes, bytes]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.go_on.set()
        self.passwords = Passwords(secret=b"secret", aside=self.aside, check=self.check)

    async def ask(
        self,
        users: Mapping[str, bytes],
        user: str,
        password: bytes,
        *,
        peer: str = "192.0.2.1",
        leaves: Callable[[], Awaitable[None]] | None = None,
    ) -> bool:
        return await self.passwords.is_right(users, user, password, peer=peer, leaves=leaves or _stays)

    async def aside(self, work: Callable[[], bool]) -> bool:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.go_on.wait()
        self.at_once -= 1
        return work()

    def check(self, password: bytes, hashed: bytes) -> bool:
        self.seen.append((password, hashed))
        return hashed == b"hash of " + password


async def test_a_right_password_is_checked_once_and_a_wrong_one_each_time() -> None:
    checks = Checks()
    for _ in range(3):
        assert await checks.ask(USERS, "alice", b"alice123")
    assert len(checks.seen) == 1
    for _ in range(3):
        assert not await checks.ask(USERS, "alice", b"bob123")
    assert len(checks.seen) == 4


async def test_a_changed_hash_is_checked_again() -> None:
    checks = Checks()
    assert await checks.ask(USERS, "alice", b"alice123")
    assert not await checks.ask({"alice": b"hash of other"}, "alice", b"alice123")
    assert not await checks.ask({"bob": b"hash of bob123"}, "alice", b"alice123")


async def test_an_unknown_user_costs_a_check_of_one_hash_and_never_comes_in_with_its_password() -> None:
    checks = Checks()
    for name in ("nobody", "nobody", "", "Alice"):
        for password in (b"alice123", b"bob123", b"carol"):
            assert not await checks.ask(USERS, name, password)
    assert len(checks.seen) == 12
    assert len({hashed for _, hashed in checks.seen[:6]}) == 1, "always the same for one name"
    assert {hashed for _, hashed in checks.seen} <= set(USERS.values())


async def test_checks_are_one_at_a_time_and_only_so_many_wait() -> None:
    checks = Checks()
    assert await checks.ask(USERS, "alice", b"alice123")
    checks.go_on.clear()
    waiting = [
        asyncio.create_task(checks.ask(USERS, "alice", str(number).encode(), peer=f"192.0.2.{number}"))
        for number in range(MAX_WAITING)
    ]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await checks.ask(USERS, "alice", b"one too many", peer="198.51.100.1")
    assert await checks.ask(USERS, "alice", b"alice123"), "what is known does not wait"
    checks.go_on.set()
    assert not any(await asyncio.gather(*waiting))
    assert checks.most_at_once == 1
    assert not await checks.ask(USERS, "alice", b"there is room again")


@pytest.mark.parametrize(
    ("guesser", "also"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::2"), ("192.0.2.1", "::ffff:192.0.2.1"), ("", "")],
)
async def test_who_guesses_from_one_address_keeps_nobody_else_out(guesser: str, also: str) -> None:
    checks = Checks()
    checks.go_on.clear()
    guess = asyncio.create_task(checks.ask(USERS, "alice", b"guess", peer=guesser))
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await checks.ask(USERS, "alice", b"guess again", peer=also)
    others = [
        asyncio.create_task(checks.ask(USERS, "alice", b"alice123", peer=peer))
        for peer in ("198.51.100.1", "2001:db8:0:1::1", "fe80::1%eth0", "a socket")
    ]
    await asyncio.sleep(0)
    checks.go_on.set()
    assert await asyncio.gather(guess, *others) == [False, True, True, True, True]
    assert not await checks.ask(USERS, "alice", b"there is room again", peer=also)


async def test_who_hangs_up_before_his_turn_costs_no_check_and_is_not_let_in() -> None:
    checks = Checks()
    checks.go_on.clear()
    first = asyncio.create_task(checks.ask(USERS, "alice", b"guess"))
    gone = [
        asyncio.create_task(checks.ask(USERS, "alice", b"alice123", peer=f"198.51.100.{number}", leaves=_has_left))
        for number in range(MAX_WAITING - 1)
    ]
    for _ in range(10):
        await asyncio.sleep(0)
    assert all(task.done() for task in gone), "their places are free at once"
    checks.go_on.set()
    assert not any(await asyncio.gather(first, *gone))
    assert len(checks.seen) == 1
    assert await checks.ask(USERS, "alice", b"alice123")


async def test_the_end_of_what_is_waited_for_is_not_waited_for_longer() -> None:
    checks, watches = Checks(), 0

    async def leaves() -> None:
        nonlocal watches
        watches += 1
        try:
            await asyncio.Event().wait()
        finally:
            watches -= 1

    assert await checks.ask(USERS, "alice", b"alice123", leaves=leaves)
    await asyncio.sleep(0)
    assert watches == 0


async def test_two_passwords_that_are_one_to_bcrypt_are_remembered_as_one() -> None:
    passwords = Passwords(secret=b"x", aside=_in_a_thread)
    users = {"a": bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4))}
    for length in (72, 73, 100):
        assert await passwords.is_right(users, "a", b"x" * length, peer="", leaves=_stays)
    assert len(passwords._good) == 1


async def test_only_so_many_good_ones_are_remembered_and_none_as_it_was() -> None:
    checks = Checks()
    users = {f"user{number}": b"hash of word" for number in range(MAX_REMEMBERED + 1)}
    for user in users:
        assert await checks.ask(users, user, b"word")
    assert len(checks.passwords._good) == MAX_REMEMBERED
    assert all(len(mark) == 32 and b"word" not in mark for mark in checks.passwords._good)
    before = len(checks.seen)
    assert await checks.ask(users, "user0", b"word")
    assert len(checks.seen) == before + 1


async def _in_a_thread(work: Callable[[], bool]) -> bool:
    return await asyncio.to_thread(work)


@pytest.mark.parametrize("prefix", ["2a", "2b", "2y"])
async def test_hashes_of_every_tool_are_checked_in_a_thread(prefix: str) -> None:
    threads: list[int] = []

    def check(password: bytes, hashed: bytes) -> bool:
        threads.append(threading.get_ident())
        return bcrypt.checkpw(password, hashed)

    passwords = Passwords(secret=b"x", aside=_in_a_thread, check=check)
    hashed = bcrypt.hashpw("wörd".encode(), bcrypt.gensalt(4)).replace(b"$2b$", f"${prefix}$".encode())
    assert await passwords.is_right({"a": hashed}, "a", "wörd".encode(), peer="", leaves=_stays)
    assert not await passwords.is_right({"a": hashed}, "a", b"", peer="", leaves=_stays)
    assert threading.get_ident() not in threads


async def test_the_longest_password_and_one_with_a_nul_are_no_bug() -> None:
    passwords = Passwords(secret=b"x", aside=_in_a_thread)
    users = {"a": bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)), "b": bcrypt.hashpw(b"word", bcrypt.gensalt(4))}
    assert await passwords.is_right(users, "a", b"x" * 100, peer="", leaves=_stays), (
        "of a longer one only 72 bytes count, as in Go"
    )
    assert not await passwords.is_right(users, "a", b"x" * 71, peer="", leaves=_stays)
    assert not await passwords.is_right(users, "b", b"wo\0rd", peer="", leaves=_stays)
    assert not await passwords.is_right(users, "b", b"\0", peer="", leaves=_stays)


@pytest.mark.parametrize("user", ["alice", "nobody"])
@pytest.mark.parametrize(
    "hashed",
    [
        "$2y$04$abcdefghijklmnopqrstuvNMSD0bt0xOtDSqCgIiSAPHOG9WK.rTq",
        "$2$04$abcdefghijklmnopqrstuuNMSD0bt0xOtDSqCgIiSAPHOG9WK.rTq",
        "$2x$04$abcdefghijklmnopqrstuuNMSD0bt0xOtDSqCgIiSAPHOG9WK.rT9",
    ],
)
async def test_every_hash_that_a_file_may_hold_can_be_checked(tmp_path: Path, hashed: str, user: str) -> None:
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users: {{alice: {hashed}}}")
    passwords, users = Passwords(secret=b"x", aside=_in_a_thread), read_web_file(file).users
    for password in (b"", b"word", b"wo\0rd", b"\0" * 80, b"\xff" * 80):
        assert not await passwords.is_right(users, user, password, peer="", leaves=_stays)


async def test_without_a_thread_to_check_in_nobody_new_comes_in_and_later_they_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = {"alice": bcrypt.hashpw(b"alice123", bcrypt.gensalt(4))}
    passwords = Passwords(secret=b"key", aside=aside)
    with monkeypatch.context() as patched:
        without_threads(patched)
        with pytest.raises(BusyError):
            await passwords.is_right(users, "alice", b"alice123", peer="", leaves=_stays)
    assert await passwords.is_right(users, "alice", b"alice123", peer="", leaves=_stays)
