"""Says what pages over many models and many windows read: few questions, each answered for all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, String, Table, cast, func, select

from airmedic_core.ledger.answers import approval_of, missing_groups
from airmedic_core.ledger.audit import Audit
from airmedic_core.ledger.earlier_findings import stored_finding, stored_role
from airmedic_core.ledger.last_decisions import AT_ONCE, OPEN, LastDecisions, last_decisions, models
from airmedic_core.ledger.tables import (
    approvals,
    batches,
    data_quality,
    incidents,
    model_metrics,
    promotions,
    proposals,
)
from airmedic_core.records import (
    REQUESTED,
    TRIED_BY,
    Approval,
    Finding,
    IncidentState,
    Permission,
    Proposal,
    Role,
    Verdict,
    from_json,
)

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
"""Earlier than any window: where a model has fewer windows than are wanted, all of them are read."""
_BETWEEN = " "
"""Says what stands between the numbers of a trend that is packed into a text."""
_ROLES = {role.value: role for role in Role}
"""To look a role up here takes a tenth of the time that an enum takes, and a map has twenty thousand of them."""
_ASKS = [Permission.ASK.value, Permission.ASK_TWO.value]


class Measured(NamedTuple):
    """The metric of a window in which it was measured."""

    metric_name: str | None
    metric_value: float | None
    metric_limit: float | None
    metric_higher_is_better: bool | None


class Trend(NamedTuple):
    """Says what was measured in each of the last windows of a model, oldest first; nothing where it was not."""

    metric: list[float | None]
    largest_move: list[float | None]


@dataclass(frozen=True)
class Waiting:
    """A proposal that waits for people."""

    proposal: Proposal
    answers: tuple[Approval, ...]
    """Those that were given already, with those that do not count."""

    @property
    def question(self) -> tuple[str, str, str]:
        """Names the question: the proposals about a version that is tried are asked about together."""
        asked = self.proposal
        if deployment := asked.params.get(TRIED_BY):
            return asked.incident_id, TRIED_BY, str(deployment)
        return asked.incident_id, "proposal", asked.hash


@dataclass(frozen=True)
class FleetRows:
    """Shows what the ledger holds of all models, by their names."""

    newest: dict[str, Row[Any]]
    """The last window that was assessed."""
    trends: dict[str, Trend] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    """The metric in the last of these windows in which it was measured."""
    open_incidents: dict[str, list[Row[Any]]] = field(default_factory=dict)
    """Newest first."""
    waiting: dict[str, list[Waiting]] = field(default_factory=dict)
    """Oldest first."""
    champions: dict[str, Row[Any]] = field(default_factory=dict)
    """The last promotion."""
    decisions: LastDecisions = field(default_factory=LastDecisions)
    """Holds what was decided last, and by whom."""


class Cell(NamedTuple):
    """One finding, as far as a map of columns and windows shows it."""

    batch_id: str
    check: str
    subject: str
    statistic: str
    verdict: str
    value: float | None
    baseline: float | None
    limit: float | None
    effect: float | None
    role: Role


class Overview(Audit):
    """Reading many models, or many windows of one, at once."""

    def fleet_rows(self, *, now: datetime, windows: int = 30) -> FleetRows:
        """Return what is known of all models.

        Parameters
        ----------
        now : datetime
            The moment: a proposal that has expired does not wait any more.
        windows : int
            Windows of each trend at the most.
        """
        with self._reading() as connection:
            newest = {row.model: row for row in connection.execute(_newest())}
            trends = {
                model: _unpacked(packed) for model, packed in connection.execute(_trends(windows)) if packed is not None
            }
            measured = _last_measured(connection, newest, windows)
            opened: dict[str, list[Row[Any]]] = defaultdict(list)
            query = select(incidents).where(incidents.c.state.in_(OPEN)).order_by(incidents.c.opened_at.desc())
            for row in connection.execute(query):
                opened[row.model].append(row)
            waiting: dict[str, list[Waiting]] = defaultdict(list)
            for item in _waiting(connection, now):
                waiting[item.proposal.model].append(item)
            last = select(func.max(promotions.c.sequence)).group_by(promotions.c.model)
            served = connection.execute(select(promotions).where(promotions.c.sequence.in_(last)))
            champions = {row.model: row for row in served}
            decisions = last_decisions(connection, champions)
        return FleetRows(newest, trends, measured, dict(opened), dict(waiting), champions, decisions)

    def waiting_proposals(self, *, now: datetime) -> list[Waiting]:
        """Return the proposals that wait for people, oldest first."""
        with self._reading() as connection:
            return list(_waiting(connection, now))

    def window_rows(self, model: str, *, limit: int, until: datetime | None = None) -> list[Row[Any]]:
        """Return the last windows of a model, oldest first, with what is known of each as a whole.

        Parameters
        ----------
        model : str
            The model's name.
        limit : int
            Windows at the most.
        until : datetime, optional
            Only windows that end by then.
        """
        query = select(batches).where(batches.c.model == model).order_by(batches.c.window_start.desc()).limit(limit)
        if until is not None:
            query = query.where(batches.c.window_end <= until)
        with self._reading() as connection:
            return list(connection.execute(query))[::-1]

    def cells(
        self,
        batch_ids: Sequence[str],
        roles: Collection[Role],
        *,
        subjects: Sequence[str] | None = None,
        only_noted: bool = False,
    ) -> list[Cell]:
        """Return the findings of some roles in several windows, in no order.

        Parameters
        ----------
        batch_ids : sequence of str
            The windows.
        roles : collection of Role
            What the findings are evidence of.
        subjects : sequence of str, optional
            Only findings on these columns.
        only_noted : bool
            Whether to leave out findings that are in order, which most are.
        """
        cells: list[Cell] = []
        with self._reading() as connection:
            for table in (data_quality, model_metrics):
                for row in connection.execute(_cells(table, batch_ids, subjects, only_noted=only_noted)).all():
                    role = _ROLES[row[9] or stored_role(row[1], row[3])]
                    if role in roles:
                        cells.append(Cell._make((*row[:9], role)))
        return cells

    def findings_on(self, subject: str, batch_ids: Sequence[str]) -> list[tuple[str, Finding]]:
        """Return the findings on one subject, each with its batch, in the order of the batches.

        Parameters
        ----------
        subject : str
            A column, a segment or ``batch``.
        batch_ids : sequence of str
            The batches.
        """
        findings: list[tuple[str, Finding]] = []
        with self._reading() as connection:
            for table in (data_quality, model_metrics):
                wanted = table.c.batch_id.in_(list(batch_ids)), table.c.subject == subject
                query = select(table.c.batch_id, table.c.record).where(*wanted).order_by(table.c.position)
                findings += [(row.batch_id, stored_finding(row.record)) for row in connection.execute(query)]
        places = {batch_id: place for place, batch_id in enumerate(batch_ids)}
        return sorted(findings, key=lambda item: places[item[0]])

    def approvers_of(self, hashes: Sequence[str]) -> dict[str, list[str]]:
        """Return who approved each of some proposals; what was refused does not count."""
        query = (
            select(approvals.c.proposal_hash, approvals.c.by)
            .where(approvals.c.answer == "approve", approvals.c.refused_because == "")
            .order_by(approvals.c.sequence)
        )
        people: dict[str, list[str]] = defaultdict(list)
        with self._reading() as connection:
            for start in range(0, len(hashes), AT_ONCE):
                asked = approvals.c.proposal_hash.in_(list(hashes[start : start + AT_ONCE]))
                for proposal_hash, by in connection.execute(query.where(asked)):
                    people[proposal_hash] += [by] if by not in people[proposal_hash] else []
        return dict(people)

    def proposals_of(self, hashes: Sequence[str]) -> dict[str, Proposal]:
        """Return some proposals by their hashes, without those that are not on record or whose row was changed."""
        known: dict[str, Proposal] = {}
        with self._reading() as connection:
            for start in range(0, len(hashes), AT_ONCE):
                asked = proposals.c.hash.in_(list(hashes[start : start + AT_ONCE]))
                for hash_, record in connection.execute(select(proposals.c.hash, proposals.c.record).where(asked)):
                    known[hash_] = from_json(Proposal, record)
        return {hash_: p for hash_, p in known.items() if hash_ in {p.hash, p.former_hash}}


def is_requested(incident: Row[Any]) -> bool:
    """Return whether a person's request, or a review, opened an incident, and no batch did."""
    return bool(incident.fingerprint == REQUESTED)


