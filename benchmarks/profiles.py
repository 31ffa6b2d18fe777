"""How fast profile and drift verdict are, against a plain parquet read and Evidently's drift preset, in one run.

    python benchmarks/profiles.py [--rows 1000000] [--columns 50] [--stream-rows 10000000] [--evidently-rows 50000]

Evidently compares two frames of ``--evidently-rows`` rows each; Airmedic does the same with the same frames in the line
above it. Give it the full number of rows to measure what is otherwise scaled up linearly, which the table says. Each
line is measured in a process of its own, after a small first run: imports count neither as time nor as memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from airmedic_core.profile import Profile, Reference
    from airmedic_core.records import Finding
    from airmedic_core.spec import ModelSpec

ROW_GROUP = 1_048_576
"""What pyarrow and pandas write where nobody asks for another."""
PART = 131_072
WARM_UP_ROWS = 2_000
CATEGORICAL_SHARE = 5
"""Every fifth column is categorical."""


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


def measured(task: str, path: Path, reference: Path, warm_up: Path, repeats: int) -> dict[str, float]:
    """Run one task here; return its median seconds (clock and CPU) and its peak memory in MB beyond the warm-up."""
    TASKS[task](warm_up, reference)()
    run = TASKS[task](path, reference)
    baseline = peak_memory_kb()
    seconds, cpu_seconds = [], []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        run()
        seconds.append(time.perf_counter() - started)
        cpu_seconds.append(time.process_time() - used)
    peak = peak_memory_kb()
    return {
        "seconds": statistics.median(seconds),
        "cpu_seconds": statistics.median(cpu_seconds),
        "peak_mb": (peak - baseline) / 1024,
    }


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


def verdict(spec: ModelSpec, known: Reference, found: Profile) -> list[Finding]:
    """Judge every column by its profile."""
    import pandas as pd

    from airmedic_core.checks import CheckContext, run_group
    from airmedic_core.records import Batch

    assert known.window is not None  # noqa: S101  it was built with times
    batch = Batch(spec.name, known.window, known.window.end, found.rows)
    findings = run_group(CheckContext(spec, batch, pd.DataFrame(), known, found), "drift")
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


TASKS = {"plain read": plain_read, "profile and verdict": profile, "frames": frames, "evidently": evidently}


def in_own_process(task: str, path: Path, reference: Path, warm_up: Path, repeats: int) -> dict[str, float]:
    """Measure one task in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--task", task, "--path", str(path), "--reference", str(reference)]
    command += ["--warm-up", str(warm_up), "--repeats", str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--stream-rows", type=int, default=10_000_000, help="0 leaves it out")
    parser.add_argument("--evidently-rows", type=int, default=50_000, help="0 leaves it out")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--path", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--warm-up", type=Path)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(measured(options.task, options.path, options.reference, options.warm_up, options.repeats)))
        return
    print(f"{'':<60}{'seconds':>9}{'CPU':>9}{'peak MB':>9}  ratio")
    with tempfile.TemporaryDirectory() as folder:
        compare(options, Path(folder))


def compare(options: argparse.Namespace, folder: Path) -> None:
    """Measure and print line by line."""
    import pyarrow.parquet as pq

    from airmedic_core.profile import build_reference
    from airmedic_core.sources import read_window

    before, current, warm_up = (folder / name for name in ("before.parquet", "current.parquet", "warm_up.parquet"))
    reference = folder / "reference.json.gz"
    write_parquet(before, 50_000, options.columns, seed=0)
    write_parquet(warm_up, WARM_UP_ROWS, options.columns, seed=4)
    spec = a_spec(before)
    build_reference(spec, read_window(spec, None)).save(reference)
    write_parquet(current, options.rows, options.columns, seed=1)
    group = pq.ParquetFile(current).metadata.row_group(0)
    size = sum(group.column(at).total_uncompressed_size for at in range(group.num_columns)) / 1024**2

    def measure(task: str, path: Path, repeats: int = 1) -> dict[str, float]:
        return in_own_process(task, path, reference, warm_up, repeats)

    read = measure("plain read", current, options.repeats)
    show("plain parquet read", options.rows, options.columns, read)
    ours = measure("profile and verdict", current, options.repeats)
    note = f"{_times(ours, read, 'read')}; a row group is {size:.0f} MB"
    show("profile and verdict", options.rows, options.columns, ours, note)
    if options.evidently_rows:
        rows = options.evidently_rows
        write_parquet(before, 2 * rows, options.columns, seed=2)
        both = measure("frames", before, options.repeats)
        show("the same, reference and window in memory", rows, options.columns, both)
        theirs = measure("evidently", before)
        scale = options.rows / rows
        whole = {key: value * scale for key, value in theirs.items()}
        note = f"{_times(theirs, both, 'the line above')}, {_times(whole, ours, 'profile and verdict')}"
        note += f" if scaled up {scale:.0f} times" if scale != 1 else ""
        show("Evidently drift preset on these frames", rows, options.columns, theirs, note)
    if options.stream_rows:
        write_parquet(current, options.stream_rows, options.columns, seed=3)
        streamed = measure("profile and verdict", current)
        note = f"{streamed['peak_mb'] / max(ours['peak_mb'], 1):.2f} × the memory of {options.rows:,} rows"
        show("profile and verdict", options.stream_rows, options.columns, streamed, note)


def show(name: str, rows: int, columns: int, result: dict[str, float], note: str = "") -> None:
    """Print one line."""
    numbers = f"{result['seconds']:>9.2f}{result['cpu_seconds']:>9.2f}{result['peak_mb']:>9.0f}"
    print(f"{name}, {rows:,} × {columns}".ljust(60) + f"{numbers}  {note}", flush=True)


def _times(one: dict[str, float], other: dict[str, float], name: str) -> str:
    clock, cpu = (one[key] / other[key] for key in ("seconds", "cpu_seconds"))
    digits = 0 if clock > 20 else 2
    return f"{clock:,.{digits}f} × {name} (CPU {cpu:,.{digits}f} ×)"


if __name__ == "__main__":
    main()
