//! What is published, and how much of it each epoch changed.

use c360_flow::{EpochRows, Overview, Publication};

use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Bar, Bars, Sheet};
use crate::failure::Failure;
use crate::numbers::{count, thousands};

const KINDS: [&str; 3] = ["inserted", "updated", "deleted"];

/// The published tables, and for each its changes by epoch.
pub fn publications(told: &Overview) -> Result<Section, Failure> {
    let mut section = Section::new("publications", "Publications");
    if told.publications.is_empty() {
        return section.says("The project publishes nothing: it has no publish job.");
    }
    let sheet = Sheet {
        title: "Published tables",
        headers: &["table", "rows", "shown by"],
        numbers: &["rows"],
        rows: told.publications.iter().map(row).collect(),
    };
    section = section.with(sheet.markup()?);
    for publication in &told.publications {
        section = with_changes(section, publication)?;
    }
    Ok(section)
}

fn row(it: &Publication) -> Vec<String> {
    let shown = it.epoch.map(|epoch| format!("epoch {epoch}"));
    vec![
        it.table.clone(),
        thousands(it.rows),
        shown.unwrap_or_else(|| "no epoch yet".into()),
    ]
}

fn with_changes(section: Section, it: &Publication) -> Result<Section, Failure> {
    let later: Vec<&EpochRows> = it.changes.iter().filter(|of| !of.is_first).collect();
    let first = it.changes.iter().find(|of| of.is_first).map(|of| {
        let filled = count(of.inserted, "row");
        format!("Epoch {} filled {} with {filled}.", of.epoch, it.table)
    });
    if later.is_empty() {
        return match first {
            Some(first) => section.says(format!("{first} No epoch has changed it since.")),
            None => Ok(section),
        };
    }
    let title = format!("Changes of {} by epoch", it.table);
    let id = it.table.replace('.', "-");
    let bars = Bars {
        id: &id,
        title: &title,
        bars: later.iter().map(|of| bar(of)).collect(),
        parts: &KINDS,
        note: first,
        ..Bars::default()
    };
    let numbers = |of: &&EpochRows| {
        let mut row = vec![format!("epoch {}", of.epoch)];
        row.extend([of.inserted, of.updated, of.deleted].map(thousands));
        row
    };
    let title = format!("Changed rows of {}", it.table);
    let sheet = Sheet {
        title: &title,
        headers: &["epoch", KINDS[0], KINDS[1], KINDS[2]],
        numbers: &KINDS,
        rows: later.iter().map(numbers).collect(),
    };
    Ok(section.with(bars.markup()?).with(sheet.markup()?))
}

fn bar(of: &EpochRows) -> Bar {
    let changed = of.inserted + of.updated + of.deleted;
    Bar {
        name: format!("epoch {}", of.epoch),
        value: count(changed, "row"),
        sizes: [of.inserted, of.updated, of.deleted]
            .map(|rows| rows as f64)
            .to_vec(),
    }
}