def _newest() -> Select[Any]:
    names, later = models(), batches.alias()
    last = (
        select(later.c.id)
        .where(later.c.model == names.c.model, later.c.outcome.is_not(None))
        .order_by(later.c.window_start.desc())
        .limit(1)
        .scalar_subquery()
    )
    shown = (
        "model",
        "window_start",
        "window_end",
        "as_of",
        "rows",
        "outcome",
        "cause",
        "assessed_at",
        *Measured._fields,
    )
    headline = batches.c.assessment["headline"].as_string().label("headline")
    columns = [*(batches.c[name] for name in shown), headline]
    return select(*columns).select_from(names.join(batches, batches.c.id == last))


def _trends(windows: int) -> Select[Any]:
    """Return the question for each model's last windows, newest first and packed into one text.

    Thirty thousand rows would cost more to make, and to be looked through as garbage, than to read.
    """
    names, past = models(), batches.alias()
    last = (
        select(past.c.metric_value, past.c.largest_move)
        .where(past.c.model == names.c.model)
        .order_by(past.c.window_start.desc())
        .limit(windows)
        .correlate(names)
        .subquery()
    )
    value, move = (func.coalesce(cast(last.c[name], String), "") for name in ("metric_value", "largest_move"))
    packed = select(func.aggregate_strings(value + _BETWEEN + move, _BETWEEN)).scalar_subquery()
    return select(names.c.model, packed).where(names.c.model.is_not(None))


