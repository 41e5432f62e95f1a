//! A run that is killed, or that races another, leaves nothing that the next run does not mend.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::lab::{Lab, Tables, assert_same};
use super::retailer::{Dice, Retailer};

/// After so many kills, the lake of one is verified before the next run.
const VERIFIED_EVERY: u32 = 10;

/// A project on disk whose lake can be set back to how it was after the first delivery.
struct Scene {
    folder: TempDir,
    as_of: String,
}

impl Scene {
    /// The first delivery has been taken in; the files of the second wait.
    fn prepare(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut retailer = Retailer::new(seed);
        let project = folder.path().join("project");
        let data = project.join("data");
        assert!(
            command(&["init", text(&project)])
                .status()
                .expect("c360")
                .success()
        );
        fs::create_dir_all(&data).expect("a data folder");
        retailer.deliver().and(retailer.deliver()).write(&data, "1");
        let mut scene = Self {
            folder,
            as_of: retailer.as_of(),
        };
        assert!(
            scene.start().wait().expect("c360").success(),
            "the first run"
        );
        copy(&scene.lake(), &scene.backup());
        retailer.deliver().and(retailer.deliver()).write(&data, "2");
        scene.as_of = retailer.as_of();
        scene
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn lake(&self) -> PathBuf {
        self.project().join("lake")
    }

    fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    fn reset(&self) {
        fs::remove_dir_all(self.lake()).expect("a lake to remove");
        copy(&self.backup(), &self.lake());
    }

    fn start(&self) -> Child {
        command(&[
            "run",
            "--as-of",
            &self.as_of,
            "--project",
            text(&self.project()),
        ])
        .spawn()
        .expect("c360 starts")
    }

    /// What a run left half-done is not wrong.
    async fn assert_nothing_wrong(&self) {
        let report = Lab::open(&self.project()).await.verify(&self.as_of).await;
        let wrong: Vec<_> = report.wrong().collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn tables(&self) -> Tables {
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

/// `C360_TEST_KILLS` asks for more moments than 50.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_at_any_moment_and_run_again_leaves_what_an_undisturbed_run_leaves() {
    let scene = Scene::prepare(7);
    let started = Instant::now();
    assert!(
        scene.start().wait().expect("c360").success(),
        "the undisturbed run"
    );
    let whole = started.elapsed();
    let undisturbed = scene.tables().await;
    let kills = std::env::var("C360_TEST_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(50);
    let mut dice = Dice::new(1);
    let mut killed = 0;
    for moment in 0..kills {
        scene.reset();
        let mut run = scene.start();
        std::thread::sleep(whole.mul_f64(dice.below(1000) as f64 / 1000.0));
        killed += u32::from(run.try_wait().expect("a state").is_none());
        run.kill().expect("a kill");
        run.wait().expect("an end");
        if moment % VERIFIED_EVERY == 0 {
            scene.assert_nothing_wrong().await;
        }
        assert!(
            scene.start().wait().expect("c360").success(),
            "moment {moment}: the run after the kill"
        );
        assert_same(
            &scene.tables().await,
            &undisturbed,
            &format!("moment {moment}"),
        );
    }
    eprintln!("{killed} of {kills} runs were killed before they ended");
    assert!(
        killed > kills / 2,
        "most runs ended before they were killed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_double_and_lose_nothing() {
    let scene = Scene::prepare(8);
    assert!(
        scene.start().wait().expect("c360").success(),
        "the undisturbed run"
    );
    let undisturbed = scene.tables().await;
    for round in 0..3 {
        scene.reset();
        let mut runs = [scene.start(), scene.start()];
        std::thread::sleep(Duration::from_millis(50 * round));
        let codes = runs
            .each_mut()
            .map(|run| run.wait().expect("an end").code());
        assert!(
            codes.iter().all(|code| matches!(code, Some(0 | 4))),
            "round {round}: {codes:?}"
        );
        assert!(
            codes.contains(&Some(0)),
            "round {round}: nobody won: {codes:?}"
        );
        assert!(
            scene.start().wait().expect("c360").success(),
            "round {round}: the run after the race"
        );
        assert_same(
            &scene.tables().await,
            &undisturbed,
            &format!("round {round}"),
        );
    }
}
