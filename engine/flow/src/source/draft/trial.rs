//! Which types the values of a text column keep to, by the rules that a contract of each would put them to.

use c360_spec::{Column, Contract, DataType, SourceJob};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};

use super::super::typed::Rules;
use crate::error::Result;

/// Types in the order in which they are preferred, with the patterns of those that are written in several ways. A whole
/// number is a long: the next file may hold greater ones.
const CANDIDATES: [(DataType, &str); 18] = [
    (DataType::Long, ""),
    (decimal(2), ""),
    (decimal(4), ""),
    (decimal(6), ""),
    (DataType::Date, ""),
    (DataType::Date, "%d.%m.%Y"),
    (DataType::Date, "%d/%m/%Y"),
    (DataType::Date, "%m/%d/%Y"),
    (DataType::Timestamp, ""),
    (DataType::Timestamp, "%d.%m.%Y %H:%M"),
    (DataType::Timestamp, "%d.%m.%Y %H:%M:%S"),
    (DataType::Timestamp, "%d/%m/%Y %H:%M"),
    (DataType::Timestamp, "%m/%d/%Y %H:%M"),
    (DataType::Timestamp, "%d/%m/%Y %H:%M:%S"),
    (DataType::Timestamp, "%m/%d/%Y %H:%M:%S"),
    (DataType::Timestamptz, ""),
    (DataType::Boolean, ""),
    (DataType::Double, ""),
];

const fn decimal(scale: u8) -> DataType {
    DataType::Decimal {
        precision: 18,
        scale,
    }
}

/// The types that a column may still have.
pub struct Trial {
    name: String,
    candidates: Vec<Candidate>,
    has_values: bool,
    has_true: bool,
    has_false: bool,
}

struct Candidate {
    column: Column,
    rules: Rules,
}

impl Trial {
    /// Nothing is known yet of the column but its name; `job` is how its files are read.
    pub fn of(name: &str, job: &SourceJob) -> Result<Self> {
        let candidates = CANDIDATES.iter().map(|(data_type, format)| {
            let mut column = Column::new(name, *data_type);
            column.formats = (!format.is_empty())
                .then(|| (*format).to_owned())
                .into_iter()
                .collect();
            let contract = Contract::of(&job.contract, vec![column.clone()]);
            let rules = Rules::new(&contract, job)?;
            Ok(Candidate { column, rules })
        });
        Ok(Self {
            name: name.to_owned(),
            candidates: candidates.collect::<Result<_>>()?,
            has_values: false,
            has_true: false,
            has_false: false,
        })
    }

    /// Drops the types that do not take one of these texts.
    pub fn see(&mut self, texts: &ArrayRef) {
        self.has_values |= texts.null_count() < texts.len();
        let is_coded = texts.as_string::<i32>().iter().flatten().any(is_code);
        let mut truths = (false, false);
        self.candidates.retain(|candidate| {
            if is_coded && candidate.column.data_type.is_numeric() {
                return false;
            }
            let typed = candidate
                .rules
                .type_arrays(texts.len(), &[Some(texts.clone())]);
            let Ok(typed) = typed else { return false };
            if let Some(values) = typed.rows.column(0).as_boolean_opt() {
                truths = (values.true_count() > 0, values.false_count() > 0);
            }
            typed.faults.is_empty()
        });
        self.has_true |= truths.0;
        self.has_false |= truths.1;
    }

    /// The column with the type that is left; a string where none is, or where two would read the same text as another
    /// day.
    pub fn column(self) -> Column {
        let begins = |candidate: &Candidate, with: &str| {
            let formats = &candidate.column.formats;
            formats.iter().any(|format| format.starts_with(with))
        };
        let is_left = |with| self.candidates.iter().any(|it| begins(it, with));
        let is_ambiguous = is_left("%d/%m/") && is_left("%m/%d/");
        let has_both = self.has_true && self.has_false;
        let fits = |candidate: &&Candidate| match candidate.column.data_type {
            DataType::Boolean => has_both,
            _ => !(is_ambiguous && (begins(candidate, "%d/") || begins(candidate, "%m/"))),
        };
        let left = self.candidates.iter().find(fits);
        match left.filter(|_| self.has_values) {
            Some(candidate) => candidate.column.clone(),
            None => Column::new(&self.name, DataType::String),
        }
    }
}

/// Digits that every number takes.
const DIGITS_MAX: usize = 18;

/// Whether the text is a code that happens to consist of digits: a number would lose its first zero, its plus, its last
/// digits, or an E between digits.
fn is_code(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_alike = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'e' | b'E');
    match text.as_bytes() {
        [b'+', ..] => true,
        [b'0', second, ..] if second.is_ascii_digit() => true,
        bytes => {
            digits > DIGITS_MAX || (digits < bytes.len() && bytes.iter().copied().all(is_alike))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use c360_spec::{Format, Mode};
    use datafusion::arrow::array::StringArray;

    use super::*;

    fn check(texts: &[&str], expected: &str) {
        let job = SourceJob {
            contract: "c".to_owned(),
            files: vec!["*".to_owned()],
            optional: false,
            format: Format::Parquet,
            mode: Mode::Append,
            order_by: None,
            op: None,
        };
        let mut trial = Trial::of("x", &job).expect("a trial");
        for text in texts {
            let text = (!text.is_empty()).then_some(*text);
            let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
            trial.see(&array);
        }
        let column = trial.column();
        let found = [vec![column.data_type.to_string()], column.formats].concat();
        assert_eq!(found.join(" "), expected, "{texts:?}");
    }

    #[test]
    fn the_narrowest_type_that_takes_all_is_chosen() {
        check(&["1", "", "-20"], "long");
        check(&["1", "2.50"], "decimal(18,2)");
        check(&["1.2345", "7"], "decimal(18,4)");
        check(&["1.23456789", "1"], "double");
        check(&["2024-02-29"], "date");
        check(&["2024-02-29", "2023-02-29"], "string");
        check(&["2024-02-29 10:11:12"], "timestamp");
        check(&["31.12.2024"], "date %d.%m.%Y");
        check(
            &["12/1/2010 8:26", "12/13/2010 8:26"],
            "timestamp %m/%d/%Y %H:%M",
        );
        check(&["yes", "no"], "boolean");
        check(&["ann", "bob"], "string");
    }

    #[test]
    fn what_a_sample_leaves_open_stays_a_string() {
        check(&["", ""], "string");
        check(&["1/2/2024", "3/4/2024"], "string");
        check(&["f", "f"], "string");
        check(&["0049", "12"], "string");
        check(&["+49301234"], "string");
        check(&["1E5", "2e5"], "string");
        check(&["1.5e-7"], "double");
        check(&["123456789012345678"], "long");
        check(&["12345678901234567891", "1"], "string");
    }
}
