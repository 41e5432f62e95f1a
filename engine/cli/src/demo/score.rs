//! What a model outside the lake says of customers: the chance that each orders within 30 days. It knows how often they
//! ordered and thinks that they go on like that, so it says too much of whom it scores highest and too little of whom it
//! scores lowest, and calibration has something to show.

use super::contact::{account_id, card_no};
use super::order::Order;
use super::person::Person;
use super::random::Random;
use super::{DAY_SECONDS, People, SECOND_DAY, date_time};

/// Columns of `model_scores*.csv`.
pub const COLUMNS: [&str; 6] = [
    "model",
    "model_version",
    "key_type",
    "key_value",
    "score",
    "scored_at",
];

/// Early enough for the 30 days after it to have passed at the end of the first day's files.
pub const FIRST_SCORED_AT: i64 = SECOND_DAY - 31 * DAY_SECONDS;
/// In the night before the second day's run.
pub const SECOND_SCORED_AT: i64 = SECOND_DAY + 5 * 3600;

/// The person's score as of a time; none of whom no account or card is known, or who never ordered.
pub fn score(
    people: &People,
    person: &Person,
    orders: &[Order],
    scored_at: i64,
) -> Option<[String; 6]> {
    let (key_type, key_value) = match &person.systems {
        systems if systems.account => ("account_id", account_id(person, 0)),
        systems if systems.card => ("card_no", card_no(person)),
        _ => return None,
    };
    let sales = orders.iter().filter(|order| !order.is_return);
    let times = sales.map(|order| order.ordered_at);
    let times: Vec<i64> = times.filter(|at| *at < scored_at).collect();
    let first = *times.iter().min()?;
    let days = ((scored_at - first) / DAY_SECONDS).max(30) as f64;
    let expected = times.len() as f64 * 30.0 / days;
    let mut random = Random::new(people.seed, "scores", person.number);
    let doubt = 0.8 + 0.4 * random.below(1000) as f64 / 1000.0;
    let chance = 1.0 - (-expected * doubt).exp();
    Some([
        "purchase_30_days".to_owned(),
        "1".to_owned(),
        key_type.to_owned(),
        key_value,
        format!("{chance:.4}"),
        date_time(scored_at),
    ])
}
