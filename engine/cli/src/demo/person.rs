//! The people behind the records: who they truly are, which systems know them, and what happens to
//! them on the second day. A person is a function of the seed and their number, nothing else.

use super::random::{Random, mix_32};
use super::words::{GIVEN_NAMES, MAIL_DOMAINS, PLACES, STREETS, SURNAMES};
use super::{DAY_SECONDS, OPENING, SECOND_DAY};

/// A person as they truly are.
#[derive(Debug, Clone)]
pub struct Person {
    pub number: u64,
    pub given_name: &'static str,
    pub surname: &'static str,
    /// `YYYY-MM-DD`
    pub birth_date: String,
    /// the person's own mailbox
    pub email: String,
    /// the mailbox that a family shares, where there is one
    pub family_email: Option<String>,
    /// ten digits, `04…`
    pub phone: String,
    pub address: Address,
    /// seconds since 1970
    pub joined_at: i64,
    pub systems: Systems,
    pub story: Story,
}

/// Where a person lives.
#[derive(Debug, Clone)]
pub struct Address {
    pub street: String,
    pub suburb: &'static str,
    pub postcode: &'static str,
    pub state: &'static str,
}

/// Which systems know the person.
#[derive(Debug, Clone, Copy, Default)]
pub struct Systems {
    pub crm: bool,
    pub crm_twice: bool,
    pub account: bool,
    pub account_twice: bool,
    pub card: bool,
    pub newsletter: bool,
    pub prospect: bool,
}

/// What the second day brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Nothing but business.
    Plain,
    /// Seen as two on the first day; a new account with both e-mail and phone joins them.
    Merges,
    /// The CRM holds the e-mail of person `number - 1`; a correction sets them
    /// apart.
    Splits,
    /// Lends their e-mail to the person after them, who [`Story::Splits`].
    Lends,
    /// The CRM learns a new phone and address.
    Moves,
    /// The CRM deletes the contact.
    Leaves,
    /// A new customer of the second day.
    Arrives,
}

/// Makes persons.
#[derive(Debug, Clone, Copy)]
pub struct People {
    pub seed: u64,
    /// how many there are on the first day
    pub count: u64,
}

impl People {
    /// The person of this number; numbers from `count` on arrive on the second day.
    pub fn person(&self, number: u64) -> Person {
        let mut random = Random::new(self.seed, "person", number);
        let household = Household::new(self.seed, number / 4);
        let given_name = random.pick(&GIVEN_NAMES);
        let surname = household.surname.unwrap_or_else(|| random.pick(&SURNAMES));
        let born = random.between(1935, 2006);
        let story = self.story(number);
        Person {
            number,
            given_name,
            surname,
            birth_date: birth_date(born, &mut random),
            email: own_email(given_name, surname, number, born, &mut random),
            family_email: household.email,
            phone: phone(self.seed, number),
            address: household
                .address
                .unwrap_or_else(|| Address::new(&mut random)),
            joined_at: joined_at(story, &mut random),
            systems: systems(story, &mut random),
            story,
        }
    }

    fn story(&self, number: u64) -> Story {
        match number {
            _ if number >= self.count => Story::Arrives,
            _ if number % 199 == 11 => Story::Merges,
            _ if number % 307 == 17 => Story::Splits,
            _ if number % 307 == 16 => Story::Lends,
            _ if number % 97 == 3 => Story::Moves,
            _ if number % 499 == 29 => Story::Leaves,
            _ => Story::Plain,
        }
    }

    /// The same person after moving house and changing their phone.
    pub fn moved(&self, person: &Person) -> Person {
        let mut random = Random::new(self.seed, "move", person.number);
        Person {
            phone: phone(self.seed ^ 1, person.number),
            address: Address::new(&mut random),
            ..person.clone()
        }
    }
}

impl Address {
    fn new(random: &mut Random) -> Self {
        let (suburb, postcode, state) = PLACES[random.below(PLACES.len() as u64) as usize];
        let street = format!("{} {}", random.between(1, 320), random.pick(&STREETS));
        Self {
            street,
            suburb,
            postcode,
            state,
        }
    }
}

/// Four neighbouring numbers; one household in eight is a family.
struct Household {
    surname: Option<&'static str>,
    address: Option<Address>,
    email: Option<String>,
}

