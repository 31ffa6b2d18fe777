"""The pages of what others call and read: commands, addresses, and metrics."""

from __future__ import annotations

import argparse
import ast
import getpass
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from airmedic_core.checks import CHECKS
from airmedic_core.cli import COMMANDS, command_named
from airmedic_core.metrics import metrics_for, usual_metric
from airmedic_core.read_model.fleet import STATES
from airmedic_core.read_model.metrics import METRICS
from airmedic_core.reports.metric_names import BATCH_METRICS, INCIDENT_METRICS
from airmedic_core.spec import ModelSpec
from scripts.reference.docstrings import as_markdown

PROJECT = Path(__file__).resolve().parents[2]
APP = PROJECT / "plugins" / "airmedic" / "web" / "app.py"

_COMMANDS = """\
# The command line

`airmedic COMMAND` works without Airflow. Each command says with `--help` what stands here.

*This page is written by `scripts/write_reference.py` from the code.*

"""
_API = """\
# Addresses

Airflow's API server answers these addresses under `/airmedic`, with Airflow's login and permissions. All of them only
read. [The read model](../read_model.md) describes the shapes of the answers, the errors, and who may read what.

*This page is written by `scripts/write_reference.py` from the code.*

| Address | Parameters | Answers |
|---|---|---|
"""
_METRICS_HEAD = """\
# Metrics

*This page is written by `scripts/write_reference.py` from the code.*

## Of a model's performance

`metric` in the spec names the one that decides; the first of a task decides where none is named.

| Task | Metric | Better | Decides |
|---|---|---|---|
"""
_MLFLOW = """\
## In MLflow

[Reports in MLflow](../mlflow.md) says what else stands in a run. These names stay.

The run of a batch, and the run `history` of a model, have these metrics. The step of a metric is the number of its
window, so that `history` is a time series.

| Name | Holds |
|---|---|
{batch}
| `findings/<verdict>` | how many findings were `ok`, `watch`, `alert` and so on |
| `<check>/<statistic>` | what a check measured of the batch as a whole |
| `<check>/<statistic>/<column>` | what it measured of a column or a segment |

The run of an incident has these:

| Name | Holds |
|---|---|
{incident}
| `history/<metric>` | the metric by window, up to the moment of the report |

A character that MLflow allows in no name becomes `_`. Such a name, and one that is cut at 250 characters, ends with `-`
and eight digits of a hash of the whole name, so that no two columns share a metric. The checks are:
"""
_PROMETHEUS = """\
## In Prometheus

`GET /airmedic/metrics` answers with gauges by `model` ([how to scrape it](../read_model.md#prometheus-and-grafana)):

| Metric | Says |
|---|---|
"""


def command_line() -> str:
    """Return the page of the commands."""
    rows = [f"| [`{name}`](#{name}) | {command_named(name).SUMMARY} |" for name in COMMANDS]
    parts = [_COMMANDS + "| Command | Does |\n|---|---|\n" + "\n".join(rows) + "\n"]
    for name in COMMANDS:
        member = command_named(name)
        parser = argparse.ArgumentParser(prog=f"airmedic {name}", add_help=False)
        member.configure(parser)
        parts.append(f"## `{name}`\n\n{_description(member.__doc__ or '')}\n")
        if options := list(_options(parser)):
            parts.append("| Argument | Meaning |\n|---|---|\n" + "\n".join(options) + "\n")
    return "\n".join(parts).rstrip() + "\n"


def _description(docstring: str) -> str:
    """Return a command's docstring, with what it lists in two columns as a list."""
    return re.sub(r"^  (\S+) {2,}(.+)$", r"* `\1`: \2", as_markdown(docstring.strip()), flags=re.MULTILINE)


def _options(parser: argparse.ArgumentParser, below: str = "") -> Iterator[str]:
    """Yield the rows of a command's arguments. The wording of argparse itself differs between versions of Python."""
    for action in parser._actions:  # noqa: SLF001  argparse says in no other way what it was told
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, command in action.choices.items():
                yield from _options(command, f"{below}{name} ")
            continue
        if isinstance(action, argparse._HelpAction):  # noqa: SLF001
            continue
        value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
        names = ", ".join(f"{name} {value}".strip() for name in action.option_strings) or value
        default = "the user" if action.default == getpass.getuser() else action.default
        said = (action.help or "") % {"default": default, "prog": parser.prog}
        wanted = " Required." if action.required and action.option_strings else ""
        yield f"| `{below}{names}` | {said[:1].upper()}{said[1:].rstrip('.')}.{wanted} |".replace("| .", "|")


def api() -> str:
    """Return the page of the addresses."""
    source = APP.read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    rows = []
    for address, name in re.findall(r"add_api_route\(\"([^\"]+)\", (\w+)\)", source):
        function = functions[name]
        says = (ast.get_docstring(function) or "").partition("\n")[0].removeprefix("Return ")
        asked = ", ".join(f"`{parameter.arg}`" for parameter in function.args.args if parameter.arg != "viewer")
        rows.append(f"| `GET /airmedic{address.replace(':path', '')}` | {asked} | {says} |")
    return _API + "\n".join(rows) + "\n"


def metrics() -> str:
    """Return the page of the metrics."""
    rows = []
    for task in get_args(ModelSpec.model_fields["task"].annotation):
        for name, measure in metrics_for(task).items():
            better = "higher" if measure.higher_is_better else "lower"
            rows.append(f"| {task} | `{name}` | {better} | {'yes' if name == usual_metric(task) else ''} |")
    batch, incident = (
        "\n".join(f"| `{name}` | {holds} |" for name, holds in names.items())
        for names in (BATCH_METRICS, INCIDENT_METRICS)
    )
    parts = [_METRICS_HEAD + "\n".join(rows) + "\n", _MLFLOW.format(batch=batch, incident=incident).rstrip() + "\n"]
    parts += [f"* [`{name}`](../model-spec.md#{name}-{CHECKS.member(name).group})" for name in CHECKS.ours()]
    gauges = [f"| `{name}` | {said} |" for name, said in METRICS.items()]
    states = ", ".join(f"`{state}`" for state in STATES)
    parts.append("\n" + _PROMETHEUS + "\n".join(gauges) + f"\n\nStates are {states}.")
    return "\n".join(parts).rstrip() + "\n"