def _unpacked(packed: str) -> Trend:
    numbers = [float(number) if number else None for number in packed.split(_BETWEEN)]
    return Trend(numbers[-2::-2], numbers[::-2])


def _last_measured(connection: Connection, newest: Mapping[str, Row[Any]], windows: int) -> dict[str, Measured]:
    """Return each model's last metric: that of its newest window, or of one before it where labels are missing."""
    measured = {
        model: Measured(row.metric_name, row.metric_value, row.metric_limit, row.metric_higher_is_better)
        for model, row in newest.items()
        if row.metric_value is not None
    }
    without = list(newest.keys() - measured.keys())
    for start in range(0, len(without), AT_ONCE):
        asked = without[start : start + AT_ONCE]
        for model, *values in connection.execute(_measured(windows).where(batches.c.model.in_(asked))):
            measured[model] = Measured._make(values)
    return measured


def _measured(windows: int) -> Select[Any]:
    names, past = models(), batches.alias()
    last = (
        select(past.c.id)
        .where(past.c.model == names.c.model, past.c.window_start >= _since(names, windows))
        .where(past.c.metric_value.is_not(None))
        .order_by(past.c.window_start.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = [batches.c.model, *(batches.c[name] for name in Measured._fields)]
    return select(*columns).select_from(names.join(batches, batches.c.id == last))


def _since(names: Any, windows: int) -> ColumnElement[datetime]:
    """Return the start of the first of a model's last windows.

    It is read from the index, and so are the rows from there on: the time does not grow with a model's past.
    """
    past = batches.alias()
    first = (
        select(past.c.window_start)
        .where(past.c.model == names.c.model)
        .order_by(past.c.window_start.desc())
        .limit(1)
        .offset(windows - 1)
        # Said, because it may stand two questions deep, where SQLAlchemy would make a second table of the names.
        .correlate(names)
        .scalar_subquery()
    )
    return func.coalesce(first, _BEGINNING, type_=batches.c.window_start.type)


def _waiting(connection: Connection, now: datetime) -> Iterator[Waiting]:
    query = (
        select(proposals)
        .join(incidents, incidents.c.id == proposals.c.incident_id)
        .where(incidents.c.state == IncidentState.AWAITING_APPROVAL.value)
        .where(proposals.c.permission.in_(_ASKS), proposals.c.expires_at > now)
        .order_by(proposals.c.created_at, proposals.c.hash)
    )
    rows = connection.execute(query).all()
    # A proposal of the same action that was made later has taken the place of the one before.
    newest = {(row.incident_id, row.action): row.created_at for row in rows}
    asked = [row for row in rows if row.created_at == newest[row.incident_id, row.action]]
    given: dict[str, list[Approval]] = defaultdict(list)
    answered = select(approvals).where(approvals.c.proposal_hash.in_([row.hash for row in asked]))
    for answer in connection.execute(answered.order_by(approvals.c.sequence)):
        given[answer.proposal_hash].append(approval_of(answer))
    for row in asked:
        proposal = from_json(Proposal, row.record)
        counted = [answer for answer in given[row.hash] if not answer.refused_because]
        enough = len(counted) >= proposal.needed and not missing_groups(row, counted)
        if not enough and all(answer.answer == "approve" for answer in counted):
            yield Waiting(proposal, tuple(given[row.hash]))


def _cells(table: Table, batch_ids: Sequence[str], subjects: Sequence[str] | None, *, only_noted: bool) -> Select[Any]:
    shown = ("batch_id", "check_name", "subject", "statistic", "verdict", "value", "baseline", "threshold")
    query = select(
        *(table.c[name] for name in shown),
        table.c.record["effect"].as_float().label("effect"),
        table.c.record["role"].as_string().label("role"),
    ).where(table.c.batch_id.in_(list(batch_ids)))
    if subjects is not None:
        query = query.where(table.c.subject.in_(list(subjects)))
    return query.where(table.c.verdict != Verdict.OK.value) if only_noted else query
