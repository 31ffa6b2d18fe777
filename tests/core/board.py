"""A notifier for tests: it writes messages and tickets to files, as an installed package offers it."""

from tests.core.packages import Install

TRACKER = """
from pathlib import Path
from airmedic_core.errors import NoticeError
from airmedic_core.notifiers import Notifier, NotifierOptions, Ticket


class Options(NotifierOptions):
    path: str
    remembers: bool = True


class Board(Notifier[Options]):
    options = Options
    opens_tickets = True

    def send(self, notice, options):
        with Path(options.path).open("a") as told:
            told.write(notice.text.replace(chr(10), " | ") + f" | {notice.key}" + chr(10))

    def has_sent(self, notice, options):
        if not options.remembers:
            return None
        told = Path(options.path)
        return told.exists() and notice.key in told.read_text()

    def open_ticket(self, notice, options):
        if Path(options.path).name == "broken":
            raise NoticeError("The board is full.")
        tickets = Path(options.path + ".tickets")
        known = tickets.read_text().split() if tickets.exists() else []
        if notice.incident_id not in known:
            known.append(notice.incident_id)
            tickets.write_text(chr(10).join(known))
        number = known.index(notice.incident_id) + 1
        return Ticket(f"BOARD-{number}", f"https://board.example/{number}")
"""


def install_board(install: Install) -> None:
    """Install the notifier ``board``, whose option ``path`` is the file of its messages."""
    install("airmedic-board", TRACKER, {"airmedic.notifiers": {"board": "airmedic_board:Board"}})
