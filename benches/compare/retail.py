"""What a day costs: a retailer's first run, then days that touch a share of its persons.

    retail.py BINARY DATA [--days FOLDER…] [--rounds N] [--folder DIR]

DATA has crm_contacts.csv, ecom_accounts.csv, loyalty_members.csv, newsletter_subscribers.csv, order_lines.parquet,
web_events.parquet and products.parquet; each folder of a day has crm_contacts_cdc.csv, ecom_accounts.csv,
order_lines.parquet and web_events.parquet. Every day starts from the lake that the first run left. Bytes are what
the process asked the operating system for, whether or not they came from its cache."""

import argparse
import shutil
import tempfile
from pathlib import Path

import measure

PROJECT = Path(__file__).parent / "retail"
AS_OF = "2025-12-01"
FIRST = ["crm_contacts.csv", "ecom_accounts.csv", "loyalty_members.csv", "newsletter_subscribers.csv"]
FIRST += ["order_lines.parquet", "web_events.parquet", "products.parquet"]
DAY = {
    "crm_contacts_cdc.csv": "crm_contacts_day.csv",
    "ecom_accounts.csv": "ecom_accounts_day.csv",
    "order_lines.parquet": "order_lines_day.parquet",
    "web_events.parquet": "web_events_day.parquet",
}


def run(binary, project):
    return measure.run([binary, "--project", project, "--json", "--as-of", AS_OF, "run"])


def lay_out(data, project):
    """The project with the files of the first run."""
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(PROJECT, project)
    (project / "data").mkdir()
    for name in FIRST:
        shutil.copy(data / name, project / "data")


def add_day(files, project):
    """A day's files beside those of the first run, which stay as they are, or they would count as touched and be
    hashed."""
    for name, called in DAY.items():
        shutil.copy(files / name, project / "data" / called)


def put_back(kept, project):
    """A lake in its place: it knows where it lies."""
    shutil.rmtree(project / "lake")
    shutil.copytree(kept, project / "lake")


def begin(binary, data, project):
    """The first run, from an empty lake."""
    lay_out(data, project)
    return run(binary, project)


def day(binary, kept, files, project):
    """A day's run over the lake of the first run."""
    put_back(kept, project)
    add_day(files, project)
    return run(binary, project)


def arguments(about):
    """What is asked of whoever measures a retailer's days."""
    asked = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("binary", type=Path)
    asked.add_argument("data", type=Path)
    asked.add_argument("--days", type=Path, nargs="*", default=[])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--folder", type=Path)
    return asked


def main():
    given = arguments(__doc__).parse_args()
    binary = given.binary.resolve()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        project, kept = Path(scratch) / "project", Path(scratch) / "kept"
        first = begin(binary, given.data, project)
        shutil.copytree(project / "lake", kept)
        runs = {"the first run": [first]}
        for _ in range(given.rounds):
            for files in given.days:
                runs.setdefault(files.name, []).append(day(binary, kept, files, project))
    lines = []
    for name, costs in runs.items():
        cpu, read = measure.median(costs, "cpu_seconds"), measure.median(costs, "read_mb")
        shares = [f"{cpu / first.cpu_seconds:.1%}", f"{read / first.read_mb:.1%}" if first.read_mb else "unknown"]
        peak = max(cost.peak_mb for cost in costs)
        lines.append([name, f"{measure.median(costs, 'seconds'):.2f}", f"{cpu:.2f}", f"{read:.0f}", *shares, f"{peak:.0f}"])
    measure.table(["run", "s, median", "CPU s", "MB read", "of the CPU", "of the bytes", "peak MB"], lines)


if __name__ == "__main__":
    main()
