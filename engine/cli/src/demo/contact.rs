//! What the contact systems hold about a person: one function a system, one row a record.

use super::dirt::{email, names, or_blank, phone, spelled_email, spelled_phone, typo};
use super::person::{Person, Story, key};
use super::random::Random;
use super::{DAY_SECONDS, People, SECOND_DAY, date_time};

/// Columns of `crm_contacts*.csv`.
pub const CRM_COLUMNS: [&str; 13] = [
    "crm_id",
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "mobile",
    "street",
    "address_2",
    "suburb",
    "postcode",
    "state",
    "created_at",
    "updated_at",
];

/// Columns of `ecom_accounts*.csv`.
pub const ACCOUNT_COLUMNS: [&str; 6] = [
    "account_id",
    "email",
    "full_name",
    "phone",
    "shipping_address",
    "created_at",
];

/// Columns of `loyalty_members*.csv`.
pub const CARD_COLUMNS: [&str; 9] = [
    "card_no",
    "given_name",
    "surname",
    "dob",
    "phone",
    "email",
    "postcode",
    "enrolled_at",
    "tier",
];

/// Columns of `newsletter_subscribers*.csv`.
pub const SUBSCRIBER_COLUMNS: [&str; 4] = ["subscriber_id", "email", "first_name", "subscribed_at"];

/// Columns of `prospect_list.csv`.
pub const PROSPECT_COLUMNS: [&str; 10] = [
    "row_id",
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "state",
    "date_of_birth",
];

/// A contact of the CRM; `copy` 1 is the second that a few persons have.
pub fn crm_contact(people: &People, person: &Person, copy: u32) -> [String; 13] {
    let mut random = Random::new(people.seed, "crm", person.number * 2 + u64::from(copy));
    let random = &mut random;
    let (first_name, last_name) = names(person, random);
    let birth_date = or_blank(person.birth_date.replace('-', ""), 60, random);
    let address = &person.address;
    let created_at = person.joined_at + i64::from(copy) * 40 * DAY_SECONDS;
    let mailbox = match person.story {
        Story::Lends => person.email.clone(),
        _ => email(person, 90, random),
    };
    let row = [
        crm_id(person, copy),
        first_name,
        last_name,
        birth_date,
        mailbox,
        phone(person, 100, random),
        if random.chance(60) {
            typo(&address.street, random)
        } else {
            address.street.clone()
        },
        if random.chance(80) {
            format!("unit {}", random.between(1, 40))
        } else {
            String::new()
        },
        address.suburb.to_owned(),
        address.postcode.to_owned(),
        address.state.to_owned(),
        date_time(created_at),
        date_time(created_at.min(SECOND_DAY - DAY_SECONDS) + random.between(0, DAY_SECONDS - 1)),
    ];
    if person.story == Story::Splits {
        under_the_neighbours_email(people, person, row)
    } else {
        row
    }
}

/// A contact with the neighbour's e-mail, and neither name nor birth date to tell them apart.
fn under_the_neighbours_email(people: &People, person: &Person, row: [String; 13]) -> [String; 13] {
    let [crm_id, .., created_at, updated_at] = row;
    let mut row: [String; 13] = Default::default();
    row[0] = crm_id;
    row[4] = people.person(person.number - 1).email;
    row[11] = created_at;
    row[12] = updated_at;
    row
}

/// The same contact as the second day knows it.
pub fn crm_correction(people: &People, person: &Person) -> [String; 13] {
    let mut row = match person.story {
        Story::Moves => crm_contact(people, &people.moved(person), 0),
        _ => crm_contact(people, person, 0),
    };
    if person.story == Story::Splits {
        row[1] = person.given_name.to_owned();
        row[2] = person.surname.to_owned();
        row[3] = person.birth_date.replace('-', "");
        row[4] = person.email.clone();
    }
    row[12] = date_time(second_day_time(people, person));
    row
}

