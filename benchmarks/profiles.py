"""Says how fast profile and drift verdict are, against plain parquet reads and Evidently's drift preset, in one run.

    python benchmarks/profiles.py [--rows 1000000] [--columns 50] [--stream-rows 10000000] [--evidently-rows 50000]

Every run is in a fresh process, after a small one of 2,000 rows, so that imports count neither as time nor as memory.
*First* is what a task of Airflow pays, which reads a batch once. *Again* repeats it in the same process: the memory of
the run before is at hand then, which a read of everything at once gains most from. The processes of the lines to
compare take turns, the median of each is shown, and files are in the system's cache.

Evidently compares two frames of ``--evidently-rows`` rows each; Airmedic does the same with the same frames in the line
above it. Give it the full number of rows to measure what is otherwise scaled up linearly, which the table says.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from airmedic_core.profile import Profile, Reference
    from airmedic_core.records import Finding
    from airmedic_core.spec import ModelSpec

ROW_GROUP = 1_048_576
"""States what pyarrow and pandas write where nobody asks for another."""
PART = 131_072
WARM_UP_ROWS = 2_000
Result: TypeAlias = dict[str, Any]
"""Seconds (clock and CPU) of the first run and the median of the others, and peak memory beyond the warm-up."""
CATEGORICAL_SHARE = 5
"""Every fifth column is categorical."""


@dataclass(frozen=True)
class Files:
    """Holds what a task reads."""

    path: Path
    reference: Path
    warm_up: Path


def write_parquet(path: Path, rows: int, columns: int, seed: int) -> None:
    """Write a file of mixed columns, a row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, ROW_GROUP):
        end = min(start + ROW_GROUP, rows)
        parts = [mixed_columns(generator, at, min(PART, end - at), columns) for at in range(start, end, PART)]
        table = pa.concat_tables(parts)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=ROW_GROUP)
    if writer:
        writer.close()


def mixed_columns(generator: np.random.Generator, start: int, size: int, columns: int) -> pa.Table:
    """Draw some rows: categories, counts, and smooth and heavy-tailed numbers with gaps."""
    import pyarrow as pa

    names = np.array([f"group {number}" for number in range(30)])
    data: dict[str, object] = {"time": (np.arange(start, start + size) * 1_000_000).astype("datetime64[us]")}
    for column in range(columns):
        if column % CATEGORICAL_SHARE == 0:
            data[f"c{column}"] = names[generator.geometric(0.15, size).clip(1, 30) - 1]
        elif column % CATEGORICAL_SHARE == 1:
            data[f"n{column}"] = generator.poisson(3, size).astype(float)
        else:
            values = generator.lognormal(0, 1, size) if column % 2 else generator.normal(0, 1, size)
            values[generator.random(size) < 0.01] = np.nan
            data[f"n{column}"] = values
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in data.items()})


def a_spec(path: Path) -> ModelSpec:
    """Return the spec of the generated files."""
    from airmedic_core.spec import parse_spec

    data = {"path": str(path), "time_column": "time"}
    checks = {"anomalies": False}  # looks at rows, not at profiles
    plain = {"name": "bench", "task": "regression", "target": "n1", "data": data, "window": {"every": "1h"}}
    return parse_spec(plain | {"checks": checks})


def measured(task: str, path: Path, reference: Path, warm_up: Path, repeats: int) -> Result:
    """Run one task here, first and again."""
    TASKS[task](warm_up, reference)()
    run = TASKS[task](path, reference)
    baseline = peak_memory_kb()
    first = _timed(run)
    peak = peak_memory_kb() - baseline
    again = [_timed(run) for _ in range(repeats)]
    return {
        "first": first[0],
        "cpu": first[1],
        "again": statistics.median(seconds for seconds, _ in again) if again else None,
        "cpu_again": statistics.median(cpu for _, cpu in again) if again else None,
        "peak_mb": peak / 1024,
    }


def _timed(run: Callable[[], object]) -> tuple[float, float]:
    started, used = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - started, time.process_time() - used


