"""Which regular expressions may be used: none whose search can take longer than anybody waits.

Python's `re` tries every way to match and holds everything else up meanwhile. `(a+)+b` has 2^n ways to fail on n
letters, so what can repeat in several ways must not repeat in several ways again, unless it is told apart by a
separator, as in `[a-z]+(-[a-z]+)*`. Repeats one after the other, as in `.*.*.*`, have n^3 ways, so they are counted.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

FEW = 3
"""Repeats that multiply nothing much, as in `([0-9]{1,3}[.]){3}`."""

REPEAT_BITS = 5.0
"""What a repeat without a small end adds to the ways to match, as a power of two: a name has some 30 letters."""
MAX_BITS = 25.0
"""Five such repeats: 64 letters take less than a second in the worst case."""

_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})

Node = tuple[Any, Any]


def check(text: str) -> None:
    """Do nothing if *text* may be used.

    Raises:
        ValueError: it is no regular expression, may be another one in a later Python, or might never end.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            re.compile(text)
            tree = re._parser.parse(text)  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
        except FutureWarning:
            raise ValueError("has a [ or a doubled & | ~ - within [...], to be written with a \\ before it") from None
        except (re.error, OverflowError, RecursionError):
            raise ValueError("is not a regular expression") from None
    if any(_is_endless(node) for node in _all(tree)):
        raise ValueError("repeats what repeats already, as in (a+)+, which may take for ever")
    if _bits(tree) > MAX_BITS:
        raise ValueError("repeats more than five times, as in .*.*.*.*.*.*, which may take for ever")


def _is_endless(node: Node) -> bool:
    """Return whether *node* is a repeat of something that has several ways to match the same text."""
    if str(node[0]) not in _REPEATS or node[1][1] <= FEW:
        return False
    body = list(_flat(node[1][2]))
    return any(_varies(each) for each in _all(body)) and not _is_told_apart(body)


def _bits(nodes: Iterable[Node], times: int = 1) -> float:
    """Return how many ways to match there are of *nodes*, *times* in a row, at most and as a power of two."""
    return sum(_bits_of(node, times) for node in nodes)


def _bits_of(node: Node, times: int) -> float:
    kind, value = str(node[0]), node[1]
    if kind == "BRANCH":
        own = math.log2(len(value[1])) if _varies(node) else 0.0
        return times * own + max(_bits(branch, times) for branch in value[1])
    if kind not in _REPEATS:
        return _bits(_inside(value), times)
    own = min(math.log2(value[1] - value[0] + 1), REPEAT_BITS)
    return times * own + _bits(_inside(value), times * value[1] if value[1] <= FEW else times)


def _is_told_apart(body: Sequence[Node]) -> bool:
    """Return whether *body* has one length in a text: one repeat of a character between a separator it cannot match."""
    varying = [node for node in body if _varies(node)]
    if len(varying) != 1 or any(str(node[0]) not in _SINGLE for node in body if node not in varying):
        return False
    repeated = list(_flat(varying[0][1][2])) if str(varying[0][0]) in _REPEATS else []
    if len(repeated) != 1 or str(repeated[0][0]) not in _SINGLE:
        return False
    return any(
        str(node[0]) == "LITERAL" and not any(_matches(repeated[0], char) for char in _alike(chr(node[1])))
        for node in (body[0], body[-1])
    )


def _varies(node: Node) -> bool:
    """Return whether *node* itself can match in several ways: a repeat, or branches that begin alike."""
    kind, value = str(node[0]), node[1]
    if kind in _REPEATS:
        return bool(value[0] != value[1])
    if kind != "BRANCH":
        return kind in {"GROUPREF", "GROUPREF_EXISTS"}
    first = [list(_flat(branch))[:1] for branch in value[1]]
    letters = [node[0][1] for node in first if node and str(node[0][0]) == "LITERAL"]
    return len(set(letters)) < len(first)


def _alike(char: str) -> set[str]:
    """Return what may stand for *char* where case is ignored, which a group may say for itself."""
    return {char, char.lower(), char.upper()}


def _matches(node: Node, char: str) -> bool:
    """Return whether *node*, of one character, may match *char*."""
    kind, value = str(node[0]), node[1]
    if kind == "LITERAL":
        return char in _alike(chr(value))
    if kind == "NOT_LITERAL":
        return char != chr(value)
    if kind == "ANY":
        return True
    negated = str(value[0][0]) == "NEGATE"
    return any(_is_in(item, char) for item in value) != negated


def _is_in(item: Node, char: str) -> bool:
    kind, value = str(item[0]), item[1]
    if kind == "LITERAL":
        return char == chr(value)
    if kind == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    if kind == "CATEGORY":
        letter = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[str(value).rpartition("_")[2]]
        return bool(re.match(letter, char)) != ("_NOT_" in str(value))
    return False


def _flat(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield *nodes* in their order, and of groups what is inside."""
    for node in nodes:
        if str(node[0]) == "SUBPATTERN":
            yield from _flat(node[1][3])
        else:
            yield node


def _all(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield *nodes* and all inside them, whatever they are."""
    for node in nodes:
        yield node
        yield from _all(_inside(node[1]))


def _inside(value: Any) -> Iterator[Node]:
    """Yield the nodes directly within *value*, an argument of a node."""
    if isinstance(value, re._parser.SubPattern):  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
        yield from value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _inside(each)
