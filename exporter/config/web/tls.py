"""`tls_server_config` becomes an SSL context, or a problem for every key that is wrong or that cannot be honoured."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.config.foreign import Part
from exporter.config.problems import nearest
from exporter.config.web.access import Tls
from exporter.config.web.names import BROKEN_VERSIONS, CIPHERS, CURVES, TLS13_CIPHERS, VERSIONS
from exporter.config.web.pem import as_file, certificates, not_after, read_regular, trust
from exporter.config.web.sans import plain_san
from exporter.errors import ConfigError

FILES = ("cert_file", "key_file", "client_ca_file")
PEM = (*FILES, "cert", "key", "client_ca")
KEYS = (
    *PEM,
    "client_auth_type",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
)
_STRICT = "RequireAndVerifyClientCert"
_MODES = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    _STRICT: ssl.CERT_REQUIRED,
}
_UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
_OTHER_KEY = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"})


class _EncryptedKeyError(Exception):
    """The key asks for a passphrase."""


@dataclass(frozen=True, slots=True)
class _Pem:
    """What is to be PEM, *data*: it stands at the key *name*, or in the file that this key names."""

    name: str
    data: bytes

    @property
    def show(self) -> bool:
        """Whether the value of the key may be shown: the name of a file."""
        return self.name in FILES


@dataclass(slots=True)
class TlsReader:
    """Reads *part*, the group of the file, whose paths are relative to *directory*."""

    part: Part
    directory: Path

    def read(self) -> Tls | None:
        """Return what the part comes to; None without TLS, or with problems, which are noted."""
        self.part.refuse_unknown(KEYS)
        # what templates leave empty is not given, as in the toolkit
        self.part = part = replace(
            self.part, values={name: value for name, value in self.part.values.items() if value != ""}
        )
        if not any(part.gives(name) for name in KEYS):
            part.findings.doubt(part.loc, "names no certificate: there is no TLS", show=False)
            return None
        before = len(part.findings.problems)
        cert, key, authority = (self._pem(name) for name in ("cert", "key", "client_ca"))
        mode = self._mode()
        sans = self._allowed_sans(mode)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        self._set_versions(context)
        self._set_ciphers(context)
        self._set_curve(context)
        end = self._load(context, cert, key) if cert is not None and key is not None else None
        if authority is not None and mode is not None:
            self._trust(context, authority, mode)
        if len(part.findings.problems) > before:
            return None
        settings = {name: value for name, value in part.values.items() if name not in PEM}
        return Tls(context, _digest(settings, cert, key, authority), sans, end)

    def _wrong(self, name: str, message: str, *, show: bool = True) -> None:
        self.part.findings.wrong((*self.part.loc, name), message, show=show)

    def _gives(self, name: str) -> bool:
        return self.part.gives(name) or self.part.gives(f"{name}_file")

    def _pem(self, name: str) -> _Pem | None:
        """Return what *name* holds or its file; a problem where both are given, or none though it is needed."""
        inline, file = self.part.values.get(name), self.part.text(f"{name}_file")
        if inline is not None and file is not None:
            self._wrong(name, f"is given beside {name}_file; only one of them is allowed", show=False)
        elif inline is not None and not isinstance(inline, str):
            self._wrong(name, "must be text in PEM", show=False)
        elif inline is not None:
            return _Pem(name, str(inline).encode(errors="replace"))
        elif file is not None:
            return self._read(f"{name}_file", file)
        elif name != "client_ca" and not self._gives(name):
            message = f"is missing: TLS needs a certificate and its key, {name}_file or {name}"
            self._wrong(f"{name}_file", message, show=False)
        return None

    def _read(self, name: str, file: str) -> _Pem | None:
        try:
            return _Pem(name, read_regular(self.directory / file, file))
        except ConfigError as error:
            for problem in error.problems:
                self._wrong(name, problem.message)
        return None

    def _mode(self) -> ssl.VerifyMode | None:
        name = self.part.text("client_auth_type") or "NoClientCert"
        mode = _MODES.get(name)
        if name in _UNVERIFIED:
            self._wrong("client_auth_type", f"asks for certificates without verifying them, which ssl cannot; {_one()}")
        elif mode is None:
            self._wrong("client_auth_type", _one(nearest(name, _MODES)))
        elif mode is ssl.CERT_NONE and self._gives("client_ca"):
            self._wrong("client_auth_type", "is needed with a client CA: VerifyClientCertIfGiven or " + _STRICT)
        elif mode is not ssl.CERT_NONE and not self._gives("client_ca"):
            self._wrong("client_ca_file", "is missing: without it certificates of every public CA would be let in")
        return mode

    def _allowed_sans(self, mode: ssl.VerifyMode | None) -> frozenset[str]:
        sans = self.part.texts("client_allowed_sans")
        if sans is None:
            if "client_allowed_sans" in self.part.values:
                loc = (*self.part.loc, "client_allowed_sans")
                self.part.findings.doubt(loc, "is empty: every name is let in", show=False)
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
            self.part.doubt("cipher_suites", "names some suites of TLS 1.3, of which all are always on, as in Go")
        if chosen and only_newest:
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
            try:
                context.set_ecdh_curve(CURVES[names[0]])
            except (ValueError, ssl.SSLError):
                self._wrong("curve_preferences", f"has what OpenSSL here does not offer: {names[0]}")

    def _load(self, context: ssl.SSLContext, cert: _Pem, key: _Pem) -> float | None:
        """Have *context* show *cert*; return until when that is valid (unix seconds), None where it is not known."""
        blocks = certificates(cert.data)
        try:
            trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), blocks)  # which tells a bad certificate from a bad key
        except ValueError:
            what = "a certificate that cannot be read" if blocks else "no certificate in PEM"
            self._wrong(cert.name, f"holds {what}", show=cert.show)
            return None
        try:
            with as_file(cert.data) as cert_path, as_file(key.data) as key_path:
                context.load_cert_chain(cert_path, key_path, password=_no_passphrase)
        except _EncryptedKeyError:
            self._wrong(key.name, "is encrypted, and nobody is there to type a passphrase", show=key.show)
        except ssl.SSLError as error:
            fits = "is not the key of the certificate" if error.reason in _OTHER_KEY else "is no private key in PEM"
            self._wrong(key.name, fits, show=key.show)
        except OSError as error:
            self._wrong(cert.name, f"cannot be loaded: {(error.strerror or str(error)).lower()}", show=cert.show)
        try:
            return not_after(blocks[0])
        except ValueError:
            self.part.findings.doubt(
                (*self.part.loc, cert.name), "does not tell until when it is valid", show=cert.show
            )
            return None

    def _trust(self, context: ssl.SSLContext, authority: _Pem, mode: ssl.VerifyMode) -> None:
        try:
            trust(context, certificates(authority.data))
        except ValueError:
            self._wrong(authority.name, "holds no certificate in PEM", show=authority.show)
            return
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Go, whatever is in the file is trusted
        context.verify_mode = mode


def _digest(settings: Mapping[str, object], *pems: _Pem | None) -> bytes:
    """Return what another one is returned for when *settings* or the bytes of one of *pems* are others."""
    parts = [repr(sorted(settings.items())).encode(), *(pem.data if pem is not None else b"" for pem in pems)]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def _one(near: str | None = None) -> str:
    return f"did you mean {near}?" if near else f"must be one of {', '.join(_MODES)}"


def _no_passphrase() -> str:
    raise _EncryptedKeyError
