#!/usr/bin/env python3
"""Every measure and window beside Polars: random rows that come, change and go while time moves.

    measures.py BINARY [--days N] [--seed N]

Runs a project of one source and two measures jobs a day at a time, and holds the tables of each day against what
Polars makes of the rows that there are, one group of rows at a time. At the end a second lake, filled by one run over
the last day's rows, has to hold the same, and a training set what Polars makes of the rows up to each label's own
time. Says so and passes where Polars is missing."""

import argparse
import datetime
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # leave no __pycache__ in the sources

try:
    import polars as pl
except ImportError:
    sys.exit(print("skipped: polars is not installed"))

START = datetime.datetime(2026, 1, 1)
WINDOWS = ["7d", "30d", "all"]
# name, measure, what it is of, condition, other keys
MEASURES = [
    ("rows", "count", None, None, {}),
    ("valued", "count", "amount", None, {}),
    ("items", "distinct", "item", None, {}),
    ("web_items", "distinct", "item", "channel = 'web'", {}),
    ("spend", "sum", "amount", None, {}),
    ("units", "sum", "quantity", "amount > 0", {}),
    ("weight", "sum", "weight", None, {}),
    ("amount_mean", "average", "amount", None, {}),
    ("units_mean", "average", "quantity", None, {}),
    ("weight_mean", "average", "weight", None, {}),
    ("least", "minimum", "amount", None, {}),
    ("most", "maximum", "weight", None, {}),
    ("first_item", "first", "item", None, {}),
    ("last_item", "last", "item", "quantity > 2", {}),
    ("usual_item", "most_frequent", "item", None, {}),
    ("top_items", "top", "item", None, {"n": 3}),
    ("median", "percentile", "weight", None, {"percent": 50}),
    ("high", "percentile", "amount", None, {"percent": 90}),
    ("warmth", "decayed_sum", "quantity", None, {"half_life_days": 10}),
]
CONDITIONS = {
    None: pl.lit(True),
    "channel = 'web'": pl.col("channel") == "web",
    "amount > 0": pl.col("amount") > 0,
    "quantity > 2": pl.col("quantity") > 2,
}
# what is computed in floating point may differ in its last digits
CLOSE = {"weight", "amount_mean", "units_mean", "weight_mean", "median", "high", "warmth"}


def job(name, per, measures):
    lines = [
        f"job: {name}", "kind: measures", f"table: customer.{name}", "from: raw.sales", "by: person", "at: ts",
        f"per: [{', '.join(per)}]", "where: NOT void", "measures:",
    ]
    for title, measure, of, only, keys in measures:
        parts = {"name": title, "measure": measure, "windows": WINDOWS, **keys}
        parts |= {"of": of} if of else {}
        parts |= {"where": only} if only else {}
        lines.append(f"  - {json.dumps(parts)}")
    return "\n".join(lines) + "\n"


FILES = {
    "c360.yaml": "name: measures\ndata: ./data\nwarehouse: {location: ./lake}\n",
    "schemas/sales.yaml": """contract: sales
key: [id]
columns:
  - {name: id, type: long, required: true}
  - {name: version, type: int, required: true}
  - {name: person, type: string}
  - {name: ts, type: timestamp}
  - {name: item, type: string}
  - {name: channel, type: string}
  - {name: quantity, type: int}
  - {name: amount, type: "decimal(12,2)"}
  - {name: weight, type: double}
  - {name: void, type: boolean, required: true}
""",
    "jobs/sales.yaml": """job: sales
kind: source
contract: sales
files: ["sales_*.csv"]
format: {type: csv}
mode: cdc
order_by: version
op: {column: op}
""",
    "jobs/by_person.yaml": job("by_person", [], MEASURES),
    # without what ages by itself, so that a new day costs the touched persons only
    "jobs/by_channel.yaml": job("by_channel", ["channel"], MEASURES[:-1]),
}
COLUMNS = ["id", "version", "person", "ts", "item", "channel", "quantity", "amount", "weight", "void"]


