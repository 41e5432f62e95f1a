//! What c360's SQL functions say of themselves: the one list of them all. `c360 functions` prints it, and a test runs
//! every example. How to read an entry is told in `functions/listed.rs`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use datafusion::logical_expr::{DocSection, Documentation};

/// Of a function: its name, how it is called, what it gives, its arguments, an example with the rows that it gives.
type Entry = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// What the function called `name` says of itself.
pub fn documentation(name: &str) -> Option<&'static Documentation> {
    static BY_NAME: LazyLock<BTreeMap<&str, Documentation>> = LazyLock::new(|| {
        let groups = [STANDARDISERS, AGGREGATES, FORECASTS];
        let entries = groups.into_iter().flat_map(|(label, entries)| {
            let section = DocSection {
                include: true,
                label,
                description: None,
            };
            entries
                .iter()
                .map(move |entry| (entry.0, documented(&section, entry)))
        });
        entries.collect()
    });
    BY_NAME.get(name)
}

fn documented(section: &DocSection, entry: &Entry) -> Documentation {
    let (_, syntax, description, arguments, example) = *entry;
    let builder = Documentation::builder(section.clone(), description, syntax);
    let builder = builder.with_sql_example(example);
    let builder = arguments.iter().fold(builder, |builder, (name, what)| {
        builder.with_argument(*name, *what)
    });
    builder.build()
}

type Group = (&'static str, &'static [Entry]);

const TEXT: (&str, &str) = ("text", "the value as it was written");

const STANDARDISERS: Group = (
    "Standardisers",
    &[
        (
            "normalize_email",
            "normalize_email(text VARCHAR) → VARCHAR",
            "An e-mail address trimmed, in lower case and without +tag; NULL where the text is none",
            &[TEXT],
            "SELECT normalize_email('  Ann.Lee+Shop@Mail.Example ')\n-- ann.lee@mail.example",
        ),
        (
            "normalize_phone",
            "normalize_phone(text VARCHAR [, region VARCHAR]) → VARCHAR",
            "A phone number in E.164; NULL where the text is none",
            &[
                TEXT,
                (
                    "region",
                    "home country of numbers without a country code, by its two letters; a literal",
                ),
            ],
            "SELECT normalize_phone('020 7183 8750', 'GB')\n-- +442071838750",
        ),
        (
            "normalize_name",
            "normalize_name(text VARCHAR) → VARCHAR",
            "A name in lower case, without accents and punctuation",
            &[TEXT],
            "SELECT normalize_name('  O''Brien,  ZOË ')\n-- obrien zoe",
        ),
        (
            "normalize_handle",
            "normalize_handle(text VARCHAR) → VARCHAR",
            "Initial, surname and year of birth as people name their mailboxes; NULL where the text holds none of that",
            &[TEXT],
            "SELECT normalize_handle('anna.lee84+shop@mail.example')\n-- alee84",
        ),
        (
            "normalize_postcode",
            "normalize_postcode(text VARCHAR) → VARCHAR",
            "A postcode in capitals, without blanks",
            &[TEXT],
            "SELECT normalize_postcode(' sw1a 1aa ')\n-- SW1A1AA",
        ),
        (
            "normalize_text",
            "normalize_text(text VARCHAR) → VARCHAR",
            "Any text in lower case, trimmed, with single blanks; accents and punctuation stay",
            &[TEXT],
            "SELECT normalize_text('  Café  Zoë ')\n-- café zoë",
        ),
        (
            "is_junk",
            "is_junk(kind VARCHAR, text VARCHAR) → BOOLEAN",
            "Whether a standardised value is a known placeholder, which identifies nobody",
            &[
                (
                    "kind",
                    "what it is: email, phone, name, handle, postcode or text; a literal",
                ),
                ("text", "the standardised value"),
            ],
            "SELECT is_junk('email', 'noreply@mail.example')\n-- true",
        ),
    ],
);

const AGGREGATES: Group = (
    "Aggregates that rest on no order",
    &[
        (
            "stable_sum",
            "stable_sum(number DOUBLE) → DOUBLE",
            "The sum of floating-point numbers, the same in whatever order rows come; NULLs do not count",
            &[("number", "what is added up")],
            "SELECT stable_sum(number) FROM (VALUES (1e100), (1.0), (-1e100)) AS given (number)\n-- 1.0",
        ),
        (
            "stable_percentile",
            "stable_percentile(number DOUBLE, percent DOUBLE) → DOUBLE",
            "The value below which so many per cent of the numbers lie, between two of them in proportion; NULLs do not count",
            &[
                ("number", "what is put in order"),
                ("percent", "from 0 to 100; a literal"),
            ],
            "SELECT stable_percentile(number, 75) FROM (VALUES (1.0), (2.0), (4.0), (8.0)) AS given (number)\n-- 5.0",
        ),
        (
            "top_values",
            "top_values(value ANY, n BIGINT) → LIST",
            "The n values of most rows, the most frequent first, of equally frequent ones the least; NULLs do not count",
            &[
                ("value", "what is counted, of any type"),
                ("n", "how many, from 1; a literal"),
            ],
            "SELECT top_values(colour, 2) FROM (VALUES ('red'), ('blue'), ('red'), ('green')) AS given (colour)\n-- [red, blue]",
        ),
    ],
);

