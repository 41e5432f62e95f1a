//! Measures: a distance between the values of one field, as a class, remembered by the two values' codes.
//!
//! The class counts the thresholds that are met, so that several levels on one distance measure it once. Which values
//! meet is far from random within blocks, so what signatures leave open, a small memo answers most often: a slot holds
//! the last pair of codes that fell on it.

use rayon::prelude::*;

use super::columns::Column;
use super::distance;
use super::form::{self, Date};
use super::group::keep;
use super::signature::{Least, Signature};
use crate::cluster::NULL_CODE;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    JaroWinkler,
    Jaro,
    Levenshtein,
    Damerau,
    Days,
    DayMonth,
    Initial,
    Overlap,
    Apart,
    ApartShare,
    Near,
}

impl Kind {
    /// Whether a greater number means more alike.
    pub fn rises(self) -> bool {
        matches!(self, Self::JaroWinkler | Self::Jaro | Self::Overlap)
    }
}

/// A distance on a field, with all thresholds that the model asks about, loosest first.
#[derive(Debug)]
pub(super) struct Measure {
    pub kind: Kind,
    pub field: usize,
    pub thresholds: Vec<f64>,
    /// The same for signatures, where these bound a similarity.
    least: Vec<Least>,
    /// The class of two equal values, if it is the same for all.
    pub class_of_same: Option<u8>,
    /// Index of the forms that it looks at.
    pub form: usize,
}

/// The forms of some values: of all of a field, by code, or of those of some records, by place.
#[derive(Debug)]
pub(super) enum Forms {
    Texts(Vec<Signature>),
    Dates(Vec<Option<Date>>),
    Numbers(Vec<Option<f64>>),
    Places(Vec<Option<(f64, f64)>>),
    Lists(Vec<Option<Vec<String>>>),
}

impl Forms {
    /// The forms that a measure needs of a column's values.
    pub fn new(kind: Kind, column: &Column) -> Self {
        match kind {
            Kind::Days | Kind::DayMonth => Self::Dates(form::each(column, form::date)),
            Kind::Apart | Kind::ApartShare => Self::Numbers(form::each(column, form::number)),
            Kind::Near => Self::Places(form::each(column, form::place)),
            Kind::Overlap => Self::Lists(form::each(column, form::elements)),
            Kind::JaroWinkler | Kind::Jaro | Kind::Levenshtein | Kind::Damerau | Kind::Initial => {
                let codes = (0..column.distinct() as u32).into_par_iter();
                let signature = |code| Signature::of(column.bytes(code));
                Self::Texts(codes.with_min_len(1 << 12).map(signature).collect())
            }
        }
    }

    /// Whether these are what a measure needs.
    pub fn serve(&self, kind: Kind) -> bool {
        match kind {
            Kind::Days | Kind::DayMonth => matches!(self, Self::Dates(_)),
            Kind::Apart | Kind::ApartShare => matches!(self, Self::Numbers(_)),
            Kind::Near => matches!(self, Self::Places(_)),
            Kind::Overlap => matches!(self, Self::Lists(_)),
            _ => matches!(self, Self::Texts(_)),
        }
    }
}

/// The forms that are small enough to be laid side by side.
#[derive(Debug)]
pub(super) enum Laid {
    Texts(Vec<Signature>),
    Dates(Vec<Option<Date>>),
    None,
}

impl Laid {
    /// Room for forms of this kind.
    pub fn room(forms: &Forms) -> Self {
        match forms {
            Forms::Texts(_) => Self::Texts(Vec::new()),
            Forms::Dates(_) => Self::Dates(Vec::new()),
            _ => Self::None,
        }
    }

    pub fn clear(&mut self) {
        match self {
            Self::Texts(texts) => texts.clear(),
            Self::Dates(dates) => dates.clear(),
            Self::None => {}
        }
    }

