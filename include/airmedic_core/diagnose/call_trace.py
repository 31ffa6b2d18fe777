"""Each call of a language model as an MLflow trace: hashes, tokens, cost and outcome; no rows, no names, no text."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airmedic_core.records import Json, digest

if TYPE_CHECKING:
    from airmedic_core.diagnose.language_model import Question
    from airmedic_core.ledger import LanguageModelCall
    from airmedic_core.workspace import Workspace

_log = logging.getLogger(__name__)


def trace_call(ws: Workspace, question: Question, call: LanguageModelCall, problems: int) -> str:
    """Write one call as a trace into the model's experiment, and return the trace's id.

    Observability never stands in the way of a diagnosis: where MLflow does not answer, a warning is logged and an empty
    id is returned.

    Parameters
    ----------
    ws : Workspace
        The model, in whose experiment the trace is written.
    question : Question
        What was asked. Only its hash is written.
    call : LanguageModelCall
        What came of it.
    problems : int
        How many things code found wrong with the answer.
    """
    try:
        return _write(ws, question, call, problems)
    except Exception as error:  # noqa: BLE001 - MLflow raises many kinds, and none may stop a diagnosis
        _log.warning("The call of %s could not be traced: %s.", call.engine, type(error).__name__)
        return ""


def _write(ws: Workspace, question: Question, call: LanguageModelCall, problems: int) -> str:
    import mlflow
    from mlflow.entities import SpanType

    attributes: Json = {
        "system_sha256": digest(question.system),
        "schema_sha256": digest(question.schema),
        "question_sha256": call.question_hash,
        "repair": bool(question.complaint),
        "outcome": call.outcome,
        "stop_reason": call.stop_reason,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "usd": call.usd,
        "seconds": call.seconds,
        "verifier_problems": problems,
        "bytes_out": call.manifest.get("bytes", 0),
    }
    mlflow.set_tracking_uri(ws.settings.tracking_uri)
    started = int(call.asked_at.timestamp() * 1e9)
    span = mlflow.start_span_no_context(
        name=f"ask {call.engine}",
        span_type=SpanType.CHAT_MODEL,
        inputs={"sha256": call.question_hash},
        attributes=attributes,
        tags={"airmedic.incident_id": call.incident_id, "airmedic.engine": call.engine},
        experiment_id=ws.registry.experiment(ws.spec.name),
        start_time_ns=started,
    )
    span.end(
        outputs={"sha256": digest(call.reply), "outcome": call.outcome},
        status="OK" if call.outcome == "answered" else "ERROR",
        end_time_ns=started + int(call.seconds * 1e9),
    )
    mlflow.flush_trace_async_logging()
    return str(span.trace_id)
