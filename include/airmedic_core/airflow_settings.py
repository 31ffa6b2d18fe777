"""Airflow's settings, read where Airflow reads them, without Airflow; and what they should be for many models."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from configparser import Error, RawConfigParser
from dataclasses import dataclass
from pathlib import Path

MANY_MODELS = 200
"""From so many models on, Airflow's defaults are looked at. With fewer, a pass over all DAG files takes some 10 s of
CPU."""
_SECONDS_PER_MODEL = 0.3
"""States what ``min_file_process_interval`` should be for each model. Reading the three DAGs of a model and comparing
them with what Airflow has stored takes 0.06 s of CPU (``benchmarks/fleet``): DAG files then keep a fifth of a core
busy.
"""


@dataclass(frozen=True)
class Wanted:
    """A setting that many models need to be higher than it is."""

    section: str
    key: str
    default: int
    """Airflow's own default, in 3.3."""
    least: int
    why: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"AIRFLOW__{self.section}__{self.key}".upper()


def wanted_for(models: int) -> tuple[Wanted, ...]:
    """Return what so many models need of Airflow; nothing where its defaults do."""
    if models < MANY_MODELS:
        return ()
    return (
        Wanted(
            "dag_processor",
            "min_file_process_interval",
            30,
            round(models * _SECONDS_PER_MODEL),
            "the DAG processor reads all DAG files again and again; a changed spec shows after this many seconds",
        ),
        Wanted(
            "scheduler",
            "max_dagruns_to_create_per_loop",
            10,
            min(models // 4, 100),
            "models with the same schedule start at the same moment",
        ),
        Wanted(
            "scheduler",
            "max_dagruns_per_loop_to_schedule",
            20,
            min(models // 4, 100),
            "the scheduler looks at so few of the runs at a time",
        ),
    )


def too_low(models: int, env: Mapping[str, str] | None = None) -> Iterator[tuple[Wanted, int]]:
    """Yield the settings that are lower than so many models need, each with its value."""
    for wanted in wanted_for(models):
        value = setting(wanted.section, wanted.key, str(wanted.default), env)
        if value.isdecimal() and int(value) < wanted.least:
            yield wanted, int(value)


def dag_folder(env: Mapping[str, str] | None = None) -> Path:
    """Return the folder that Airflow reads DAG files from, where it is the only one."""
    return Path(setting("core", "dags_folder", str(_home(env) / "dags"), env))


def plugin_folder(env: Mapping[str, str] | None = None) -> Path:
    """Return the folder that Airflow loads plugins from."""
    return Path(setting("core", "plugins_folder", str(_home(env) / "plugins"), env))


def database(env: Mapping[str, str] | None = None) -> str:
    """Return the kind of Airflow's own database, such as ``sqlite``; its address holds a password."""
    return setting("database", "sql_alchemy_conn", "sqlite://", env).partition(":")[0].partition("+")[0]


def setting(section: str, key: str, default: str, env: Mapping[str, str] | None = None) -> str:
    """Return one of Airflow's settings: from the environment, else from ``airflow.cfg``, else the default.

    What comes from a command or a secrets backend is not asked for.

    Parameters
    ----------
    section, key : str
        Its names.
    default : str
        What Airflow takes where nothing is set.
    env : mapping, optional
        The process's environment where not given.
    """
    there = os.environ if env is None else env
    if value := there.get(f"AIRFLOW__{section}__{key}".upper()):
        return value
    config = RawConfigParser()
    try:
        config.read(there.get("AIRFLOW_CONFIG") or _home(env) / "airflow.cfg", encoding="utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return default
    return config.get(section, key, fallback=default).strip() or default


def _home(env: Mapping[str, str] | None) -> Path:
    there = os.environ if env is None else env
    return Path(there.get("AIRFLOW_HOME") or "~/airflow").expanduser()
