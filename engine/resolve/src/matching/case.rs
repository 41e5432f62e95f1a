//! What two records' agreement alone says of all comparisons. A few hundred agreements occur among millions of pairs,
//! so each is thought through once a thread, and a pair costs a lookup before any value is read.

use hashbrown::HashMap;

use super::frame::Frame;
use super::row::Agreement;
use super::test::{Needs, Verdict};

/// The agreements met so far.
#[derive(Debug, Default)]
pub(super) struct Cases {
    known: HashMap<Agreement, usize>,
    pub all: Vec<Case>,
}

/// An agreement, thought through.
#[derive(Debug)]
pub(super) struct Case {
    /// The level of each comparison; the last of a comparison that is open.
    pub levels: Vec<u8>,
    pub open: Vec<Open>,
}

/// A comparison whose level depends on distances.
#[derive(Debug)]
pub(super) struct Open {
    pub comparison: usize,
    /// The levels that are possible, in order; the last holds if no other does.
    pub candidates: Vec<Candidate>,
}

#[derive(Debug)]
pub(super) struct Candidate {
    pub level: u8,
    pub needs: Needs,
}

impl Cases {
    /// Index of an agreement's case.
    #[inline]
    pub fn at(&mut self, frame: &Frame, agreement: Agreement) -> usize {
        if let Some(at) = self.known.get(&agreement) {
            return *at;
        }
        let at = self.all.len();
        self.all.push(Case::new(frame, agreement));
        self.known.insert(agreement, at);
        at
    }
}

impl Case {
    fn new(frame: &Frame, agreement: Agreement) -> Self {
        let (mut levels, mut open) = (Vec::new(), Vec::new());
        for comparison in 0..frame.tests.len() {
            let candidates = candidates(frame, comparison, agreement);
            levels.push(candidates[candidates.len() - 1].level);
            if candidates.len() > 1 {
                open.push(Open {
                    comparison,
                    candidates,
                });
            }
        }
        Self { levels, open }
    }
}

/// The levels of a comparison that may be the first to hold.
fn candidates(frame: &Frame, comparison: usize, agreement: Agreement) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for (level, test) in frame.tests[comparison].iter().enumerate() {
        let verdict = frame.verdict(test, agreement);
        if verdict != Verdict::No {
            let needs = match verdict {
                Verdict::Yes => Needs::NONE,
                _ => frame.needs(test, agreement),
            };
            let level = level as u8;
            candidates.push(Candidate { level, needs });
        }
        if verdict == Verdict::Yes {
            break;
        }
    }
    candidates
}
