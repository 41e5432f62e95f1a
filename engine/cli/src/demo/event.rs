//! What people do on the web shop's pages: visits of a device, with a login when they have an
//! account, and the purchases of their web orders. No session ids, on purpose.

use super::contact::account_id;
use super::order::{Channel, Order, Product};
use super::person::Person;
use super::random::{Random, mix};
use super::{DAY_SECONDS, OPENING, People, SECOND_DAY};

/// One event as a web tracker reports it.
#[derive(Debug, Clone)]
pub struct Event {
    pub event_id: String,
    pub event_type: &'static str,
    /// seconds since 1970
    pub happened_at: i64,
    /// seconds since 1970; days later where the device was offline
    pub received_at: i64,
    pub anonymous_id: String,
    pub user_id: String,
    pub stock_code: String,
    pub invoice_no: String,
    pub referrer: &'static str,
}

/// The person's events around these orders, and their visits without an order. A few come twice.
pub fn events(people: &People, person: &Person, orders: &[Order], only_orders: bool) -> Vec<Event> {
    let mut tracker = Tracker::new(people, person, only_orders);
    for order in orders
        .iter()
        .filter(|order| order.channel == Channel::Web && !order.is_return)
    {
        tracker.shopping(order);
    }
    let visits = if only_orders {
        0
    } else {
        tracker.visit_count()
    };
    for _ in 0..visits {
        tracker.visit();
    }
    tracker.events
}

struct Tracker<'a> {
    people: &'a People,
    person: &'a Person,
    random: Random,
    events: Vec<Event>,
}

impl<'a> Tracker<'a> {
    fn new(people: &'a People, person: &'a Person, second_day: bool) -> Self {
        let stream = if second_day {
            "events of the second day"
        } else {
            "events"
        };
        let random = Random::new(people.seed, stream, person.number);
        Self {
            people,
            person,
            random,
            events: Vec::new(),
        }
    }

    fn visit_count(&mut self) -> u64 {
        if self.person.systems.account {
            1 + self.random.below(3)
        } else {
            self.random.below(3) / 2
        }
    }

    /// The way to an order: look, log in, fill the cart, pay.
    fn shopping(&mut self, order: &Order) {
        let device = self.device();
        let start = order.ordered_at - 600;
        self.record(&device, "", "page_view", start, None);
        self.record(&device, &order.account_id, "login", start + 60, None);
        for (index, line) in order.lines.iter().take(2).enumerate() {
            let at = start + 120 + 40 * index as i64;
            self.record(
                &device,
                &order.account_id,
                "add_to_cart",
                at,
                Some(line.product),
            );
        }
        self.record(
            &device,
            &order.account_id,
            "purchase",
            order.ordered_at,
            None,
        );
        if let Some(purchase) = self.events.last_mut() {
            purchase.invoice_no = order.invoice_no();
        }
    }

    /// A look around, logged in or not; some fill the cart and think again.
    fn visit(&mut self) {
        let device = self.device();
        let mut at = self
            .random
            .between(self.person.joined_at.max(OPENING), SECOND_DAY - 1);
        let logs_in = self.person.systems.account && self.random.chance(350);
        let mut seen = None;
        for _ in 0..self.random.between(1, 4) {
            let product = Product::draw(&mut self.random);
            seen = Some(product);
            self.record(&device, "", "page_view", at, Some(product));
            at += self.random.between(20, 300);
        }
        if logs_in {
            let account = account_id(self.person, 0);
            self.record(&device, &account, "login", at, None);
            if self.random.chance(400) {
                self.record(&device, &account, "add_to_cart", at + 30, seen);
            }
        }
    }

    /// The person's telephone or computer, their family's, or the one in a shop.
    fn device(&mut self) -> String {
        let owner = match self.random.below(100) {
            0 => self.random.below(5),
            1..10 if self.person.family_email.is_some() => 1_000 + self.person.number / 4,
            10..40 => u64::MAX - self.person.number * 2,
            _ => u64::MAX - self.person.number * 2 - 1,
        };
        format!(
            "{:016x}{:04x}",
            mix(owner ^ self.people.seed),
            owner % 0x1_0000
        )
    }

    fn record(
        &mut self,
        device: &str,
        user: &str,
        kind: &'static str,
        at: i64,
        product: Option<Product>,
    ) {
        let late = self.random.chance(50);
        let delay = if late {
            self.random.between(3600, 3 * DAY_SECONDS)
        } else {
            2
        };
        let event = Event {
            event_id: format!("{:016x}", self.random.bits()),
            event_type: kind,
            happened_at: at,
            received_at: at + delay,
            anonymous_id: device.to_owned(),
            user_id: user.to_owned(),
            stock_code: product.map_or_else(String::new, Product::stock_code),
            invoice_no: String::new(),
            referrer: self
                .random
                .pick(&["", "", "", "google", "email", "direct", "social"]),
        };
        if self.random.chance(10) {
            let again = Event {
                received_at: event.received_at + 40,
                ..event.clone()
            };
            self.events.push(again);
        }
        self.events.push(event);
    }
}
