//! `c360 init`: a new project, ready to run.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;

/// Write the retail project into a folder
///
/// The project holds the contracts, jobs and SQL of a retailer: contacts, accounts, loyalty,
/// newsletter, prospects, order lines, web events and consents in; persons, profiles, features and
/// a published customer360 out. Existing files are never overwritten. With sources that look
/// otherwise, begin with --empty, and draft a contract for each with `c360 draft`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the new project
    dir: PathBuf,
    /// Where the source files are: a folder, s3://bucket/prefix or env:NAME [default: data/ in the
    /// project]
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
    /// Write c360.yaml alone, without the retailer's contracts, jobs and SQL
    #[arg(long)]
    empty: bool,
}

impl Init {
    /// Writes the project.
    pub fn run(&self, context: &Context) -> Result<(), Failure> {
        let data = match &self.data {
            Some(data) => seen_from(&self.dir, data)?,
            None => "./data".to_owned(),
        };
        let files = match self.empty {
            true => context.starter.write_empty(&self.dir, &data)?,
            false => context.starter.write(&self.dir, &data)?,
        };
        if context.console.json {
            return context
                .console
                .json(&json!({ "project": self.dir, "data": data, "files": files }));
        }
        let folder = self.dir.display();
        let count = files.len();
        context.console.text(&match self.empty {
            true => format!(
                "wrote an empty project into {folder}, sources read from {data}\n\
                 next: cd {folder} && c360 draft NAME FILES, for each source"
            ),
            false => format!(
                "wrote the retail project into {folder}: {count} files, sources read from {data}\n\
                 next: cd {folder} && c360 plan, then c360 run"
            ),
        })
    }
}

/// The data folder as c360.yaml names it: relative inside the project, else absolute.
fn seen_from(project: &Path, data: &str) -> Result<String, Failure> {
    if data.contains("://") || data.starts_with("env:") {
        return Ok(data.to_owned());
    }
    let absolute = |path: &Path| {
        c360_flow::absolute(path).map_err(|error| Failure::file("find", path, &error))
    };
    let (project, data) = (absolute(project)?, absolute(Path::new(data))?);
    Ok(match data.strip_prefix(&project) {
        Ok(inside) => format!("./{}", inside.display()),
        Err(_) => data.display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_inside_the_project_is_relative() {
        let seen = |data| seen_from(Path::new("/shop"), data).expect("path");
        assert_eq!(seen("/shop/exports"), "./exports");
        assert_eq!(seen("/elsewhere"), "/elsewhere");
        assert_eq!(seen("s3://bucket/exports"), "s3://bucket/exports");
        assert_eq!(seen("env:SHOP_DATA"), "env:SHOP_DATA");
    }
}
