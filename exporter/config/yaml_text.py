"""Plain values to YAML text as a person writes it, which gives the same values when it is read again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import yaml

from exporter.config.yaml_lines import scalar


def written(values: Mapping[str, Any]) -> str:
    """Return *values*, of dicts, lists and scalars, as YAML: mappings line by line, lists of scalars in one line."""
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize)


class _Dumper(yaml.SafeDumper):
    """Quotes also what is text in YAML 1.1 and none in 1.2, such as 1e3."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        del indentless
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write what is there twice twice."""
        del data
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = None if isinstance(scalar(text), str) and text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    flow = not any(isinstance(item, dict | list) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
