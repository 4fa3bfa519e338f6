"""Bytes to nouns and back: CloudEvents, the contracts of their data, dead letters. Knows no client library."""
