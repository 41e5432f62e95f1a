"""Identity after news: all records but some are resolved, then the rest arrives.

    increment.py BINARY PERSONS.parquet [--news N] [--rounds N] [--folder DIR]

PERSONS has the columns of the contract in persons/schemas; the matching is that of the bench `matching` on the
synthetic million, tight blocking. Times the identity job alone, files being in the lake already."""

import argparse
import shutil
import tempfile
from pathlib import Path

import duckdb
import measure

PROJECT = Path(__file__).parent / "persons"


def split(persons, news, folder):
    """Two files: the records that come first, and the news, drawn by hash."""
    drawn = f"SELECT unique_id FROM '{persons}' ORDER BY md5(CAST(unique_id AS VARCHAR)) LIMIT {news}"
    columns = "unique_id, source, first_name, surname, dob, email, phone, street, city, postcode"
    for name, among in [("persons_1", "NOT IN"), ("persons_2", "IN")]:
        rows = f"SELECT {columns} FROM '{persons}' WHERE unique_id {among} ({drawn}) ORDER BY unique_id"
        duckdb.sql(f"COPY ({rows}) TO '{folder / name}.parquet' (FORMAT parquet)")


def history(binary, files, folder):
    """The costs of the full run and of the run with news, from an empty lake."""
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(PROJECT, project)
    (project / "data").mkdir()
    costs = []
    for file in files:
        shutil.copy(file, project / "data")
        measure.run([binary, "--project", project, "--json", "run", "persons"])
        costs.append(measure.run([binary, "--project", project, "--json", "run", "identity"]))
    return costs


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("persons", type=Path)
    arguments.add_argument("--news", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        folder = Path(scratch)
        split(given.persons, given.news, folder)
        files = [folder / "persons_1.parquet", folder / "persons_2.parquet"]
        rounds = [history(given.binary.resolve(), files, folder) for _ in range(given.rounds)]
    lines = []
    for at, name in enumerate(["all but the news", f"{given.news:,} more"]):
        costs = [costs[at] for costs in rounds]
        seconds, cpu = (measure.median(costs, field) for field in ["seconds", "cpu_seconds"])
        peak = max(cost.peak_mb for cost in costs)
        lines.append([name, f"{seconds:.2f}", f"{cpu:.2f}", f"{peak:.0f}"])
    measure.table(["identity job", "s, median", "CPU s", "peak MB"], lines)


if __name__ == "__main__":
    main()
