"""A batch's report as a page: its text, and the pictures of its metric and of the columns that moved most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from airmedic_core.records import ABNORMAL, Role
from airmedic_core.reports.batch.story import BatchStory
from airmedic_core.reports.html_page import figure, from_markdown, html_page, plots
from airmedic_core.reports.measured import level_words
from airmedic_core.reports.pictures import Canvas, distribution_picture, metric_picture, moves_picture

if TYPE_CHECKING:
    from airmedic_core.profile import Profile

_MOST_COLUMNS = 9
"""Columns whose distribution is drawn where they stand out."""
_USUAL = (
    "The usual range holds 95 % of the windows of a column: of many columns, some lie beyond theirs in any window. An "
    "alarm takes more than that."
)
"""Below the picture of moves: else a calm window with a column beyond its range looks like a missed alarm."""
_CALM_COLUMNS = 3
"""Columns whose distribution is drawn where none does: those that moved most."""


def batch_pictures(story: BatchStory) -> dict[str, Canvas]:
    """Return the pictures of a batch that stand in files of their own, by their names."""
    measured = story.summary.metric_name
    drawn = {
        "metric.svg": metric_picture(measured, story.windows, story.promotions) if measured else None,
        "moves.svg": moves_picture(story.moves),
    }
    return {name: picture for name, picture in drawn.items() if picture is not None}


def batch_page(
    story: BatchStory, markdown: str, pictures: Mapping[str, Canvas], profiles: tuple[Profile, Profile] | None
) -> str:
    """Return the page of a batch.

    Parameters
    ----------
    story : BatchStory
        The batch.
    markdown : str
        Its text.
    pictures : mapping
        The pictures that :func:`batch_pictures` returns.
    profiles : tuple of Profile, optional
        The reference's and the batch's, where both are at hand.
    """
    head, separator, rest = markdown.partition("\n## ")
    told = {"metric.svg": level_words(story.windows), "moves.svg": _USUAL}
    parts = [
        from_markdown(head),
        *(figure(picture, told.get(name, "")) for name, picture in pictures.items()),
        plots("Columns, then and now", _columns(story, profiles)),
        from_markdown(f"{separator}{rest}"),
    ]
    return html_page(f"{story.spec.title or story.spec.name}, {story.batch.window}", parts)


def _columns(story: BatchStory, profiles: tuple[Profile, Profile] | None) -> Iterator[Canvas | None]:
    from airmedic_core.profile.bars import compare

    if profiles is None:
        return
    then, now = profiles
    noted = dict.fromkeys(
        finding.subject
        for finding in sorted(story.findings, key=lambda finding: finding.urgency)
        if finding.verdict in ABNORMAL and finding.role in {Role.INPUT_MOVED, Role.DATA_FAULT}
    )
    shown = list(noted)[:_MOST_COLUMNS] or [move.column for move in story.moves[:_CALM_COLUMNS]]
    for name in shown:
        if name in then.columns:
            there = None if name in now.missing else now.columns.get(name)
            yield distribution_picture(name, *compare(then.columns[name], there))
