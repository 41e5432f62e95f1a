#!/usr/bin/env python3
"""Do random queries answer in c360 as they do in DuckDB?

    queries.py BINARY PROJECT [--queries N] [--seed N]

Draws filters, joins, limits and groups over the tables of a finished run, with values that are in them. Each query counts
rows, values and distinct values, so that its answer is three numbers; both engines get the same text, DuckDB over copies
of the tables that it reads through their metadata files. Prints the queries whose answers differ, and the seed.

Exit codes: 0 all agree (or nothing could be checked, which is said), 1 something differs, 2 c360 itself failed.

    pip install duckdb==1.4.4 "duckdb-ext[iceberg,avro]"
"""

import argparse
import datetime
import decimal
import json
import random
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leave no __pycache__ in the sources

from check import Engine, EngineFailed, absent, local_path, quoted

# One statement holds so many: starting c360 takes longer than most of them.
QUERIES_A_STATEMENT = 20
JOINS = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]
# Names of tables in a query; no column has one of them, which DataFusion would take for a structure.
LEFT, RIGHT = "left_row", "right_row"
NESTED = ("STRUCT", "MAP", "BLOB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path, help="the c360 binary")
    parser.add_argument("project", type=Path, help="folder with the c360.yaml of a finished run")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    missing = absent(["duckdb", "duckdb_ext"])
    if missing:
        print(f"queries: skipped, not installed: {', '.join(missing)}")
        return 0
    engine = Engine(given.binary, given.project)
    other = Duck(engine.tables())
    draw = Draw(other, random.Random(given.seed))
    differing = 0
    for first in range(0, given.queries, QUERIES_A_STATEMENT):
        queries = [draw.query() for _ in range(min(QUERIES_A_STATEMENT, given.queries - first))]
        statement = " UNION ALL ".join(f"SELECT {at} AS query, answer.* FROM ({sql}) answer" for at, sql in enumerate(queries))
        ours, theirs = rows_of(engine, statement), other.answers(statement)
        for at, sql in enumerate(queries):
            if ours[at] != theirs[at]:
                differing += 1
                print(f"differs: c360 {ours[at]}, duckdb {theirs[at]}: {sql}")
    print(f"queries: {given.queries - differing} of {given.queries} agree, seed {given.seed}, {len(other.tables)} tables")
    return 1 if differing else 0


def rows_of(engine, statement):
    """The numbers of each query, by its place in the statement."""
    rows = json.loads(engine.output("sql", "-c", statement, "--json"))
    return {row["query"]: (row["n"], row["filled"], row["kinds"]) for row in rows}


class Duck:
    """DuckDB with a copy of every table that has rows."""

    def __init__(self, tables):
        import duckdb
        import duckdb_ext

        self.session = duckdb_ext.init(duckdb.connect())
        self.session.execute("LOAD avro; LOAD iceberg; SET TimeZone = 'UTC'")
        # On several threads, DuckDB 1.4.4 filters a side that has a LIMIT by the join's keys, and answers now so, now so.
        self.session.execute("SET disabled_optimizers = 'join_filter_pushdown'")
        self.tables = {}
        for table in tables:
            if table["rows"]:
                self.copy(table["table"], local_path(table["metadata_location"]))

    def copy(self, name, location):
        self.session.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
        source = str(location).replace("'", "''")
        self.session.execute(f"CREATE TABLE {name} AS SELECT * FROM iceberg_scan('{source}')")
        described = self.session.execute(f"DESCRIBE {name}").fetchall()
        plain = {column: kind for column, kind, *_ in described if not kind.endswith("[]") and not kind.startswith(NESTED)}
        self.tables[name] = plain

    def answers(self, statement):
        return {at: tuple(numbers) for at, *numbers in self.session.execute(statement).fetchall()}

    def value(self, table, column):
        """Some value of the column; none where it has none."""
        drawn = f"SELECT {quoted(column)} FROM {table} WHERE {quoted(column)} IS NOT NULL ORDER BY random() LIMIT 1"
        return next(iter(self.session.execute(drawn).fetchall()), (None,))[0]


class Draw:
    """Draws queries that both engines understand alike."""

    def __init__(self, duck, dice):
        self.duck, self.dice, self.tables = duck, dice, duck.tables
        duck.session.execute(f"SELECT setseed({dice.random()})")

    def query(self):
        table = self.dice.choice(list(self.tables))
        kind = self.dice.random()
        if kind < 0.2:
            return self.counted(f"{self.source(table)} {LEFT} {self.where(table, LEFT)}", table, LEFT, table, LEFT)
        if kind < 0.4:
            return self.grouped(table)
        return self.joined(table)

    def counted(self, rows, filled_of, one, kinds_of, other):
        filled, kinds = self.column(filled_of), self.column(kinds_of)
        return f"SELECT COUNT(*) AS n, COUNT({one}.{filled}) AS filled, COUNT(DISTINCT {other}.{kinds}) AS kinds FROM {rows}"

    def grouped(self, table):
        by, counted = self.column(table), self.column(table)
        groups = (
            f"SELECT {by} AS kind, COUNT(*) AS size, COUNT({counted}) AS filled "
            f"FROM {self.source(table)} {LEFT} {self.where(table, LEFT)} GROUP BY {by}"
        )
        least = self.dice.choice([1, 1, 2, 5])
        return f"SELECT COUNT(*) AS n, COUNT(g.kind) AS filled, COUNT(DISTINCT g.size) AS kinds FROM ({groups}) g WHERE g.size >= {least}"

    def joined(self, table):
        """Of tables that share a column: a join, or those rows for which the other has one or none."""
        partners = {other: self.shared(table, other) for other in self.tables}
        other, shared = self.dice.choice([(other, shared) for other, shared in partners.items() if shared])
        keys = self.dice.sample(shared, min(len(shared), self.dice.choice([1, 1, 2])))
        on = " AND ".join(f"{LEFT}.{quoted(key)} = {RIGHT}.{quoted(key)}" for key in keys)
        left, right = self.source(table), self.source(other)
        if self.dice.random() < 0.2:
            exists = self.dice.choice(["EXISTS", "NOT EXISTS"])
            rows = f"{left} {LEFT} WHERE {exists} (SELECT 1 FROM {right} {RIGHT} WHERE {on})"
            return self.counted(rows, table, LEFT, table, LEFT)
        namesake = quoted(self.dice.choice(shared))
        conditions = [
            "TRUE",
            self.condition(table, LEFT),
            self.condition(other, RIGHT),
            f"{LEFT}.{namesake} IS DISTINCT FROM {RIGHT}.{namesake}",
            f"{self.dice.choice([LEFT, RIGHT])}.{namesake} IS NULL",
        ]
        rows = f"{left} {LEFT} {self.dice.choice(JOINS)} {right} {RIGHT} ON {on} WHERE {self.dice.choice(conditions)}"
        return self.counted(rows, table, LEFT, other, RIGHT)

    def shared(self, table, other):
        columns, others = self.tables[table], self.tables[other]
        return [column for column, kind in columns.items() if others.get(column) == kind and kind != "BOOLEAN"]

    def source(self, table):
        """The table, some of its rows, or the first of these in an order that leaves nothing open."""
        kind = self.dice.random()
        if kind < 0.5:
            return table
        rows = f"SELECT * FROM {table} some_row {self.where(table, 'some_row')}"
        if kind < 0.8:
            return f"({rows})"
        order = ", ".join(f"some_row.{quoted(column)} NULLS FIRST" for column in self.tables[table])
        return f"({rows} ORDER BY {order} LIMIT {self.dice.choice([1, 3, 10, 100])})"

    def where(self, table, alias):
        conditions = [self.condition(table, alias) for _ in range(self.dice.choice([0, 1, 1, 2, 3]))]
        if not conditions:
            return ""
        text = conditions[0]
        for condition in conditions[1:]:
            text = f"({text} {self.dice.choice(['AND', 'AND', 'OR'])} {condition})"
        return f"WHERE {self.dice.choice(['', '', '', 'NOT '])}({text})"

    def condition(self, table, alias):
        name = self.dice.choice(list(self.tables[table]))
        column = f"{alias}.{quoted(name)}"
        kind = self.dice.random()
        values = [self.literal(table, name) for _ in range(3)]
        if kind < 0.3 or None in values:
            return f"{column} IS {self.dice.choice(['', 'NOT '])}NULL"
        one, other, _ = values
        if kind < 0.45:
            return f"{column} IN ({', '.join(values)})"
        if kind < 0.55:
            return f"{column} BETWEEN LEAST({one}, {other}) AND GREATEST({one}, {other})"
        if kind < 0.65 and self.tables[table][name] == "VARCHAR" and one[1:4].isalnum():
            return f"{column} LIKE '{one[1:4]}%'"
        return f"{column} {self.dice.choice(['=', '<>', '<', '<=', '>', '>='])} {one}"

    def literal(self, table, column):
        """A value of the column as SQL; none where both engines may not read it alike."""
        kind = self.tables[table][column]
        if kind == "TIMESTAMP WITH TIME ZONE":
            return None
        value = self.duck.value(table, column)
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, int):
            return str(value)
        if isinstance(value, decimal.Decimal):
            return f"CAST('{value}' AS {kind})"
        if isinstance(value, datetime.datetime):
            return f"CAST('{value}' AS TIMESTAMP)"
        if isinstance(value, datetime.date):
            return f"CAST('{value}' AS DATE)"
        return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else None

    def column(self, table):
        return quoted(self.dice.choice(list(self.tables[table])))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EngineFailed as error:
        print(f"queries: {error}", file=sys.stderr)
        sys.exit(2)
