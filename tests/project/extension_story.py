"""An incident from alarm to remedy, told by the members of the example extension. Runs where that is installed.

Prints one JSON object; ``tests/project/test_extension.py`` reads it. ``python extension_story.py FOLDER URL``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from airmedic.testing.production import NOW, day, renewals, workspace
from airmedic_core.decide import Request, decide
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import close_incident, open_incident
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.notifiers import Event, Notice, send_notice
from airmedic_core.records import to_json
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

BROKEN_ON = 35


def story(folder: Path, url: str) -> dict[str, Any]:
    ws = _production(folder, url)
    adopt(ws, by="anna")
    for number in range(BROKEN_ON - 1, BROKEN_ON + 1):
        window = Window(day(number), day(number + 1))
        batch = resolve_batch(ws, window=window, moment=None, as_of=day(number + 1))
        for group in ("data", "drift", "performance"):
            check_batch(ws, batch, group)
        assessment = assess(ws, batch)
    findings = [finding for finding in ws.ledger.findings(batch.id) if finding.check == "negatives"]
    incident = open_incident(ws, batch, now=NOW)
    notice = Notice(Event.INCIDENT_OPENED, ws.spec.name, incident.headline, incident_id=incident.id)
    told = send_notice(notice, ws.spec.notify)
    packet = collect_evidence(ws, incident.id)
    diagnose(ws, incident.id)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None, decision
    ws.ledger.answer_proposal(decision.proposal.hash, "approve", by="ada", at=NOW, channel="airflow")
    result = carry_out(ws, decision.proposal.hash, now=NOW)
    closed = close_incident(ws, incident.id, now=NOW)
    return {
        "alarms": [finding.subject for finding in findings if finding.verdict == "alert"],
        "cause": assessment.cause,
        "collected": [item.statement for item in packet.items if item.collector == "weekday"],
        "told": told,
        "proposed": decision.proposal.action,
        "permission": decision.proposal.permission,
        "result": to_json(result)["status"],
        "feed": json.loads((folder / "feed.json").read_text()),
        "hash": decision.proposal.hash,
        "state": closed.state,
    }


def _production(folder: Path, url: str) -> Workspace:
    rows = renewals(days=BROKEN_ON + 4)
    rows["seats"] = [1 + number % 7 for number in range(len(rows))]
    broken = (rows["at"] >= day(BROKEN_ON)) & (rows["at"] < day(BROKEN_ON + 1)) & (rows.index % 4 == 0)
    rows.loc[broken, "seats"] = -1
    place = folder / "rows.jsonl"
    rows.to_json(place, orient="records", lines=True, date_format="iso", date_unit="us")
    (folder / "policies").mkdir()
    (folder / "policies" / "default.yaml").write_text(
        "permissions:\n  - {actions: [restart_feed], permission: ask}\n  - {actions: [escalate], permission: auto}\n"
    )
    return workspace(
        folder,
        rows,
        data={"source": "json_lines", "path": str(place), "time_column": "at"},
        checks={"negatives": True},
        notify={"board": {"url": url}},
        rollout="at_once",
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(story(Path(sys.argv[1]), sys.argv[2])) + "\n")
