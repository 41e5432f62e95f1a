//! c360-forecast: how customers will go on buying, and what they will be worth.
//!
//! Pure: no storage, no clock, no Arrow; numbers in, numbers out. The order of the customers never changes a bit of a
//! result, since equal customers are counted in a sorted map before anything is summed. What a caller uses:
//!
//! | question | function |
//! |---|---|
//! | what is known of one customer's orders? | [`History::new`]; of what they spend: [`Spend::new`] |
//! | how many customers are alike? | [`Counts::add`], [`Counts::merge`] |
//! | how do all customers order? | [`bg_nbd::fit`] |
//! | is this one still a customer? | [`BgNbd::alive`] |
//! | how often will this one order? | [`BgNbd::orders`] |
//! | how do all customers spend? | [`gamma_gamma::fit`] |
//! | what will an order of this one be worth? | [`GammaGamma::value`] |
//! | what will this one be worth? | [`Horizon::lifetime_value`] |
//!
//! Times are in any one unit; [`Horizon`] alone takes them for days. Money is in any one unit.

pub mod bg_nbd;
mod counts;
mod error;
pub mod gamma_gamma;
mod history;
mod lifetime;
mod newton;
mod spend;
#[cfg(test)]
mod tests;

pub use bg_nbd::BgNbd;
pub use counts::Counts;
pub use error::{Impossible, Unfit};
pub use gamma_gamma::GammaGamma;
pub use history::History;
pub use lifetime::Horizon;
pub use spend::Spend;

/// A model of at least so many customers is fitted; of fewer it would say more of chance than of them.
pub const CUSTOMERS_MIN: u64 = 20;

/// A model and how well it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit<Model> {
    pub model: Model,
    /// Natural logarithm of the likelihood, in the units of the input.
    pub log_likelihood: f64,
    /// How many customers it was fitted on.
    pub customers: u64,
}

impl<Model> Fit<Model> {
    /// The same fit, its model put otherwise.
    pub fn map<Other>(self, other: impl FnOnce(Model) -> Other) -> Fit<Other> {
        Fit {
            model: other(self.model),
            log_likelihood: self.log_likelihood,
            customers: self.customers,
        }
    }
}
