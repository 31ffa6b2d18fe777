"""Words and numbers as people read them. Names that come from data are made plain before they enter a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from airmedic_core.numbers import measure_name, number

__all__ = ["counted", "day", "listed", "measure_name", "number", "plain", "prose", "sentence", "subject_name"]

_MARKUP = re.compile(
    r"""
    (?P<extra> \bairmedic\[[a-z]+\](?!\() )  # what to install; before a round bracket it would be a link
    | [^\w\s.,:;=/%+()?!§°€£'’“”„&–—−×→≥≤±·…-]
    """,
    re.UNICODE | re.VERBOSE,
)
_CITATION = re.compile(r"(\[E\d{1,4}(?:, ?E\d{1,4})*\])")
_SPACE_BEFORE_STOP = re.compile(r" ([.,;:])")
_SPACES = re.compile(r"\s+")
NAME_LENGTH = 60


def plain(name: str, most: int = NAME_LENGTH) -> str:
    """Return a name from the data as short plain text: no markup, no control or invisible characters, one line.

    Parameters
    ----------
    name : str
        A column, category, segment or file name, or a line that somebody wrote.
    most : int
        Characters at the most; what is longer ends in an ellipsis.
    """
    # The ellipsis is ours and stays; all else takes its plainest form, so that no wide bracket passes for a letter.
    text = "…".join(unicodedata.normalize("NFKC", part) for part in name.split("…"))
    text = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    text = text.replace("://", ":")
    text = _SPACES.sub(" ", _MARKUP.sub(_without_markup, text)).strip()
    if not text:
        return "(unprintable name)"
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _without_markup(match: re.Match[str]) -> str:
    return match["extra"] or " "


def prose(text: str, most: int = 1_500) -> str:
    """Return sentences as plain text, in which only citations such as ``[E3]`` keep their brackets."""
    parts = _CITATION.split(text)
    kept = [part if _CITATION.fullmatch(part) else plain(part, most) if part.strip() else "" for part in parts]
    joined = " ".join(part for part in kept if part)
    return _SPACE_BEFORE_STOP.sub(r"\1", joined if len(joined) <= most else joined[: most - 1].rstrip() + "…")


def day(moment: datetime) -> str:
    """Return a moment as a date, with the time where it is not midnight."""
    return f"{moment:%Y-%m-%d}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%Y-%m-%d %H:%M}"


def listed(words: Sequence[str], most: int = 4) -> str:
    """Return words as a list in a sentence: ``a, b and c``; what is too many is counted."""
    shown = list(words[:most])
    if len(words) > most:
        shown.append(f"{len(words) - most} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return ``1 window``, ``3 windows``.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        The word for one of them.
    plural : str
        The word for several; the noun with an s where empty.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter and ends with a full stop."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0]
    # A name such as monthly_fee stays as it is written; a word begins with a capital letter.
    opened = text if "_" in first or not first.isalpha() else text[0].upper() + text[1:]
    return opened + ("" if opened[-1] in ".!?…" else ".")


def subject_name(subject: str) -> str:
    """Return the name of what was measured: a column or segment, or the whole batch."""
    return "the batch" if subject == "batch" else plain(subject)
