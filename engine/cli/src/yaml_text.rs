//! Texts as YAML that people read: in quotes where they would mean something else, or nothing, without.

/// Plain words that YAML takes for something other than a text.
const MEAN_ELSE: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// The text as a scalar: plain where it is a word or a place.
pub fn scalar(text: &str) -> String {
    let rest = text
        .strip_prefix("s3://")
        .or_else(|| text.strip_prefix("env:"));
    let rest = rest.unwrap_or(text);
    let is_place = rest.contains('/');
    let of_place = |letter: char| is_place && "/.-".contains(letter);
    let begins = |letter: char| letter.is_ascii_alphabetic() || "/._".contains(letter);
    let goes_on =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || of_place(letter);
    let is_plain = rest.starts_with(begins) && rest.chars().all(goes_on);
    match is_plain && !MEAN_ELSE.contains(&text.to_lowercase().as_str()) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// The text in quotes. A JSON string is a YAML one.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn what_would_mean_something_else_is_quoted() {
        for plain in [
            "./data",
            "s3://shop/exports",
            "env:PLACE",
            "shop",
            "_rows",
            "/srv/a-b",
        ] {
            assert_eq!(scalar(plain), plain);
        }
        for odd in [
            "null",
            "No",
            "1e5",
            ".5",
            ".inf",
            "",
            "/tmp/two words: #1",
            "-a",
            "e-mail",
            "s3://",
            "a:b",
        ] {
            assert_eq!(scalar(odd), format!("{odd:?}"));
        }
    }
}
