//! Stdout, or a file that appears under its name only when it is complete.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::console::output_failure;
use crate::failure::Failure;

/// Where bytes go.
pub struct Destination {
    writer: BufWriter<Box<dyn Write + Send>>,
    file: Option<Unfinished>,
}

/// A file under a temporary name, removed if it is never finished.
struct Unfinished {
    partial: PathBuf,
    wanted: PathBuf,
    is_finished: bool,
}

impl Destination {
    /// Opens stdout, or the file.
    pub fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(wanted) = file else {
            return Ok(Self {
                writer: BufWriter::new(Box::new(io::stdout())),
                file: None,
            });
        };
        let failed = |error| Failure::file("write", wanted, &error);
        // A pipe or a terminal is written to; only what takes a file's place can appear at once.
        if fs::metadata(wanted).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            let opened = fs::File::options().write(true).open(wanted);
            return Ok(Self {
                writer: BufWriter::new(Box::new(opened.map_err(failed)?)),
                file: None,
            });
        }
        let mut partial = wanted.as_os_str().to_owned();
        partial.push(format!(".{}.partial", uuid::Uuid::now_v7()));
        let partial = PathBuf::from(partial);
        let opened = fs::File::create_new(&partial).map_err(failed)?;
        let file = Unfinished {
            partial,
            wanted: wanted.to_path_buf(),
            is_finished: false,
        };
        Ok(Self {
            writer: BufWriter::new(Box::new(opened)),
            file: Some(file),
        })
    }

    /// Puts a whole text into a file.
    pub fn put(file: &Path, text: &str) -> Result<(), Failure> {
        let mut destination = Self::open(Some(file))?;
        destination.write(text.as_bytes())?;
        destination.close()
    }

    /// Writes bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.writer
            .write_all(bytes)
            .map_err(|error| output_failure(&error))
    }

    /// For writers that want to write themselves.
    pub fn writer(&mut self) -> &mut (dyn Write + Send) {
        &mut self.writer
    }

    /// Writes what is still buffered and gives the file its name.
    pub fn close(mut self) -> Result<(), Failure> {
        self.writer
            .flush()
            .map_err(|error| output_failure(&error))?;
        if let Some(file) = &mut self.file {
            fs::rename(&file.partial, &file.wanted)
                .map_err(|error| Failure::file("write", &file.wanted, &error))?;
            file.is_finished = true;
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.partial);
        }
    }
}
