//! Secrets do not belong in a spec: how they are told, and how their text is kept out of what we
//! print.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

const SECRET_WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "access_key",
    "api_key",
    "private_key",
    "token",
    "credential",
];

static URI_PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@"']*:(?P<secret>[^\s@"']+)@"#));

static URI_PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)[?&][a-z_-]*(?:password|secret|token|access_key|sig)[a-z_-]*=(?P<secret>[^&\s"']+)"#,
    )
});

static SECRET_LINE: LazyLock<Regex> = LazyLock::new(|| {
    let words = SECRET_WORDS.join("|").replace('_', "[_-]?");
    regex(&format!(
        r#"(?im)^[^\n]*?(?:{words})[a-z_-]*["']?\s*[:=]\s*(?P<secret>[^\n]+)$"#
    ))
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of our own")
}

/// Whether a key of this name would hold a secret, as in `secret_access_key`.
pub fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    let joined = key.replace('_', "");
    SECRET_WORDS
        .iter()
        .any(|word| key.contains(word) || joined.contains(&word.replace('_', "")))
}

/// Whether the text is a URI with a password in it.
pub fn holds_password(text: &str) -> bool {
    URI_PASSWORD.is_match(text) || URI_PARAMETER.is_match(text)
}

/// The text with secrets starred out, every other byte where it was. `known` are spans that were
/// found to be secret.
pub fn redact(text: &str, known: &[Range<usize>]) -> String {
    let mut spans = known.to_vec();
    for pattern in [&*URI_PASSWORD, &*URI_PARAMETER, &*SECRET_LINE] {
        let found = pattern
            .captures_iter(text)
            .filter_map(|found| found.name("secret"));
        spans.extend(
            found
                .filter(|secret| !is_reference(secret.as_str()))
                .map(|s| s.range()),
        );
    }
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        for byte in bytes.iter_mut().take(span.end).skip(span.start) {
            if *byte != b'\n' {
                *byte = b'*';
            }
        }
    }
    // Spans start and end between characters, so stars replace whole characters.
    String::from_utf8(bytes).unwrap_or_default()
}

fn is_reference(text: &str) -> bool {
    text.trim_start_matches(['"', '\'']).starts_with("env:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_starred_and_nothing_else_moves() {
        let text = "catalog: postgres://me:hünter2@db/c360\npassword: abc\nname: retail\n";
        let redacted = redact(text, &[]);
        assert_eq!(
            redacted,
            "catalog: postgres://me:********@db/c360\npassword: ***\nname: retail\n"
        );
        assert_eq!(redacted.len(), text.len());
    }

    #[test]
    fn references_to_the_environment_are_no_secrets() {
        let text = "password: env:DB_PASSWORD\n";
        assert_eq!(redact(text, &[]), text);
        assert!(!holds_password("postgres://db/c360"));
    }

    #[test]
    fn secret_keys_are_told_by_their_words() {
        for key in [
            "password",
            "secretAccessKey",
            "aws_access_key_id",
            "session-token",
        ] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["key", "columns", "access"] {
            assert!(!is_secret_key(key), "{key}");
        }
    }
}
