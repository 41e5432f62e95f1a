//! `lineage` in `c360.yaml`: what a run tells as OpenLineage events, to a file and to an endpoint, and that an endpoint
//! that is down is no matter.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::runner::{Home, people};

const KEY: &str = "of-no-consequence";

/// Two jobs, and lineage as declared.
fn home(lineage: &str) -> Home {
    let home = Home::with_people();
    home.write(
        "sql/ages.sql",
        "SELECT id, age * 2 AS doubled FROM raw.people\n",
    );
    home.write(
        "jobs/ages.yaml",
        "job: ages\nkind: feature\ndescription: Ages\ntable: customer.ages\nsql: sql/ages.sql\nkey: [id]\n",
    );
    let settings = home.read("c360.yaml");
    home.write("c360.yaml", &format!("{settings}lineage: {lineage}\n"));
    home
}

fn in_file(home: &Home) -> Vec<Value> {
    let lines = home.read("lineage.jsonl");
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect()
}

/// What happened to which job, in order.
fn story(events: &[Value]) -> Vec<String> {
    let told = |event: &Value| {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        format!(
            "{} {}",
            text(&event["eventType"]),
            text(&event["job"]["name"])
        )
    };
    events.iter().map(told).collect()
}

fn is_uri(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.starts_with("https://openlineage.io/spec/") || text.starts_with("urn:c360:")
}

/// What the specification requires of every event.
#[track_caller]
fn check_shape(event: &Value) {
    let time = event["eventTime"].as_str().expect("a time");
    time.parse::<jiff::Timestamp>().expect("a time");
    assert!(
        is_uri(&event["producer"]) && is_uri(&event["schemaURL"]),
        "{event}"
    );
    let run_id = event["run"]["runId"].as_str().expect("a name");
    run_id.parse::<uuid::Uuid>().expect("a UUID");
    assert_eq!(event["job"]["namespace"], "shop");
    let datasets = ["inputs", "outputs"].map(|key| event[key].as_array().expect("a list"));
    let mut facets = vec![&event["run"]["facets"], &event["job"]["facets"]];
    for dataset in datasets.into_iter().flatten() {
        assert!(
            dataset["namespace"].is_string() && dataset["name"].is_string(),
            "{dataset}"
        );
        facets.push(&dataset["facets"]);
        facets.extend(dataset.get("outputFacets"));
    }
    for (name, facet) in facets
        .into_iter()
        .flat_map(|all| all.as_object().expect("facets"))
    {
        assert!(
            is_uri(&facet["_producer"]) && is_uri(&facet["_schemaURL"]),
            "{name}: {facet}"
        );
    }
}

#[test]
fn a_run_tells_its_jobs_what_they_read_and_what_they_wrote() {
    let home = home("{file: lineage.jsonl, namespace: shop}");
    let run = home.c360(&["run", "--json"]).exits(0).json();
    let events = in_file(&home);
    events.iter().for_each(check_shape);
    assert_eq!(
        story(&events),
        [
            "START small",
            "START small.people",
            "COMPLETE small.people",
            "START small.ages",
            "COMPLETE small.ages",
            "COMPLETE small"
        ]
    );
    let times: Vec<&Value> = events.iter().map(|event| &event["eventTime"]).collect();
    assert!(times.is_sorted_by_key(|time| time.as_str()), "{times:?}");
    assert_eq!(events[0]["run"]["runId"], run["run_id"]);
    assert_eq!(events[0]["run"], events[5]["run"]);
    assert_eq!(events[3]["run"]["runId"], events[4]["run"]["runId"]);
    let parent = &events[4]["run"]["facets"]["parent"];
    assert_eq!(parent["run"]["runId"], run["run_id"]);
    assert_eq!(parent["job"], json!({"namespace": "shop", "name": "small"}));
    check_source(&home, &events[2]);
    check_feature(&home, &events[4]);

    home.c360(&["run"]).exits(0).prints("nothing to do");
    assert_eq!(
        in_file(&home).len(),
        6,
        "a run without work leaves no event, as it leaves no row"
    );
}

