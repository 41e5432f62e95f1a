//! What the spec declares, as the kernel wants it.

use c360_resolve::matching::{self as kernel, Expression, Model, Training, templates};
use c360_spec::{BlockingRule, Comparison, Matching};

/// Random pairs that training looks at.
const SAMPLE_PAIRS: usize = 1 << 21;

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
    let part = |column: &String| match rule.first.get(column) {
        Some(length) => Expression::prefix(column, length.get() as usize),
        None => Expression::column(column),
    };
    kernel::BlockingRule {
        on: rule.on.iter().map(part).collect(),
        except: Vec::new(),
        records_max: rule.records_max,
    }
}

fn comparison(comparison: &Comparison) -> kernel::Comparison {
    match comparison {
        Comparison::Name { forename, surname } => templates::name(forename, surname),
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
    }
}
