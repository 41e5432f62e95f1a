//! Matching on labelled sets: from file to clusters, then against the truth.
//!
//! `cargo bench -p c360-resolve --bench matching -- SET FILE… [--labels N]` with SET one of fake_1000, fake_1000_wide,
//! historical, historical_wide, febrl3, febrl4, synth, synth_loose. Prints one JSON line. The truth is read before the
//! clock starts, and held against the clusters when they are made. With labels it stands in for a steward as well: it
//! answers what the model asks, N pairs at most in rounds of 100, and nothing else of it is looked at.

mod read;
mod sets;
mod steward;

use std::time::Instant;

use arrow::array::StringArray;
use c360_resolve::evaluate::Evaluation;
use c360_resolve::matching::{
    Blocks, Columns, Components, Frame, LinkRules, Linkage, Scorer, Trained, link, train,
    train_inside,
};

use crate::read::{read, truth};
use crate::sets::{Set, set};
use crate::steward::Steward;

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
    let mut arguments: Vec<String> = given.collect();
    let labels = labels(&mut arguments)?;
    let Some((name, files)) = arguments
        .split_first()
        .filter(|(_, files)| !files.is_empty())
    else {
        eprintln!("skipped: no labelled set was named");
        return Ok(());
    };
    let truth = truth(files)?;
    let mut steward = Steward::new(&truth, labels);
    let mut laps = Laps {
        started: Instant::now(),
        last: 0.0,
        steps: Vec::new(),
    };
    let linkage = matched(&set(name)?, files, &mut steward, &mut laps)?;
    let seconds = laps.last;
    let judged: Vec<(u32, &str)> = linkage
        .cluster
        .iter()
        .copied()
        .zip(truth.iter().map(String::as_str))
        .collect();
    let found = Evaluation::of(&judged);
    println!(
        "{{\"set\": \"{name}\", \"labels\": {}, \"seconds\": {seconds:.3}, {}, \"precision\": {:.5}, \"recall\": {:.5}, \"f1\": {:.5}}}",
        steward.answers.len(),
        laps.steps.join(", "),
        found.precision(),
        found.recall(),
        found.f1(),
    );
    Ok(())
}

/// Takes `--labels N` out of the arguments: how many pairs are asked about.
fn labels(arguments: &mut Vec<String>) -> Result<usize> {
    let Some(at) = arguments.iter().position(|argument| argument == "--labels") else {
        return Ok(0);
    };
    arguments.remove(at);
    if at == arguments.len() {
        return Err("--labels wants a number".into());
    }
    Ok(arguments.remove(at).parse()?)
}

/// Everything from the files to the clusters.
fn matched(set: &Set, files: &[String], steward: &mut Steward, laps: &mut Laps) -> Result<Linkage> {
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
    let rules = match steward.answers_max {
        0 => LinkRules::default(),
        _ => LinkRules::with_labels(),
    };
    let scorer = Scorer::new(&frame, &weights)?;
    let pairs = scorer.pairs(&blocks, rules.threshold);
    laps.lap("score");
    let place: Vec<u32> = (0..columns.records() as u32).collect();
    let components = Components::new(&frame, &pairs, &place, &rules)?;
    let mut trained = Trained {
        inside: train_inside(&scorer, &components, &weights),
        weights,
        correction: None,
    };
    steward.teach(&scorer, &components, &mut trained)?;
    let linkage = link(&scorer.inside(&trained)?, &components);
    laps.lap("cluster");
    Ok(linkage)
}
