//! The names that the files of a project give and take: contracts, tables, sources, SQL files.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Contract;
use crate::document::Document;
use crate::job::{Entity, JobKind};
use crate::{TableName, spelling};

/// A name that a file gives. What is inside is unknown where the file itself has problems.
type Known<T> = Option<T>;

/// The names that the files of a project give.
pub struct Names<'a> {
    pub contracts: BTreeMap<String, Known<&'a Contract>>,
    /// the jobs that write each table
    pub writers: BTreeMap<TableName, Vec<String>>,
    /// names of the sources of the job that resolves persons
    pub record_sources: Known<Vec<&'a str>>,
    pub sql: BTreeSet<&'a str>,
    kinds: BTreeMap<TableName, &'a JobKind>,
    /// what identity jobs resolve
    entities: BTreeSet<Entity>,
}

impl<'a> Names<'a> {
    pub fn new(
        contracts: BTreeMap<String, Known<&'a Contract>>,
        jobs: &'a [(Document, Option<JobKind>)],
        sql: BTreeSet<&'a str>,
    ) -> Self {
        let mut names = Self {
            contracts,
            writers: BTreeMap::new(),
            record_sources: Some(Vec::new()),
            sql,
            kinds: BTreeMap::new(),
            entities: BTreeSet::new(),
        };
        for (document, kind) in jobs {
            names.add_job(document, kind.as_ref());
        }
        names
    }

    fn add_job(&mut self, document: &Document, kind: Option<&'a JobKind>) {
        let tables = match kind {
            Some(kind) => kind.output_tables(),
            None => intended_tables(document),
        };
        for table in tables {
            if let Some(kind) = kind {
                self.kinds.insert(table.clone(), kind);
            }
            self.writers
                .entry(table)
                .or_default()
                .push(document.stem().to_owned());
        }
        match kind {
            Some(JobKind::Identity(job)) => {
                if !job.entity.is_taken() {
                    self.entities.insert(job.entity.clone());
                }
                if let Some(sources) = &mut self.record_sources
                    && job.entity.is_person()
                {
                    sources.extend(job.records.iter().map(|record| record.source.as_str()));
                }
            }
            // A job that could not be read may be the one that resolves persons.
            None if document
                .text_at("/kind")
                .is_none_or(|kind| kind == "identity")
                && intended_entity(document).is_some_and(|entity| entity.is_person()) =>
            {
                self.record_sources = None;
            }
            _ => {}
        }
    }

