//! Any text: ends trimmed, runs of white space one space, lower case. Accents and punctuation stay.

/// The standard form of a text, or None when it is blank.
pub fn text(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    for word in raw.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if word.is_ascii() {
            out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            out.push_str(&word.to_lowercase());
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn spaces_collapse_and_case_folds() {
        assert_eq!(text("  A\t b\u{a0}Ç ").as_deref(), Some("a b ç"));
        assert_eq!(text("A-1").as_deref(), Some("a-1"));
        assert_eq!(text(" \n"), None);
    }
}
