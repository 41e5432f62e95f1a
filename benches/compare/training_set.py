"""A training set of a million labels by fifty measures, and a sample of it worked out naively.

    training_set.py BINARY DATA [--sample N] [--folder DIR]

DATA is that of retail.py. c360 fills its lake up to the rows that have persons; then the set is made as of each label's
own instant, in one process that is timed. Of a sample of the labels DuckDB works out every measure by looking at the
person's rows for each label anew; each cell is compared."""

import argparse
import shutil
import tempfile
from pathlib import Path

import measure
import retail

PARTS = Path(__file__).parent / "training_set"
JOBS = ["order_measures", "event_measures"]
# Table, column of time, and of each measure its name, what is made of rows, which rows count, and how many days back.
MEASURES = {
    "orders": ("ts", [
        ("lines", "count(*)", "TRUE", (7, 30, 90, 365, None)),
        ("invoices", "count(DISTINCT invoice_no)", "TRUE", (30, 90, 365, None)),
        ("products", "count(DISTINCT stock_code)", "TRUE", (30, 90, 365, None)),
        ("net", "coalesce(sum(amount), 0)", "TRUE", (30, 90, 365, None)),
        ("returned", "coalesce(sum(amount), 0)", "amount < 0", (90, 365, None)),
        ("dearest", "max(unit_price)", "TRUE", (365, None)),
        ("first_order_at", "min(ts)", "amount > 0", (None,)),
        ("last_order_at", "max(ts)", "amount > 0", (None,)),
        ("last_channel", "first(channel ORDER BY ts DESC, channel)", "channel IS NOT NULL", (None,)),
    ]),
    "events": ("event_ts", [
        ("events", "count(*)", "TRUE", (7, 30, 90, 365, None)),
        ("views", "count(*)", "event_type = 'page_view'", (7, 30, 90, 365, None)),
        ("carts", "count(*)", "event_type = 'add_to_cart'", (7, 30, 90, 365, None)),
        ("purchases", "count(*)", "event_type = 'purchase'", (30, 90, 365, None)),
        ("products_seen", "count(DISTINCT stock_code)", "TRUE", (30, 90, 365, None)),
        ("first_event_at", "min(event_ts)", "TRUE", (None,)),
        ("last_event_at", "max(event_ts)", "TRUE", (None,)),
    ]),
}  # fmt: skip


def naive(table):
    """A query with a row a label: each measure is a query of its own over the rows known at the label's time."""
    at, measures = MEASURES[table]
    known = f"FROM {table} WHERE {table}.person_id = label.person_id AND {table}.{at} <= label.label_at"
    columns = []
    for name, made, counts, windows in measures:
        for days in windows:
            within = f" AND {table}.{at} > label.label_at - INTERVAL {days} DAY" if days else ""
            column = f"{name}_{days}_days" if days else name
            value = f"(SELECT {made} {known} AND ({counts}){within})"
            columns.append(f"CASE WHEN EXISTS (SELECT 1 {known}) THEN {value} END AS {column}")
    return f"SELECT label.person_id, label.label_at, {', '.join(columns)} FROM label"


def compare(binary, project, made, sample, scratch):
    """Cells compared, and how many of them differ."""
    import duckdb

    connection = duckdb.connect()
    chosen = f"SELECT * FROM read_parquet('{made}') ORDER BY md5('sample' || person_id) LIMIT {sample}"
    connection.execute(f"CREATE TABLE made AS {chosen}")
    connection.execute("CREATE TABLE label AS SELECT person_id, label_at FROM made")
    for table in MEASURES:
        rows = scratch / f"{table}.parquet"
        export(binary, project, f"SELECT * FROM customer.{table}", rows)
        of_sample = f"SELECT * FROM read_parquet('{rows}') WHERE person_id IN (SELECT person_id FROM label)"
        connection.execute(f"CREATE TABLE {table} AS {of_sample}")
    cells = apart = 0
    for table in MEASURES:
        connection.execute(f"CREATE OR REPLACE TABLE naive AS {naive(table)}")
        columns = [row[0] for row in connection.execute("DESCRIBE naive").fetchall()][2:]
        for column in columns:
            differs = f"naive.{column} IS DISTINCT FROM made.{column}"
            found, different, missing = connection.execute(
                f"SELECT count(*), count(*) FILTER ({differs}), count(*) FILTER (made.person_id IS NULL)"
                " FROM naive LEFT JOIN made USING (person_id, label_at)"
            ).fetchone()
            cells, apart = cells + found, apart + different + missing
    filled = connection.execute("SELECT count(lines) + count(events) FROM made").fetchone()[0]
    return cells, apart, filled


def export(binary, project, statement, out):
    measure.run([binary, "--project", project, "sql", "-c", statement, "-o", out])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--sample", type=int, default=1000)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    binary = given.binary.resolve()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        scratch = Path(name)
        project = scratch / "project"
        retail.lay_out(given.data, project)
        for job in JOBS:
            shutil.copy(PARTS / f"{job}.yaml", project / "jobs")
        measure.run([binary, "--project", project, "--as-of", retail.AS_OF, "run", "+profiles", "+orders", "+events"])
        made = scratch / "set.parquet"
        command = [binary, "--project", project, "training-set", PARTS / "labels.sql", "--output", made]
        cost = measure.run([*command, "--measures", *JOBS])
        cells, apart, filled = compare(binary, project, made, given.sample, scratch)
    header = ["s", "CPU s", "peak MB", "cells of the sample", "labels with orders and with events", "cells apart"]
    figures = [f"{cost.seconds:.1f}", f"{cost.cpu_seconds:.1f}", f"{cost.peak_mb:.0f}", cells, filled, apart]
    measure.table(header, [figures])
    if apart:
        raise SystemExit(f"{apart} cells differ")


if __name__ == "__main__":
    main()
