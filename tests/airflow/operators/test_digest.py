"""The task of the digest, with the DAG that the documentation shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def test_the_dag_of_the_documentation_tells_each_place_and_names_what_failed(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    # The connection says where the ledger is, as for every other task.
    ledger = content / "of_the_connection.db"
    monkeypatch.setenv("AIRFLOW_CONN_AIRMEDIC_LEDGER", json.dumps({"conn_type": "sqlite", "host": str(ledger)}))
    documentation = (ROOT / "docs" / "operations.md").read_text()
    (shown,) = re.findall(r"```python\n(from airflow.sdk[^`]*?DigestOperator[^`]*?)```", documentation)
    made: dict[str, Any] = {}
    exec(shown, made)  # noqa: S102  it is what readers copy
    (task,) = made["dag"].tasks
    assert task.execute({}) == []
    assert ledger.exists()

    spec = content / "models" / "alpha.yaml"
    # Nobody listens on port 9: a real client, a real refusal.
    monkeypatch.setenv("AIRFLOW_CONN_NOBODY", "http://127.0.0.1:9/")
    told = "notify:\n  webhook: {connection: nobody, digest: true}\n  slack: {channel: '#models', digest: true}\n"
    spec.write_text(re.sub(r"(?m)^notify:.*\n(?:[ ].*\n)*", "", spec.read_text()) + told)
    with pytest.raises(AirflowFailException, match=r"These took no digest: webhook, slack\."):
        task.execute({})
