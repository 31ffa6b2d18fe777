"""Changes one setting of the spec for a while, as an override in the ledger that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action
from airmedic_core.errors import ActionError
from airmedic_core.records import Diagnosis, Incident, Json, Proposal
from airmedic_core.settable import require_settable
from airmedic_core.windows import as_utc

if TYPE_CHECKING:
    from airmedic_core.ledger.overrides import Override
    from airmedic_core.workspace import Workspace


@final
class ChangeSetting(Action):
    """Changes one setting of the spec for a while, as an override in the ledger that can be taken back."""

    description = "Changes one setting of the model spec, until it is taken back or expires."
    changes_production = True
    imperative = "Change a setting of"
    infinitive = "change a setting"
    of_reviews = True
    undone = "At any time, by whoever runs Airmedic, with airmedic overrides --revoke; by itself when it expires."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Only a review proposes settings."""
        raise ActionError("A setting is proposed by a review, not by a diagnosis.", "Propose key and value.")

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the setting and its value."""
        return [f"{proposal.params['key']} is {proposal.params['value']!r}{_until(proposal.params)}."]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that reviews may propose the key, and that the spec is valid with the new value."""
        _changed(ws, proposal.params)

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep the override that held before, if one did."""
        before = _standing(ws, str(proposal.params["key"]))
        if before is None:
            return {}
        ends = before.expires_at.isoformat() if before.expires_at else None
        return {"before": before.value, "author": before.author, "reason": before.reason, "expires_at": ends}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would hold."""
        _changed(ws, params)
        return f"{params['key']} of {ws.spec.name} would be {params['value']!r}{_until(params)}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Record the override."""
        params = proposal.params
        ws.ledger.set_override(
            ws.spec.name,
            "setting",
            params["key"],
            {"value": params["value"]},
            author=ws.ledger.approved_by(proposal.hash),
            reason=proposal.reason,
            expires_at=as_utc(params["expires_at"]) if params.get("expires_at") else None,
        )
        return {"summary": f"{params['key']} is {params['value']!r}{_until(params)}.", "key": params["key"]}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Check that the override is on record."""
        known = {override.key for override in ws.ledger.overrides(ws.spec.name, "setting")}
        return [] if output["key"] in known else [f"{output['key']} is not recorded."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Put back the override that held before, with its author and its expiry."""
        key = str(proposal.params["key"])
        expires_at = as_utc(snapshot["expires_at"]) if snapshot.get("expires_at") else None
        if "before" in snapshot and (expires_at is None or expires_at > datetime.now(UTC)):
            # In one transaction: at no moment neither of them holds.
            ws.ledger.set_override(
                ws.spec.name,
                "setting",
                key,
                snapshot["before"],
                author=snapshot.get("author", "airmedic"),
                reason=snapshot.get("reason", "The change was undone."),
                expires_at=expires_at,
            )
        elif _standing(ws, key) is not None:
            # Not so if the change failed before it was recorded.
            ws.ledger.revoke_override(ws.spec.name, "setting", key, author="airmedic")
        return f"{key} is what it was."


def _standing(ws: Workspace, key: str) -> Override | None:
    """Return the override of a key that holds for this model and no other."""
    overrides = ws.ledger.overrides(ws.spec.name, "setting")
    return next((own for own in overrides if (own.model, own.key) == (ws.spec.name, key)), None)


def _changed(ws: Workspace, params: Json) -> None:
    from airmedic_core.checks import options_for
    from airmedic_core.workspace import of_policy, with_settings

    key = str(params["key"])
    require_settable(key)
    if of_policy(key):
        from airmedic_core.policy import policy_of

        policy_of(ws).with_limits({key: params["value"]})
        return
    changed = with_settings(ws.spec, {key: params["value"]})
    section, _, rest = key.partition(".")
    if section == "checks":
        options_for(changed, rest.partition(".")[0])
    if key.startswith("quality.expectations."):
        from airmedic_core.expectations import build_expectations

        build_expectations({"expectations": [params["value"]]}, key)


def _until(params: Json) -> str:
    return f" until {params['expires_at']}" if params.get("expires_at") else ""
