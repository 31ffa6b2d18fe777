"""What the page shows of a real incident, to whom, and how it stands a phone, the keyboard and hostile texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import MODEL
from tests.browser.visitor import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.airflow.conftest import Running
    from tests.browser.visitor import Visitor

PLACES = (
    "",
    f"models/{MODEL}",
    f"models/{MODEL}/columns/load",
    f"models/{MODEL}/policy",
    f"models/{MODEL}/learning",
    "incidents/{incident}",
    "approvals",
    f"models/{MODEL}/start",
)
SCRIPT = "<script>globalThis.hacked = 1</script><img src=x onerror='globalThis.hacked = 1'>"
BACKWARDS = "\u202egnihtemos\u202c"
LONG = "m" * 10_000
HOSTILE = f"{SCRIPT} {BACKWARDS} {LONG}"


def test_the_menu_leads_to_the_fleet_and_the_fleet_to_the_incident(
    visit: Callable[..., Visitor], incident_id: str
) -> None:
    visitor = visit("vera")
    page = visitor.open(shows="table")
    row = page.locator("airmedic-health tbody tr").first
    assert MODEL in row.inner_text()
    assert "Incident" in row.inner_text()
    assert row.locator("svg[role=img]").count() >= 1
    # Who decided and what to do, for somebody who has seen nothing else.
    for part in ("Nobody yet", "Answer the approval (waits for anna or boris) →"):
        assert part in row.inner_text(), row.inner_text()
    row.locator("th a").click()
    page.locator("airmedic-health svg.line-chart").first.wait_for()
    chart = page.locator("airmedic-health svg.line-chart").first
    assert "1 incidents" in str(chart.get_attribute("aria-label"))
    page.locator("airmedic-health .facts a[href*='incidents']").first.click()
    page.locator("airmedic-health .answers").wait_for()
    assert incident_id in page.url
    told = page.locator("airmedic-health main").inner_text()
    for part in ("Why", "How it was decided", "Proposals", "Timeline", "nobody yet"):
        assert part in told, told[:2000]
    page.go_back()
    page.locator("airmedic-health svg.line-chart").first.wait_for()
    assert visitor.faults == []


@pytest.mark.parametrize("user", ["vera", "uma", "ada"])
def test_whoever_may_log_in_may_look(visit: Callable[..., Visitor], incident_id: str, user: str) -> None:
    visitor = visit(user)
    page = visitor.open(shows="table")
    assert MODEL in page.locator("airmedic-health tbody tr").first.inner_text()
    visitor.open(f"incidents/{incident_id}", shows=".answers")
    assert visitor.faults == []


def test_a_stranger_is_asked_to_log_in(browser: Browser, watched: Running) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(f"{watched.installation.airflow_url}/plugin/model-health")
        page.locator("input[name=username]").wait_for(timeout=60_000)
        assert page.locator("airmedic-health").count() == 0
    finally:
        context.close()


def test_the_policy_says_what_would_happen_and_what_stops_it(
    visit: Callable[..., Visitor], watched: Running, incident_id: str
) -> None:
    ledger = watched.workspace(MODEL).ledger
    page = visit("vera").open(f"models/{MODEL}", shows=".doors")
    page.get_by_role("link", name="Policy: what would happen now").click()
    page.get_by_role("heading", name="What would happen now").wait_for()
    told = page.locator("airmedic-health main").inner_text()
    assert "No switch, freeze or limit stops anything" in told
    drift = page.locator("airmedic-health tbody tr").filter(has_text="Concept drift").first.inner_text()
    for part in ("Retrain", "Two different people have to approve", "Roll back"):
        assert part in drift, drift
    ledger.set_override(MODEL, "freeze", "all", {}, author="ada", reason="The <b>year</b> ends")
    try:
        page.get_by_role("button", name="Refresh").click()
        page.get_by_text("Something stops changes").wait_for()
        told = page.locator("airmedic-health main").inner_text()
        assert "ada froze changes: The <b>year</b> ends." in told
        assert "Overrides in force" in told
    finally:
        ledger.revoke_override(MODEL, "freeze", "all", author="ada")


def test_the_trace_says_which_rules_were_asked(visit: Callable[..., Visitor], incident_id: str) -> None:
    page = visit("vera").open(f"incidents/{incident_id}", shows=".considered")
    trace = page.locator("airmedic-health .considered").first
    trace.locator("summary").first.click()
    told = trace.inner_text()
    for part in ("chosen", "Is the kill switch off?", "yes", "Rule 1: with two approvals", "left to people"):
        assert part in told, told


def test_learning_says_what_is_expected_and_from_whom(visit: Callable[..., Visitor], incident_id: str) -> None:
    page = visit("vera").open(f"models/{MODEL}/policy", shows=".doors")
    page.get_by_role("link", name="Learning: what past outcomes teach").click()
    page.get_by_role("heading", name="Learning").wait_for()
    told = page.locator("airmedic-health main").inner_text()
    assert "Learning is in the shadow" in told
    assert page.locator("airmedic-health svg.share[aria-label*='heals']").count() >= 1


@pytest.mark.parametrize(
    ("name", "place", "shows"),
    [
        ("policy", f"models/{MODEL}/policy", "table.policy"),
        ("learning", f"models/{MODEL}/learning", "svg.share"),
    ],
)
def test_a_picture_is_taken_where_pictures_are_wanted(
    visit: Callable[..., Visitor], incident_id: str, name: str, place: str, shows: str
) -> None:
    visitor = visit("anna")
    visitor.open(place, shows=shows)
    visitor.picture(name)
    assert visitor.faults == []


def test_the_drift_map_opens_a_column(visit: Callable[..., Visitor], incident_id: str) -> None:
    page = visit("vera").open(f"models/{MODEL}", shows="table.map")
    page.locator("airmedic-health table.map tbody th a").first.click()
    page.locator("airmedic-health .trail").get_by_text(MODEL).wait_for()
    page.locator("airmedic-health h3").first.wait_for()
    assert "Distribution" in page.locator("airmedic-health main").inner_text()


def test_no_request_leaves_the_machine(visit: Callable[..., Visitor], incident_id: str) -> None:
    visitor = visit("anna")
    for place in PLACES:
        visitor.open(place.format(incident=incident_id))
    assert any("/airmedic/api/fleet" in url for url in visitor.asked)
    assert visitor.strangers() == []
    assert visitor.faults == []


@pytest.mark.parametrize("place", PLACES)
def test_nothing_overflows_a_phone(visit: Callable[..., Visitor], incident_id: str, place: str) -> None:
    visitor = visit("anna", size=PHONE)
    visitor.open(place.format(incident=incident_id))
    wide, room = visitor.widths()
    assert 0 < wide <= room


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_no_serious_fault(visit: Callable[..., Visitor], incident_id: str, mode: str) -> None:
    axe_package = pytest.importorskip("axe_core_python", reason="axe is not here: make browser installs it.")
    from pathlib import Path

    script = next(Path(axe_package.__path__[0]).rglob("axe.min.js")).read_text(encoding="utf-8")
    visitor = visit("anna", mode=mode)
    for place in PLACES:
        page = visitor.open(place.format(incident=incident_id))
        if mode == "dark":
            page.evaluate("document.documentElement.classList.replace('light', 'dark')")
        shown = page.locator("airmedic-health").get_attribute("data-mode")
        assert shown == mode
        page.evaluate(script)
        faults: list[dict[str, Any]] = page.evaluate(
            "async () => (await axe.run('airmedic-health', {resultTypes: ['violations']})).violations"
        )
        serious = [
            (fault["id"], [node["html"][:200] for node in fault["nodes"]][:3])
            for fault in faults
            if fault["impact"] in {"serious", "critical"}
        ]
        assert serious == [], place


def test_hostile_texts_show_as_text(visit: Callable[..., Visitor], incident_id: str) -> None:
    visitor = visit("anna", size=PHONE)

    def in_fleet(answer: Any) -> Any:
        (model,) = answer["models"]
        texts = {"name": HOSTILE, "headline": HOSTILE, "cause_words": HOSTILE, "owner": HOSTILE, "tags": [HOSTILE]}
        return {**answer, "models": [{**model, **texts, "approval": None}]}

    def in_model(answer: Any) -> Any:
        columns = [{**column, "name": HOSTILE} for column in answer["columns"]]
        assert columns
        return {
            **answer,
            "columns": columns,
            "headline": HOSTILE,
            "windows": [{**w, "headline": HOSTILE} for w in answer["windows"]],
        }

    def in_incident(answer: Any) -> Any:
        evidence = [{**item, "statement": HOSTILE} for item in answer["evidence"]]
        decisions = [
            {**decision, "reason": HOSTILE, "requested_by": HOSTILE, "policy": HOSTILE}
            for decision in answer["decisions"]
        ]
        assert decisions
        return {**answer, "headline": HOSTILE, "summary": HOSTILE, "evidence": evidence, "decisions": decisions}

    def in_approvals(answer: Any) -> Any:
        bars = [{"label": HOSTILE, "value": 1.0, "words": HOSTILE}]
        texts = {
            "question": HOSTILE,
            "facts": [{"name": HOSTILE, "sentences": [HOSTILE]}],
            "picture": {"metric": "x", "title": HOSTILE, "bars": bars, "note": HOSTILE},
        }
        assert answer["approvals"]
        return {"approvals": [{**approval, **texts} for approval in answer["approvals"]]}

    def in_policy(answer: Any) -> Any:
        override = {
            "kind": "setting", "key": HOSTILE, "value": HOSTILE, "author": HOSTILE, "reason": HOSTILE,
            "created_at": answer["generated_at"], "expires_at": None, "of_all_models": False,
        }  # fmt: skip
        stops = [{"limit": "freeze", "reason": HOSTILE, "actions": ["retrain"]}]
        return {**answer, "approvers": [HOSTILE], "stops": stops, "overrides": [override]}

    visitor.answer_with("fleet", in_fleet)
    visitor.answer_with("models/*", in_model)
    visitor.answer_with("models/*/policy", in_policy)
    visitor.answer_with("incidents/*", in_incident)
    visitor.answer_with("approvals", in_approvals)
    for place in ("", f"models/{MODEL}", f"models/{MODEL}/policy", f"incidents/{incident_id}", "approvals"):
        page = visitor.open(place, shows="bdi")
        main = page.locator("airmedic-health main")
        assert SCRIPT in main.inner_text()
        assert main.locator("img, script").count() == 0
        assert page.evaluate("globalThis.hacked") is None
        wide, room = visitor.widths()
        assert wide <= room
    assert visitor.faults == []


def test_a_fleet_of_a_thousand_is_sorted_searched_and_filtered_with_the_keyboard(
    visit: Callable[..., Visitor], incident_id: str
) -> None:
    visitor = visit("vera")

    def many(answer: Any) -> Any:
        (model,) = answer["models"]
        owners = ("boris", "carol")
        copies = [
            {
                **model,
                "name": f"model_{index:04}",
                "owner": owners[index % 2],
                "state": "incident" if index == 7 else "healthy",
            }
            for index in range(1000)
        ]
        return {**answer, "models": copies}

    visitor.answer_with("fleet", many)
    page = visitor.open(shows="tbody tr:nth-child(1000)")
    rows = page.locator("airmedic-health tbody tr")
    assert "model_0007" in rows.first.inner_text()  # what needs somebody comes first
    name = page.locator("airmedic-health thead th").first
    name.locator("button").focus()
    page.keyboard.press("Enter")
    assert name.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert name.get_attribute("aria-sort") == "descending"
    assert "model_0999" in rows.first.inner_text()
    search = page.get_by_role("searchbox", name="Search")
    search.fill("model_00")
    assert rows.count() == 100
    page.get_by_role("combobox", name="Owner").select_option("carol")
    assert rows.count() == 50
    page.locator("airmedic-health .tile.incident").press("Enter")
    assert rows.count() == 1
    page.reload()  # the address keeps what was chosen
    page.locator("airmedic-health tbody tr").first.wait_for()
    assert rows.count() == 1


@pytest.mark.parametrize(
    ("learning", "words"),
    [
        ({"mode": "shadow", "would_try": ""}, ""),
        ({"mode": "shadow", "would_try": "retrain"}, "would have tried first: retrain."),
        ({"mode": "on", "would_try": ""}, "Past outcomes ordered the actions."),
    ],
)
def test_what_learning_would_have_tried_is_told_only_where_it_is_known(
    visit: Callable[..., Visitor], incident_id: str, learning: dict[str, str], words: str
) -> None:
    """Change one field of a real decision on its way to the page: chance says whether learning names an action."""
    visitor = visit("vera")

    def in_incident(answer: Any) -> Any:
        assert answer["decisions"]
        return {**answer, "decisions": [{**decision, "learning": learning} for decision in answer["decisions"]]}

    visitor.answer_with("incidents/*", in_incident)
    page = visitor.open(f"incidents/{incident_id}", shows=".considered")
    told = page.locator("airmedic-health article").filter(has=page.locator(".considered")).first.inner_text()
    assert words.lower() in told.lower()
    assert ("tried first" in told) == ("tried first" in words)
    assert ("Past outcomes" in told) == ("Past outcomes" in words)


def test_what_cannot_be_shown_is_said(visit: Callable[..., Visitor], incident_id: str) -> None:
    visitor = visit("vera")
    page = visitor.open("incidents/there_is_none", shows="[role=alert]")
    assert "This is not here" in page.locator("airmedic-health main").inner_text()
    page.route("**/airmedic/api/fleet", lambda route: route.abort())
    page = visitor.open(shows="[role=alert]")
    assert "does not answer" in page.locator("airmedic-health main").inner_text()
