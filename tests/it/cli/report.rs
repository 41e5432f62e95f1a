//! `c360 report`: its figures are those of the lake, and its page names nobody and loads nothing.

use serde_json::Value;

use super::identity::shop;
use super::runner::{Home, people};

/// The rows of a query.
fn rows(home: &Home, sql: &str) -> Vec<Value> {
    let found = home.c360(&["sql", "-c", sql, "--json"]).exits(0).json();
    found.as_array().expect("rows").clone()
}

fn row(home: &Home, sql: &str) -> Value {
    rows(home, sql).remove(0)
}

fn figures(home: &Home) -> Value {
    home.c360(&["report", "--json"]).exits(0).json()
}

#[track_caller]
fn assert_close(left: &Value, right: &Value) {
    let (one, other) = (left.as_f64(), right.as_f64());
    let (Some(one), Some(other)) = (one, other) else {
        panic!("{left} or {right} is no number");
    };
    assert!((one - other).abs() < 1e-6, "{one} is not {other}");
}

/// `1234567` as `1,234,567`.
fn thousands(number: u64) -> String {
    match number / 1_000 {
        0 => number.to_string(),
        more => format!("{},{:03}", thousands(more), number % 1_000),
    }
}

#[test]
fn figures_are_those_of_queries_over_the_same_lake() {
    let home = shop();
    // what is known already, and a row that breaks the contract
    let known = home.read("data/consent_events.csv");
    let bad = "none,yesterday,profiling,grant,email,ann@home.example\n";
    home.write("data/consent_events_3.csv", &format!("{known}{bad}"));
    home.c360(&["run"]).exits(0);
    let told = figures(&home);

    for source in told["sources"].as_array().expect("sources") {
        let table = source["table"].as_str().expect("a table");
        let count = |table: &str| row(&home, &format!("SELECT count(*) AS n FROM {table}"));
        assert_eq!(source["rows"], count(table)["n"], "{table}");
        let rejects = format!("{table}__rejects");
        let listed = home.c360(&["tables", "--json"]).exits(0).stdout;
        let rejected = match listed.contains(&format!("\"{rejects}\"")) {
            true => count(&rejects)["n"].clone(),
            false => 0.into(),
        };
        assert_eq!(source["rejected"], rejected, "{rejects}");
        let reasons = source["reasons"].as_array().expect("reasons").iter();
        let sum: u64 = reasons.filter_map(|reason| reason["rows"].as_u64()).sum();
        assert_eq!(Some(sum), rejected.as_u64(), "{rejects}");
    }
    let consents = &told["sources"][0];
    assert_eq!(consents["reasons"][0]["column"], "ts", "{consents}");
    assert_eq!(consents["rejected"], 1, "{consents}");

    let persons =
        "SELECT count(DISTINCT person_id) AS persons, count(*) AS records FROM identity.persons";
    let persons = row(&home, persons);
    assert_eq!(told["identity"]["persons"], persons["persons"]);
    assert_eq!(told["identity"]["records"], persons["records"]);

    let sql = "SELECT segment, count(*) AS persons, sum(monetary) AS net FROM customer.rfm GROUP BY segment
               ORDER BY persons DESC, segment";
    let segments = rows(&home, sql);
    let shown = told["segments"]["segments"].as_array().expect("segments");
    assert_eq!(shown.len(), segments.len());
    for (shown, segment) in shown.iter().zip(&segments) {
        assert_eq!(shown["segment"], segment["segment"]);
        assert_eq!(shown["persons"], segment["persons"]);
        assert_close(&shown["net_revenue"], &segment["net"]);
    }
    let sql =
        "SELECT recency_score, frequency_score, count(*) AS persons FROM customer.rfm GROUP BY 1, 2
               ORDER BY recency_score DESC, frequency_score";
    assert_eq!(told["segments"]["grid"], Value::from(rows(&home, sql)));

    let sql = "SELECT count(*) AS persons, count(*) FILTER (WHERE orders > 0) AS customers, sum(orders) AS orders,
                 sum(gross_revenue) AS gross_revenue, sum(returned_revenue) AS returned_revenue,
                 sum(net_revenue) AS net_revenue
               FROM customer.order_features";
    let totals = row(&home, sql);
    for (name, total) in totals.as_object().expect("totals") {
        assert_close(&told["value"]["totals"][name], total);
    }
    for bin in told["value"]["bins"].as_array().expect("bins") {
        let lower = bin["lower"].as_f64().unwrap_or(-1e12);
        let sql = format!(
            "SELECT count(*) AS n FROM customer.order_features WHERE net_revenue >= {lower} AND net_revenue < {}",
            bin["upper"]
        );
        assert_eq!(bin["persons"], row(&home, &sql)["n"], "{bin}");
    }
    let bins = told["value"]["bins"].as_array().expect("bins").iter();
    let binned: u64 = bins.filter_map(|bin| bin["persons"].as_u64()).sum();
    assert_eq!(Some(binned), totals["persons"].as_u64());
    let sql = "SELECT net_revenue AS net FROM customer.order_features ORDER BY net_revenue DESC";
    let nets: Vec<f64> = rows(&home, sql)
        .iter()
        .filter_map(|row| row["net"].as_f64())
        .collect();
    let best: f64 = nets[..nets.len() / 10].iter().sum();
    assert_close(&told["value"]["deciles"][0]["net_revenue"], &best.into());
    let share = best / nets.iter().sum::<f64>();
    assert_close(&told["value"]["top_decile_share"], &share.into());

    let published = row(&home, "SELECT count(*) AS n FROM publish.customer360");
    assert_eq!(told["publications"][0]["rows"], published["n"]);
    let sql = "SELECT epoch, count(*) FILTER (WHERE change_type = 'insert') AS inserted,
                 count(*) FILTER (WHERE change_type = 'update') AS updated,
                 count(*) FILTER (WHERE change_type = 'delete') AS deleted
               FROM publish.customer360_changes GROUP BY epoch ORDER BY epoch";
    let changes = told["publications"][0]["changes"].as_array();
    for (shown, epoch) in changes.expect("changes").iter().zip(rows(&home, sql)) {
        for name in ["epoch", "inserted", "updated", "deleted"] {
            assert_eq!(shown[name], epoch[name], "{shown}");
        }
    }
    assert!(
        !told["drift"][0]["columns"]
            .as_array()
            .expect("columns")
            .is_empty()
    );
}

