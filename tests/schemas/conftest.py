from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from expansion_signals.wire.schema_files import schema_files

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def schemas() -> Path:
    return Path(str(schema_files()))


@pytest.fixture(scope="session")
def validator(schemas: Path) -> Callable[[str], Draft7Validator]:
    """Return the validator of one file below `schemas/`."""

    def load(path: str) -> Draft7Validator:
        document: dict[str, Any] = json.loads((schemas / path).read_text())
        return Draft7Validator(document, format_checker=Draft7Validator.FORMAT_CHECKER)

    return load
