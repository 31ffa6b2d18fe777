"""Serve a model over HTTP, as a reference for servers of your own.

It follows the alias champion within a second, heeds a version that is tried, and logs what it answered. It knows no
users: put it behind what does. Exit code 0: it was stopped. 1: it could not listen there. 2: there is no such model, or
the extra serve is missing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from airmedic_core.terminal.arguments import add_model, workspace_of
from airmedic_core.terminal.progress import no_more_progress, step

SUMMARY = "serve a model over HTTP, following the champion"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument("--log", type=Path, metavar="FOLDER", help="log answers as parquet files, by day")


def run(args: argparse.Namespace) -> int:
    """Serve until it is stopped."""
    import uvicorn

    from airmedic_core.serving.app import app_of
    from airmedic_core.terminal.output import judged

    ws = workspace_of(args.model)
    step("loads the champion")
    app = app_of(ws, args.log)
    no_more_progress()
    judged("ok", f"{ws.spec.name} is served at http://{args.host}:{args.port}/predict")
    uvicorn.run(app, host=args.host, port=args.port, log_level="warning")
    return 0
