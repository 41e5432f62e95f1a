//! Who is likely to order again, as `customer.lifetime_value` has it.

use serde::{Deserialize, Serialize};

use super::lake::{Lake, customer};
use crate::error::Result;

/// Persons by how likely they are still customers.
#[derive(Debug, Clone, Serialize)]
pub struct Lifetime {
    /// Least likely first; bins without persons are left out.
    pub alive: Vec<AliveBin>,
}

/// Persons whose probability is from `lower` on and less than a tenth more; the last bin has 1 too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AliveBin {
    pub lower: f64,
    pub persons: u64,
}

/// None where there is no such table.
pub async fn lifetime(lake: &Lake<'_>) -> Result<Option<Lifetime>> {
    let name = customer("lifetime_value");
    let Some(table) = lake.table(&name, &["alive_probability"]) else {
        return Ok(None);
    };
    let sql = include_str!("alive.sql");
    let alive = lake.rows_of((&name, table), "alive", sql).await?;
    Ok(Some(Lifetime { alive }))
}
