//! Separated values: a chunk of whole records becomes [`Cells`]. Quoting as in RFC 4180, and as
//! lenient as the csv crate, which the tests hold this against: a quote inside an unquoted field is
//! text, and so is what follows a closing quote.
//!
//! Our own splitter, because the csv crate copies every field and takes a third of the time that
//! the whole ingest may take.

use super::super::cells::{Broken, Cells, MISSING, Record, Span};

/// How the fields of a record are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    pub quote: u8,
}

/// Which of a file's fields are wanted, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Per field of the file: the column of [`Cells`] that it goes to
    pub slots: Vec<Option<usize>>,
    /// Columns of [`Cells`] that the file does not have
    pub absent: Vec<usize>,
    /// Columns of [`Cells`] altogether
    pub columns: usize,
}

/// Splits a chunk of whole records. Empty lines are no records.
pub fn split(text: String, dialect: Dialect, header: &Header) -> Cells {
    let mut splitter = Splitter {
        dialect,
        unescaped: String::new(),
        base: text.len(),
    };
    let mut cells = Cells::new(String::new(), header.columns);
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut number = 0;
    while at < bytes.len() {
        let start = at;
        let end = splitter.record(&text, &mut at, |field, span| {
            if let Some(Some(slot)) = header.slots.get(field) {
                cells.columns[*slot].push(span);
            }
        });
        let Some(end) = end else { continue };
        let record = Record {
            number,
            span: Span::new(start, end.at),
        };
        number += 1;
        finish(&mut cells, header, record, end.fields);
    }
    cells.lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    cells.absent.clone_from(&header.absent);
    cells.text = text;
    cells.text.push_str(&splitter.unescaped);
    cells
}

/// The fields of one record, for a header.
pub fn fields(record: &str, dialect: Dialect) -> Vec<String> {
    let mut splitter = Splitter {
        dialect,
        unescaped: String::new(),
        base: record.len(),
    };
    let mut spans: Vec<Span> = Vec::new();
    splitter.record(record, &mut 0, |_, span| spans.push(span));
    let text = format!("{record}{}", splitter.unescaped);
    let field = |span: &Span| text[span.start as usize..span.end as usize].to_owned();
    spans.iter().map(field).collect()
}

/// Keeps the record when it has as many fields as the header, takes it back otherwise.
fn finish(cells: &mut Cells, header: &Header, record: Record, fields: usize) {
    if fields != header.slots.len() {
        let kept = cells.records.len();
        cells.truncate(kept);
        let reason = format!(
            "{fields} fields where the header has {}",
            header.slots.len()
        );
        cells.broken.push(Broken { record, reason });
        return;
    }
    for &column in &header.absent {
        cells.columns[column].push(MISSING);
    }
    cells.records.push(record);
}

struct Splitter {
    dialect: Dialect,
    /// Texts of fields with quotes in them
    unescaped: String,
    /// Where `unescaped` will stand in the cells' text
    base: usize,
}

/// Where a record's text ends, and its number of fields.
struct End {
    at: usize,
    fields: usize,
}

/// What ended a field.
enum Stop {
    Delimiter,
    Record,
}

impl Splitter {
    /// Reads the record at `at` and moves `at` behind its line end; none for an empty line. `put`
    /// takes each field's number and span.
    fn record(
        &mut self,
        text: &str,
        at: &mut usize,
        mut put: impl FnMut(usize, Span),
    ) -> Option<End> {
        let bytes = text.as_bytes();
        if let Some(length) = empty_line(&bytes[*at..]) {
            *at += length;
            return None;
        }
        let Dialect { delimiter, quote } = self.dialect;
        let mut fields = 0;
        loop {
            let start = *at;
            let quoted = bytes.get(start) == Some(&quote);
            let (span, end, stop) = if quoted {
                self.quoted_field(text, start)
            } else {
                plain_field(bytes, start, delimiter)
            };
            put(fields, span);
            fields += 1;
            *at = end + 1;
            if matches!(stop, Stop::Record) {
                *at = (*at).min(bytes.len());
                return Some(End {
                    at: without_carriage_return(bytes, start, end),
                    fields,
                });
            }
        }
    }

    /// The field whose opening quote is at `open`.
    fn quoted_field(&mut self, text: &str, open: usize) -> (Span, usize, Stop) {
        let Dialect { delimiter, quote } = self.dialect;
        let bytes = text.as_bytes();
        let from = self.unescaped.len();
        let mut pieces = 0;
        let mut start = open + 1;
        let close = loop {
            let Some(found) = memchr::memchr(quote, &bytes[start..]) else {
                break bytes.len();
            };
            let at = start + found;
            if bytes.get(at + 1) != Some(&quote) {
                break at;
            }
            self.unescaped.push_str(&text[start..=at]);
            pieces += 1;
            start = at + 2;
        };
        let rest = (close + 1).min(bytes.len());
        let (tail, end, stop) = plain_field(bytes, rest, delimiter);
        if pieces == 0 && tail.start == tail.end {
            return (Span::new(start, close), end, stop);
        }
        self.unescaped.push_str(&text[start..close]);
        self.unescaped
            .push_str(&text[tail.start as usize..tail.end as usize]);
        (
            Span::new(self.base + from, self.base + self.unescaped.len()),
            end,
            stop,
        )
    }
}

