"""Every key of the configuration as a place in a tree: what is known there, what is allowed, what is secret.

A *loc* is the way to a value as pydantic writes it: `("targets", 0, "regions", 1)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from exporter.config.settings import Settings
from exporter.config.values import Allowed

Loc: TypeAlias = tuple[str | int, ...]

ENV_PREFIX = Settings.model_config["env_prefix"]
ENV_DELIMITER = Settings.model_config["env_nested_delimiter"] or ""
ITEM = 0
MAX_NAME = 128
"""Longer than any key there is, and as long as the name of a user or a dimension may be."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+|<<", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shape:
    """A place in the tree: the *type* found there (`None` where nothing is known) and its *metadata*."""

    type: Any
    metadata: tuple[Any, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether a list belongs here."""
        return get_origin(self.type) is tuple

    @property
    def model(self) -> type[BaseModel] | None:
        """The model whose keys are known here."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def fields(self) -> Mapping[str, FieldInfo]:
        """The keys known here, empty where no mapping belongs."""
        return self.model.model_fields if self.model else {}

    @property
    def is_secret(self) -> bool:
        """Whether the value must never be shown."""
        return self.type is SecretStr

    @property
    def is_text(self) -> bool:
        """Whether a value from the environment is taken as it is."""
        return self.type in {str, SecretStr} or get_origin(self.type) is Literal or bool(self.choices)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a closed set, else empty."""
        if get_origin(self.type) is Literal:
            return get_args(self.type)
        if isinstance(self.type, type) and issubclass(self.type, Enum):
            return tuple(member.value for member in self.type)
        return ()

    @property
    def allowed(self) -> str:
        """What a value may be, as it ends the sentence `must be ...`."""
        for mark in self.metadata:
            if isinstance(mark, Allowed):
                return mark.text
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.type is bool:
            return "true or false"
        if self.type in {int, float}:
            word = "whole number" if self.type is int else "number"
            return f"a {word} from {self._bound('ge')} to {self._bound('le')}"
        return "a mapping of keys to values"

    def _bound(self, name: str) -> str:
        return next(str(getattr(mark, name)) for mark in self.metadata if getattr(mark, name, None) is not None)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the model: *loc* (every list by its first item), its shape, and whether it may be left out."""

    loc: Loc
    shape: Shape
    field: FieldInfo

    @property
    def variable(self) -> str:
        """The environment variable that sets it; what is in a list is set with the list."""
        names = [part for part in self.loc if isinstance(part, str)]
        if ITEM in self.loc:
            names = names[:1]
        return ENV_PREFIX + ENV_DELIMITER.join(names).upper()


def shape_at(loc: Loc) -> Shape:
    """Return what belongs at *loc*."""
    shape = Shape(Settings)
    for part in loc:
        if isinstance(part, str) and part in shape.fields:
            field = shape.fields[part]
            shape = _shape(field.annotation, tuple(field.metadata))
        elif isinstance(part, int) and shape.is_list:
            shape = _shape(get_args(shape.type)[0])
        else:
            return Shape(None)
    return shape


def keys(loc: Loc = ()) -> Iterator[Key]:
    """Yield every key at and below *loc*, parents first, in the order of the models."""
    shape = shape_at(loc)
    if shape.is_list:
        yield from keys((*loc, ITEM))
    for name, field in shape.fields.items():
        yield Key((*loc, name), shape_at((*loc, name)), field)
        yield from keys((*loc, name))


def variables() -> dict[str, Loc]:
    """Return every known environment variable and the loc that it sets."""
    return {key.variable: key.loc for key in keys() if ITEM not in key.loc}


def is_secret(loc: Loc) -> bool:
    """Whether *loc* is at or below a secret."""
    return any(shape_at(loc[:length]).is_secret for length in range(1, len(loc) + 1))


def dotted(loc: Loc) -> str:
    """Return *loc* as people write it: `targets[0].regions[1]`; of a key that looks like an address only its end."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + _called(part)
    return text


def _called(name: str) -> str:
    if not _PLAIN.fullmatch(name):
        return ascii(name.rpartition("@")[2][:40])
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}..."


def _shape(annotation: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *marks = get_args(annotation)
            metadata = (*metadata, *marks)
        elif origin in {Union, UnionType}:
            annotation, *_ = (branch for branch in get_args(annotation) if branch is not NoneType)
        else:
            break
    flat: list[Any] = []
    for mark in metadata:
        flat += mark.metadata if isinstance(mark, FieldInfo) else [mark]
    return Shape(annotation, tuple(flat))
