//! The segments of `customer.rfm`, and the scores that they are made of.

use serde::{Deserialize, Serialize};

use super::lake::{Lake, customer};
use crate::error::Result;

/// Persons by segment and by scores.
#[derive(Debug, Clone, Serialize)]
pub struct Segments {
    /// Most persons first.
    pub segments: Vec<Segment>,
    /// Cells in which there is nobody are left out.
    pub grid: Vec<ScoreCell>,
}

/// A segment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segment {
    pub segment: String,
    pub persons: u64,
    /// What they spent, less returns.
    pub net_revenue: f64,
}

/// The persons of two scores.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScoreCell {
    /// 5: ordered lately.
    pub recency_score: i64,
    /// 5: ordered often.
    pub frequency_score: i64,
    pub persons: u64,
}

const COLUMNS: [&str; 4] = ["segment", "monetary", "recency_score", "frequency_score"];

/// None where there is no such table.
pub async fn segments(lake: &Lake<'_>) -> Result<Option<Segments>> {
    let name = customer("rfm");
    let Some(table) = lake.table(&name, &COLUMNS) else {
        return Ok(None);
    };
    let session = lake.session(&[(&name, table)]).await?;
    let segments = include_str!("segments.sql");
    let grid = include_str!("score_grid.sql");
    Ok(Some(Segments {
        segments: lake.rows(&session, "segments", segments).await?,
        grid: lake.rows(&session, "score_grid", grid).await?,
    }))
}
