"""How each exporter writes the labels of a dimension, as plain data that a rule can hold."""

from __future__ import annotations

import re
from enum import StrEnum

from exporter.catalogue import label_name

Pairs = tuple[tuple[str, str], ...]

_BOUNDARY = re.compile(r"([a-z0-9])([A-Z])")
_OUTSIDE = re.compile(r"[^a-zA-Z0-9_]")
_PERCENT = "_percent"


class LabelStyle(StrEnum):
    """Whose labels they are.

    cloudwatch_exporter's stand in the order of the file, without account and region. YACE's stand sorted, with both,
    and a label that another series of the family has is there with an empty value.
    """

    CLOUDWATCH_EXPORTER = "cloudwatch_exporter"
    YACE = "yace"
    YACE_SNAKE_CASE = "yace_snake_case"


def dimension_label(style: LabelStyle, dimension: str) -> str:
    """Return the label that *dimension* becomes.

    cloudwatch_exporter's is the native one, so that what clashes here clashes there; theirs has no `_` before a digit,
    which makes a page that nobody can read.
    """
    if style is LabelStyle.CLOUDWATCH_EXPORTER:
        return label_name(dimension)
    return f"dimension_{yace_word(style, dimension)}"


def yace_word(style: LabelStyle, text: str) -> str:
    """Return *text*, the name of a dimension or of a custom tag, as YACE writes it within a label."""
    word = snake(text) if style is LabelStyle.YACE_SNAKE_CASE else text
    return _OUTSIDE.sub("_", word.replace("%", _PERCENT))


def snake(text: str) -> str:
    """Return *text* in snake case, its punctuation as it is."""
    return _BOUNDARY.sub(r"\1_\2", text).lower()
