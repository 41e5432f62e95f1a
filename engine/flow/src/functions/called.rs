//! Which of a program's own functions a job calls. Their versions are part of what decides the job's result.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use c360_spec::{Job, Project};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::{Expr as Sql, ObjectNamePart, Visit, visit_expressions};

use super::{Functions, Own};
use crate::check::expressions;
use crate::fingerprint::fingerprint;

impl Functions {
    /// Makes the fingerprint of each job that calls some of the functions follow their versions. Those of other jobs
    /// stay, so that a program with functions of its own takes over a lake as it is.
    pub(crate) fn mark(&self, project: &mut Project) {
        if self.own.is_empty() {
            return;
        }
        for job in project.jobs.values_mut() {
            let versions = self.versions(&called(job, &project.sql));
            if !versions.is_empty() {
                job.fingerprint = fingerprint(&(&job.fingerprint, versions));
            }
        }
    }

    fn versions(&self, called: &BTreeSet<String>) -> BTreeMap<&str, u32> {
        let is_called = |own: &&Own| own.names().any(|name| called.contains(name));
        let own = self.own.iter().filter(is_called);
        own.filter_map(|own| Some((own.names().next()?, own.version)))
            .collect()
    }
}

/// The functions that a job's SQL files and expressions call. What does not parse calls none: a run says what is wrong
/// with it.
fn called(job: &Job, files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for sql in job
        .sql_files()
        .into_iter()
        .filter_map(|file| files.get(file))
    {
        for statement in DFParser::parse_sql(sql).into_iter().flatten() {
            if let Statement::Statement(statement) = statement {
                note(statement.as_ref(), &mut names);
            }
        }
    }
    for (_, sql) in expressions(&job.kind) {
        if let Ok(parsed) = DFParser::parse_sql_into_expr(sql) {
            note(&parsed.expr, &mut names);
        }
    }
    names
}

fn note(sql: &impl Visit, names: &mut BTreeSet<String>) {
    let _ = visit_expressions(sql, |expression| {
        if let Sql::Function(call) = expression
            && let Some(ObjectNamePart::Identifier(name)) = call.name.0.last()
        {
            names.insert(name.value.to_lowercase());
        }
        ControlFlow::<()>::Continue(())
    });
}
