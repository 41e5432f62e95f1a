//! Which job comes before which: a job follows those that write what it reads.

use std::collections::{BTreeMap, BTreeSet};

use c360_spec::{Job, JobKind, Project, TableName, spelling};

use crate::error::{Error, Result};
use crate::statement;

/// Which jobs of a project are meant: `job`, `+job` (and what comes before it), `job+` (and what follows it).
#[derive(Debug, Clone, Default)]
pub struct Selection(pub Vec<String>);

/// The jobs of a project in the order in which they run.
pub struct Graph<'a> {
    order: Vec<&'a Job>,
    upstream: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// Every table of other jobs that a job reads.
pub fn inputs(project: &Project, job: &Job) -> Result<Vec<TableName>> {
    let mut tables = job.input_tables();
    for file in job.sql_files() {
        if let Some(sql) = project.sql.get(file) {
            tables.extend(statement::tables_read(file, sql)?);
        }
    }
    let outputs = job.output_tables();
    tables.retain(|table| !outputs.contains(table));
    tables.sort();
    tables.dedup();
    Ok(tables)
}

/// A table cannot be made from itself. The checks of a publish job read what it made, and its epoch may show it.
fn refuse_own_output(project: &Project, job: &Job) -> Result<()> {
    let mut made_from = match &job.kind {
        JobKind::Publish(_) => Vec::new(),
        _ => job.input_tables(),
    };
    let select = job.sql_files().first().copied();
    if let Some((file, sql)) = select.and_then(|file| project.sql.get_key_value(file)) {
        made_from.extend(statement::tables_read(file, sql)?);
    }
    let outputs = job.output_tables();
    match made_from.iter().find(|table| outputs.contains(table)) {
        None => Ok(()),
        Some(table) => Err(Error::invalid(format!(
            "job {} reads {table}, which it writes itself",
            job.name
        ))
        .with_hint(format!("read what {table} is made from"))),
    }
}

impl<'a> Graph<'a> {
    /// Orders the jobs; fails where they wait for each other, or for themselves.
    pub fn new(project: &'a Project) -> Result<Self> {
        let mut writers: BTreeMap<TableName, &str> = BTreeMap::new();
        for job in project.jobs.values() {
            writers.extend(
                job.output_tables()
                    .into_iter()
                    .map(|table| (table, job.name.as_str())),
            );
        }
        let mut upstream: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for job in project.jobs.values() {
            refuse_own_output(project, job)?;
            let before = inputs(project, job)?
                .iter()
                .filter_map(|table| writers.get(table).copied())
                .collect();
            upstream.insert(&job.name, before);
        }
        let order = order(&upstream)?
            .into_iter()
            .filter_map(|name| project.jobs.get(name))
            .collect();
        Ok(Self { order, upstream })
    }

    /// Names of the jobs that write what `job` reads.
    pub fn upstream(&self, job: &str) -> impl Iterator<Item = &str> {
        self.upstream.get(job).into_iter().flatten().copied()
    }

    /// The selected jobs, in order.
    pub fn select(&self, selection: &Selection) -> Result<Vec<&'a Job>> {
        if selection.0.is_empty() {
            return Ok(self.order.clone());
        }
        let mut chosen: BTreeSet<&str> = BTreeSet::new();
        for selector in &selection.0 {
            let name = selector.trim_start_matches('+').trim_end_matches('+');
            let job = self.find(name)?;
            chosen.insert(job);
            if selector.starts_with('+') {
                self.add_upstream(job, &mut chosen);
            }
            if selector.ends_with('+') {
                self.add_downstream(job, &mut chosen);
            }
        }
        Ok(self
            .order
            .iter()
            .copied()
            .filter(|job| chosen.contains(job.name.as_str()))
            .collect())
    }

    fn find(&self, name: &str) -> Result<&'a str> {
        let names = || self.order.iter().map(|job| job.name.as_str());
        if let Some(found) = names().find(|job| *job == name) {
            return Ok(found);
        }
        let hint = match spelling::nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.order.is_empty() => "the project has no jobs".to_owned(),
            None => "c360 plan lists the jobs".to_owned(),
        };
        Err(Error::invalid(format!("there is no job `{name}`")).with_hint(hint))
    }

    fn add_upstream<'b>(&'b self, job: &str, chosen: &mut BTreeSet<&'b str>) {
        for before in self.upstream(job) {
            if chosen.insert(before) {
                self.add_upstream(before, chosen);
            }
        }
    }

    fn add_downstream<'b>(&'b self, job: &str, chosen: &mut BTreeSet<&'b str>) {
        for (after, before) in &self.upstream {
            if before.contains(job) && chosen.insert(after) {
                self.add_downstream(after, chosen);
            }
        }
    }
}

/// Kahn's algorithm, taking the first ready job by name, so that the order is the same everywhere.
fn order<'a>(upstream: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Result<Vec<&'a str>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::with_capacity(upstream.len());
    while order.len() < upstream.len() {
        let ready = upstream
            .iter()
            .find(|(job, before)| !done.contains(*job) && before.is_subset(&done))
            .map(|(job, _)| *job);
        let Some(job) = ready else {
            let waiting: Vec<&str> = upstream
                .keys()
                .filter(|job| !done.contains(*job))
                .copied()
                .collect();
            return Err(Error::invalid(format!(
                "jobs wait for each other: {}",
                waiting.join(", ")
            ))
            .with_hint("a job cannot read what it, or a job after it, writes"));
        };
        done.insert(job);
        order.push(job);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edges: &[(&'static str, &[&'static str])], expected: &[&str]) {
        let upstream = edges
            .iter()
            .map(|(job, before)| (*job, before.iter().copied().collect()))
            .collect();
        assert_eq!(
            order(&upstream).map_err(|error| error.to_string()),
            Ok(expected.to_vec())
        );
    }

    #[test]
    fn jobs_follow_what_they_read_and_then_their_names() {
        check(
            &[("b", &[]), ("a", &["c"]), ("c", &["b"]), ("d", &[])],
            &["b", "c", "a", "d"],
        );
    }

    #[test]
    fn a_circle_is_named() {
        let upstream = [
            ("a", ["b"].into()),
            ("b", ["a"].into()),
            ("c", BTreeSet::new()),
        ]
        .into();
        let error = order(&upstream).expect_err("a circle").to_string();
        assert_eq!(error, "jobs wait for each other: a, b");
    }
}
