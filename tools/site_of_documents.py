"""What the site of `make docs` has beside the files of `docs/`: the pages at the root of the repository.

A hook of mkdocs. Its pages link to each other as they do in the repository; what is no page (a schema, a source file)
is in the repository alone, so a link to it becomes its text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
AT_THE_ROOT = ("CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md")

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<path>(?!https?:)[^)#\s]+)(?P<heading>#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages at the root, under small names: mkdocs takes a README for an index."""
    for name in AT_THE_ROOT:
        files.append(File.generated(config, name.lower(), abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point every link at its page of the site."""
    del config
    at_the_root = page.file.src_uri in map(str.lower, AT_THE_ROOT)
    stands = "" if at_the_root else posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def of_the_site(link: re.Match[str]) -> str:
        led = posixpath.normpath(posixpath.join(stands, link["path"]))
        found = files.get_file_from_path(led.lower() if led in AT_THE_ROOT else led.removeprefix("docs/"))
        if found is None or (not led.startswith("docs/") and led not in AT_THE_ROOT):
            return link["text"]
        path = posixpath.relpath(found.src_uri, posixpath.dirname(page.file.src_uri) or ".")
        return f"{link['image']}[{link['text']}]({path}{link['heading'] or ''})"

    return _LINK.sub(of_the_site, markdown)
