//! A tiny retailer whose history is drawn from a seed: few persons, few mailboxes, much confusion.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;

/// Random numbers that a seed fixes (splitmix64).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// One of these.
    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

const GIVEN: [&str; 5] = ["ann", "bob", "cleo", "dan", "eve"];
const FAMILY: [&str; 4] = ["smith", "jones", "o'neil", "li"];
const EMAILS: [&str; 9] = [
    "ann@mail.example",
    "Ann+shop@mail.example",
    "bob@mail.example",
    "family@home.example",
    "cleo@work.example",
    "noemail@shop.example",
    "dan@mail.example",
    "eve@mail.example",
    "",
];
const PHONES: [&str; 6] = [
    "0412345678",
    "+61 412 345 678",
    "0498765432",
    "0400000000",
    "0455555123",
    "",
];
const BIRTHS: [&str; 3] = ["19800101", "19750615", "19991231"];
const PRODUCTS: [&str; 4] = ["85123A", "71053", "22423", "POST"];
const AUDIENCES: [&str; 3] = ["champions", "can_be_mailed", ""];

/// The rows of one delivery, source by source.
#[derive(Default)]
pub struct Delivery {
    crm: Vec<String>,
    accounts: Vec<String>,
    cards: Vec<String>,
    subscribers: Vec<String>,
    prospects: Vec<String>,
    consents: Vec<String>,
    stock: Vec<String>,
    offers: Vec<String>,
    contacts: Vec<String>,
    lines: Vec<Line>,
    events: Vec<Event>,
}

#[derive(Clone)]
struct Line {
    number: i64,
    invoice: String,
    product: &'static str,
    quantity: i32,
    price_mills: i64,
    at: i64,
    channel: &'static str,
    account: String,
    card: String,
    email: &'static str,
}

#[derive(Clone)]
struct Event {
    id: String,
    kind: &'static str,
    at: i64,
    received: i64,
    device: String,
    account: String,
}

/// Draws deliveries; numbers run on from one to the next.
pub struct Retailer {
    dice: Dice,
    /// for what is drawn beside the customers: they are the same whatever is offered to them
    offer_dice: Dice,
    day: i64,
    line: i64,
    event: u64,
    consent: u64,
}

