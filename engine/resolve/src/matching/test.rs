//! Conditions as tests on codes: exactly, and as far as the rows' agreement tells.

use std::sync::Arc;

use super::columns::Column;
use super::frame::Frame;
use super::measure::Memo;
use super::row::{Agreement, BITS, equal_lanes, low_bits};
use crate::cluster::NULL_CODE;

/// A condition on codes.
#[derive(Debug)]
pub(super) enum Test {
    Missing(usize),
    /// Index into what is known of dates.
    NoDate(usize),
    Equal(usize),
    /// Index of the crossing.
    Crossed(usize),
    Class {
        measure: usize,
        min: u8,
    },
    All(Vec<Test>),
    Any(Vec<Test>),
    Otherwise,
}

/// Two fields whose values may be swapped.
#[derive(Debug)]
pub(super) struct Crossing {
    pub first: usize,
    pub second: usize,
    /// The second field's code of each value of the first.
    counterparts: Vec<u32>,
}

/// Which values of a field are no dates, by code.
#[derive(Debug)]
pub(super) struct Undated {
    pub field: usize,
    pub codes: Vec<bool>,
}

/// Whether a test holds, as far as an agreement tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// The values themselves must be looked at.
    Open,
}

/// What an open test needs of measures, each at least in a class.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub classes: Vec<(usize, u8)>,
    /// Whether nothing else is needed.
    pub suffice: bool,
}

impl Needs {
    /// Those of a test that holds anyway.
    pub const NONE: Self = Self {
        classes: Vec::new(),
        suffice: true,
    };
}

/// Stands for a value that the other field does not hold; no code is as great, and none missing is the same.
const NO_COUNTERPART: u32 = NULL_CODE - 1;

impl Crossing {
    pub fn new(fields: &[Arc<Column>], first: usize, second: usize) -> Self {
        let find = |code: u32| {
            let text = fields[first].text(code)?;
            fields[second].texts()?.find(text)
        };
        let codes = 0..fields[first].distinct() as u32;
        let counterparts = codes.map(|code| find(code).unwrap_or(NO_COUNTERPART));
        Self {
            first,
            second,
            counterparts: counterparts.collect(),
        }
    }

    /// What a value of the first field is called in the second.
    pub fn counterpart(&self, code: u32) -> u32 {
        let counterpart = self.counterparts.get(code as usize);
        counterpart.copied().unwrap_or(NO_COUNTERPART)
    }

    fn holds(&self, a: &[u32], b: &[u32]) -> bool {
        self.counterpart(a[self.first]) == b[self.second]
            && self.counterpart(b[self.first]) == a[self.second]
    }
}

impl Undated {
    pub fn lacks(&self, code: u32) -> bool {
        self.codes.get(code as usize).copied().unwrap_or(true)
    }
}

