//! A table; on a phone one with many columns becomes a card a row.

use minijinja::{Value, context};

use crate::failure::Failure;
use crate::markup::filled;

/// Rows under their headers. The first column names the row.
pub struct Sheet<'a> {
    pub title: &'a str,
    pub headers: &'a [&'a str],
    /// The headers of columns that stand to the right.
    pub numbers: &'a [&'a str],
    pub rows: Vec<Vec<String>>,
}

/// With more columns, or more of them words, a table does not fit on a phone.
const COLUMNS_MAX: usize = 4;
const WORDS_MAX: usize = 2;

impl Sheet<'_> {
    /// The table.
    pub fn markup(&self) -> Result<Value, Failure> {
        let right: Vec<bool> = self
            .headers
            .iter()
            .map(|header| self.numbers.contains(header))
            .collect();
        let values = context! {
            title => self.title,
            headers => self.headers,
            rows => self.rows,
            is_wide => self.is_wide(),
            right,
        };
        filled("report", include_str!("sheet.html"), values)
    }

    fn is_wide(&self) -> bool {
        let columns = self.headers.len();
        columns > COLUMNS_MAX || columns - self.numbers.len() > WORDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_know_their_header_and_are_escaped() {
        let sheet = Sheet {
            title: "Sources",
            headers: &["source", "rows"],
            numbers: &["rows"],
            rows: vec![vec!["<i>orders".into(), "1,200".into()]],
        };
        let text = sheet.markup().expect("a table").to_string();
        assert!(text.contains("&lt;i&gt;orders</th>"), "{text}");
        assert!(
            text.contains("<td class=\"number\" data-name=\"rows\">1,200</td>"),
            "{text}"
        );
        assert!(!text.contains("class=\"cards\""), "{text}");
    }
}
