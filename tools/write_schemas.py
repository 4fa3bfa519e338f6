"""`make schemas`: write what `schemas/sources/`, `schemas/topics/` and the table of kinds say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from asyncapi_document import asyncapi_text
from published_schemas import SCHEMAS, published_schemas

if TYPE_CHECKING:
    from collections.abc import Mapping


def written() -> Mapping[str, str]:
    """Return every file that is written, by its path below `schemas/`."""
    schemas = {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in published_schemas()}
    return schemas | {"asyncapi.yaml": asyncapi_text()}


if __name__ == "__main__":
    for path, text in written().items():
        (SCHEMAS / path).parent.mkdir(exist_ok=True)
        (SCHEMAS / path).write_text(text, encoding="utf-8")
