//! Matching on labelled sets: from file to clusters, then against the truth.
//!
//! `cargo bench -p c360-resolve --bench matching -- SET FILE…` with SET one of fake_1000, historical, historical_wide,
//! febrl3, febrl4, synth, synth_loose. Prints one JSON line; the truth is read after the clusters are made.

mod read;
mod sets;

use std::time::Instant;

use arrow::array::StringArray;
use c360_resolve::evaluate::Evaluation;
use c360_resolve::matching::{
    Blocks, Columns, Components, Frame, LinkRules, Linkage, Scorer, link, train, train_inside,
};

use crate::read::{read, truth};
use crate::sets::{Set, set};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Seconds of each step so far.
struct Laps {
    started: Instant,
    last: f64,
    steps: Vec<String>,
}

impl Laps {
    fn lap(&mut self, step: &str) {
        let now = self.started.elapsed().as_secs_f64();
        self.steps
            .push(format!("\"{step}\": {:.3}", now - self.last));
        self.last = now;
    }
}

fn main() -> Result<()> {
    // cargo adds --bench
    let given = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let arguments: Vec<String> = given.collect();
    let Some((name, files)) = arguments
        .split_first()
        .filter(|(_, files)| !files.is_empty())
    else {
        eprintln!("skipped: no labelled set was named");
        return Ok(());
    };
    let mut laps = Laps {
        started: Instant::now(),
        last: 0.0,
        steps: Vec::new(),
    };
    let linkage = matched(&set(name)?, files, &mut laps)?;
    let seconds = laps.last;
    let truth = truth(files)?;
    let judged: Vec<(u32, &str)> = linkage
        .cluster
        .iter()
        .copied()
        .zip(truth.iter().map(String::as_str))
        .collect();
    let found = Evaluation::of(&judged);
    println!(
        "{{\"set\": \"{name}\", \"seconds\": {seconds:.3}, {}, \"precision\": {:.5}, \"recall\": {:.5}, \"f1\": {:.5}}}",
        laps.steps.join(", "),
        found.precision(),
        found.recall(),
        found.f1(),
    );
    Ok(())
}

/// Everything from the files to the clusters.
fn matched(set: &Set, files: &[String], laps: &mut Laps) -> Result<Linkage> {
    let (arrays, sources) = read(files, &set.columns)?;
    laps.lap("read");
    let named: Vec<(&str, &StringArray)> = set.columns.iter().copied().zip(&arrays).collect();
    let mut columns = Columns::encode(&named)?;
    drop(arrays);
    if set.across {
        columns = columns.across_sources(sources)?;
    }
    laps.lap("encode");
    let (frame, blocks) = rayon::join(
        || Frame::new(&set.model, &columns),
        || Blocks::new(&set.model.blocking, &columns),
    );
    let (frame, blocks) = (frame?, blocks?);
    laps.lap("frame and blocks");
    let weights = train(&frame, &blocks, &set.training)?;
    laps.lap("train");
    let rules = LinkRules::default();
    let scorer = Scorer::new(&frame, &weights)?;
    let pairs = scorer.pairs(&blocks, rules.threshold);
    laps.lap("score");
    let place: Vec<u32> = (0..columns.records() as u32).collect();
    let components = Components::new(&frame, &pairs, &place, &rules)?;
    let linkage = link(&scorer, &components);
    let inside = train_inside(&frame, &components, &linkage, &weights);
    let linkage = link(&scorer.inside(&inside)?, &components);
    laps.lap("cluster");
    Ok(linkage)
}
