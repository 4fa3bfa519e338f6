"""A configuration to begin with: the sample's catalog and rules, and beside each its schema, for editors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import typer

from expansion_signals.local.stack import SAMPLE
from expansion_signals.rules.loading import FILES
from expansion_signals.wire.schema_files import schema_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SCHEMA_PATH = re.compile(r"(?<=\$schema=)\S+")


def begin(directory: Path) -> Sequence[Path]:
    """Write the files into a directory, which is made where it is missing, and return them.

    Raises:
        BadParameter: one of them is there already, and then none is written; or the directory cannot be looked at, or
            written to.
    """
    texts = {directory / name: text for name, text in _texts().items()}
    try:
        for path in texts:
            if path.exists():
                raise typer.BadParameter(
                    f"{path} is there already, nothing was written; name another", param_hint="DIR"
                )
        directory.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{error.filename}: {error.strerror}", param_hint="DIR") from None
    return list(texts)


def _texts() -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for name in FILES:
        schema = f"{name.removesuffix('.yaml')}.schema.json"
        # The sample names its schema where the repository has it; the two travel together from here on.
        texts[name] = _SCHEMA_PATH.sub(schema, (SAMPLE / name).read_text(encoding="utf-8"), count=1)
        texts[schema] = (schema_files() / "config" / schema).read_text(encoding="utf-8")
    return texts