    #[inline]
    pub fn is_there(&self) -> bool {
        match self {
            Self::Texts(texts) => !texts.is_empty(),
            Self::Dates(dates) => !dates.is_empty(),
            Self::None => true,
        }
    }

    /// Lays out the forms of these codes.
    pub fn fill(&mut self, forms: &Forms, codes: impl Iterator<Item = u32>) {
        match (self, forms) {
            (Self::Texts(laid), Forms::Texts(all)) => {
                let none = Signature::of(b"");
                laid.extend(codes.map(|code| *all.get(code as usize).unwrap_or(&none)));
            }
            (Self::Dates(laid), Forms::Dates(all)) => {
                laid.extend(codes.map(|code| all.get(code as usize).copied().flatten()));
            }
            _ => {}
        }
    }
}

impl Measure {
    pub fn new(kind: Kind, field: usize, form: usize) -> Self {
        Self {
            kind,
            field,
            thresholds: Vec::new(),
            least: Vec::new(),
            class_of_same: None,
            form,
        }
    }

    /// What follows from the thresholds, once all are known.
    pub fn settle(&mut self, forms: &Forms) {
        let Forms::Texts(texts) = forms else {
            return;
        };
        let thresholds = self.thresholds.iter().copied();
        self.least = match self.kind {
            Kind::JaroWinkler => thresholds.map(Least::jaro_winkler).collect(),
            Kind::Jaro => thresholds.map(Least::jaro).collect(),
            _ => Vec::new(),
        };
        // A single letter is its own initial, a name is not; an empty text is not like itself by every measure.
        if self.kind != Kind::Initial && texts.iter().all(|text| !text.is_empty()) {
            self.class_of_same = Some(self.of_texts(b"x", b"x"));
        }
    }

    /// Adds a threshold, and keeps the loosest first.
    pub fn ask(&mut self, threshold: f64) {
        if self.thresholds.contains(&threshold) {
            return;
        }
        self.thresholds.push(threshold);
        self.thresholds.sort_by(f64::total_cmp);
        if !self.kind.rises() {
            self.thresholds.reverse();
        }
    }

    /// The class that a threshold stands for: a pair meets it when its class is at least this.
    pub fn class_of(&self, threshold: f64) -> u8 {
        let at = self.thresholds.iter().position(|known| *known == threshold);
        at.map_or(u8::MAX, |at| at as u8 + 1)
    }

    /// How many thresholds the two values meet; none when one is missing.
    pub fn class(&self, column: &Column, forms: &Forms, a: u32, b: u32, memo: &mut Memo) -> u8 {
        if a == NULL_CODE || b == NULL_CODE {
            return 0;
        }
        let (first, second) = (a as usize, b as usize);
        match forms {
            Forms::Texts(_) => {
                memo.get_or(a, b, || self.of_texts(column.bytes(a), column.bytes(b)))
            }
            Forms::Dates(dates) => of(dates, first, second, |a, b| self.of_dates(*a, *b)),
            Forms::Numbers(numbers) => of(numbers, first, second, |a, b| {
                let apart = match self.kind {
                    Kind::ApartShare => distance::share_apart(*a, *b),
                    _ => (a - b).abs(),
                };
                distance::distance_class(apart, &self.thresholds)
            }),
            Forms::Places(places) => of(places, first, second, |a, b| {
                distance::distance_class(distance::kilometres(*a, *b), &self.thresholds)
            }),
            Forms::Lists(lists) => of(lists, first, second, |a, b| {
                let common = a.iter().filter(|element| b.binary_search(element).is_ok());
                distance::similarity_class(common.count() as f64, &self.thresholds)
            }),
        }
    }

