"""Certificates that a test makes and throws away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Papers:
    """Files of a certificate and its key."""

    cert: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """An authority of a test, whose files are below *folder*."""

    folder: Path
    ca: trustme.CA

    @property
    def file(self) -> Path:
        path = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(path)
        return path

    def issue(self, name: str, *identities: str) -> Papers:
        """Return new papers of *identities*, in files called *name*; written over, they are renewed."""
        issued = self.ca.issue_cert(*identities)
        papers = Papers(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        papers.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        papers.key.write_bytes(issued.private_key_pem.bytes())
        return papers


def authority(folder: Path) -> Authority:
    folder.mkdir(exist_ok=True)
    return Authority(folder, trustme.CA())
