from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airmedic_core.errors import AuditError, SpecError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.checkpoints import (
    AUDIT_KEY_FILE,
    Key,
    audit_key,
    checkpoint_file,
    checkpoint_problems,
    keep_checkpoint,
    read_checkpoints,
    sign_head,
)
from airmedic_core.settings import AUDIT_KEY, Settings

SECRET = "0123456789abcdef"  # noqa: S105


def pair() -> tuple[str, str]:
    private = Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    secret = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return secret.decode().strip(), public.decode().strip()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"AIRMEDIC_HOME": str(tmp_path)})


def test_each_checkpoint_is_kept_outside_of_the_database(ledger: Ledger, settings: Settings) -> None:
    assert keep_checkpoint(ledger, settings, {}) is None
    env = {AUDIT_KEY: SECRET}
    for number in range(3):
        ledger.set_override("churn", "setting", "x", {"value": number}, author="ada", reason="r")
        keep_checkpoint(ledger, settings, env)
    checkpoints = read_checkpoints([checkpoint_file(settings, env)])
    assert [checkpoint["sequence"] for checkpoint in checkpoints] == [1, 2, 3]
    assert checkpoint_problems(ledger, checkpoints, Key(SECRET)) == []


def test_a_checkpoint_of_another_key_or_another_chain_is_found(ledger: Ledger, tmp_path: Path) -> None:
    ledger.set_override("churn", "setting", "x", {}, author="ada", reason="r")
    head = ledger.audit_head()
    forged = sign_head(Key("somebody else's key"), head.sequence, head.hash)
    lost = sign_head(Key(SECRET), head.sequence, "0" * 64)
    moved = sign_head(Key(SECRET), 2, head.hash)
    mangled = {"sequence": float("inf"), "hash": 1, "at": "", "signature": ""}
    problems = checkpoint_problems(ledger, [forged, lost, moved, mangled], Key(SECRET))
    assert [problem.split(" ")[1] for problem in problems] == ["checkpoint", "1", "2", "checkpoint"]


def test_whoever_has_the_public_key_can_check_and_not_sign() -> None:
    private, public = map(Key, pair())
    message = b"said"
    signature = private.sign(message)
    assert private.verifies(message, signature)
    assert public.verifies(message, signature)
    assert not public.verifies(b"something else", signature)
    assert not Key(pair()[1]).verifies(message, signature)
    assert not public.verifies(message, "not hexadecimal")
    with pytest.raises(SpecError, match="cannot sign"):
        public.sign(message)


def test_a_key_is_read_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    assert audit_key({}) is None
    assert audit_key({AUDIT_KEY_FILE: str(path)}) == audit_key({AUDIT_KEY: SECRET}) == Key(SECRET)
    with pytest.raises(SpecError, match="needs 16"):
        audit_key({AUDIT_KEY: "short"})
    with pytest.raises(SpecError, match="cannot be read"):
        audit_key({AUDIT_KEY_FILE: str(tmp_path / "missing")})


def test_checkpoints_that_are_gone_are_no_checkpoints_that_hold(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    with pytest.raises(AuditError, match="cannot be read"):
        read_checkpoints([path])
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(AuditError, match="holds no checkpoint"):
        read_checkpoints([path])
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(AuditError, match="cannot be read"):
        read_checkpoints([path])
    path.write_text(json.dumps({"sequence": 1}), encoding="utf-8")
    assert read_checkpoints([path]) == [{"sequence": 1}]


def test_a_checkpoint_is_kept_again_only_after_a_pause(ledger: Ledger, tmp_path: Path) -> None:
    settings = Settings.from_env({"AIRMEDIC_HOME": str(tmp_path)})
    path, env = tmp_path / "checkpoints.jsonl", {AUDIT_KEY: SECRET}
    hour = timedelta(hours=1)
    for kept in (1, 1):
        assert keep_checkpoint(ledger, settings, env, least_pause=hour) is not None
        assert len(read_checkpoints([path])) == kept
    assert keep_checkpoint(ledger, settings, env) is not None
    *_, newest = lines = read_checkpoints([path])
    assert len(lines) == 2
    old = newest | {"at": (datetime.now(UTC) - hour).isoformat()}
    path.write_text(json.dumps(old) + "\n", encoding="utf-8")
    keep_checkpoint(ledger, settings, env, least_pause=hour)
    assert len(read_checkpoints([path])) == 2
    path.write_text("not a checkpoint", encoding="utf-8")
    keep_checkpoint(ledger, settings, env, least_pause=hour)
    assert path.read_text(encoding="utf-8").count('"signature"') == 1
