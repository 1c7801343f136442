"""Where an exporter listens, as the kernel knows it, so that a health check needs to read no configuration.

Whether the address comes from a flag, the environment, a file or another exporter's file, the sockets of the process
are the truth. Linux only, and only processes of the same user can be looked into, as a container's health check can.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

PROGRAM = "aws-ses-exporter"
_LISTENING = "0A"
_LOOPBACK = {"0.0.0.0": ("127.0.0.1",), "::": ("127.0.0.1", "::1")}  # noqa: S104 - what a wildcard is reached by


def listening(proc: Path, default: str) -> list[str]:
    """Return where the exporters listen whose processes are in *proc*, as `127.0.0.1:9199` or `[::1]:9199`.

    A wildcard is the loopback, of both protocols for that of IPv6. *default* is first if it is one of them, and the
    only one if none is found.
    """
    ours = {inode for process in proc.glob("[0-9]*") if _is_exporter(process) for inode in _sockets(process)}
    found = {address: None for inode, text in _listeners(proc) if inode in ours for address in _addresses(text)}
    return sorted(found, key=lambda address: address != default) or [default]


def _is_exporter(process: Path) -> bool:
    try:
        words = (process / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return False  # it has ended, or is not ours to look into
    return any(Path(word).name == PROGRAM for word in words) or "-m\0exporter\0" in "\0".join([*words, ""])


def _sockets(process: Path) -> Iterator[str]:
    """Yield the inode of each socket that *process* has open."""
    try:
        for descriptor in (process / "fd").iterdir():
            found = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
            if found:
                yield found[1]
    except OSError:
        return  # as above


def _listeners(proc: Path) -> Iterator[tuple[str, str]]:
    """Yield inode and address, as it stands there, of each socket that listens."""
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue  # no such protocol here
        for words in map(str.split, lines):
            if words[3] == _LISTENING:
                yield words[9], words[1]


def _addresses(text: str) -> list[str]:
    """Return `0100007F:23EF` of /proc/net/tcp as `127.0.0.1:9199`: words of 32 bits in the machine's byte order."""
    host, port = text.split(":")
    words = [int(host[start : start + 8], 16).to_bytes(4, sys.byteorder) for start in range(0, len(host), 8)]
    address = str(ip_address(b"".join(words)))
    return [
        f"[{each}]:{int(port, 16)}" if ":" in each else f"{each}:{int(port, 16)}"
        for each in _LOOPBACK.get(address, (address,))
    ]
