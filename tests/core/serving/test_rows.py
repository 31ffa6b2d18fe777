"""Requests whose rows cannot be scored: each is refused in words."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from airmedic_core.serving.rows import RowsError
from airmedic_core.serving.service import Service
from airmedic_core.traffic import Traffic
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, day
from tests.core.serving.served import row, served


def test_bad_requests_are_told_what_is_wrong(ws: Workspace) -> None:
    with served(ws) as client:
        lacking = client.post(
            "/predict", json={"rows": [{"usage": 1.0, "tenure": 2.0, "customer": 3, "plann": "flex"}]}
        )
        assert lacking.status_code == 422
        assert "'plan'" in lacking.json()["detail"]
        # The nearest of the columns that were sent is named.
        assert "plann" in lacking.json()["detail"]
        assert client.post("/predict", json={"rows": []}).status_code == 422
        assert client.post("/predict", json=[1]).status_code == 422
        assert client.post("/predict", content=b"{").status_code == 422


def test_a_key_that_is_a_list_splits_as_its_text(ws: Workspace) -> None:
    trial = Traffic("split", "2", "1", "a" * 64, NOW).with_share(0.5, day(1))
    keys = [["a", 1], {"b": 2}, "['a', 1]", None]
    answers = trial.answers(keys).tolist()
    assert (answers[0], answers[3]) == (answers[2], False)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ({"plan": {"a": 1}}, "'plan' is an object"),
        ({"usage": [1]}, "'usage' is a list"),
        ({"usage": 10**400}, "'usage' is too large a number"),
        ({"plan": "x" * 40_000}, "'plan' is a text of more than"),
        ({"at": "soon"}, "which is no time"),
        ({"at": "1990-01-01T00:00:00Z"}, "further from now"),
    ],
)
def test_a_value_that_no_row_holds_is_refused_in_words(ws: Workspace, cell: dict[str, Any], told: str) -> None:
    with pytest.raises(RowsError, match=told) as caught:
        Service(ws).predict([row(), row(**cell)])
    assert "Row 1" in str(caught.value)


def test_a_body_that_is_no_json_or_too_long_is_refused_in_words(ws: Workspace) -> None:
    with served(ws) as client:
        client.headers["Content-Type"] = "application/json"
        nan = client.post("/predict", content=b'{"rows": [{"usage": NaN, "tenure": 1, "plan": "flex"}]}')
        assert (nan.status_code, "not finite" in nan.text) == (422, True)
        no_row = client.post("/predict", content=b'{"rows": [{"usage": NaN}, NaN]}')
        assert (no_row.status_code, "valid dictionary" in no_row.text) == (422, True)
        assert client.post("/predict", content=iter([b'{"rows": []}'])).status_code == 411
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
            # The body itself is never sent: it is refused by its length.
            raw.sendall(b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n")
            raw.settimeout(30)
            assert b" 413 " in raw.recv(100)