impl Frame<'_> {
    /// Whether a test holds for two records, given by their rows.
    pub(super) fn holds(&self, test: &Test, a: &[u32], b: &[u32], memos: &mut [Memo]) -> bool {
        match test {
            Test::Missing(field) => a[*field] == NULL_CODE || b[*field] == NULL_CODE,
            Test::Equal(field) => a[*field] == b[*field] && a[*field] != NULL_CODE,
            Test::NoDate(at) => {
                let undated = &self.undated[*at];
                undated.lacks(a[undated.field]) || undated.lacks(b[undated.field])
            }
            Test::Crossed(at) => self.crossings[*at].holds(a, b),
            Test::Class { measure, min } => self.class(*measure, a, b, memos) >= *min,
            Test::All(parts) => parts.iter().all(|part| self.holds(part, a, b, memos)),
            Test::Any(parts) => parts.iter().any(|part| self.holds(part, a, b, memos)),
            Test::Otherwise => true,
        }
    }

    /// How many of a measure's thresholds two records meet.
    pub(super) fn class(&self, measure: usize, a: &[u32], b: &[u32], memos: &mut [Memo]) -> u8 {
        let (of, memo) = (&self.measures[measure], &mut memos[measure]);
        let (_, forms) = &self.forms[of.form];
        of.class(
            &self.fields[of.field],
            forms,
            a[of.field],
            b[of.field],
            memo,
        )
    }

    /// What a record lacks, as bits: fields without a value, then fields without a date.
    pub(super) fn lacking(&self, codes: &[u32]) -> u32 {
        let missing = codes.iter().map(|code| *code == NULL_CODE);
        let crossings = self.crossings.iter().map(|_| false);
        let undated = self.undated.iter().map(|of| of.lacks(codes[of.field]));
        let bits = missing.chain(crossings).chain(undated).take(BITS);
        bits.enumerate()
            .fold(0, |bits, (at, lacks)| bits | u32::from(lacks) << at)
    }

    /// What two rows have in common.
    #[inline]
    pub(super) fn agreement(&self, a: &[u32], b: &[u32]) -> Agreement {
        let fields = self.fields.len();
        let lacks = a[a.len() - 1] | b[b.len() - 1];
        let mut equal = equal_lanes(a, b) & low_bits(fields) & !lacks;
        for (at, crossing) in self.crossings.iter().enumerate() {
            let lane = fields + at;
            let swapped = a[lane] == b[crossing.second] && b[lane] == a[crossing.second];
            equal |= u32::from(swapped).checked_shl(lane as u32).unwrap_or(0);
        }
        Agreement { equal, lacks }
    }

    /// Whether a test holds, as far as the agreement tells.
    pub(super) fn verdict(&self, test: &Test, agreement: Agreement) -> Verdict {
        let undated = self.fields.len() + self.crossings.len();
        match test {
            Test::Missing(field) => bit(agreement.lacks, *field),
            Test::NoDate(at) => bit(agreement.lacks, undated + at),
            Test::Equal(field) => bit(agreement.equal, *field),
            Test::Crossed(at) => bit(agreement.equal, self.fields.len() + at),
            Test::Class { measure, min } => {
                let of = &self.measures[*measure];
                if bit(agreement.lacks, of.field) == Verdict::Yes {
                    return Verdict::No;
                }
                let same = of
                    .class_of_same
                    .filter(|_| bit(agreement.equal, of.field) == Verdict::Yes);
                same.map_or(Verdict::Open, |class| Verdict::known(class >= *min))
            }
            Test::All(parts) => {
                let parts = parts.iter().map(|part| self.verdict(part, agreement));
                parts.fold(Verdict::Yes, |all, part| match (all, part) {
                    (Verdict::No, _) | (_, Verdict::No) => Verdict::No,
                    (Verdict::Open, _) | (_, Verdict::Open) => Verdict::Open,
                    _ => Verdict::Yes,
                })
            }
            Test::Any(parts) => {
                let parts = parts.iter().map(|part| self.verdict(part, agreement));
                parts.fold(Verdict::No, |any, part| match (any, part) {
                    (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
                    (Verdict::Open, _) | (_, Verdict::Open) => Verdict::Open,
                    _ => Verdict::No,
                })
            }
            Test::Otherwise => Verdict::Yes,
        }
    }

    /// What an open test still needs.
    pub(super) fn needs(&self, test: &Test, agreement: Agreement) -> Needs {
        let open = |parts: &[Test]| -> Vec<Needs> {
            let open = parts
                .iter()
                .filter(|part| self.verdict(part, agreement) == Verdict::Open);
            open.map(|part| self.needs(part, agreement)).collect()
        };
        match test {
            Test::Class { measure, min } => Needs {
                classes: vec![(*measure, *min)],
                suffice: true,
            },
            Test::All(parts) => {
                let parts = open(parts);
                Needs {
                    suffice: parts.iter().all(|part| part.suffice),
                    classes: parts.into_iter().flat_map(|part| part.classes).collect(),
                }
            }
            Test::Any(parts) => {
                let mut parts = open(parts);
                match parts.len() {
                    1 => parts.remove(0),
                    _ => Needs::default(),
                }
            }
            _ => Needs::default(),
        }
    }
}

impl Verdict {
    fn known(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// Open where there is no such bit.
fn bit(bits: u32, at: usize) -> Verdict {
    if at >= BITS {
        return Verdict::Open;
    }
    Verdict::known(bits >> at & 1 == 1)
}