const R: (&str, &str) = ("r", "of the model of orders");
const ALPHA: (&str, &str) = ("alpha", "of the model of orders");
const A: (&str, &str) = ("a", "of the model of orders");
const B: (&str, &str) = ("b", "of the model of orders");
const P: (&str, &str) = ("p", "of the model of spending");
const Q: (&str, &str) = ("q", "of the model of spending");
const V: (&str, &str) = ("v", "of the model of spending");
const FREQUENCY: (&str, &str) = ("frequency", "orders after the first");
const RECENCY: (&str, &str) = ("recency", "time from the first order to the last");
const AGE: (&str, &str) = (
    "age",
    "time from the first order to now, in the unit of recency",
);
const MEAN_VALUE: (&str, &str) = (
    "mean_value",
    "what the orders after the first were worth on average",
);

const FORECASTS: Group = (
    "How customers go on buying",
    &[
        (
            "bg_nbd_alive",
            "bg_nbd_alive(r DOUBLE, alpha DOUBLE, a DOUBLE, b DOUBLE, frequency DOUBLE, recency DOUBLE, age DOUBLE) → DOUBLE",
            "The chance that a customer is still one",
            &[R, ALPHA, A, B, FREQUENCY, RECENCY, AGE],
            "SELECT ROUND(bg_nbd_alive(0.243, 4.414, 0.793, 2.426, 2, 30.43, 38.86), 4)\n-- 0.7266",
        ),
        (
            "bg_nbd_orders",
            "bg_nbd_orders(r DOUBLE, alpha DOUBLE, a DOUBLE, b DOUBLE, frequency DOUBLE, recency DOUBLE, age DOUBLE, days DOUBLE) → DOUBLE",
            "Orders to expect within so many days from now",
            &[
                R,
                ALPHA,
                A,
                B,
                FREQUENCY,
                RECENCY,
                AGE,
                (
                    "days",
                    "how far to look ahead, in the unit of recency and age",
                ),
            ],
            "SELECT ROUND(bg_nbd_orders(0.243, 4.414, 0.793, 2.426, 2, 30.43, 38.86, 39), 4)\n-- 1.226",
        ),
        (
            "gamma_gamma_value",
            "gamma_gamma_value(p DOUBLE, q DOUBLE, v DOUBLE, frequency DOUBLE, mean_value DOUBLE) → DOUBLE",
            "What an order of a customer will be worth",
            &[P, Q, V, FREQUENCY, MEAN_VALUE],
            "SELECT gamma_gamma_value(2, 3, 90, 3, 70)\n-- 75.0",
        ),
        (
            "lifetime_value",
            "lifetime_value(r DOUBLE, alpha DOUBLE, a DOUBLE, b DOUBLE, p DOUBLE, q DOUBLE, v DOUBLE, frequency DOUBLE, recency DOUBLE, age DOUBLE, mean_value DOUBLE, months DOUBLE, monthly_discount_rate DOUBLE) → DOUBLE",
            "What the orders of so many months of 30 days will be worth, discounted month by month",
            &[
                R,
                ALPHA,
                A,
                B,
                P,
                Q,
                V,
                FREQUENCY,
                ("recency", "days from the first order to the last"),
                ("age", "days from the first order to now"),
                MEAN_VALUE,
                ("months", "how far to look ahead"),
                (
                    "monthly_discount_rate",
                    "by how much money loses in a month: 0.01 is one per cent",
                ),
            ],
            "SELECT ROUND(lifetime_value(0.5, 40, 1, 2.5, 2, 3, 90, 3, 100, 120, 70, 12, 0.01), 2)\n-- 251.27",
        ),
        (
            "bg_nbd_fit",
            "bg_nbd_fit(frequency DOUBLE, recency DOUBLE, age DOUBLE) → STRUCT",
            "The model of orders that fits the rows' customers best: r, alpha, a, b, log_likelihood, customers; NULL where they have none",
            &[FREQUENCY, RECENCY, AGE],
            "SELECT ROUND(bg_nbd_fit(i % 4, CASE WHEN i % 4 = 0 THEN 0 ELSE 20 + i END, 100)['alpha'], 2)\nFROM (SELECT UNNEST(generate_series(1, 60)) AS i) AS customer\n-- 100.98",
        ),
        (
            "gamma_gamma_fit",
            "gamma_gamma_fit(frequency DOUBLE, mean_value DOUBLE) → STRUCT",
            "The model of spending that fits the rows' customers best: p, q, v, log_likelihood, customers; NULL where they have none",
            &[FREQUENCY, MEAN_VALUE],
            "SELECT ROUND(gamma_gamma_fit(1 + i % 3, 20 + i * i % 50)['q'], 2)\nFROM (SELECT UNNEST(generate_series(1, 60)) AS i) AS customer\n-- 15.78",
        ),
    ],
);
