"""Write a model spec for a data file: what can be inferred is filled in, what should be looked at is a comment.

Exit code 0: written. 2: it could not be.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from airmedic_core.spec_inference import Inferred

SUMMARY = "write a model spec for a data file"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", help="a csv, csv.gz or parquet file with one row per prediction")
    parser.add_argument("--target", default="", help="the column to predict")
    parser.add_argument("--time-column", default="", help="the column that says when a row happened")
    parser.add_argument(
        "--time-format",
        default="",
        metavar="CODES",
        help="how it is written, in the codes of strptime, such as %%d/%%m/%%Y",
    )
    parser.add_argument("--name", default="", help="name of the model (default: that of --out, else the file's)")
    parser.add_argument(
        "--out", metavar="SPEC", help="where to write it; - for standard output (default: models/NAME.yaml)"
    )
    parser.add_argument("--force", action="store_true", help="replace a spec that exists")


def run(args: argparse.Namespace) -> int:
    """Infer and write."""
    from airmedic_core.errors import SpecError
    from airmedic_core.settings import Settings
    from airmedic_core.spec import load_spec
    from airmedic_core.spec_inference import infer, model_name
    from airmedic_core.terminal.output import judged, say, write_out, write_text

    # A spec's file is named as its model.
    name = args.name or (model_name(args.out) if args.out and args.out != "-" else "")
    step(f"looks at the columns of {Path(args.file).name}")
    inferred = infer(
        args.file, name=name, target=args.target, time_column=args.time_column, time_format=args.time_format
    )
    text = spec_text(inferred)
    if args.out == "-":
        write_out(text)
        return 0
    out = Path(args.out) if args.out else Settings.from_env().models / f"{inferred.name}.yaml"
    if out.exists() and not args.force:
        raise SpecError(f"{str(out)!r} exists.", "Give another --out, or --force to replace it.")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, text)
    load_spec(out)
    judged("ok", f"{out}: {inferred.task}, {inferred.rows:,} rows, one window for each {inferred.every}")
    for column, why in inferred.suspicious.items():
        judged("warning", f"{column} may give the answer away ({why}). Exclude it if it is only known later.")
    for column, why in inferred.rising.items():
        judged("warning", f"{column} moves with time alone ({why}). What a model learns of it will not hold later.")
    if out.name != f"{inferred.name}.yaml":
        judged("warning", f"A spec's file is named as its model: rename it to {inferred.name}.yaml.")
    say(f"Look at it, then try: airmedic validate {out} --data")
    return 0


def spec_text(inferred: Inferred) -> str:
    """Return the spec as YAML with comments."""
    lines = [
        f"# Inferred from {_comment(Path(inferred.path).name)}. docs/model-spec.md lists every key.",
        f"name: {inferred.name}",
        f"task: {inferred.task}",
        f"target: {_quoted(inferred.target)}",
        *_positive(inferred.positive),
        "data:",
        "  source: file",
        f"  path: {_quoted(_place(inferred.path))}",
        f"  time_column: {_quoted(inferred.time_column)}",
        *([f"  time_format: {_quoted(inferred.time_format)}"] if inferred.time_format else []),
        *([f"  encoding: {inferred.encoding}"] if inferred.encoding else []),
        "",
        "# When the label becomes known. Until then a row counts as unlabelled. Needed if labels arrive late.",
        *(f"# label_time_column: {_comment(_quoted(name))}" for name in inferred.other_times or ("label_known_at",)),
        "",
        f"window: {inferred.every}",
    ]
    if inferred.reference:
        lines += [
            "",
            "# The rows that the first champion is trained and accepted on: here the earlier 70 %.",
            "reference:",
            f"  start: {_quoted(inferred.reference[0])}",
            f"  end: {_quoted(inferred.reference[1])}",
        ]
    excluded = {**inferred.exclude, **dict.fromkeys(inferred.other_times, "a moment")}
    doubtful = {**inferred.rising, **inferred.suspicious}
    if excluded or doubtful:
        lines += ["", "# Columns that are no input of the model. Add those that are only known after the outcome."]
        lines += ["exclude:" if excluded else "# exclude:"]
        lines += [f"  - {_quoted(name)}  # {_comment(why)}" for name, why in excluded.items()]
        lines += [f"  # - {_comment(_quoted(name))}  # look: {_comment(why)}" for name, why in doubtful.items()]
    lines += [
        "",
        "features:",
        f"  numeric: {_list(inferred.numeric)}",
        f"  categorical: {_list(inferred.categorical)}",
    ]
    return "\n".join(lines) + "\n"


def _positive(name: object) -> list[str]:
    if name is None:
        return []
    shown = _quoted(name) if isinstance(name, str) else json.dumps(name, default=str)
    return [f"positive: {shown}  # the class whose probability is meant; the rarer one where neither is a yes"]


def _place(path: str) -> str:
    """Return a path that means the same wherever Airflow runs: absolute, or below ``AIRMEDIC_DATA``."""
    if "://" in path:
        return path
    absolute, data = Path(path).absolute(), os.environ.get("AIRMEDIC_DATA")
    if data and absolute.is_relative_to(Path(data).absolute()):
        return f"${{AIRMEDIC_DATA}}/{absolute.relative_to(Path(data).absolute())}"
    return str(absolute)


def _quoted(text: str) -> str:
    # JSON strings are YAML strings, whatever they hold. Plain words read better without quotes.
    plain = text.replace("_", "").replace("/", "").replace(".", "").replace("-", "")
    word = plain.isascii() and plain.isalnum() and plain[0].isalpha() and text[0].isalpha()
    reserved = text.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
    return text if word and not reserved else json.dumps(text, ensure_ascii=False)


def _list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(map(_quoted, names)) + "]"


def _comment(text: str) -> str:
    return " ".join(text.split())