/// An account of the web shop; `copy` 1 is the second that some persons have, 2 is the one that
/// joins the two halves of a person on the second day.
pub fn account(people: &People, person: &Person, copy: u32) -> [String; 6] {
    let mut random = Random::new(people.seed, "account", person.number * 3 + u64::from(copy));
    let random = &mut random;
    let (given, surname) = names(person, random);
    let full_name = match random.below(10) {
        0..2 => format!("{surname}, {given}"),
        2 => format!("{given} {surname}").to_lowercase(),
        _ => format!("{given} {surname}"),
    };
    // until the second day nothing but the name tells that account and card are one person's
    let elsewhere =
        (person.story == Story::Merges && copy != 2).then(|| people.moved(person).address);
    let address = elsewhere.as_ref().unwrap_or(&person.address);
    let street = if random.chance(60) {
        typo(&address.street, random)
    } else {
        address.street.clone()
    };
    let state = address.state.to_uppercase();
    let (mailbox, number, created_at) = match (person.story, copy) {
        (Story::Merges, 2) => (
            spelled_email(&person.email, random),
            spelled_phone(&person.phone, random),
            second_day_time(people, person),
        ),
        (Story::Merges, _) => (person.email.clone(), String::new(), person.joined_at),
        (Story::Lends, _) => (person.email.clone(), person.phone.clone(), person.joined_at),
        _ => {
            let later = i64::from(copy) * 60 * DAY_SECONDS;
            (
                email(person, 5, random),
                phone(person, 150, random),
                person.joined_at + later,
            )
        }
    };
    [
        account_id(person, copy),
        mailbox,
        full_name,
        number,
        format!(
            "{street}, {}, {state}, {}",
            address.suburb, address.postcode
        ),
        date_time(created_at),
    ]
}

/// A member of the loyalty programme.
pub fn card(people: &People, person: &Person) -> [String; 9] {
    let mut random = Random::new(people.seed, "card", person.number);
    let random = &mut random;
    let (given, surname) = names(person, random);
    let given = match random.below(100) {
        0..12 => given[..1].to_owned(),
        12..14 => String::new(),
        _ => given,
    };
    let (number, mailbox) = match person.story {
        Story::Merges => (spelled_phone(&person.phone, random), String::new()),
        _ => (phone(person, 80, random), email(person, 350, random)),
    };
    let tier = match random.below(4) {
        0 => "gold",
        1 => "silver",
        _ => "base",
    };
    [
        card_no(person),
        given.to_uppercase(),
        surname.to_uppercase(),
        or_blank(person.birth_date.clone(), 80, random),
        number,
        mailbox,
        person.address.postcode.to_owned(),
        date_time(person.joined_at + 5 * 3600),
        tier.to_owned(),
    ]
}

/// A subscriber of the newsletter.
pub fn subscriber(people: &People, person: &Person) -> [String; 4] {
    let mut random = Random::new(people.seed, "subscriber", person.number);
    let mailbox = email(person, 0, &mut random);
    let first_name = or_blank(person.given_name.to_owned(), 500, &mut random);
    let subscribed_at = date_time(person.joined_at + 9 * 3600);
    [
        format!("N{:08x}", key(person.number, 0)),
        mailbox,
        first_name,
        subscribed_at,
    ]
}

/// A row of the bought list of prospects: no e-mail, no phone, plenty of dirt.
pub fn prospect(people: &People, person: &Person, copy: u32) -> [String; 10] {
    let mut random = Random::new(people.seed, "prospect", person.number * 2 + u64::from(copy));
    let random = &mut random;
    let dirty = |text: &str, random: &mut Random| {
        if random.chance(150) {
            typo(text, random)
        } else {
            text.to_owned()
        }
    };
    let address = &person.address;
    let (number, street) = address
        .street
        .split_once(' ')
        .unwrap_or(("", &address.street));
    [
        format!("PL-{:08x}", key(person.number, copy)),
        dirty(&person.given_name.to_lowercase(), random),
        dirty(&person.surname.to_lowercase(), random),
        or_blank(number.to_owned(), 50, random),
        dirty(street, random),
        String::new(),
        dirty(address.suburb, random),
        or_blank(address.postcode.to_owned(), 30, random),
        address.state.to_owned(),
        or_blank(person.birth_date.replace('-', ""), 40, random),
    ]
}

/// Key of a contact of the CRM.
pub fn crm_id(person: &Person, copy: u32) -> String {
    format!("CRM-{:08x}", key(person.number, copy))
}

/// Key of an account of the web shop.
pub fn account_id(person: &Person, copy: u32) -> String {
    format!("A{:010}", key(person.number, copy))
}

/// Key of a member of the loyalty programme.
pub fn card_no(person: &Person) -> String {
    format!("260{:010}", key(person.number, 0))
}

/// What a system knows the person by, as `key_type` and `key_value`: a card, an account or their mailbox.
pub fn known_by(person: &Person, random: &mut Random) -> (&'static str, String) {
    let systems = &person.systems;
    match random.below(3) {
        0 if systems.card => ("card_no", card_no(person)),
        1 | 2 if systems.account => ("account_id", account_id(person, 0)),
        _ => ("email", person.email.clone()),
    }
}

fn second_day_time(people: &People, person: &Person) -> i64 {
    let mut random = Random::new(people.seed, "second day", person.number);
    SECOND_DAY + random.between(6 * 3600, 20 * 3600)
}
