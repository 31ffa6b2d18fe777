"""Describes what each kind of source offers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    import pyarrow as pa


class Source(Protocol):
    """Reads the rows of a window, wherever they are kept. A spec names it in ``data.source``."""

    def origin(self, spec: ModelSpec) -> str:
        """Return what it reads by the name that all models share which read the same; empty where there is none."""
        return spec.data.path

    @abstractmethod
    def read(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Return the rows of a window in memory, sorted by time.

        Parameters
        ----------
        spec : ModelSpec
            The model.
        window : Window or None
            The window; all rows where it is None.
        columns : sequence of str or None
            Columns to read beside the time column; all where it is None.
        """

    @abstractmethod
    def stream(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a window in bounded memory, in the order of the source.

        Parameters
        ----------
        spec : ModelSpec
            The model.
        window : Window or None
            The window; all rows where it is None.
        columns : sequence of str or None
            Columns to read beside the time column; all where it is None.
        """

    @abstractmethod
    def place(
        self, spec: ModelSpec, window: Window | None
    ) -> AbstractContextManager[ibis.Table | Iterator[pa.RecordBatch]]:
        """Give the rows of a window where they are, for a profile."""

    @abstractmethod
    def count(self, spec: ModelSpec, window: Window | None) -> int:
        """Return how many rows a window has."""

    @abstractmethod
    def sample(
        self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None, fraction: float
    ) -> pd.DataFrame:
        """Return about a fraction of the rows of a window, spread evenly, the same ones each time.

        Parameters
        ----------
        spec : ModelSpec
            The model.
        window : Window or None
            The window; all rows where it is None.
        columns : sequence of str or None
            Columns to read beside the time column; all where it is None.
        fraction : float
            Share of the rows, from 0 to 1.
        """
