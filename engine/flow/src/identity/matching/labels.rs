//! Stewards' decisions as labels: whoever says that two records are one person, or are not, says as well what the
//! model should have held of them.

use std::collections::HashMap;

use c360_resolve::matching::labels::Label;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::record_batch::RecordBatch;

use super::compared::Compared;
use crate::error::{Error, Result};
use crate::identity::decisions;
use crate::identity::rows::{PAIR, text, whole};
use crate::room::Room;

/// Fewer labels are not learnt from: of so many the share that is one person is known to five points in a hundred at
/// best, and what they say of single levels would be chance.
pub const LABELS_MIN: usize = 100;

/// What was decided about records that there are.
pub async fn labels(room: &Room<'_>, compared: &Compared) -> Result<Vec<Label>> {
    let Some(table) = room.input_table_if_any(&decisions()).await? else {
        return Ok(Vec::new());
    };
    let rows = room.runtime.session().read(table.provider().await?)?;
    decided(&whole(rows).await?, compared)
}

fn decided(rows: &RecordBatch, compared: &Compared) -> Result<Vec<Label>> {
    let [source_a, key_a, source_b, key_b] = PAIR.map(|column| text(rows, column));
    let (source_a, key_a, source_b, key_b) = (source_a?, key_a?, source_b?, key_b?);
    let same = rows
        .column_by_name("same")
        .and_then(|column| column.as_boolean_opt())
        .ok_or_else(|| Error::internal("identity.decisions has no column same"))?;
    let mut places = HashMap::new();
    for row in 0..rows.num_rows() {
        places.insert((source_a.value(row), key_a.value(row)), None);
        places.insert((source_b.value(row), key_b.value(row)), None);
    }
    let (source, key) = compared.names()?;
    for place in 0..compared.columns.records() {
        if let Some(found) = places.get_mut(&(source.value(place), key.value(place))) {
            *found = Some(place as u32);
        }
    }
    let label = |row: usize| {
        let a = places[&(source_a.value(row), key_a.value(row))]?;
        let b = places[&(source_b.value(row), key_b.value(row))]?;
        let same = same.value(row);
        Some(Label { a, b, same })
    };
    Ok((0..rows.num_rows()).filter_map(label).collect())
}
