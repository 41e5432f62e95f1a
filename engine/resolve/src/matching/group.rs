//! Pairs on a sheet, case by case. What is asked of one pair of a case is asked of all, so it is asked in one loop
//! over what lies side by side, and a processor need not guess what comes next.

use std::ops::Range;

use super::case::{Candidate, Cases, Open};
use super::frame::Frame;
use super::measure::Memo;
use super::sheet::Sheet;

/// So many pairs are sorted together: what they ask for stays near the core.
pub(super) const TOGETHER: usize = 1 << 12;

/// Pairs, those of one case together.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub pairs: Vec<(u32, u32)>,
    /// Where each pair stood before.
    pub origins: Vec<u32>,
    /// The case of each pair as it stood before.
    cases: Vec<u32>,
    /// Where each case's pairs end.
    ends: Vec<u32>,
}

impl Groups {
    /// Puts these pairs in place of others. Those of one case stay in order.
    pub fn sort(&mut self, frame: &Frame, sheet: &Sheet, cases: &mut Cases, pairs: &[(u32, u32)]) {
        let case = |(a, b): &(u32, u32)| {
            let (a, b) = (sheet.row(*a as usize), sheet.row(*b as usize));
            cases.at(frame, frame.agreement(a, b)) as u32
        };
        self.cases.clear();
        self.cases.extend(pairs.iter().map(case));
        self.ends.clear();
        self.ends.resize(cases.all.len(), 0);
        for case in &self.cases {
            self.ends[*case as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut self.ends {
            (*end, sum) = (sum, sum + *end);
        }
        self.pairs.resize(pairs.len(), (0, 0));
        self.origins.resize(pairs.len(), 0);
        for (origin, (pair, case)) in pairs.iter().zip(&self.cases).enumerate() {
            let end = &mut self.ends[*case as usize];
            self.pairs[*end as usize] = *pair;
            self.origins[*end as usize] = origin as u32;
            *end += 1;
        }
    }

    /// Each case that pairs have, and where these are.
    pub fn each(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let mut start = 0;
        let ranges = self.ends.iter().map(move |end| {
            let range = start..*end as usize;
            start = range.end;
            range
        });
        ranges.enumerate().filter(|(_, range)| !range.is_empty())
    }
}

/// The pairs of one case, named by their places among these.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub frame: &'a Frame<'a>,
    pub sheet: &'a mut Sheet,
    pub memos: &'a mut [Memo],
    pub sieve: &'a mut Sieve,
    pub pairs: &'a [(u32, u32)],
}

/// Lists of pairs of a group that are being sifted, both ascending.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    /// Those that are looked at.
    pub open: Vec<u32>,
    /// Those of them that something is possible for.
    pub kept: Vec<u32>,
}

impl Group<'_> {
    /// The rows of a pair.
    #[inline]
    pub fn rows(&self, pair: u32) -> (&[u32], &[u32]) {
        let (a, b) = self.pairs[pair as usize];
        (self.sheet.row(a as usize), self.sheet.row(b as usize))
    }

    /// Keeps the open pairs for which signatures allow a candidate.
    pub fn sift(&mut self, candidate: &Candidate) {
        let sieve = &mut *self.sieve;
        sieve.kept.clone_from(&sieve.open);
        for (measure, min) in &candidate.needs.classes {
            if sieve.kept.is_empty() {
                return;
            }
            self.sheet
                .sift(self.frame, *measure, *min, self.pairs, &mut sieve.kept);
        }
    }

    /// Tells the first level that holds of each pair that the sieve has open, and leaves none. Distances are measured
    /// only where signatures leave something open.
    pub fn settle(&mut self, open: &Open, mut reached: impl FnMut(&Self, u32, u8)) {
        for candidate in &open.candidates {
            self.sift(candidate);
            self.measure(open.comparison, candidate);
            for pair in &self.sieve.kept {
                reached(self, *pair, candidate.level);
            }
            self.sieve.close();
            if self.sieve.open.is_empty() {
                return;
            }
        }
    }

    /// Keeps the pairs for which a candidate that signatures allow holds.
    fn measure(&mut self, comparison: usize, candidate: &Candidate) {
        let (frame, sheet, pairs) = (self.frame, &*self.sheet, self.pairs);
        let (memos, kept) = (&mut *self.memos, &mut self.sieve.kept);
        let rows = |pair: u32| {
            let (a, b) = pairs[pair as usize];
            (sheet.row(a as usize), sheet.row(b as usize))
        };
        if !candidate.needs.suffice {
            let test = &frame.tests[comparison][candidate.level as usize];
            kept.retain(|pair| {
                let (a, b) = rows(*pair);
                frame.holds(test, a, b, memos)
            });
            return;
        }
        for (measure, min) in &candidate.needs.classes {
            if !frame.is_told(*measure) {
                kept.retain(|pair| {
                    let (a, b) = rows(*pair);
                    frame.class(*measure, a, b, memos) >= *min
                });
            }
        }
    }
}

impl Sieve {
    /// Takes what is kept out of what is open.
    pub fn close(&mut self) {
        if self.kept.len() == self.open.len() {
            self.open.clear();
        } else if !self.kept.is_empty() {
            let mut kept = self.kept.iter().peekable();
            self.open.retain(|pair| kept.next_if_eq(&pair).is_none());
        }
    }
}

/// Keeps what is wanted. Written so that nothing hangs on what the answer is.
#[inline]
pub(super) fn keep(pairs: &mut Vec<u32>, wanted: impl Fn(u32) -> bool) {
    let mut kept = 0;
    for at in 0..pairs.len() {
        let pair = pairs[at];
        pairs[kept] = pair;
        kept += usize::from(wanted(pair));
    }
    pairs.truncate(kept);
}
