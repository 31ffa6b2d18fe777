"""A training function that is slow when it is called for the first time, so that a test can kill it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any


def fit(spec: Any, frame: Any) -> Any:
    """Wait to be killed; called again, fit at once."""
    marker = Path(os.environ["AIRMEDIC_HOME"]) / f"{spec.name}_training.pid"
    if not marker.exists():
        marker.write_text(str(os.getpid()))
        time.sleep(120)
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(frame[["load", "heat"]], frame[spec.target])
