"""What is kept of past windows, and what becomes of files that were damaged."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.monitor import check_batch
from airmedic_core.monitor.past import _MOST_BYTES, history, window_file
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of, watch

Damage = Callable[[Path], None]


def rewritten(change: Callable[[dict[str, Any]], Any]) -> Damage:
    def run(path: Path) -> None:
        plain = json.loads(gzip.decompress(path.read_bytes()))
        path.write_bytes(gzip.compress(json.dumps(change(plain)).encode()))

    return run


def flip_bits(path: Path) -> None:
    content, dice = bytearray(path.read_bytes()), random.Random(1)  # noqa: S311
    for _ in range(20):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(bytes(content))


def first_column(changed: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(plain: dict[str, Any]) -> dict[str, Any]:
        columns = plain["profile"]["columns"]
        columns[min(columns)] |= changed
        return plain

    return change


DAMAGES: dict[str, Damage] = {
    "bits are flipped": flip_bits,
    "it is cut off": lambda path: path.write_bytes(path.read_bytes()[:-40]) and None,
    "it is empty": lambda path: path.write_bytes(b"") and None,
    "it is a list": rewritten(lambda _: [1, 2]),
    "it is other JSON": rewritten(lambda _: {"version": 1}),
    "its parts are of another kind": rewritten(lambda plain: plain | {"facts": [], "profile": "x"}),
    "its columns are a list": rewritten(lambda plain: plain | {"profile": plain["profile"] | {"columns": [1]}}),
    "it counts words": rewritten(lambda plain: plain | {"profile": plain["profile"] | {"rows": "many"}}),
    "a column counts words": rewritten(first_column({"rows": "many"})),
    "a column has no kind": rewritten(first_column({"kind": None, "minimum": 3})),
    "it is deeply nested": lambda path: path.write_bytes(gzip.compress(b"[" * 200_000)) and None,
    "it is a bomb": lambda path: path.write_bytes(gzip.compress(b" " * (_MOST_BYTES + 2), compresslevel=1)) and None,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_no_history(ws: Workspace, damage: str) -> None:
    watch(ws, 33)
    past, now = batch_of(ws, 33), batch_of(ws, 34)
    reference = ws.registry.reference(ws.registry.champion(ws.spec.name))
    (whole,) = history(ws, now, reference)
    assert whole.profile is not None
    DAMAGES[damage](window_file(ws.settings, past))
    (damaged,) = history(ws, now, reference)
    assert (damaged.profile, damaged.rows) == (None, whole.rows)
    assert check_batch(ws, now, "drift")
