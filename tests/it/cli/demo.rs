//! `c360 demo`: the whole flow over a small made-up retailer, seen from the command line.

use super::runner::Home;

#[test]
fn two_days_end_in_two_epochs_and_their_differences_can_be_asked_for() {
    let home = Home::new();
    let story = home
        .c360(&["demo", "--persons", "400", "--dir", "shop", "--json"])
        .exits(0)
        .json();
    assert_eq!(story["first_day"]["run"]["epoch"]["number"], 1, "{story:#}");
    assert_eq!(
        story["second_day"]["run"]["epoch"]["number"], 2,
        "{story:#}"
    );
    let identity = story["second_day"]["run"]["jobs"]
        .as_array()
        .and_then(|jobs| jobs.iter().find(|job| job["kind"] == "identity"))
        .expect("identity");
    for what in ["created", "merged", "split"] {
        assert!(
            identity["persons"][what].as_u64() > Some(0),
            "{what}: {identity}"
        );
    }

    let households = story["first_day"]["run"]["jobs"]
        .as_array()
        .and_then(|jobs| jobs.iter().find(|job| job["job"] == "households"))
        .expect("households");
    assert!(
        households["entities"]["created"].as_u64() > Some(0) && households["persons"].is_null(),
        "{households}"
    );

    let in_shop = |words: &[&str]| home.c360(&[&["--project", "shop"], words].concat());
    in_shop(&["run"]).exits(0).prints("nothing to do: ");
    in_shop(&["changes", "--since", "1"])
        .exits(0)
        .prints("epoch 1 to 2")
        .prints("publish.customer360");
    in_shop(&["epochs"]).exits(0).prints("published at");

    let sql = "SELECT person_id, email FROM publish.customer360 WHERE email IS NOT NULL ORDER BY 1 LIMIT 1";
    let rows = in_shop(&["sql", "-c", sql, "--json"]).exits(0).json();
    let person = rows[0]["person_id"].as_str().expect("person").to_owned();
    let email = rows[0]["email"].as_str().expect("email").to_owned();
    in_shop(&["show", &person])
        .exits(0)
        .prints(&person)
        .prints("identifiers")
        .prints("timeline");
    in_shop(&["show", &email]).exits(0).prints("profile");
    let shown = in_shop(&["show", &person, "--json"]).exits(0).json();
    every_value_has_an_origin(&shown);
    let [source, key] = ["source", "key"].map(|of| shown["records"][0][of].as_str().expect(of));
    let record = format!("{source}:{key}");
    in_shop(&["show", &record]).exits(0).prints(&person);
    let families = "SELECT count(*) AS n FROM customer.household_features WHERE members > 1";
    let families = in_shop(&["sql", "-c", families, "--json"]).exits(0).json();
    assert!(families[0]["n"].as_u64() > Some(0), "{families}");
    let sql = "SELECT person_id, gross_revenue FROM customer.order_features LIMIT 1";
    let rows = in_shop(&["sql", "-c", sql]).exits(0).stdout;
    let buyer = rows.lines().nth(1).expect("a buyer");
    let (buyer, revenue) = buyer.split_once(',').expect("two columns");
    in_shop(&["show", buyer, "--json"])
        .exits(0)
        .prints(&format!("\"gross_revenue\": {revenue},"));
    in_shop(&["show", "nobody@nowhere.example"])
        .exits(2)
        .says("nobody has this");

    for told in [
        "next_best_action WHERE offer_id IS NOT NULL",
        "replenishment_due WHERE status = 'overdue'",
        "shop_recommendations WHERE channel = 'web'",
        "recommendations WHERE because IS NOT NULL",
    ] {
        let sql = format!("SELECT COUNT(*) > 0 AS is_told FROM customer.{told}");
        let rows = in_shop(&["sql", "-c", &sql, "--json"]).exits(0).json();
        assert_eq!(rows[0]["is_told"], true, "{told}");
    }

    in_shop(&["rollback", "1"])
        .exits(0)
        .prints("published epoch 3 with the tables of epoch 1");
    let latest = "SELECT max(last_order_at) AS latest FROM publish.customer360";
    let newest = ["sql", "-c", latest, "--epoch"];
    let at = |epoch| in_shop(&[&newest[..], &[epoch]].concat()).exits(0).stdout;
    assert_eq!(at("1"), at("3"));
    assert_ne!(at("1"), at("2"));
}

#[test]
fn the_story_is_told_in_words() {
    let home = Home::new();
    home.c360(&["demo", "--persons", "60"])
        .exits(0)
        .prints("epoch 1 -> 2")
        .prints("from day one to day two")
        .says("c360 demo --dir");
}

/// Those of the address too, which are taken from one record together.
fn every_value_has_an_origin(person: &serde_json::Value) {
    let origins = person["provenance"].as_array().expect("origins");
    let profile = person["profile"].as_object().expect("a profile");
    assert!(profile.contains_key("postcode"), "{person}");
    for column in profile.keys() {
        let is_chosen = !["person_id", "record_count"].contains(&column.as_str());
        let has_origin = origins.iter().any(|origin| origin["field"] == *column);
        assert_eq!(is_chosen, has_origin, "{column}");
    }
}
