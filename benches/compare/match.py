"""Probable persons from records: c360's matching beside Splink, from file to clusters, with the same blocking rules.

    match.py BENCH_BINARY PERSONS.parquet [--rules tight|loose] [--rounds N]

BENCH_BINARY is the executable that `cargo bench -p c360-resolve --bench matching --no-run` names. PERSONS has unique_id,
first_name, surname, dob, email, phone, street, city, postcode and, as the truth, cluster. Each contestant says itself how
long it took to read, train, score and cluster; Splink clusters at a probability of .95, c360 at its own threshold. Peaks
are of the whole process, with its judging. Needs splink and duckdb."""

import argparse
import json
import statistics
import sys
import time

import measure

THREADS = 2
JUNK = {
    "email": ("none@none.com", "test@test.com", "noemail@example.org"),
    "phone": ("0000000000", "9999999999", "1234567890"),
}


def unless_junk(column):
    values = ", ".join(f"'{value}'" for value in JUNK[column])
    return f"l.{column} = r.{column} AND l.{column} NOT IN ({values})"


def blocking(rules):
    from splink import block_on

    tight = [
        unless_junk("email"),
        unless_junk("phone"),
        block_on("first_name", "surname", "postcode"),
        block_on("first_name", "dob"),
        block_on("surname", "dob"),
        block_on("street", "postcode", "first_name"),
        block_on("first_name", "surname", "city"),
        block_on("substr(first_name, 1, 3)", "surname", "street"),
    ]
    more = [block_on("surname", "substr(first_name, 1, 1)"), block_on("postcode"), block_on("dob")]
    return tight + more if rules == "loose" else tight


def address():
    """One comparison of street, postcode and town, so that what a household shares is not counted three times."""
    import splink.comparison_level_library as level
    import splink.comparison_library as compare

    def same(*columns):
        return " AND ".join(f"{column}_l = {column}_r" for column in columns)

    parts = ("street", "postcode", "city")
    absent = " AND ".join(f"({part}_l IS NULL OR {part}_r IS NULL)" for part in parts)
    near = f"levenshtein(street_l, street_r) <= 2 AND ({same('postcode')} OR {same('city')})"
    conditions = [same("street", "postcode"), near, same("street", "city"), same("postcode"), same("city")]
    return compare.CustomComparison(
        output_column_name="address",
        comparison_levels=[
            level.CustomLevel(absent, "absent").configure(is_null_level=True),
            *[level.CustomLevel(condition, condition) for condition in conditions],
            level.ElseLevel(),
        ],
    )


def splink(persons, rules):
    """Prints seconds from file to clusters."""
    import duckdb
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    started = time.perf_counter()
    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    name = "first_name || ' ' || surname AS full_name"
    connection.execute(f"CREATE TABLE persons AS SELECT *, {name} FROM '{persons}'")
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        blocking_rules_to_generate_predictions=blocking(rules),
        comparisons=[
            compare.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="full_name"
            ),
            compare.DateOfBirthComparison("dob", input_is_string=True),
            compare.EmailComparison("email"),
            compare.LevenshteinAtThresholds("phone", [1]).configure(term_frequency_adjustments=True),
            address(),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    api = DuckDBAPI(connection=connection)
    linker = Linker(api.register(connection.table("persons")), settings)
    certain = [
        block_on("first_name", "surname", "dob"),
        unless_junk("email"),
        block_on("first_name", "surname", "phone"),
    ]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for columns in [("first_name", "surname", "city"), ("dob", "postcode"), ("email", "dob")]:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), estimate_without_term_frequencies=True
        )
    pairs = linker.inference.predict(threshold_match_probability=0.01)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.95)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "f1": f1(connection, clusters.physical_name)}))


def f1(connection, clusters):
    """Of all pairs of records: how well those of one cluster are those of one person."""

    def pairs(columns):
        counts = f"SELECT count(*) AS n FROM {clusters} JOIN persons USING (unique_id) GROUP BY {columns}"
        return connection.execute(f"SELECT sum(n * (n - 1) / 2) FROM ({counts})").fetchone()[0]

    found, true, both = pairs("cluster_id"), pairs("persons.cluster"), pairs("cluster_id, persons.cluster")
    return float(2 * both / (found + true))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("bench", help="the executable, or `splink` for that side alone")
    arguments.add_argument("persons")
    arguments.add_argument("--rules", choices=["tight", "loose"], default="tight")
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    if given.bench == "splink":
        splink(given.persons, given.rules)
        return
    name = {"tight": "synth", "loose": "synth_loose"}[given.rules]
    theirs = [sys.executable, __file__, "splink", given.persons, "--rules", given.rules]
    contestants = {
        "c360": lambda: measure.run([given.bench, name, given.persons], RAYON_NUM_THREADS=THREADS),
        "Splink": lambda: measure.run(theirs),
    }
    costs = measure.in_turn(contestants, given.rounds)
    lines, ours = [], None
    for contestant, runs in costs.items():
        told = [json.loads(run.output.splitlines()[-1]) for run in runs]
        seconds = statistics.median(of["seconds"] for of in told)
        ours = ours or seconds
        peak = max(run.peak_mb for run in runs)
        lines.append([contestant, f"{seconds:.2f}", f"{peak:.0f}", f"{seconds / ours:.2f}", f"{told[0]['f1']:.4f}"])
    measure.table(["", "s, median", "peak MB", "times ours", "F1"], lines)


if __name__ == "__main__":
    main()
