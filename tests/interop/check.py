#!/usr/bin/env python3
"""Do other engines read from the lake what c360 reads?

    check.py BINARY PROJECT [--catalog URI] [--only TABLE …] [--require]

Reads every table of a finished run with PyIceberg (through the catalog), DuckDB and Polars
(through the metadata file), and compares rows and checksums, column by column, with what
`c360 sql` says. Prints one line a table. Needs a warehouse on a local disk.

Exit codes: 0 all agree (or nothing could be checked, which is said), 1 something differs,
2 c360 itself failed. A reader whose package is absent is left out with a note;
with --require that is a failure.

    pip install pyarrow pyiceberg[sql-sqlite] polars duckdb==1.4.4 "duckdb-ext[iceberg,avro]"
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

sys.dont_write_bytecode = True  # leave no __pycache__ in the sources

PACKAGES = {
    "pyiceberg": ["pyiceberg", "sqlalchemy"],
    "duckdb": ["duckdb", "duckdb_ext"],
    "polars": ["polars", "pyiceberg"],
}


def main():
    arguments = parsed_arguments()
    if absent(["pyarrow"]):
        print("interop: skipped, the Python package pyarrow is not installed")
        return 1 if arguments.require else 0
    readers = {name: READERS[name] for name, needed in PACKAGES.items() if not absent(needed)}
    for name in PACKAGES.keys() - readers.keys():
        print(f"interop: {name} is left out, not installed: {', '.join(absent(PACKAGES[name]))}")
    if not readers or (arguments.require and len(readers) < len(PACKAGES)):
        print("interop: no reader is installed, nothing was checked" if not readers else "interop: a required reader is absent")
        return 1 if arguments.require else 0
    engine = Engine(arguments.binary, arguments.project)
    tables = [t for t in engine.tables() if not arguments.only or t["table"] in arguments.only]
    if not tables:
        print("interop: the project has no tables; run `c360 run` first")
        return 1
    differing = [t["table"] for t in tables if not agrees(t, engine, readers, arguments.catalog)]
    print(f"interop: {len(tables) - len(differing)} of {len(tables)} tables agree, read with {', '.join(readers)}")
    return 1 if differing else 0


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path, help="the c360 binary")
    parser.add_argument("project", type=Path, help="folder with the c360.yaml of a finished run")
    parser.add_argument("--catalog", help="SQLAlchemy URI of the catalog; default: catalog.db in the warehouse folder")
    parser.add_argument("--only", nargs="+", default=[], metavar="TABLE")
    parser.add_argument("--require", action="store_true", help="fail when a reader is not installed")
    return parser.parse_args()


def absent(modules):
    return [module for module in modules if importlib.util.find_spec(module) is None]


def agrees(table, engine, readers, catalog):
    """Compares one table, prints its line, and says whether all readers agree."""
    import canonical

    name, location = table["table"], local_path(table["metadata_location"])
    schema = canonical.schema_of(json.loads(location.read_text()))
    expected = canonical.checksums(engine.rows(name, schema), schema)
    problems = []
    if table["rows"] != expected[0]:
        problems.append(f"`c360 tables` says {table['rows']} rows, `c360 sql` {expected[0]}")
    for reader, read in readers.items():
        try:
            found = canonical.checksums(read(name, location, catalog), schema)
            problems += [f"{reader}: {difference}" for difference in differences(expected, found)]
        except Exception as error:  # whatever a reader cannot read is a finding, and the next table is still of interest
            problems.append(f"{reader}: {type(error).__name__}: {error}")
    verdict = "differs" if problems else "agrees "
    print(f"{verdict} {name:40} {expected[0]:>9} rows {len(schema):>3} columns  {expected[2]:016x}", flush=True)
    for problem in problems:
        print(f"        {problem}")
    return not problems


def differences(expected, found):
    rows, columns, whole = expected
    if found[0] != rows:
        yield f"{found[0]} rows, not {rows}"
        return
    names = [name for name in columns if columns[name] != found[1][name]]
    if names:
        yield f"other values in {', '.join(names)}"
    elif found[2] != whole:
        yield "the same values, but in other rows"


def local_path(location):
    url = urlparse(location)
    if url.scheme not in ("", "file"):
        sys.exit(f"interop: {url.scheme}:// locations are not read by this script; check a warehouse on a local disk")
    return Path(unquote(url.path)) if url.scheme else Path(location)


class EngineFailed(Exception):
    """c360 itself did not answer."""


class Engine:
    """The c360 binary, asked for tables and rows."""

    def __init__(self, binary, project):
        self.binary, self.project = binary.resolve(), project.resolve()

    def tables(self):
        return json.loads(self.output("tables", "--json"))

    def rows(self, table, schema):
        """All rows as Arrow. CSV cannot tell null from an empty text, so that is asked for apart."""
        import pyarrow as pa
        from pyarrow import compute, csv

        kept_as_text = {f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_nested(f.type)}
        asked = [quoted(f.name) for f in schema]
        asked += [f"{quoted(name)} IS NULL AS {quoted(null_flag(name))}" for name in sorted(kept_as_text)]
        text = self.output("sql", "-c", f"SELECT {', '.join(asked)} FROM {table}", "--format", "csv")
        read_as = {f.name: pa.string() if f.name in kept_as_text else csv_type(f.type) for f in schema}
        read_as |= {null_flag(name): pa.bool_() for name in kept_as_text}
        rows = csv.read_csv(
            pa.BufferReader(text),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=read_as, null_values=[""], strings_can_be_null=False),
        )
        columns = {}
        for field in schema:
            column = rows.column(field.name)
            if field.name in kept_as_text:
                is_null = rows.column(null_flag(field.name))
                column = compute.if_else(is_null, pa.scalar(None, pa.string()), column)
            columns[field.name] = parsed_nested(column, field) if pa.types.is_nested(field.type) else column
        return pa.table(columns)

    def output(self, *arguments):
        command = [str(self.binary), *arguments, "--project", str(self.project)]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise EngineFailed(f"cannot start {self.binary}: {error.strerror}; build it with `cargo build --release`") from error
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise EngineFailed(f"`c360 {' '.join(arguments[:3])}` failed with exit code {done.returncode}: {said}")
        return done.stdout


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def null_flag(name):
    return f"{name} is null"


def csv_type(kind):
    import pyarrow as pa

    return pa.string() if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind) else kind


def parsed_nested(column, field):
    """Lists, maps and structs stand in the CSV as JSON."""
    import canonical
    import decimal
    import pyarrow as pa

    values = [None if v is None else json.loads(v, parse_float=decimal.Decimal) for v in column.to_pylist()]
    return pa.chunked_array([[canonical.nested_text(v, field.type) for v in values]], pa.string())


def with_pyiceberg(name, location, catalog):
    from pyiceberg.catalog.sql import SqlCatalog

    warehouse = location.parents[3]  # <warehouse>/<namespace>/<table>/metadata/<file>
    lake = SqlCatalog("c360", uri=catalog or f"sqlite:///{warehouse / 'catalog.db'}", warehouse=str(warehouse))
    table = lake.load_table(name)
    if local_path(table.metadata_location) != location:
        raise ValueError(f"the catalog points to {Path(table.metadata_location).name}, c360 to {location.name}")
    return table.scan().to_arrow()


def with_duckdb(name, location, catalog):
    import duckdb
    import duckdb_ext

    session = duckdb_ext.init(duckdb.connect())
    session.execute("LOAD avro; LOAD iceberg; SET TimeZone = 'UTC'")
    source = f"iceberg_scan('{str(location).replace(chr(39), chr(39) * 2)}')"
    rows = session.sql(f"SELECT * FROM {source}").fetch_arrow_table()
    counted = session.sql(f"SELECT count(*) FROM {source}").fetchone()[0]  # may be answered from metadata alone
    if counted != rows.num_rows:
        raise ValueError(f"count(*) is {counted}, but {rows.num_rows} rows are read")
    return rows


def with_polars(name, location, catalog):
    os.environ["POLARS_ICEBERG_PLANNER"] = "pyiceberg"  # polars 2 would rather have a plugin, and warns
    import polars

    return polars.scan_iceberg(str(location)).collect().to_arrow()


READERS = {"pyiceberg": with_pyiceberg, "duckdb": with_duckdb, "polars": with_polars}

if __name__ == "__main__":
    try:
        sys.exit(main())
    except EngineFailed as failure:
        print(f"interop: {failure}")
        sys.exit(2)
