"""Check that nothing in the ledger was changed, removed, put in or reordered, and show it to others.

  verify      the audit chain against itself, and every row of the ledger against the chain
  checkpoint  sign the chain's last record with a key that is not in the database
  export      one incident with the part of the chain that vouches for it

Exit code 0: it holds. 1: it does not. 2: the ledger or the key could not be read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.errors import AuditError, SpecError
from airmedic_core.terminal.arguments import ledger
from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.ledger.checkpoints import Key
    from airmedic_core.records import Json

SUMMARY = "verify the audit chain, sign it, export an incident"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="audit_action", required=True, metavar="verify | checkpoint | export")
    verify = actions.add_parser("verify", help="verify the audit chain and the rows that it vouches for")
    verify.add_argument(
        "--head", metavar="HASH", help="the head that an incident report names; it must be in the chain"
    )
    verify.add_argument(
        "--checkpoints",
        nargs="*",
        metavar="FILE",
        help="check the signed checkpoints in these files, too (default: those that this installation has written)",
    )
    checkpoint = actions.add_parser("checkpoint", help="sign the chain's last record")
    checkpoint.add_argument("--out", metavar="FILE", help="append it to this file (default: the usual one)")
    export = actions.add_parser("export", help="export one incident with what vouches for it")
    export.add_argument("--incident", required=True, metavar="ID", help="the incident")
    export.add_argument("--out", metavar="FILE", help="where to write the bundle (default: standard output)")


def run(args: argparse.Namespace) -> int:
    """Do what is asked with the ledger that the environment names."""
    if args.audit_action == "export":
        return _export(args.incident, args.out)
    if args.audit_action == "checkpoint":
        return _checkpoint(args.out)
    return _verify(args.head, args.checkpoints)


def _verify(head: str | None, files: list[str] | None) -> int:
    from airmedic_core.terminal.output import judged

    step("reads the chain and what it vouches for")
    records = ledger()
    problems, last = records.audit_problems()
    if head and not records.holds_audit_hash(head):
        problems.append(f"No record has the hash {head!r}: the ledger was replaced or cut after that report.")
    if files is not None:
        problems += _against_checkpoints(records, [Path(name) for name in files])
    for problem in problems:
        judged("failed", problem)
    if problems:
        return 1
    judged("ok", f"{last.sequence:,} records, head {last.hash}")
    return 0


def _against_checkpoints(records: Ledger, paths: list[Path]) -> list[str]:
    from airmedic_core.ledger.checkpoints import checkpoint_file, checkpoint_problems, read_checkpoints
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import judged

    key = _key()
    try:
        checkpoints = read_checkpoints(paths or [checkpoint_file(Settings.from_env())])
    except AuditError as error:
        return [str(error)]
    problems = checkpoint_problems(records, checkpoints, key)
    if not problems:
        newest = max(int(checkpoint["sequence"]) for checkpoint in checkpoints)
        judged("ok", f"{len(checkpoints):,} checkpoints hold, the newest of record {newest:,}")
    return problems


def _checkpoint(out: str | None) -> int:
    from airmedic_core.ledger.checkpoints import CHECKPOINTS, keep_checkpoint
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import judged

    _key()
    environment = _environment() | ({CHECKPOINTS: out} if out else {})
    checkpoint = keep_checkpoint(ledger(), Settings.from_env(), environment)
    judged("ok", json.dumps(checkpoint))
    return 0


def _export(incident_id: str, out: str | None) -> int:
    from airmedic_core.ledger.checkpoints import audit_key, sign_head
    from airmedic_core.terminal.output import judged, write_out

    step("collects what vouches for the incident")
    records = ledger()
    bundle: Json = records.incident_bundle(incident_id)
    key = audit_key()
    last = bundle["last"]
    bundle["checkpoint"] = None if key is None else sign_head(key, last["sequence"], last["hash"])
    text = json.dumps(bundle, indent=1)
    if out is None:
        write_out(f"{text}\n")
        return 0
    Path(out).write_text(text, encoding="utf-8")
    judged("ok", f"{out}: {len(bundle['rows'])} rows, {len(bundle['chain']):,} records of the audit chain")
    if key is None:
        judged("warning", "there is no audit key, so that nothing but the chain itself vouches for the bundle")
    return 0


def _key() -> Key:
    from airmedic_core.ledger.checkpoints import AUDIT_KEY_FILE, audit_key
    from airmedic_core.settings import AUDIT_KEY

    key = audit_key()
    if key is None:
        raise SpecError("There is no key to sign the audit chain with.", f"Set {AUDIT_KEY_FILE} or {AUDIT_KEY}.")
    return key


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)