#[test]
fn the_page_has_the_figures_and_names_nobody() {
    let home = shop();
    let told = figures(&home);
    home.c360(&["report", "--out", "page.html"])
        .exits(0)
        .says("the report is in page.html");
    let page = home.read("page.html");
    let holds = |text: &str| assert!(page.contains(text), "no `{text}` in the page");
    let number = |value: &Value| thousands(value.as_u64().expect("a number"));
    holds(&format!("<dd>{}", number(&told["identity"]["persons"])));
    holds(&format!(
        "<dd>{}",
        number(&told["value"]["totals"]["orders"])
    ));
    let net = told["value"]["totals"]["net_revenue"].as_f64();
    holds(&thousands(net.expect("revenue").round() as u64));
    for segment in told["segments"]["segments"].as_array().expect("segments") {
        holds(&format!("{} person", number(&segment["persons"])));
    }
    for cell in told["segments"]["grid"].as_array().expect("cells") {
        holds(&format!(">{}</text>", number(&cell["persons"])));
    }
    for source in told["sources"].as_array().expect("sources") {
        holds(&format!(
            "data-name=\"rows\">{}</td>",
            number(&source["rows"])
        ));
    }
    assert_eq!(
        page.matches("role=\"img\"").count(),
        page.matches("<desc").count()
    );

    let json = told.to_string();
    for loaded in [
        "<script", "http://", "https://", "<link", "<img", "url(", "@import",
    ] {
        assert!(!page.contains(loaded), "{loaded} in the page");
    }
    let sql = "SELECT DISTINCT person_id AS name FROM identity.persons
               UNION SELECT DISTINCT value FROM identity.identifiers WHERE kind IN ('email', 'phone')";
    let names = rows(&home, sql);
    assert!(names.len() > 300, "{} names", names.len());
    for name in names {
        let name = name["name"].as_str().expect("a text");
        assert!(!page.contains(name), "{name} is in the page");
        assert!(!json.contains(name), "{name} is in the figures");
    }
    assert_eq!(page.matches('@').count(), page.matches("@media").count());
    assert!(!json.contains('@'), "{json}");
}

#[test]
fn an_empty_lake_has_a_report_that_says_so() {
    let home = Home::with_people();
    home.c360(&["report"])
        .exits(0)
        .says("the report is in")
        .says("report.html");
    let page = home.read("report.html");
    assert!(page.contains("The lake holds no table yet"), "{page}");
    assert!(page.contains("The project has 1 source, and none was read yet."));
    assert!(page.contains("Nobody is known yet"), "{page}");
    assert!(!page.contains("<figure"), "{page}");
    let told = figures(&home);
    assert_eq!(told["tables"], 0);
    assert_eq!(told["sources"][0]["rows"], 0);
    for nothing in ["identity", "segments", "value", "lifetime", "audiences"] {
        assert_eq!(told[nothing], Value::Null, "{nothing}");
    }
    home.c360(&["report", "--out", "no/such/folder/page.html"])
        .exits(2)
        .says("cannot write");
}

