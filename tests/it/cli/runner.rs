//! Runs the binary in a folder of its own and looks at what it says.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with files, where commands are run.
pub struct Home {
    folder: TempDir,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    /// An empty folder.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("temporary folder"),
        }
    }

    /// A project with one source, `people`, which reads `people*.csv` from `data/`.
    pub fn with_people() -> Self {
        let home = Self::new();
        home.write(
            "c360.yaml",
            "name: small\ndata: ./data\nwarehouse: {location: ./lake}\nas_of: 2026-01-01\n",
        );
        home.write("schemas/people.yaml", PEOPLE_CONTRACT);
        home.write("jobs/people.yaml", PEOPLE_JOB);
        home.write("data/people.csv", &people(0..100, 0));
        home
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        self.write_bytes(path, text.as_bytes());
    }

    /// Writes a file, and the folders above it.
    pub fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.file(path);
        std::fs::create_dir_all(path.parent().expect("folder")).expect("folder");
        std::fs::write(path, bytes).expect("file");
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).expect("file")
    }

    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs `c360` with these words.
    pub fn c360(&self, words: &[&str]) -> Ran {
        self.command(words).output().expect("c360").into()
    }

    /// Runs `c360` with these words and hands it lines to read.
    pub fn answers(&self, words: &[&str], lines: &str) -> Ran {
        let mut command = self.command(words);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::piped()).spawn().expect("c360");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(lines.as_bytes()).expect("lines");
        drop(stdin);
        child.wait_with_output().expect("c360").into()
    }

    /// `c360` with these words, in this folder, with nothing to read.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_c360"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_remove("C360_LOG")
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .stdin(Stdio::null());
        command
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("stdout is text"),
            stderr: String::from_utf8(output.stderr).expect("stderr is text"),
        }
    }
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Stdout holds the text.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "no `{text}` in stdout:\n{}",
            self.stdout
        );
        self
    }

    /// Stderr holds the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no `{text}` in stderr:\n{}",
            self.stderr
        );
        self
    }

    /// Neither stream holds the text.
    #[track_caller]
    pub fn keeps_quiet_about(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text),
            "`{text}` in stdout:\n{}",
            self.stdout
        );
        assert!(
            !self.stderr.contains(text),
            "`{text}` in stderr:\n{}",
            self.stderr
        );
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }

    /// The last line of stderr as JSON.
    #[track_caller]
    pub fn error(&self) -> serde_json::Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let error: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}:\n{}", self.stderr));
        error["error"].clone()
    }
}

/// Rows of `people.csv`; the last `bad` of them have an age that is no number.
pub fn people(numbers: std::ops::Range<usize>, bad: usize) -> String {
    let mut text = String::from("id,name,age\n");
    let good_until = numbers.end - bad;
    for number in numbers {
        let age = if number < good_until {
            number.to_string()
        } else {
            "old".to_owned()
        };
        text += &format!("{number},Person {number},{age}\n");
    }
    text
}

const PEOPLE_CONTRACT: &str = "\
contract: people
key: [id]
columns:
  - {name: id, type: long, required: true}
  - {name: name, type: string, pii: true}
  - {name: age, type: int}
rejects: {max_percent: 3.0}
";

const PEOPLE_JOB: &str = "\
job: people
kind: source
contract: people
files: [\"people*.csv\"]
format: {type: csv}
mode: append
";
