//! What can be said of a project without its tables: whether its SQL parses, reads tables that some job writes, and
//! lets the jobs be put in an order.
//!
//! Adds to what the spec finds by itself, and all of it is reported together. Columns and types are known to the tables
//! only: what is wrong with those shows in a rehearsal.

use std::collections::BTreeSet;

use c360_spec::{
    IdentityJob, Job, JobKind, Normalize, Problem, Problems, Project, SourceFile, TableName,
    spelling,
};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as Sql;

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::query_failure::explained;
use crate::{statement, udf};

/// Reads a project as [`Project::parse`] does, and checks its SQL besides. Fails with every problem of every file.
pub fn check(
    files: Vec<SourceFile>,
    env: &dyn Fn(&str) -> Option<String>,
) -> std::result::Result<Project, Problems> {
    let mut problems = of_sql_files(&files);
    let project = match Project::parse(files, env) {
        Ok(project) => project,
        Err(found) => return Err(found.into_iter().chain(problems).collect()),
    };
    if problems.is_empty() {
        problems.extend(of_tables(&project));
        problems.extend(of_order(&project));
    }
    problems.extend(project.jobs.values().flat_map(of_job));
    if problems.is_empty() {
        Ok(project)
    } else {
        Err(problems.into_iter().collect())
    }
}

/// Files that hold something else than one SELECT.
fn of_sql_files(files: &[SourceFile]) -> Vec<Problem> {
    let is_sql = |file: &&SourceFile| file.path.ends_with(".sql");
    files
        .iter()
        .filter(is_sql)
        .filter_map(|file| Some(problem(&file.path, &tables_read(&file.text).err()?)))
        .collect()
}

/// The tables that a file's one SELECT reads.
fn tables_read(sql: &str) -> Result<Vec<TableName>> {
    let parsed = statement::parse("this file", sql)?;
    let is_select =
        matches!(&parsed, Statement::Statement(sql) if matches!(sql.as_ref(), Sql::Query(_)));
    if let Some(function) = statement::calls_unrepeatable(&parsed) {
        return Err(statement::differs("this file", &function));
    }
    if is_select {
        return statement::tables_of("this file", &parsed);
    }
    Err(Error::invalid("this file holds no SELECT")
        .with_hint("jobs fill tables: a file says with one SELECT what a table holds"))
}

/// Tables that a job's SQL reads and no job writes.
fn of_tables(project: &Project) -> Vec<Problem> {
    let jobs = project.jobs.values();
    let written: BTreeSet<String> = jobs
        .clone()
        .flat_map(Job::output_tables)
        .map(|table| table.to_string())
        .collect();
    let mut problems = Vec::new();
    for file in jobs.flat_map(Job::sql_files) {
        let tables = project.sql.get(file).map(|sql| tables_read(sql));
        for table in tables.into_iter().flatten().flatten() {
            let table = table.to_string();
            if !written.contains(&table) {
                problems.push(unwritten(file, &table, &written));
            }
        }
    }
    problems
}

fn unwritten(file: &str, table: &str, written: &BTreeSet<String>) -> Problem {
    let hint = match spelling::nearest(table, written.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add a job that writes `{table}`"),
    };
    let message = format!("no job writes the table `{table}`");
    Problem::of_file(file, message, Some(hint))
}

/// Jobs that wait for each other.
fn of_order(project: &Project) -> Option<Problem> {
    let error = Graph::new(project).err()?;
    Some(problem("jobs", &error))
}

/// Expressions that do not parse, and countries that there are not.
fn of_job(job: &Job) -> Vec<Problem> {
    let file = own_file(job);
    let mut problems = Vec::new();
    for (place, sql) in expressions(&job.kind) {
        if let Err(error) = DFParser::parse_sql_into_expr(sql) {
            let message = format!("{place} is no SQL expression: {}", explained(&error).0);
            problems.push(Problem::of_file(&file, message, None));
        }
    }
    if let JobKind::Identity(job) = &job.kind {
        problems.extend(unknown_regions(job).map(|message| {
            let hint = "name a country by its two letters, as in `AU`".to_owned();
            Problem::of_file(&file, message, Some(hint))
        }));
    }
    problems
}

