from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.cli.doctor import Symptom, examine
from airmedic_core.ledger import Ledger
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Severity
from airmedic_core.settings import Settings
from airmedic_core.windows import Window
from tests.core.packages import Install

Airmedic = Callable[..., tuple[int, str, str]]


def test_a_sound_installation_ends_in_zero(spec: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("doctor")
    assert code == 0, out
    assert "Nothing is broken." in out


def test_a_broken_spec_is_named(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text("name: customers\n")
    code, out, _ = airmedic("doctor")
    assert code == 1
    assert "airmedic validate" in out


def test_mlflow_down_is_named_and_the_rest_is_looked_at(
    spec: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    code, out, _ = airmedic("doctor")
    assert code == 1
    assert out.splitlines()[-1].split() == ["failed", "mlflow"]
    assert "connection slack_default" in out


def test_a_ledger_that_is_no_database_is_named(home: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "ledger.db").write_text("not a database, but long enough to be read as the header of one" * 20)
    monkeypatch.setenv("AIRMEDIC_LEDGER_URL", f"sqlite:///{home / 'ledger.db'}")
    code, out, _ = airmedic("doctor")
    assert code == 1
    assert "ledger" in out.splitlines()[-1]


def test_a_stop_is_reported_once_with_its_reason_and_the_way_back(
    ledger: Ledger, spec: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    (spec.parent / "second.yaml").write_text(spec.read_text().replace("name: customers", "name: second"))
    ledger.set_override("*", "kill_switch", "all", {}, author="ada", reason="audit")
    monkeypatch.setenv("AIRMEDIC_KILL_SWITCH", "1")
    code, out, _ = airmedic("doctor")
    assert code == 0, out
    symptoms = [symptom for symptom in examine(Settings.from_env()) if symptom.subject == "kill switch"]
    assert [(symptom.verdict, symptom.state, symptom.todo) for symptom in symptoms] == [
        ("warning", "AIRMEDIC_KILL_SWITCH stops every change", "Unset it to go on."),
        ("warning", "all models: stopped by ada, until it is taken back: audit", "Take it back: airmedic resume"),
    ]


def test_a_ledger_that_does_not_exist_is_said_and_not_made(home: Path, spec: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("doctor")
    assert code == 0
    assert "There is no ledger" in out
    assert not (home / "state" / "ledger.db").exists()


def test_an_incident_whose_spec_has_gone_is_named_and_waits_for_it(
    ledger: Ledger, spec: Path, airmedic: Airmedic
) -> None:
    day = datetime(2026, 2, 1, tzinfo=UTC)
    window = Window(day, day + timedelta(days=1))
    ledger.record_batch(Batch("customers", window, window.end, 10), model_version="1")
    kind = (IncidentState.OPEN, Severity.MEDIUM, Cause.UNKNOWN, "Something is wrong", "a1b2c3d4e5")
    incident = Incident("customers__1", "customers", *kind, window, window.end, (), window.end)
    ledger.open_incident(incident)
    assert "incident of" not in airmedic("doctor")[1]
    text = spec.read_text()
    spec.unlink()
    (gone,) = (symptom for symptom in examine(Settings.from_env()) if symptom.subject == "incident of customers")
    assert gone.verdict == "warning"
    assert gone.state == "customers.yaml has gone, and customers__1 is open"
    assert "remediate__customers" in gone.todo
    assert "airmedic incidents --close customers__1" in gone.todo
    code, out, _ = airmedic("incidents", "--open")
    assert (code, "customers__1" in out) == (1, True)
    code, _, err = airmedic("explain", "--model", "customers")
    assert code == 2
    assert "There is no model spec" in err
    spec.write_text(text)
    assert [symptom for symptom in examine(Settings.from_env()) if symptom.subject == gone.subject] == []
    assert ledger.incident("customers__1").state == IncidentState.OPEN


def test_what_packages_add_is_shown_and_what_they_break_is_a_failure(
    spec: Path,
    airmedic: Airmedic,
    install: Install,
) -> None:
    source = "class Quiet:\n    order = 200\n    def collect(self, case):\n        yield from ()\n"
    install("acme-evidence", source, {"airmedic.collectors": {"quiet": "acme_evidence:Quiet"}})
    install("acme-checks", "raise RuntimeError('no licence')", {"airmedic.checks": {"broken": "acme_checks:Bad"}})
    code, _, _ = airmedic("doctor")
    assert code == 1
    symptoms = [symptom for symptom in examine(Settings.from_env()) if symptom.subject.startswith("extension")]
    assert [(symptom.verdict, symptom.subject) for symptom in symptoms] == [
        ("ok", "extension acme-evidence"),
        ("failed", "extension"),
    ]
    assert "'acme-checks' cannot be imported: RuntimeError: no licence" in symptoms[1].state
    assert "uninstall 'acme-checks'" in symptoms[1].todo


PLUGINS = Path(__file__).parents[3] / "plugins"


@pytest.fixture
def one_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No checkout but this one is on the path: an environment may be shared by several."""
    alone = [place for place in sys.path if not (Path(place) / "airmedic" / "__init__.py").is_file()]
    monkeypatch.setattr(sys, "path", [str(PLUGINS), *alone])


def _plugin() -> Symptom:
    (symptom,) = [symptom for symptom in examine(Settings.from_env()) if symptom.subject == "plugin"]
    return symptom


def test_a_second_copy_of_the_plugin_is_found(
    spec: Path, one_copy: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PLUGINS_FOLDER", str(tmp_path / "plugins"))
    copy = tmp_path / "plugins" / "airmedic" / "__init__.py"
    copy.parent.mkdir(parents=True)
    copy.write_text("")
    symptom = _plugin()
    assert symptom.verdict == "failed"
    assert str(copy.parent) in symptom.state
    assert "Remove airmedic/" in symptom.todo
    # The folder that is imported is no second copy.
    monkeypatch.setenv("AIRFLOW__CORE__PLUGINS_FOLDER", str(PLUGINS))
    assert _plugin().verdict == "ok"


def test_a_package_behind_a_checkout_is_found_with_its_version(
    spec: Path, one_copy: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in (
        ("airmedic/__init__.py", ""),
        ("airmedic-0.0.9.dist-info/METADATA", "Metadata-Version: 2.1\nName: airmedic\nVersion: 0.0.9\n"),
    ):
        (tmp_path / "site" / name).parent.mkdir(parents=True)
        (tmp_path / "site" / name).write_text(text)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    symptom = _plugin()
    assert symptom.verdict == "warning"
    assert f"{tmp_path / 'site' / 'airmedic'} (0.0.9) is a second copy" in symptom.state
    assert str(PLUGINS / "airmedic") in symptom.state
    assert "pip uninstall airmedic" in symptom.todo


@pytest.mark.parametrize(
    ("where", "lock", "verdict", "state"),
    [
        # As in the image, with the lock beside the code.
        (
            "airmedic/requirements.txt",
            "pydantic=={pydantic} \\\n    --hash=sha256:0\n    # via a\n",
            "ok",
            "as locked",
        ),
        ("requirements.txt", "pydantic==1.0 \\\n    --hash=sha256:0\n", "warning", "not as locked: pydantic"),
        ("elsewhere.txt", "pydantic==1.0\n", "warning", "airmedic is not installed"),
    ],
)
def test_code_that_runs_from_a_folder_is_compared_with_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, lock: str, verdict: str, state: str
) -> None:
    from importlib.metadata import PackageNotFoundError, version

    import airmedic_core

    def not_installed(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    (tmp_path / where).parent.mkdir(exist_ok=True)
    (tmp_path / where).write_text(lock.format(pydantic=version("pydantic")))
    monkeypatch.setattr("importlib.metadata.requires", not_installed)
    monkeypatch.setattr(airmedic_core, "__file__", str(tmp_path / "include" / "airmedic_core" / "__init__.py"))
    (told,) = [symptom for symptom in examine(Settings.from_env()) if symptom.subject == "packages"]
    assert told.verdict == verdict
    assert state in told.state
