//! The project that `init` and `demo` write out: a retailer's contracts, jobs and SQL.

use std::fs;
use std::path::{Path, PathBuf};

use include_dir::Dir;

use crate::failure::Failure;
use crate::project_files::SETTINGS;
use crate::yaml_text::scalar;

const SETTINGS_TEMPLATE: &str = include_str!("starter.yaml");

/// Folders embedded into the binary.
#[derive(Debug, Clone, Copy)]
pub struct Starter {
    /// one YAML a contract
    pub schemas: &'static Dir<'static>,
    /// one YAML a job
    pub jobs: &'static Dir<'static>,
    /// one SELECT a file
    pub sql: &'static Dir<'static>,
}

impl Starter {
    /// Writes the project into the folder, sources read from `data`. Refuses to touch a folder
    /// that already holds one of its files. Says which files were written.
    pub fn write(&self, folder: &Path, data: &str) -> Result<Vec<PathBuf>, Failure> {
        write_new(folder, self.files(data))
    }

    /// The same of a project without any contract or job.
    pub fn write_empty(&self, folder: &Path, data: &str) -> Result<Vec<PathBuf>, Failure> {
        write_new(folder, vec![settings("customers", data)])
    }

    fn files(&self, data: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = vec![settings("retail", data)];
        collect("schemas", "yaml", self.schemas, &mut files);
        collect("jobs", "yaml", self.jobs, &mut files);
        collect("sql", "sql", self.sql, &mut files);
        files
    }
}

fn settings(name: &str, data: &str) -> (PathBuf, Vec<u8>) {
    let text = SETTINGS_TEMPLATE.replace("{name}", name);
    let text = text.replace("{data}", &scalar(data));
    (PathBuf::from(SETTINGS), text.into_bytes())
}

/// Writes files of a project, none of which may be there. Says which they are.
pub fn write_new(folder: &Path, files: Vec<(PathBuf, Vec<u8>)>) -> Result<Vec<PathBuf>, Failure> {
    refuse_existing(folder, &files)?;
    for (path, text) in &files {
        write_file(&folder.join(path), text)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn collect(base: &str, ending: &str, folder: &Dir<'_>, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for file in folder
        .files()
        .filter(|file| file.path().extension().is_some_and(|e| e == ending))
    {
        files.push((Path::new(base).join(file.path()), file.contents().to_vec()));
    }
    for inner in folder.dirs() {
        collect(base, ending, inner, files);
    }
}

fn refuse_existing(folder: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<(), Failure> {
    let existing: Vec<String> = files
        .iter()
        .filter(|(path, _)| folder.join(path).exists())
        .map(|(path, _)| path.display().to_string())
        .collect();
    if existing.is_empty() {
        return Ok(());
    }
    let named = existing
        .iter()
        .take(3)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let more = if existing.len() > 3 {
        format!(" and {} more", existing.len() - 3)
    } else {
        String::new()
    };
    Err(Failure::invalid(format!(
        "folder `{}` already holds {named}{more}",
        folder.display()
    ))
    .hint("nothing was written: choose another name, or remove what is there"))
}

fn write_file(path: &Path, text: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::file("make folder", folder, &error))?;
    }
    fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