/// Every SQL expression of a job, and where it stands.
pub fn expressions(kind: &JobKind) -> Vec<(String, &str)> {
    let mut found: Vec<(String, &str)> = Vec::new();
    match kind {
        JobKind::Identity(job) => {
            for record in &job.records {
                let source = &record.source;
                found.push((format!("`key` of source {source}"), &record.key));
                found.push((format!("`seen_at` of source {source}"), &record.seen_at));
                for (name, sql) in record.attributes.iter().chain(&record.identifiers) {
                    found.push((format!("`{name}` of source {source}"), sql));
                }
            }
        }
        JobKind::Facts(job) => {
            for person in &job.person {
                found.push((format!("`key` of source {}", person.source), &person.key));
            }
        }
        JobKind::Profile(job) => {
            for offer in &job.sources {
                let source = &offer.source;
                found.push((format!("`key` of source {source}"), &offer.key));
                found.push((
                    format!("`observed_at` of source {source}"),
                    &offer.observed_at,
                ));
                for (name, sql) in &offer.fields {
                    found.push((format!("`{name}` of source {source}"), sql));
                }
            }
        }
        JobKind::Measures(job) => {
            found.extend(
                job.only
                    .iter()
                    .map(|sql| ("`where`".to_owned(), sql.as_str())),
            );
            for measure in &job.measures {
                let name = &measure.name;
                let of = measure.of.iter().map(|sql| ("of", sql));
                let parts = of.chain(measure.only.iter().map(|sql| ("where", sql)));
                found.extend(
                    parts.map(|(key, sql)| (format!("`{key}` of measure {name}"), sql.as_str())),
                );
            }
        }
        JobKind::Source(_) | JobKind::Feature(_) | JobKind::Publish(_) => {}
    }
    found
}

fn unknown_regions(job: &IdentityJob) -> impl Iterator<Item = String> {
    job.identifiers.iter().filter_map(|(kind, rule)| {
        let region = rule.region.as_deref()?;
        let is_known =
            rule.normalize != Normalize::Phone || udf::normalizer("phone", Some(region)).is_ok();
        (!is_known).then(|| format!("`{region}` of identifier kind `{kind}` is no country"))
    })
}

/// The file that declares the job.
pub fn own_file(job: &Job) -> String {
    format!("jobs/{}.yaml", job.name)
}

/// An error as a problem of a file.
pub fn problem(file: &str, error: &Error) -> Problem {
    Problem::of_file(file, error.in_full(), error.hint())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = "name: shop\nwarehouse: {location: ./lake}\n";
    const TOTALS: &str =
        "job: totals\nkind: feature\ntable: customer.totals\nsql: sql/totals.sql\nby: person_id\n";
    const SHARES: &str =
        "job: shares\nkind: feature\ntable: customer.shares\nsql: sql/shares.sql\nby: person_id\n";

    /// What is wrong with a project of two features with this SQL, as `file: message`.
    fn problems(totals: &str, shares: &str) -> Vec<String> {
        let files = [
            ("c360.yaml", SETTINGS),
            ("jobs/totals.yaml", TOTALS),
            ("jobs/shares.yaml", SHARES),
            ("sql/totals.sql", totals),
            ("sql/shares.sql", shares),
        ];
        let files = files.map(|(path, text)| SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        match check(files.into(), &|_| None) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn sql_that_reads_what_jobs_write_is_right() {
        let shares = "WITH t AS (SELECT * FROM customer.totals) SELECT * FROM t";
        assert!(problems("SELECT 'P1' AS person_id, $as_of AS seen", shares).is_empty());
    }

    #[test]
    fn every_file_is_told_its_own_problem() {
        let found = problems("SELEC 1", "SELECT 1; SELECT 2");
        assert_eq!(
            found[0],
            "sql/shares.sql: this file holds more than one statement"
        );
        assert!(found[1].starts_with("sql/totals.sql: cannot parse this file: Expected"));
        assert_eq!(
            problems("DROP TABLE customer.shares", "SELECT 1"),
            ["sql/totals.sql: this file holds no SELECT"]
        );
    }

    #[test]
    fn what_differs_from_run_to_run_is_refused() {
        assert_eq!(
            problems(
                "SELECT Now() AS at",
                "SELECT * FROM customer.totals WHERE at < $asof"
            ),
            [
                "sql/shares.sql: this file asks for $asof",
                "sql/totals.sql: this file calls now(), which differs from run to run"
            ]
        );
    }

    #[test]
    fn tables_that_no_job_writes_are_named() {
        assert_eq!(
            problems("SELECT 1", "SELECT * FROM customer.total"),
            ["sql/shares.sql: no job writes the table `customer.total`"]
        );
    }

    #[test]
    fn circles_are_told_also_those_of_one() {
        assert_eq!(
            problems(
                "SELECT * FROM customer.shares",
                "SELECT * FROM customer.totals"
            ),
            ["jobs: jobs wait for each other: shares, totals"]
        );
        assert_eq!(
            problems("SELECT * FROM customer.totals", "SELECT 1"),
            ["jobs: job totals reads customer.totals, which it writes itself"]
        );
    }
}
