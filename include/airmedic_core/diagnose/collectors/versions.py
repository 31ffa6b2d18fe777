"""Which model version served, when the champion was switched, and whether the trouble starts with a switch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.assess.signs import WHOLE, is_measured_loss
from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import counted, day, listed, plain
from airmedic_core.errors import AirmedicError
from airmedic_core.records import ABNORMAL, Cause, Evidence, Json, Promotion, Role, Verdict

MOST_SWITCHES = 3
MOST_WINDOWS = 10
"""Windows of the newest version that are looked at, beside its first."""
_KINDS = {
    "adopt": "was adopted as the first champion",
    "deploy": "was deployed",
    "rollback": "was put back by a rollback",
    "manual": "was set by hand",
}
_IGNORED_TAGS = ("mlflow.", "airmedic.spec")


@final
class Versions(Collector):
    """Which model version served, when the champion was switched, and whether the trouble starts with a switch."""

    order = 50

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the last switches of the champion, whether the loss starts with one, and what differs."""
        promotions = [done for done in case.workspace.ledger.promotions(case.incident.model) if _before(case, done)]
        if not promotions:
            case.gaps.append("No switch of the champion is on record, so versions cannot be compared.")
            return
        for promotion in promotions[:MOST_SWITCHES]:
            yield _switch(promotion)
        link = _starts_with_switch(case, promotions)
        if link is not None:
            yield link
        difference = _difference(case, promotions[0])
        if difference is not None:
            yield difference


def _before(case: Case, promotion: Promotion) -> bool:
    """Say whether a switch came before the incident: by the clock, or because its version has served since.

    Where past windows are played back, the clock of the switches runs far ahead of that of the rows.
    """
    served = {seen.model_version for seen in case.observed}
    return promotion.to_version in served or promotion.at <= max(case.incident.as_of, case.incident.opened_at)


def _switch(promotion: Promotion) -> Evidence:
    instead = f" in place of version {plain(promotion.from_version)}" if promotion.from_version else ""
    return Evidence(
        id="",
        kind="deployment",
        collector="versions",
        subject=f"version {plain(promotion.to_version)}",
        statement=(
            f"Version {plain(promotion.to_version)} {_KINDS[promotion.kind]}{instead} on {day(promotion.at)} "
            f"by {plain(promotion.by)}."
        ),
        direction="changed",
        window=day(promotion.at),
        source="ledger, promotions",
        trust="recorded",
        details={"kind": promotion.kind, "to": promotion.to_version, "from": promotion.from_version},
    )


def _starts_with_switch(case: Case, promotions: list[Promotion]) -> Evidence | None:
    """Say whether the newest version was in trouble from its first window, and the one before it was not."""
    if case.newest is None or not case.newest.model_version:
        return None
    version = case.newest.model_version
    served = [seen for seen in case.observed if seen.model_version == version]
    served = served[:MOST_WINDOWS] + served[MOST_WINDOWS:][-1:]
    earlier = [seen for seen in case.observed if seen.batch.window.start < served[-1].batch.window.start]
    arrival = next((done for done in promotions if done.to_version == version), None)
    if not earlier or arrival is None or arrival.kind in {"adopt", "rollback"}:
        return None
    others = [seen for seen in earlier if seen.model_version and seen.model_version != version]
    if not others:
        return None
    before = [seen for seen in others if seen.model_version == others[0].model_version][:5]
    losing = [seen for seen in served if _lost(case, seen.batch.id)]
    sound = [seen for seen in before if not _lost(case, seen.batch.id)]
    first_lost = served[-1] in losing
    clear = first_lost and before[0] in sound
    if clear:
        statement = (
            f"The loss is there from version {plain(version)}'s first window, {served[-1].batch.window}; "
            f"version {plain(str(before[0].model_version))} was sound in "
            f"{len(sound)} of {counted(len(before), 'window')} before it."
        )
    elif first_lost:
        statement = (
            f"The loss did not start with version {plain(version)}: the version before it was losing in "
            f"{before[0].batch.window} already."
        )
    else:
        statement = (
            f"Version {plain(version)} was sound in its first window, {served[-1].batch.window}, "
            "so the loss did not start with it."
        )
    return Evidence(
        id="",
        kind="deployment.link",
        collector="versions",
        subject=f"version {plain(version)}",
        statement=statement,
        value=float(len(losing)),
        baseline=float(len(served)),
        direction="changed" if clear else "same",
        sample_size=len(served) + len(before),
        window=str(served[-1].batch.window),
        source="ledger, batches and promotions",
        suggests=(Cause.BAD_DEPLOYMENT,) if clear else (),
        verdict=Verdict.ALERT if clear else Verdict.OK,
        details={"starts_with_version": clear, "kind": arrival.kind, "version": version},
    )


def _lost(case: Case, batch_id: str) -> bool:
    return any(
        finding.verdict in ABNORMAL
        and finding.subject == WHOLE
        and (is_measured_loss(finding) or finding.role is Role.SERVICE)
        for finding in case.workspace.ledger.findings(batch_id)
    )


def _difference(case: Case, promotion: Promotion) -> Evidence | None:
    if promotion.from_version is None:
        return None
    try:
        new = case.workspace.registry.version(case.incident.model, promotion.to_version)
        old = case.workspace.registry.version(case.incident.model, promotion.from_version)
    except AirmedicError as error:
        case.gaps.append(f"The registry could not say how the versions differ: {plain(error.problem, 160)}")
        return None
    changed: Json = {
        key: [old.tags.get(key, ""), new.tags.get(key, "")]
        for key in sorted({*old.tags, *new.tags})
        if old.tags.get(key) != new.tags.get(key) and not key.startswith(_IGNORED_TAGS)
    }
    if not changed:
        return None
    named = [
        f"{plain(key.removeprefix('airmedic.'))} {plain(str(before)) if before else 'none'} → "
        f"{plain(str(after)) if after else 'none'}"
        for key, (before, after) in changed.items()
    ]
    return Evidence(
        id="",
        kind="deployment.difference",
        collector="versions",
        subject=f"version {plain(promotion.to_version)}",
        statement=(
            f"Versions {plain(promotion.from_version)} and {plain(promotion.to_version)} differ in {listed(named, 5)}."
        ),
        direction="changed",
        source="model registry, version tags",
        trust="recorded",
        details={"changed": [f"{key}: {before} -> {after}"[:160] for key, (before, after) in changed.items()][:10]},
    )
