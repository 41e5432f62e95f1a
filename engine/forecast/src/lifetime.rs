//! What a customer will be worth: expected orders times expected value, month by month, discounted.

use crate::error::{Impossible, not_negative, whole};
use crate::{BgNbd, GammaGamma, History, Spend};

/// A month, where the unit of time is the day.
const DAYS: f64 = 30.0;
/// A hundred years.
const MONTHS_MAX: u32 = 1200;

/// How far to look ahead, and how much less later money counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    months: u32,
    monthly_discount_rate: f64,
}

impl Horizon {
    /// Months of 30 days; a rate of 0.01 is one per cent a month. Fails where either is negative.
    pub fn new(months: f64, monthly_discount_rate: f64) -> Result<Self, Impossible> {
        let must = "a whole number from 0 to 1200";
        let months = whole("months", months, MONTHS_MAX, must)?;
        let rate = not_negative("monthly_discount_rate", monthly_discount_rate)?;
        Ok(Self {
            months,
            monthly_discount_rate: rate,
        })
    }

    /// The value of the orders to expect up to the horizon, in the unit of the spend; times are days.
    ///
    /// ```text
    ///     Σ_i (orders until month i - orders until month i-1) · value / (1 + rate)^i
    /// ```
    ///
    /// None where the model of spending knows no mean value.
    pub fn lifetime_value(
        &self,
        orders: &BgNbd,
        spending: &GammaGamma,
        history: &History,
        spend: &Spend,
    ) -> Result<Option<f64>, Impossible> {
        let Some(value) = spending.value(spend) else {
            return Ok(None);
        };
        let (mut discounted, mut before, mut discount) = (0.0, 0.0, 1.0);
        for month in 1..=self.months {
            let until = orders.orders(history, f64::from(month) * DAYS)?;
            discount *= 1.0 + self.monthly_discount_rate;
            discounted += (until - before) / discount;
            before = until;
        }
        Ok(Some(discounted * value))
    }
}
