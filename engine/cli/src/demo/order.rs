//! What people buy: orders on the web, at the till with or without a card, as guests, and the
//! invoices that take goods back.

use super::contact::{account_id, card_no};
use super::dirt::spelled_email;
use super::person::{Person, Story};
use super::random::{Random, mix};
use super::words::{COLOURS, MATERIALS, THINGS};
use super::{DAY_SECONDS, OPENING, People, SECOND_DAY, set};

/// Invoice numbers set aside for a person; the last is that of the second day.
const INVOICES_PER_PERSON: u64 = 40;
const FIRST_INVOICE: u64 = 100_000;
const LINES_PER_INVOICE: u64 = 100;
const PRODUCTS: u64 = (COLOURS.len() * MATERIALS.len() * THINGS.len()) as u64;

/// One invoice.
#[derive(Debug, Clone)]
pub struct Order {
    pub number: u64,
    pub channel: Channel,
    pub account_id: String,
    pub card_no: String,
    pub guest_email: String,
    /// seconds since 1970
    pub ordered_at: i64,
    /// goods taken back: an invoice `C…` with negative quantities
    pub is_return: bool,
    pub lines: Vec<Line>,
}

/// Where an order came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Web,
    Store,
    Guest,
}

/// One line of an invoice.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub product: Product,
    pub quantity: i32,
}

/// Something that the retailer sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product(u64);

impl Order {
    /// The number as printed: cancellations begin with `C`.
    pub fn invoice_no(&self) -> String {
        let cancelled = if self.is_return { "C" } else { "" };
        format!("{cancelled}{}", self.number)
    }

    /// A number that no other line of any invoice has.
    pub fn line_no(&self, index: usize) -> i64 {
        (self.number * LINES_PER_INVOICE + index as u64) as i64
    }
}

impl Channel {
    /// As in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Store => "store",
            Self::Guest => "guest",
        }
    }
}

impl Product {
    /// Everything that the retailer sells.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PRODUCTS).map(Self)
    }

    /// By its place among all, the best-selling first.
    pub fn nth(place: u64) -> Self {
        Self(place % PRODUCTS)
    }

    /// By the places of its words in their lists.
    pub fn made_of(colour: u64, material: u64, thing: u64) -> Self {
        let (colours, materials) = (COLOURS.len() as u64, MATERIALS.len() as u64);
        Self(colour + colours * (material + materials * thing))
    }

    /// Its place among all.
    pub fn place(self) -> u64 {
        self.0
    }

    /// One of the retailer's products; some sell better than others.
    pub fn draw(random: &mut Random) -> Self {
        Self(random.below(PRODUCTS).min(random.below(PRODUCTS)))
    }

    /// Five digits.
    pub fn stock_code(self) -> String {
        format!("{}", 20_000 + self.0)
    }

    /// Capital letters.
    pub fn description(self) -> String {
        let index = self.0 as usize;
        let colour = COLOURS[index % COLOURS.len()];
        let material = MATERIALS[index / COLOURS.len() % MATERIALS.len()];
        format!(
            "{colour} {material} {}",
            THINGS[index / COLOURS.len() / MATERIALS.len()]
        )
    }

    /// Between 0.39 and 24.95.
    pub fn price_cents(self) -> i64 {
        39 + (mix(self.0) % 2457) as i64
    }
}

/// The person's orders of the first day, which stands for all the time before the second. Some come back for the same
/// thing again and again, some take what goes together.
pub fn history(people: &People, person: &Person) -> Vec<Order> {
    let mut random = Random::new(people.seed, "orders", person.number);
    let mut habit = Random::new(people.seed, "habits", person.number);
    let staple = habit.chance(300).then(|| Product::draw(&mut habit));
    let mut taste = Random::new(people.seed, "sets", person.number);
    let mut orders = Vec::new();
    for _ in 0..order_count(&mut random) {
        let at = shopping_time(person, &mut random);
        let mut order = order(person, orders.len() as u64, at, &mut random);
        if let Some(product) = staple.filter(|_| habit.chance(800)) {
            order.lines[0].product = product;
        }
        if taste.chance(250) {
            order.lines.extend(set::lines(&mut taste));
        }
        let back = random.chance(80).then(|| taken_back(&order, &mut random));
        orders.push(order);
        orders.extend(back.filter(|back| back.ordered_at < SECOND_DAY));
    }
    if random.chance(650) {
        let at = random.between(OPENING, SECOND_DAY - 1);
        let order = order(person, orders.len() as u64, at, &mut random);
        orders.push(nameless(order));
    }
    orders
}

