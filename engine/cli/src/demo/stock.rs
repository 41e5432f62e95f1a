//! What lies in the warehouse: units and price of every product.

use super::order::Product;
use super::random::Random;
use super::{DAY_SECONDS, People, SECOND_DAY, date_time};

/// Columns of `inventory*.csv`.
pub const COLUMNS: [&str; 4] = ["stock_code", "on_hand", "price", "updated_at"];

/// Every product as it was counted the night before the second day; one in twelve is sold out.
pub fn first_day(people: &People) -> impl Iterator<Item = [String; 4]> {
    let people = *people;
    Product::all().map(move |product| {
        let mut random = Random::new(people.seed, "stock", product.place());
        let on_hand = match random.below(12) {
            0 => 0,
            _ => random.between(1, 400),
        };
        counted(product, on_hand, SECOND_DAY - 3600, &mut random)
    })
}

/// What was counted again on the second day: one in twenty, some of them sold out by now.
pub fn second_day(people: &People) -> impl Iterator<Item = [String; 4]> {
    let people = *people;
    Product::all().filter_map(move |product| {
        let mut random = Random::new(people.seed, "stock of the second day", product.place());
        random.chance(50).then(|| {
            let on_hand = random.between(0, 3) * 100;
            counted(
                product,
                on_hand,
                SECOND_DAY + DAY_SECONDS - 3600,
                &mut random,
            )
        })
    })
}

/// A price is that of the order lines, or up to a tenth more since.
fn counted(product: Product, on_hand: i64, at: i64, random: &mut Random) -> [String; 4] {
    let cents = product.price_cents() * (100 + random.between(0, 2) * 5) / 100;
    [
        product.stock_code(),
        on_hand.to_string(),
        format!("{}.{:02}", cents / 100, cents % 100),
        date_time(at),
    ]
}
