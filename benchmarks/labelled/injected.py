"""Pairs of real rows with one fault each, put into the window of a healthy pair, with the answers that are right."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache, partial

import numpy as np
import pandas as pd

from labelled.case import LabelledCase, Rows
from labelled.healthy import healthy_pairs
from labelled.injuries import (
    Injury,
    convert,
    deliver_again,
    drop_column,
    drop_rows,
    fill_blanks,
    move_mix,
    multiply,
    put,
    replace,
    scatter,
    select,
    slide,
    swap,
)  # fmt: skip
from labelled.tables import TABLES, Part, Table

DATA_FAULT = frozenset({"healthy", "retrain", "concept_drift", "label_shift"})
_LOST_ROWS = frozenset({"healthy", "retrain", "concept_drift"})
_MIX = frozenset({"healthy", "data_corruption", "unit_change", "stale_data"})
_MOVED = frozenset({"data_corruption", "unit_change", "schema_change", "stale_data", "concept_drift"})
_UNIT = ("unit_change",)
_DAMAGE = ("data_corruption", "schema_change")
_FORM = ("schema_change", "data_corruption")
_LEAST_ROWS = 200
"""Rows of a window into which a fault is put: fewer tell too little of small shares."""
_LEAST_LEFT = 40
"""Rows that have to be left of a window."""
_CERTAIN = 5.0
"""Standard errors by which a class mix has to have moved, so that nobody can call it chance."""
_MOST_ROWS = 12_000
"""Rows of a reference: a larger one only takes longer."""

Fault = tuple[str, str, Injury, tuple[str, ...], frozenset[str]]
"""Kind, name, what is done, right answers, wrong answers."""


def injected_pairs(part: Part) -> list[LabelledCase]:
    """Return the pairs with a fault of a part."""
    return [case for item in TABLES if item.part == part for case in _cases_of(item)]


def _cases_of(item: Table) -> Iterator[LabelledCase]:
    bases = _bases(item)
    for number, (kind, name, injury, accept, must_not) in enumerate(faults_of(item)):
        if not bases:
            return
        base = bases[number % len(bases)]
        label = f"{item.name}/{name} ({base.name.partition('/')[2]})"
        if not _shows(item, kind, base.build()[1], _build(base, injury, label)):
            continue
        yield LabelledCase(
            name=label, collection=f"injected_{item.part}", domain=item.domain, kind=kind, accept=accept, healthy=False,
            spec=item.spec, build=partial(_build, base, injury, label), must_not=must_not, injected=True,
            harmful="healthy" not in accept, about=name,
        )  # fmt: skip


@cache
def _healthy(part: Part) -> list[LabelledCase]:
    return healthy_pairs(part)


def _bases(item: Table) -> list[LabelledCase]:
    """Return the healthy pairs of a table that faults are put into, in an order of no meaning."""
    bases = []
    for case in _healthy(item.part):
        if case.spec["name"] != item.name or case.kind == "two samples of one time":
            continue
        reference, window = case.build()
        if len(window) >= _LEAST_ROWS and len(window) <= len(reference) <= _MOST_ROWS:
            bases.append(case)
    return sorted(bases, key=lambda case: zlib.crc32(case.name.encode()))


def _build(base: LabelledCase, injury: Injury, label: str) -> Rows:
    reference, window = base.build()
    return injury(reference, window, np.random.default_rng(zlib.crc32(label.encode())))


def _shows(item: Table, kind: str, before: pd.DataFrame, pair: Rows) -> bool:
    """Return whether something has changed, rows are left, and a class mix has moved for certain."""
    reference, window = pair
    if window.equals(before):
        return False
    if kind != "class mix moved":
        return len(window) >= _LEAST_LEFT
    usual, now = reference[item.target].mean(), window[item.target].mean()
    spread = np.sqrt(usual * (1 - usual) * (1 / len(reference) + 1 / len(window)))
    return bool(now - usual > _CERTAIN * spread)


def faults_of(item: Table) -> Iterator[Fault]:
    """Yield the faults that make sense in a table."""
    yield from _units(item)
    yield from _deliveries(item)
    yield from _numbers(item)
    yield from _texts(item)
    yield from _labels(item)
    yield from _shapes(item)


def _units(item: Table) -> Iterator[Fault]:
    for name, conversions in item.units.items():
        for conversion in conversions:
            yield (
                "unit, one column",
                f"{name}: {conversion[0]}",
                convert({name: conversion}),
                ("unit_change",),
                DATA_FAULT,
            )
    first = {name: conversions[0] for name, conversions in item.units.items()}
    if len(first) > 1:
        yield "unit, several columns", f"{len(first)} columns", convert(first), _UNIT, DATA_FAULT
    if first and item.categorical:
        name, conversion = next(iter(first.items()))
        column = item.categorical[-1]
        shares = item.rows()[column].value_counts(normalize=True)
        if (source := shares[(shares > 0.1) & (shares < 0.6)].index).size:
            text = f"{name} of one {column}: {conversion[0]}"
            yield (
                "unit, one source",
                text,
                convert({name: conversion}, (column, source[0])),
                ("unit_change",),
                DATA_FAULT,
            )
    if item.task == "regression":
        accept = ("unit_change", "data_corruption", "schema_change")
        thousand = convert({item.target: ("thousandth", 1000.0, 0.0)})
        yield "unit of the label", "the label times a thousand", thousand, accept, DATA_FAULT


def _deliveries(item: Table) -> Iterator[Fault]:
    if not item.numeric:
        # A few categories repeat by chance, so that nobody can tell.
        return
    stale = ("stale_data", "data_corruption")
    yield "stale", "the last rows again, new times", deliver_again(new_clock=True), stale, DATA_FAULT
    yield "stale", "the last rows again, their own times", deliver_again(new_clock=False), stale, DATA_FAULT
    doubled = ("data_corruption", "volume_anomaly", "stale_data")
    yield "rows multiplied", "every row three times", multiply(3), doubled, DATA_FAULT
    lost = ("volume_anomaly", "data_corruption")
    yield "rows missing", "six of ten rows missing", drop_rows(fraction=0.6), lost, _LOST_ROWS
    yield "rows missing", "the middle half missing", drop_rows(gap=0.5), lost, _LOST_ROWS


def _numbers(item: Table) -> Iterator[Fault]:
    rows = item.rows()
    many = [name for name in item.numeric if rows[name].nunique() > 20]
    if not many:
        return
    first, last = many[0], many[-1]
    only = ("data_corruption",)
    yield "code in numbers", f"{first} is -9999 in 6 %", put([first], -9999.0, 0.06), only, DATA_FAULT
    yield "code in numbers", "all numbers are -200 for a while", put(many, -200.0, 0.4, run=True), only, DATA_FAULT
    yield "blanks", f"{last} is blank in 30 %", put([last], np.nan, 0.3), only, DATA_FAULT
    yield (
        "constant",
        f"{last} is stuck",
        put([last], float(rows[last].median()), 1.0),
        ("data_corruption", "stale_data"),
        DATA_FAULT,
    )
    yield "one extreme value", f"{first} is 1e9 in a row", put([first], 1e9, 0.004, run=True), only, DATA_FAULT
    text = replace(first, lambda value: f"{value} ?", 0.05)
    yield "numbers turn into text", f"{first} has a question mark in 5 %", text, _DAMAGE, DATA_FAULT
    comma = replace(first, lambda value: f"{value:.2f}".replace(".", ","))
    yield "numbers turn into text", f"{first} with a decimal comma", comma, _FORM, DATA_FAULT
    if len(many) > 2:
        yield "columns slid", "20 % of the rows slid by one", slide(many, 0.2), _DAMAGE, DATA_FAULT
        exchanged = ("schema_change", "data_corruption")
        yield "columns swapped", f"{many[0]} and {many[2]}", swap(many[0], many[2]), exchanged, DATA_FAULT
    if item.tied:
        yield "rows scattered", f"{item.tied[0]} of other rows", scatter(item.tied[0]), only, DATA_FAULT
    moved = ("harmless_covariate_shift", "harmful_covariate_shift")
    yield (
        "inputs selected",
        f"the upper third of {last} only",
        select(last),
        (*moved, "label_shift", "volume_anomaly"),
        _MOVED,
    )


def _texts(item: Table) -> Iterator[Fault]:
    rows = item.rows()
    texts = [name for name in item.categorical if rows[name].dtype == object and rows[name].nunique() > 1]
    if not texts:
        return
    column = texts[-1]
    yield (
        "categories recoded",
        f"{column} in capitals",
        replace(column, lambda value: str(value).upper() + "_"),
        _FORM,
        DATA_FAULT,
    )
    frequent = rows[column].value_counts().index[0]
    renamed = replace(column, lambda value: "Type 1" if value == frequent else value)
    yield "categories recoded", f"{column}: {frequent} gets another name", renamed, _FORM, DATA_FAULT
    broken = replace(texts[0], lambda value: str(value)[:1] + "�" + str(value)[2:], 0.15)
    yield "letters replaced", f"letters of {texts[0]} in 15 %", broken, _DAMAGE, DATA_FAULT
    blanks = rows[column].isna().mean()
    if blanks > 0.05:
        yield "blank becomes 0", f"blanks of {column}", fill_blanks(column, "0"), _DAMAGE, DATA_FAULT
    for name in texts:
        if rows[name].isna().mean() > 0.05 and name != column:
            yield "blank becomes 0", f"blanks of {name}", fill_blanks(name, "0"), _DAMAGE, DATA_FAULT
    kinds = rows[column].value_counts(normalize=True)
    lost = kinds.index[kinds.cumsum() > 0.6]
    if 0.2 < kinds[lost].sum() < 0.6:
        accept = (
            "volume_anomaly",
            "data_corruption",
            "schema_change",
            "harmless_covariate_shift",
            "harmful_covariate_shift",
        )
        yield "kinds of rows missing", f"some {column}", drop_rows(of=(column, list(lost))), accept, _LOST_ROWS


def _labels(item: Table) -> Iterator[Fault]:
    if item.task == "regression":
        code = put([item.target], -200.0, 0.5)
        yield "label damaged", "the label is -200 in half of the rows", code, ("data_corruption",), DATA_FAULT
        return
    share = item.rows()[item.target].mean()
    if 0.1 < share < 0.9:
        yield (
            "label damaged",
            "the label is 0 in every row",
            put([item.target], 0, 1.0),
            ("data_corruption",),
            DATA_FAULT,
        )
    inverted = replace(item.target, lambda value: 1 - value)
    yield "label inverted", "0 and 1 are exchanged", inverted, _DAMAGE, DATA_FAULT
    if share < 0.45:
        # The negatives that are gone are missing rows as well.
        mix = ("label_shift", "harmful_covariate_shift", "volume_anomaly")
        yield "class mix moved", "twice the share of positives", move_mix(item.target, 2.0), mix, _MIX
        yield "class mix moved", "four times the share of positives", move_mix(item.target, 4.0), mix, _MIX


def _shapes(item: Table) -> Iterator[Fault]:
    column = (item.categorical or item.numeric)[0]
    yield "column gone", f"{column} is gone", drop_column(column), ("schema_change",), DATA_FAULT
    renamed = drop_column(column, f"{column}_v2")
    yield "column gone", f"{column} has another name", renamed, ("schema_change",), DATA_FAULT
