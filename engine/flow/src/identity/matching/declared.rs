//! What the spec declares, as the kernel wants it.

use c360_resolve::matching::nicknames::{self, NameGroups};
use c360_resolve::matching::{self as kernel, Expression, Model, Training, templates};
use c360_resolve::standardise::Normalizer;
use c360_spec::{BlockingRule, Comparison, Matching, Nicknames, Sound};

/// Pairs that each part of training looks at.
const SAMPLE_PAIRS: usize = 1 << 20;

/// Blocking rules and comparisons.
pub fn model(matching: &Matching) -> Model {
    Model {
        blocking: matching.blocking.iter().map(blocking).collect(),
        comparisons: matching.comparisons.iter().map(comparison).collect(),
    }
}

/// How the model learns without labels: from certain pairs how many there are, and from the pairs of each blocking
/// rule how far one person's records agree in what the rule does not ask for.
pub fn training(matching: &Matching) -> Training {
    let certain = matching.blocking.iter().filter(|rule| rule.certain);
    Training {
        deterministic: certain.map(blocking).collect(),
        recall: matching.recall,
        sessions: matching.blocking.iter().map(blocking).collect(),
        sample_pairs: SAMPLE_PAIRS,
        households: true,
    }
}

fn blocking(rule: &BlockingRule) -> kernel::BlockingRule {
    kernel::BlockingRule {
        on: rule.on.iter().map(|column| part(rule, column)).collect(),
        except: Vec::new(),
        records_max: rule.records_max,
    }
}

/// What counts of a column.
fn part(rule: &BlockingRule, column: &str) -> Expression {
    if let Some(length) = rule.first.get(column) {
        return Expression::prefix(column, length.get() as usize);
    }
    if let Some(separator) = rule.each.get(column) {
        let (of, separator) = (column.into(), separator.0.clone());
        return Expression::List { of, separator };
    }
    match rule.sound.get(column) {
        Some(Sound::Soundex) => Expression::Soundex(column.into()),
        None => Expression::column(column),
    }
}

fn comparison(comparison: &Comparison) -> kernel::Comparison {
    match comparison {
        Comparison::Name {
            forename,
            surname,
            nicknames: None,
        } => templates::name(forename, surname),
        Comparison::Name {
            forename,
            surname,
            nicknames: Some(nicknames),
        } => templates::name_or_nickname(forename, surname, groups(nicknames)),
        Comparison::DateOfBirth { column } => templates::date_of_birth(column),
        Comparison::Email { column } => templates::email(column),
        Comparison::Phone { column } => templates::phone(column),
        Comparison::Identifier { column } => templates::identifier(column),
        Comparison::Address {
            street,
            postcode,
            town,
        } => templates::address(street, postcode, town),
        Comparison::Postcode { column, area } => templates::postcode(column, *area as usize),
        Comparison::Exact { column } => templates::exact(column),
        Comparison::Number {
            column,
            within,
            within_percent,
        } => {
            let shares: Vec<f64> = within_percent.iter().map(|of| of / 100.0).collect();
            templates::number(column, within, &shares)
        }
        Comparison::Location {
            latitude,
            longitude,
            within_km,
        } => templates::location(latitude, longitude, within_km),
        Comparison::List {
            column,
            separator,
            common,
        } => templates::list(column, &separator.0, common),
    }
}

/// Names as `normalize_name` gives them, which is how records hold them.
fn groups(nicknames: &Nicknames) -> NameGroups {
    let shipped = nicknames.english.then(nicknames::english);
    let shipped = shipped.into_iter().flatten();
    let shipped = shipped.map(|group| group.map(str::to_owned).collect::<Vec<String>>());
    let declared = nicknames.groups.iter().map(|group| {
        let names = group.iter().filter_map(|name| Normalizer::Name.apply(name));
        names.collect()
    });
    NameGroups::new(shipped.chain(declared))
}
