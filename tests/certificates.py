"""Certificates that a test makes and throws away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID


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


def oddly_named(ours: Authority, names: bytes) -> trustme.LeafCert:
    """Return a certificate of *ours* with *names*, in DER, which may be no names at all."""
    ca = x509.load_pem_x509_certificate(ours.ca.cert_pem.bytes())
    ca_key = serialization.load_pem_private_key(ours.ca.private_key_pem.bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd")]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30" + bytes([len(names)]) + names),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return trustme.LeafCert(private, certificate.public_bytes(serialization.Encoding.PEM), [])
