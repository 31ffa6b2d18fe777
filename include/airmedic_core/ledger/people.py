"""Names of people: which of them are written differently and mean the same person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NAME_AND_ID = re.compile(r"(?P<name>.*) \(id (?P<id>[^()]*)\)")
"""How an answer names a person who is on no list of approvers: by the login's name and number."""


def normal_name(name: str) -> str:
    """Return a name as it is compared: without case, width, invisible characters and doubled spaces.

    >>> normal_name(" \uff21nna\u200b ") == normal_name("anna")
    True
    """
    visible = "".join(sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", visible.casefold()).split())


def same_person(name: str, names: Iterable[str]) -> bool:
    """Return whether a name, or the number beside it, is one of the others'.

    It errs on the side of one person: two people who share a name count as one, and a third has to be asked.

    >>> same_person("anna (id 7)", ["Anna"]), same_person("anna", ["hanna"])
    (True, False)
    """
    mine = _known_as(name)
    return any(mine & _known_as(known) for known in names)


def known_names(name: str) -> tuple[str, ...]:
    """Return the names that an answer gives somebody: the name, and the number beside it.

    >>> known_names("anna (id 7)"), known_names("anna")
    (('anna', '7'), ('anna',))
    """
    both = _NAME_AND_ID.fullmatch(name)
    return (both["name"], both["id"]) if both else (name,)


def _known_as(name: str) -> frozenset[str]:
    plain = normal_name(name)
    both = _NAME_AND_ID.fullmatch(plain)
    return frozenset(part for part in (both.groups() if both else (plain,)) if part)
