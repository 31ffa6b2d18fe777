"""How fast profile and drift verdict are, against a plain parquet read and Evidently's drift preset, in one run.

    python benchmarks/profiles.py [--rows 1000000] [--columns 50] [--stream-rows 10000000] [--evidently-rows 50000]

Evidently is run on ``--evidently-rows`` rows and its time is scaled up linearly, which the table says; give it the full
number of rows to measure instead. Peak memory is measured in a process of its own for each line.
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

import numpy as np

ROW_GROUP = 131_072
CATEGORICAL_SHARE = 5
"""Every fifth column is categorical."""


def write_parquet(path: Path, rows: int, columns: int, seed: int) -> None:
    """Write a file of mixed columns, a row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(seed)
    names = np.array([f"group {number}" for number in range(30)])
    writer = None
    for start in range(0, rows, ROW_GROUP):
        size = min(ROW_GROUP, rows - start)
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
        table = pa.table({name: pa.array(values, from_pandas=True) for name, values in data.items()})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def a_spec(path: Path) -> object:
    """Return the spec of the generated files."""
    from airmedic_core.spec import parse_spec

    data = {"path": str(path), "time_column": "time"}
    checks = {"anomalies": False}  # looks at rows, not at profiles
    plain = {"name": "bench", "task": "regression", "target": "n1", "data": data, "window": {"every": "1h"}}
    return parse_spec(plain | {"checks": checks})


def measured(task: str, path: Path, reference: Path, repeats: int) -> dict[str, float]:
    """Run one task here; return its median seconds (clock and CPU) and its peak memory in MB beyond the imports."""
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
    import pandas as pd
    import pyarrow.compute  # noqa: F401  imported here, so that its import is not measured
    from scipy import special  # noqa: F401  see above

    from airmedic_core.checks import CheckContext, run_group
    from airmedic_core.profile import Reference, build_profile
    from airmedic_core.records import Batch
    from airmedic_core.sources import iter_window

    spec = a_spec(path)
    known = Reference.load(reference)

    def run() -> object:
        found = build_profile(known.edges, iter_window(spec, None))
        assert known.window is not None  # noqa: S101  it was built with times
        batch = Batch(spec.name, known.window, known.window.end, found.rows)
        findings = run_group(CheckContext(spec, batch, pd.DataFrame(), known, found), "drift")
        assert len(findings) >= len(known.edges.numeric)  # noqa: S101  a failed check would be fast
        return findings

    return run


def evidently(path: Path, _reference: Path) -> Callable[[], object]:
    """Run Evidently's drift preset with its defaults on two halves of the file."""
    warnings.simplefilter("ignore")
    import pandas as pd
    from evidently import Report
    from evidently.presets import DataDriftPreset

    frame = pd.read_parquet(path).drop(columns="time")
    half = len(frame) // 2
    reference, current = frame.iloc[:half], frame.iloc[half:]
    return lambda: Report([DataDriftPreset()]).run(current, reference)


TASKS = {"plain read": plain_read, "profile and verdict": profile, "evidently": evidently}


def in_own_process(task: str, path: Path, reference: Path, repeats: int) -> dict[str, float]:
    """Measure one task in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--task", task, "--path", str(path), "--reference", str(reference)]
    done = subprocess.run([*command, "--repeats", str(repeats)], capture_output=True, text=True, check=True)  # noqa: S603 - ours
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
    options = parser.parse_args()
    if options.task:
        print(json.dumps(measured(options.task, options.path, options.reference, options.repeats)))
        return
    from airmedic_core.profile import build_reference
    from airmedic_core.sources import read_window

    with tempfile.TemporaryDirectory() as folder:
        before, current, reference = (Path(folder) / name for name in ("r.parquet", "c.parquet", "reference.json.gz"))
        write_parquet(before, 50_000, options.columns, seed=0)
        spec = a_spec(before)
        build_reference(spec, read_window(spec, None)).save(reference)
        write_parquet(current, options.rows, options.columns, seed=1)
        read = in_own_process("plain read", current, reference, options.repeats)
        ours = in_own_process("profile and verdict", current, reference, options.repeats)
        lines = [
            (f"plain parquet read, {options.rows:,} × {options.columns}", read, ""),
            (f"profile and verdict, {options.rows:,} × {options.columns}", ours, _times(ours, read, "read")),
        ]
        if options.evidently_rows:
            write_parquet(before, 2 * options.evidently_rows, options.columns, seed=2)
            theirs = in_own_process("evidently", before, reference, 1)
            scale = options.rows / options.evidently_rows
            whole = {key: value * scale for key, value in theirs.items()}
            note = _times(whole, ours, "profile") + (f", scaled up {scale:.0f} times" if scale != 1 else "")
            lines.append((f"Evidently drift preset, {options.evidently_rows:,} × {options.columns}", theirs, note))
        if options.stream_rows:
            write_parquet(current, options.stream_rows, options.columns, seed=3)
            streamed = in_own_process("profile and verdict", current, reference, 1)
            note = f"{streamed['peak_mb'] / max(ours['peak_mb'], 1):.2f} × the memory of {options.rows:,} rows"
            lines.append((f"profile and verdict, {options.stream_rows:,} × {options.columns}", streamed, note))
    print(f"{'':<46}{'seconds':>9}{'CPU':>9}{'peak MB':>9}  ratio")
    for name, result, note in lines:
        numbers = f"{result['seconds']:>9.2f}{result['cpu_seconds']:>9.2f}{result['peak_mb']:>9.0f}"
        print(f"{name:<46}{numbers}  {note}")


def _times(one: dict[str, float], other: dict[str, float], name: str) -> str:
    clock, cpu = (one[key] / other[key] for key in ("seconds", "cpu_seconds"))
    digits = 0 if clock > 20 else 2
    return f"{clock:,.{digits}f} × {name} (CPU {cpu:,.{digits}f} ×)"


if __name__ == "__main__":
    main()
