from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from airmedic_core.errors import SpecError
from airmedic_core.policy import Policy, load_policy
from airmedic_core.records import Permission

POLICIES = Path(__file__).parents[2] / "include" / "policies"


def policy(tmp_path: Path, text: str) -> Policy:
    (tmp_path / "mine.yaml").write_text(text)
    return load_policy(tmp_path, "mine")


@pytest.mark.parametrize(
    ("action", "cause", "permission"),
    [
        ("escalate", "verified", Permission.AUTO),
        ("escalate", "unverified", Permission.AUTO),
        ("hold", "verified", Permission.AUTO),
        ("quarantine", "verified", Permission.AUTO),
        ("quarantine", "unverified", Permission.ASK),
        ("retrain", "verified", Permission.ASK),
        ("deploy", "verified", Permission.ASK),
        ("rollback", "unverified", Permission.ASK),
        ("rerun_pipeline", "verified", Permission.ASK),
        ("refresh_reference", "verified", Permission.ASK),
        ("change_setting", "verified", Permission.ASK),
        ("format_disk", "verified", Permission.DENY),
    ],
)
@pytest.mark.parametrize("environment", ["production", "staging", "simulation"])
def test_the_default_policy_says(action: str, cause: str, permission: Permission, environment: str) -> None:
    assert load_policy(POLICIES).permission(action, environment, cause) is permission  # type: ignore[arg-type]


def test_the_trusting_policy_is_the_default_one_with_one_rule_in_front() -> None:
    default, verified = load_policy(POLICIES), load_policy(POLICIES, "verified")
    trusted = verified.permissions[0]
    assert (trusted.cause, trusted.permission) == ("verified", Permission.AUTO)
    assert verified.model_copy(update={"permissions": verified.permissions[1:]}) == default
    assert verified.permission("deploy", "production", "verified") is Permission.ASK
    assert verified.permission("retrain", "production", "unverified") is Permission.ASK
    assert verified.remarks() == []


def test_the_first_rule_that_fits_decides_and_what_none_fits_is_denied(tmp_path: Path) -> None:
    mine = policy(
        tmp_path,
        """
        permissions:
          - {actions: [retrain], environments: [staging], cause: verified, permission: auto}
          - {actions: [retrain, rollback], environments: [staging, production], permission: ask}
        """,
    )
    assert mine.permission("retrain", "staging", "verified") is Permission.AUTO
    assert mine.permission("retrain", "staging", "unverified") is Permission.ASK
    assert mine.permission("retrain", "production", "verified") is Permission.ASK
    assert mine.permission("retrain", "laptop", "verified") is Permission.DENY
    assert mine.permission("deploy", "staging", "verified") is Permission.DENY


def test_an_environment_can_have_limits_of_its_own(tmp_path: Path) -> None:
    mine = policy(
        tmp_path, "permissions: []\nlimits: {actions_per_day: 4}\nenvironments: {staging: {cooldown_minutes: 1}}"
    )
    assert mine.limits_in("staging").cooldown_minutes == 1
    assert mine.limits_in("staging").actions_per_day == mine.limits_in("production").actions_per_day == 4
    assert mine.limits_in("production").cooldown_minutes == 60


def test_a_freeze_is_read_in_utc(tmp_path: Path) -> None:
    mine = policy(
        tmp_path, "permissions: []\nfreezes: [{start: 2026-12-20, end: 2027-01-04T06:00+02:00, reason: year end}]"
    )
    assert mine.freezes[0].start == datetime(2026, 12, 20, tzinfo=UTC)
    assert mine.freezes[0].end == datetime(2027, 1, 4, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("permissions: [{actions: [retrain], permision: ask}]", "Did you mean 'permission'"),
        ("permissions: [{actions: [Retrain!], permission: ask}]", "should match pattern"),
        ("permissions: [{actions: [retrain], permission: aks}]", "'auto'"),
        ("permissions: []\nlimits: {cooldown_minute: 1}", "Did you mean 'cooldown_minutes'"),
        ("permissions: []\nenvironments: {staging: {cooldown: 1}}", "Did you mean 'cooldown_minutes'"),
        ("permissions: []\nenvironments: {staging: {cooldown_minutes: -1}}", "greater than or equal to 0"),
        ("permissions: []\nlimit: {}", "Did you mean 'limits'"),
        ("limits: {}", "permissions: missing"),
        ("permissions: []\nfreezes: [{start: 2026-02-02, end: 2026-01-01, reason: x}]", "must end after it starts"),
        ("- a list", "holds no keys"),
        ("a: [", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SpecError, match=r"mine\.yaml") as caught:
        policy(tmp_path, text)
    assert says in str(caught.value)


def test_a_missing_policy_names_the_closest(tmp_path: Path) -> None:
    (tmp_path / "default.yaml").write_text("permissions: []")
    with pytest.raises(SpecError, match="Did you mean 'default'"):
        load_policy(tmp_path, "defualt")


def test_an_action_that_is_not_installed_may_be_ruled_and_is_remarked_on(tmp_path: Path) -> None:
    mine = policy(
        tmp_path,
        "permissions: [{actions: [page, retrian], permission: ask_two}]\nlimits: {exempt: [rollback, page_somebody]}",
    )
    assert mine.permission("page", "production", "verified") is Permission.ASK_TWO
    page, retrain, page_somebody = mine.remarks()
    assert "rules 'page', which is not an installed action" in page
    assert "Did you mean 'retrain'" in retrain
    assert "'page_somebody'" in page_somebody
    assert load_policy(POLICIES).remarks() == []


def ruled(**changes: object) -> Policy:
    rules = [{"actions": ["retrain"], "cause": "verified", "permission": "auto"}]
    return Policy.model_validate({"permissions": rules} | changes)


@pytest.mark.parametrize(
    ("autonomy", "permission"),
    [
        ("observe", Permission.DENY),
        ("recommend", Permission.RECOMMEND),
        ("ask", Permission.ASK),
        ("auto", Permission.AUTO),
    ],
)
def test_a_trigger_goes_as_far_as_its_autonomy(autonomy: str, permission: Permission) -> None:
    limited = ruled(autonomy={"incident": autonomy})
    assert limited.capped(Permission.AUTO, "incident") is permission
    assert limited.capped(Permission.AUTO, "review") is Permission.AUTO
    assert limited.capped(Permission.DENY, "incident") is Permission.DENY


def test_duties_are_separate_outside_of_simulations_unless_the_policy_says_otherwise() -> None:
    assert (ruled().separates_duties("production"), ruled().separates_duties("simulation")) == (True, False)
    assert ruled(separation_of_duties="always").separates_duties("simulation")
    assert not ruled(separation_of_duties="never").separates_duties("production")


def test_the_digest_of_a_policy_covers_all_that_it_says() -> None:
    said = {ruled(**changes).sha256 for changes in ({}, {"switched_off": True}, {"autonomy": {"review": "ask"}})}
    assert len(said) == 3
    assert ruled().sha256 == ruled().sha256


def test_a_ruling_names_its_rule() -> None:
    assert ruled().ruling("retrain", "production", "verified") == (1, Permission.AUTO)
    assert ruled().ruling("retrain", "production", "unverified") == (0, Permission.DENY)
