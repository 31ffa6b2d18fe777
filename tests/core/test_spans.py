"""Spans where nobody records any."""

from __future__ import annotations

import subprocess
import sys

from airmedic_core.spans import span


def test_nothing_of_opentelemetry_is_imported() -> None:
    code = (
        "import sys\n"
        "from airmedic_core.spans import span\n"
        "with span('check drift', model='churn') as recorded:\n"
        "    recorded.note(verdict='ok')\n"
        "    recorded.failed(ValueError())\n"
        "print(sorted(name for name in sys.modules if 'opentelemetry' in name))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_a_span_around_it_none_is_begun() -> None:
    from opentelemetry import trace

    with span("check drift", model="churn"):
        assert trace.get_current_span() is trace.INVALID_SPAN
