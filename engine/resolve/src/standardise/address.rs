//! Postal addresses: folded words with the common abbreviations of street types spelt out.
//!
//! Good for comparing and grouping, not for printing on a parcel. `St` is a street unless it begins the address.

use super::fold::words;

/// Abbreviation and full word, as found in English-language addresses.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("apt", "apartment"),
    ("av", "avenue"),
    ("ave", "avenue"),
    ("bldg", "building"),
    ("blvd", "boulevard"),
    ("bvd", "boulevard"),
    ("cct", "circuit"),
    ("cl", "close"),
    ("cr", "crescent"),
    ("cres", "crescent"),
    ("ct", "court"),
    ("dr", "drive"),
    ("drv", "drive"),
    ("esp", "esplanade"),
    ("flr", "floor"),
    ("gdns", "gardens"),
    ("gr", "grove"),
    ("hts", "heights"),
    ("hwy", "highway"),
    ("ln", "lane"),
    ("lvl", "level"),
    ("mt", "mount"),
    ("pde", "parade"),
    ("pkwy", "parkway"),
    ("pl", "place"),
    ("rd", "road"),
    ("sq", "square"),
    ("st", "street"),
    ("tce", "terrace"),
    ("ter", "terrace"),
    ("vlge", "village"),
    ("wy", "way"),
];

/// The standard form of an address, or None when no letter or digit is in it.
pub fn address(raw: &str) -> Option<String> {
    let folded = words(raw);
    let mut out = String::with_capacity(folded.len() + 8);
    for word in folded.split(' ') {
        let first = out.is_empty();
        if !first {
            out.push(' ');
        }
        let full = ABBREVIATIONS.binary_search_by_key(&word, |(short, _)| *short);
        match full {
            Ok(at) if !first => out.push_str(ABBREVIATIONS[at].1),
            _ => out.push_str(word),
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{ABBREVIATIONS, address};

    #[test]
    fn street_types_are_spelt_out() {
        let check = |raw: &str, expected: &str| {
            assert_eq!(address(raw).as_deref(), Some(expected), "{raw}");
        };
        check("5/12 Main St.", "5 12 main street");
        check("St Kilda Rd, 7", "st kilda road 7");
        check("Unit 3, 9 Crèche Cres", "unit 3 9 creche crescent");
        assert_eq!(address(" , "), None);
    }

    #[test]
    fn abbreviations_are_sorted() {
        assert!(ABBREVIATIONS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