/// The person's order of the second day, if they buy.
pub fn second_day(people: &People, person: &Person) -> Option<Order> {
    let mut random = Random::new(people.seed, "orders of the second day", person.number);
    let buys = random.chance(20) || matches!(person.story, Story::Arrives);
    buys.then(|| {
        let at = SECOND_DAY + random.between(13 * 3600, 22 * 3600);
        order(person, INVOICES_PER_PERSON - 1, at, &mut random)
    })
}

/// Most buy a little, a few buy a lot.
fn order_count(random: &mut Random) -> u64 {
    match random.below(100) {
        0..10 => 0,
        10..42 => 1,
        42..67 => 2,
        67..82 => 3,
        82..92 => 4,
        92..98 => 6,
        _ => 12,
    }
}

fn shopping_time(person: &Person, random: &mut Random) -> i64 {
    let first = person.joined_at.max(OPENING);
    let day = random.between(first / DAY_SECONDS, SECOND_DAY / DAY_SECONDS - 1);
    (day * DAY_SECONDS + random.between(8 * 3600, 21 * 3600)).max(first)
}

fn order(person: &Person, index: u64, ordered_at: i64, random: &mut Random) -> Order {
    let channel = match (person.systems.account, person.systems.card) {
        (true, true) if random.chance(500) => Channel::Store,
        (false, true) => Channel::Store,
        (true, _) if random.chance(880) => Channel::Web,
        _ => Channel::Guest,
    };
    let second_account = channel == Channel::Web
        && person.systems.account_twice
        && person.story == Story::Plain
        && random.chance(400);
    let lines = (0..random.between(1, 6))
        .map(|_| Line {
            product: Product::draw(random),
            quantity: random.between(1, 6) as i32,
        })
        .collect();
    let only = |wanted, text: String| {
        if channel == wanted {
            text
        } else {
            String::new()
        }
    };
    Order {
        number: FIRST_INVOICE + person.number * INVOICES_PER_PERSON + index,
        channel,
        account_id: only(Channel::Web, account_id(person, u32::from(second_account))),
        card_no: only(Channel::Store, card_no(person)),
        guest_email: only(Channel::Guest, spelled_email(&person.email, random)),
        ordered_at,
        is_return: false,
        lines,
    }
}

/// One line of the order goes back some days later, on an invoice of its own.
fn taken_back(order: &Order, random: &mut Random) -> Order {
    let line = order.lines[random.below(order.lines.len() as u64) as usize];
    let quantity = -(random.between(1, i64::from(line.quantity)) as i32);
    Order {
        number: order.number + 1,
        is_return: true,
        ordered_at: order.ordered_at + random.between(1, 20) * DAY_SECONDS,
        lines: vec![Line { quantity, ..line }],
        ..order.clone()
    }
}

/// Paid in cash, without a card.
fn nameless(order: Order) -> Order {
    Order {
        channel: Channel::Store,
        account_id: String::new(),
        card_no: String::new(),
        guest_email: String::new(),
        ..order
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_has_a_number_of_its_own() {
        let people = People {
            seed: 7,
            count: 2_000,
        };
        let mut seen = HashSet::new();
        let mut lines = 0;
        for number in 0..people.count {
            let person = people.person(number);
            for order in history(&people, &person)
                .into_iter()
                .chain(second_day(&people, &person))
            {
                for index in 0..order.lines.len() {
                    assert!(seen.insert(order.line_no(index)));
                    lines += 1;
                }
            }
        }
        let per_person = lines / people.count;
        assert!(
            (8..=13).contains(&per_person),
            "{per_person} lines a person"
        );
    }

    #[test]
    fn products_differ() {
        let descriptions: HashSet<String> = (0..PRODUCTS)
            .map(|index| Product(index).description())
            .collect();
        assert_eq!(descriptions.len() as u64, PRODUCTS);
    }
}