#[test]
fn a_run_that_failed_is_told_without_the_values_that_failed_it() {
    let home = Home::with_people();
    home.c360(&["run"]).exits(0);
    home.write("data/people_2.csv", &people(100..200, 90));
    home.c360(&["run"]).exits(3);
    home.c360(&["report"]).exits(0);
    let page = home.read("report.html");
    assert!(page.contains("The last run failed (data): source people"));
    assert!(
        !page.contains(">old<") && !page.contains("Person 1"),
        "{page}"
    );
}

/// A project whose tables have the names of the shipped one's, and other columns.
fn club() -> Home {
    let home = Home::with_people();
    let job = |name: &str, table: &str, kind: &str, key: &str, sql: &str| {
        home.write(&format!("sql/{name}.sql"), sql);
        let text = format!(
            "job: {name}\nkind: {kind}\ntable: {table}\nsql: sql/{name}.sql\nkey: [{key}]\n"
        );
        home.write(&format!("jobs/{name}.yaml"), &text);
    };
    let sql = "SELECT id AS person_id, 'member' AS segment FROM raw.people";
    job("rfm", "customer.rfm", "feature", "person_id", sql);
    let sql = "SELECT id AS person_id, age / 200.0 AS alive_probability FROM raw.people";
    job(
        "lifetime_value",
        "customer.lifetime_value",
        "feature",
        "person_id",
        sql,
    );
    let sql = "SELECT 'everybody' AS audience, id AS person_id FROM raw.people
               UNION ALL SELECT 'grown', id FROM raw.people WHERE age >= 50";
    job(
        "audiences",
        "customer.audiences",
        "publish",
        "audience, person_id",
        sql,
    );
    let sql = "SELECT id, age FROM raw.people";
    job("everybody", "publish.everybody", "publish", "id", sql);
    home
}

#[test]
fn audiences_and_drift_are_told_over_the_epochs() {
    let home = club();
    home.c360(&["run"]).exits(0);
    let told = figures(&home);
    assert_eq!(told["segments"], Value::Null, "the columns are others");
    home.write("data/people_2.csv", &people(100..200, 0));
    home.c360(&["run"]).exits(0);
    let told = figures(&home);

    let audiences = told["audiences"]["audiences"]
        .as_array()
        .expect("audiences");
    let sizes = |audience: &Value| -> Vec<[u64; 2]> {
        let epochs = audience["epochs"].as_array().expect("epochs").iter();
        let size =
            |of: &Value| ["epoch", "persons"].map(|name| of[name].as_u64().expect("a number"));
        epochs.map(size).collect()
    };
    assert_eq!(audiences[0]["audience"], "everybody");
    assert_eq!(
        sizes(&audiences[0]),
        [[1, 100], [2, 100], [3, 200], [4, 200]]
    );
    assert_eq!(audiences[1]["persons"], 150);
    let overlap = &told["audiences"]["overlaps"][0];
    assert_eq!(overlap["one"], "everybody");
    assert_eq!(
        (&overlap["other"], &overlap["persons"]),
        (&"grown".into(), &150.into())
    );

    let drift = &told["drift"][0];
    assert_eq!(drift["table"], "publish.everybody");
    assert_eq!(
        (&drift["from_epoch"], &drift["to_epoch"]),
        (&3.into(), &4.into())
    );
    let columns = drift["columns"].as_array().expect("columns");
    assert_eq!(columns.len(), 1, "a key does not drift: {drift}");
    // Each of nine tenths went from 10 % to 5 %, the last from 10 % to 55 %.
    let psi = 9.0 * 0.05 * 2.0_f64.ln() + 0.45 * 5.5_f64.ln();
    assert_close(&columns[0]["psi"], &psi.into());

    let alive = told["lifetime"]["alive"].as_array().expect("bins");
    assert_eq!(alive.len(), 10);
    assert_eq!(alive[0]["persons"], 20);

    home.c360(&["report"]).exits(0);
    let page = home.read("report.html");
    for text in [
        "1.079 · shifted",
        "150 persons",
        "100.0 %",
        "between 100 and 200 persons",
    ] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
}
