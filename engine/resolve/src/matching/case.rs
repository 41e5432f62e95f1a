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
}

#[derive(Debug)]
pub(super) struct Candidate {
    pub level: u8,
    needs: Needs,
}

/// Two records on the sheet, and the most that each measure can come to between them, as far as that was asked.
#[derive(Debug)]
pub(super) struct Duo<'a> {
    pub frame: &'a Frame<'a>,
    pub sheet: &'a mut Sheet,
    pub caps: &'a mut [u8],
    pub memos: &'a mut [Memo],
    pub a: usize,
    pub b: usize,
}

/// Stands for a cap that was not asked for; no class is as great.
pub(super) const UNASKED: u8 = u8::MAX;

impl Duo<'_> {
    #[inline]
    fn cap(&mut self, measure: usize) -> u8 {
        if self.caps[measure] == UNASKED {
            self.caps[measure] = self.sheet.cap(self.frame, measure, self.a, self.b);
        }
        self.caps[measure]
    }

    fn class(&mut self, measure: usize) -> u8 {
        let (a, b) = (self.sheet.row(self.a), self.sheet.row(self.b));
        self.frame.class(measure, a, b, self.memos)
    }
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

impl Open {
    /// The first level that holds. Distances are measured only where signatures leave something open.
    pub fn settle(&self, duo: &mut Duo) -> u8 {
        let mut candidates = self.candidates.iter();
        let holds = candidates
            .find(|candidate| candidate.possible(duo) && candidate.holds(self.comparison, duo));
        holds.map_or(0, |candidate| candidate.level)
    }
}

impl Candidate {
    /// Whether signatures allow it.
    #[inline]
    pub fn possible(&self, duo: &mut Duo) -> bool {
        let mut classes = self.needs.classes.iter();
        classes.all(|(measure, min)| duo.cap(*measure) >= *min)
    }

    fn holds(&self, comparison: usize, duo: &mut Duo) -> bool {
        let mut classes = self.needs.classes.iter();
        if self.needs.suffice {
            return classes.all(|(measure, min)| duo.class(*measure) >= *min);
        }
        let (a, b) = (duo.sheet.row(duo.a), duo.sheet.row(duo.b));
        let test = &duo.frame.tests[comparison][self.level as usize];
        duo.frame.holds(test, a, b, duo.memos)
    }
}
