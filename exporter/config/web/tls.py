"""`tls_server_config` becomes an SSL context, or a problem for every key that is wrong or that cannot be honoured."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.config.files import read_bytes
from exporter.config.foreign import Part
from exporter.config.problems import nearest
from exporter.config.web.access import Tls
from exporter.config.web.names import BROKEN_VERSIONS, CIPHERS, CURVES, TLS13_CIPHERS, VERSIONS
from exporter.errors import ConfigError

FILES = ("cert_file", "key_file", "client_ca_file")
KEYS = (
    *FILES,
    "cert",
    "key",
    "client_ca",
    "client_auth_type",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
)
_MODES = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


class _EncryptedKeyError(Exception):
    """The key asks for a passphrase."""


@dataclass(slots=True)
class TlsReader:
    """Reads *part*, the group of the file, whose paths are relative to *directory*."""

    part: Part
    directory: Path

    def read(self) -> Tls | None:
        """Return what the part comes to; None without TLS, or with problems, which are noted."""
        part = self.part
        part.refuse_unknown(KEYS)
        if not any(part.gives(name) for name in KEYS):
            return None
        before = len(part.findings.problems)
        cert, key, authority = (self._pem(name) for name in ("cert", "key", "client_ca"))
        mode = self._mode(authority)
        sans = self._allowed_sans(mode)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self._set_versions(context)
        self._set_ciphers(context)
        self._set_curve(context)
        if cert is not None and key is not None:
            self._load(context, cert, key)
        if authority is not None and mode is not None:
            self._trust(context, authority, mode)
        return Tls(context, sans) if len(part.findings.problems) == before else None

    def _wrong(self, name: str, message: str, *, show: bool = True) -> None:
        self.part.findings.wrong((*self.part.loc, name), message, show=show)

    def _pem(self, name: str) -> bytes | None:
        """Return what *name* holds or its file; a problem where both are given, or none though it is needed."""
        inline, file = self.part.values.get(name) or None, self.part.text(f"{name}_file")
        if inline is not None and file is not None:
            self._wrong(name, f"is given beside {name}_file; only one of them is allowed", show=False)
        elif inline is not None and not isinstance(inline, str):
            self._wrong(name, "must be text in PEM", show=False)
        elif inline is not None:
            return str(inline).encode(errors="replace")
        elif file is not None:
            return self._bytes(f"{name}_file", file)
        elif name != "client_ca" and not self.part.gives(f"{name}_file"):
            message = f"is missing: TLS needs a certificate and its key, {name}_file or {name}"
            self._wrong(f"{name}_file", message, show=False)
        return None

    def _bytes(self, name: str, file: str) -> bytes | None:
        try:
            return read_bytes(self.directory / file, file)
        except ConfigError as error:
            for problem in error.problems:
                self._wrong(name, problem.message)
        return None

    def _mode(self, authority: bytes | None) -> ssl.VerifyMode | None:
        name = self.part.text("client_auth_type") or "NoClientCert"
        mode = _MODES.get(name)
        if name in _UNVERIFIED:
            self._wrong("client_auth_type", f"asks for certificates without verifying them, which ssl cannot; {_one()}")
        elif mode is None:
            self._wrong("client_auth_type", _one(nearest(name, _MODES)))
        elif mode is ssl.CERT_NONE and (self.part.gives("client_ca_file") or self.part.gives("client_ca")):
            self._wrong("client_auth_type", "is needed with a client CA: VerifyClientCertIfGiven or " + _STRICT)
        elif (
            mode is not ssl.CERT_NONE
            and authority is None
            and not (self.part.gives("client_ca_file") or self.part.gives("client_ca"))
        ):
            self._wrong("client_ca_file", "is missing: without it certificates of every public CA would be let in")
        return mode

    def _allowed_sans(self, mode: ssl.VerifyMode | None) -> frozenset[str]:
        sans = self.part.texts("client_allowed_sans")
        if sans is None:
            return frozenset()
        if not sans:
            self._wrong("client_allowed_sans", "is empty: nobody could come in")
        elif mode is not None and mode is not ssl.CERT_REQUIRED:
            self._wrong("client_allowed_sans", f"is only for client_auth_type {_STRICT}")
        return frozenset(map(plain_san, sans))

    def _set_versions(self, context: ssl.SSLContext) -> None:
        for name, default in (("min_version", "TLS12"), ("max_version", "TLS13")):
            text = self.part.text(name) or default
            if text in BROKEN_VERSIONS:
                self._wrong(name, "is broken and not offered; must be TLS12 or TLS13")
            elif text not in VERSIONS:
                self._wrong(name, "must be TLS12 or TLS13")
            elif name == "min_version":
                context.minimum_version = VERSIONS[text]
            elif VERSIONS[text] < context.minimum_version:
                self._wrong(name, "is below min_version")
            else:
                context.maximum_version = VERSIONS[text]

    def _set_ciphers(self, context: ssl.SSLContext) -> None:
        if not self.part.switch("prefer_server_cipher_suites", default=True):
            context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        names = self.part.texts("cipher_suites")
        if not names:
            return
        for position, name in enumerate(names):
            if name not in CIPHERS and name not in TLS13_CIPHERS:
                near = nearest(name, (*CIPHERS, *TLS13_CIPHERS))
                hint = f"; did you mean {near}?" if near else ""
                self.part.findings.wrong(
                    (*self.part.loc, "cipher_suites", position), f"is not a suite that Go's crypto/tls offers{hint}"
                )
        chosen = [CIPHERS[name] for name in names if name in CIPHERS]
        newest = TLS13_CIPHERS.intersection(names)
        only_newest = context.minimum_version is ssl.TLSVersion.TLSv1_3
        if newest and newest != TLS13_CIPHERS:
            self._wrong("cipher_suites", "names some suites of TLS 1.3, which are always on; name all three or none")
        elif chosen and only_newest:
            self._wrong("cipher_suites", "names suites of TLS 1.2, which min_version leaves out")
        elif newest and not chosen and not only_newest:
            self._wrong("cipher_suites", "has no suite for TLS 1.2; name one, or set min_version to TLS13")
        if chosen:
            self._take_ciphers(context, chosen)

    def _take_ciphers(self, context: ssl.SSLContext, chosen: list[str]) -> None:
        try:
            context.set_ciphers(":".join(chosen))
            missing = set(chosen) - {cipher["name"] for cipher in context.get_ciphers()}
        except ssl.SSLError:
            missing = set(chosen)
        if missing:
            theirs = ", ".join(name for name, ours in CIPHERS.items() if ours in missing)
            self._wrong("cipher_suites", f"has what OpenSSL here does not offer: {theirs}")

    def _set_curve(self, context: ssl.SSLContext) -> None:
        names = self.part.texts("curve_preferences")
        if not names:
            return
        if len(names) > 1:
            self._wrong(
                "curve_preferences", "names more than one curve, of which ssl can set one only; name one or none"
            )
        elif names[0] not in CURVES:
            self._wrong("curve_preferences", f"must be one of {', '.join(CURVES)}")
        else:
            context.set_ecdh_curve(CURVES[names[0]])

    def _load(self, context: ssl.SSLContext, cert: bytes, key: bytes) -> None:
        where = "cert_file" if self.part.gives("cert_file") else "cert"
        key_where = "key_file" if self.part.gives("key_file") else "key"
        if not _CERTIFICATE.search(cert):
            self._wrong(where, "holds no certificate in PEM", show=where == "cert_file")
            return
        try:
            with _as_file(cert) as cert_path, _as_file(key) as key_path:
                context.load_cert_chain(cert_path, key_path, password=_no_passphrase)
        except _EncryptedKeyError:
            self._wrong(
                key_where, "is encrypted, and nobody is there to type a passphrase", show=key_where == "key_file"
            )
        except ssl.SSLError as error:
            fits = error.reason == "KEY_VALUES_MISMATCH"
            message = "is not the key of the certificate" if fits else f"is no key for the certificate ({error.reason})"
            self._wrong(key_where, message, show=key_where == "key_file")
        except OSError as error:
            self._wrong(where, f"cannot be loaded: {(error.strerror or str(error)).lower()}", show=where == "cert_file")

    def _trust(self, context: ssl.SSLContext, authority: bytes, mode: ssl.VerifyMode) -> None:
        where = "client_ca_file" if self.part.gives("client_ca_file") else "client_ca"
        blocks = b"\n".join(_CERTIFICATE.findall(authority)).decode()
        try:
            context.load_verify_locations(cadata=blocks)
        except (ssl.SSLError, ValueError):
            self._wrong(where, "holds no certificate in PEM", show=where == "client_ca_file")
            return
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Go, whatever is in the file is trusted
        context.verify_mode = mode


_STRICT = "RequireAndVerifyClientCert"


def plain_san(text: str) -> str:
    """Return *text*, an alternative name of a certificate, addresses of IP in their usual form."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def sans_of(certificate: Mapping[str, object] | None) -> frozenset[str]:
    """Return the alternative names in *certificate*, as `ssl` gives it: DNS, IP, e-mail and URI."""
    names = (certificate or {}).get("subjectAltName", ())
    if not isinstance(names, tuple):
        return frozenset()
    return frozenset(plain_san(value) for kind, value in names if kind in {"DNS", "IP Address", "email", "URI"})


def _one(near: str | None = None) -> str:
    return f"did you mean {near}?" if near else f"must be one of {', '.join(_MODES)}"


def _no_passphrase() -> str:
    raise _EncryptedKeyError


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """Yield a path at which OpenSSL finds *data*, in memory where the system can, else for this moment only."""
    make: Callable[[str], int] | None = getattr(os, "memfd_create", None)
    if make is None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name
        return
    descriptor = make("pem")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
