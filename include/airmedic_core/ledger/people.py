"""Names of people: which of them are written differently and mean the same person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NAME_AND_ID = re.compile(r"(?P<name>.*) \(id (?P<id>[^()]*)\)")
"""Says how an answer names a person who is on no list of approvers: by the login's name and number."""

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Signs outside of Unicode's category Cf that are not drawn either (its property Default_Ignorable_Code_Point, and the
blank of Braille): with one of them, a second login looks like the first."""


def normal_name(name: str) -> str:
    """Return a name as it is compared: without case, width, invisible characters and doubled spaces.

    >>> [normal_name(name) == normal_name("anna") for name in (" \uff21nna\u200b ", "anna\ufe0f", "an\u3164na", "änna")]
    [True, True, True, False]
    """
    drawn = _UNSEEN.sub("", unicodedata.normalize("NFKC", name))
    visible = "".join(sign for sign in drawn if unicodedata.category(sign) != "Cf")
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
