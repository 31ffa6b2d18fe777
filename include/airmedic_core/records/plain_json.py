"""Records as plain JSON and back, and the digest of plain JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeVar

Json = dict[str, Any]
RecordT = TypeVar("RecordT")


def to_json(record: Any) -> Json:
    """Return a record as plain JSON: dicts, lists, strings, numbers; non-finite numbers become ``None``."""
    plain: Json = json.loads(_adapter(type(record)).dump_json(record))
    return plain


def from_json(kind: type[RecordT], plain: Json) -> RecordT:
    """Return the record of a kind that :func:`to_json` wrote.

    Raises
    ------
    pydantic.ValidationError
        If the JSON does not have the record's form.
    """
    record: RecordT = _adapter(kind).validate_python(plain)
    return record


def digest(plain: Any) -> str:
    """Return the SHA-256 of plain JSON in its canonical form (sorted keys, no spaces)."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


_adapters: dict[type, Any] = {}


def _adapter(kind: type) -> Any:
    if kind not in _adapters:
        from pydantic import TypeAdapter

        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