impl Retailer {
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            offer_dice: Dice::new(seed ^ 0xFFFF_0000),
            day: 0,
            line: 0,
            event: 0,
            consent: 0,
        }
    }

    /// The day after the last delivery, as the instant that a run sees.
    pub fn as_of(&self) -> String {
        format!("{}Z", text(seconds(self.day, 0)).replace(' ', "T"))
    }

    /// Days without trade.
    pub fn waits(&mut self, days: i64) {
        self.day += days;
    }

    /// A few days of trade.
    pub fn deliver(&mut self) -> Delivery {
        let mut delivery = Delivery::default();
        let first = self.day;
        self.day += 1 + self.dice.below(40) as i64;
        for _ in 0..self.dice.below(5) {
            delivery.crm.push(self.contact(first));
        }
        for _ in 0..self.dice.below(4) {
            delivery.accounts.push(self.account(first));
        }
        for _ in 0..self.dice.below(4) {
            delivery.cards.push(self.card(first));
        }
        for _ in 0..self.dice.below(3) {
            delivery.subscribers.push(self.subscriber(first));
        }
        for _ in 0..self.dice.below(2) {
            delivery.prospects.push(self.prospect());
        }
        for _ in 0..self.dice.below(3) {
            let consent = self.consent(first);
            delivery.consents.push(consent);
        }
        for _ in 0..self.dice.below(8) {
            let line = self.line(first);
            delivery.lines.push(line);
        }
        for _ in 0..self.dice.below(8) {
            let event = self.event(first);
            if self.dice.one_in(5) {
                delivery.events.push(Event {
                    received: event.received + 60,
                    ..event.clone()
                });
            }
            delivery.events.push(event);
        }
        for _ in 0..self.offer_dice.below(3) {
            delivery.stock.push(self.counted(first));
            delivery.offers.push(self.offer(first));
            delivery.contacts.push(self.contacted(first));
        }
        delivery
    }

    fn moment(&mut self, first: i64) -> i64 {
        // Now and then a row arrives days late.
        let day = first + self.dice.below((self.day - first) as u64) as i64
            - if self.dice.one_in(6) { 9 } else { 0 };
        seconds(day, self.dice.below(86_400) as i64)
    }

    fn contact(&mut self, first: i64) -> String {
        let at = self.moment(first);
        let op = ["I", "I", "U", "U", "D"][self.dice.below(5) as usize];
        let id = self.dice.below(8);
        let (given, family) = (self.dice.pick(&GIVEN), self.dice.pick(&FAMILY));
        let (birth, email, phone) = (
            self.dice.pick(&BIRTHS),
            self.dice.pick(&EMAILS),
            self.dice.pick(&PHONES),
        );
        let at = text(at);
        format!("{op},CRM-{id},{given},{family},{birth},{email},{phone},1 main st,,town,2000,nsw,2010-01-0{},{at}", 1 + id)
            .replace(&format!("2010-01-0{},", 1 + id), &format!("2010-01-0{} 00:00:00,", 1 + id))
    }

    fn account(&mut self, first: i64) -> String {
        let at = text(self.moment(first));
        let (given, family) = (self.dice.pick(&GIVEN), self.dice.pick(&FAMILY));
        let name = if self.dice.one_in(2) {
            format!("{given} {family}")
        } else {
            format!("\"{family}, {given}\"")
        };
        let (id, email, phone) = (
            self.dice.below(6),
            self.dice.pick(&EMAILS),
            self.dice.pick(&PHONES),
        );
        format!("A{id},{email},{name},{phone},\"1 main st, x, town, NSW, 2000\",{at}")
    }

    fn card(&mut self, first: i64) -> String {
        let at = text(self.moment(first));
        let (given, family) = (self.dice.pick(&GIVEN), self.dice.pick(&FAMILY));
        let birth = ["1980-01-01", "1975-06-15", ""][self.dice.below(3) as usize];
        let (id, email, phone) = (
            self.dice.below(6),
            self.dice.pick(&EMAILS),
            self.dice.pick(&PHONES),
        );
        format!("26{id},{given},{family},{birth},{phone},{email},2000,{at},gold")
    }

    fn subscriber(&mut self, first: i64) -> String {
        let at = text(self.moment(first));
        let (id, email, given) = (
            self.dice.below(5),
            self.dice.pick(&EMAILS[..8]),
            self.dice.pick(&GIVEN),
        );
        format!("N{id},{email},{given},{at}")
    }

    fn prospect(&mut self) -> String {
        let (given, family, birth) = (
            self.dice.pick(&GIVEN),
            self.dice.pick(&FAMILY),
            self.dice.pick(&BIRTHS),
        );
        // A prospect's number fixes the rest: the list is never corrected.
        format!("PL-{given}-{family}-{birth},{given},{family},1,main st,,town,2000,nsw,{birth}")
    }

    fn consent(&mut self, first: i64) -> String {
        let at = text(self.moment(first));
        self.consent += 1;
        let (kind, value) = match self.dice.below(3) {
            0 => ("account_id", format!("A{}", self.dice.below(7))),
            1 => ("card_no", format!("26{}", self.dice.below(7))),
            _ => ("email", self.dice.pick(&EMAILS[..8]).to_string()),
        };
        let action = self.dice.pick(&["grant", "withdraw"]);
        format!(
            "c{},{at},email_marketing,{action},{kind},{value}",
            self.consent
        )
    }

    fn counted(&mut self, first: i64) -> String {
        let dice = &mut self.offer_dice;
        let at = text(seconds(first, dice.below(86_400) as i64));
        let (product, on_hand) = (dice.pick(&PRODUCTS), dice.below(4));
        format!("{product},{on_hand},{}.250,{at}", dice.below(20))
    }

    fn offer(&mut self, first: i64) -> String {
        let dice = &mut self.offer_dice;
        let (id, value, priority, cap) = (
            dice.below(4),
            dice.below(9),
            dice.below(3),
            1 + dice.below(2),
        );
        let channel = dice.pick(&["email", "email", "sms", "web"]);
        let (audience, product) = (
            dice.pick(&AUDIENCES),
            dice.pick(&["", "", "71053", "22423"]),
        );
        let from = text(seconds(first - 10 + dice.below(20) as i64, 0));
        let to = text(seconds(first + 20 + dice.below(60) as i64, 0));
        let at = text(seconds(first, dice.below(86_400) as i64));
        format!(
            "O{id},{channel},{audience},{product},{value}.500,{priority},{cap},30,{from},{to},{at}"
        )
    }

    fn contacted(&mut self, first: i64) -> String {
        let dice = &mut self.offer_dice;
        let (kind, value) = match dice.below(3) {
            0 => ("account_id", format!("A{}", dice.below(7))),
            1 => ("card_no", format!("26{}", dice.below(7))),
            _ => ("email", dice.pick(&EMAILS[..8]).to_owned()),
        };
        let at = text(seconds(first, dice.below(86_400) as i64));
        let reported_at = text(seconds(first + 1 + dice.below(9) as i64, 0));
        let (id, offer, accepted) = (
            dice.below(12),
            dice.below(4),
            dice.pick(&["true", "false", ""]),
        );
        format!("k{id},{at},O{offer},email,{kind},{value},{accepted},{reported_at}")
    }

    fn line(&mut self, first: i64) -> Line {
        let at = self.moment(first);
        self.line += 1;
        // Some show the card of whoever they live with.
        let lent = match self.line % 3 {
            0 => format!("26{}", self.line % 7),
            _ => String::new(),
        };
        let (channel, account, card, email) = match self.dice.below(4) {
            0 => ("web", format!("A{}", self.dice.below(7)), lent, ""),
            1 => (
                "store",
                String::new(),
                format!("26{}", self.dice.below(7)),
                "",
            ),
            2 => (
                "guest",
                String::new(),
                String::new(),
                self.dice.pick(&EMAILS[..8]),
            ),
            _ => ("store", String::new(), String::new(), ""),
        };
        let back = self.dice.one_in(6);
        let quantity = 1 + self.dice.below(9) as i32;
        Line {
            number: self.line,
            invoice: format!(
                "{}{}",
                if back { "C" } else { "" },
                500 + self.dice.below(12)
            ),
            product: self.dice.pick(&PRODUCTS),
            quantity: if back { -quantity } else { quantity },
            price_mills: 10 * (1 + self.dice.below(2000) as i64),
            at,
            channel,
            account,
            card,
            email,
        }
    }

    fn event(&mut self, first: i64) -> Event {
        let at = self.moment(first);
        self.event += 1;
        let known = self.dice.one_in(2);
        Event {
            id: format!("e{}", self.event),
            kind: self
                .dice
                .pick(&["page_view", "add_to_cart", "login", "purchase"]),
            at,
            received: at + 5,
            device: format!("d{}", self.dice.below(5)),
            account: if known {
                format!("A{}", self.dice.below(7))
            } else {
                String::new()
            },
        }
    }
}

