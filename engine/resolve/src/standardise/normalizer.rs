//! The standardisers by name, as job specs choose them.

use std::fmt;
use std::str::FromStr;

use super::phone::Region;
use super::{email, handle, name, phone, postcode, text};
use crate::error::Error;

/// The region of a phone normaliser that names none.
const REGION_DEFAULT: &str = "AU";

/// Which standard form a value gets. In specs: `email`, `phone` (with a region, as `phone:GB`), `name`,
/// `handle`, `postcode`, `text`, `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Normalizer {
    Email,
    Phone {
        region: Region,
    },
    Name,
    Handle,
    Postcode,
    Text,
    /// The value as it is; only the empty string is nothing.
    None,
}

impl Normalizer {
    /// A phone normaliser for numbers written without a country code in the given country (two letters).
    ///
    /// # Errors
    /// [`Error::Region`] when there is no such country in the phone metadata.
    pub fn phone(region: &str) -> Result<Self, Error> {
        Ok(Self::Phone {
            region: region.parse()?,
        })
    }

    /// The standard form of one value, or None when there is no usable value in it.
    pub fn apply(&self, raw: &str) -> Option<String> {
        match self {
            Self::Email => email(raw),
            Self::Phone { region } => phone(raw, *region),
            Self::Name => name(raw),
            Self::Handle => handle(raw),
            Self::Postcode => postcode(raw),
            Self::Text => text(raw),
            Self::None => (!raw.is_empty()).then(|| raw.to_owned()),
        }
    }
}

impl FromStr for Normalizer {
    type Err = Error;

    fn from_str(found: &str) -> Result<Self, Error> {
        match found {
            "email" => Ok(Self::Email),
            "phone" => Self::phone(REGION_DEFAULT),
            "name" => Ok(Self::Name),
            "handle" => Ok(Self::Handle),
            "postcode" => Ok(Self::Postcode),
            "text" => Ok(Self::Text),
            "none" => Ok(Self::None),
            _ => match found.strip_prefix("phone:") {
                Some(region) => Self::phone(region),
                None => Err(Error::Normalizer {
                    found: found.to_owned(),
                }),
            },
        }
    }
}

impl fmt::Display for Normalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email => f.write_str("email"),
            Self::Phone { region } => write!(f, "phone:{region}"),
            Self::Name => f.write_str("name"),
            Self::Handle => f.write_str("handle"),
            Self::Postcode => f.write_str("postcode"),
            Self::Text => f.write_str("text"),
            Self::None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Normalizer;

    #[test]
    fn names_read_back() {
        for name in [
            "email", "phone:GB", "name", "handle", "postcode", "text", "none",
        ] {
            let normalizer: Normalizer = name.parse().expect("known");
            assert_eq!(normalizer.to_string(), name);
        }
        assert_eq!("phone".parse(), Normalizer::phone("AU"));
        assert!("e-mail".parse::<Normalizer>().is_err());
        assert!("phone:XYZ".parse::<Normalizer>().is_err());
    }
}