def peak_memory_kb() -> int:
    """Return the most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells on Linux begins with the peak of the process that started this one.
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def plain_read(path: Path, _reference: Path) -> Callable[[], object]:
    """Read the whole file into Arrow, and nothing else."""
    import pyarrow.parquet as pq

    return lambda: pq.read_table(path)


def pandas_read(path: Path, _reference: Path) -> Callable[[], object]:
    """Read the whole file into pandas, as a comparison of frames has to."""
    import pandas as pd

    return lambda: pd.read_parquet(path)


def profile(path: Path, reference: Path) -> Callable[[], object]:
    """Stream and profile the file, and judge every column against the reference."""
    from airmedic_core.profile import Reference, build_profile
    from airmedic_core.sources import iter_window

    spec = a_spec(path)
    known = Reference.load(reference)
    return lambda: verdict(spec, known, build_profile(known.edges, iter_window(spec, None)))


def frames(path: Path, _reference: Path) -> Callable[[], object]:
    """Profile both halves of the file, in memory as Evidently gets them, and judge every column of the second."""
    from airmedic_core.profile import build_profile, build_reference

    spec = a_spec(path)
    before, now = halves(path)

    def run() -> object:
        known = build_reference(spec, before)
        return verdict(spec, known, build_profile(known.edges, now))

    return run


def verdict(spec: ModelSpec, known: Reference, profile: Profile) -> list[Finding]:
    """Judge every column by its profile."""
    import pandas as pd

    from airmedic_core.checks import run_group
    from airmedic_core.comparison import CheckContext
    from airmedic_core.records import Batch

    assert known.window is not None  # noqa: S101  it was built with times
    batch = Batch(spec.name, known.window, known.window.end, profile.rows)
    findings = run_group(CheckContext(spec, batch, pd.DataFrame(), known, profile), "drift")
    assert len(findings) >= len(known.edges.numeric)  # noqa: S101  a failed check would be fast
    return findings


def evidently(path: Path, _reference: Path) -> Callable[[], object]:
    """Run Evidently's drift preset with its defaults on two halves of the file."""
    warnings.simplefilter("ignore")
    from evidently import Report
    from evidently.presets import DataDriftPreset

    reference, current = (half.drop(columns="time") for half in halves(path))
    return lambda: Report([DataDriftPreset()]).run(current, reference)


