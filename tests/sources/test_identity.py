"""Whose account a target is."""

from __future__ import annotations

import pytest

from exporter.errors import ClaimedError, CredentialsError
from exporter.sources.identity import Claims, Identity


class Sts:
    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)

    async def ask(self) -> str:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def identity(
    sts: Sts, claims: Claims, *, rank: int = 0, known: str | None = None, region: str = "eu-west-1"
) -> Identity:
    return Identity(known=known, ask=sts.ask, claims=claims, region=region, rank=rank, target=f"target-{rank}")


async def test_what_is_known_is_not_asked() -> None:
    who = identity(Sts(), Claims(), known="123456789012")
    assert who.account_id is None
    assert await who.resolve() == "123456789012"
    assert who.account_id == "123456789012"


async def test_a_failure_is_asked_again_and_an_answer_is_kept() -> None:
    who = identity(Sts(CredentialsError("none"), "123456789012"), Claims())
    with pytest.raises(CredentialsError):
        await who.resolve()
    assert who.account_id is None
    assert await who.resolve() == await who.resolve() == "123456789012"


async def test_the_same_account_and_region_twice_is_refused_with_the_reason_whoever_comes_first() -> None:
    claims = Claims()
    first, second = identity(Sts("123456789012"), claims, rank=0), identity(Sts("123456789012"), claims, rank=1)
    elsewhere = identity(Sts("123456789012"), claims, rank=2, region="us-east-1")
    await second.resolve()
    assert second.account_id == "123456789012"
    await first.resolve()
    assert second.account_id is None
    await elsewhere.resolve()
    with pytest.raises(ClaimedError, match="123456789012 in eu-west-1 is served by target target-0 already"):
        await second.resolve()
    assert (first.account_id, second.account_id) == ("123456789012", None)
