//! What the retailer has to offer, and whom it told so.

use super::contact::known_by;
use super::order::Product;
use super::person::Person;
use super::random::Random;
use super::{DAY_SECONDS, OPENING, People, SECOND_DAY, date_time};

/// Columns of `offers.csv`.
pub const COLUMNS: [&str; 12] = [
    "offer_id",
    "name",
    "channel",
    "audience",
    "stock_code",
    "value",
    "priority",
    "cap_contacts",
    "cap_days",
    "valid_from",
    "valid_to",
    "updated_at",
];

/// Columns of `offer_contacts*.csv`.
pub const CONTACT_COLUMNS: [&str; 8] = [
    "contact_id",
    "ts",
    "offer_id",
    "channel",
    "key_type",
    "key_value",
    "accepted",
    "reported_at",
];

/// One offer.
struct Offer {
    id: &'static str,
    name: &'static str,
    channel: &'static str,
    audience: &'static str,
    /// place of the product that it is about
    product: Option<u64>,
    /// what it is worth if it is accepted, in pounds
    value: &'static str,
    /// days from the second day to the first and the last on which it is made
    days: [i64; 2],
}

const fn offer(
    id: &'static str,
    [name, channel, audience]: [&'static str; 3],
    product: Option<u64>,
    value: &'static str,
    days: [i64; 2],
) -> Offer {
    Offer {
        id,
        name,
        channel,
        audience,
        product,
        value,
        days,
    }
}

#[rustfmt::skip]
const OFFERS: [Offer; 9] = [
    offer("OF-1", ["Early access for champions", "email", "champions"], None, "14.000", [-60, 60]),
    offer("OF-2", ["We miss you", "email", "win_back"], None, "9.000", [-90, 90]),
    offer("OF-3", ["Your cart is waiting", "email", "cart_reminder"], None, "6.500", [-90, 90]),
    offer("OF-4", ["An evening in the store", "sms", "big_spenders"], None, "20.000", [-20, 20]),
    offer("OF-5", ["Shown first on the home page", "web", ""], Some(2), "3.500", [-30, 30]),
    offer("OF-6", ["Ten per cent off one thing", "sms", ""], Some(5), "4.250", [-30, 30]),
    offer("OF-7", ["The catalogue", "email", ""], None, "0.800", [-300, 300]),
    offer("OF-8", ["Christmas", "email", ""], None, "12.000", [-40, -6]),
    offer("OF-9", ["Spring", "email", ""], None, "11.000", [59, 120]),
];

/// How many of the offers were made before the second day.
const MADE: u64 = 8;

/// All offers, those included that are over or still to come.
pub fn offers() -> impl Iterator<Item = [String; 12]> {
    OFFERS.iter().zip(1u32..).map(|(offer, priority)| {
        let product = offer.product.map(|place| Product::nth(place).stock_code());
        let [from, to] = offer
            .days
            .map(|days| date_time(SECOND_DAY + days * DAY_SECONDS));
        [
            offer.id.to_owned(),
            offer.name.to_owned(),
            offer.channel.to_owned(),
            offer.audience.to_owned(),
            product.unwrap_or_default(),
            offer.value.to_owned(),
            priority.to_string(),
            "2".to_owned(),
            "30".to_owned(),
            from,
            to,
            date_time(OPENING),
        ]
    })
}

/// The person's contacts in the weeks before the second day, a few of them accepted.
pub fn contacts(people: &People, person: &Person) -> Vec<[String; 8]> {
    let mut random = Random::new(people.seed, "offer contacts", person.number);
    if !random.chance(250) {
        return Vec::new();
    }
    (0..random.between(1, 4))
        .map(|_| {
            contact(
                person,
                SECOND_DAY - random.between(1, 50) * DAY_SECONDS,
                &mut random,
            )
        })
        .collect()
}

/// What became of the person's contacts by the second day: an answer that came late, with its contact once more.
pub fn second_day(people: &People, person: &Person) -> Option<[String; 8]> {
    let mut random = Random::new(people.seed, "late answers", person.number);
    let contacted = contacts(people, person).pop();
    let [id, ts, offer, channel, key_type, key, _, _] = contacted.filter(|_| random.chance(100))?;
    let reported_at = date_time(SECOND_DAY + random.between(0, DAY_SECONDS - 1));
    Some([
        id,
        ts,
        offer,
        channel,
        key_type,
        key,
        "true".to_owned(),
        reported_at,
    ])
}

fn contact(person: &Person, at: i64, random: &mut Random) -> [String; 8] {
    let offer = &OFFERS[random.below(MADE) as usize];
    let (key_type, key_value) = known_by(person, random);
    let accepted = random.chance(80);
    let reported_at = if accepted {
        at + random.between(60, DAY_SECONDS - 1)
    } else {
        at
    };
    [
        format!("{:012x}", random.bits() >> 16),
        date_time(at),
        offer.id.to_owned(),
        offer.channel.to_owned(),
        key_type.to_owned(),
        key_value,
        accepted.to_string(),
        date_time(reported_at),
    ]
}
