"""The composition root: builds every part, and owns signals, reload and shutdown."""

from __future__ import annotations

from exporter.daemon.process import run

__all__ = ["run"]
