"""C escapes as strace prints them, and back to the bytes that the process gave."""

from __future__ import annotations


def unescape(text: str) -> str:
    """Decode the inside of a string or of <…> (latin-1 text with C escapes) as `os.fsdecode` would the bytes behind it."""
    raise NotImplementedError
