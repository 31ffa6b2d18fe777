"""Finds out how the text of a file is encoded, where nobody has said it."""

from __future__ import annotations

import codecs
from typing import IO

UTF_8 = "utf-8"
_WESTERN = "cp1252"
"""Says what is assumed of bytes that are no UTF-8: the encoding of Windows in western Europe and America, and nearly
that of ISO 8859-1.
"""
_ANY_BYTES = "latin-1"
"""Stands for the previous one where its five unused bytes are used."""
_BLOCK_BYTES = 1 << 20


def encoding_of(opened: IO[bytes]) -> str:
    """Return the encoding of a file's text: by its mark, else UTF-8 where all bytes fit, else a western one.

    >>> from io import BytesIO
    >>> [encoding_of(BytesIO("Zürich".encode(name))) for name in ("utf-8", "utf-16", "latin-1")]
    ['utf-8', 'utf-16', 'cp1252']
    """
    first = opened.read(_BLOCK_BYTES)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoders = {name: codecs.getincrementaldecoder(name)() for name in (UTF_8, _WESTERN)}
    block = first
    while block and decoders:
        _leave_out(decoders, block, final=False)
        block = opened.read(_BLOCK_BYTES)
    _leave_out(decoders, b"", final=True)
    return next(iter(decoders), _ANY_BYTES)


def _leave_out(decoders: dict[str, codecs.IncrementalDecoder], block: bytes, *, final: bool) -> None:
    """Leave out the encodings that a block of bytes is not written in."""
    for name, decoder in list(decoders.items()):
        try:
            decoder.decode(block, final)
        except UnicodeError:
            del decoders[name]
