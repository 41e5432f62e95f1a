//! Who is likely to order again.

use c360_flow::{AliveBin, Overview};

use super::share;
use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Bar, Bars};
use crate::failure::Failure;
use crate::numbers::{count, percent};

/// Persons by the probability that they are still customers.
pub fn lifetime(told: &Overview) -> Result<Section, Failure> {
    let section = Section::new("lifetime", "Still customers");
    let Some(it) = &told.lifetime else {
        return section.says(
            "Nobody has been judged by how likely they order again: the lake has no table customer.lifetime_value \
             with a column alive_probability.",
        );
    };
    let persons: u64 = it.alive.iter().map(|bin| bin.persons).sum();
    let bar = |bin: &AliveBin| {
        let name = format!(
            "{:.0} to {:.0} %",
            100.0 * bin.lower,
            100.0 * bin.lower + 10.0
        );
        let part = percent(share(bin.persons, persons));
        let value = format!("{} · {part}", count(bin.persons, "person"));
        Bar::new(name, value, bin.persons as f64)
    };
    let bars = Bars {
        id: "alive",
        title: "Persons by the probability that they are still customers",
        bars: it.alive.iter().map(bar).collect(),
        ..Bars::default()
    };
    Ok(section.with(bars.markup()?))
}
