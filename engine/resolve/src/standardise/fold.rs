//! Folding of letters: accents off, ligatures and stroked letters spelt out, lower case.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters that Unicode does not decompose, and how they are commonly typed without them.
const SPELT_OUT: &[(char, &str)] = &[
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('đ', "d"),
    ('ð', "d"),
    ('þ', "th"),
    ('ł', "l"),
    ('ħ', "h"),
    ('ı', "i"),
];

/// Calls `each` with every folded character of the text.
pub(super) fn folded(text: &str, mut each: impl FnMut(char)) {
    if text.is_ascii() {
        text.chars().for_each(|c| each(c.to_ascii_lowercase()));
        return;
    }
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    for c in plain.flat_map(char::to_lowercase) {
        match SPELT_OUT.iter().find(|(letter, _)| *letter == c) {
            Some((_, spelling)) => spelling.chars().for_each(&mut each),
            // Lower-casing can decompose again (İ is i and a dot).
            None if is_combining_mark(c) => {}
            None => each(c),
        }
    }
}

/// Folded words: letters and digits stay, apostrophes vanish, everything else parts words; one space between.
pub(super) fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    folded(text, |c| {
        if c.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.push(c);
        } else if !is_apostrophe(c) {
            gap = true;
        }
    });
    out
}

fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '\u{2018}' | '\u{2019}' | '\u{02BC}' | '`' | '\u{00B4}'
    )
}
