"""Features of a retailer's persons, beside DuckDB: what they bought, how they browse, and how they rank.

    features.py BINARY DATA [--days FOLDER…] [--rounds N] [--folder DIR]

DATA and the folders of days are those of retail.py. c360 fills its lake up to the rows that have persons, which is not
counted; then its three feature jobs run, from rows in the lake to committed tables.
DuckDB reads the files themselves and joins them with the same persons, as numbers; it writes one Parquet file. Both
results are held against each other cell by cell. After a day's files the same jobs run again: what they cost then is
told as a share of the first time."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import measure
import retail

JOBS = ["order_features", "event_features", "order_scores"]
PEER = Path(__file__).parent / "features_duckdb"
STATEMENTS = ["order_features.sql", "event_features.sql", "pack.sql"]
THREADS = 2
# Whom each key of the files names: an account, a card, an address of a guest, or a browser that has one person.
PERSONS = """
SELECT key, person_id FROM identity.persons WHERE source IN ('ecom_accounts', 'loyalty_members', 'guests')
UNION ALL
SELECT DISTINCT anonymous_id, person_id FROM customer.events WHERE user_id IS NULL AND person_id IS NOT NULL
"""
PACK = """
SELECT COALESCE(person_id, event_person) AS person_id, * EXCLUDE (person_id, event_person, score_person)
FROM customer.order_features
FULL JOIN (SELECT person_id AS event_person, * EXCLUDE (person_id) FROM customer.event_features) AS events
  ON events.event_person = order_features.person_id
LEFT JOIN (SELECT person_id AS score_person, * EXCLUDE (person_id) FROM customer.order_scores) AS scores
  ON scores.score_person = order_features.person_id
"""


def c360(binary, project, *arguments):
    command = [binary, "--project", project, "--threads", THREADS, "--as-of", retail.AS_OF]
    return measure.run([*command, *arguments])


def pack(binary, project):
    """The feature jobs, in one run."""
    return c360(binary, project, "run", *JOBS)


def export(binary, project, statement, out):
    measure.run([binary, "--project", project, "sql", "-c", statement, "-o", out])


def peer(data, persons, out):
    """DuckDB's side, run as a process of its own."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    connection.execute("SET preserve_insertion_order = false")
    files = {"lines": data / "order_lines.parquet", "events": data / "web_events.parquet"}
    files |= {"products": data / "products.parquet", "out": out}
    for name, path in files.items():
        connection.execute(f"SET VARIABLE {name} = '{path}'")
    connection.execute(f"SET VARIABLE as_of = TIMESTAMP '{retail.AS_OF}'")
    connection.execute(f"CREATE VIEW persons AS SELECT key, person FROM read_parquet('{persons}')")
    for statement in STATEMENTS:
        connection.execute((PEER / statement).read_text())


def numbered(exported, persons):
    """Persons as numbers in the order of their ids, which is what ties are settled by."""
    import duckdb

    duckdb.execute(
        f"COPY (SELECT key, dense_rank() OVER (ORDER BY person_id) AS person, person_id FROM read_parquet('{exported}'))"
        f" TO '{persons}' (FORMAT parquet)"
    )


def differences(ours, theirs, persons):
    """Rows that only one side has, and rows in all; columns are matched by name."""
    import duckdb

    ids = f"(SELECT DISTINCT person, person_id FROM read_parquet('{persons}'))"
    duckdb.execute(
        f"CREATE OR REPLACE VIEW theirs AS SELECT person_id, peer.* EXCLUDE (person)"
        f" FROM read_parquet('{theirs}') AS peer JOIN {ids} USING (person)"
    )
    columns = [row[0] for row in duckdb.execute("DESCRIBE theirs").fetchall()]
    listed = ", ".join(columns)
    duckdb.execute(f"CREATE OR REPLACE VIEW ours AS SELECT {listed} FROM read_parquet('{ours}')")
    rows = duckdb.execute("SELECT count(*) FROM ours").fetchone()[0]
    apart = 0
    for one, other in (("ours", "theirs"), ("theirs", "ours")):
        statement = f"SELECT count(*) FROM (SELECT {listed} FROM {one} EXCEPT ALL SELECT {listed} FROM {other})"
        apart += duckdb.execute(statement).fetchone()[0]
    return rows, len(columns), apart


def main():
    arguments = retail.arguments(__doc__)
    arguments.add_argument("--peer", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.peer:
        return peer(given.data, *given.peer)
    binary = given.binary.resolve()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        compare(binary, given, Path(scratch))


def compare(binary, given, scratch):
    project, kept = scratch / "project", scratch / "kept"
    retail.lay_out(given.data, project)
    c360(binary, project, "run", "+orders", "+events", "products")
    shutil.copytree(project / "lake", kept)
    exported, persons = scratch / "exported.parquet", scratch / "persons.parquet"
    export(binary, project, PERSONS, exported)
    numbered(exported, persons)
    ours, theirs = scratch / "ours.parquet", scratch / "theirs.parquet"

    def here():
        retail.put_back(kept, project)
        return pack(binary, project)

    def there():
        return measure.run([sys.executable, __file__, binary, given.data, "--peer", persons, theirs])

    costs = measure.in_turn({"c360": here, "DuckDB": there}, given.rounds)
    export(binary, project, PACK, ours)
    rows, columns, apart = differences(ours, theirs, persons)
    result = f"{rows} rows of {columns} columns, {apart} apart"
    measure.report(costs, {"c360": result, "DuckDB": result})
    if given.days:
        shutil.rmtree(kept)
        shutil.copytree(project / "lake", kept)
        print()
        days(binary, given, project, kept, measure.median(costs["c360"], "cpu_seconds"))
    if apart:
        raise SystemExit(f"{apart} rows differ")


def days(binary, given, project, kept, full):
    lines = []
    for files in given.days:
        costs = []
        for _ in range(given.rounds):
            retail.put_back(kept, project)
            retail.add_day(files, project)
            c360(binary, project, "run", "+orders", "+events")
            costs.append(pack(binary, project))
        cpu = measure.median(costs, "cpu_seconds")
        read = measure.median(costs, "read_mb")
        seconds = measure.median(costs, "seconds")
        lines.append([files.name, f"{seconds:.2f}", f"{cpu:.2f}", f"{cpu / full:.1%}", f"{read:.0f}"])
    measure.table(["day", "s, median", "CPU s", "of the CPU of all", "MB read"], lines)


if __name__ == "__main__":
    main()
