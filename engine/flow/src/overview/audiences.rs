//! The audiences that epochs show: how many persons each has, had in the last epochs, and shares with each other.

use std::collections::BTreeMap;

use c360_catalog::Table;
use c360_spec::TableName;
use serde::{Deserialize, Serialize};

use super::lake::{Lake, customer, seen_as};
use crate::error::Result;

/// The audiences of the newest epoch.
#[derive(Debug, Clone, Serialize)]
pub struct Audiences {
    /// By name.
    pub audiences: Vec<AudienceSizes>,
    /// Pairs that share persons.
    pub overlaps: Vec<Overlap>,
}

/// An audience.
#[derive(Debug, Clone, Serialize)]
pub struct AudienceSizes {
    pub audience: String,
    /// Persons in it as the newest epoch shows it.
    pub persons: u64,
    /// The same of the last epochs that show audiences, oldest first.
    pub epochs: Vec<AudienceSize>,
}

/// What an epoch shows of an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AudienceSize {
    pub epoch: u64,
    pub persons: u64,
}

/// Persons who are in both of two audiences.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Overlap {
    pub one: String,
    pub other: String,
    pub persons: u64,
}

#[derive(Deserialize)]
struct Size {
    audience: String,
    persons: u64,
}

/// Persons by audience, as one epoch shows them.
type Sizes = BTreeMap<String, u64>;

/// None where no epoch shows audiences.
pub async fn audiences(lake: &Lake<'_>) -> Result<Option<Audiences>> {
    let name = customer("audiences");
    let is_there = lake.table(&name, &["audience", "person_id"]).is_some();
    let Some(newest) = lake.published(&name).filter(|_| is_there) else {
        return Ok(None);
    };
    let history = history(lake, &name).await?;
    let sql = include_str!("overlaps.sql");
    let seen = (&seen_as("audiences"), &newest);
    Ok(Some(Audiences {
        audiences: over_epochs(&history),
        overlaps: lake.rows_of(seen, "overlaps", sql).await?,
    }))
}

/// The sizes that each of the last epochs shows, oldest first. What did not change is not counted again.
async fn history(lake: &Lake<'_>, name: &TableName) -> Result<Vec<(u64, Sizes)>> {
    let mut history: Vec<(u64, Sizes)> = Vec::new();
    let mut counted = None;
    for epoch in &lake.epochs {
        let Some(shown) = lake.shown(epoch, name) else {
            continue;
        };
        let sizes = match history.last() {
            Some((_, sizes)) if counted == shown.content_id() => sizes.clone(),
            _ => sizes(lake, &shown).await?,
        };
        counted = shown.content_id();
        history.push((epoch.number, sizes));
    }
    Ok(history)
}

async fn sizes(lake: &Lake<'_>, shown: &Table) -> Result<Sizes> {
    let sql = include_str!("audience_sizes.sql");
    let seen = (&seen_as("audiences"), shown);
    let rows: Vec<Size> = lake.rows_of(seen, "audience_sizes", sql).await?;
    let sizes = rows.into_iter().map(|row| (row.audience, row.persons));
    Ok(sizes.collect())
}

/// Each audience through the epochs; in one that does not have it, it has nobody.
fn over_epochs(history: &[(u64, Sizes)]) -> Vec<AudienceSizes> {
    let Some((_, newest)) = history.last() else {
        return Vec::new();
    };
    let of = |audience: &String| {
        let epochs = history.iter().map(|(epoch, sizes)| AudienceSize {
            epoch: *epoch,
            persons: sizes.get(audience).copied().unwrap_or(0),
        });
        AudienceSizes {
            audience: audience.clone(),
            persons: newest[audience],
            epochs: epochs.collect(),
        }
    };
    newest.keys().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_has_nobody_before_it_is_there() {
        let sizes = |of: &[(&str, u64)]| -> Sizes {
            let of = of.iter();
            of.map(|(name, persons)| (name.to_string(), *persons))
                .collect()
        };
        let history = [
            (1, sizes(&[("gone", 4), ("loyal", 7)])),
            (3, sizes(&[("loyal", 8), ("new", 2)])),
        ];
        let told = over_epochs(&history);
        let names: Vec<_> = told.iter().map(|it| it.audience.as_str()).collect();
        assert_eq!(names, ["loyal", "new"]);
        let size = |epoch, persons| AudienceSize { epoch, persons };
        assert_eq!(told[0].epochs, [size(1, 7), size(3, 8)]);
        assert_eq!(told[1].epochs, [size(1, 0), size(3, 2)]);
        assert_eq!(told[1].persons, 2);
    }
}
