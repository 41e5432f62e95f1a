//! Experiments split persons as declared, each on its own, by a hash that anybody can compute.

use super::hand_made::HandMade;

const AS_OF: &str = "2026-01-01T00:00:00Z";
const PERSONS: &str = "SELECT n AS row_no, 'P' || CAST(n AS VARCHAR) AS person_id FROM (SELECT UNNEST(RANGE(0, 20000)) AS n) AS number";

/// Another experiment, of which a fifth of the persons is no part.
const LAST: &str = "('next_best_action', 'addressed', 10, 100)";
const COLOURS: &str = ", ('colour', 'red', 0, 50), ('colour', 'blue', 50, 80)";

/// Groups of the experiments, and how many persons are in them: of `hashlib.md5` in Python.
const EXPECTED: [[&str; 3]; 6] = [
    ["addressed", "blue", "5408"],
    ["addressed", "none", "3688"],
    ["addressed", "red", "9013"],
    ["hold_out", "blue", "562"],
    ["hold_out", "none", "377"],
    ["hold_out", "red", "952"],
];

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_as_large_as_declared_and_say_nothing_about_those_of_another_experiment() {
    let experiments = HandMade::features(&["experiment_groups"])
        .edited(
            "sql/experiment_groups.sql",
            LAST,
            &format!("{LAST}{COLOURS}"),
        )
        .selected("profiles", PERSONS);
    let shop = experiments.run(AS_OF).await;
    let crossed = "SELECT action.group_name, COALESCE(colour.group_name, 'none'), COUNT(*)
        FROM customer.experiment_groups AS action
        LEFT JOIN customer.experiment_groups AS colour
            ON colour.person_id = action.person_id AND colour.experiment = 'colour'
        WHERE action.experiment = 'next_best_action'
        GROUP BY 1, 2 ORDER BY 1, 2";
    let found = shop.texts(crossed).await;
    assert_eq!(found, EXPECTED);
    for [action, colour, persons] in EXPECTED {
        let share = match action {
            "hold_out" => 0.1,
            _ => 0.9,
        } * match colour {
            "red" => 0.5,
            "blue" => 0.3,
            _ => 0.2,
        };
        let declared: f64 = 20_000.0 * share;
        let off = persons.parse::<f64>().expect("a number") - declared;
        let deviation = (declared * (1.0 - share)).sqrt();
        assert!(off.abs() < 3.0 * deviation, "{action} {colour}: {persons}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_in_one_group_of_an_experiment_that_shares_out_all() {
    let experiments = HandMade::features(&["experiment_groups"]).selected("profiles", PERSONS);
    let shop = experiments.run(AS_OF).await;
    let persons = "SELECT COUNT(*), COUNT(DISTINCT person_id) FROM customer.experiment_groups";
    assert_eq!(shop.texts(persons).await, [["20000", "20000"]]);
}
