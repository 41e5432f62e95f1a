//! Sessions that a tracker numbered, beside the table that a well-known package of the field expects of the same
//! events, before and after its update.
//!
//! Reads `snowplow_legacy` below the folder that `C360_TEST_DATA` names, `../shared/data` by default; says so and
//! passes where it is absent.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::DateTime;

use super::dev_data::test_data;
use super::own_project::OwnProject;

const EVENTS: &str = r#"
contract: events
key: [event_id]
null_values: ["", "NULL"]
columns:
  - {name: event_id, type: string, required: true}
  - {name: event, type: string, required: true}
  - {name: derived_tstamp, type: timestamp, required: true}
  - {name: domain_userid, type: string, required: true}
  - {name: network_userid, type: string}
  - {name: user_id, type: string}
  - {name: domain_sessionid, type: string, required: true}
  - {name: domain_sessionidx, type: int}
  - {name: app_id, type: string}
  - {name: page_urlhost, type: string}
  - {name: page_urlpath, type: string}
  - {name: refr_urlhost, type: string}
  - {name: refr_urlpath, type: string}
  - {name: mkt_medium, type: string}
  - {name: mkt_source, type: string}
  - {name: mkt_term, type: string}
  - {name: mkt_campaign, type: string}
  - {name: mkt_content, type: string}
  - {name: test_add_col, type: string}
"#;

const EVENTS_JOB: &str = r#"
job: events
kind: source
contract: events
files: ["sp_event*.csv"]
format: {type: csv}
"#;

const SESSIONS_JOB: &str = r#"
job: sessions
kind: feature
table: customer.sessions
sql: sql/sessions.sql
by: domain_userid
key: [session_id]
"#;

/// A tracker asks every 30 seconds whether a page is still looked at. Who logged in once is known by it before, too.
const SESSIONS: &str = "
WITH known_user AS (
    SELECT
        domain_userid,
        FIRST_VALUE(user_id ORDER BY derived_tstamp DESC, event_id) AS user_id
    FROM raw.events
    WHERE user_id IS NOT NULL
    GROUP BY
        domain_userid
),
engagement AS (
    SELECT
        domain_userid,
        domain_sessionid,
        MAX(derived_tstamp) AS session_end,
        30 * COUNT(*) FILTER (WHERE event = 'page_ping') AS time_engaged_in_s
    FROM raw.events
    GROUP BY
        domain_userid,
        domain_sessionid
),
ranked_view AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY domain_userid, domain_sessionid
            ORDER BY derived_tstamp, event_id
        ) AS place,
        ROW_NUMBER() OVER (
            PARTITION BY domain_userid, domain_sessionid
            ORDER BY derived_tstamp DESC, event_id
        ) AS place_from_last
    FROM raw.events
    WHERE event = 'page_view'
)
SELECT
    first_view.domain_sessionid AS session_id,
    first_view.domain_userid,
    first_view.user_id AS user_custom_id,
    COALESCE(known_user.user_id, first_view.domain_userid) AS inferred_user_id,
    first_view.domain_userid AS user_snowplow_domain_id,
    first_view.network_userid AS user_snowplow_crossdomain_id,
    first_view.app_id,
    first_view.page_urlhost || first_view.page_urlpath AS first_page_url,
    first_view.mkt_medium AS marketing_medium,
    first_view.mkt_source AS marketing_source,
    first_view.mkt_term AS marketing_term,
    first_view.mkt_campaign AS marketing_campaign,
    first_view.mkt_content AS marketing_content,
    first_view.refr_urlhost || first_view.refr_urlpath AS referer_url,
    first_view.derived_tstamp AS session_start,
    engagement.session_end,
    engagement.time_engaged_in_s,
    first_view.domain_sessionidx AS session_index,
    first_view.test_add_col AS first_test_add_col,
    last_view.test_add_col AS last_test_add_col
FROM ranked_view AS first_view
INNER JOIN engagement
    ON engagement.domain_userid = first_view.domain_userid
    AND engagement.domain_sessionid = first_view.domain_sessionid
INNER JOIN ranked_view AS last_view
    ON last_view.domain_userid = first_view.domain_userid
    AND last_view.domain_sessionid = first_view.domain_sessionid
    AND last_view.place_from_last = 1
LEFT JOIN known_user
    ON known_user.domain_userid = first_view.domain_userid
WHERE first_view.place = 1
";

fn files() -> [(&'static str, String); 4] {
    [
        ("schemas/events.yaml", EVENTS),
        ("jobs/events.yaml", EVENTS_JOB),
        ("jobs/sessions.yaml", SESSIONS_JOB),
        ("sql/sessions.sql", SESSIONS),
    ]
    .map(|(path, text)| (path, text.to_owned()))
}

/// The expected cells by column and session. The package tells times in New York's winter; the lake holds UTC.
fn expected(seeds: &Path) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let path = seeds.join("expected/snowplow_sessions_expected.csv");
    let mut reader = csv::Reader::from_path(path).expect("the expected table");
    let headers: Vec<String> = reader
        .headers()
        .expect("a header")
        .iter()
        .map(ToOwned::to_owned)
        .collect();
    let at = headers.iter().position(|name| name == "session_id");
    let at = at.expect("the session's id");
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        let cells = headers.iter().zip(&row);
        let cells = cells.map(|(name, cell)| match (name.as_str(), cell) {
            ("session_start" | "session_end", at) => in_utc(at),
            (_, "NULL") => String::new(),
            (_, cell) => cell.to_owned(),
        });
        (row[at].to_owned(), cells.collect())
    });
    let rows = rows.collect();
    (headers, rows)
}

fn in_utc(winter_in_new_york: &str) -> String {
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", winter_in_new_york).expect("a time");
    let time = time.checked_add(5.hours()).expect("a time");
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

async fn sessions(project: &OwnProject, columns: &[String]) -> BTreeMap<String, Vec<String>> {
    let sql = format!("SELECT {} FROM customer.sessions", columns.join(", "));
    let at = columns.iter().position(|name| name == "session_id");
    let at = at.expect("the session's id");
    let rows = project.texts(&sql).await.into_iter();
    rows.map(|row| (row[at].clone(), row)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_a_tracker_are_those_that_its_package_expects() {
    let Some(folder) = test_data("snowplow_legacy") else {
        return eprintln!(
            "skipped: no snowplow_legacy; C360_TEST_DATA names the folder that holds it"
        );
    };
    let seeds = folder.join("seeds");
    let (columns, expected) = expected(&seeds);
    let project = OwnProject::new(files(), "2018-01-02T00:00:00Z").await;
    let deliver = |file: &str| {
        let from = seeds.join("event").join(file);
        std::fs::copy(from, project.data().join(file)).expect("a file");
    };
    deliver("sp_event.csv");
    project.run().await;
    let before = sessions(&project, &columns).await;
    assert_eq!(before.len(), 3, "{before:#?}");
    assert_ne!(before["user_1_session_1"], expected["user_1_session_1"]);
    deliver("sp_event_update.csv");
    project.run().await;
    assert_eq!(sessions(&project, &columns).await, expected);

    let at_once = OwnProject::new(files(), "2018-01-02T00:00:00Z").await;
    for file in ["sp_event.csv", "sp_event_update.csv"] {
        std::fs::copy(seeds.join("event").join(file), at_once.data().join(file)).expect("a file");
    }
    at_once.run().await;
    assert_eq!(sessions(&at_once, &columns).await, expected);
}
