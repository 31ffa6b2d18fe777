"""Airflow's own API server in this process, with its simple auth manager, three users, and a small ledger."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.airflow.conftest import SPEC

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from airmedic_core.records import Incident

PROJECT = Path(__file__).parents[3]
PLUGINS = PROJECT / "plugins"
Browser = Callable[[str], "TestClient"]
PASSWORD = "a-password"  # noqa: S105


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A content folder with the models ``alpha``, ``secret`` and ``broken``, and a ledger that knows the first two."""
    home = tmp_path_factory.mktemp("installation")
    (home / "models").mkdir()
    for name in ("alpha", "secret"):
        (home / "models" / f"{name}.yaml").write_text(f"{SPEC.format(name=name)}private: [salary]\n")
    shutil.copytree(PROJECT / "include" / "policies", home / "policies")
    (home / "models" / "broken.yaml").write_text("name: broken\ntask: none\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRMEDIC_CONTENT", str(home))
        patch.setenv("AIRMEDIC_HOME", str(home))
        yield home


@pytest.fixture(scope="module")
def incidents(installation: Path) -> dict[str, Incident]:
    """An incident of each model, the first of which waits for an approval."""
    from airmedic_core.assess import summarise, weigh
    from airmedic_core.ledger import Ledger
    from airmedic_core.records import Batch, Incident, IncidentState, Permission, Proposal
    from airmedic_core.windows import Window
    from tests.core.read_model.conftest import day, findings

    ledger = Ledger.open(f"sqlite:///{installation / 'ledger.db'}")
    opened = {}
    for name in ("alpha", "secret"):
        mine = findings(auc=0.7, moved=0.6)
        batch = Batch(name, Window(day(0), day(1)), day(2), 100)
        ledger.record_findings(batch, "drift", mine, model_version="1")
        assessment = replace(
            weigh(batch, mine), headline="age moved, as salary did.", not_knowable=("Why salary did.",)
        )
        ledger.record_assessment(batch, assessment, summarise(mine, "roc_auc"))
        incident = Incident(
            f"{batch.id}__f1", name, IncidentState.OPEN, assessment.severity, assessment.cause, assessment.headline,
            assessment.fingerprint, batch.window, batch.as_of, (batch.id,), day(2),
        )  # fmt: skip
        ledger.open_incident(incident)
        proposal = Proposal(
            incident.id, name, "rollback", {"version": "1"}, "It gets better.", Permission.ASK, "Because of salary.",
            day(2), day(2) + timedelta(days=36500),
        )  # fmt: skip
        ledger.record_proposal(proposal)
        opened[name] = ledger.move_incident(incident.id, IncidentState.AWAITING_APPROVAL)
    return opened


@pytest.fixture(scope="module")
def server(installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Airflow's API server with the plugin."""
    passwords = tmp_path_factory.mktemp("passwords") / "passwords.json"
    passwords.write_text(json.dumps(dict.fromkeys(("vera", "ugo", "anna"), PASSWORD)))
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own
        patch.setenv("AIRFLOW__CORE__AUTH_MANAGER", "tests.airflow.web.selective.SelectiveAuthManager")
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "vera:viewer,ugo:user,anna:admin")
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
        patch.setenv("AIRFLOW__CORE__PLUGINS_FOLDER", str(PLUGINS))
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a secret of these tests " * 4)
        patch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
        from airflow import plugins_manager, settings
        from airflow.models import import_all_models
        from airflow.models.base import Base
        from starlette.testclient import TestClient

        import_all_models()
        Base.metadata.create_all(settings.engine)
        from airflow.api_fastapi.app import create_app, purge_cached_app

        # Airflow read the folder when an earlier test imported it, and keeps what it found there.
        patch.setattr(settings, "PLUGINS_FOLDER", str(PLUGINS))
        for cached in (plugins_manager._get_plugins, plugins_manager.get_fastapi_plugins):
            cached.cache_clear()
        purge_cached_app()
        app = create_app(apps="core")
        with TestClient(app, raise_server_exceptions=False) as client:
            yield client
        purge_cached_app()


@pytest.fixture
def browse(server: TestClient) -> Browser:
    """Return a client in which somebody has logged in; a stranger's for no name."""

    def browse(user: str) -> TestClient:
        from starlette.testclient import TestClient

        client = TestClient(server.app, raise_server_exceptions=False)
        if user:
            answer = client.post("/auth/token", json={"username": user, "password": PASSWORD})
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    return browse
