"""A profile as a text in Redis: its JSON, pressed with what profiles have in common.

Every account has one, and of its 240 bytes and more nearly all are the same in any other: 40 are left. It is written
with an account update and read once by a worker, so what it takes to press it is not felt.

The first byte names the vocabulary. One that is in use never changes: a better one is a further byte.
"""

from __future__ import annotations

import zlib

from expansion_signals.model.accounts import Profile

_PRESSED = b"\x01"
_VOCABULARY = (
    b'"opted_out":["partner":{"type":"key":"roles_exempt":["guest","viewer"],"members":["user-","u-"'
    b'"nps":"csat":"status":"trialing","past_due","paused","canceled","language":"de","en"'
    b'"renewal_at":"first_purchase_at":"mrr":"open_opportunity":true,"owner":"@example.com","annual_value":"000"'
    b'"time_zone":"America/New_York","Europe/Berlin","baselines":{"usage":{"value":"0","as_of":"2026-11-01T00:00:00Z"'
    b'"add_ons":{"quantity":"storage":"exports":"projects":"seats":"api_calls":"unlimited"'
    b'{"account":{"version":1,"plan":"free","business","enterprise","team","limits":{"1000","100"},'
    b'"period":{"unit":"year","day","anchor":"2026-01-01T00:00:00Z"}},'
    b'"anchors":[{"valid_from":"1970-01-01T00:00:00Z","anchor":"2026-01-01T00:00:00Z","unit":"month"}]}'
)
_RAW = -zlib.MAX_WBITS


def pack_profile(profile: Profile | None) -> bytes:
    """Return the text of a profile, empty for none."""
    if profile is None:
        return b""
    press = zlib.compressobj(zlib.Z_BEST_COMPRESSION, wbits=_RAW, zdict=_VOCABULARY)
    text = profile.model_dump_json(exclude_defaults=True).encode()
    return _PRESSED + press.compress(text) + press.flush()


def read_profile(text: bytes | None) -> Profile | None:
    """Read what `pack_profile` wrote, and plain JSON as it stood before."""
    if not text:
        return None
    if text[:1] == _PRESSED:
        text = zlib.decompressobj(wbits=_RAW, zdict=_VOCABULARY).decompress(text[1:])
    return Profile.model_validate_json(text)
