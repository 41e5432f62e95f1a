"""The whole flow, a process a job: rows a second and peak memory of each room.

    rooms.py BINARY [--persons N] [--folder DIR]

Makes the demo's retailer, then runs the shipped project over its files from an empty lake, job by job,
and once more with nothing new."""

import argparse
import json
import tempfile
from pathlib import Path

import measure

AS_OF = "2026-01-02"  # the demo's second day


def demo(binary, persons, folder):
    """The project of a retailer with both days' files, without the lake that the demo made."""
    measure.run([binary, "--json", "demo", "--persons", persons, "--dir", folder / "demo"])
    measure.run([binary, "init", folder / "shop", "--data", folder / "demo" / "data"])
    return folder / "shop"


def jobs(binary, project):
    plan = measure.run([binary, "--project", project, "--json", "plan"])
    return [(job["job"], job["kind"]) for job in json.loads(plan.output)["jobs"]]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("--persons", type=int, default=200_000)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    binary = given.binary.resolve()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        project = demo(binary, given.persons, Path(scratch))
        lines, total = [], 0.0
        for job, kind in jobs(binary, project):
            cost = measure.run([binary, "--project", project, "--json", "--as-of", AS_OF, "run", job])
            [report] = json.loads(cost.output)["jobs"]
            # what was read from files, or else written
            count = report["rows_in"] or report["inserted"] + report["updated"]
            total += cost.seconds
            rate = count / cost.seconds
            lines.append([kind, job, f"{count:,}", f"{cost.seconds:.2f}", f"{rate:,.0f}", f"{cost.peak_mb:.0f}"])
        measure.table(["room", "job", "rows", "s", "rows/s", "peak MB"], lines)
        idle = measure.run([binary, "--project", project, "--as-of", AS_OF, "run"])
        print(f"\nall jobs: {total:.1f} s; a run with nothing new: {idle.seconds:.2f} s")


if __name__ == "__main__":
    main()
