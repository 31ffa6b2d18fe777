"""Says how the pipeline that delivers the rows ran."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.diagnose.case import Case, UpstreamRun
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import counted, day, listed, plain
from airmedic_core.records import Evidence, Verdict

MOST = 5


@final
class Upstream(Collector):
    """Says how the pipeline that delivers the rows ran."""

    order = 80

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the upstream pipeline's last runs, where the spec names it and the orchestrator was asked."""
        dag = case.workspace.spec.upstream_dag
        if not dag:
            return
        if case.upstream is None:
            case.gaps.append(f"The orchestrator was not asked how {plain(dag)} ran.")
            return
        if not case.upstream:
            case.gaps.append(f"The orchestrator knows no run of {plain(dag)}.")
            return
        for run in list(case.upstream)[:MOST]:
            yield _run(dag, run)


def _run(dag: str, run: UpstreamRun) -> Evidence:
    failed = run.state != "success"
    when = f" on {day(run.started_at)}" if run.started_at else ""
    tasks = (
        f" in {counted(len(run.failed_tasks), 'task')} ({listed([plain(task) for task in run.failed_tasks])})"
        if run.failed_tasks
        else ""
    )
    return Evidence(
        id="",
        kind="upstream",
        collector="upstream",
        subject=plain(dag),
        statement=f"The run of {plain(dag)}{when} ended in {plain(run.state)}{tasks}.",
        direction="changed" if failed else "same",
        source=f"orchestrator, {plain(run.run_id)}",
        trust="recorded",
        verdict=Verdict.WATCH if failed else Verdict.OK,
        details={"state": plain(run.state)},
    )
