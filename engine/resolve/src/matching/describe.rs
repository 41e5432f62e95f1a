//! Conditions in words, for explanations.

use std::fmt;

use super::condition::Condition;
use super::expression::Expression;
use super::model::BlockingRule;

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(of) | Self::NoDate(of) => write!(f, "{of} unknown"),
            Self::Equal(of) => write!(f, "{of} equal"),
            Self::Crossed(first, second) => write!(f, "{first} and {second} swapped"),
            Self::JaroWinkler { of, min } => write!(f, "{of} alike (Jaro–Winkler from {min})"),
            Self::Jaro { of, min } => write!(f, "{of} alike (Jaro from {min})"),
            Self::Levenshtein { of, max } | Self::DamerauLevenshtein { of, max } => {
                write!(f, "{of} up to {max} slips apart")
            }
            Self::DaysApart { of, max } => write!(f, "{of} up to {max} days apart"),
            Self::DayMonthSwapped(of) => write!(f, "{of} with day and month swapped"),
            Self::Initial(of) => write!(f, "{of} shortened to an initial"),
            Self::Overlap {
                of: Expression::Nicknames { of, .. },
                ..
            } => write!(f, "{of} a known short form"),
            Self::Overlap { of, min } => write!(f, "{of} with {min} or more in common"),
            Self::Apart { of, max } => write!(f, "{of} up to {max} apart"),
            Self::ApartShare { of, max } => write!(f, "{of} up to {} % apart", percent(*max)),
            Self::Near { of, km } => write!(f, "{of} up to {km} km apart"),
            Self::All(parts) => joined(f, parts, ", "),
            Self::Any(parts) => joined(f, parts, " or "),
            Self::Otherwise => write!(f, "different"),
        }
    }
}

impl fmt::Display for BlockingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.on.iter().map(ToString::to_string).collect();
        write!(f, "{}", parts.join(", "))
    }
}

/// A share in percent, without the digits that dividing and multiplying by 100 leave behind.
fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Condition], between: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        let before = if at == 0 { "" } else { between };
        write!(f, "{before}{part}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::matching::{Condition, Expression};

    #[test]
    fn conditions_read_as_words() {
        let street = Expression::column("street");
        let alike = Condition::Levenshtein {
            of: street.clone(),
            max: 2,
        };
        let area = ["postcode", "town"].map(|name| Condition::Equal(Expression::column(name)));
        let both = Condition::All(vec![alike, Condition::Any(area.to_vec())]);
        assert_eq!(
            both.to_string(),
            "street up to 2 slips apart, postcode equal or town equal"
        );
        assert_eq!(Condition::Missing(street).to_string(), "street unknown");
    }
}
