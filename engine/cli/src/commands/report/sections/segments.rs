//! The segments, and the grid of scores that they are cut from.

use c360_flow::{Overview, Segment};

use super::share;
use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Bar, Bars, Heat, HeatCell, Sheet};
use crate::failure::Failure;
use crate::numbers::{amount, count, percent};

/// Persons and revenue by segment, and persons by recency and frequency.
pub fn segments(told: &Overview) -> Result<Section, Failure> {
    let section = Section::new("segments", "Segments");
    let Some(it) = &told.segments else {
        return section.says(
            "There are no segments: the lake has no table customer.rfm, or not with its usual columns.",
        );
    };
    if it.segments.is_empty() {
        return section.says("There are no segments, as nobody has ordered yet.");
    }
    let persons: u64 = it.segments.iter().map(|of| of.persons).sum();
    let bar = |of: &Segment| {
        let part = percent(share(of.persons, persons));
        let value = format!("{} · {part}", count(of.persons, "person"));
        Bar::new(&of.segment, value, of.persons as f64)
    };
    let bars = Bars {
        id: "segments-bars",
        title: "Persons by segment",
        bars: it.segments.iter().map(bar).collect(),
        ..Bars::default()
    };
    let cell = |of: &c360_flow::ScoreCell| HeatCell {
        row: of.recency_score,
        column: of.frequency_score,
        number: of.persons,
    };
    let heat = Heat {
        id: "scores",
        title: "Persons by recency and frequency",
        axes: ["Recency", "Frequency"],
        scores: 5,
        cells: it.grid.iter().map(cell).collect(),
        note: "Scores are fifths of the persons. Recency 5: ordered last; frequency 5: ordered most often.",
    };
    let sheet = Sheet {
        title: "Revenue by segment, in the currency of the orders",
        headers: &["segment", "net revenue", "share", "a person"],
        numbers: &["net revenue", "share", "a person"],
        rows: revenue(&it.segments),
    };
    let lead = format!(
        "{} with an order, each in one segment.",
        count(persons, "person")
    );
    Ok(section
        .says(lead)?
        .with(bars.markup()?)
        .with(heat.markup()?)
        .with(sheet.markup()?))
}

fn revenue(segments: &[Segment]) -> Vec<Vec<String>> {
    let all: f64 = segments.iter().map(|of| of.net_revenue).sum();
    let row = |of: &Segment| {
        let part = match all > 0.0 {
            true => percent(of.net_revenue / all),
            false => String::new(),
        };
        let mean = of.net_revenue / of.persons.max(1) as f64;
        vec![
            of.segment.clone(),
            amount(of.net_revenue),
            part,
            amount(mean),
        ]
    };
    segments.iter().map(row).collect()
}
