//! The first day's files: everybody's records, and a year of orders, events and consents.

use std::io;
use std::path::Path;

use super::consent::{self, consents};
use super::csv_file::{self, CsvFile};
use super::event::events;
use super::order::history;
use super::parquet_file::{OrderLines, ParquetFile, WebEvents};
use super::person::Person;
use super::score::{self, FIRST_SCORED_AT};
use super::{People, RowCounts, SECOND_DAY, contact, offer, stock};

/// Writes the first day's files into the folder, which must exist.
pub fn write_first_day(people: &People, folder: &Path) -> io::Result<RowCounts> {
    let mut contacts = ContactFiles::create(folder)?;
    let mut lines = ParquetFile::<OrderLines>::create(&folder.join("order_lines.parquet"))?;
    let mut web_events = ParquetFile::<WebEvents>::create(&folder.join("web_events.parquet"))?;
    let mut consent_events = CsvFile::create(
        &folder.join("consent_events.csv"),
        &consent::COLUMNS,
        Some("ts"),
    )?;
    let offer_contacts = folder.join("offer_contacts.csv");
    let mut offer_contacts = CsvFile::create(&offer_contacts, &offer::CONTACT_COLUMNS, Some("ts"))?;

    let mut scores = CsvFile::create(
        &folder.join("model_scores.csv"),
        &score::COLUMNS,
        Some("scored_at"),
    )?;

    for number in 0..people.count {
        let person = people.person(number);
        contacts.write(people, &person)?;
        let orders = history(people, &person);
        for order in &orders {
            lines.write(order)?;
        }
        for event in events(people, &person, &orders, false) {
            if event.received_at < SECOND_DAY {
                web_events.write(&event)?;
            }
        }
        for row in consents(people, &person) {
            consent_events.write(row)?;
        }
        for row in offer::contacts(people, &person) {
            offer_contacts.write(row)?;
        }
        if let Some(row) = score::score(people, &person, &orders, FIRST_SCORED_AT) {
            scores.write(row)?;
        }
    }
    Ok(RowCounts {
        contacts: contacts.finish()?,
        order_lines: lines.finish()?,
        web_events: web_events.finish()?,
        consents: consent_events.finish()?,
        products: csv_file::write(
            &folder.join("inventory.csv"),
            &stock::COLUMNS,
            stock::first_day(people),
        )?,
        offers: csv_file::write(&folder.join("offers.csv"), &offer::COLUMNS, offer::offers())?,
        offer_contacts: offer_contacts.finish()?,
        scores: scores.finish()?,
    })
}

struct ContactFiles {
    crm: CsvFile,
    accounts: CsvFile,
    cards: CsvFile,
    newsletter: CsvFile,
    prospects: CsvFile,
}

impl ContactFiles {
    fn create(folder: &Path) -> io::Result<Self> {
        let file = |name, columns, dated| CsvFile::create(&folder.join(name), columns, dated);
        Ok(Self {
            crm: file(
                "crm_contacts.csv",
                &contact::CRM_COLUMNS,
                Some("updated_at"),
            )?,
            accounts: file(
                "ecom_accounts.csv",
                &contact::ACCOUNT_COLUMNS,
                Some("created_at"),
            )?,
            cards: file(
                "loyalty_members.csv",
                &contact::CARD_COLUMNS,
                Some("enrolled_at"),
            )?,
            newsletter: file(
                "newsletter_subscribers.csv",
                &contact::SUBSCRIBER_COLUMNS,
                None,
            )?,
            prospects: file("prospect_list.csv", &contact::PROSPECT_COLUMNS, None)?,
        })
    }

    fn write(&mut self, people: &People, person: &Person) -> io::Result<()> {
        let systems = &person.systems;
        if systems.crm {
            self.crm.write(contact::crm_contact(people, person, 0))?;
        }
        if systems.crm && systems.crm_twice {
            self.crm.write(contact::crm_contact(people, person, 1))?;
        }
        if systems.account {
            self.accounts.write(contact::account(people, person, 0))?;
        }
        if systems.account && systems.account_twice {
            self.accounts.write(contact::account(people, person, 1))?;
        }
        if systems.card {
            self.cards.write(contact::card(people, person))?;
        }
        if systems.newsletter {
            self.newsletter.write(contact::subscriber(people, person))?;
        }
        if systems.prospect {
            self.prospects.write(contact::prospect(people, person, 0))?;
            self.prospects.write(contact::prospect(people, person, 1))?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<u64> {
        let Self {
            crm,
            accounts,
            cards,
            newsletter,
            prospects,
        } = self;
        let mut rows = 0;
        for file in [crm, accounts, cards, newsletter, prospects] {
            rows += file.finish()?;
        }
        Ok(rows)
    }
}
