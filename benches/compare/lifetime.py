"""How customers go on buying: c360's models and expectations beside those of lifetimes, an independent library.

    lifetime.py BINARY [--customers N] [--seed N] [--folder DIR]

Makes N customers who behave as BG/NBD and Gamma-Gamma say, has c360 read them from a file and fit both models by
`c360 sql`, has lifetimes fit the same, and prints both sides' figures with their relative difference; then, with
c360's parameters on both sides, the largest difference of what is expected of a customer. Ends with status 1 where a
parameter differs in its first four digits. Needs lifetimes, numpy, pandas and pyarrow."""

import argparse
import json
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path

import measure
import numpy
import pandas

PROJECT = Path(__file__).parent / "customers"
AS_OF = "2026-01-01"
# What the customers are made with; times in days.
ORDERS = {"r": 0.6, "alpha": 45.0, "a": 0.8, "b": 2.5}
SPENDING = {"p": 3.0, "q": 4.0, "v": 60.0}
DIGITS = 5e-5
FIT = """
    WITH fitted AS (
        SELECT bg_nbd_fit(frequency, recency, age) AS orders, gamma_gamma_fit(frequency, mean_value) AS spending
        FROM raw.customers
    )
    SELECT orders['r'] AS r, orders['alpha'] AS alpha, orders['a'] AS a, orders['b'] AS b,
           orders['log_likelihood'] AS orders_log_likelihood,
           spending['p'] AS p, spending['q'] AS q, spending['v'] AS v,
           spending['log_likelihood'] AS spending_log_likelihood
    FROM fitted
"""
EXPECT = """
    SELECT bg_nbd_alive({orders}, frequency, recency, age) AS alive,
           bg_nbd_orders({orders}, frequency, recency, age, 90) AS orders_90_days,
           bg_nbd_orders({orders}, frequency, recency, age, 365) AS orders_365_days,
           gamma_gamma_value({spending}, frequency, COALESCE(mean_value, 0)) AS order_value,
           lifetime_value({orders}, {spending}, frequency, recency, age, COALESCE(mean_value, 0), 12, 0.01)
               AS lifetime_value
    FROM raw.customers
    ORDER BY customer
"""


def customers(count, seed):
    random = numpy.random.default_rng(seed)
    pace = random.gamma(ORDERS["r"], 1 / ORDERS["alpha"], count)
    leaving = random.beta(ORDERS["a"], ORDERS["b"], count)
    rate = random.gamma(SPENDING["q"], 1 / SPENDING["v"], count)
    rows = []
    for number in range(count):
        age = float(random.integers(30, 730))
        frequency, recency, now = 0, 0.0, 0.0
        while (now := now + random.exponential(1 / pace[number])) <= age:
            frequency, recency = frequency + 1, now
            if random.random() < leaving[number]:
                break
        # The mean of so many gamma distributed values.
        value = random.gamma(SPENDING["p"] * frequency, 1 / (rate[number] * frequency)) if frequency else None
        rows.append((number, frequency, recency, age, value))
    return pandas.DataFrame(rows, columns=["customer", "frequency", "recency", "age", "mean_value"])


def begin(binary, frame, project):
    """A project that has read the customers."""
    shutil.copytree(PROJECT, project)
    (project / "data").mkdir()
    frame.to_parquet(project / "data" / "customers.parquet", index=False)
    measure.run([binary, "--project", project, "--as-of", AS_OF, "run"])


def ask(binary, project, sql):
    """The answer's rows, and how long it took."""
    cost = measure.run([binary, "--project", project, "--json", "sql", "-c", sql])
    return pandas.DataFrame(json.loads(cost.output)), cost.seconds


def lifetimes_fit(frame):
    """Its two fitters, and all their figures by c360's names."""
    import lifetimes

    repeating = frame[frame.frequency > 0]
    orders, spending = lifetimes.BetaGeoFitter(), lifetimes.GammaGammaFitter()
    orders.fit(frame.frequency, frame.recency, frame.age)
    spending.fit(repeating.frequency, repeating.mean_value)
    figures = dict(orders.params_) | dict(spending.params_)
    # It says how unlikely the average customer is, in a time of its own.
    unit = frame.frequency.sum() * numpy.log(orders._scale)
    figures["orders_log_likelihood"] = unit - orders._negative_log_likelihood_ * len(frame)
    figures["spending_log_likelihood"] = -spending._negative_log_likelihood_ * len(repeating)
    return orders, spending, figures


def lifetimes_expect(frame, orders, spending, figures):
    """What lifetimes expects of each customer by `figures`."""
    orders.params_ = pandas.Series({name: figures[name] for name in ORDERS})
    spending.params_ = pandas.Series({name: figures[name] for name in SPENDING})
    history = frame.frequency, frame.recency, frame.age
    value = frame.mean_value.fillna(0)
    until = orders.conditional_expected_number_of_purchases_up_to_time
    worth = spending.customer_lifetime_value(orders, *history, value, time=12, discount_rate=0.01, freq="D")
    return {
        "alive": orders.conditional_probability_alive(*history),
        "orders_90_days": until(90, *history),
        "orders_365_days": until(365, *history),
        "order_value": spending.conditional_expected_average_profit(frame.frequency, value),
        "lifetime_value": worth,
    }


def apart(ours, theirs):
    """The largest relative difference."""
    ours, theirs = numpy.asarray(ours, dtype=float), numpy.asarray(theirs, dtype=float)
    return float(numpy.max(numpy.abs(ours / theirs - 1)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("--customers", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    warnings.filterwarnings("ignore")
    binary, frame = given.binary.resolve(), customers(given.customers, given.seed)
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        project = Path(scratch) / "project"
        begin(binary, frame, project)
        fitted, seconds = ask(binary, project, FIT)
        [ours] = fitted.to_dict("records")
        orders = ", ".join(f"CAST({ours[name]!r} AS DOUBLE)" for name in ORDERS)
        spending = ", ".join(f"CAST({ours[name]!r} AS DOUBLE)" for name in SPENDING)
        expected, _ = ask(binary, project, EXPECT.format(orders=orders, spending=spending))
    started = time.perf_counter()
    *fitters, theirs = lifetimes_fit(frame)
    their_seconds = time.perf_counter() - started
    made = ORDERS | SPENDING
    lines = [
        [name, made.get(name, ""), f"{figure:.8g}", f"{theirs[name]:.8g}", f"{apart(figure, theirs[name]):.1e}"]
        for name, figure in ours.items()
    ]
    measure.table(["", "made with", "c360", "lifetimes", "relative difference"], lines)
    largest = max(apart(ours[name], theirs[name]) for name in made)
    print(f"\nlargest difference of a parameter: {largest:.1e}; c360 {seconds:.2f} s, lifetimes {their_seconds:.2f} s\n")
    known = lifetimes_expect(frame, *fitters, ours)
    lines = [[name, f"{apart(expected[name], values):.1e}"] for name, values in known.items()]
    measure.table(["of a customer, by c360's parameters", "largest relative difference"], lines)
    if largest > DIGITS:
        sys.exit(1)


if __name__ == "__main__":
    main()