/// Seconds since 1970 on a day counted from 2011-01-01.
fn seconds(day: i64, second: i64) -> i64 {
    1_293_840_000 + day * 86_400 + second
}

fn text(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds).expect("an instant");
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

impl Delivery {
    /// Writes one file a source that has rows, named by `part`.
    pub fn write(&self, folder: &Path, part: &str) {
        let csv = |stem: &str, header: &str, rows: &[String]| {
            let mut text = format!("{header}\n");
            for row in rows {
                let _ = writeln!(text, "{row}");
            }
            fs::write(folder.join(format!("{stem}_{part}.csv")), text).expect("a file");
        };
        csv(
            "crm_contacts",
            "op,crm_id,first_name,last_name,birth_date,email,mobile,street,address_2,suburb,postcode,state,created_at,updated_at",
            &self.crm,
        );
        csv(
            "ecom_accounts",
            "account_id,email,full_name,phone,shipping_address,created_at",
            &self.accounts,
        );
        csv(
            "loyalty_members",
            "card_no,given_name,surname,dob,phone,email,postcode,enrolled_at,tier",
            &self.cards,
        );
        csv(
            "newsletter_subscribers",
            "subscriber_id,email,first_name,subscribed_at",
            &self.subscribers,
        );
        csv(
            "prospect_list",
            "row_id,given_name,surname,street_number,address_1,address_2,suburb,postcode,state,date_of_birth",
            &self.prospects,
        );
        csv(
            "consent_events",
            "consent_id,ts,purpose,action,key_type,key_value",
            &self.consents,
        );
        csv(
            "inventory",
            "stock_code,on_hand,price,updated_at",
            &self.stock,
        );
        csv(
            "offers",
            "offer_id,channel,audience,stock_code,value,priority,cap_contacts,cap_days,valid_from,valid_to,updated_at",
            &self.offers,
        );
        csv(
            "offer_contacts",
            "contact_id,ts,offer_id,channel,key_type,key_value,accepted,reported_at",
            &self.contacts,
        );
        parquet(
            &folder.join(format!("order_lines_{part}.parquet")),
            &lines(&self.lines),
        );
        parquet(
            &folder.join(format!("web_events_{part}.parquet")),
            &events(&self.events),
        );
    }

