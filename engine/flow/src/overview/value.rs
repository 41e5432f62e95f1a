//! What customers are worth so far: totals, how net revenue is spread over persons, and how much the best of them bring.

use serde::{Deserialize, Serialize};

use super::lake::{Lake, customer};
use crate::error::Result;

/// Revenue, over the persons of `customer.order_features`.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerValue {
    pub totals: Totals,
    /// Persons by net revenue, least first; bins without persons are left out.
    pub bins: Vec<RevenueBin>,
    /// Tenths of the persons, those who spent most first.
    pub deciles: Vec<Decile>,
    /// Net revenue of the first tenth among all, from 0 to 1; none where it says nothing, as the sum is not positive.
    pub top_decile_share: Option<f64>,
}

/// Sums over all persons.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Totals {
    /// Persons who ever had an order line.
    pub persons: u64,
    /// Those of them with an order.
    pub customers: u64,
    pub orders: u64,
    pub gross_revenue: f64,
    pub returned_revenue: f64,
    pub net_revenue: f64,
}

/// Persons whose net revenue is from `lower` on and less than `upper`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevenueBin {
    /// None: however little.
    pub lower: Option<f64>,
    pub upper: f64,
    pub persons: u64,
}

/// A tenth of the persons.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decile {
    /// 1: those who spent most.
    pub decile: u64,
    pub persons: u64,
    pub net_revenue_min: f64,
    pub net_revenue_max: f64,
    pub net_revenue: f64,
}

const COLUMNS: [&str; 4] = ["orders", "gross_revenue", "returned_revenue", "net_revenue"];

/// None where there is no such table.
pub async fn value(lake: &Lake<'_>) -> Result<Option<CustomerValue>> {
    let name = customer("order_features");
    let Some(table) = lake.table(&name, &COLUMNS) else {
        return Ok(None);
    };
    let session = lake.session(&[(&name, table)]).await?;
    let totals = include_str!("totals.sql");
    let totals: Vec<Totals> = lake.rows(&session, "totals", totals).await?;
    let Some(totals) = totals.first().copied() else {
        return Ok(None);
    };
    let bins = include_str!("revenue_bins.sql");
    let deciles = include_str!("revenue_deciles.sql");
    let deciles = lake.rows(&session, "revenue_deciles", deciles).await?;
    Ok(Some(CustomerValue {
        totals,
        bins: lake.rows(&session, "revenue_bins", bins).await?,
        top_decile_share: share(&deciles, &totals),
        deciles,
    }))
}

fn share(deciles: &[Decile], totals: &Totals) -> Option<f64> {
    let first = deciles.first()?;
    (totals.net_revenue > 0.0).then(|| first.net_revenue / totals.net_revenue)
}
