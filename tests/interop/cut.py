#!/usr/bin/env python3
"""Cuts a retailer's source files into a base and monthly increments.

    cut.py SOURCES OUT

writes OUT/base/<file> with everything up to 2011-08-31 under the files' own names, and
OUT/2011-09 … OUT/2011-12 with what each later month brought, as <name>_<month>.<ending>; so the
folders can be poured into one another and the same globs find all of it. A row belongs to the
month in which it *arrived*: events by received_ts, changes by updated_at, contacts by when they
signed up, everything else by its own time. Files without a time go to the base whole. Rows keep
their order and their text, Parquet files their schema. Prints one line a file written.

Needs pyarrow for the Parquet files.
"""

import csv
import sys
from pathlib import Path

LAST_BASE_MONTH = "2011-08"
ARRIVED_AT = {
    "crm_contacts.csv": "created_at",
    "crm_contacts_cdc.csv": "updated_at",
    "ecom_accounts.csv": "created_at",
    "loyalty_members.csv": "enrolled_at",
    "newsletter_subscribers.csv": "subscribed_at",
    "prospect_list.csv": None,
    "consent_events.csv": "ts",
    "erasure_requests.csv": "ts",
    "order_lines.parquet": "ts",
    "web_events.parquet": "received_ts",
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sources, out = Path(sys.argv[1]), Path(sys.argv[2])
    absent = [name for name in ARRIVED_AT if not (sources / name).is_file()]
    if absent:
        sys.exit(f"cut: {sources} lacks {', '.join(absent)}")
    for name, column in ARRIVED_AT.items():
        cut = cut_csv if name.endswith(".csv") else cut_parquet
        for target, rows in cut(sources / name, column, out):
            print(f"{rows:>8} {target}")


def cut_csv(source, column, out):
    """Yields (file, rows) for each part written. Times are ISO texts, so the month is a prefix."""
    with source.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    parts = {}
    for row in rows:
        parts.setdefault(part_of(row[header.index(column)] if column else ""), []).append(row)
    for part, kept in sorted(parts.items()):
        target = target_of(out, source, part)
        with target.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *kept])
        yield target, len(kept)


def cut_parquet(source, column, out):
    """Yields (file, rows) for each part written."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    table = parquet.read_table(source)
    months = compute.strftime(table.column(column), format="%Y-%m").to_pylist()
    places = {}
    for place, month in enumerate(months):
        places.setdefault(part_of(month), []).append(place)
    for part, kept in sorted(places.items()):
        target = target_of(out, source, part)
        parquet.write_table(table.take(pa.array(kept)), target, compression="zstd")
        yield target, len(kept)


def part_of(time):
    month = time[:7]
    return "base" if month <= LAST_BASE_MONTH else month


def target_of(out, source, part):
    folder = out / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder / (source.name if part == "base" else f"{source.stem}_{part}{source.suffix}")


if __name__ == "__main__":
    main()
