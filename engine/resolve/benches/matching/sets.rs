//! The labelled sets: columns, blocking rules, comparisons, what training is told. None looks at the truth.

use c360_resolve::matching::templates as t;
use c360_resolve::matching::{BlockingRule, Expression, Model, Training};

use crate::Result;

/// What a labelled set is matched by.
pub struct Set {
    pub columns: Vec<&'static str>,
    pub model: Model,
    pub training: Training,
    /// Records of one file are different persons.
    pub across: bool,
}

fn on(columns: &[&str]) -> BlockingRule {
    BlockingRule::columns(columns)
}

fn prefixes(parts: &[(&str, usize)]) -> BlockingRule {
    let part = |(of, length): &(&str, usize)| match length {
        0 => Expression::column(of),
        _ => Expression::prefix(of, *length),
    };
    BlockingRule {
        on: parts.iter().map(part).collect(),
        ..BlockingRule::default()
    }
}

fn training(deterministic: &[&[&str]], recall: f64, sessions: &[&[&str]]) -> Training {
    Training {
        deterministic: deterministic.iter().map(|rule| on(rule)).collect(),
        recall,
        sessions: sessions.iter().map(|rule| on(rule)).collect(),
        sample_pairs: 1 << 20,
        households: true,
    }
}

/// The set of that name.
pub fn set(name: &str) -> Result<Set> {
    let set = match name {
        "fake_1000" | "fake_1000_wide" => Set {
            columns: vec!["first_name", "surname", "dob", "city", "email"],
            model: Model {
                blocking: match name {
                    // So few records that each may be compared with each.
                    "fake_1000_wide" => vec![on(&[])],
                    _ => [["first_name"], ["surname"], ["dob"], ["email"]]
                        .iter()
                        .map(|rule| on(rule))
                        .collect(),
                },
                comparisons: vec![
                    t::name("first_name", "surname"),
                    t::date_of_birth("dob"),
                    t::exact("city"),
                    t::email("email"),
                ],
            },
            training: training(
                &[&["first_name", "surname", "dob"], &["email"]],
                0.7,
                &[&["dob"], &["email"], &["first_name", "surname"]],
            ),
            across: false,
        },
        "historical" | "historical_wide" => historical(name == "historical_wide"),
        "febrl3" | "febrl4" => febrl(name == "febrl4"),
        "synth" | "synth_loose" => synth(name == "synth_loose"),
        _ => return Err(format!("unknown set {name}").into()),
    };
    Ok(set)
}

fn historical(wide: bool) -> Set {
    let mut blocking = vec![
        prefixes(&[("first_name", 3), ("surname", 4)]),
        on(&["surname", "dob"]),
        on(&["first_name", "dob"]),
        on(&["postcode_fake", "first_name"]),
        on(&["postcode_fake", "surname"]),
        on(&["dob", "birth_place"]),
        prefixes(&[("postcode_fake", 3), ("dob", 0)]),
        prefixes(&[("postcode_fake", 3), ("first_name", 0)]),
        prefixes(&[("postcode_fake", 3), ("surname", 0)]),
        prefixes(&[("first_name", 2), ("surname", 2), ("dob", 4)]),
    ];
    if wide {
        blocking.extend([
            on(&["postcode_fake"]),
            on(&["dob"]),
            on(&["surname", "birth_place"]),
            on(&["first_name", "birth_place"]),
            prefixes(&[("surname", 0), ("occupation", 0), ("dob", 4)]),
            on(&["first_name", "surname"]),
            prefixes(&[("postcode_fake", 4)]),
            prefixes(&[("surname", 0), ("dob", 4)]),
            prefixes(&[("first_name", 0), ("dob", 7)]),
            prefixes(&[("first_name", 0), ("occupation", 0), ("dob", 4)]),
        ]);
    }
    let comparisons = vec![
        t::name("first_name", "surname"),
        t::date_of_birth("dob"),
        t::postcode("postcode_fake", 3),
        t::exact("birth_place"),
        t::exact("occupation"),
    ];
    Set {
        columns: vec![
            "first_name",
            "surname",
            "dob",
            "birth_place",
            "postcode_fake",
            "occupation",
        ],
        model: Model {
            blocking,
            comparisons,
        },
        training: training(
            &[&["first_name", "surname", "dob"], &["dob", "postcode_fake"]],
            0.6,
            &[&["first_name", "surname"], &["dob"]],
        ),
        across: false,
    }
}

fn febrl(across: bool) -> Set {
    let columns = vec![
        "given_name",
        "surname",
        "street_number",
        "address_1",
        "suburb",
        "postcode",
        "state",
        "date_of_birth",
        "soc_sec_id",
    ];
    let blocking = match across {
        false => [
            ["soc_sec_id"],
            ["given_name"],
            ["surname"],
            ["date_of_birth"],
            ["postcode"],
        ]
        .iter()
        .map(|rule| on(rule))
        .collect(),
        true => vec![
            BlockingRule {
                on: vec![Expression::AnyOrder(vec![
                    "given_name".into(),
                    "surname".into(),
                ])],
                ..BlockingRule::default()
            },
            on(&["date_of_birth"]),
            on(&["soc_sec_id"]),
            on(&["state", "address_1"]),
            on(&["street_number", "address_1"]),
            on(&["postcode"]),
        ],
    };
    let comparisons = vec![
        t::name("given_name", "surname"),
        t::date_of_birth("date_of_birth"),
        t::identifier("soc_sec_id"),
        t::exact("street_number"),
        t::postcode("postcode", 2),
    ];
    let recall = if across { 0.8 } else { 0.9 };
    Set {
        columns,
        model: Model {
            blocking,
            comparisons,
        },
        training: training(
            &[&["soc_sec_id"], &["given_name", "surname", "date_of_birth"]],
            recall,
            &[&["date_of_birth"], &["postcode"]],
        ),
        across,
    }
}

fn synth(loose: bool) -> Set {
    let without = |column: &str, except: &[&str]| BlockingRule {
        except: except.iter().map(|value| value.to_string()).collect(),
        ..on(&[column])
    };
    let email = without(
        "email",
        &["none@none.com", "test@test.com", "noemail@example.org"],
    );
    let phone = without("phone", &["0000000000", "9999999999", "1234567890"]);
    let mut blocking = vec![
        email.clone(),
        phone,
        on(&["first_name", "surname", "postcode"]),
        on(&["first_name", "dob"]),
        on(&["surname", "dob"]),
        on(&["street", "postcode", "first_name"]),
        on(&["first_name", "surname", "city"]),
        prefixes(&[("first_name", 3), ("surname", 0), ("street", 0)]),
    ];
    if loose {
        blocking.extend([
            prefixes(&[("surname", 0), ("first_name", 1)]),
            on(&["postcode"]),
            on(&["dob"]),
        ]);
    }
    let comparisons = vec![
        t::name("first_name", "surname"),
        t::date_of_birth("dob"),
        t::email("email"),
        t::phone("phone"),
        t::address("street", "postcode", "city"),
    ];
    let mut training = training(
        &[
            &["first_name", "surname", "dob"],
            &["first_name", "surname", "phone"],
        ],
        0.6,
        &[
            &["first_name", "surname", "city"],
            &["dob", "postcode"],
            &["email", "dob"],
        ],
    );
    training.deterministic.insert(1, email);
    Set {
        columns: vec![
            "first_name",
            "surname",
            "dob",
            "email",
            "phone",
            "street",
            "city",
            "postcode",
        ],
        model: Model {
            blocking,
            comparisons,
        },
        training,
        across: false,
    }
}
