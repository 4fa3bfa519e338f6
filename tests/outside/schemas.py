"""Holds published records against the files of `schemas/`, the way a consumer in any language would."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

if TYPE_CHECKING:
    from outside.reading import Found

ROOT = Path(__file__).parents[2]


def violations(record: Found) -> list[str]:
    """Return everything in which the record is not what its schemas promise."""
    place = f"{record.topic}/{record.partition}/{record.offset}"
    return [f"{place} {violation}" for violation in violations_of(record.event)]


def violations_of(event: dict[str, Any]) -> list[str]:
    """Return everything in which an event is not what its schemas promise."""
    return [
        f"{error.json_path}: {error.message}"
        for path, part in (("/schemas/envelope/published.schema.json", event), (event["dataschema"], event["data"]))
        for error in _validator(path).iter_errors(part)
    ]


@cache
def _validator(path: str) -> Draft7Validator:
    schema: dict[str, Any] = json.loads((ROOT / path.removeprefix("/")).read_text())
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
