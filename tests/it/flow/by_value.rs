//! What is computed by a column says of changed values what it says of all rows; a SELECT of which that is not plain is
//! refused before it runs.

use c360_flow::{Clock, EngineOptions, rehearse};
use c360_spec::{Project, SourceFile};

use super::own_project::{OwnProject, SETTINGS};

const AS_OF: &str = "2026-01-31T00:00:00Z";

/// Each gives rows that `id` and `n` tell apart.
const ALLOWED: [&str; 27] = [
    "SELECT id, n FROM raw.a",
    "SELECT id, n FROM raw.a UNION SELECT id, n FROM raw.b",
    "SELECT id, count(*) AS n FROM raw.a GROUP BY id",
    "SELECT coalesce(id, 'nobody') AS id, count(*) AS n FROM raw.a GROUP BY coalesce(id, 'nobody')",
    "SELECT id, max(n) AS n FROM raw.a GROUP BY id, colour HAVING count(*) > 1",
    "SELECT DISTINCT id, n % 2 AS n FROM raw.a",
    "SELECT DISTINCT ON (id) id, n FROM raw.a ORDER BY id, n DESC",
    "SELECT id, sum(b.n) AS n FROM raw.a JOIN raw.b USING (id) GROUP BY id",
    "SELECT a.id, sum(b.n) AS n FROM raw.a, raw.b WHERE b.id = a.id AND b.n > a.n GROUP BY a.id",
    "SELECT b.id, coalesce(sum(a.n), 0) AS n FROM raw.a RIGHT JOIN raw.b ON a.id = b.id GROUP BY b.id",
    "SELECT a.id, coalesce(sum(b.n), 0) AS n FROM raw.a LEFT JOIN raw.b ON b.id = a.id LEFT JOIN raw.c ON c.id = b.id GROUP BY a.id",
    "WITH x AS (SELECT id, sum(n) AS n FROM raw.a GROUP BY id), y AS (SELECT id, sum(n) AS n FROM raw.b GROUP BY id)
     SELECT coalesce(x.id, y.id) AS id, coalesce(x.n, 0) - coalesce(y.n, 0) AS n FROM x FULL JOIN y ON y.id = x.id",
    "WITH x AS (SELECT id, sum(n) AS n FROM raw.a GROUP BY id), y AS (SELECT id, sum(n) AS n FROM raw.b GROUP BY id),
     z AS (SELECT id, sum(n) AS n FROM raw.c GROUP BY id)
     SELECT coalesce(x.id, y.id, z.id) AS id, coalesce(z.n, 0) AS n FROM x FULL JOIN y ON y.id = x.id
     FULL JOIN z ON z.id = coalesce(x.id, y.id)",
    "SELECT id, sum(n) AS n FROM (SELECT id, n FROM raw.a UNION ALL SELECT id, -n FROM raw.b) GROUP BY id",
    "SELECT id, n FROM raw.a EXCEPT SELECT id, n FROM raw.b",
    "SELECT id, n FROM raw.a INTERSECT SELECT id, n FROM raw.a WHERE n % 2 = 0",
    "SELECT id, n FROM raw.a WHERE EXISTS (SELECT 1 FROM raw.b WHERE b.id = a.id AND b.n > a.n)",
    "SELECT id, n FROM raw.a WHERE id NOT IN (SELECT id FROM raw.b WHERE n > 24)",
    "SELECT id, n FROM raw.a WHERE n % 5 = 0 OR EXISTS (SELECT 1 FROM raw.c WHERE c.id = a.id)",
    "SELECT DISTINCT id, coalesce((SELECT max(n) FROM raw.b WHERE b.id = a.id), 0) AS n FROM raw.a",
    "SELECT id, n FROM raw.a WHERE colour IN (SELECT colour FROM raw.colours)",
    "SELECT id, n, shade FROM raw.a LEFT JOIN raw.colours ON colours.colour = a.colour",
    "SELECT id, n, darkest FROM raw.a CROSS JOIN (SELECT max(shade) AS darkest FROM raw.colours)",
    "SELECT id, n, sum(n) OVER (PARTITION BY id ORDER BY n) AS so_far FROM raw.a",
    "SELECT id, unnest([n, n + 1000]) AS n FROM raw.a",
    "SELECT id, n FROM (SELECT id, n, row_number() OVER (PARTITION BY id ORDER BY n DESC) AS place FROM raw.a)
     WHERE place <= 2",
    "SELECT id, n, CASE WHEN before = id THEN step END AS step FROM (SELECT id, n,
         lag(id) OVER (ORDER BY id, n) AS before, n - lag(n) OVER (ORDER BY id, n) AS step FROM raw.a)",
];

