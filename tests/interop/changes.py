#!/usr/bin/env python3
"""A small lake that saw many changes: a hundred runs that each insert, update and delete a few rows.

    changes.py BINARY PROJECT [--runs N]

Fills PROJECT, a folder that does not exist yet; check.py reads what comes of it. Each run leaves small data files and
row-level deletes behind, and nothing is kept up in between."""

import argparse
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leave no __pycache__ in the sources

ROWS = 2_000
FILES = {
    "c360.yaml": "name: changes\ndata: ./data\nwarehouse: {location: ./lake}\n",
    "schemas/customers.yaml": """contract: customers
key: [id]
columns:
  - {name: id, type: long, required: true}
  - {name: version, type: int, required: true}
  - {name: name, type: string}
  - {name: spent, type: "decimal(12,2)"}
  - {name: seen, type: timestamp}
""",
    "jobs/customers.yaml": """job: customers
kind: source
contract: customers
files: ["customers_*.csv"]
format: {type: csv}
mode: cdc
order_by: version
op: {column: op}
""",
    "jobs/totals.yaml": """job: totals
kind: feature
table: customer.totals
sql: sql/totals.sql
by: name
key: [name]
""",
    "sql/totals.sql": """SELECT name, COUNT(*) AS customers, CAST(SUM(spent) AS DECIMAL(18, 2)) AS spent, MAX(seen) AS seen
FROM raw.customers GROUP BY name
""",
}


def line(op, number, version):
    """A row follows from its number and version; now and then a value is missing."""
    name = f"name {(number * 31 + version) % 97}" if (number + version) % 11 else ""
    seen = f"2026-01-{1 + version % 28:02} 08:{number % 60:02}:00" if number % 7 else ""
    return f"{op},{number},{version},{name},{number * 37 % 1000}.{version % 100:02},{seen}"


def changes(version):
    """Some rows change or come back, some are new, some go."""
    first = ROWS + version * 5
    yield from (line("I", number, version) for number in range(first, first + 5))
    yield from (line("U", version * 53 * at % ROWS, version) for at in range(1, 16))
    yield from (line("D", version * 71 * at % ROWS + 1, version) for at in range(1, 4))


def deliver(project, version, lines):
    text = "\n".join(["op,id,version,name,spent,seen", *lines]) + "\n"
    (project / "data" / f"customers_{version:03}.csv").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path, help="the c360 binary")
    parser.add_argument("project", type=Path, help="a folder to fill")
    parser.add_argument("--runs", type=int, default=100)
    given = parser.parse_args()
    for name, text in FILES.items():
        file = given.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (given.project / "data").mkdir()
    deliver(given.project, 0, (line("I", number, 0) for number in range(ROWS)))
    run = [given.binary.resolve(), "--project", given.project, "run"]
    for version in range(1, given.runs + 1):
        deliver(given.project, version, changes(version))
        finished = subprocess.run(run, capture_output=True, text=True)
        if finished.returncode:
            sys.exit(f"run {version} failed: {finished.stderr}")
    print(f"{given.runs} runs of changes in {given.project}")


if __name__ == "__main__":
    main()
