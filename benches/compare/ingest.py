"""Typed tables from a big CSV of order lines: c360 beside DuckDB and Polars.

    ingest.py BINARY ORDER_LINES.csv [--rounds N]

c360 holds the rows to a contract, quarantines bad ones with reason, text and position, and commits both Iceberg
tables. The peers write one Parquet file: DuckDB with its reject table, DuckDB and Polars with a flag on bad rows."""

import argparse
import sys
import tempfile
from pathlib import Path

import measure

COLUMNS = {
    "line_no": "long",
    "invoice_no": "string",
    "stock_code": "string",
    "description": "string",
    "quantity": "int",
    "unit_price": "decimal(10,2)",
    "amount": "decimal(12,2)",
    "ts": "timestamp",
    "channel": "string",
    "account_id": "string",
    "card_no": "string",
    "guest_email": "string",
    "country": "string",
}
TIMESTAMP = "%Y-%m-%d %H:%M:%S"
THREADS = 2


def project(folder, csv, key):
    """A c360 project of one source; with `key`, a line that comes twice counts once."""
    columns = []
    for name, kind in COLUMNS.items():
        formats = f', formats: ["{TIMESTAMP}"]' if kind == "timestamp" else ""
        columns.append(f'  - {{name: {name}, type: "{kind}"{formats}}}')
    files = {
        "c360.yaml": f"name: ingest\ndata: {csv.parent}\nwarehouse: {{location: ./lake}}\n",
        "schemas/order_lines.yaml": "\n".join(["contract: order_lines", *key, "columns:", *columns, ""]),
        "jobs/order_lines.yaml": "job: order_lines\nkind: source\ncontract: order_lines\n"
        f"files: [{csv.name}]\nformat: {{type: csv}}\nmode: append\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    return folder


def c360(binary, csv, scratch, key=()):
    """A run over a new lake."""

    def contestant():
        folder = Path(tempfile.mkdtemp(dir=scratch))
        contestant.project = project(folder, csv, key)
        return measure.run([binary, "--project", folder, "--threads", THREADS, "run"])

    def result():
        out = contestant.project / "rows.parquet"
        sql = [binary, "--project", contestant.project, "sql"]
        measure.run([*sql, "-c", f"SELECT {', '.join(COLUMNS)} FROM raw.order_lines", "-o", out])
        rejects = measure.run([*sql, "-f", "csv", "-c", "SELECT count(*) FROM raw.order_lines__rejects"])
        return measure.checksum(out, COLUMNS) + f", {rejects.output.split()[-1]} rejects"

    contestant.result = result
    return contestant


def peer(function, csv, scratch):
    """One of the functions below, in a process of its own."""
    out = scratch / f"{function}.parquet"

    def contestant():
        command = [sys.executable, __file__, "--peer", function, csv, out]
        contestant.rejects = None
        cost = measure.run(command, POLARS_MAX_THREADS=THREADS)
        contestant.rejects = cost.output.strip()
        return cost

    def result():
        where = "true" if function == "duckdb_rejects" else "NOT bad"
        return measure.checksum(out, COLUMNS, where) + f", {contestant.rejects} rejects"

    contestant.result = result
    return contestant


SQL_TYPES = {"long": "BIGINT", "string": "VARCHAR", "int": "INTEGER", "timestamp": "TIMESTAMP"}


def duckdb_connection():
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    connection.execute("SET preserve_insertion_order = false")
    return connection


def duckdb_rejects(csv, out):
    connection = duckdb_connection()
    types = {name: SQL_TYPES.get(kind, kind) for name, kind in COLUMNS.items()}
    connection.execute(
        f"COPY (FROM read_csv('{csv}', header = true, columns = {types}, store_rejects = true, nullstr = '', "
        f"timestampformat = '{TIMESTAMP}')) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()[0]


def duckdb_flags(csv, out):
    connection = duckdb_connection()
    typed, bad = [], []
    for name, kind in COLUMNS.items():
        if kind == "string":
            typed.append(name)
        else:
            cast = f"try_cast({name} AS {SQL_TYPES.get(kind, kind)})"
            typed.append(f"{cast} AS {name}")
            bad.append(f"({name} IS NOT NULL AND {cast} IS NULL)")
    connection.execute(
        f"COPY (SELECT {', '.join(typed)}, {' OR '.join(bad)} AS bad "
        f"FROM read_csv('{csv}', header = true, all_varchar = true)) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return connection.execute(f"SELECT count(*) FROM '{out}' WHERE bad").fetchone()[0]


def polars(csv, out):
    import polars as pl

    types = {"long": pl.Int64, "int": pl.Int32, "decimal(10,2)": pl.Decimal(10, 2), "decimal(12,2)": pl.Decimal(12, 2)}
    typed, bad = [], []
    for name, kind in COLUMNS.items():
        if kind == "string":
            continue
        if kind == "timestamp":
            cast = pl.col(name).str.to_datetime(TIMESTAMP, strict=False)
        else:
            cast = pl.col(name).cast(types[kind], strict=False)
        typed.append(cast)
        bad.append(pl.col(name).is_not_null() & cast.is_null())
    rows = pl.scan_csv(csv, infer_schema=False).with_columns(*typed, bad=pl.any_horizontal(bad))
    rows.sink_parquet(out, compression="zstd", maintain_order=False)
    return pl.scan_parquet(out).filter(pl.col("bad")).select(pl.len()).collect().item()


PEERS = {function.__name__: function for function in (duckdb_rejects, duckdb_flags, polars)}


def main():
    if sys.argv[1:2] == ["--peer"]:
        print(PEERS[sys.argv[2]](*sys.argv[3:]))
        return
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("csv", type=Path)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    csv = given.csv.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        contestants = {
            "c360": c360(given.binary.resolve(), csv, scratch),
            "c360, lines unique by key": c360(given.binary.resolve(), csv, scratch, ["key: [line_no]"]),
            "DuckDB, reject table": peer("duckdb_rejects", csv, Path(scratch)),
            "DuckDB, flags": peer("duckdb_flags", csv, Path(scratch)),
            "Polars, flags": peer("polars", csv, Path(scratch)),
        }
        costs = measure.in_turn(contestants, given.rounds)
        measure.report(costs, {name: contestant.result() for name, contestant in contestants.items()})


if __name__ == "__main__":
    main()
