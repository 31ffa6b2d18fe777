"""Write the DAG files, as many of each kind as the models need.

Airflow reads a DAG file in one process, which it ends after a time. The files of a kind that lie in one folder share
the models among them, so that more models need more files and nothing else. Files that somebody has changed stay as
they are. When a file is added, the models that move to it are out of service until Airflow has read it
([dag_processor] refresh_interval, 5 minutes by default). Exit code 0: the files are there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "write the DAG files, as many as the models need"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from airmedic_core.dag_files import MODELS_PER_FILE

    parser.add_argument("--folder", type=Path, help="where to write them (default: Airflow's [core] dags_folder)")
    parser.add_argument(
        "--models-per-file",
        type=int,
        default=MODELS_PER_FILE,
        help="models that a file should make the DAGs of (%(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Write them."""
    from airmedic_core.airflow_settings import dag_folder
    from airmedic_core.dag_files import files_needed, write_dag_files
    from airmedic_core.errors import AirmedicError
    from airmedic_core.settings import Settings
    from airmedic_core.spec import spec_files
    from airmedic_core.terminal.output import judged, say

    if args.models_per_file < 1:
        raise AirmedicError(f"--models-per-file is {args.models_per_file}, which is less than 1.", "Give 1 or more.")
    folder = args.folder or dag_folder()
    models = sum(1 for _ in spec_files(Settings.from_env().models))
    count = files_needed(models, args.models_per_file)
    written, removed = write_dag_files(folder, count)
    for path in written:
        judged("ok", f"{path} written")
    for path in removed:
        judged("ok", f"{path} removed")
    say(f"{models} models: {count} of each kind in {folder}.")
    return 0