def sale(dice, number, version, today):
    """A row some days old or, now and then, of a day to come; any value may be missing."""
    def maybe(value):
        return None if dice.random() < 0.05 else value

    ts = today + datetime.timedelta(seconds=dice.randint(-50 * 86_400, 3 * 86_400))
    if dice.random() < 0.2:
        ts = datetime.datetime(ts.year, ts.month, ts.day)  # at the very edge of windows
    return {
        "id": number, "version": version, "person": maybe(f"P{dice.randint(1, 12)}"), "ts": maybe(ts),
        "item": maybe(f"item {dice.randint(1, 6)}"), "channel": maybe(dice.choice(["web", "store"])),
        "quantity": maybe(dice.randint(1, 5)), "amount": maybe(f"{dice.randint(-500, 5000) / 100:.2f}"),
        "weight": maybe(round(dice.uniform(0, 9), 3)), "void": dice.random() < 0.1,
    }


def write(project, version, changes):
    lines = [",".join(["op", *COLUMNS])]
    for op, row in changes:
        lines.append(",".join([op, *("" if row[c] is None else str(row[c]) for c in COLUMNS)]))
    (project / "data" / f"sales_{version:03}.csv").write_text("\n".join(lines) + "\n")


def frame(rows):
    """The rows with the columns' types."""
    kinds = {
        "id": pl.Int64, "version": pl.Int32, "person": pl.String, "ts": pl.Datetime("us"), "item": pl.String,
        "channel": pl.String, "quantity": pl.Int64, "amount": pl.String, "weight": pl.Float64, "void": pl.Boolean,
    }
    table = pl.DataFrame(list(rows), schema=kinds)
    return table.with_columns(pl.col("amount").cast(pl.Decimal(12, 2)))


def measured(rows, measure, of, keys, as_of):
    """One measure of the rows that count, by its definition."""
    values = rows.filter(pl.col(of).is_not_null()) if of else rows
    column = values[of] if of else None
    match measure:
        case "count":
            return values.height
        case "distinct":
            return column.n_unique()
        case "sum":
            return column.sum() if values.height else 0
        case "average":
            return column.cast(pl.Float64).mean()
        case "minimum":
            return column.min()
        case "maximum":
            return column.max()
        case "first":
            ordered = values.sort(["ts", of])
            return ordered[of][0] if values.height else None
        case "last":
            ordered = values.sort(["ts", of], descending=[True, False])
            return ordered[of][0] if values.height else None
        case "most_frequent" | "top":
            counts = values.group_by(of).len().sort(["len", of], descending=[True, False])
            top = counts[of].to_list()[: keys.get("n", 1)]
            return (top or None) if measure == "top" else (top[0] if top else None)
        case "percentile":
            return column.cast(pl.Float64).quantile(keys["percent"] / 100, "linear")
        case "decayed_sum":
            age = (pl.lit(as_of) - pl.col("ts")).dt.total_microseconds() / 86_400e6
            return values.select((pl.col(of) * 0.5 ** (age / keys["half_life_days"])).sum()).item()


def expected(rows, per, measures, as_of):
    """Group by group and window by window."""
    key = ["person", *per]
    rows = rows.filter(~pl.col("void") & (pl.col("ts") <= as_of)).drop_nulls(key)
    table = {}
    for group, own in rows.group_by(key):
        row = table[group] = {}
        for name, measure, of, only, keys in measures:
            for window in WINDOWS:
                inside, title = own.filter(CONDITIONS[only]), name
                if window != "all":
                    days = int(window[:-1])
                    inside = inside.filter(pl.col("ts") > as_of - datetime.timedelta(days=days))
                    title = f"{name}_{days}_days"
                row[title] = measured(inside, measure, of, keys, as_of)
    return table


def found(binary, project, table, key):
    statement = f"SELECT * FROM customer.{table}"
    read = subprocess.run(
        [binary, "--project", project, "--json", "sql", "-c", statement], stdout=subprocess.PIPE, text=True, check=True
    )
    rows = json.loads(read.stdout)
    return {tuple(row.pop(column) for column in key): row for row in rows}


