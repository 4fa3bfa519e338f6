"""Certificates made for a test by the command `openssl`: authorities, and what they sign."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from servers.absence import ServerAbsentError

if TYPE_CHECKING:
    from pathlib import Path

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, in PEM; `both` is one file with the two, as Kafka's keystores have them."""

    certificate: Path
    key: Path

    @property
    def both(self) -> Path:
        """The key, and the certificate behind it."""
        return self.certificate.with_suffix(".both.pem")


class Authority:
    """Signs certificates, each in files of its own below `directory`.

    Raises:
        ServerAbsentError: there is no openssl.
    """

    def __init__(self, directory: Path, name: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.file = directory / f"{name}.pem"
        self._key = directory / f"{name}.key"
        # By themselves, Python 3.13 and newer refuse an authority that does not say what its key is for.
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        _openssl("req", "-x509", *NEW_KEY, "-days", "2", *usage, "-subj", f"/CN={name}", *self._into(self.file))

    def signs(self, name: str, *, days: int = 2) -> Certificate:
        """Return a certificate of this name for 127.0.0.1, for a server or a client; expired if `days` is below 0."""
        made = Certificate(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        request, extensions = self._directory / f"{name}.csr", self._directory / "extensions"
        extensions.write_text("subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n")
        _openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", str(made.key), "-out", str(request))
        signing = ("-CA", str(self.file), "-CAkey", str(self._key), "-CAcreateserial", "-days", str(days))
        _openssl(
            *("x509", "-req", "-in", str(request), *signing),
            *("-extfile", str(extensions), "-out", str(made.certificate)),
        )
        made.both.write_text(made.key.read_text() + made.certificate.read_text())
        return made

    def _into(self, file: Path) -> tuple[str, ...]:
        return ("-keyout", str(self._key), "-out", str(file))


def _openssl(*arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise ServerAbsentError("there is no openssl to make certificates with")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
