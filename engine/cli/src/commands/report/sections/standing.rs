//! Where the lake stands, in a few large figures.

use c360_flow::{Overview, RunEntry};

use super::instant;
use crate::commands::report::section::Section;
use crate::commands::report::shapes::{Tile, tiles};
use crate::failure::Failure;
use crate::numbers::{amount, count, seconds, thousands};

/// The newest epoch, the last run, and how many persons and how much revenue they are about.
pub fn standing(told: &Overview) -> Result<Section, Failure> {
    let section = Section::new("standing", "At a glance");
    if told.tables == 0 {
        return section.says("The lake holds no table yet: c360 run fills it from the sources.");
    }
    let mut figures = vec![epoch(told), last_run(told)];
    figures.extend(told.identity.as_ref().map(|it| {
        let records = format!("of {}", count(it.records, "record"));
        Tile::new("Persons", thousands(it.persons), records)
    }));
    figures.extend(told.value.as_ref().map(|it| {
        let orders = format!("of {}", count(it.totals.orders, "order"));
        Tile::new("Net revenue", amount(it.totals.net_revenue), orders)
    }));
    let section = section.with(tiles(&figures)?);
    match told.standing.last_run.as_ref().and_then(failed) {
        Some(why) => section.says(why),
        None => Ok(section),
    }
}

fn epoch(told: &Overview) -> Tile {
    let Some(epoch) = &told.standing.epoch else {
        return Tile::new("Newest epoch", "none".into(), "nothing is published yet");
    };
    let rollback = epoch.rollback_to.map(|to| format!(", showing epoch {to}"));
    let note = format!(
        "published {}{}",
        instant(epoch.published_at),
        rollback.unwrap_or_default()
    );
    Tile::new("Newest epoch", thousands(epoch.number), note)
}

fn last_run(told: &Overview) -> Tile {
    match &told.standing.last_run {
        Some(run) => {
            let note = format!("{}, in {}", instant(run.started_at), seconds(run.seconds));
            Tile::new("Last run", run.outcome.clone(), note)
        }
        None => Tile::new("Last run", "unknown".into(), "the ledger has no run"),
    }
}

fn failed(run: &RunEntry) -> Option<String> {
    let why = run.error.as_ref()?;
    let kind = run.error_kind.as_deref().unwrap_or("internal");
    Some(format!("The last run failed ({kind}): {why}."))
}