/// The rest of an unquoted field from `start`: its span, where it stops and why.
fn plain_field(bytes: &[u8], start: usize, delimiter: u8) -> (Span, usize, Stop) {
    let rest = &bytes[start..];
    let stop = rest
        .iter()
        .position(|byte| *byte == delimiter || *byte == b'\n');
    match stop.map(|length| start + length) {
        Some(end) if bytes[end] == delimiter => (Span::new(start, end), end, Stop::Delimiter),
        end => {
            let end = end.unwrap_or(bytes.len());
            (
                Span::new(start, without_carriage_return(bytes, start, end)),
                end,
                Stop::Record,
            )
        }
    }
}

fn without_carriage_return(bytes: &[u8], start: usize, end: usize) -> usize {
    if end > start && bytes[end - 1] == b'\r' {
        end - 1
    } else {
        end
    }
}

/// Length of the empty line at the start of the text, if there is one.
fn empty_line(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIALECT: Dialect = Dialect {
        delimiter: b',',
        quote: b'"',
    };

    fn header(fields: usize) -> Header {
        Header {
            slots: (0..fields).map(Some).collect(),
            absent: vec![],
            columns: fields,
        }
    }

    fn rows(cells: &Cells) -> Vec<Vec<String>> {
        let text = |span: &Span| cells.get(*span).unwrap_or("<missing>").to_owned();
        (0..cells.records.len())
            .map(|row| {
                cells
                    .columns
                    .iter()
                    .map(|column| text(&column[row]))
                    .collect()
            })
            .collect()
    }

    fn check(text: &str, expected: &[&[&str]]) {
        let width = expected.first().map_or(2, |row| row.len());
        let cells = split(text.to_owned(), DIALECT, &header(width));
        assert_eq!(rows(&cells), expected, "of {text:?}");
        assert_eq!(cells.broken, []);
    }

    #[test]
    fn fields_come_apart_at_delimiters_and_line_ends() {
        check("a,b\nc,d\n", &[&["a", "b"], &["c", "d"]]);
        check("a,b\r\nc,d", &[&["a", "b"], &["c", "d"]]);
        check(",\n\n,b\n", &[&["", ""], &["", "b"]]);
    }

    #[test]
    fn quotes_protect_delimiters_line_ends_and_quotes() {
        check("\"a,b\",c\n", &[&["a,b", "c"]]);
        check("\"a\nb\",\"\"\n", &[&["a\nb", ""]]);
        check("\"say \"\"hi\"\"\",c\r\n", &[&["say \"hi\"", "c"]]);
        check("5\" pipe,\"b\" tail\n", &[&["5\" pipe", "b tail"]]);
    }

    #[test]
    fn a_ragged_record_is_broken_and_the_next_one_is_not() {
        let cells = split("a,b\nc\nd,e,f\ng,h\n".into(), DIALECT, &header(2));
        assert_eq!(rows(&cells), [["a", "b"], ["g", "h"]]);
        let broken: Vec<_> = cells
            .broken
            .iter()
            .map(|b| (b.record.number, b.reason.as_str()))
            .collect();
        assert_eq!(
            broken,
            [
                (1, "1 fields where the header has 2"),
                (2, "3 fields where the header has 2")
            ]
        );
        assert_eq!(cells.records[1].number, 3);
        assert_eq!(cells.lines, 4);
    }

    #[test]
    fn only_wanted_fields_are_kept() {
        let header = Header {
            slots: vec![None, Some(1), Some(0)],
            absent: vec![2],
            columns: 3,
        };
        let cells = split("a,b,c\n".into(), DIALECT, &header);
        assert_eq!(rows(&cells), [["c", "b", "<missing>"]]);
    }

    #[test]
    fn a_header_may_be_quoted() {
        assert_eq!(
            fields("id,\"full name\",\"a\"\"b\"", DIALECT),
            ["id", "full name", "a\"b"]
        );
    }

    /// What the csv crate makes of the same text; it ends records at lone carriage returns too, so
    /// these do not occur.
    fn oracle(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.expect("text"));
        rows.map(|row| row.iter().map(str::to_owned).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn agrees_with_the_csv_crate(pieces in prop::collection::vec(
            prop::sample::select(vec!["a", "bc", ",", "\"", "\n", "\r\n", " ", "é", "\"\"", ",\"", "\","]), 0..40)) {
            let text = pieces.concat();
            let expected: Vec<Vec<String>> = oracle(&text).into_iter().filter(|row| row.len() == 2).collect();
            let cells = split(text.clone(), DIALECT, &header(2));
            prop_assert_eq!(rows(&cells), expected, "of {:?}", text);
        }

        #[test]
        fn cutting_first_changes_nothing(pieces in prop::collection::vec(
            prop::sample::select(vec!["a", ",", "\"", "\n", "\r\n", "\"\"", ",\"", "\",", "x,y\n"]), 0..40)) {
            let text = pieces.concat();
            let records = super::super::cut::Records::Separated { delimiter: b',', quote: b'"' };
            let cut = records.whole(text.as_bytes());
            let mut apart = rows(&split(text[..cut].to_owned(), DIALECT, &header(2)));
            apart.extend(rows(&split(text[cut..].to_owned(), DIALECT, &header(2))));
            prop_assert_eq!(apart, rows(&split(text.clone(), DIALECT, &header(2))), "of {:?}", text);
        }
    }
}
