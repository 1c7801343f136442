"""Java's regular expressions, as cloudwatch_exporter's file has them, in the words of Python's."""

from __future__ import annotations

import re

_UNKNOWN = frozenset("pPhHvVRXNG")
_NAMED = re.compile(r"\(\?<([a-zA-Z][a-zA-Z0-9]*)>")
_NAMED_AGAIN = re.compile(r"\\k<([a-zA-Z][a-zA-Z0-9]*)>")
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_SET = re.compile(r"\[\^?\]?")


def python_pattern(text: str) -> str:
    """Return *text* with the same meaning here: quotations and names of groups are written otherwise.

    Whether it is right at all is for who compiles it. Source: `java.util.regex.Pattern`.

    Raises:
        ValueError: it has what Python does not know, or takes for something else.
    """
    parts: list[str] = []
    position, in_set = 0, False
    while position < len(text):
        here = text[position]
        found = None
        if here == "\\":
            part, found = _escape(text, position)
        elif in_set:
            part = _in_set(text, position)
            in_set = here != "]"
        elif here == "[":
            found = _SET.match(text, position)
            part, in_set = found[0] if found else here, True
        elif found := _NAMED.match(text, position):
            part = f"(?P<{found[1]}>"
        elif position and _FLAGS.match(text, position):
            raise ValueError("sets a flag after its beginning, which is not read here")
        else:
            part = here
        parts.append(part)
        position = found.end() if found else position + (2 if here == "\\" else 1)
    return "".join(parts)


def _escape(text: str, position: int) -> tuple[str, re.Match[str] | None]:
    """Return what stands for the backslash at *position* and what belongs to it, and the match where it is long."""
    if found := _QUOTED.match(text, position):
        return re.escape(found[1]), found
    if found := _NAMED_AGAIN.match(text, position):
        return f"(?P={found[1]})", found
    what = text[position : position + 2]
    if what[1:] in _UNKNOWN:
        raise ValueError(f"has {what}, which is not read here")
    return what, None


def _in_set(text: str, position: int) -> str:
    here = text[position]
    if here == "[" or text.startswith(("&&", "--"), position):
        raise ValueError("has [, && or -- within [ ], which is not read here")
    return f"\\{here}" if here in "&|~" else here
