"""Recognises columns of numbers that people wrote: 12,345.60 or 3,14, with or without a currency or a per cent sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_SIGNS = r"\s*[-+]?\s?[€$£¥]?\s?[-+]?"
_UNITS = r"\s?[€$£¥%]?\s*"
_POINT = rf"^{_SIGNS}(\d+|[1-9]\d{{0,2}}(,\d{{3}})+)(\.\d+)?{_UNITS}$"
"""Thousands by commas, decimals by a point."""
_COMMA = rf"^{_SIGNS}(\d+|[1-9]\d{{0,2}}(\.\d{{3}})+)(,\d+)?{_UNITS}$"
"""Thousands by points, decimals by a comma."""
_OTHER = r"[^\d.+-]"
_TRIED = 100
"""Values that show whether the rest is worth looking at."""


def as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of text as numbers where all of its values are numbers as people write them, else as it is.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or pyarrow.Array
        Text.

    >>> import pyarrow as pa
    >>> [as_numbers(pa.array(texts)).to_pylist() for texts in (["€1,234.50", "7"], ["3,14", "1.000,5"], ["1,2,3"])]
    [[1234.5, 7.0], [3.14, 1000.5], ['1,2,3']]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for form, decimal in ((_POINT, "."), (_COMMA, ",")):
        if all(pc.all(pc.match_substring_regex(values, form)).as_py() for values in (column[:_TRIED], column)):
            if column.null_count == len(column):
                return column
            plain = pc.replace_substring(column, ".", "") if decimal == "," else column
            plain = pc.replace_substring(plain, ",", "." if decimal == "," else "")
            return pc.replace_substring_regex(plain, _OTHER, "").cast(pa.float64())
    return column
