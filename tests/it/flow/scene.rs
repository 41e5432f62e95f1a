//! A project on disk whose lake can be set back to how it was, so that one run can be disturbed in many ways.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::lab::{Lab, Tables};
use super::retailer::Retailer;

/// A project whose next run has work.
pub struct Scene {
    folder: TempDir,
    pub as_of: String,
}

impl Scene {
    /// The first delivery has been taken in; the files of the second wait.
    pub fn prepare(seed: u64) -> Self {
        let mut retailer = Retailer::new(seed);
        let mut scene = Self::project_of(&mut retailer);
        scene.run("the first run");
        copy(&scene.lake(), &scene.backup());
        retailer
            .deliver()
            .and(retailer.deliver())
            .write(&scene.data(), "2");
        scene.as_of = retailer.as_of();
        scene
    }

    /// There is no lake yet; the files of the first delivery wait.
    pub fn untouched(seed: u64) -> Self {
        let scene = Self::project_of(&mut Retailer::new(seed));
        fs::create_dir_all(scene.lake()).expect("an empty lake");
        fs::create_dir_all(scene.backup()).expect("an empty lake");
        scene
    }

    fn project_of(retailer: &mut Retailer) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let project = folder.path().join("project");
        let init = command(&["init", text(&project)]).status();
        assert!(init.expect("c360").success());
        let data = project.join("data");
        fs::create_dir_all(&data).expect("a data folder");
        retailer.deliver().and(retailer.deliver()).write(&data, "1");
        Self {
            folder,
            as_of: retailer.as_of(),
        }
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn data(&self) -> PathBuf {
        self.project().join("data")
    }

    pub fn lake(&self) -> PathBuf {
        self.project().join("lake")
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    /// The lake as it was before the run that has work.
    pub fn reset(&self) {
        fs::remove_dir_all(self.lake()).expect("a lake to remove");
        copy(&self.backup(), &self.lake());
    }

    /// A run that ends well.
    pub fn run(&self, what: &str) {
        assert!(self.start().wait().expect("c360").success(), "{what}");
    }

    /// A run as a process of its own.
    pub fn start(&self) -> Child {
        self.spawn(&[])
    }

    /// The same of one job.
    pub fn start_job(&self, job: &str) -> Child {
        self.spawn(&[job])
    }

    fn spawn(&self, jobs: &[&str]) -> Child {
        let project = self.project();
        let run = ["run", "--as-of", &self.as_of, "--project", text(&project)];
        command(&[&run, jobs].concat())
            .spawn()
            .expect("c360 starts")
    }

    /// What a run left half-done is not wrong.
    pub async fn assert_nothing_wrong(&self) {
        let report = Lab::open(&self.project()).await.verify(&self.as_of).await;
        let wrong: Vec<_> = report.wrong().collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    pub async fn tables(&self) -> Tables {
        Lab::open(&self.project()).await.tables().await
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_c360"));
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}
