"""What a memory limit costs: a retailer's first run, then the same within a share of the memory that it took.

    memory.py BINARY DATA [--share 0.25] [--folder DIR]

DATA is that of retail.py. Each run begins with an empty lake; afterwards every table of the one has to hold what the
other's holds, cell by cell, which is told by a hash over all rows."""

import argparse
import tempfile
from pathlib import Path

import duckdb
import measure
import retail

# What runs tell of themselves differs from run to run.
PASSING = {"epoch", "run_id", "occurred_at"}


def first(binary, data, project, *limit):
    retail.lay_out(data, project)
    return measure.run([binary, "--project", project, "--json", "--as-of", retail.AS_OF, *limit, "run"])


def content(lake):
    """Rows and their hash, table by table. First runs delete nothing, so that files hold what tables hold."""
    folders = {file.parents[1] for file in lake.glob("*/*/data/*.parquet")}
    return {str(table.relative_to(lake)): of(table) for table in folders if table.parent.name != "ops"}


def of(table):
    files = f"read_parquet('{table}/data/*.parquet')"
    columns = {name for name, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM {files}").fetchall()}
    columns = ", ".join(f'"{name}"' for name in sorted(columns - PASSING))
    return duckdb.sql(f"SELECT count(*), sum(hash({columns})::HUGEINT) FROM {files}").fetchone()


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("binary", type=Path)
    asked.add_argument("data", type=Path)
    asked.add_argument("--share", type=float, default=0.25)
    asked.add_argument("--folder", type=Path, help="where the lakes are made")
    given = asked.parse_args()
    binary = given.binary.resolve()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        free, bound = Path(scratch) / "free", Path(scratch) / "bound"
        unlimited = first(binary, given.data, free)
        limit = int(unlimited.peak_mb * given.share)
        limited = first(binary, given.data, bound, "--memory-limit", f"{limit}MiB")
        expected, found = content(free / "lake"), content(bound / "lake")
    apart = sorted(name for name in expected | found if expected.get(name) != found.get(name))
    lines = [
        [name, f"{cost.seconds:.1f}", f"{cost.cpu_seconds:.1f}", f"{cost.peak_mb:.0f}", f"{cost.seconds / unlimited.seconds:.2f}"]
        for name, cost in [("the usual limit", unlimited), (f"{limit} MiB", limited)]
    ]
    measure.table(["first run", "s", "CPU s", "peak MiB", "times"], lines)
    print(f"{len(expected)} tables, apart: {', '.join(apart) or 'none'}")
    if apart:
        raise SystemExit("the limit changed what was made")


if __name__ == "__main__":
    main()