def halves(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the file into memory, as two frames."""
    import pandas as pd

    frame = pd.read_parquet(path)
    frame["time"] = frame["time"].dt.tz_localize("UTC")
    half = len(frame) // 2
    return frame.iloc[:half], frame.iloc[half:].reset_index(drop=True)


TASKS = {
    "plain read": plain_read,
    "pandas read": pandas_read,
    "profile and verdict": profile,
    "frames": frames,
    "evidently": evidently,
}


def in_turns(tasks: Sequence[str], files: Files, *, processes: int, repeats: int) -> dict[str, Result]:
    """Measure tasks in fresh processes that take turns; return the median of each."""
    results: dict[str, list[Result]] = {task: [] for task in tasks}
    for _ in range(processes):
        for task, runs in results.items():
            runs.append(in_own_process(task, files, repeats))
    return {task: {key: _median([run[key] for run in runs]) for key in runs[0]} for task, runs in results.items()}


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def in_own_process(task: str, files: Files, repeats: int) -> Result:
    """Measure one task in a fresh process, so that its memory is its own."""
    command = [sys.executable, __file__, "--task", task, "--repeats", str(repeats)]
    command += ["--path", str(files.path), "--reference", str(files.reference), "--warm-up", str(files.warm_up)]
    # As many threads as there are cores: for Arrow, one would be another way to say that a plain read is slow.
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603 - ours
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--stream-rows", type=int, default=10_000_000, help="0 leaves it out")
    parser.add_argument("--evidently-rows", type=int, default=50_000, help="0 leaves it out")
    parser.add_argument("--processes", type=_positive, default=7, help="fresh processes of each line that is compared")
    parser.add_argument("--repeats", type=int, default=3, help="further runs in each of them, at least 1")
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--path", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--warm-up", type=Path)
    options = parser.parse_args()
    if not options.task and options.repeats < 1:
        parser.error("--repeats: at least 1")
    if options.task:
        print(json.dumps(measured(options.task, options.path, options.reference, options.warm_up, options.repeats)))
        return
    print(f"{'seconds':<60}{'first':>8}{'CPU':>8}{'again':>8}{'CPU':>8}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        compare(options, Path(folder))


def compare(options: argparse.Namespace, folder: Path) -> None:
    """Measure and print line by line."""
    import pyarrow.parquet as pq

    from airmedic_core.profile import build_reference
    from airmedic_core.sources import read_window

    files = Files(*(folder / name for name in ("current.parquet", "reference.json.gz", "warm_up.parquet")))
    before = folder / "before.parquet"
    write_parquet(before, 50_000, options.columns, seed=0)
    write_parquet(files.warm_up, WARM_UP_ROWS, options.columns, seed=4)
    spec = a_spec(before)
    build_reference(spec, read_window(spec, None)).save(files.reference)
    write_parquet(files.path, options.rows, options.columns, seed=1)
    group = pq.ParquetFile(files.path).metadata.row_group(0)
    size = sum(group.column(at).total_uncompressed_size for at in range(group.num_columns)) / 1024**2

    tasks = ("plain read", "pandas read", "profile and verdict")
    results = in_turns(tasks, files, processes=options.processes, repeats=options.repeats)
    read, pandas, ours = (results[task] for task in tasks)
    show("plain parquet read into Arrow", options.rows, options.columns, read)
    show("plain parquet read into pandas", options.rows, options.columns, pandas)
    show("profile and verdict", options.rows, options.columns, ours)
    print(f"    {_times(ours, read)} the read into Arrow")
    print(f"    {_times(ours, pandas)} the read into pandas")
    print(f"    {ours['peak_mb'] / size:.2f} × the memory of a row group, {size:.0f} MB", flush=True)
    if options.evidently_rows:
        rows = options.evidently_rows
        write_parquet(before, 2 * rows, options.columns, seed=2)
        halves_of = replace(files, path=before)
        both = in_turns(["frames"], halves_of, processes=3, repeats=options.repeats)["frames"]
        show("the same, reference and window in memory", rows, options.columns, both)
        theirs = in_own_process("evidently", halves_of, 0)
        show("Evidently drift preset on these frames", rows, options.columns, theirs)
        scale = options.rows / rows
        scaled = f", scaled up {scale:.0f} times" if scale != 1 else ""
        print(f"    {theirs['first'] / both['first']:.0f} × the line above it")
        print(f"    {theirs['first'] * scale / ours['first']:.0f} × profile and verdict{scaled}", flush=True)
    if options.stream_rows:
        write_parquet(files.path, options.stream_rows, options.columns, seed=3)
        streamed = in_own_process("profile and verdict", files, 0)
        show("profile and verdict", options.stream_rows, options.columns, streamed)
        print(f"    {streamed['peak_mb'] / max(ours['peak_mb'], 1):.2f} × the memory of {options.rows:,} rows")


def show(name: str, rows: int, columns: int, result: Result) -> None:
    """Print one line."""
    cells = (result["first"], result["cpu"], result["again"], result["cpu_again"])
    seconds = "".join(f"{'' if cell is None else f'{cell:.2f}':>8}" for cell in cells)
    print(f"{name}, {rows:,} × {columns}".ljust(60) + f"{seconds}{result['peak_mb']:>9.0f}", flush=True)


def _times(own: Result, other: Result) -> str:
    first, again, cpu = (own[key] / other[key] for key in ("first", "again", "cpu_again"))
    return f"first {first:.2f} ×, again {again:.2f} × (CPU {cpu:.2f} ×)"


if __name__ == "__main__":
    main()
