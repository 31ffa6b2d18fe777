"""The names of the metrics in MLflow's runs, with what each holds: charts and searches rest on them."""

from __future__ import annotations

BATCH_METRICS = {
    "metric": "the metric that decides, where enough labels were known; the tag `airmedic.metric` says which one it is",
    "metric_low": "the lower end of its interval",
    "metric_high": "the upper end of its interval",
    "metric_limit": "what it may not pass",
    "metric_change": "the metric less what is usual",
    "drift": "how far the input that moved most has moved, as a share of the least move that counts",
    "drift_of_usual": "how far it has moved as a share of its usual range: up to 1 is usual",
    "severity": "0 where the batch is no incident, then 1 for low to 4 for critical",
    "rows": "rows of the window",
    "rows_expected": "rows that were expected",
}
"""Of the run of a batch, and of the run `history` of a model."""

INCIDENT_METRICS = {
    "metric": "the metric that decides, in the batch that the incident was first seen in",
    "metric_limit": "what it may not pass",
    "metric_change": "the metric less what is usual",
    "metric_before": "the metric before the remedy, on the rows that the remedy was judged by",
    "metric_after": "the metric after it, on the same rows",
    "metric_gain": "after less before",
    "drift": "as in the run of a batch",
    "drift_of_usual": "as in the run of a batch",
    "severity": "1 for low to 4 for critical",
    "confidence": "how sure the diagnosis is of the first cause, from 0 to 1",
    "open": "1 while the incident is open, else 0",
    "seconds_open": "from opening to closing",
    "seconds_to_request": "from opening to the first proposal",
    "seconds_to_approval": "from the proposal to the answer that let it through",
    "seconds_to_done": "from that answer to the end of the action",
}
"""Of the run of an incident."""
