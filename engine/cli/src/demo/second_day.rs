//! The second day's files, beside the first's: new customers, orders and events, events that came
//! late, corrections and deletions of the CRM, and accounts that show two persons to be one.

use std::io;
use std::path::Path;

use super::csv_file::{self, CsvFile};
use super::event::{Event, events};
use super::order::Order;
use super::parquet_file::{OrderLines, ParquetFile, WebEvents};
use super::person::{Person, Story};
use super::score::{self, SECOND_SCORED_AT};
use super::{People, RowCounts, SECOND_DAY, consent, contact, offer, order, stock};

/// Ends the names of the second day's files.
const DATE: &str = "2026-01-01";
/// One new customer for so many known ones, and at least one.
const PERSONS_PER_NEW_CUSTOMER: u64 = 200;

/// Writes the second day's files into the folder that holds the first's.
pub fn write_second_day(people: &People, folder: &Path) -> io::Result<RowCounts> {
    let mut contacts = ContactFiles::create(folder)?;
    let lines = folder.join(format!("order_lines_{DATE}.parquet"));
    let mut lines = ParquetFile::<OrderLines>::create(&lines)?;
    let web_events = folder.join(format!("web_events_{DATE}.parquet"));
    let mut web_events = ParquetFile::<WebEvents>::create(&web_events)?;
    let consents = folder.join(format!("consent_events_{DATE}.csv"));
    let mut consents = CsvFile::create(&consents, &consent::COLUMNS, None)?;
    let offer_contacts = folder.join(format!("offer_contacts_{DATE}.csv"));
    let mut offer_contacts = CsvFile::create(&offer_contacts, &offer::CONTACT_COLUMNS, None)?;

    let scores = folder.join(format!("model_scores_{DATE}.csv"));
    let mut scores = CsvFile::create(&scores, &score::COLUMNS, None)?;

    let new_customers = (people.count / PERSONS_PER_NEW_CUSTOMER).max(1);
    for number in 0..people.count + new_customers {
        let person = people.person(number);
        contacts.write(people, &person)?;
        let bought = order::second_day(people, &person);
        if let Some(order) = &bought {
            lines.write(order)?;
        }
        let history = if person.story == Story::Arrives {
            Vec::new()
        } else {
            order::history(people, &person)
        };
        let late = late(people, &person, &history);
        for event in late
            .into_iter()
            .chain(events(people, &person, bought.as_slice(), true))
        {
            web_events.write(&event)?;
        }
        if let Some(row) = consent::second_day(people, &person) {
            consents.write(row)?;
        }
        if let Some(row) = offer::second_day(people, &person) {
            offer_contacts.write(row)?;
        }
        if let Some(row) = score::score(people, &person, &history, SECOND_SCORED_AT) {
            scores.write(row)?;
        }
    }
    Ok(RowCounts {
        contacts: contacts.finish()?,
        order_lines: lines.finish()?,
        web_events: web_events.finish()?,
        consents: consents.finish()?,
        products: csv_file::write(
            &folder.join(format!("inventory_{DATE}.csv")),
            &stock::COLUMNS,
            stock::second_day(people),
        )?,
        offers: 0,
        offer_contacts: offer_contacts.finish()?,
        scores: scores.finish()?,
    })
}

/// Events of the first day that arrived on the second.
fn late(people: &People, person: &Person, history: &[Order]) -> Vec<Event> {
    if person.story == Story::Arrives {
        return Vec::new();
    }
    let mut events = events(people, person, history, false);
    events.retain(|event| event.received_at >= SECOND_DAY);
    events
}

struct ContactFiles {
    crm: CsvFile,
    accounts: CsvFile,
    cards: CsvFile,
}

impl ContactFiles {
    fn create(folder: &Path) -> io::Result<Self> {
        let file = |name: &str, columns: &[&str]| {
            CsvFile::create(&folder.join(format!("{name}_{DATE}.csv")), columns, None)
        };
        let crm_columns: Vec<&str> = ["op"].into_iter().chain(contact::CRM_COLUMNS).collect();
        Ok(Self {
            crm: file("crm_contacts_cdc", &crm_columns)?,
            accounts: file("ecom_accounts", &contact::ACCOUNT_COLUMNS)?,
            cards: file("loyalty_members", &contact::CARD_COLUMNS)?,
        })
    }

    fn write(&mut self, people: &People, person: &Person) -> io::Result<()> {
        match person.story {
            Story::Moves | Story::Splits => self.crm_change("U", people, person),
            Story::Leaves => self.crm_change("D", people, person),
            Story::Merges => self.accounts.write(contact::account(people, person, 2)),
            Story::Arrives => {
                self.crm_change("I", people, person)?;
                self.accounts.write(contact::account(people, person, 0))?;
                if person.systems.card {
                    self.cards.write(contact::card(people, person))?;
                }
                Ok(())
            }
            Story::Plain | Story::Lends => Ok(()),
        }
    }

    fn crm_change(&mut self, op: &str, people: &People, person: &Person) -> io::Result<()> {
        let mut row: [String; 14] = Default::default();
        row[0] = op.to_owned();
        row[1..].clone_from_slice(&contact::crm_correction(people, person));
        self.crm.write(row)
    }

    fn finish(self) -> io::Result<u64> {
        Ok(self.crm.finish()? + self.accounts.finish()? + self.cards.finish()?)
    }
}
