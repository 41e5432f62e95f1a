//! E-mail addresses.
//!
//! One policy for every address, chosen so that what one person types in several shops becomes one value:
//!
//! 1. Unicode NFC, surrounding white space off, lower case (local part too: no mailbox provider of note tells
//!    `Ann@` from `ann@`).
//! 2. The domain becomes ASCII (IDNA); a trailing dot goes. Unknown top-level domains are accepted: a list of the
//!    known ones is out of date the day after it is built in.
//! 3. The tag from the first `+` of the local part goes, whatever the domain (`ann+shop@` is `ann@`).
//! 4. Dots in the local part of gmail.com go, and googlemail.com is gmail.com.
//!
//! Quoted local parts, address literals (`[10.0.0.1]`) and display names are not addresses here.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// The standard form of an e-mail address, or None when the text is not one.
pub fn email(raw: &str) -> Option<String> {
    let lower = composed_lower(raw.trim());
    let (local, domain) = lower.split_once('@')?;
    let domain = ascii_domain(domain)?;
    let local = untagged(local);
    if !is_local(local) {
        return None;
    }
    let mut out = String::with_capacity(local.len() + 1 + domain.len());
    if domain == "gmail.com" || domain == "googlemail.com" {
        out.extend(local.chars().filter(|c| *c != '.'));
        out.push_str("@gmail.com");
    } else {
        out.push_str(local);
        out.push('@');
        out.push_str(&domain);
    }
    Some(out)
}

fn composed_lower(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let composed: String = match is_nfc_quick(text.chars()) {
        unicode_normalization::IsNormalized::Yes => text.to_lowercase(),
        _ => text.nfc().collect::<String>().to_lowercase(),
    };
    Cow::Owned(composed.nfc().collect())
}

fn untagged(local: &str) -> &str {
    match local.find('+') {
        Some(at) => &local[..at],
        None => local,
    }
}

fn is_local(local: &str) -> bool {
    let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    !local.is_empty() && local.len() <= LOCAL_BYTES_MAX && dots && local.chars().all(is_local_char)
}

/// RFC 5322 `atext` and the dot, and the letters and digits of any script (RFC 6531).
fn is_local_char(c: char) -> bool {
    c.is_alphanumeric() || ".!#$%&'*/=?^_`{|}~-".contains(c)
}

fn ascii_domain(domain: &str) -> Option<Cow<'_, str>> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let plain = domain.is_ascii() && !domain.contains("xn--");
    let ascii = if plain {
        Cow::Borrowed(domain)
    } else {
        Cow::Owned(idna::domain_to_ascii(domain).ok()?)
    };
    is_domain(&ascii).then_some(ascii)
}

fn is_domain(domain: &str) -> bool {
    let labels = domain.split('.').all(is_label);
    let top = domain.rsplit('.').next().unwrap_or_default();
    labels
        && domain.len() <= DOMAIN_BYTES_MAX
        && domain.contains('.')
        && top.len() >= 2
        && !top.bytes().all(|b| b.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    let characters = label
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    !label.is_empty()
        && label.len() <= LABEL_BYTES_MAX
        && characters
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::email;

    fn check(raw: &str, expected: Option<&str>) {
        assert_eq!(email(raw).as_deref(), expected, "{raw}");
        if let Some(value) = expected {
            assert_eq!(email(value).as_deref(), Some(value), "standard twice");
        }
    }

    #[test]
    fn case_space_and_tags_do_not_matter() {
        check("  Ann.Lee+Shop@Mail.Example ", Some("ann.lee@mail.example"));
        check("james86+shop@post.example", Some("james86@post.example"));
    }

    #[test]
    fn dots_matter_except_at_gmail() {
        check("a.n.n@post.example", Some("a.n.n@post.example"));
        check("A.n.n+x@GoogleMail.com", Some("ann@gmail.com"));
    }

    #[test]
    fn domains_become_ascii() {
        check("jo@bücher.example", Some("jo@xn--bcher-kva.example"));
        check("jo@BU\u{308}CHER.example", Some("jo@xn--bcher-kva.example"));
        check("jo@post.example.", Some("jo@post.example"));
        check("zoe\u{301}@post.example", Some("zoé@post.example"));
    }

    #[test]
    fn what_is_not_an_address_is_nothing() {
        for raw in [
            "",
            " ",
            "ann",
            "@post.example",
            "ann@",
            "ann@post",
            "a@b@post.example",
            "+x@post.example",
            "ann lee@post.example",
            ".ann@post.example",
            "ann..lee@post.example",
            "ann@-post.example",
            "ann@post..example",
            "ann@10.0.0.1",
            "\"ann\"@post.example",
            "n/a",
            "ann@po st.example",
            "<ann@post.example>",
            "ann@post.e",
        ] {
            check(raw, None);
        }
    }
}
