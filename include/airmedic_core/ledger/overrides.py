"""Overrides: what people or accepted proposals changed for a while, with author, reason and expiry.

What holds for a model is read from the audit chain: a row that somebody put in, edited or deleted changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from airmedic_core.errors import LedgerError, closest
from airmedic_core.ledger.audit import Audit, append, said_of
from airmedic_core.ledger.tables import overrides
from airmedic_core.records import Json
from airmedic_core.windows import as_utc

OverrideKind = Literal["quarantine", "repaired", "labelled", "setting", "prior", "freeze", "kill_switch"]

_SWITCHES = frozenset({"kill_switch", "freeze"})
"""Overrides that stop something: a row that somebody put in holds as well, because to stop is always safe."""

EVERY_MODEL = "*"
"""Stands for all models in an override."""


@dataclass(frozen=True)
class Override:
    """One value that holds instead of the usual one."""

    model: str
    kind: OverrideKind
    key: str
    value: Json
    author: str
    reason: str
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def plain_value(self) -> object:
        """Return what holds, without the wrapping that settings are recorded in."""
        return self.value["value"] if set(self.value) == {"value"} else self.value or ""

    @property
    def until(self) -> str:
        """Until when it holds, in words."""
        return f"until {self.expires_at:%Y-%m-%d %H:%M} UTC" if self.expires_at else "until it is taken back"


class Overrides(Audit):
    """Setting, reading and taking back overrides."""

    def set_override(
        self,
        model: str,
        kind: OverrideKind,
        key: str,
        value: Json,
        *,
        author: str,
        reason: str,
        expires_at: datetime | None = None,
    ) -> None:
        """Let a value hold from now on. One of the same model, kind and key before it ends.

        Parameters
        ----------
        model : str
            A model's name, or ``*`` for all.
        kind : str
            What sort of thing is overridden.
        key : str
            Which one: a window, the name of a setting, …
        value : Json
            What holds.
        author, reason : str
            Who wants it, and why.
        expires_at : datetime, optional
            When it ends by itself.
        """
        now = datetime.now(UTC)
        values = {"value": value, "author": author, "reason": reason, "expires_at": expires_at}
        mine = _active(model, kind, key)
        with self._writing() as connection:
            held = connection.execute(select(overrides.c.sequence).where(*mine)).first() is not None
            known = _recorded(connection, model, kind).get((model, kind, key))
            if held and known is not None and all(getattr(known, name) == given for name, given in values.items()):
                return
            connection.execute(update(overrides).where(*mine).values(revoked_at=now, revoked_by=author))
            shown = {
                "model": model,
                "kind": kind,
                "key": key,
                **values,
                "expires_at": expires_at.isoformat() if expires_at else None,
            }
            sequence = append(connection, "override", model, shown)
            connection.execute(
                insert(overrides).values(sequence=sequence, model=model, kind=kind, key=key, created_at=now, **values)
            )

    def overrides(
        self, model: str | None = None, kind: OverrideKind | None = None, *, now: datetime | None = None
    ) -> list[Override]:
        """Return the overrides that hold for a model, with those for all models, oldest first; without one, all rows.

        Those of a model hold as the audit chain says: to delete a row ends none of them, and to put one in makes none.

        Parameters
        ----------
        model : str, optional
            The model; every override of every model where not given.
        kind : OverrideKind, optional
            Only overrides of this kind.
        now : datetime, optional
            The moment at which they must hold; the present where not given.
        """
        now = now or datetime.now(UTC)
        query = (
            select(overrides)
            .where(overrides.c.revoked_at.is_(None))
            .where(overrides.c.expires_at.is_(None) | (overrides.c.expires_at > now))
            .order_by(overrides.c.sequence)
        )
        if kind is not None:
            query = query.where(overrides.c.kind == kind)
        if model is None:
            with self._reading() as connection:
                return [_override(row) for row in connection.execute(query)]
        query = query.where(overrides.c.model.in_([model, EVERY_MODEL]), overrides.c.kind.in_(_SWITCHES))
        with self._reading() as connection:
            switches = {_name(override): override for override in map(_override, connection.execute(query))}
            recorded = _recorded(connection, model, kind)
        standing = [known for known in recorded.values() if known.expires_at is None or known.expires_at > now]
        return [*standing, *(override for name, override in switches.items() if name not in recorded)]

    def revoke_override(self, model: str, kind: OverrideKind, key: str, *, author: str) -> None:
        """Take an override back. One that was taken back before stays so.

        Parameters
        ----------
        model : str
            The model that it was made for.
        kind : OverrideKind
            Its kind.
        key : str
            Its key.
        author : str
            Who takes it back.

        Raises
        ------
        LedgerError
            If there never was such an override.
        """
        with self._writing() as connection:
            ever = select(overrides.c.key).where(overrides.c.model == model, overrides.c.kind == kind)
            keys = set(connection.execute(ever).scalars())
            recorded = (model, kind, key) in _recorded(connection, model, kind)
            if key not in keys and not recorded:
                raise LedgerError(f"There is no {kind} override {key!r} for {model!r}.", closest(key, keys))
            mine = _active(model, kind, key)
            held = connection.execute(select(overrides.c.sequence).where(*mine)).first() is not None
            if not held and not recorded:
                return
            connection.execute(update(overrides).where(*mine).values(revoked_at=datetime.now(UTC), revoked_by=author))
            append(connection, "override_revoked", model, {"kind": kind, "key": key, "author": author})


def _active(model: str, kind: str, key: str) -> tuple[Any, ...]:
    table = overrides.c
    return (table.model == model, table.kind == kind, table.key == key, table.revoked_at.is_(None))


def _recorded(connection: Connection, model: str, kind: str | None) -> dict[tuple[str, str, str], Override]:
    """Return the overrides that were made and not taken back, as the chain has recorded it, oldest first.

    Parameters
    ----------
    connection : Connection
        An open transaction.
    model : str
        The model; those for all models hold for it, too.
    kind : str, optional
        Only overrides of this kind.
    """
    subjects = dict.fromkeys((EVERY_MODEL, model))
    records = [record for name in subjects for record in said_of(connection, name, "override", "override_revoked")]
    standing: dict[tuple[str, str, str], Override] = {}
    for record in sorted(records, key=lambda record: record.sequence):
        said = record.payload
        if kind not in {None, said["kind"]}:
            continue
        name = (record.subject, str(said["kind"]), str(said["key"]))
        standing.pop(name, None)
        if record.kind == "override":
            ends = as_utc(said["expires_at"]) if said["expires_at"] else None
            value, author, reason = said["value"], said["author"], said["reason"]
            standing[name] = Override(record.subject, said["kind"], name[2], value, author, reason, record.at, ends)
    return standing


def _name(override: Override) -> tuple[str, str, str]:
    return override.model, override.kind, override.key


def _override(row: Row[Any]) -> Override:
    return Override(row.model, row.kind, row.key, row.value, row.author, row.reason, row.created_at, row.expires_at)
