//! `c360 identity`, `link` and `unlink`: the model is trained, judged and explained, and stewards have the last word.
//! The commands that only look are in `identity_report`.

use super::runner::Home;

/// The demo's shop, resolved.
pub fn shop() -> Home {
    let home = Home::new();
    home.c360(&["demo", "--persons", "300", "--dir", "."])
        .exits(0);
    home
}

#[test]
fn a_trained_model_is_what_the_next_run_matches_by() {
    let home = shop();
    let newest = "SELECT max(number) AS number FROM identity.models";
    let before = home.c360(&["sql", "-c", newest, "--json"]).exits(0).json();
    let before = before[0]["number"].as_u64().expect("a number");
    let model = home.c360(&["identity", "train", "--json"]).exits(0).json();
    assert_eq!(model["number"], before + 1, "{model}");
    assert!(model["records"].as_u64() > Some(300), "{model}");
    home.c360(&["plan"])
        .exits(0)
        .prints("advanced: identity.models");
    home.c360(&["run"]).exits(0);
    home.c360(&["run"]).exits(0).prints("nothing to do");
}

#[test]
fn persons_are_held_against_labels() {
    let home = shop();
    let sql = "SELECT source, key, person_id AS entity FROM identity.persons";
    home.c360(&["sql", "-c", sql, "-o", "labels.csv"]).exits(0);
    let figures = home
        .c360(&["identity", "evaluate", "labels.csv", "--json"])
        .exits(0)
        .json();
    assert_eq!(figures["f1"], 1.0, "{figures}");
    assert_eq!(figures["entities"], figures["exact_entities"], "{figures}");

    let alone = "SELECT source, key, source || key AS entity FROM identity.persons";
    home.c360(&["sql", "-c", alone, "-o", "alone.csv"]).exits(0);
    home.c360(&[
        "identity",
        "evaluate",
        "alone.csv",
        "--min-precision",
        "0.5",
    ])
    .exits(3)
    .prints("precision 0.0000")
    .says("precision is 0.0000, below 0.5");
    home.c360(&["identity", "evaluate", "nowhere.csv"])
        .exits(2)
        .says("nowhere.csv");
}

#[test]
fn two_records_are_explained() {
    let home = shop();
    let sql = "SELECT source_a || ':' || key_a AS a, source_b || ':' || key_b AS b, weight
               FROM identity.matches ORDER BY weight DESC, 1, 2 LIMIT 1";
    let matched = home.c360(&["sql", "-c", sql, "--json"]).exits(0).json();
    let end = |name: &str| matched[0][name].as_str().expect("a record").to_owned();
    let told = home
        .c360(&["identity", "explain", &end("a"), &end("b"), "--json"])
        .exits(0)
        .json();
    let number = |name: &str| told[name].as_f64().expect("a number");
    let comparisons = told["comparisons"].as_array().expect("comparisons");
    let weights = comparisons.iter().map(|of| of["weight"].as_f64());
    let sum: f64 = weights.map(|weight| weight.expect("a weight")).sum();
    let all = number("prior") + sum + number("household");
    assert!((all - number("weight")).abs() < 1e-9, "{told:#}");
    assert!(number("weight_inside") > 0.0, "{told:#}");

    home.c360(&["identity", "explain", &end("a"), &end("b")])
        .exits(0)
        .prints("any two records")
        .prints("inside a component");
    let words = [
        "identity",
        "explain",
        &end("a"),
        &end("b"),
        "--html",
        "why.html",
    ];
    home.c360(&words).exits(0).prints("any two records");
    let page = home.read("why.html");
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert_eq!(page.matches("<rect").count(), comparisons.len() + 3);
    home.c360(&[
        "identity",
        "explain",
        &end("a"),
        &end("b"),
        "--html",
        "no/folder.html",
    ])
    .exits(2)
    .says("no/folder.html");
    home.c360(&["identity", "explain", &end("a"), "guests:nobody"])
        .exits(2)
        .says("source guests has no record of that key");
    home.c360(&["identity", "explain", "nobody", &end("b")])
        .exits(2)
        .says("source:key");
}

