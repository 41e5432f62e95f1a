//! A whole project: its settings, contracts, jobs and SQL, read and checked together.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::checks::{self, Names};
use crate::document::Document;
use crate::fingerprint::fingerprint;
use crate::problems::Problem;
use crate::shape::{self, Environment};
use crate::{Contract, Job, JobKind, Problems, Settings, schemas};

/// One file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// relative to the project, with `/` between its parts
    pub path: String,
    pub text: String,
}

/// A project whose every file was found right.
#[derive(Clone, Debug)]
pub struct Project {
    pub settings: Settings,
    /// by name
    pub contracts: BTreeMap<String, Contract>,
    /// by name
    pub jobs: BTreeMap<String, Job>,
    /// text of the SQL files, by path
    pub sql: BTreeMap<String, String>,
}

impl Project {
    /// Reads and checks the files of a project: `c360.yaml`, `schemas/<name>.yaml`,
    /// `jobs/<name>.yaml` and every `.sql` file; others are left alone. `env` looks up an
    /// environment variable.
    ///
    /// Fails with every problem of every file.
    pub fn parse(
        files: Vec<SourceFile>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Problems> {
        let draft = Draft::read(files, env);
        draft.check()
    }
}

/// A file and what could be read from it.
type Read<T> = (Document, Option<T>);

/// A project whose files were read one by one, but not yet held against each other.
#[derive(Default)]
struct Draft {
    settings: Option<Read<Settings>>,
    contracts: Vec<Read<Contract>>,
    jobs: Vec<Read<JobKind>>,
    sql: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Draft {
    fn read(mut files: Vec<SourceFile>, env: Environment<'_>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let (project, contract, job) = (schemas::project(), schemas::contract(), schemas::job());
        let mut draft = Self::default();
        for file in files {
            match Room::of(&file.path) {
                Room::Settings => draft.settings = Some(read(file, &project, env)),
                Room::Contract => draft.contracts.push(read(file, &contract, env)),
                Room::Job => draft.jobs.push(read_job(file, &job, env)),
                Room::Sql => {
                    draft.sql.insert(file.path, file.text);
                }
                Room::Misplaced(hint) => {
                    let message = "this file would not be read".to_owned();
                    draft
                        .problems
                        .push(Problem::of_file(&file.path, message, Some(hint)));
                }
                Room::Other => {}
            }
        }
        draft
    }

    fn check(mut self) -> Result<Project, Problems> {
        self.check_settings();
        for (document, contract) in &mut self.contracts {
            match contract {
                Some(contract) => checks::check_contract(document, contract),
                None => checks::check_stem(document, "contract"),
            }
        }
        self.check_jobs();
        let documents_clean = self
            .settings
            .as_ref()
            .is_none_or(|(document, _)| document.is_clean())
            && self
                .contracts
                .iter()
                .all(|(document, _)| document.is_clean())
            && self.jobs.iter().all(|(document, _)| document.is_clean());
        match (
            documents_clean && self.problems.is_empty(),
            self.settings.take(),
        ) {
            (true, Some((_, Some(settings)))) => Ok(self.finish(settings)),
            (_, settings) => Err(self.into_problems(settings)),
        }
    }

    fn check_settings(&mut self) {
        match &mut self.settings {
            Some((document, Some(settings))) => checks::check_settings(document, settings),
            Some((_, None)) => {}
            None => {
                let hint = "a project has one in its folder; `c360 init` writes a first one";
                let message = "there is no such file".to_owned();
                self.problems.push(Problem::of_file(
                    "c360.yaml",
                    message,
                    Some(hint.to_owned()),
                ));
            }
        }
    }

    /// Collects what every job has to say against the names that all files give, then says it.
    fn check_jobs(&mut self) {
        let contracts = self
            .contracts
            .iter()
            .map(|(document, contract)| (document.stem().to_owned(), contract.as_ref()));
        let sql = self.sql.keys().map(String::as_str).collect();
        let mut documents: Vec<Document> = Vec::new();
        let names = Names::new(contracts.collect(), &self.jobs, sql);
        for (document, kind) in &self.jobs {
            let mut document = document.clone();
            checks::check_stem(&mut document, "job");
            if let Some(kind) = kind {
                checks::check_job(&mut document, kind, &names);
            }
            documents.push(document);
        }
        for ((document, _), checked) in self.jobs.iter_mut().zip(documents) {
            *document = checked;
        }
    }

    fn finish(self, settings: Settings) -> Project {
        let mut contracts = BTreeMap::new();
        for (_, contract) in self.contracts {
            contracts.extend(contract.map(|contract| (contract.contract.clone(), contract)));
        }
        let mut jobs = BTreeMap::new();
        for (document, kind) in self.jobs {
            let Some(kind) = kind else { continue };
            let job = job(&document, kind, &contracts, &self.sql);
            jobs.insert(job.name.clone(), job);
        }
        Project {
            settings,
            contracts,
            jobs,
            sql: self.sql,
        }
    }

    fn into_problems(self, settings: Option<Read<Settings>>) -> Problems {
        let mut problems = self.problems;
        problems.extend(
            settings
                .into_iter()
                .flat_map(|(document, _)| document.into_problems()),
        );
        problems.extend(
            self.contracts
                .into_iter()
                .flat_map(|(document, _)| document.into_problems()),
        );
        problems.extend(
            self.jobs
                .into_iter()
                .flat_map(|(document, _)| document.into_problems()),
        );
        if problems.is_empty() {
            let message = "the file could not be read".to_owned();
            problems.push(Problem::of_file("c360.yaml", message, None));
        }
        Problems::new(problems)
    }
}

fn job(
    document: &Document,
    kind: JobKind,
    contracts: &BTreeMap<String, Contract>,
    sql: &BTreeMap<String, String>,
) -> Job {
    let contract = match &kind {
        JobKind::Source(job) => contracts.get(&job.contract),
        _ => None,
    };
    let mut texts = BTreeMap::new();
    for path in kind.sql_files() {
        if let Some(text) = sql.get(path) {
            texts.insert(path, text.as_str());
        }
    }
    Job {
        name: document.stem().to_owned(),
        description: document.text_at("/description").map(str::to_owned),
        fingerprint: fingerprint(&kind, contract, &texts),
        kind,
    }
}

/// Where a file belongs, told by its path.
enum Room {
    Settings,
    Contract,
    Job,
    Sql,
    /// with what to do about it
    Misplaced(String),
    Other,
}

impl Room {
    fn of(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some((stem, extension)) = name.rsplit_once('.') else {
            return Self::Other;
        };
        let room = path.split('/').next().unwrap_or_default();
        match (folder, extension) {
            ("", "yaml") if stem == "c360" => Self::Settings,
            ("", "yml") if stem == "c360" => Self::Misplaced("name it `c360.yaml`".to_owned()),
            ("schemas", "yaml") => Self::Contract,
            ("jobs", "yaml") => Self::Job,
            (_, "yaml" | "yml") if room == "schemas" || room == "jobs" => {
                Self::Misplaced(format!("move it to `{room}/{stem}.yaml`"))
            }
            (_, "sql") => Self::Sql,
            _ => Self::Other,
        }
    }
}

fn read<T: DeserializeOwned>(file: SourceFile, schema: &Value, env: Environment<'_>) -> Read<T> {
    let mut document = Document::new(file);
    let value = shape::read(&mut document, schema, env);
    let typed = value.and_then(|value| deserialize(&mut document, value));
    (document, typed)
}

fn read_job(file: SourceFile, schema: &Value, env: Environment<'_>) -> Read<JobKind> {
    let mut document = Document::new(file);
    let kind = match shape::read(&mut document, schema, env) {
        Some(Value::Object(object)) => job_kind(&mut document, object),
        _ => None,
    };
    (document, kind)
}

fn job_kind(document: &mut Document, mut object: Map<String, Value>) -> Option<JobKind> {
    let kind = object.shift_remove("kind")?;
    object.shift_remove("job");
    object.shift_remove("description");
    let value = Value::Object(object);
    let mut kind = match kind.as_str()? {
        "source" => JobKind::Source(deserialize(document, value)?),
        "identity" => JobKind::Identity(deserialize(document, value)?),
        "facts" => JobKind::Facts(deserialize(document, value)?),
        "profile" => JobKind::Profile(deserialize(document, value)?),
        "feature" => JobKind::Feature(deserialize(document, value)?),
        "measures" => JobKind::Measures(deserialize(document, value)?),
        "publish" => JobKind::Publish(deserialize(document, value)?),
        _ => return None,
    };
    kind.fill_defaults();
    Some(kind)
}

/// What the schema let through and the type does not is told too; where the schema has found
/// fault already, the type has nothing to add.
fn deserialize<T: DeserializeOwned>(document: &mut Document, value: Value) -> Option<T> {
    match serde_json::from_value(value) {
        Ok(typed) => Some(typed),
        Err(error) => {
            if document.is_clean() {
                document.report_value("", error.to_string(), None);
            }
            None
        }
    }
}