impl Household {
    fn new(seed: u64, number: u64) -> Self {
        let mut random = Random::new(seed, "household", number);
        if !random.chance(125) {
            return Self {
                surname: None,
                address: None,
                email: None,
            };
        }
        let surname: &'static str = random.pick(&SURNAMES);
        let domain = random.pick(&MAIL_DOMAINS);
        let email = random
            .chance(400)
            .then(|| format!("family.{}{number:x}@{domain}", surname.to_lowercase()));
        Self {
            surname: Some(surname),
            address: Some(Address::new(&mut random)),
            email,
        }
    }
}

fn birth_date(year: i64, random: &mut Random) -> String {
    format!(
        "{year:04}-{:02}-{:02}",
        random.between(1, 12),
        random.between(1, 28)
    )
}

/// Never the same for two numbers: all but one of the forms end in the number.
fn own_email(given: &str, surname: &str, number: u64, born: i64, random: &mut Random) -> String {
    let (given, surname) = (given.to_lowercase(), surname.to_lowercase());
    let domain = random.pick(&MAIL_DOMAINS);
    let initial = &given[..1];
    match random.below(4) {
        0 => format!("{given}.{surname}{number}@{domain}"),
        1 => format!("{surname}.{given}.{number:x}@{domain}"),
        2 => format!("{initial}.{surname}.{}x{number}@{domain}", born % 100),
        _ => format!("{given}{}.{number}@{domain}", born % 100),
    }
}

/// An Australian mobile number of its own for each of the first forty million numbers.
fn phone(seed: u64, number: u64) -> String {
    const NUMBERS: u64 = 40_000_000;
    // a multiplier without a factor of 2 or 5 permutes the numbers
    let place = (number * 7_654_321 + seed % NUMBERS * 1_000_003) % NUMBERS;
    format!("04{place:08}")
}

fn joined_at(story: Story, random: &mut Random) -> i64 {
    match story {
        Story::Arrives => SECOND_DAY + random.between(6 * 3600, 12 * 3600),
        _ => OPENING - 180 * DAY_SECONDS + random.between(0, 500 * DAY_SECONDS),
    }
}

fn systems(story: Story, random: &mut Random) -> Systems {
    let drawn = Systems {
        crm: random.chance(850),
        crm_twice: random.chance(80),
        account: random.chance(750),
        account_twice: random.chance(100),
        card: random.chance(600),
        newsletter: random.chance(400),
        prospect: random.chance(250),
    };
    match story {
        Story::Plain => Systems {
            account: drawn.account || !(drawn.crm || drawn.card),
            ..drawn
        },
        Story::Merges => Systems {
            account: true,
            card: true,
            ..Systems::default()
        },
        Story::Splits => Systems {
            crm: true,
            ..Systems::default()
        },
        Story::Lends | Story::Arrives => Systems {
            crm: true,
            account: true,
            ..drawn
        },
        Story::Moves | Story::Leaves => Systems { crm: true, ..drawn },
    }
}

/// A number that no other number of the same kind of key has.
pub fn key(number: u64, copy: u32) -> u32 {
    mix_32((number as u32).wrapping_mul(4).wrapping_add(copy + 1))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const PEOPLE: People = People {
        seed: 7,
        count: 5_000,
    };

    #[test]
    fn nobody_shares_their_own_email_or_phone() {
        let persons: Vec<Person> = (0..6_000).map(|number| PEOPLE.person(number)).collect();
        let emails: HashSet<&str> = persons.iter().map(|person| person.email.as_str()).collect();
        let phones: HashSet<&str> = persons.iter().map(|person| person.phone.as_str()).collect();
        assert_eq!((emails.len(), phones.len()), (6_000, 6_000));
        assert!(phones.iter().all(|phone| phone.len() == 10));
    }

    #[test]
    fn everybody_is_known_to_some_system() {
        for number in 0..6_000 {
            let systems = PEOPLE.person(number).systems;
            assert!(systems.crm || systems.account || systems.card, "{number}");
        }
    }

    #[test]
    fn a_small_demo_has_every_story() {
        let people = People { seed: 7, count: 30 };
        let stories: Vec<Story> = (0..31).map(|number| people.person(number).story).collect();
        for story in [
            Story::Merges,
            Story::Splits,
            Story::Moves,
            Story::Leaves,
            Story::Arrives,
        ] {
            assert!(stories.contains(&story), "{story:?}");
        }
    }
}
