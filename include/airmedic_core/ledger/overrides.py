"""Overrides: what people or accepted proposals changed for a while, with author, reason and expiry."""

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

OverrideKind = Literal["quarantine", "setting", "freeze", "kill_switch"]

_SWITCHES = frozenset({"kill_switch", "freeze"})
"""Overrides that stop something: deleting their row must not end them."""

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
        """What holds, without the wrapping that settings are recorded in."""
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
            known = connection.execute(select(overrides).where(*mine)).one_or_none()
            if known is not None and all(known._mapping[name] == given for name, given in values.items()):  # noqa: SLF001  public, despite its name
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
        """Return the overrides that hold for a model, with those for all models, oldest first; without one, all.

        A model's switches hold as the audit chain says, too: to delete a row turns none of them off.

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
        if model is not None:
            query = query.where(overrides.c.model.in_([model, EVERY_MODEL]))
        with self._reading() as connection:
            standing = [_override(row) for row in connection.execute(query)]
            if model is not None and kind in _SWITCHES:
                held = {(override.model, override.key) for override in standing}
                recorded = _recorded_switches(connection, model, kind)
                standing += [
                    override
                    for name, override in recorded.items()
                    if name not in held and (override.expires_at is None or override.expires_at > now)
                ]
            return standing

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
            recorded = _recorded_switches(connection, model, kind) if kind in _SWITCHES else {}
            if key not in keys and (model, key) not in recorded:
                raise LedgerError(f"There is no {kind} override {key!r} for {model!r}.", closest(key, keys))
            mine = _active(model, kind, key)
            held = connection.execute(select(overrides.c.sequence).where(*mine)).first() is not None
            if not held and (model, key) not in recorded:
                return
            connection.execute(update(overrides).where(*mine).values(revoked_at=datetime.now(UTC), revoked_by=author))
            append(connection, "override_revoked", model, {"kind": kind, "key": key, "author": author})


def _active(model: str, kind: str, key: str) -> tuple[Any, ...]:
    table = overrides.c
    return (table.model == model, table.kind == kind, table.key == key, table.revoked_at.is_(None))


def _recorded_switches(connection: Connection, model: str, kind: str) -> dict[tuple[str, str], Override]:
    """Return the switches that were thrown and not taken back, as the chain has recorded it."""
    standing: dict[tuple[str, str], Override] = {}
    for subject in (EVERY_MODEL, model):
        for record in said_of(connection, subject, "override", "override_revoked"):
            said = record.payload
            if said["kind"] != kind:
                continue
            name = (subject, str(said["key"]))
            standing.pop(name, None)
            if record.kind == "override":
                ends = as_utc(said["expires_at"]) if said["expires_at"] else None
                value, author, reason = said["value"], said["author"], said["reason"]
                standing[name] = Override(subject, said["kind"], said["key"], value, author, reason, record.at, ends)
    return standing


def _override(row: Row[Any]) -> Override:
    return Override(row.model, row.kind, row.key, row.value, row.author, row.reason, row.created_at, row.expires_at)
