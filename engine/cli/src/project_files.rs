//! A project on disk: where it is and which files belong to it.

use std::fs;
use std::path::{Path, PathBuf};

use c360_spec::SourceFile;

use crate::failure::Failure;

/// The file that makes a folder a project.
pub const SETTINGS: &str = "c360.yaml";

/// Folders of a project and what its files end in.
const FOLDERS: [(&str, &[&str]); 3] = [
    ("schemas", &["yaml", "yml"]),
    ("jobs", &["yaml", "yml"]),
    ("sql", &["sql"]),
];

/// The project's folder: the one named, else the nearest from `here` upwards.
pub fn find(named: Option<&Path>, here: &Path) -> Result<PathBuf, Failure> {
    if let Some(folder) = named {
        return if folder.join(SETTINGS).is_file() {
            Ok(folder.to_path_buf())
        } else {
            Err(
                Failure::invalid(format!("no {SETTINGS} in `{}`", folder.display())).hint(format!(
                    "make a project there with `c360 init {}`",
                    folder.display()
                )),
            )
        };
    }
    here.ancestors()
        .find(|folder| folder.join(SETTINGS).is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| {
            Failure::invalid(format!("no {SETTINGS} in `{}` or above", here.display()))
                .hint("name a project with --project DIR, or make one with `c360 init DIR`")
        })
}

/// The texts of the project's files, sorted by path.
pub fn read(root: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut files = vec![read_file(root, Path::new(SETTINGS))?];
    for (folder, endings) in FOLDERS {
        collect(root, Path::new(folder), endings, &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(
    root: &Path,
    folder: &Path,
    endings: &[&str],
    files: &mut Vec<SourceFile>,
) -> Result<(), Failure> {
    let path = root.join(folder);
    if !path.is_dir() {
        return Ok(());
    }
    let failed = |error: std::io::Error| Failure::file("list", &path, &error);
    for entry in fs::read_dir(&path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let relative = folder.join(entry.file_name());
        if is_hidden(&relative) {
            continue;
        }
        if entry.path().is_dir() {
            collect(root, &relative, endings, files)?;
        } else if has_ending(&relative, endings) {
            files.push(read_file(root, &relative)?);
        }
    }
    Ok(())
}

fn read_file(root: &Path, relative: &Path) -> Result<SourceFile, Failure> {
    let path = root.join(relative);
    let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::invalid(format!("`{}` is not UTF-8 text", relative.display()))
            .hint("save the file in UTF-8")
    })?;
    Ok(SourceFile {
        path: with_slashes(relative),
        text: without_mark(text),
    })
}

/// Some editors begin a file with a mark that says that it is UTF-8.
fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension()
        .is_some_and(|ending| endings.iter().any(|known| ending == *known))
}
