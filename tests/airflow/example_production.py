"""The production that the example DAGs are run in: the model ``orders`` at several stages of a remediation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.airflow.production import meter

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "operators"
MODEL = "orders"
LAST = meter.DAYS - 1
"""The newest day. The relation between inputs and label has changed some days before."""
WATCHED = range(meter.TURN - 2, meter.DAYS)


def workspace() -> Any:
    from airmedic.hooks.workspace import open_workspace

    return open_workspace(MODEL)


def adopt(home: Path) -> None:
    """Make a home in which the model has a champion."""
    from airmedic_core.training.adopt import adopt

    (home / "models").mkdir()
    (home / "policies").symlink_to(ROOT / "include" / "policies")
    meter.write_rows(home / "orders.csv")
    meter.write_spec(home / "models", MODEL, home / "orders.csv")
    adopt(workspace(), by="anna")


def watch(days: range = WATCHED) -> Any:
    """Look at some days as monitoring does, and return the last batch."""
    from airmedic_core.checks import GROUPS
    from airmedic_core.monitor import assess, check_batch, resolve_batch
    from airmedic_core.windows import Window, as_utc

    ws = workspace()
    for index in days:
        start, end, _ = map(as_utc, meter.day(index).values())
        batch = resolve_batch(ws, window=Window(start, end), moment=end)
        for group in GROUPS:
            check_batch(ws, batch, group)
        assess(ws, batch)
    return batch


def ask(action: str, **more: str) -> Any:
    """Have a person ask for an action and another one approve it, and return the proposal."""
    from airmedic_core.decide import Request, decide
    from airmedic_core.diagnose import diagnose
    from airmedic_core.incident_lifecycle import request_incident

    ws, now = workspace(), datetime.now(UTC)
    request = Request(action=action, by="anna", reason="A test.", **more)  # type: ignore[arg-type]  texts alone
    incident = request_incident(ws, request, f"asked for {action}", now=now)
    diagnose(ws, incident.id)
    decision = decide(ws, incident.id, request, now=now)
    assert decision.proposal is not None, decision.reason
    assert decision.proposal.action == action, decision.reason
    return approve(decision.proposal)


def propose(action: str, params: dict[str, Any] | None = None) -> Any:
    """Propose and approve an action that people cannot ask for in the form, as a diagnosis would."""
    from airmedic_core.actions import ACTIONS
    from airmedic_core.decide import Request
    from airmedic_core.incident_lifecycle import request_incident
    from airmedic_core.records import Permission, Proposal

    ws, now = workspace(), datetime.now(UTC)
    incident = request_incident(ws, Request(by="anna"), f"propose {action}", now=now)
    planned, expected = (params, "Better.") if params else ACTIONS.member(action).plan(ws, incident, None)
    until = now + timedelta(hours=1)
    proposal = Proposal(incident.id, MODEL, action, planned, expected, Permission.ASK, "A test.", now, until)
    ws.ledger.record_proposal(proposal)
    return approve(proposal)


def approve(proposal: Any) -> Any:
    workspace().ledger.answer_proposal(proposal.hash, "approve", by="boris", at=datetime.now(UTC), channel="airflow")
    return proposal


def carry_out(proposal: Any) -> Any:
    from airmedic_core import execution

    done = execution.carry_out(workspace(), proposal.hash, now=datetime.now(UTC))
    assert done.status == "done", done.summary
    return proposal


def deployment() -> Any:
    """Train a challenger, have the gate pass it, and return the approved proposal to deploy it."""
    from airmedic_core.execution import gate_challenger

    training = carry_out(ask("retrain"))
    gate, proposed = gate_challenger(workspace(), training.incident_id, training.hash, now=datetime.now(UTC))
    assert gate.outcome == "passed", gate.reasons
    return approve(proposed)


def rewrite(home: Path, **changes: object) -> None:
    """Write the spec anew, with changes."""
    meter.write_spec(home / "models", MODEL, home / "orders.csv", **changes)


def calm(home: Path) -> None:
    """Write rows in which nothing changes."""
    meter.write_rows(home / "orders.csv", turn=meter.DAYS)


def permit_all(home: Path) -> None:
    """Have the policy do by itself what it asks for, so that no task waits for people."""
    shipped = (ROOT / "include" / "policies" / "default.yaml").read_text(encoding="utf-8")
    (home / "policies").unlink()
    (home / "policies").mkdir()
    (home / "policies" / "default.yaml").write_text(shipped.replace("permission: ask\n", "permission: auto\n"))


def delegated(home: Path, action: str, *, more: str = "", **changes: object) -> Any:
    """Have the spec name what carries out an action, and return the approved proposal of that action."""
    rewrite(home, **changes)
    with (home / "models" / f"{MODEL}.yaml").open("a", encoding="utf-8") as spec:
        spec.write(more)
    return propose(action)


def logged_only(home: Path) -> Any:
    """Make a model that is in no registry, whose second version is worse, and approve that its DAG goes back."""
    import numpy as np
    import pandas as pd

    from airmedic_core.training.adopt import adopt

    (home / "models").mkdir()
    (home / "policies").symlink_to(ROOT / "include" / "policies")
    calm(home)
    rows = pd.read_csv(home / "orders.csv")
    is_new = rows.index // 144 >= LAST
    risk = 1 / (1 + np.exp(-np.where(is_new, -1.0, 1.0) * (2.0 * rows["load"] + rows["heat"])))
    rows.assign(score=risk, version=np.where(is_new, 8, 7)).to_csv(home / "orders.csv", index=False)
    rewrite(home, using="dag:train_orders")
    spec = home / "models" / f"{MODEL}.yaml"
    more = "registry: none\nprediction: {score: score, version: version}\nrollout: dag:roll_orders_back\n"
    spec.write_text(spec.read_text() + more)
    adopt(workspace(), by="anna")
    watch(range(LAST - 1, LAST + 1))
    return ask("rollback")


def damaged(home: Path) -> Any:
    """Deliver the newest day in another unit, hold it, and return the approved proposal to repair it."""
    import pandas as pd

    from airmedic_core.decide import Request, decide
    from airmedic_core.diagnose import diagnose
    from airmedic_core.incident_lifecycle import open_incident

    calm(home)
    rows = pd.read_csv(home / "orders.csv")
    inside = rows.index // 144 == LAST
    rows.assign(load=rows["load"].where(~inside, rows["load"] * 100)).to_csv(home / "orders.csv", index=False)
    ws, now = workspace(), datetime.now(UTC)
    incident = open_incident(ws, watch(range(LAST, LAST + 1)), now=now)
    diagnose(ws, incident.id)
    decision = decide(ws, incident.id, Request(), now=now)
    assert decision.proposal is not None, decision.reason
    assert decision.follow_up is not None, decision.reason
    carry_out(decision.proposal)
    return approve(decision.follow_up)


class Bundle:
    """The DAG folder of one example, which Airflow knows as its only bundle."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        shutil.copy(EXAMPLES / f"{name}.py", folder)
        self.folder = folder
        self.name = name

    def with_monitoring(self) -> None:
        shutil.copy(ROOT / "dags" / "monitor.py", self.folder)

    def test(self, monkeypatch: pytest.MonkeyPatch, *, conf: dict[str, Any]) -> Any:
        """Run the example as ``dag.test()`` does, at the end of the last day."""
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db

        known = {"name": self.name, "kwargs": {"path": str(self.folder)}}
        known["classpath"] = "airflow.dag_processing.bundles.local.LocalDagBundle"
        monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([known]))
        # On Airflow 3.2, test() would tell the database of this DAG alone, and not of those that it triggers.
        DagBundlesManager().sync_bundles_to_db()
        bag = BundleDagBag(dag_folder=self.folder, bundle_path=self.folder, bundle_name=self.name)
        assert not bag.import_errors, bag.import_errors
        sync_bag_to_db(bag, self.name, None)
        return bag.dags[f"example_{self.name}"].test(
            logical_date=meter.START + timedelta(days=meter.DAYS), run_conf=conf or None
        )


@contextmanager
def ending_runs_of(dag_id: str) -> Iterator[list[dict[str, Any]]]:
    """Let each run of another DAG succeed, as a scheduler would once its tasks have; yield the confs of these runs."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    over = Event()
    confs: list[dict[str, Any]] = []

    def end_them() -> None:
        while not over.wait(0.1):
            with create_session() as session:
                for run in session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.state != "success")):
                    confs.append(dict(run.conf or {}))
                    run.set_state("success")

    thread = Thread(target=end_them, daemon=True)
    thread.start()
    try:
        yield confs
    finally:
        over.set()
        thread.join()