#[test]
fn stewards_have_the_last_word_and_publication_follows() {
    let home = shop();
    let one = |sql: &str| home.c360(&["sql", "-c", sql, "--json"]).exits(0).json()[0].clone();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().expect("text").to_owned();
    let pair = one(
        "SELECT source_a || ':' || key_a AS a, source_b || ':' || key_b AS b
         FROM identity.links WHERE accepted AND source_a = 'crm_contacts' AND source_b = 'ecom_accounts'
         ORDER BY 1, 2 LIMIT 1",
    );
    let (a, b) = (text(&pair, "a"), text(&pair, "b"));
    let person = |record: &str| {
        let (source, key) = record.split_once(':').expect("source:key");
        let sql = format!(
            "SELECT person_id FROM identity.persons WHERE source = '{source}' AND key = '{key}'"
        );
        text(&one(&sql), "person_id")
    };
    let published = || {
        text(
            &one("SELECT CAST(count(*) AS VARCHAR) AS n FROM publish.customer360"),
            "n",
        )
    };
    let (before, persons) = (published(), [person(&a), person(&b)]);
    assert_eq!(persons[0], persons[1]);

    home.c360(&["unlink", &a, &b])
        .exits(0)
        .prints("not the same person");
    home.c360(&["plan"])
        .exits(0)
        .prints("advanced: identity.decisions");
    home.c360(&["run"]).exits(0).prints("split");
    assert_ne!(person(&a), person(&b));
    assert_ne!(published(), before);

    home.c360(&["link", &b, &a]).exits(0);
    home.c360(&["run"]).exits(0);
    assert_eq!([person(&a), person(&b)], persons);
    assert_eq!(published(), before);
    home.c360(&["run"]).exits(0).prints("nothing to do");

    home.c360(&["link", &a, &a]).exits(2).says("one record");
    home.c360(&["link", &a, "guests:nobody"])
        .exits(2)
        .says("source guests has no record of that key");
}

#[test]
fn a_review_keeps_each_answer_and_asks_nothing_twice() {
    let home = shop();
    home.c360(&["identity", "review"])
        .exits(2)
        .says("needs a terminal")
        .says("--json");
    let listed = home
        .c360(&["identity", "review", "--pairs", "4", "--json"])
        .exits(0)
        .json();
    let pair = |at: usize| (listed[at]["a"].clone(), listed[at]["b"].clone());
    assert_eq!(listed.as_array().expect("pairs").len(), 4, "{listed:#}");

    let review = ["identity", "review", "--pairs", "4", "--piped"];
    home.answers(&review, "k\nwhat\ns\nd\nq\n")
        .exits(2)
        .says("pair 2 of 4: `what` is no answer")
        .prints("nothing was decided");
    home.answers(&review, "k\ns\nd\nq\n")
        .exits(0)
        .prints("pair 4 of 4")
        .prints("2 decisions kept");
    let sql = "SELECT source_a, key_a, source_b, key_b, same FROM identity.decisions ORDER BY same";
    let kept = home.c360(&["sql", "-c", sql, "--json"]).exits(0).json();
    for (decision, (a, b), same) in [(&kept[0], pair(2), false), (&kept[1], pair(1), true)] {
        assert_eq!(decision["same"], same);
        let ends = [("source_a", "key_a"), ("source_b", "key_b")];
        let mut ends = ends.map(|(source, key)| (decision[source].clone(), decision[key].clone()));
        let mut asked = [a, b].map(|of| (of["source"].clone(), of["key"].clone()));
        ends.sort_by_key(|end| end.0.to_string() + &end.1.to_string());
        asked.sort_by_key(|end| end.0.to_string() + &end.1.to_string());
        assert_eq!(ends, asked);
    }
    let again = home
        .c360(&["identity", "review", "--pairs", "4", "--json"])
        .exits(0)
        .json();
    let left: Vec<_> = (0..4)
        .map(|at| (&again[at]["a"], &again[at]["b"]))
        .collect();
    for answered in [pair(1), pair(2)] {
        assert!(!left.contains(&(&answered.0, &answered.1)), "{again:#}");
    }
    assert_eq!(
        left[0],
        (&pair(0).0, &pair(0).1),
        "what was skipped is asked again"
    );
}

#[test]
fn a_hundred_answers_correct_the_model() {
    let home = shop();
    let review = ["identity", "review", "--pairs", "100", "--piped"];
    home.answers(&review, &"s\nd\n".repeat(49)).exits(0);
    let model = home.c360(&["identity", "train", "--json"]).exits(0).json();
    assert_eq!(model["labels"], 0, "98 are too few: {model}");
    home.answers(&review, "s\nd\n").exits(0);
    home.c360(&["identity", "train"])
        .exits(0)
        .prints("records and 100 decisions");
    home.c360(&["run"]).exits(0);

    let listed = home
        .c360(&["identity", "review", "--pairs", "1", "--json"])
        .exits(0)
        .json();
    let end = |name: &str| {
        let part = |part: &str| listed[0][name][part].as_str().expect("a name").to_owned();
        format!("{}:{}", part("source"), part("key"))
    };
    let told = home
        .c360(&["identity", "explain", &end("a"), &end("b"), "--json"])
        .exits(0)
        .json();
    let number = |name: &str| told[name].as_f64().expect("a number");
    let comparisons = told["comparisons"].as_array().expect("comparisons");
    let weights = comparisons.iter().map(|of| of["weight_inside"].as_f64());
    let sum: f64 = weights.map(|weight| weight.expect("a weight")).sum();
    let all = number("prior_inside") + sum + number("neighbours");
    assert!((all - number("weight_inside")).abs() < 1e-9, "{told:#}");
    let listed = listed[0]["weight"].as_f64().expect("a weight");
    assert!((listed - number("weight_inside")).abs() < 1e-9, "{told:#}");
    assert_ne!(number("neighbours"), 0.0, "{told:#}");
}
