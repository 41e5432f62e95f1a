//! A whole project: its settings, contracts, jobs and SQL, read and checked together.

use std::collections::BTreeMap;

use crate::{Contract, Job, Settings};

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
    /// Reads and checks the files of a project. `env` looks up an environment variable.
    ///
    /// Fails with every problem of every file.
    pub fn parse(
        _files: Vec<SourceFile>,
        _env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, crate::Problems> {
        Err(crate::Problems::default())
    }
}
