"""Runs commands as whole processes and compares the content of what they wrote.

Time and memory are the operating system's account of the finished process. Machines are noisy: what is compared
takes turns, and the median counts."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass


@dataclass
class Cost:
    """One finished process."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    read_mb: float
    output: str


def run(command, **environment):
    """Runs a command to its end; its output is kept, a failure ends everything."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {name: str(value) for name, value in environment.items()},
    )
    output = process.stdout.read()
    # Ended, but not yet waited for: the account is complete and still there.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    read_mb = bytes_read(process.pid) / 1e6
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{command[0]} ended with status {os.waitstatus_to_exitcode(status)}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, read_mb, output)


def bytes_read(pid):
    """What a process asked to read so far; 0 where the system keeps no such account."""
    try:
        with open(f"/proc/{pid}/io") as account:
            return int(dict(line.split(": ") for line in account)["rchar"])
    except OSError:
        return 0


def in_turn(contestants, rounds):
    """Runs each contestant (name: function that returns a Cost) in every round; returns all costs by name."""
    costs = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            costs[name].append(contestant())
    return costs


def median(costs, field):
    return statistics.median(getattr(cost, field) for cost in costs)


def table(header, rows):
    """Prints a Markdown table."""
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def report(costs, results):
    """Prints medians, each contestant's time as a multiple of the first one's, and what it wrote."""
    ours = median(next(iter(costs.values())), "seconds")
    rows = []
    for name, runs in costs.items():
        seconds = median(runs, "seconds")
        rows.append(
            [
                name,
                f"{seconds:.2f}",
                f"{min(cost.seconds for cost in runs):.2f}",
                f"{median(runs, 'cpu_seconds'):.2f}",
                f"{max(cost.peak_mb for cost in runs):.0f}",
                f"{seconds / ours:.2f}",
                results[name],
            ]
        )
    table(["", "s, median", "s, best", "CPU s", "peak MB", "times ours", "result"], rows)


def checksum(parquet, columns, where="true"):
    """Rows and a sum over rows that does not hang on their order: equal content, equal text."""
    import duckdb

    connection = duckdb.connect()
    types = {row[0]: row[1] for row in connection.sql(f"DESCRIBE FROM read_parquet('{parquet}')").fetchall()}

    def canonical(column):
        kind, text = types[column], f'"{column}"'
        if kind.startswith("TIMESTAMP"):
            text = f"epoch_us({text})"
        elif kind.startswith("DECIMAL"):
            text = f"CAST(round({text} * 100) AS BIGINT)"
        return f"coalesce(CAST({text} AS VARCHAR), '\\N')"

    row = " || '|' || ".join(canonical(column) for column in columns)
    rows, total = connection.sql(
        f"SELECT count(*), sum(CAST(md5_number_lower({row}) AS HUGEINT) % 1000000007) "
        f"FROM read_parquet('{parquet}') WHERE {where}"
    ).fetchone()
    return f"{rows} rows, checksum {int(total or 0)}"
