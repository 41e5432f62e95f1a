//! Ready comparisons, named for what they compare. Levels and thresholds are the ones that record linkage has used
//! since Winkler (1990): none is fitted to a data set.

use super::condition::Condition::{self, *};
use super::expression::Expression;
use super::model::{Comparison, Level};
use super::nicknames::NameGroups;

/// Forename and surname as one comparison, since they are mistyped and swapped together.
pub fn name(forename: &str, surname: &str) -> Comparison {
    names(forename, surname, None)
}

/// The same, with a level for a forename that is a known short form of the other, or of the same name. What is equal
/// there is the surname, so its rarity counts.
pub fn name_or_nickname(forename: &str, surname: &str, groups: NameGroups) -> Comparison {
    let of = Expression::Nicknames {
        of: forename.into(),
        groups,
    };
    let last = Expression::column(surname);
    let both = All(vec![Overlap { of, min: 1 }, Equal(last.clone())]);
    names(forename, surname, Some(Level::when(both).rare(last)))
}

fn names(forename: &str, surname: &str, nickname: Option<Level>) -> Comparison {
    let (first, last) = (Expression::column(forename), Expression::column(surname));
    let together = Expression::Together(vec![forename.into(), surname.into()]);
    let alike = |min: f64| {
        let of = |of: &Expression| JaroWinkler {
            of: of.clone(),
            min,
        };
        All(vec![of(&first), of(&last)])
    };
    let shortened = All(vec![Initial(first.clone()), Equal(last.clone())]);
    let mut levels = vec![
        Level::missing(All(vec![Missing(first.clone()), Missing(last.clone())])),
        Level::when(Equal(together.clone())).rare(together),
        Level::when(Crossed(forename.into(), surname.into())),
    ];
    levels.extend(nickname);
    levels.extend([
        Level::when(alike(0.92)),
        Level::when(alike(0.85)),
        Level::when(shortened),
        Level::when(Equal(last.clone())).rare(last).household(),
        Level::when(Equal(first.clone())).rare(first),
        Level::when(Otherwise),
    ]);
    comparison("name", levels)
}

/// A birth date as ISO text or eight digits: mistyped, day and month swapped, or not far off.
pub fn date_of_birth(of: &str) -> Comparison {
    let column = Expression::column(of);
    let days = |max: u32| DaysApart {
        of: column.clone(),
        max,
    };
    let levels = vec![
        Level::missing(NoDate(column.clone())),
        Level::when(Equal(column.clone())).rare(column.clone()),
        Level::when(DayMonthSwapped(column.clone())),
        Level::when(DamerauLevenshtein {
            of: column.clone(),
            max: 1,
        }),
        Level::when(days(31)),
        Level::when(days(366)),
        Level::when(days(3653)),
        Level::when(Otherwise),
    ];
    comparison(of, levels)
}

/// An e-mail address, or its part before the @.
pub fn email(of: &str) -> Comparison {
    let (column, username) = (Expression::column(of), Expression::Username(of.into()));
    let levels = vec![
        Level::missing(Missing(column.clone())),
        Level::when(Equal(column.clone())).rare(column.clone()),
        Level::when(Equal(username.clone())),
        Level::when(Levenshtein {
            of: column.clone(),
            max: 1,
        }),
        Level::when(JaroWinkler {
            of: username,
            min: 0.88,
        }),
        Level::when(Otherwise),
    ];
    comparison(of, levels)
}

/// A number: equal, or one or two slips apart. Phones of one household may be equal.
pub fn phone(of: &str) -> Comparison {
    let column = Expression::column(of);
    let levels = vec![
        Level::missing(Missing(column.clone())),
        Level::when(Equal(column.clone()))
            .rare(column.clone())
            .household(),
        Level::when(DamerauLevenshtein { of: column, max: 1 }),
        Level::when(Otherwise),
    ];
    comparison(of, levels)
}

/// A personal number: equal, or one or two slips apart.
pub fn identifier(of: &str) -> Comparison {
    let column = Expression::column(of);
    let slips = |max: u32| DamerauLevenshtein {
        of: column.clone(),
        max,
    };
    let levels = vec![
        Level::missing(Missing(column.clone())),
        Level::when(Equal(column.clone())).rare(column.clone()),
        Level::when(slips(1)),
        Level::when(slips(2)),
        Level::when(Otherwise),
    ];
    comparison(of, levels)
}

