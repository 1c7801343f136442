"""A Prometheus exporter for Amazon SES.

config -> daemon [ scheduler -> sources (aws, series) -> store ] -> exposition -> web
"""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("aws-ses-exporter")
