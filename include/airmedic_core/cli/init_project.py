"""Make what a project needs beside the installed package: the folder of its content, and the DAG files.

The content (models/, policies/, expectations/, runbooks/, incidents/) is the team's own: it begins with a policy and
runbooks, and no later version touches it. A DAG file is a few lines that ask the package for the DAGs; the plugin and
the connections come with the package. Files that are there stay as they are. Exit code 0: all is there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "make the content folder and the DAG files of a project"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--content", type=Path, help="the content folder (default: AIRMEDIC_CONTENT, else include/)")
    parser.add_argument("--dags", type=Path, help="where to write DAG files (default: Airflow's [core] dags_folder)")
    parser.add_argument("--no-dags", action="store_true", help="write no DAG files: for use without Airflow")


def run(args: argparse.Namespace) -> int:
    """Make it."""
    from airmedic_core.airflow_settings import dag_folder
    from airmedic_core.dag_files import KINDS, files_needed, files_of, write_dag_files
    from airmedic_core.settings import Settings
    from airmedic_core.spec import spec_files
    from airmedic_core.starter import make_content
    from airmedic_core.terminal.output import judged, say

    settings = Settings.from_env()
    content = (args.content or settings.content).absolute()
    made, kept = make_content(content)
    if not args.no_dags:
        folder = (args.dags or dag_folder()).absolute()
        # Never fewer than there are: that is for `airmedic dags` to say.
        there = max(len(files_of(kind, folder)) for kind in KINDS)
        needed = files_needed(sum(1 for _ in spec_files(content / "models")))
        made += write_dag_files(folder, max(there, needed))[0]
    for path in made:
        judged("ok", f"{path} made")
    if kept:
        say(f"{len(kept)} files of {content} were there and stay as they are.")
    if content != settings.content:
        judged("warning", f"Set AIRMEDIC_CONTENT={content} for Airflow and for your shell.")
    say("Next: airmedic init FILE --target COLUMN, and airmedic doctor.")
    return 0
