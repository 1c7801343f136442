"""A stand-in for the base image where that is out of reach: this machine's Python, shell and certificates.

It is laid out like the official one: Python with pip and without bytecode in `/usr/local`, no compiler.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

PROGRAMS = ("sh", "cat", "find", "rm", "touch")
WHEELS_NEED = ("libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "librt.so.1", "libstdc++.so.6")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
DOCKERFILE = f"""\
FROM scratch
COPY root /
ENV PATH=/usr/local/bin:/usr/bin:/bin PIP_CERT={CERTIFICATES} SSL_CERT_FILE={CERTIFICATES}
CMD ["python3"]
"""


def write_context(folder: Path) -> None:
    """Write into *folder* what a builder makes the stand-in of: a Dockerfile and a root file system."""
    root = folder / "root"
    python = _python(root)
    programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name))]
    for program in programs:
        _copy(program.resolve(), root / "bin" / program.name)
    modules = (each for each in (root / "usr/local/lib").rglob("*.so") if "tkinter" not in each.name)
    libraries = _libraries([python, *programs, *modules])
    beside = next(each.parent for each in libraries if each.name == "libc.so.6")
    for library in [*libraries, *(beside / name for name in WHEELS_NEED)]:
        _copy(library, root / library.relative_to("/"))
    _copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    )
    (root / "tmp").mkdir(mode=0o1777)
    (folder / "Dockerfile").write_text(DOCKERFILE)


def _python(root: Path) -> Path:
    """Copy the interpreter that runs this, and return where it came from."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    source = Path(sys.base_prefix) / "bin" / name
    target = root / "usr/local/bin" / name
    _copy(source, target)
    for link in ("python", "python3"):
        target.with_name(link).symlink_to(name)
    unwanted = shutil.ignore_patterns("__pycache__", "test", "tests", "config-*", "idlelib", "tkinter", "site-packages")
    library = root / "usr/local/lib" / name
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=unwanted, symlinks=True)
    wheels = next((library / "ensurepip" / "_bundled").glob("pip-*.whl"))
    shutil.unpack_archive(wheels, library / "site-packages", "zip")
    pip = target.with_name("pip")
    pip.write_text('#!/bin/sh\nexec python -m pip "$@"\n')
    pip.chmod(0o755)
    return source


def _libraries(binaries: Iterable[Path]) -> set[Path]:
    said = subprocess.run(["ldd", *binaries], check=False, capture_output=True, text=True).stdout
    return {Path(found) for found in re.findall(r"(?:=> |^\t)(/\S+) \(0x", said, re.MULTILINE)}


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
