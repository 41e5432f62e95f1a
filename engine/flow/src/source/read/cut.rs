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

    /// Length of the first record of `text` with its line end; none when it does not end in it.
    pub fn first(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr::memchr(b'\n', text).map(|at| at + 1),
            Self::Separated { delimiter, quote } => first_separated(text, delimiter, quote),
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
        if !opens_field(text, open, delimiter) {
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

/// One pass: a header with an unclosed quote may have millions of lines behind it.
fn first_separated(text: &[u8], delimiter: u8, quote: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(quote, b'\n', &text[from..])?;
        if text[at] == b'\n' {
            return Some(at + 1);
        }
        from = match opens_field(text, at, delimiter) {
            true => closing_quote(text, at + 1, quote)? + 1,
            false => at + 1,
        };
    }
}

/// Whether the quote at `at`, outside quoted fields, is where a field starts.
fn opens_field(text: &[u8], at: usize, delimiter: u8) -> bool {
    at == 0 || text[at - 1] == delimiter || text[at - 1] == b'\n'
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
    use proptest::prelude::*;

    const SEPARATED: Records = Records::Separated {
        delimiter: b',',
        quote: b'"',
    };

    fn check(text: &str, whole: &str) {
        assert_eq!(
            &text[..SEPARATED.whole(text.as_bytes())],
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

    #[test]
    fn the_first_record_ends_at_the_first_line_end_outside_quotes() {
        let check = |text: &str, first: Option<&str>| {
            let found = SEPARATED.first(text.as_bytes());
            assert_eq!(found.map(|end| &text[..end]), first, "of {text:?}");
        };
        check("a,b\nc\n", Some("a,b\n"));
        check("a,\"b\nc\"\nd\n", Some("a,\"b\nc\"\n"));
        check("5\" pipe\nb\n", Some("5\" pipe\n"));
        check("a,\"b\nc\n", None);
        check("a,\"b\"", None);
        check("", None);
    }

    #[test]
    fn a_first_record_without_an_end_is_given_up_in_one_pass() {
        // Looking again from the start at every line would take hours.
        let text = [b"id,\"open\n".to_vec(), b"1\n".repeat(8 << 20)].concat();
        assert_eq!(SEPARATED.first(&text), None);
    }

    proptest! {
        #[test]
        fn the_first_record_is_the_shortest_text_that_is_whole(pieces in prop::collection::vec(
            prop::sample::select(vec!["a", ",", "\"", "\n", "\r\n", "\"\"", ",\"", "\","]), 0..40)) {
            let text = pieces.concat();
            let mut ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
            let shortest = ends.find(|end| SEPARATED.whole(&text.as_bytes()[..*end]) == *end);
            prop_assert_eq!(SEPARATED.first(text.as_bytes()), shortest, "of {:?}", text);
        }
    }
}