    /// Keeps the pairs that may be at least in a class, by what costs a few instructions a pair. A pair's values have
    /// their forms at its two places.
    pub fn sift(&self, laid: &Laid, min: u8, pairs: &[(u32, u32)], kept: &mut Vec<u32>) {
        let places = |pair: u32| {
            let (a, b) = pairs[pair as usize];
            (a as usize, b as usize)
        };
        match laid {
            Laid::Texts(texts) => self.sift_texts(min, kept, |pair| {
                let (a, b) = places(pair);
                (&texts[a], &texts[b])
            }),
            Laid::Dates(dates) => keep(kept, |pair| {
                let (a, b) = places(pair);
                of(dates, a, b, |a, b| self.of_dates(*a, *b)) >= min
            }),
            Laid::None => {}
        }
    }

    fn sift_texts<'a>(
        &self,
        min: u8,
        kept: &mut Vec<u32>,
        both: impl Fn(u32) -> (&'a Signature, &'a Signature),
    ) {
        let threshold = usize::from(min) - 1;
        match self.kind {
            Kind::JaroWinkler | Kind::Jaro => {
                let least = &self.least[threshold];
                keep(kept, |pair| {
                    let (a, b) = both(pair);
                    a.may_be_alike(b, least)
                });
            }
            Kind::Initial => keep(kept, |pair| {
                let (a, b) = both(pair);
                a.may_be_initial(b)
            }),
            _ => {
                let most = self.thresholds[threshold] as u32;
                keep(kept, |pair| {
                    let (a, b) = both(pair);
                    a.may_be_edits(b, most)
                });
            }
        }
    }

    fn of_texts(&self, first: &[u8], second: &[u8]) -> u8 {
        let thresholds = &self.thresholds;
        match self.kind {
            Kind::JaroWinkler => distance::jaro_winkler_class(first, second, thresholds),
            Kind::Jaro => distance::jaro_class(first, second, thresholds),
            Kind::Levenshtein => distance::levenshtein_class(first, second, thresholds),
            Kind::Damerau => distance::damerau_class(first, second, thresholds),
            _ => u8::from(distance::is_initial(first, second)),
        }
    }

    fn of_dates(&self, a: Date, b: Date) -> u8 {
        match self.kind {
            Kind::DayMonth => u8::from(a.swapped == Some(b.days)),
            _ => distance::distance_class(f64::from(a.days.abs_diff(b.days)), &self.thresholds),
        }
    }
}

/// The class of two values' forms; none is met when one has no form.
fn of<T>(forms: &[Option<T>], a: usize, b: usize, class: impl Fn(&T, &T) -> u8) -> u8 {
    let both = forms[a].as_ref().zip(forms[b].as_ref());
    both.map_or(0, |(a, b)| class(a, b))
}

/// Slots in a memo: 2^13, so that one measure's memo (64 KiB) stays near the core.
const SLOT_BITS: u32 = 13;

/// The classes of pairs of codes that were measured of late.
#[derive(Debug)]
pub(super) struct Memo {
    /// The pair's mixed codes without the bits that chose the slot, then class + 1; 0 is empty.
    slots: Box<[u64]>,
}

impl Memo {
    pub fn new() -> Self {
        Self {
            slots: vec![0; 1 << SLOT_BITS].into_boxed_slice(),
        }
    }

    fn get_or(&mut self, a: u32, b: u32, measure: impl FnOnce() -> u8) -> u8 {
        let (low, high) = (a.min(b), a.max(b));
        // Multiplying by an odd number and folding the upper half down lose nothing, so slot and rest name the pair.
        let mixed = (u64::from(low) << 32 | u64::from(high)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = mixed ^ (mixed >> 32);
        let slot = (mixed & ((1 << SLOT_BITS) - 1)) as usize;
        let rest = (mixed >> SLOT_BITS) << SLOT_BITS;
        let held = self.slots[slot];
        if held & !CLASS_MASK == rest && held & CLASS_MASK != 0 {
            return (held & CLASS_MASK) as u8 - 1;
        }
        let class = measure();
        self.slots[slot] = rest | (u64::from(class) + 1);
        class
    }
}

const CLASS_MASK: u64 = (1 << SLOT_BITS) - 1;
