//! Where a stretch of text may be cut: after the last record that ends in it. Exact with respect
//! to quoting, so that the chunks between two cuts can be parsed apart from each other and give
//! what one parser over the whole file would give.

/// How records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// At every line end
    Lines,
    /// At line ends outside quoted fields
    Separated { delimiter: u8, quote: u8 },
}

impl Records {
    /// Length of the whole records at the start of `text`; zero when none ends in it. `text` starts
    /// where a record starts.
    pub fn whole(self, text: &[u8]) -> usize {
        match self {
            Self::Lines => after_last_line_end(text),
            Self::Separated { delimiter, quote } => whole_separated(text, delimiter, quote),
        }
    }
}

fn after_last_line_end(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(0, |at| at + 1)
}

/// A quote opens a field only at the field's start; inside, a doubled quote is a quote.
fn whole_separated(text: &[u8], delimiter: u8, quote: u8) -> usize {
    let mut whole = 0;
    let mut outside_from = 0;
    let mut from = 0;
    while let Some(found) = memchr::memchr(quote, &text[from..]) {
        let open = from + found;
        let opens = open == 0 || text[open - 1] == delimiter || text[open - 1] == b'\n';
        if !opens {
            from = open + 1;
            continue;
        }
        let Some(close) = closing_quote(text, open + 1, quote) else {
            // The rest of the text may be inside this field.
            let before = after_last_line_end(&text[outside_from..open]);
            return if before > 0 {
                outside_from + before
            } else {
                whole
            };
        };
        let before = after_last_line_end(&text[outside_from..open]);
        if before > 0 {
            whole = outside_from + before;
        }
        outside_from = close + 1;
        from = close + 1;
    }
    let after = after_last_line_end(&text[outside_from..]);
    if after > 0 {
        outside_from + after
    } else {
        whole
    }
}

/// The quote that ends the field whose content starts at `from`; none when it is not in the text
/// or when the text ends with it (the next byte decides).
fn closing_quote(text: &[u8], mut from: usize, quote: u8) -> Option<usize> {
    loop {
        let at = from + memchr::memchr(quote, &text[from..])?;
        match text.get(at + 1) {
            Some(next) if *next == quote => from = at + 2,
            Some(_) => return Some(at),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, whole: &str) {
        let records = Records::Separated {
            delimiter: b',',
            quote: b'"',
        };
        assert_eq!(
            &text[..records.whole(text.as_bytes())],
            whole,
            "of {text:?}"
        );
    }

    #[test]
    fn cuts_after_the_last_whole_record() {
        check("a,b\nc,d\ne", "a,b\nc,d\n");
        check("a,b", "");
        check("", "");
    }

    #[test]
    fn a_line_end_inside_quotes_ends_nothing() {
        check("a,\"b\nc\"\nd", "a,\"b\nc\"\n");
        check("a,b\n\"c\nd", "a,b\n");
        check("\"a\"\"\n\",b\nc", "\"a\"\"\n\",b\n");
        check("a\n\"b\"", "a\n");
    }

    #[test]
    fn a_quote_inside_an_unquoted_field_is_text() {
        check("5\" pipe,b\nc,\"d\ne", "5\" pipe,b\n");
        check("a 5\"\nb\n", "a 5\"\nb\n");
    }
}
