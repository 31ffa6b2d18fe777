"""Addresses of MLflow's pages, each in the view for trained models.

MLflow 3 opens an experiment in its view for language models, unless the address says otherwise: the browser keeps the
view that was chosen last, and of the experiment's own tags only earlier versions take notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from airmedic_core.settings import Settings

_VIEW = "?workflowType=machine_learning"
"""Says what MLflow's pages read the view from; it stands behind the fragment, where earlier versions pass it over."""


def page_address(settings: Settings) -> str:
    """Return the address of MLflow's pages without credentials, or an empty string where there are none."""
    parts = urlsplit(settings.mlflow_url or settings.tracking_uri)
    if parts.scheme not in {"http", "https"}:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


def run_address(settings: Settings, run_id: str, experiment: str = "") -> str:
    """Return the address of a run's page, or an empty string where MLflow is a plain store without pages.

    Parameters
    ----------
    settings : Settings
        Where MLflow is.
    run_id : str
        The run.
    experiment : str
        The id of its experiment. Where it is not known, MLflow looks for it.
    """
    return _page(settings, f"experiments/{experiment}/runs/{run_id}" if experiment else f"runs/{run_id}")


def experiment_address(settings: Settings, experiment: str) -> str:
    """Return the address of the list of an experiment's runs, or an empty string where there are no pages."""
    return _page(settings, f"experiments/{experiment}/runs")


def model_address(settings: Settings, name: str) -> str:
    """Return the address of a registered model's page, or an empty string where there are no pages."""
    return _page(settings, f"models/{quote(name, safe='')}")


def _page(settings: Settings, path: str) -> str:
    base = page_address(settings)
    return f"{base}/#/{path}{_VIEW}" if base else ""