/// Each with what is said of it.
const REFUSED: [(&str, &str); 18] = [
    (
        "SELECT id, n, rank() OVER (ORDER BY n) AS place FROM raw.a",
        "looks at rows of several values",
    ),
    (
        "SELECT id, n, count(*) OVER () AS all FROM raw.a",
        "looks at rows of several values",
    ),
    (
        "SELECT id, n, row_number() OVER (ORDER BY id, n) AS place FROM raw.a",
        "looks at rows of several values",
    ),
    (
        "SELECT upper(id) AS id, n FROM raw.a",
        "its id is not the one of the rows",
    ),
    (
        "SELECT colour AS id, n FROM raw.a",
        "its id is not the one of the rows",
    ),
    (
        "SELECT max(id) AS id, n FROM raw.a GROUP BY n",
        "groups by raw.a.n",
    ),
    (
        "SELECT id, n FROM raw.a GROUP BY ROLLUP (id, n)",
        "groups by",
    ),
    (
        "SELECT b.id, a.n FROM raw.a LEFT JOIN raw.b ON b.id = a.id",
        "or not always",
    ),
    (
        "SELECT x.id, x.n FROM raw.a AS x JOIN raw.b AS y ON y.n = x.n",
        "joins on x.n = y.n",
    ),
    (
        "SELECT a.id, a.n FROM raw.a JOIN raw.b ON b.n > a.n",
        "joins rows of several values",
    ),
    (
        "SELECT id, n FROM raw.a WHERE colour IN (SELECT colour FROM raw.b)",
        "across values",
    ),
    (
        "SELECT id, n FROM raw.a WHERE n > (SELECT avg(n) FROM raw.b)",
        "aggregates the rows of all values",
    ),
    (
        "SELECT a.id, a.n FROM raw.colours LEFT JOIN raw.a ON a.colour = colours.colour",
        "keeps rows of a table without id",
    ),
    (
        "SELECT id, n FROM raw.a UNION ALL SELECT 'nobody', 0",
        "UNION adds rows",
    ),
    ("SELECT id, n FROM raw.a ORDER BY n LIMIT 3", "LIMIT"),
    (
        "SELECT DISTINCT ON (colour) id, n FROM raw.a ORDER BY colour, n",
        "groups by raw.a.colour",
    ),
    (
        "SELECT CAST(number AS VARCHAR) AS number, n FROM raw.a",
        "makes number a Utf8View, which is Int64 in raw.a",
    ),
    (
        "SELECT a.number, a.n FROM raw.a JOIN raw.c ON CAST(a.number AS VARCHAR) = c.number",
        "which is Int64 in raw.a and Utf8 in raw.c",
    ),
];

fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut add = |name: &str, key: &str, columns: &str| {
        let contract = format!("contract: {name}\nkey: [{key}]\ncolumns:\n{columns}");
        files.push((format!("schemas/{name}.yaml"), contract));
        let mode = match name {
            "colours" => "append",
            _ => "upsert\norder_by: day",
        };
        let job = format!(
            "job: {name}\nkind: source\ncontract: {name}\nfiles: [\"{name}_*.csv\"]\nformat: {{type: csv}}\nmode: {mode}\n"
        );
        files.push((format!("jobs/{name}.yaml"), job));
    };
    for (name, number) in [("a", "long"), ("b", "long"), ("c", "string")] {
        let columns = format!(
            "  - {{name: n, type: long}}\n  - {{name: id, type: string}}\n  - {{name: number, type: {number}}}
  - {{name: colour, type: string}}\n  - {{name: day, type: long}}\n"
        );
        add(name, "n", &columns);
    }
    let columns = "  - {name: colour, type: string}\n  - {name: shade, type: string}\n";
    add("colours", "colour", columns);
    files
}

fn features(selects: &[&str]) -> Vec<(String, String)> {
    let mut files = sources();
    for (at, select) in selects.iter().enumerate() {
        let by = match select.contains("number,") {
            true => "number",
            false => "id",
        };
        let job = format!(
            "job: f{at}\nkind: feature\ntable: customer.f{at}\nsql: sql/f{at}.sql\nby: {by}\nkey: [{by}, n]\n"
        );
        files.push((format!("jobs/f{at}.yaml"), job));
        files.push((format!("sql/f{at}.sql"), (*select).to_owned()));
    }
    files
}

/// A day's rows of a source: some of persons who were there before, some in place of earlier ones.
fn rows(source: u64, day: u64) -> String {
    let mut text = String::from("n,id,number,colour,day\n");
    for place in 0..12 {
        let n = day * 9 + place;
        let person = (n * (source + 3) + day) % (7 + day + source);
        let colour = ["red", "blue", "grey"][(n % 3) as usize];
        text += &format!("{n},p{person},{person},{colour},{day}\n");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_says_of_changed_values_what_it_says_of_all_rows() {
    let files = features(&ALLOWED);
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.clone()));
    let project = OwnProject::new(files, AS_OF).await;
    let put = |name: String, text: String| {
        std::fs::write(project.data().join(name), text).expect("a file");
    };
    put(
        "colours_0.csv".into(),
        "colour,shade\nred,warm\nblue,cold\n".into(),
    );
    for day in 0..3 {
        for (source, name) in (0..).zip(["a", "b", "c"]) {
            put(format!("{name}_{day}.csv"), rows(source, day));
        }
        project.run().await;
        for (at, select) in ALLOWED.iter().enumerate() {
            let rows_of = async |rows: &str| {
                let sql = format!("SELECT * FROM {rows} ORDER BY id, n");
                project.texts(&sql).await
            };
            let expected = rows_of(&format!("({select})")).await;
            let found = rows_of(&format!("customer.f{at}")).await;
            assert_eq!(found, expected, "day {day}: {select}");
            assert!(day < 2 || !found.is_empty(), "day {day}: {select}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_across_values_is_refused_over_no_rows() {
    let selects: Vec<&str> = REFUSED.iter().map(|(select, _)| *select).collect();
    let settings = ("c360.yaml".to_owned(), SETTINGS.to_owned());
    let files = features(&selects).into_iter().chain([settings]);
    let files = files.map(|(path, text)| SourceFile { path, text });
    let project = Project::parse(files.collect(), &|_| None).expect("a project");
    let clock = Clock {
        run_id: "run".into(),
        now: AS_OF.parse().expect("an instant"),
        as_of: AS_OF.parse().expect("an instant"),
    };
    let problems = rehearse(&project, EngineOptions::default(), &clock).await;
    let problems = problems.expect("a rehearsal");
    for (at, (select, said)) in REFUSED.iter().enumerate() {
        let file = format!("sql/f{at}.sql");
        let problem = problems.iter().find(|problem| problem.file == file);
        let problem = problem.unwrap_or_else(|| panic!("nothing is said of {select}"));
        assert!(
            problem.message.contains(said),
            "{select}: {}",
            problem.message
        );
        assert!(problem.hint.is_some(), "{select}");
    }
    assert_eq!(problems.iter().count(), REFUSED.len());
}
