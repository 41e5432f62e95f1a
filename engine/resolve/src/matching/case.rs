//! What two records' agreement alone says of all comparisons. A few hundred agreements occur among millions of pairs,
//! so each is thought through once a thread, and a pair costs a lookup before any value is read.

use hashbrown::HashMap;

use super::frame::Frame;
use super::measure::Memo;
use super::row::Agreement;
use super::sheet::Sheet;
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
    /// What the candidates measure, each once.
    measures: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Candidate {
    pub level: u8,
    needs: Needs,
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
                open.push(Open::new(comparison, candidates));
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
            candidates.push(Candidate {
                level: level as u8,
                needs: frame.needs(test, agreement),
            });
        }
        if verdict == Verdict::Yes {
            break;
        }
    }
    candidates
}

impl Open {
    fn new(comparison: usize, candidates: Vec<Candidate>) -> Self {
        let needs = candidates
            .iter()
            .flat_map(|candidate| &candidate.needs.classes);
        let mut measures: Vec<usize> = needs.map(|(measure, _)| *measure).collect();
        measures.sort_unstable();
        measures.dedup();
        Self {
            comparison,
            candidates,
            measures,
        }
    }

    /// Bounds what the candidates measure, by signatures.
    #[inline]
    pub fn cap(&self, frame: &Frame, sheet: &mut Sheet, a: usize, b: usize, caps: &mut [u8]) {
        for measure in &self.measures {
            caps[*measure] = sheet.cap(frame, *measure, a, b);
        }
    }

    /// The first level that holds. Distances are measured only where the caps leave something open.
    pub fn settle(
        &self,
        frame: &Frame,
        a: &[u32],
        b: &[u32],
        caps: &[u8],
        memos: &mut [Memo],
    ) -> u8 {
        let (last, others) = self
            .candidates
            .split_last()
            .expect("an open comparison has candidates");
        let holds = |candidate: &&Candidate| {
            candidate.possible(caps) && candidate.holds(frame, self.comparison, a, b, memos)
        };
        others.iter().find(holds).unwrap_or(last).level
    }
}

impl Candidate {
    /// Whether the caps allow it.
    #[inline]
    pub fn possible(&self, caps: &[u8]) -> bool {
        let mut classes = self.needs.classes.iter();
        classes.all(|(measure, min)| caps[*measure] >= *min)
    }

    fn holds(
        &self,
        frame: &Frame,
        comparison: usize,
        a: &[u32],
        b: &[u32],
        memos: &mut [Memo],
    ) -> bool {
        let mut classes = self.needs.classes.iter();
        if self.needs.suffice {
            return classes.all(|(measure, min)| frame.class(*measure, a, b, memos) >= *min);
        }
        frame.holds(&frame.tests[comparison][self.level as usize], a, b, memos)
    }
}
