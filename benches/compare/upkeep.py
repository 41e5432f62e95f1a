"""A hundred days of changes to one table: with upkeep, without it, and written afresh.

    upkeep.py BINARY [--rows N] [--changed N] [--days N] [--every DAYS] [--rounds N] [--folder DIR]

Each day brings new versions of some rows, drawn at random, and the run of each day is timed. Afterwards the three
lakes, which hold the same rows, answer the same query in turn; the answers must be equal."""

import argparse
import statistics
import tempfile
from pathlib import Path

import duckdb
import measure

SETTINGS = "name: upkeep\ndata: ./data\nwarehouse: {location: ./lake}\n"
CONTRACT = """contract: customers
key: [id]
columns:
  - {name: id, type: long, required: true}
  - {name: day, type: int, required: true}
  - {name: city, type: string}
  - {name: email, type: string}
  - {name: spent, type: double}
  - {name: orders, type: int}
"""
JOB = """job: customers
kind: source
contract: customers
files: ['day_*.parquet']
format: {type: parquet}
mode: upsert
order_by: day
"""
QUERY = """SELECT city, COUNT(*) AS n, COUNT(DISTINCT email) AS emails, MAX(day) AS day, SUM(orders) AS orders
FROM raw.customers GROUP BY city ORDER BY city"""


def version(day, ids):
    """Rows of a day: what a row holds follows from its id and the day."""
    return f"""SELECT id, CAST({day} AS INTEGER) AS day, 'city ' || (id % 97) AS city,
        md5(CAST(id * 1000 + {day} AS VARCHAR)) || '@mail.example' AS email,
        CAST(hash(id, {day}) % 100000 AS DOUBLE) / 100 AS spent, CAST(hash(id + {day}) % 50 AS INTEGER) AS orders
        FROM ({ids})"""


def drawn(day, rows, changed):
    """So many of the rows, others each day, in no order."""
    return f"SELECT range AS id FROM range({rows}) ORDER BY hash(range, {day}) LIMIT {changed}"


def project(folder):
    for path, text in [("c360.yaml", SETTINGS), ("schemas/customers.yaml", CONTRACT), ("jobs/customers.yaml", JOB)]:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "data").mkdir()
    return folder


def copy(rows, file):
    duckdb.sql(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--changed", type=int, default=10_000)
    arguments.add_argument("--days", type=int, default=100)
    arguments.add_argument("--every", type=int, default=7)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    binary = given.binary.resolve()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        names = ["with upkeep", "without", "written afresh"]
        lakes = {name: project(Path(scratch) / name.replace(" ", "_")) for name in names}
        days = {name: [] for name in names}
        everything = []
        for day in range(given.days + 1):
            ids = drawn(day, given.rows, given.changed) if day else f"SELECT range AS id FROM range({given.rows})"
            rows = version(day, ids)
            everything.append(rows)
            for name in names[:2]:
                copy(rows, lakes[name] / "data" / f"day_{day:03}.parquet")
                days[name].append(measure.run([binary, "--project", lakes[name], "run"]))
            if day % given.every == 0:
                measure.run([binary, "--project", lakes[names[0]], "maintain"])
        newest = " UNION ALL ".join(f"({rows})" for rows in everything)
        newest = f"SELECT * FROM ({newest}) QUALIFY row_number() OVER (PARTITION BY id ORDER BY day DESC) = 1 ORDER BY id"
        copy(newest, lakes[names[2]] / "data" / "day_000.parquet")
        days[names[2]].append(measure.run([binary, "--project", lakes[names[2]], "run"]))
        ask = {
            name: lambda lake=lake: measure.run([binary, "--project", lake, "sql", "-f", "csv", "-c", QUERY])
            for name, lake in lakes.items()
        }
        costs = measure.in_turn(ask, given.rounds)
    answers = {cost.output for some in costs.values() for cost in some}
    if len(answers) != 1:
        raise SystemExit("the lakes answer differently")
    lines = []
    for name in names:
        last = statistics.median(cost.seconds for cost in days[name][-10:])
        lines.append([name, f"{measure.median(costs[name], 'seconds'):.3f}", f"{last:.2f}"])
    measure.table(["lake", "query, s, median", "run of a day, s, median of the last ten"], lines)


if __name__ == "__main__":
    main()