fn check_source(home: &Home, event: &Value) {
    let glob = home.file("data/people*.csv");
    let file = &event["inputs"][0];
    assert_eq!(file["namespace"], "file");
    assert!(
        file["name"]
            .as_str()
            .expect("a path")
            .ends_with("/data/people*.csv"),
        "{glob:?}"
    );
    let outputs: BTreeMap<&str, &Value> = by_name(&event["outputs"]);
    let people = outputs["raw.people"];
    let fields = &people["facets"]["schema"]["fields"];
    assert_eq!(fields[1], json!({"name": "name", "type": "Utf8"}));
    let statistics = &people["outputFacets"]["outputStatistics"];
    assert_eq!(statistics["rowCount"], 100);
    assert!(statistics["size"].as_u64() > Some(0));
    let location = &people["facets"]["symlinks"]["identifiers"][0];
    assert_eq!(location["namespace"], "file");
    assert!(
        location["name"]
            .as_str()
            .expect("a path")
            .contains("/lake/")
    );
    let origin = &people["facets"]["columnLineage"]["fields"]["age"]["inputFields"][0];
    assert_eq!(
        (&origin["name"], &origin["field"]),
        (&file["name"], &"age".into())
    );
}

fn check_feature(home: &Home, event: &Value) {
    let tables = home.c360(&["tables", "--json"]).exits(0).json();
    let snapshot = |name: &str| {
        let mut tables = tables.as_array().expect("tables").iter();
        let table = tables
            .find(|table| table["table"] == name)
            .expect("a table");
        table["snapshot_id"].to_string()
    };
    let (input, output) = (&event["inputs"][0], &event["outputs"][0]);
    assert_eq!(
        (&input["name"], &output["name"]),
        (&"raw.people".into(), &"customer.ages".into())
    );
    assert_eq!(
        input["facets"]["version"]["datasetVersion"],
        snapshot("raw.people")
    );
    assert_eq!(
        output["facets"]["version"]["datasetVersion"],
        snapshot("customer.ages")
    );
    let doubled = &output["facets"]["columnLineage"]["fields"]["doubled"];
    assert_eq!(
        doubled["inputFields"],
        json!([{"namespace": "shop", "name": "raw.people", "field": "age"}])
    );
    let facets = &event["job"]["facets"];
    assert!(
        facets["sql"]["query"]
            .as_str()
            .expect("SQL")
            .starts_with("SELECT id")
    );
    assert_eq!(facets["documentation"]["description"], "Ages");
    assert_eq!(facets["jobType"]["jobType"], "FEATURE");
}

fn by_name(datasets: &Value) -> BTreeMap<&str, &Value> {
    let datasets = datasets.as_array().expect("datasets").iter();
    datasets
        .map(|dataset| (dataset["name"].as_str().expect("a name"), dataset))
        .collect()
}

#[test]
fn a_failed_job_is_told_with_the_ledgers_words() {
    let home = home("{file: lineage.jsonl, namespace: shop}");
    home.write("data/people.csv", &people(0..100, 90));
    home.c360(&["run"]).exits(3);
    let events = in_file(&home);
    events.iter().for_each(check_shape);
    assert_eq!(
        story(&events),
        [
            "START small",
            "START small.people",
            "FAIL small.people",
            "FAIL small"
        ]
    );
    let ledger = home.c360(&["runs", "--json"]).exits(0).json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let [error, hint] = ["error", "hint"].map(|key| text(&ledger[0][key]));
    for event in &events[2..] {
        let told = &event["run"]["facets"]["errorMessage"];
        assert_eq!(text(&told["message"]), format!("{error}\nhint: {hint}"));
        assert_eq!(told["programmingLanguage"], "Rust");
        assert!(!event.to_string().contains("Person 99"));
    }
}

/// What an endpoint was sent: the head of each request, and its event.
type Taken = Arc<Mutex<Vec<(String, Value)>>>;

/// An endpoint that answers with these statuses, then with the last of them.
async fn endpoint(statuses: &'static [u16]) -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let taken = Taken::default();
    let into = Arc::clone(&taken);
    tokio::spawn(async move {
        let mut statuses = statuses.iter().copied();
        let mut status = 201;
        while let Ok((stream, _)) = listener.accept().await {
            status = statuses.next().unwrap_or(status);
            let request = answered(stream, status).await;
            into.lock().expect("no panic").push(request);
        }
    });
    (format!("http://{address}/api/v1/lineage"), taken)
}

