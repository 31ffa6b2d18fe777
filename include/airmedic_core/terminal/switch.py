"""Says what `stop`, `resume`, `freeze` and `thaw` share: an override for one model or all, thrown and taken back."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Literal

from airmedic_core.errors import SpecError, closest
from airmedic_core.terminal.arguments import add_by, ledger, words

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.ledger.overrides import Override

Kind = Literal["kill_switch", "freeze"]
KEY = "all"
_MOST_HOURS = 24 * 366


def configure_throw(parser: argparse.ArgumentParser) -> None:
    """Add the arguments with which a switch is thrown."""
    configure_take_back(parser)
    parser.add_argument("--reason", required=True, type=words, help="why, for the record")
    parser.add_argument("--hours", type=_hours, help="for how long (default: until it is taken back)")


def configure_take_back(parser: argparse.ArgumentParser) -> None:
    """Add the arguments with which a switch is taken back."""
    parser.add_argument("--model", metavar="NAME", help="only for one model (default: for all)")
    add_by(parser)


def throw(kind: Kind, args: argparse.Namespace, done: str) -> None:
    """Record the override and say so. One that holds longer is left as it is.

    Parameters
    ----------
    kind : Kind
        ``kill_switch`` or ``freeze``.
    args : argparse.Namespace
        The arguments of the command.
    done : str
        What is told, such as ``stopped``.

    Raises
    ------
    NoLedgerError
        If there is no ledger yet.
    SpecError
        If neither a spec nor the ledger knows the model.
    """
    from datetime import UTC, datetime, timedelta

    from airmedic_core.ledger import EVERY_MODEL
    from airmedic_core.terminal.output import judged

    until = datetime.now(UTC) + timedelta(hours=args.hours) if args.hours else None
    records = ledger()
    if args.model:
        _require_known(records, args.model)
    held = _held(records, kind, args.model)
    if held is not None and (held.expires_at is None or (until is not None and held.expires_at >= until)):
        judged("ok", f"{_whom(args.model)}: already {done} by {held.author}, {held.until}: {held.reason}")
        judged("ok", f"left as it is in the ledger {records.url}")
        return
    records.set_override(args.model or EVERY_MODEL, kind, KEY, {}, author=args.by, reason=args.reason, expires_at=until)
    how_long = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until it is taken back"
    judged("ok", f"{_whom(args.model)}: {done} {how_long}, in the ledger {records.url}")


def take_back(kind: Kind, args: argparse.Namespace, done: str, thrown: str) -> None:
    """Revoke the override and say so, or that there was none, and what of this kind still holds.

    Parameters
    ----------
    kind : Kind
        ``kill_switch`` or ``freeze``.
    args : argparse.Namespace
        The arguments of the command.
    done : str
        What is told, such as ``resumed``.
    thrown : str
        The state that it ends, such as ``stopped``.

    Raises
    ------
    NoLedgerError
        If there is no ledger yet.
    SpecError
        If nothing was thrown for the model, and neither a spec nor the ledger knows it.
    """
    from airmedic_core.ledger import EVERY_MODEL
    from airmedic_core.terminal.output import judged

    records = ledger()
    if _held(records, kind, args.model) is None:
        if args.model:
            _require_known(records, args.model)
        judged("warning", f"{_whom(args.model)}: nothing was {thrown}, in the ledger {records.url}")
    else:
        records.revoke_override(args.model or EVERY_MODEL, kind, KEY, author=args.by)
        judged("ok", f"{_whom(args.model)}: {done}, in the ledger {records.url}")
    for held in records.overrides(args.model, kind):
        model = None if held.model == EVERY_MODEL else held.model
        judged("warning", f"{_whom(model)}: still {thrown} by {held.author}, {held.until}: {held.reason}")


def _whom(model: str | None) -> str:
    return model or "all models"


def _held(records: Ledger, kind: Kind, model: str | None) -> Override | None:
    """Return what holds for exactly this model, or for all where none is named."""
    from airmedic_core.ledger import EVERY_MODEL

    name = model or EVERY_MODEL
    return next(
        (override for override in records.overrides(name, kind) if (override.model, override.key) == (name, KEY)), None
    )


def _require_known(records: Ledger, model: str) -> None:
    from airmedic_core.settings import Settings
    from airmedic_core.spec import spec_files

    known = {path.stem for path in spec_files(Settings.from_env().models)} | records.observed_models()
    if model not in known:
        raise SpecError(f"No spec and no batch in the ledger is of a model {model!r}.", closest(model, known))


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    if not 0 < hours <= _MOST_HOURS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours above 0 and up to {_MOST_HOURS}")
    return hours
