"""Words of a text as they are compared: lower case, without endings, with the field's synonyms made one."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_STOP_WORDS = """
    a about after again all also am an and any are as at be because been before being but by can could did do
    does doing don't down each else even ever every few for from get gets getting go goes going good got had has
    have having he her here him his how i if in into is isn't it it's its just know let like look looks made
    make makes many may me might more most much must my need needs new no nor not now of off ok on once one only
    or other our out over own please put really s same say says see seem seems she should show since so some
    something still such take tell than that the their them then there these they thing things think this those
    through time to too try until up us use used very want was way we well were what when where whether which
    while who whom why will with within without would yet you your
"""
_STOP = frozenset(_STOP_WORDS.split())
_ENDINGS = ("ations", "ation", "ments", "ment", "ingly", "edly", "ness", "ings", "ing", "ies", "ied", "ion", "ions")

_SYNONYMS = {
    "rollback": (
        "roll back",
        "rolled back",
        "rolling back",
        "revert",
        "reverting",
        "restore the previous",
        "go back to",
    ),
    "retrain": ("refit", "re-train", "train again", "train it again", "fresh model", "relearn"),
    "deploy": ("release", "rollout", "roll out", "go live", "goes live", "promote", "promotion", "ship"),
    "null": ("nan", "nans", "none values", "blank", "blanks", "missing values", "empty values", "empty cells"),
    "latency": ("slow", "slower", "slowness", "response time", "sluggish", "delay in predictions", "p99", "speed"),
    "performance": ("accuracy", "quality of the predictions", "auc", "score of the model", "worse predictions"),
    "drift": ("distribution change", "distribution shift", "covariate shift", "shifted"),
    "category": ("categories", "categorical values", "vocabulary", "levels"),
    "column": ("columns", "field", "fields", "feature", "features", "attribute"),
    "row": ("rows", "records", "record", "observations"),
    "champion": ("production model", "live model", "serving model"),
    "approve": ("approval", "approver", "approvers", "sign off", "signs off", "sign-off", "authorise", "authorize"),
    "duplicate": ("duplicates", "twice", "doubled", "double"),
    "quarantine": ("isolate", "set aside", "held back", "block the rows"),
    "fahrenheit": ("celsius", "kelvin"),
    "label": ("labels", "ground truth", "outcomes", "actuals", "target values"),
    "season": ("seasonal", "seasonality", "christmas", "winter", "summer", "holiday", "holidays", "december", "july"),
    "gate": ("comparison", "challenger test", "acceptance test"),
    "stale": ("outdated", "old data", "yesterday's", "not refreshed", "not updated"),
    "alarm": ("alarms", "alert", "alerts", "warning", "warnings", "notification", "notifications"),
    "capacity": ("replicas", "scale out", "scaling", "autoscaling", "more machines", "bigger machine"),
    "kill switch": ("emergency stop", "stop everything", "halt all", "turn everything off", "switch off everything"),
}


_TERM_OF = {phrase: term for term, phrases in _SYNONYMS.items() for phrase in phrases}
_PHRASES = re.compile(rf"\b({'|'.join(re.escape(phrase) for phrase in sorted(_TERM_OF, key=len, reverse=True))})\b")


@lru_cache(maxsize=1024)
def terms(text: str) -> tuple[str, ...]:
    """Return the terms of a text in order, stop words left out."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("_", " ").replace("\u2019", "'")
    plain = _PHRASES.sub(lambda match: f" {_TERM_OF[match[1]]} ", plain)
    words = (word for word in _WORD.findall(plain) if word not in _STOP and (len(word) > 1 or word.isdigit()))
    return tuple(stem(word) for word in words)


def grams(text: str, sizes: tuple[int, ...] = (3, 4, 5)) -> list[str]:
    """Return the character n-grams of each term, with its borders marked."""
    pieces = []
    for term in terms(text):
        marked = f" {term} "
        for size in sizes:
            pieces += [marked[start : start + size] for start in range(len(marked) - size + 1)]
    return pieces


@cache
def stem(word: str) -> str:
    """Return a word without its most frequent English endings. Rough, and the same for question and text."""
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            base = word[: -len(ending)]
            return base + "y" if ending in {"ies", "ied"} else _trim(base)
    for ending in ("ed", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return _trim(word[: -len(ending)])
    return word


def _trim(base: str) -> str:
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "sl":
        return base[:-1]
    return base.removesuffix("e") if len(base) > 4 else base