/// Street, postcode and town as one comparison: they move together, so they are one piece of evidence.
pub fn address(street: &str, postcode: &str, town: &str) -> Comparison {
    let [road, code, place] = [street, postcode, town].map(Expression::column);
    let both = |first: Condition, second: Condition| All(vec![first, second]);
    let similar = Levenshtein {
        of: road.clone(),
        max: 2,
    };
    let area = Any(vec![Equal(code.clone()), Equal(place.clone())]);
    let together = Expression::Together(vec![street.into(), postcode.into()]);
    let levels = vec![
        Level::missing(All([&road, &code, &place]
            .map(|of| Missing(of.clone()))
            .to_vec())),
        Level::when(Equal(together.clone()))
            .rare(together)
            .household(),
        Level::when(both(similar, area)).household(),
        Level::when(both(Equal(road), Equal(place.clone()))).household(),
        Level::when(Equal(code.clone())).rare(code).household(),
        Level::when(Equal(place.clone())).rare(place).household(),
        Level::when(Otherwise),
    ];
    comparison("address", levels)
}

/// A value that is equal or not; rare values weigh more.
pub fn exact(of: &str) -> Comparison {
    let column = Expression::column(of);
    let levels = vec![
        Level::missing(Missing(column.clone())),
        Level::when(Equal(column.clone())).rare(column),
        Level::when(Otherwise),
    ];
    comparison(of, levels)
}

/// A postcode, whose first characters name the area.
pub fn postcode(of: &str, area: usize) -> Comparison {
    let (column, area) = (Expression::column(of), Expression::prefix(of, area));
    let levels = vec![
        Level::missing(Missing(column.clone())),
        Level::when(Equal(column.clone()))
            .rare(column.clone())
            .household(),
        Level::when(DamerauLevenshtein { of: column, max: 1 }).household(),
        Level::when(Equal(area)).household(),
        Level::when(Otherwise),
    ];
    comparison(of, levels)
}

/// A number: equal, apart by at most so much, then by at most such a share of the greater one. Thresholds ascend.
pub fn number(of: &str, within: &[f64], within_share: &[f64]) -> Comparison {
    let column = Expression::Number(of.into());
    let apart = within.iter().map(|max| Apart {
        of: column.clone(),
        max: *max,
    });
    let apart_share = within_share.iter().map(|max| ApartShare {
        of: column.clone(),
        max: *max,
    });
    let levels = apart.chain(apart_share).map(Level::when);
    graded(of, &column, |equal| equal, levels)
}

/// Where on the Earth: the same place, or within so many kilometres. Thresholds ascend. Households are at one place.
pub fn location(latitude: &str, longitude: &str, within_km: &[f64]) -> Comparison {
    let place = Expression::Place {
        latitude: latitude.into(),
        longitude: longitude.into(),
    };
    let near = |km: &f64| Near {
        of: place.clone(),
        km: *km,
    };
    let levels = within_km.iter().map(|km| Level::when(near(km)).household());
    graded("location", &place, Level::household, levels)
}

/// A list in one text: the same elements, or so many in common. Thresholds descend.
pub fn list(of: &str, separator: &str, common: &[u32]) -> Comparison {
    let list = Expression::List {
        of: of.into(),
        separator: separator.into(),
    };
    let levels = common.iter().map(|min| {
        Level::when(Overlap {
            of: list.clone(),
            min: *min,
        })
    });
    graded(of, &list, |equal| equal, levels)
}

/// Missing, equal (a rare value weighs more), then these levels.
fn graded(
    name: &str,
    of: &Expression,
    equal: impl Fn(Level) -> Level,
    levels: impl Iterator<Item = Level>,
) -> Comparison {
    let mut all = vec![
        Level::missing(Missing(of.clone())),
        equal(Level::when(Equal(of.clone())).rare(of.clone())),
    ];
    all.extend(levels);
    all.push(Level::when(Otherwise));
    comparison(name, all)
}

fn comparison(name: &str, levels: Vec<Level>) -> Comparison {
    let name = name.into();
    Comparison { name, levels }
}
