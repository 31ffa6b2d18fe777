"""The quickstart's command that copies Airmedic into an Airflow home."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_the_copy_holds_what_is_needed_and_no_example(tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "quickstart.md").read_text()
    (command,) = re.findall(r"^ +(tar -c.*?)\n +```", text, flags=re.MULTILINE | re.DOTALL)
    subprocess.run(
        ["sh", "-ec", command], cwd=PROJECT, env={**os.environ, "AIRFLOW_HOME": str(tmp_path)}, check=True, timeout=60
    )
    copied = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if "__pycache__" not in path.parts}
    assert {path for path in copied if path.startswith("dags/")} == {
        "dags/monitor.py",
        "dags/remediate.py",
        "dags/review.py",
    }
    assert {"plugins/.airflowignore", "plugins/airmedic_plugin.py", "plugins/airmedic/dag_factory.py"} <= copied
    assert {"include/models", "include/policies/default.yaml", "include/runbooks/rollback.md"} <= copied
    assert not {path for path in copied if path.startswith(("include/models/", "include/airmedic", "include/exp"))} - {
        "include/expectations"
    }
