"""`python -m exporter`, the same as the command `aws-ses-exporter`."""

from __future__ import annotations

from exporter.cli import main

if __name__ == "__main__":
    main()
