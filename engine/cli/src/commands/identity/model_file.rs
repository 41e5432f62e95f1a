//! A file with a model, read for `import` and `preview`.

use std::path::Path;

use c360_flow::ModelFile;

use crate::failure::Failure;

/// The text of a model, and its file's name for errors.
pub struct ModelText {
    name: String,
    text: String,
}

impl ModelText {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        let name = format!("`{}`", path.display());
        Ok(Self { name, text })
    }

    /// The same, as the engine takes it.
    pub fn file(&self) -> ModelFile<'_> {
        ModelFile {
            name: &self.name,
            text: &self.text,
        }
    }
}
