//! Phone numbers, to E.164.
//!
//! A number counts when it is valid, or when its length is that of a complete mobile or fixed-line number of its
//! country. Whether the range has been handed out is not asked then: ranges are opened faster than metadata is
//! shipped. A local number without its area code is not complete: it belongs to somebody in every area. Extensions
//! are dropped.

use std::str::FromStr;

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType,
};

use crate::error::Error;

/// The country whose dialling rules apply to a number written without a country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region(rlibphonenumber::Region);

impl FromStr for Region {
    type Err = Error;

    /// Reads a two-letter ISO 3166 code in either case.
    fn from_str(code: &str) -> Result<Self, Error> {
        let unknown = || Error::Region {
            found: code.to_owned(),
        };
        let upper = code.trim().to_ascii_uppercase();
        let region: rlibphonenumber::Region = upper.parse().map_err(|_| unknown())?;
        if PHONE_NUMBER_UTIL
            .get_country_code_for_region(region)
            .is_none()
        {
            return Err(unknown());
        }
        Ok(Self(region))
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// The number in E.164 (`+61412345678`), or None when the text holds no complete phone number.
pub fn phone(raw: &str, region: Region) -> Option<String> {
    let raw = raw.trim();
    if raw.bytes().filter(u8::is_ascii_digit).count() < 4 && raw.is_ascii() {
        return None;
    }
    let number = PHONE_NUMBER_UTIL.parse(raw, Some(region.0)).ok()?;
    is_complete(&number).then(|| number.format_as(PhoneNumberFormat::E164).into_owned())
}

fn is_complete(number: &PhoneNumber) -> bool {
    let possible = |kind| {
        let length = PHONE_NUMBER_UTIL.is_possible_number_for_type_with_reason(number, kind);
        matches!(length, Ok(NumberLengthType::IsPossible))
    };
    possible(PhoneNumberType::Mobile) || possible(PhoneNumberType::FixedLine) || number.is_valid()
}

#[cfg(test)]
mod tests {
    use super::{Region, phone};

    fn check(raw: &str, region: &str, expected: Option<&str>) {
        let region: Region = region.parse().expect("a region");
        assert_eq!(phone(raw, region).as_deref(), expected, "{raw}");
    }

    #[test]
    fn spellings_of_one_number_agree() {
        for raw in [
            "0412345678",
            "0412 345 678",
            "(04) 1234 5678",
            "+61 412 345 678",
            "+61 (0)412 345 678",
            "0011 61 412 345 678",
            " 0412-345-678 ",
            "61412345678",
            "+61412345678 ext. 9",
        ] {
            check(raw, "AU", Some("+61412345678"));
        }
    }

    #[test]
    fn the_region_decides_only_without_a_country_code() {
        check("020 7183 8750", "GB", Some("+442071838750"));
        check("+44 20 7183 8750", "AU", Some("+442071838750"));
        check("02 9374 4000", "au", Some("+61293744000"));
    }

    #[test]
    fn ranges_not_handed_out_are_kept() {
        check("0494 309 035", "AU", Some("+61494309035"));
    }

    #[test]
    fn what_is_not_a_number_is_nothing() {
        for raw in [
            "",
            "000",
            "n/a",
            "unknown",
            "9374 4000",
            "04123",
            "0412345678901234567",
            "+",
        ] {
            check(raw, "AU", None);
        }
    }

    #[test]
    fn an_unknown_region_is_an_error() {
        assert!("ZZ".parse::<Region>().is_err());
        assert!("Australia".parse::<Region>().is_err());
    }
}