    /// The columns of a table, where the specs tell them all: of raw tables by their contract, of
    /// facts by the raw table that they come from.
    pub fn columns(&self, table: &TableName) -> Known<Vec<&'a str>> {
        match self.kinds.get(table)? {
            JobKind::Source(_) => self.raw_columns(table),
            JobKind::Facts(job) => {
                let mut columns = self.raw_columns(&job.from)?;
                columns.push("person_id");
                Some(columns)
            }
            _ => None,
        }
    }

    fn raw_columns(&self, table: &TableName) -> Known<Vec<&'a str>> {
        let JobKind::Source(job) = self.kinds.get(table)? else {
            return None;
        };
        if *table != job.table() {
            return None;
        }
        let contract = (*self.contracts.get(&job.contract)?)?;
        Some(
            contract
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect(),
        )
    }

    /// Reports a table that no job writes.
    pub fn check_table(&self, document: &mut Document, pointer: &str, table: &TableName) {
        if self.writers.contains_key(table) {
            return;
        }
        let tables: Vec<String> = self.writers.keys().map(TableName::to_string).collect();
        let text = table.to_string();
        let hint = match spelling::nearest(&text, tables.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if table.namespace() == "raw" => {
                format!("add a source job whose contract is `{}`", table.name())
            }
            None => format!("add a job whose table is `{table}`"),
        };
        document.report_value(
            pointer,
            format!("no job writes the table `{table}`"),
            Some(hint),
        );
    }

    /// Reports a column that the table is known not to have.
    pub fn check_column(
        &self,
        document: &mut Document,
        pointer: &str,
        table: &TableName,
        column: &str,
    ) {
        let Some(columns) = self.columns(table) else {
            return;
        };
        if !columns.contains(&column) {
            let hint = spelling::hint(column, columns.iter().copied());
            let message = format!("table `{table}` has no column `{column}`");
            document.report_value(pointer, message, hint);
        }
    }

    /// Reports a source of records that the identity job does not name.
    pub fn check_record_source(&self, document: &mut Document, pointer: &str, source: &str) {
        let Some(sources) = &self.record_sources else {
            return;
        };
        if sources.contains(&source) {
            return;
        }
        let (message, hint) = if sources.is_empty() {
            let hint = "add a job of kind `identity` that names it under `records`".to_owned();
            (
                format!("no identity job knows the source `{source}`"),
                Some(hint),
            )
        } else {
            let hint = spelling::hint(source, sources.iter().copied());
            (format!("the identity job names no source `{source}`"), hint)
        };
        document.report_value(pointer, message, hint);
    }

    /// Reports an SQL file that the project lacks.
    pub fn check_sql(&self, document: &mut Document, pointer: &str, path: &str) {
        if !self.sql.contains(path) {
            let near = spelling::nearest(path, self.sql.iter().copied());
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write it, or name another; paths start at the project's folder".to_owned(),
            };
            document.report_value(pointer, format!("there is no file `{path}`"), Some(hint));
        }
    }

    /// Reports a table of the job that another job writes too, or that is not the job's to write.
    pub fn check_output(&self, document: &mut Document, pointer: &str, table: &TableName) {
        let job = document.stem().to_owned();
        let mut others = self
            .writers
            .get(table)
            .into_iter()
            .flatten()
            .filter(|name| **name != job);
        if let Some(other) = others.next() {
            let message = format!("table `{table}` is written by the job `{other}` too");
            let hint = Some("a table has one job".to_owned());
            return document.report_value(pointer, message, hint);
        }
        let owner = match table.namespace() {
            "raw" => "source jobs".to_owned(),
            "identity" => "the identity job".to_owned(),
            name if self.entities.iter().any(|entity| entity.name() == name) => {
                format!("the identity job of entity `{name}`")
            }
            _ => return,
        };
        let message = format!("the namespace `{}` is kept for {owner}", table.namespace());
        let hint = format!("name it as in `customer.{}`", table.name());
        document.report_value(pointer, message, Some(hint));
    }
}

/// What an identity job with problems would resolve; none where the name is among the problems.
fn intended_entity(document: &Document) -> Option<Entity> {
    match document.text_at("/entity") {
        Some(name) => Entity::try_from(name.to_owned()).ok(),
        None => Some(Entity::default()),
    }
}

/// The tables that a job with problems would write, so that others are not told they are missing.
fn intended_tables(document: &Document) -> Vec<TableName> {
    let named = |pointer| {
        document
            .text_at(pointer)
            .and_then(|text| text.parse::<TableName>().ok())
    };
    match document.text_at("/kind") {
        Some("source") => {
            let contract = document.text_at("/contract").unwrap_or(document.stem());
            let table = TableName::new("raw", contract).ok();
            let suffixes = ["__rejects", "__deleted"];
            let beside = |table: &TableName| suffixes.map(|suffix| table.with_suffix(suffix));
            let others = table.as_ref().map(beside);
            table
                .into_iter()
                .chain(others.into_iter().flatten())
                .collect()
        }
        Some("identity") => {
            let entity = intended_entity(document);
            entity.map_or_else(Vec::new, |entity| entity.tables())
        }
        Some("publish") => {
            let table: Option<TableName> = named("/table");
            let changes = table.as_ref().map(|table| table.with_suffix("_changes"));
            table.into_iter().chain(changes).collect()
        }
        _ => named("/table").into_iter().collect(),
    }
}
