//! The truth in a steward's place: it answers the pairs that the model asks about.

use c360_resolve::matching::labels::{Label, learn, review};
use c360_resolve::matching::{Components, Scorer, Trained};

use crate::Result;

/// Pairs asked about before the model learns again.
const ROUND: usize = 100;

pub struct Steward<'a> {
    truth: &'a [String],
    pub answers_max: usize,
    pub answers: Vec<Label>,
}

impl<'a> Steward<'a> {
    pub fn new(truth: &'a [String], answers_max: usize) -> Self {
        Self {
            truth,
            answers_max,
            answers: Vec::new(),
        }
    }

    /// Asks and learns in rounds, as long as there is something to ask.
    pub fn teach(
        &mut self,
        scorer: &Scorer,
        components: &Components,
        trained: &mut Trained,
    ) -> Result<()> {
        while self.answers.len() < self.answers_max {
            let count = ROUND.min(self.answers_max - self.answers.len());
            let inside = scorer.inside(trained)?;
            let asked = review(&inside, components, &self.answers, count)?;
            if asked.is_empty() {
                break;
            }
            self.answers.extend(asked.iter().map(|pair| Label {
                a: pair.a,
                b: pair.b,
                same: self.truth[pair.a as usize] == self.truth[pair.b as usize],
            }));
            trained.correction = learn(&inside, components, &self.answers);
        }
        Ok(())
    }
}
