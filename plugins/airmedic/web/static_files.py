"""The files of the page: the package's own, with the types that browsers ask for. They hold no data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.staticfiles import StaticFiles

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from os import PathLike, stat_result
    from typing import Any

    from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
}
"""The machine's own table may call JavaScript plain text, and browsers then refuse the module."""


class PageFiles(StaticFiles):
    """Serves the folder. A browser keeps a file, and asks each time whether it is still the same (ETag)."""

    def __init__(self, folder: Path = FOLDER) -> None:
        super().__init__(directory=folder, check_dir=False)

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: MutableMapping[str, Any],
        status_code: int = 200,
    ) -> Response:
        """Return a file, or 304 where the browser has it.

        Parameters
        ----------
        full_path : path
            The file.
        stat_result : stat_result
            Its facts.
        scope : dict
            The request.
        status_code : int
            The status of a file that is sent.
        """
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if kind := _TYPES.get(Path(full_path).suffix):
            response.headers["Content-Type"] = kind
        return response
