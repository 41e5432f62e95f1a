//! The shipped retailer's SQL over tables made by hand: each rule that its headers state, on a few rows.

mod described;
mod experiment_groups;
mod hand_made;
mod next_best_action;
mod recommendations;
mod replenishment;
mod shop_recommendations;
