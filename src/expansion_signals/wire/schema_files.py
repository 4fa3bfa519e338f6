"""The files of `schemas/`: in the installed package beside the code, in a checkout at the root of the repository."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def schema_files() -> Traversable:
    """Return the folder `schemas/`.

    Raises:
        FileNotFoundError: the installation is broken; there is nothing to run instead.
    """
    packaged = files("expansion_signals") / "schemas"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).parents[3] / "schemas"
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError("the package was installed without its schemas; install it again")
