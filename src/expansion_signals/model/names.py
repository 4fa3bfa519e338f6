"""What can name something: an attribute, an account, a user, a meter."""

from __future__ import annotations

import re
from typing import TypeGuard

LONGEST_NAME = 512
"""Characters in the longest name."""

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and lone surrogates: in no name, so that names join to identities without ambiguity."""


def is_name(value: object) -> TypeGuard[str]:
    """Say whether the value can name something: 1 to 512 characters, no control character, no lone surrogate."""
    # Printable text has neither control characters nor surrogates; only text that is not needs the closer look.
    return (
        type(value) is str and 0 < len(value) <= LONGEST_NAME and (value.isprintable() or not UNPRINTABLE.search(value))
    )
