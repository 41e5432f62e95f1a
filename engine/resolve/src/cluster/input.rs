//! What clustering reads: records, identifiers, decisions, rules. All columns borrowed, all values as codes.

use arrow::array::{Array, BooleanArray, StringArray};

use crate::error::{Error, Result, codable, same_length, within};

/// The code of a missing value. No dictionary hands it out.
pub const NULL_CODE: u32 = u32::MAX;

/// One row a record; a record is named elsewhere by its row number. (source, key) must be unique.
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    /// Index into `source_names`.
    pub source: &'a [u16],
    pub source_names: &'a [&'a str],
    /// The record's key within its source, without nulls.
    pub key: &'a StringArray,
    /// Microseconds since 1970, UTC.
    pub first_seen_at: &'a [i64],
    /// Columns that rules look at: one code a record, [`NULL_CODE`] where there is no value.
    pub attributes: &'a [&'a [u32]],
    /// What each attribute's codes stand for; asked of those that [`KindRule::agree_on`] names.
    pub texts: &'a [&'a StringArray],
}

/// One row a (record, kind, value). Repeated rows do no harm.
#[derive(Debug, Clone, Copy)]
pub struct Identifiers<'a> {
    /// Row number of the record.
    pub record: &'a [u32],
    /// Index into [`Rules::kinds`].
    pub kind: &'a [u16],
    /// Code of the standardised value; equal values of one kind have equal codes. Rows with [`NULL_CODE`] are
    /// skipped.
    pub value: &'a [u32],
    /// Rows whose value is over its limit, when that is known already. None: found out from the rows given, which
    /// is right only when every record that holds one of these values is among them.
    pub over_limit: Option<&'a BooleanArray>,
}

/// Evidence beyond identifiers. Links of a record to itself are ignored.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extra<'a> {
    /// Steward decisions: the same person.
    pub must_link: &'a [(u32, u32)],
    /// Steward decisions: not the same person.
    pub cannot_link: &'a [(u32, u32)],
    pub scored: &'a [ScoredLink],
}

/// Two records that a model holds to be the same person. Ones below the model's threshold do not belong here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredLink {
    pub a: u32,
    pub b: u32,
    /// Lower is taken first; shares its scale with [`KindRule::rank`].
    pub rank: u16,
    /// Heavier is taken first within the rank.
    pub weight: f32,
}

/// The rules of a resolution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// One a kind of identifier.
    pub kinds: Vec<KindRule>,
    pub guards: Vec<Guard>,
    /// No join makes a person of more records.
    pub person_records_max: Option<u32>,
}

/// What an identifier of one kind does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindRule {
    /// False: the kind links nobody and only constrains.
    pub links: bool,
    /// Lower is stronger evidence.
    pub rank: u16,
    /// A value over its limit is nobody's: it neither links nor counts.
    pub limit: Option<Limit>,
    /// Most distinct values that a person may hold.
    pub max_per_person: Option<u32>,
    /// Attributes (indices into [`Records::attributes`]) that hold names. Two clusters are joined only if a name of the
    /// one is like a name of the other, or one of them has none.
    pub agree_on: Vec<usize>,
}

impl Default for KindRule {
    fn default() -> Self {
        Self {
            links: true,
            rank: 1,
            limit: None,
            max_per_person: None,
            agree_on: Vec::new(),
        }
    }
}

/// A value is over its limit when more than `records` records hold it that were first seen within one window: less
/// than `window_days` days of 86,400 s from the first to the last. Without a window, all of time is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub records: u32,
    pub window_days: Option<u32>,
}

/// At most so many distinct values of an attribute in a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Index into [`Records::attributes`].
    pub attribute: usize,
    pub max_per_person: u32,
}

/// The attributes that hold names which links ask for, ascending.
pub(super) fn names(rules: &Rules) -> Vec<usize> {
    let linking = rules.kinds.iter().filter(|rule| rule.links);
    let mut names: Vec<usize> = linking.flat_map(|rule| &rule.agree_on).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Fails unless the arrays fit together.
pub(super) fn validate(
    records: &Records,
    identifiers: &Identifiers,
    extra: &Extra,
    rules: &Rules,
) -> Result<()> {
    let count = records.source.len();
    codable("records", count)?;
    same_length("key", count, records.key.len())?;
    same_length("first_seen_at", count, records.first_seen_at.len())?;
    for attribute in records.attributes {
        same_length("attributes", count, attribute.len())?;
    }
    let sources = records.source.iter().map(|s| u64::from(*s));
    within("source", records.source_names.len(), sources)?;
    let guarded = rules.guards.iter().map(|g| g.attribute as u64);
    within("guard attribute", records.attributes.len(), guarded)?;
    let names = names(rules);
    let held = records.attributes.len().min(records.texts.len());
    within("agree_on", held, names.iter().map(|name| *name as u64))?;
    for name in names {
        let codes = records.attributes[name].iter();
        let codes = codes.filter(|code| **code != NULL_CODE);
        let count = records.texts[name].len();
        within("attributes", count, codes.map(|code| u64::from(*code)))?;
    }
    validate_identifiers(count, identifiers, rules)?;
    validate_extra(count, extra)
}

fn validate_identifiers(records: usize, identifiers: &Identifiers, rules: &Rules) -> Result<()> {
    let count = identifiers.record.len();
    codable("identifiers", count)?;
    same_length("identifier kind", count, identifiers.kind.len())?;
    same_length("identifier value", count, identifiers.value.len())?;
    if let Some(over) = identifiers.over_limit {
        same_length("identifier over_limit", count, over.len())?;
    }
    let most = identifiers.record.iter().copied().max();
    within("identifier record", records, most.map(u64::from))?;
    let most = identifiers.kind.iter().copied().max();
    within("identifier kind", rules.kinds.len(), most.map(u64::from))
}

fn validate_extra(records: usize, extra: &Extra) -> Result<()> {
    let ends = |pairs: &[(u32, u32)]| pairs.iter().map(|(a, b)| *a.max(b)).max();
    within("must_link", records, ends(extra.must_link).map(u64::from))?;
    within(
        "cannot_link",
        records,
        ends(extra.cannot_link).map(u64::from),
    )?;
    let most = extra.scored.iter().map(|link| link.a.max(link.b)).max();
    within("scored", records, most.map(u64::from))?;
    match extra.scored.iter().position(|link| link.weight.is_nan()) {
        Some(row) => Err(Error::Weight { row }),
        None => Ok(()),
    }
}
