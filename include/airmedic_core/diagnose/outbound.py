"""Says what leaves the machine: statistics under aliased names, never rows, with a manifest of what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from airmedic_core.diagnose.wording import plain
from airmedic_core.family import listing
from airmedic_core.records import Cause, Evidence, EvidencePacket, IncidentState, Json, Severity, digest
from airmedic_core.spec import ModelSpec

_CHECKS = listing("airmedic_core.checks", "airmedic.checks")
_WORD = re.compile(r"[a-z0-9_]{1,63}")
_DATES = re.compile(r"[\d\-:.… ]+( to [\d\-:.… ]+)?")
_KEPT_SUBJECTS = frozenset({"batch", "fleet", "model"})
_VERSION = re.compile(r"version \d{1,9}")
_UNITS = frozenset({"", "fraction", "share", "ms", "s", "rows", "days", "hours", "windows"})
_NUMBERS = frozenset(
    {"low", "high", "spread", "total", "inputs", "separation", "z", "recalibration_gain", "distance_within_classes",
     "share_of_loss", "windows", "quiet_windows", "earlier_windows", "quiet_mean", "psi", "ks", "p50", "p95", "factor",
     "factor_low", "factor_high", "offset", "spreads", "shared_upstream", "days", "caught", "faulty", "sound", "least",
     "most"}
)  # fmt: skip
_CLOSED = frozenset({"outcome", "severity", "action", "cause", "kind", "state", "starts_with_version", "turned_out"})
_SERIES = frozenset({"values", "recent"})
_STEPS = frozenset({"step_before", "step_after"})
_VOCABULARY = frozenset(
    {cause.value for cause in Cause}
    | {action for cause in Cause for action in cause.fitting_actions}
    | {state.value for state in IncidentState}
    | {
        "healthy",
        "watch",
        "incident",
        "held",
        "came back",
        "undone",
        "adopt",
        "deploy",
        "rollback",
        "manual",
        "quarantine",
    }
    | {severity.value for severity in Severity}
    | {
        "repaired",
        "labelled",
        "setting",
        "freeze",
        "kill_switch",
        "success",
        "failed",
        "running",
        "queued",
        "real",
        "false",
    }
)
_SETTING = re.compile(r"(?:checks|policy\.limits|window)\.[a-z0-9_.]{1,60}")
"""Keys whose parts all come from the engine; others may name columns."""
_STEP = re.compile(r"(?:\d{1,3} )?(?:hour|day|week|month)s?")
_BORDERS = re.compile(r"[=~,;&|+:/ ]+")
_ALIASES = {"similar": "incident", "recurrence": "incident", "upstream": "pipeline", "override": "override"}
_UNSENT = frozenset({"runbook"})
"""Texts that people wrote are shown to people only."""


@dataclass(frozen=True)
class Outbound:
    """A packet as a language model may see it."""

    content: str
    """Canonical JSON."""
    shown: frozenset[str]
    """Ids of the evidence in it."""
    aliases: Mapping[str, str]
    """Alias → name."""
    manifest: Json
    """Fields, bytes, hash, and what was left out."""

    def unalias(self, text: str) -> str:
        """Return a text with the names behind the aliases, made plain."""
        return re.sub(r"\b[a-z]+_\d+\b", lambda match: plain(self.aliases.get(match[0], match[0])), text)


def prepare(packet: EvidencePacket, spec: ModelSpec) -> Outbound:
    """Return what may be sent of a packet.

    Names of columns, categories, versions other than numbers, incidents, pipelines and people are replaced by aliases.
    Columns that the spec calls private are left out with all their statistics. Sentences stay here: only numbers and
    words from closed lists are sent.

    Parameters
    ----------
    packet : EvidencePacket
        The evidence.
    spec : ModelSpec
        For the task, the deciding metric and the private columns.
    """
    namer = _Namer()
    items = [item for item in packet.items if item.kind not in _UNSENT]
    sent = [item for item in items if not _private(item, spec.private)]
    evidence = [_entry(item, namer) for item in sent]
    body = {"task": spec.task, "metric": _word(spec.metric), "evidence": evidence, "gaps": len(packet.gaps)}
    content = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    manifest = {
        "fields": sorted({key for entry in evidence for key in entry}),
        "evidence": len(evidence),
        "left_out_as_private": len(items) - len(sent),
        "bytes": len(content),
        "sha256": digest(body),
    }
    return Outbound(content, frozenset(item.id for item in sent), namer.names, manifest)


class _Namer:
    """Gives each name an alias, the same one each time."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._aliases: dict[tuple[str, str], str] = {}

    def alias(self, kind: str, name: str) -> str:
        if (kind, name) not in self._aliases:
            number = 1 + sum(known == kind for known, _ in self._aliases)
            self._aliases[kind, name] = f"{kind}_{number}"
            self.names[f"{kind}_{number}"] = name
        return self._aliases[kind, name]

    def subject(self, item: Evidence) -> str:
        if item.subject in _KEPT_SUBJECTS or _VERSION.fullmatch(item.subject):
            return item.subject
        if item.kind in _ALIASES:
            return self.alias(_ALIASES[item.kind], item.subject)
        if item.kind.startswith("deployment"):
            return self.alias("version", item.subject)
        if item.kind == "review.change":
            return self.alias("setting", item.subject)
        if "=" in item.subject:
            return self.alias("segment", item.subject)
        return self.alias("column", item.subject)


def _entry(item: Evidence, namer: _Namer) -> Json:
    entry: Json = {
        "id": item.id,
        "kind": _word(item.kind.replace(".", "_")),
        "subject": namer.subject(item),
        "direction": item.direction or "none",
        "verdict": item.verdict.value,
        "trust": item.trust,
    }
    for name in ("value", "baseline", "limit", "effect"):
        number = getattr(item, name)
        if number is not None:
            entry[name] = shortened(number)
    if item.sample_size is not None:
        entry["sample_size"] = item.sample_size
    if item.unit in _UNITS and item.unit:
        entry["unit"] = item.unit
    if item.window and _DATES.fullmatch(item.window):
        entry["window"] = item.window
    if item.suggests:
        entry["suggests"] = [cause.value for cause in item.suggests]
    check = str(item.details.get("check", ""))
    if check in _CHECKS:
        entry |= {"check": check, "statistic": _word(str(item.details.get("statistic", "")))}
    return entry | _details(item)


def _details(item: Evidence) -> Json:
    kept: Json = {}
    for key, value in item.details.items():
        if key in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
            kept[key] = shortened(value)
        elif key in _CLOSED and isinstance(value, bool | str):
            kept[key] = value if isinstance(value, bool) or value in _VOCABULARY else "other"
        elif (key == "setting" and _SETTING.fullmatch(str(value))) or (key in _STEPS and _STEP.fullmatch(str(value))):
            kept[key] = value
        elif key in _SERIES and isinstance(value, list):
            kept[key] = [shortened(number) for number in value[:12] if isinstance(number, int | float)]
    return kept


def shortened(number: float) -> float:
    """Return a number with six significant digits: enough to reason with, too few to identify a row."""
    return float(f"{number:.6g}")


def _word(text: str) -> str:
    """Return a word of the engine's own vocabulary; anything else is not sent."""
    return text if _WORD.fullmatch(text) else "other"


def _private(item: Evidence, private: Collection[str]) -> bool:
    if not private:
        return False
    named = {
        item.subject,
        item.subject.partition("=")[0],
        *_BORDERS.split(item.subject),
        *(str(value) for value in item.details.values()),
    }
    return bool(named & set(private))
