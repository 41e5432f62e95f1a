//! What customers are worth so far, and how unevenly that is spread.

use c360_flow::{CustomerValue, Decile, Overview, RevenueBin};

use super::share;
use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Bar, Bars, Tile, tiles};
use crate::failure::Failure;
use crate::numbers::{amount, count, percent, thousands};

/// Totals, persons by net revenue, and revenue by tenths of the persons.
pub fn value(told: &Overview) -> Result<Section, Failure> {
    let section = Section::new("value", "Value");
    let Some(it) = &told.value else {
        return section.says(
            "Nothing is known of revenue: the lake has no table customer.order_features, or not with its usual columns.",
        );
    };
    if it.totals.persons == 0 {
        return section.says("Nothing is known of revenue, as nobody has ordered yet.");
    }
    let bins = Bars {
        id: "revenue",
        title: "Persons by net revenue",
        bars: it.bins.iter().map(|bin| bin_bar(bin, it)).collect(),
        note: Some("In the currency of the orders. A bin has its lower end, not its upper.".into()),
        ..Bars::default()
    };
    let deciles = Bars {
        id: "deciles",
        title: "Net revenue by tenths of the persons",
        bars: it.deciles.iter().map(|tenth| bar(tenth, it)).collect(),
        note: Some("The first tenth are those who spent most.".into()),
        ..Bars::default()
    };
    Ok(section
        .with(figures(it)?)
        .with(bins.markup()?)
        .with(deciles.markup()?))
}

fn figures(it: &CustomerValue) -> Result<minijinja::Value, Failure> {
    let totals = &it.totals;
    let of_gross = match totals.gross_revenue > 0.0 {
        true => format!(
            "{} of gross",
            percent(totals.returned_revenue / totals.gross_revenue)
        ),
        false => String::new(),
    };
    let top = it.top_decile_share.map_or("none".into(), percent);
    let mean = totals.orders as f64 / totals.customers.max(1) as f64;
    tiles(&[
        Tile::new(
            "Customers",
            thousands(totals.customers),
            "persons with an order",
        ),
        Tile::new(
            "Orders",
            thousands(totals.orders),
            format!("{mean:.1} a customer"),
        ),
        Tile::new("Gross revenue", amount(totals.gross_revenue), "sold"),
        Tile::new("Returned", amount(totals.returned_revenue), of_gross),
        Tile::new(
            "Net revenue",
            amount(totals.net_revenue),
            "gross less returned",
        ),
        Tile::new("Top tenth", top, "of net revenue"),
    ])
}

fn bin_bar(bin: &RevenueBin, it: &CustomerValue) -> Bar {
    let upper = whole(bin.upper);
    let name = match bin.lower {
        None => "below 0".into(),
        Some(lower) => format!("{} to {upper}", whole(lower)),
    };
    let part = percent(share(bin.persons, it.totals.persons));
    let value = format!("{} · {part}", count(bin.persons, "person"));
    Bar::new(name, value, bin.persons as f64)
}

fn bar(tenth: &Decile, it: &CustomerValue) -> Bar {
    let name = format!(
        "tenth {}: {} to {}",
        tenth.decile,
        amount(tenth.net_revenue_min),
        amount(tenth.net_revenue_max)
    );
    let net = it.totals.net_revenue;
    let part = match net > 0.0 {
        true => format!(" · {}", percent(tenth.net_revenue / net)),
        false => String::new(),
    };
    let value = format!("{}{part}", amount(tenth.net_revenue));
    Bar::new(name, value, tenth.net_revenue)
}

/// The ends of bins are whole.
fn whole(end: f64) -> String {
    thousands(end as u64)
}
