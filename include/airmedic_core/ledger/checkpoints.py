"""Checkpoints: heads of the audit chain, signed with a key that is not in the database.

Somebody who can write to the database can recompute the whole chain over a changed past. The signed heads that were
written elsewhere before (beside the ledger, and with every incident report) then no longer stand in it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import AuditError, SpecError
from airmedic_core.records import Json
from airmedic_core.settings import AUDIT_KEY
from airmedic_core.windows import as_utc

if TYPE_CHECKING:
    from airmedic_core.ledger.ledger import Ledger
    from airmedic_core.settings import Settings

AUDIT_KEY_FILE = "AIRMEDIC_AUDIT_KEY_FILE"
"""Environment variable that names the file of the key."""

CHECKPOINTS = "AIRMEDIC_CHECKPOINTS"
"""Environment variable that names the file that checkpoints are appended to."""

REGULARLY = timedelta(hours=1)
"""Sets how often the reports of batches append a checkpoint to the file. A thousand models would add one every few
seconds, and each line is looked up when the file is verified.
"""

_LONGEST_LINE = 4096
"""Bytes at the end of the file that hold its last line. One has about 250."""

_SHORTEST_SECRET = 16
"""Characters of a shared secret: 64 bits where each is a hexadecimal digit."""


@dataclass(frozen=True)
class Key:
    """A shared secret (HMAC-SHA256), or one half of an Ed25519 pair in PEM form."""

    text: str

    @property
    def algorithm(self) -> str:
        """``hmac-sha256`` or ``ed25519``."""
        return "ed25519" if self.text.startswith("-----BEGIN") else "hmac-sha256"

    def sign(self, message: bytes) -> str:
        """Return the signature in hexadecimal digits.

        Raises
        ------
        SpecError
            If the key is a public one, or none at all. A retry does not help.
        """
        if self.algorithm == "hmac-sha256":
            return hmac.new(self.text.encode(), message, hashlib.sha256).hexdigest()
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            signature: bytes = load_pem_private_key(self.text.encode(), password=None).sign(message)  # type: ignore[union-attr, call-arg]
        except (ValueError, TypeError, AttributeError) as error:
            raise SpecError("The audit key cannot sign.", "Give an Ed25519 private key, or a secret text.") from error
        return signature.hex()

    def verifies(self, message: bytes, signature: str) -> bool:
        """Return whether a signature was made with this key, or with the private half of it."""
        if self.algorithm == "hmac-sha256":
            return hmac.compare_digest(self.sign(message), signature)
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

        text = self.text.encode()
        try:
            public: Any = (
                load_pem_private_key(text, password=None).public_key()
                if "PRIVATE" in self.text.partition("\n")[0]
                else load_pem_public_key(text)
            )
            public.verify(bytes.fromhex(signature), message)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def audit_key(env: Mapping[str, str] | None = None) -> Key | None:
    """Return the key that the environment holds or names; nothing where there is none.

    Raises
    ------
    SpecError
        If the file cannot be read, or the secret is too short. A retry does not help.
    """
    env = os.environ if env is None else env
    text = env.get(AUDIT_KEY, "")
    if not text and (name := env.get(AUDIT_KEY_FILE)):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError(f"The audit key {name!r} cannot be read.", f"Correct {AUDIT_KEY_FILE}.") from error
    text = text.strip()
    if not text:
        return None
    if len(text) < _SHORTEST_SECRET:
        raise SpecError(
            f"The audit key has {len(text)} characters, and needs {_SHORTEST_SECRET}.",
            "Make one: python -c 'import secrets; print(secrets.token_hex(32))'.",
        )
    return Key(text)


def checkpoint_file(settings: Settings, env: Mapping[str, str] | None = None) -> Path:
    """Return the file that checkpoints are appended to."""
    named = (os.environ if env is None else env).get(CHECKPOINTS)
    return Path(named) if named else settings.home / "checkpoints.jsonl"


def sign_head(key: Key, sequence: int, head: str) -> Json:
    """Return a record of the chain as a signed checkpoint.

    Parameters
    ----------
    key : Key
        The key to sign with.
    sequence : int
        The record's number.
    head : str
        Its hash.
    """
    at = datetime.now(UTC).isoformat()
    signature = key.sign(_message(sequence, head, at))
    return {"sequence": sequence, "hash": head, "at": at, "algorithm": key.algorithm, "signature": signature}


def keep_checkpoint(
    ledger: Ledger, settings: Settings, env: Mapping[str, str] | None = None, *, least_pause: timedelta = timedelta()
) -> Json | None:
    """Sign the head of the chain and append it to the file of checkpoints; nothing where there is no key.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    settings : Settings
        Where local state is kept.
    env : mapping, optional
        The environment that names key and file; the process's own where not given.
    least_pause : timedelta
        How old the newest checkpoint of the file has to be before another one is appended.
    """
    key = audit_key(env)
    if key is None:
        return None
    head = ledger.audit_head()
    checkpoint = sign_head(key, head.sequence, head.hash)
    path = checkpoint_file(settings, env)
    # A full disk must not keep a report from being written: the checkpoint goes with the report, too.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if datetime.now(UTC) - _newest(path) >= least_pause:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(checkpoint) + "\n")
    return checkpoint


def _newest(path: Path) -> datetime:
    """Return when the last checkpoint of a file was signed, or the earliest moment where there is none to read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LONGEST_LINE))
            return as_utc(json.loads(file.read().splitlines()[-1])["at"])
    except (OSError, ValueError, LookupError, TypeError):
        return datetime.min.replace(tzinfo=UTC)


def read_checkpoints(paths: Iterable[Path]) -> list[Json]:
    """Return the checkpoints of some files: one JSON object in each line.

    Raises
    ------
    AuditError
        If a file is missing, holds none, or holds something else: checkpoints are not to disappear unnoticed.
    """
    checkpoints: list[Json] = []
    for path in paths:
        try:
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, ValueError, RecursionError) as error:
            raise AuditError(f"The checkpoints {str(path)!r} cannot be read: {error}.", "Name their file.") from error
        if not lines:
            raise AuditError(f"The file {str(path)!r} holds no checkpoint.", "Name another one.")
        checkpoints += lines
    return checkpoints


def checkpoint_problems(ledger: Ledger, checkpoints: Iterable[Json], key: Key) -> list[str]:
    """Return which checkpoints are not signed with the key, or no longer stand in the chain.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    checkpoints : iterable of Json
        The checkpoints, from whatever place.
    key : Key
        The key that they are to be signed with.
    """
    problems = []
    for checkpoint in checkpoints:
        try:
            sequence, head, at = int(checkpoint["sequence"]), str(checkpoint["hash"]), str(checkpoint["at"])
            signed = key.verifies(_message(sequence, head, at), str(checkpoint["signature"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            problems.append("A checkpoint is not of the form that Airmedic writes.")
            continue
        if not signed:
            problems.append(f"The checkpoint of record {sequence} was not signed with this key.")
        elif sequence and not ledger.holds_audit_hash(head, sequence=sequence):
            problems.append(
                f"Record {sequence} of the audit chain is not the one that was signed at {at}: the past was rewritten, "
                "or cut off."
            )
    return problems


def _message(sequence: int, head: str, at: str) -> bytes:
    return json.dumps([sequence, head, at], separators=(",", ":")).encode()