def same(column, ours, theirs):
    if ours is None or theirs is None:
        return ours is theirs
    if isinstance(theirs, (list, str)):
        return ours == theirs
    base = column.split("_7_days")[0].split("_30_days")[0]
    ours, theirs = float(ours), float(theirs)
    return abs(ours - theirs) <= (1e-6 * max(1, abs(theirs)) if base in CLOSE else 0)


def hold(binary, project, rows, as_of, what):
    tables = [("by_person", [], MEASURES), ("by_channel", ["channel"], MEASURES[:-1])]
    compared = 0
    for table, per, measures in tables:
        ours = found(binary, project, table, ["person", *per])
        theirs = expected(frame(rows), per, measures, as_of)
        if ours.keys() != theirs.keys():
            sys.exit(f"{what}: {table} has other rows: {ours.keys() ^ theirs.keys()}")
        for group, row in theirs.items():
            for column, value in row.items():
                compared += 1
                if not same(column, ours[group][column], value):
                    sys.exit(f"{what}: {table} {group} {column}: {ours[group][column]}, Polars says {value}")
    return compared


LABELS = """
SELECT id AS label, person, ts AS label_at, weight > 4 AS heavy
FROM raw.sales
WHERE id % 4 = 0 AND ts IS NOT NULL AND person IS NOT NULL
"""


def hold_training_set(binary, project, rows, what):
    """Each label beside the measures of its own person at its own time."""
    (project / "labels.sql").write_text(LABELS)
    command = [binary, "--project", project, "--json", "training-set", project / "labels.sql", "--measures", "by_person"]
    read = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    ours = {row["label"]: row for row in json.loads(read.stdout)}
    labels = [row for row in rows if row["id"] % 4 == 0 and row["ts"] and row["person"]]
    if ours.keys() != {row["id"] for row in labels}:
        sys.exit(f"{what}: the training set has other labels: {ours.keys()}")
    table, compared = frame(rows), 0
    for label in labels:
        own = table.filter(pl.col("person") == label["person"])
        measured = expected(own, [], MEASURES, label["ts"])
        for column, value in measured.get((label["person"],), dict.fromkeys(["rows", "spend_7_days"])).items():
            compared += 1
            if not same(column, ours[label["id"]][column], value):
                found = ours[label["id"]][column]
                sys.exit(f"{what}: label {label['id']} {column}: {found}, Polars says {value}")
    return compared


def run(binary, project, as_of):
    command = [binary, "--project", project, "--as-of", as_of.isoformat() + "Z", "run"]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        sys.exit(f"the run of {as_of} failed: {finished.stderr}")


def make(folder):
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "data").mkdir()
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path, help="the c360 binary")
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    binary, dice = given.binary.resolve(), random.Random(given.seed)
    rows, compared = {}, 0
    with tempfile.TemporaryDirectory() as scratch:
        project = make(Path(scratch) / "daily")
        for version in range(given.days):
            today = START + datetime.timedelta(days=version * dice.choice([0, 1, 1, 1, 5]))
            changes = []
            for number in range(len(rows) + 1, len(rows) + (120 if version == 0 else dice.randint(0, 12)) + 1):
                changes.append(("I", sale(dice, number, version, today)))
            known = [number for number in rows if rows[number]]
            for number in dice.sample(known, min(len(known), dice.randint(0, 6))):
                changed = sale(dice, number, version, today)
                changes.append(("D" if dice.random() < 0.3 else "U", changed))
            for op, row in changes:
                rows[row["id"]] = None if op == "D" else row
            write(project, version, changes)
            run(binary, project, today)
            alive = [row for row in rows.values() if row]
            compared += hold(binary, project, alive, today, f"day {version}, {today}, seed {given.seed}")
        once = make(Path(scratch) / "once")
        write(once, 0, [("I", row) for row in alive])
        run(binary, once, today)
        compared += hold(binary, once, alive, today, f"one run, seed {given.seed}")
        labelled = hold_training_set(binary, once, alive, f"training set, seed {given.seed}")
    print(f"{labelled} cells of a training set equal those of Polars, each at its label's time")
    print(f"{compared} cells of measures equal those of Polars over {given.days} days and in one run")


if __name__ == "__main__":
    main()
