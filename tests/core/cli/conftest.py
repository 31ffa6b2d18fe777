from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.cli import main
from airmedic_core.ledger import Ledger
from airmedic_core.settings import Settings

POLICIES = Path(__file__).parents[3] / "include" / "policies"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation with the policies of the repository."""
    (tmp_path / "models").mkdir()
    (tmp_path / "policies").symlink_to(POLICIES)
    monkeypatch.setenv("AIRMEDIC_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AIRMEDIC_CONTENT", str(tmp_path))
    for name in ("AIRMEDIC_LEDGER_URL", "MLFLOW_TRACKING_URI", "AIRMEDIC_MLFLOW_URL", "AIRMEDIC_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def ledger(home: Path) -> Ledger:
    """The ledger of the installation, as the first run of a model leaves it."""
    return Ledger.open(Settings.from_env().ledger_url)


@pytest.fixture
def airmedic(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process; return its exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def customers(rows: int = 3_000, seed: int = 0) -> pd.DataFrame:
    """Customers over 60 days; those on the plan 'flex' and with many calls churn more often."""
    random = np.random.default_rng(seed)
    plan = random.choice(["flex", "year"], rows)
    calls = random.poisson(3, rows)
    risk = 1 / (1 + np.exp(-(-2.5 + 1.5 * (plan == "flex") + 0.4 * calls)))
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in range(rows)],
            "seen_at": pd.date_range("2026-01-01", periods=rows, freq=f"{60 * 24 * 60 // rows}min").astype(str),
            "plan": plan,
            "calls": calls,
            "churned": (random.random(rows) < risk).astype(int),
        }
    )


@pytest.fixture
def rows(home: Path) -> Path:
    path = home / "customers.csv"
    customers().to_csv(path, index=False)
    return path


@pytest.fixture
def spec(home: Path, rows: Path) -> Path:
    path = home / "models" / "customers.yaml"
    path.write_text(
        "name: customers\ntask: binary\ntarget: churned\nwindow: day\n"
        f"data:\n  path: {rows}\n  time_column: seen_at\n"
        'reference:\n  start: "2026-01-01"\n  end: "2026-02-10"\n'
    )
    return path