/// Reads one request and answers it.
async fn answered(stream: TcpStream, status: u16) -> (String, Value) {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a line");
        if line.trim().is_empty() {
            break;
        }
        let line = line.to_lowercase();
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().expect("a number");
        }
        head += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a body");
    let answer =
        format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream
        .write_all(answer.as_bytes())
        .await
        .expect("an answer");
    (head, serde_json::from_slice(&body).expect("an event"))
}

/// Runs beside the endpoint, with a key for it.
async fn run(home: Home) -> (Home, super::runner::Ran) {
    let ran = tokio::task::spawn_blocking(move || {
        let mut command = home.command(&["run"]);
        command
            .env("OPENLINEAGE_API_KEY", KEY)
            .env("NO_PROXY", "127.0.0.1");
        let ran = command.output().expect("c360").into();
        (home, ran)
    });
    ran.await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_posted_each_event_with_the_key() {
    let (url, taken) = endpoint(&[201]).await;
    let (_home, ran) = run(home(&format!("{{url: \"{url}\", namespace: shop}}"))).await;
    let ran = ran.exits(0).keeps_quiet_about(KEY);
    assert_eq!(ran.stderr, "");
    let taken = taken.lock().expect("no panic");
    let events: Vec<Value> = taken.iter().map(|(_, event)| event.clone()).collect();
    events.iter().for_each(check_shape);
    assert_eq!(story(&events).len(), 6);
    for (head, _) in taken.iter() {
        assert!(head.starts_with("post /api/v1/lineage http/1.1"), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
        assert!(
            head.contains(&format!("authorization: bearer {KEY}")),
            "{head}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_busy_is_asked_again() {
    let (url, taken) = endpoint(&[503, 429, 200]).await;
    let (_home, ran) = run(home(&format!("{{url: \"{url}\", namespace: shop}}"))).await;
    assert_eq!(ran.exits(0).stderr, "");
    let taken = taken.lock().expect("no panic");
    let events: Vec<Value> = taken.iter().map(|(_, event)| event.clone()).collect();
    assert_eq!(events.len(), 8, "the first event thrice");
    assert_eq!(events[0], events[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_refuses_is_told_nothing_more() {
    for statuses in [&[401], &[307]] {
        let (url, taken) = endpoint(statuses).await;
        let (home, ran) = run(home(&format!("{{url: \"{url}\", namespace: shop}}"))).await;
        ran.exits(0)
            .says("lineage events cannot be told")
            .says(&statuses[0].to_string())
            .keeps_quiet_about(KEY)
            .keeps_quiet_about(&url);
        assert_eq!(taken.lock().expect("no panic").len(), 1);
        home.c360(&["plan"]).exits(0).says("nothing to do");
    }
}

#[test]
fn an_endpoint_that_is_down_fails_no_run() {
    let home = home("{url: env:LINEAGE_URL}");
    // nobody listens at the first port
    let url = "http://127.0.0.1:1/api?token=hidden";
    let with_url = |words: &[&str]| -> super::runner::Ran {
        let mut command = home.command(words);
        command.env("LINEAGE_URL", url).env("NO_PROXY", "127.0.0.1");
        command.output().expect("c360").into()
    };
    let ran = with_url(&["run", "--log-format", "json"])
        .exits(0)
        .says("lineage events cannot be told")
        .keeps_quiet_about("hidden");
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let warning: Value = serde_json::from_str(&ran.stderr).expect("a line of JSON");
    assert!(warning["span"]["run_id"].is_string());
    with_url(&["plan"]).exits(0).says("nothing to do");
}

#[test]
fn a_file_that_cannot_be_written_fails_no_run() {
    for file in ["data/people.csv/events.jsonl", "no/folder/events.jsonl"] {
        home(&format!("{{file: {file}}}"))
            .c360(&["run"])
            .exits(0)
            .says("lineage events cannot be told")
            .says(file);
    }
}
