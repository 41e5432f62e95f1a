"""Persons from (record, identifier) pairs: c360's clustering beside DuckDB and scipy, from Parquet to Parquet.

    stitch.py BENCH_BINARY EDGES.parquet [--keys numbers|text] [--rounds N]

BENCH_BINARY is the executable that `cargo bench -p c360-resolve --bench stitch --no-run` names. EDGES has the columns
rec and idn (dense integers), and for text keys record_id and identifier. A person is named by its least record."""

import argparse
import sys
import tempfile
from pathlib import Path

import measure

THREADS = 2
COLUMNS = {"numbers": ("rec", "idn"), "text": ("record_id", "identifier")}


def c360(bench, edges, keys, out):
    return measure.run(
        [bench],
        C360_BENCH_EDGES=edges,
        C360_BENCH_OUT=out,
        C360_BENCH_KEYS=keys,
        RAYON_NUM_THREADS=THREADS,
    )


def duckdb(edges, keys, out):
    """Contraction: every node hooks onto its least neighbour, hooks are followed to their root, roots stay."""
    import duckdb

    connection = duckdb.connect()
    do = connection.execute
    do(f"SET threads = {THREADS}")
    do("SET preserve_insertion_order = false")
    record, identifier = COLUMNS[keys]
    do(f"CREATE TEMP TABLE edge AS SELECT {record} AS record, {identifier} AS identifier FROM '{edges}'")
    do("CREATE TEMP TABLE person AS SELECT DISTINCT record, record AS root FROM edge")
    # An identifier's records form a star around the least of them.
    do(
        """CREATE TEMP TABLE pair AS
           SELECT record AS a, least_record AS b
           FROM edge
           JOIN (SELECT identifier, min(record) AS least_record FROM edge GROUP BY ALL HAVING count(*) > 1)
           USING (identifier)
           WHERE record <> least_record"""
    )
    while do("SELECT count(*) FROM pair").fetchone()[0]:
        do(
            """CREATE OR REPLACE TEMP TABLE hook AS
               SELECT a AS node, min(b) AS root
               FROM (SELECT a, b FROM pair UNION ALL SELECT b, a FROM pair)
               GROUP BY a
               HAVING min(b) < a"""
        )
        while True:
            do(
                """CREATE OR REPLACE TEMP TABLE followed AS
                   SELECT hook.node, coalesce(next.root, hook.root) AS root, next.root IS NOT NULL AS moved
                   FROM hook LEFT JOIN hook AS next ON hook.root = next.node"""
            )
            moved = do("SELECT count(*) FROM followed WHERE moved").fetchone()[0]
            do("CREATE OR REPLACE TEMP TABLE hook AS SELECT node, root FROM followed")
            if not moved:
                break
        do(
            """CREATE OR REPLACE TEMP TABLE person AS
               SELECT record, coalesce(hook.root, person.root) AS root
               FROM person LEFT JOIN hook ON person.root = hook.node"""
        )
        do(
            """CREATE OR REPLACE TEMP TABLE pair AS
               SELECT DISTINCT a, b
               FROM (SELECT coalesce(x.root, a) AS a, coalesce(y.root, b) AS b
                     FROM pair LEFT JOIN hook AS x ON a = x.node LEFT JOIN hook AS y ON b = y.node)
               WHERE a <> b"""
        )
    do(f"COPY (SELECT record AS rec, root AS person_id FROM person) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def scipy(edges, keys, out):
    """Connected components of the bipartite graph of records and identifiers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pa.set_cpu_count(THREADS)
    table = pq.read_table(edges, columns=list(COLUMNS[keys]))
    names = None
    if keys == "text":
        coded = [table[column].combine_chunks().dictionary_encode() for column in table.column_names]
        record, identifier = (column.indices.to_numpy().astype(np.int64) for column in coded)
        names = coded[0].dictionary
    else:
        record, identifier = (table[column].to_numpy() for column in table.column_names)
    records = int(record.max()) + 1
    size = records + int(identifier.max()) + 1
    graph = coo_array((np.ones(len(record), np.int8), (record, identifier + records)), shape=(size, size))
    component = connected_components(graph, directed=False)[1]
    known = np.unique(record)
    if names is not None:
        # The least name is not the least code.
        order = np.argsort(np.asarray(names.to_numpy(zero_copy_only=False), dtype=str))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
    else:
        order, rank = known, known
    least = np.full(int(component.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, component[known], rank)
    person = least[component[known]]
    if names is not None:
        rec, person_id = names.take(pa.array(known)), names.take(pa.array(order[person]))
    else:
        rec, person_id = known, person
    pq.write_table(pa.table({"rec": rec, "person_id": person_id}), out, compression="zstd")


PEERS = {"DuckDB, contraction": duckdb, "scipy": scipy}


def main():
    if sys.argv[1:2] == ["--peer"]:
        PEERS[sys.argv[2]](*sys.argv[3:])
        return
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("bench", type=Path)
    arguments.add_argument("edges", type=Path)
    arguments.add_argument("--keys", choices=COLUMNS, default="numbers")
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        outs = {name: Path(scratch) / f"{number}.parquet" for number, name in enumerate(["c360", *PEERS])}

        def peer(name):
            command = [sys.executable, __file__, "--peer", name, given.edges, given.keys, outs[name]]
            return lambda: measure.run(command, OMP_NUM_THREADS=THREADS)

        contestants = {"c360": lambda: c360(given.bench, given.edges, given.keys, outs["c360"])}
        contestants |= {name: peer(name) for name in PEERS}
        costs = measure.in_turn(contestants, given.rounds)
        print(costs["c360"][-1].output)
        measure.report(costs, {name: measure.checksum(out, ["rec", "person_id"]) for name, out in outs.items()})


if __name__ == "__main__":
    main()
