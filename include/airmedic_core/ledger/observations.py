"""Says what was seen: batches, their findings and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, insert, select, update

from airmedic_core.ledger.audit import Audit, append
from airmedic_core.ledger.earlier_findings import stored_finding
from airmedic_core.ledger.tables import batches, data_quality, model_metrics
from airmedic_core.records import Assessment, Batch, BatchSummary, Finding, Verdict, digest, from_json, to_json
from airmedic_core.windows import Window

Group = Literal["data", "drift", "performance", "trial"]

_LOOKED_BACK = 2
"""Batches that are looked at for each one whose findings are wanted: where labels come late, the newest have none."""
_TABLES: dict[str, Table] = {
    "data": data_quality,
    "drift": model_metrics,
    "performance": model_metrics,
    "trial": model_metrics,
}


@dataclass(frozen=True)
class ObservedBatch:
    """A batch with what is known of it."""

    batch: Batch
    model_version: str | None
    assessment: Assessment | None
    profile_path: str | None


class Observations(Audit):
    """Batches, findings and assessments. The same window seen again replaces what was seen of it before."""

    def record_batch(self, batch: Batch, *, model_version: str | None, profile_path: str | None = None) -> None:
        """Record that a batch was looked at. What is not given stays as it was.

        Parameters
        ----------
        batch : Batch
            The batch.
        model_version : str or None
            The version that served.
        profile_path : str, optional
            Where its profile is kept.
        """
        with self._writing() as connection:
            self._put_batch(connection, batch, model_version, profile_path)

    def observed_models(self) -> frozenset[str]:
        """Return the models of which a batch was looked at."""
        # From each name to the next one in the index: a thousand steps, where `distinct` reads a million rows.
        names = select(func.min(batches.c.model).label("model")).cte("names", recursive=True)
        after = select(func.min(batches.c.model)).where(batches.c.model > names.c.model).scalar_subquery()
        names = names.union_all(select(after).where(names.c.model.is_not(None)))
        with self._reading() as connection:
            return frozenset(connection.execute(select(names.c.model).where(names.c.model.is_not(None))).scalars())

    def batches(self, model: str, *, limit: int = 60, before: datetime | None = None) -> list[ObservedBatch]:
        """Return the last batches of a model, newest first; with ``before``, those whose window starts earlier.

        Parameters
        ----------
        model : str
            The model's name.
        limit : int
            Batches at the most.
        before : datetime, optional
            Only batches whose window starts earlier.
        """
        with self._reading() as connection:
            return newest_batches(connection, model, limit=limit, before=before)

    def observed_versions(self, model: str) -> set[str]:
        """Return the versions of a model that any of its batches or findings of performance is of."""
        with self._reading() as connection:
            return {
                version
                for table in (batches, model_metrics)
                for version in connection.execute(
                    select(table.c.model_version)
                    .where(table.c.model == model, table.c.model_version.is_not(None))
                    .distinct()
                ).scalars()
            }

    def record_findings(
        self, batch: Batch, group: Group, findings: Sequence[Finding], *, model_version: str | None
    ) -> None:
        """Record one group of findings of a batch, in place of those recorded before.

        Parameters
        ----------
        batch : Batch
            The batch.
        group : Group
            The group of the checks that made them.
        findings : sequence of Finding
            The findings, in the order in which they were made.
        model_version : str or None
            The version that served.
        """
        table = _TABLES[group]
        records = [to_json(finding) for finding in findings]
        mine = (table.c.batch_id == batch.id) & (table.c.check_group == group)
        with self._writing() as connection:
            # What scores old rows today has not served them: the version on record stays.
            served = connection.execute(select(batches.c.model_version).where(batches.c.id == batch.id)).scalar()
            self._put_batch(connection, batch, None if served else model_version, None)
            known = connection.execute(select(table.c.record).where(mine).order_by(table.c.position)).scalars().all()
            if known and list(known) == records:
                return
            connection.execute(delete(table).where(mine))
            if records:
                connection.execute(
                    insert(table),
                    [
                        {
                            "batch_id": batch.id,
                            "check_group": group,
                            "position": position,
                            "model": batch.model,
                            "model_version": model_version,
                            "check_name": finding.check,
                            "subject": finding.subject.replace("\0", "\ufffd"),
                            "statistic": finding.statistic,
                            "verdict": finding.verdict.value,
                            "value": record["value"],
                            "baseline": record["baseline"],
                            "threshold": record["limit"],
                            "record": record,
                        }
                        for position, (finding, record) in enumerate(zip(findings, records, strict=True))
                    ],
                )
            append(connection, "findings", batch.id, {"group": group, "count": len(records), "sha256": digest(records)})

    def findings(self, batch_id: str, group: str | None = None) -> list[Finding]:
        """Return the findings of a batch, in the order in which they were made."""
        return self.findings_of([batch_id], group)[batch_id]

    def findings_of(self, batch_ids: Sequence[str], group: str | None = None) -> dict[str, list[Finding]]:
        """Return the findings of several batches by their ids, each in the order in which they were made.

        Each question opens a connection of its own: ask once for all past windows.
        """
        findings: dict[str, list[Finding]] = {batch_id: [] for batch_id in batch_ids}
        with self._reading() as connection:
            for name in _TABLES if group is None else [group]:
                table = _TABLES[name]
                query = (
                    select(table.c.batch_id, table.c.record)
                    .where(table.c.batch_id.in_(list(findings)), table.c.check_group == name)
                    .order_by(table.c.batch_id, table.c.position)
                )
                for row in connection.execute(query):
                    findings[row.batch_id].append(stored_finding(row.record))
        return findings

    def findings_beside(self, model: str, group: Group, model_version: str) -> list[Finding]:
        """Return all findings of a group that were made while a version served, of whatever window.

        Parameters
        ----------
        model : str
            The model's name.
        group : Group
            The group.
        model_version : str
            The version.
        """
        table = _TABLES[group]
        wanted = (table.c.model == model) & (table.c.check_group == group) & (table.c.model_version == model_version)
        with self._reading() as connection:
            return [
                stored_finding(record) for record in connection.execute(select(table.c.record).where(wanted)).scalars()
            ]

    def unchecked(self, model: str) -> frozenset[str]:
        """Return the ids of the batches in which a check of the data failed, so that it found neither good nor bad."""
        wanted = (data_quality.c.model == model) & (data_quality.c.verdict == Verdict.UNKNOWN.value)
        with self._reading() as connection:
            rows = connection.execute(select(data_quality.c.batch_id, data_quality.c.record).where(wanted))
            return frozenset(row.batch_id for row in rows if stored_finding(row.record).failed)

    def finding_history(
        self,
        model: str,
        *,
        check: str | None = None,
        subject: str | None = None,
        before: datetime | None = None,
        limit: int = 60,
    ) -> list[tuple[Batch, str | None, Finding]]:
        """Return past findings of a model with their batch and model version, newest batch first.

        Parameters
        ----------
        model : str
            The model's name.
        check, subject : str, optional
            Only findings of this check, of this subject.
        before : datetime, optional
            Only batches whose window starts earlier.
        limit : int
            Batches with such findings at the most, among the newest twice as many batches.
        """
        # A model may have thousands of batches. Where a check has found nothing for so long, its past tells nothing.
        recent = (
            select(*(batches.c[name] for name in ("id", "model", "window_start", "window_end", "as_of", "rows")))
            .where(batches.c.model == model)
            .order_by(batches.c.window_start.desc())
            .limit(_LOOKED_BACK * limit)
        )
        if before is not None:
            recent = recent.where(batches.c.window_start < before)
        past: list[tuple[Row[Any], int, str | None, Finding]] = []
        with self._reading() as connection:
            rows = {row.id: row for row in connection.execute(recent)}
            for table in (data_quality, model_metrics):
                wanted: list[ColumnElement[bool]] = [table.c.batch_id.in_(list(rows))]
                if check is not None:
                    wanted.append(table.c.check_name == check)
                if subject is not None:
                    wanted.append(table.c.subject == subject)
                query = select(table.c.batch_id, table.c.model_version, table.c.position, table.c.record)
                for stored in connection.execute(query.where(*wanted)):
                    finding = stored_finding(stored.record)
                    past.append((rows[stored.batch_id], stored.position, stored.model_version, finding))
        past.sort(key=lambda item: (-item[0].window_start.timestamp(), item[1]))
        kept = list(dict.fromkeys(row.id for row, *_ in past))[:limit]
        return [(_batch(row), version, finding) for row, _, version, finding in past if row.id in kept]

    def record_assessment(self, batch: Batch, assessment: Assessment, summary: BatchSummary | None = None) -> None:
        """Record what a batch means.

        Parameters
        ----------
        batch : Batch
            The batch.
        assessment : Assessment
            What it means.
        summary : BatchSummary, optional
            What pages over the whole fleet show of it.
        """
        record = to_json(assessment)
        values: dict[str, Any] = {
            "assessment": record,
            "outcome": assessment.outcome,
            "cause": assessment.cause.value,
        }
        values |= vars(summary or BatchSummary())
        with self._writing() as connection:
            self._put_batch(connection, batch, None, None)
            known = connection.execute(select(batches).where(batches.c.id == batch.id)).one()
            if all(known._mapping[name] == value for name, value in values.items()):  # noqa: SLF001  public, despite its name
                return
            values["assessed_at"] = datetime.now(UTC)
            connection.execute(update(batches).where(batches.c.id == batch.id).values(values))
            append(connection, "assessment", batch.id, record)

    def assessment(self, batch_id: str) -> Assessment | None:
        """Return what a batch means, or nothing before it was assessed."""
        with self._reading() as connection:
            record = connection.execute(select(batches.c.assessment).where(batches.c.id == batch_id)).scalar()
        return None if record is None else from_json(Assessment, record)

    def assessed_batch(self, batch_id: str) -> Batch | None:
        """Return a batch of which is known what it means, or nothing."""
        query = select(batches).where(batches.c.id == batch_id, batches.c.assessment.is_not(None))
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _batch(row)

    @staticmethod
    def _put_batch(connection: Connection, batch: Batch, model_version: str | None, profile_path: str | None) -> None:
        values: dict[str, Any] = {"as_of": batch.as_of, "rows": batch.rows}
        values |= {"model_version": model_version} if model_version is not None else {}
        values |= {"profile_path": profile_path} if profile_path is not None else {}
        known = connection.execute(select(batches).where(batches.c.id == batch.id)).one_or_none()
        if known is None:
            identity = {
                "id": batch.id,
                "model": batch.model,
                "window_start": batch.window.start,
                "window_end": batch.window.end,
            }
            connection.execute(insert(batches).values(identity | values))
        elif any(known._mapping[key] != value for key, value in values.items()):  # noqa: SLF001 - SQLAlchemy's public name
            connection.execute(update(batches).where(batches.c.id == batch.id).values(values))
        else:
            return
        append(connection, "batch", batch.id, to_json(batch) | {"model_version": model_version})


def newest_batches(
    connection: Connection, model: str, *, limit: int, before: datetime | None = None
) -> list[ObservedBatch]:
    """Return the last batches of a model as their rows have them, newest first.

    Parameters
    ----------
    connection : Connection
        An open transaction.
    model : str
        The model's name.
    limit : int
        Batches at the most.
    before : datetime, optional
        Only batches whose window starts earlier.
    """
    query = select(batches).where(batches.c.model == model).order_by(batches.c.window_start.desc()).limit(limit)
    if before is not None:
        query = query.where(batches.c.window_start < before)
    return [_observed(row) for row in connection.execute(query)]


def _batch(row: Row[Any]) -> Batch:
    return Batch(model=row.model, window=Window(row.window_start, row.window_end), as_of=row.as_of, rows=row.rows)


def _observed(row: Row[Any]) -> ObservedBatch:
    assessment = None if row.assessment is None else from_json(Assessment, row.assessment)
    return ObservedBatch(_batch(row), row.model_version, assessment, row.profile_path)
