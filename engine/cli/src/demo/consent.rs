//! What people allow the retailer to do, and take back.

use super::contact::known_by;
use super::person::Person;
use super::random::Random;
use super::{DAY_SECONDS, People, SECOND_DAY, date_time};

/// Columns of `consent_events*.csv`.
pub const COLUMNS: [&str; 6] = [
    "consent_id",
    "ts",
    "purpose",
    "action",
    "key_type",
    "key_value",
];

const PURPOSES: [&str; 3] = ["email_marketing", "sms_marketing", "profiling"];

/// The person's decisions, each followed by a change of mind in two cases of five.
pub fn consents(people: &People, person: &Person) -> Vec<[String; 6]> {
    let mut random = Random::new(people.seed, "consents", person.number);
    let mut rows = Vec::new();
    for purpose in PURPOSES {
        if !random.chance(270) {
            continue;
        }
        let granted_at = person.joined_at + random.between(0, 30 * DAY_SECONDS);
        rows.push(consent(person, purpose, "grant", granted_at, &mut random));
        if random.chance(400) {
            let withdrawn_at = granted_at + random.between(DAY_SECONDS, 90 * DAY_SECONDS);
            rows.push(consent(
                person,
                purpose,
                "withdraw",
                withdrawn_at,
                &mut random,
            ));
        }
    }
    rows.retain(|row| row[1] < date_time(SECOND_DAY));
    rows
}

/// The person withdraws from the newsletter on the second day.
pub fn second_day(people: &People, person: &Person) -> Option<[String; 6]> {
    let mut random = Random::new(people.seed, "consents of the second day", person.number);
    let at = SECOND_DAY + random.between(0, DAY_SECONDS - 1);
    random
        .chance(5)
        .then(|| consent(person, "email_marketing", "withdraw", at, &mut random))
}

fn consent(
    person: &Person,
    purpose: &str,
    action: &str,
    at: i64,
    random: &mut Random,
) -> [String; 6] {
    let (key_type, key_value) = known_by(person, random);
    [
        format!("{:012x}", random.bits() >> 16),
        date_time(at),
        purpose.to_owned(),
        action.to_owned(),
        key_type.to_owned(),
        key_value,
    ]
}
