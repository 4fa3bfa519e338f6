"""What `make schemas` writes is what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from expansion_signals.wire.schema_files import schema_files
from write_schemas import written

if TYPE_CHECKING:
    from servers.asyncapi_parser import AsyncApiParser

ROOT = Path(str(schema_files()))
WRITTEN = written()


@pytest.mark.parametrize("path", WRITTEN)
def test_what_is_written_is_up_to_date_else_make_schemas(path: str) -> None:
    assert (ROOT / path).read_text() == WRITTEN[path]


def test_every_schema_of_a_signal_is_written() -> None:
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "expansion-signals").iterdir()} <= set(WRITTEN)


def test_the_official_parser_finds_nothing_wrong_with_the_asyncapi_document(asyncapi_parser: AsyncApiParser) -> None:
    assert asyncapi_parser.findings(ROOT / "asyncapi.yaml") == []


def test_the_official_parser_looks_into_the_schemas(asyncapi_parser: AsyncApiParser, tmp_path: Path) -> None:
    document = tmp_path / "asyncapi.yaml"
    document.write_text(WRITTEN["asyncapi.yaml"])  # without the schemas beside it

    assert {finding["code"] for finding in asyncapi_parser.findings(document)} == {"invalid-ref"}
