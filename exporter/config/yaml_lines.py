"""YAML text to plain values, with the line and the text of each: nothing is guessed and nothing is lost.

The scalars are those of YAML 1.2 (`5:00`, `0x10` and `012` are text, not numbers), with `yes` and `on` of YAML 1.1
beside `true`. Anchors, aliases and `<<` work; a key given twice, a tag, and an alias bomb are problems.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from exporter.config.keys import Loc, dotted
from exporter.errors import ConfigError, Problem

MAX_DEPTH = 32
MAX_VALUES = 200_000

_TAG = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT, _STR = (_TAG + name for name in ("null", "bool", "int", "float", "str"))
_MERGE = _TAG + "merge"
_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_PATTERNS = tuple(
    (tag, re.compile(pattern, re.ASCII))
    for tag, pattern in (
        (_NULL, r"~|null|Null|NULL|"),
        (_BOOL, f"(?i:{'|'.join(_BOOLS)})"),
        (_INT, r"[-+]?(?:0|[1-9][0-9]*)"),
        (_FLOAT, r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"),
        (_FLOAT, r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
        (_MERGE, r"<<"),
    )
)
_SYNTAX = {
    "found undefined alias": "not YAML: an alias without its anchor (text that begins with * must be in quotes)",
    "second occurrence": "not YAML: the same anchor twice (text that begins with & must be in quotes)",
    "found undefined tag handle": "has a tag (text that begins with ! must be in quotes)",
    "found another document": "holds more than one YAML document",
}
_TOO_DEEP = f"more than {MAX_DEPTH} levels of nesting"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands: *line* counts from 1; *text* is a scalar as it was written, None of a list or mapping."""

    line: int | None
    text: str | None


@dataclass(slots=True)
class Document:
    """What a YAML text holds; *problems* are those that leave the rest readable."""

    values: dict[str, Any] = field(default_factory=dict)
    spots: dict[Loc, Spot] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """PyYAML's own reader in Python: the one in C overruns its stack on deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose as PyYAML does, to a limited depth."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=_TOO_DEEP, problem_mark=self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """Return the tag of a node that has none written."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _tag_of(value)
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return tag


def scalar(text: str) -> Any:
    """Return what a plain *text* means as a value."""
    return _value(_tag_of(text), text)


def read_yaml(text: str, where: str, *, least: str | None = "the targets") -> Document:
    """Read one document; *where* names it in problems, *least* is what it has to name, None where it may be empty.

    Raises:
        ConfigError: the text as a whole cannot be used.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _broken(where, _syntax(error), line) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _broken(where, f"holds a character that YAML does not allow (U+{error.character:04X})", line) from None
    except (ValueError, OverflowError):  # of chr()
        raise _broken(where, "not YAML: a \\U that is no character", loader.line + 1) from None
    if least is None and (node is None or (node.tag == _NULL and not node.value)):
        return Document()
    if node is None:
        raise _broken(where, f"is empty: name at least {least}, or give no file at all")
    walk = _Walk(where)
    if not isinstance(node, yaml.MappingNode) or node.tag != _TAG + "map":
        raise _broken(where, "must be a mapping of keys to values, such as `poll_interval_seconds: 300`", _line(node))
    walk.document.values = walk.value(node, ())
    return walk.document


class _Walk:
    """One walk over the nodes of a document, aliases followed."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.document = Document()
        self._visited = 0
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        self._visit(node)
        self.document.spots.setdefault(loc, Spot(_line(node), _text(node)))
        if isinstance(node, yaml.ScalarNode):
            if node.tag in {_NULL, _BOOL, _INT, _FLOAT, _STR}:
                return _value(node.tag, node.value)
            return node.value if node.tag == _MERGE else self._tagged(node, loc)
        if node in self._open:
            self._problem(node, loc, "holds itself through an alias", self.document.spots[loc].line)
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
                return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
            if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
                return self._mapping(node, loc)
            return self._tagged(node, loc)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        values = {}
        for name, (key, item) in self._pairs(node, loc).items():
            self.document.spots[*loc, name] = Spot(_line(key), _text(item))
            values[name] = self.value(item, (*loc, name))
        return values

    def _pairs(self, node: yaml.MappingNode, loc: Loc) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return the key and the value of each name, those of `<<` below the mapping's own."""
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            name = key.value
            if not isinstance(key, yaml.ScalarNode):
                self._problem(key, loc, "has a key that is not text")
            elif name in lines:
                self._problem(key, (*loc, name), f"is given twice, first on line {lines[name]}")
            elif key.tag == _MERGE:
                for source in self._merged(item, (*loc, name)):
                    merged = self._pairs(source, loc) | merged
                lines[name] = _line(key)
            else:
                own[name] = (key, item)
                lines[name] = _line(key)
        return merged | own

    def _merged(self, node: yaml.Node, loc: Loc) -> Iterator[yaml.MappingNode]:
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(source, yaml.MappingNode) or source in self._open:
                self._problem(source, loc, "must be a mapping or a list of mappings, none of which holds this one")
                continue
            self._visit(source, values=1 + len(source.value))
            self._open.append(source)
            yield source
            self._open.pop()

    def _visit(self, node: yaml.Node, *, values: int = 1) -> None:
        self._visited += values
        if self._visited > MAX_VALUES:
            raise _broken(self.where, f"has aliases that make more than {MAX_VALUES} values of it")
        if len(self._open) >= MAX_DEPTH:
            raise _broken(self.where, f"has {_TOO_DEEP}", _line(node))

    def _tagged(self, node: yaml.Node, loc: Loc) -> None:
        self._problem(node, loc, "has a tag (text that begins with ! must be in quotes)", self.document.spots[loc].line)

    def _problem(self, node: yaml.Node, loc: Loc, message: str, line: int | None = None) -> None:
        self.document.problems.append(Problem(self.where, message, key=dotted(loc), line=line or _line(node)))


def _tag_of(text: str) -> str:
    return next((tag for tag, pattern in _PATTERNS if pattern.fullmatch(text)), _STR)


def _value(tag: str, text: str) -> Any:
    try:
        if tag == _INT:
            return int(text)
        if tag == _FLOAT:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
    if tag == _BOOL:
        return _BOOLS.get(text.lower(), text)
    return None if tag == _NULL else text


def _text(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode) or (node.tag == _NULL and not node.value):
        return None
    quoted = node.style is not None and node.tag == _STR
    return json.dumps(node.value, ensure_ascii=False) if quoted else node.value


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _broken(where: str, message: str, line: int | None = None) -> ConfigError:
    return ConfigError((Problem(where, message, line=line),))


def _syntax(error: yaml.MarkedYAMLError) -> str:
    """Say what is wrong without repeating text from the file, which may be a secret."""
    problem = error.problem or ""
    return next((text for part, text in _SYNTAX.items() if part in problem), f"not YAML: {problem}")
