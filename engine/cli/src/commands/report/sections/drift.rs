//! Which figures of the published tables moved since the epoch before.

use c360_flow::{ColumnDrift, Drift, Overview};

use crate::commands::drift::{MOVED, SHIFTED, verdict};
use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Bar, Bars, Mark, Sheet};
use crate::failure::Failure;

/// How many columns are drawn; the rest are in a table.
const DRAWN: usize = 10;

const MEANING: &str = "The population stability index (PSI) compares how a column's values are spread in two epochs: \
    under 0.1 it is stable, from 0.1 to 0.25 it moved, above it shifted and is worth a look.";

/// The index of each numeric column, the largest as bars.
pub fn drift(told: &Overview) -> Result<Section, Failure> {
    let mut section = Section::new("drift", "Drift");
    if told.drift.is_empty() {
        return section.says(
            "Drift compares two epochs, and no two of the last ones show different numbers of a published table.",
        );
    }
    section = section.says(MEANING)?;
    for table in &told.drift {
        section = with_table(section, table)?;
    }
    Ok(section)
}

fn with_table(section: Section, it: &Drift) -> Result<Section, Failure> {
    let id = format!("drift-{}", it.table.replace('.', "-"));
    let title = format!(
        "{}, from epoch {} to {}",
        it.table, it.from_epoch, it.to_epoch
    );
    let moved = it.columns.iter().filter(|of| of.psi >= MOVED).count();
    let note = format!(
        "{moved} of {} numeric columns moved. Dashed lines: 0.1 and 0.25.",
        it.columns.len()
    );
    let bars = Bars {
        id: &id,
        title: &title,
        bars: it.columns.iter().take(DRAWN).map(bar).collect(),
        marks: vec![mark("moved", MOVED), mark("shifted", SHIFTED)],
        note: Some(note),
        ..Bars::default()
    };
    let row = |of: &ColumnDrift| {
        vec![
            of.column.clone(),
            format!("{:.3}", of.psi),
            verdict(of.psi).to_owned(),
        ]
    };
    let section = section.with(bars.markup()?);
    let rest = it.columns.get(DRAWN..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(section);
    }
    let sheet = Sheet {
        title: "Columns that moved less",
        headers: &["column", "PSI", "verdict"],
        numbers: &["PSI"],
        rows: rest.iter().map(row).collect(),
    };
    Ok(section.with(sheet.markup()?))
}

fn bar(of: &ColumnDrift) -> Bar {
    let value = format!("{:.3} · {}", of.psi, verdict(of.psi));
    Bar::new(&of.column, value, of.psi)
}

fn mark(name: &str, size: f64) -> Mark {
    Mark {
        name: format!("{name} from {size} on"),
        size,
    }
}
