"""Store -> metric families -> the page, by a naming scheme that is data."""

from __future__ import annotations

from exporter.exposition.naming import NATIVE, NamingScheme
from exporter.exposition.page import Page

__all__ = ["NATIVE", "NamingScheme", "Page"]