    /// The rows of both deliveries.
    pub fn and(mut self, other: Delivery) -> Self {
        self.crm.extend(other.crm);
        self.accounts.extend(other.accounts);
        self.cards.extend(other.cards);
        self.subscribers.extend(other.subscribers);
        self.prospects.extend(other.prospects);
        self.consents.extend(other.consents);
        self.stock.extend(other.stock);
        self.offers.extend(other.offers);
        self.contacts.extend(other.contacts);
        self.lines.extend(other.lines);
        self.events.extend(other.events);
        self
    }
}

fn parquet(path: &Path, batch: &RecordBatch) {
    let file = fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(batch).expect("rows");
    writer.close().expect("a footer");
}

fn strings<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn instants(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(
        values.map(|second| second * 1_000_000),
    ))
}

fn lines(lines: &[Line]) -> RecordBatch {
    let prices = || lines.iter().map(|line| line.price_mills as f64 / 1000.0);
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "line_no",
            Arc::new(Int64Array::from_iter_values(
                lines.iter().map(|line| line.number),
            )),
        ),
        (
            "invoice_no",
            strings(lines.iter().map(|line| line.invoice.as_str())),
        ),
        ("stock_code", strings(lines.iter().map(|line| line.product))),
        ("description", strings(lines.iter().map(|_| "THING"))),
        (
            "quantity",
            Arc::new(Int32Array::from_iter_values(
                lines.iter().map(|line| line.quantity),
            )),
        ),
        (
            "unit_price",
            Arc::new(Float64Array::from_iter_values(prices())),
        ),
        (
            "amount",
            Arc::new(Float64Array::from_iter_values(lines.iter().map(|line| {
                (line.price_mills * i64::from(line.quantity)) as f64 / 1000.0
            }))),
        ),
        ("ts", instants(lines.iter().map(|line| line.at))),
        ("channel", strings(lines.iter().map(|line| line.channel))),
        (
            "account_id",
            strings(lines.iter().map(|line| line.account.as_str())),
        ),
        (
            "card_no",
            strings(lines.iter().map(|line| line.card.as_str())),
        ),
        ("guest_email", strings(lines.iter().map(|line| line.email))),
        ("country", strings(lines.iter().map(|_| "Australia"))),
    ];
    RecordBatch::try_from_iter(columns).expect("order lines")
}

fn events(events: &[Event]) -> RecordBatch {
    let empty = || strings(events.iter().map(|_| ""));
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "event_id",
            strings(events.iter().map(|event| event.id.as_str())),
        ),
        ("event_type", strings(events.iter().map(|event| event.kind))),
        ("event_ts", instants(events.iter().map(|event| event.at))),
        (
            "received_ts",
            instants(events.iter().map(|event| event.received)),
        ),
        (
            "anonymous_id",
            strings(events.iter().map(|event| event.device.as_str())),
        ),
        (
            "user_id",
            strings(events.iter().map(|event| event.account.as_str())),
        ),
        ("stock_code", empty()),
        ("invoice_no", empty()),
        ("referrer", empty()),
    ];
    RecordBatch::try_from_iter(columns).expect("web events")
}
