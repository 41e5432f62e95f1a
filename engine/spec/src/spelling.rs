//! The nearest spelling of a word among those that would have been right.

/// The candidate that the word was probably meant to be, if one is near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase().replace('-', "_");
    let typos_max = (folded.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let typos = strsim::osa_distance(&folded, &candidate.to_lowercase().replace('-', "_"));
        if typos <= typos_max && best.is_none_or(|(least, _)| typos < least) {
            best = Some((typos, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `did you mean …?`, or else the list of what would have been right, when it is short.
pub fn hint<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(near) = nearest(word, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<&str> = candidates.into_iter().collect();
    match all.len() {
        1..=12 => Some(format!("known here: {}", listed(&all))),
        _ => None,
    }
}

/// `a`, `b`, `c`
pub fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let words = ["columns", "contract", "key"];
        assert_eq!(nearest("colums", words), Some("columns"));
        assert_eq!(nearest("Contarct", words), Some("contract"));
        assert_eq!(nearest("keys", words), Some("key"));
        assert_eq!(nearest("wibble", words), None);
    }
}
