//! Kernel benches: `cargo bench -p c360-resolve`. Synthetic, seeded; strings are coded outside the measured part
//! unless the bench is about them.

use std::hint::black_box;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use c360_resolve::cluster::{
    Extra, Guard, Identifiers, KindRule, Limit, NULL_CODE, Records, Rules, resolve,
};
use c360_resolve::standardise::{Normalizer, normalize};
use c360_resolve::survive::{Candidates, Order, Rule, choose, top};
use c360_resolve::{Interner, person_id};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SOURCES: [&str; 3] = ["crm_contacts", "ecom_accounts", "loyalty_members"];

/// A small generator (SplitMix64), so that the data is the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
}

/// Records of persons, each with an e-mail, a phone or both of its person's two.
struct Lake {
    person: Vec<u32>,
    source: Vec<u16>,
    key: StringArray,
    first_seen_at: Vec<i64>,
    birth_date: Vec<u32>,
    record: Vec<u32>,
    kind: Vec<u16>,
    value: Vec<u32>,
}

impl Lake {
    fn of(records: usize, persons: u64) -> Self {
        let mut random = Random(7);
        let person: Vec<u32> = (0..records).map(|_| random.below(persons) as u32).collect();
        let mut lake = Self {
            source: (0..records).map(|_| random.below(3) as u16).collect(),
            key: (0..records)
                .map(|_| Some(format!("K{:016x}", random.next())))
                .collect(),
            first_seen_at: (0..records)
                .map(|_| random.below(60_000_000_000_000) as i64)
                .collect(),
            birth_date: Vec::new(),
            record: Vec::new(),
            kind: Vec::new(),
            value: Vec::new(),
            person,
        };
        for (record, person) in lake.person.clone().into_iter().enumerate() {
            // One in a hundred has a typing error in it.
            let birth_date = if random.below(100) == 0 {
                random.below(30_000) as u32
            } else {
                person % 30_000
            };
            let missing = random.below(5) == 0;
            lake.birth_date
                .push(if missing { NULL_CODE } else { birth_date });
            let held = random.below(100);
            for kind in 0..2u16 {
                if held < 54 || kind as u64 == held % 2 {
                    // One identifier in a thousand is somebody else's.
                    let owner = if random.below(1000) == 0 {
                        random.below(persons) as u32
                    } else {
                        person
                    };
                    lake.record.push(record as u32);
                    lake.kind.push(kind);
                    lake.value.push(owner * 2 + u32::from(random.below(8) == 0));
                }
            }
        }
        lake
    }

    fn resolve(&self, rules: &Rules) -> usize {
        let records = Records {
            source: &self.source,
            source_names: &SOURCES,
            key: &self.key,
            first_seen_at: &self.first_seen_at,
            attributes: &[&self.birth_date],
            texts: &[],
        };
        let identifiers = Identifiers {
            record: &self.record,
            kind: &self.kind,
            value: &self.value,
            over_limit: None,
        };
        let found =
            resolve(&records, &identifiers, &Extra::default(), rules).expect("fitting columns");
        found.links.len()
    }
}

fn rules(constrained: bool) -> Rules {
    let limit = Limit {
        records: 20,
        window_days: Some(365),
    };
    let kind = KindRule {
        limit: constrained.then_some(limit),
        max_per_person: constrained.then_some(5),
        ..KindRule::default()
    };
    let guard = Guard {
        attribute: 0,
        max_per_person: 1,
    };
    Rules {
        kinds: vec![kind.clone(), KindRule { rank: 2, ..kind }],
        guards: if constrained { vec![guard] } else { Vec::new() },
        person_records_max: constrained.then_some(200),
    }
}

fn clustering(c: &mut Criterion) {
    let mut group = c.benchmark_group("cluster");
    group.sample_size(10);
    for (name, records, persons) in [("1M", 1_000_000, 320_000), ("3.9M", 3_900_000, 1_240_000)] {
        let lake = Lake::of(records, persons);
        eprintln!("{name} records: {} identifiers", lake.record.len());
        group.throughput(Throughput::Elements(records as u64));
        for (word, constrained) in [("links only", false), ("limits and guards", true)] {
            let rules = rules(constrained);
            group.bench_function(format!("{name} records, {word}"), |b| {
                b.iter(|| black_box(lake.resolve(&rules)))
            });
        }
    }
    group.finish();
}

fn standardising(c: &mut Criterion) {
    let rows = 1_000_000;
    let mut random = Random(11);
    let mut column = |write: &dyn Fn(u64) -> String| -> StringArray {
        (0..rows).map(|_| Some(write(random.next()))).collect()
    };
    let columns = [
        (
            "email",
            column(&|r| format!("First.Last{}@Post.Example", r % 400_000)),
        ),
        (
            "phone",
            column(&|r| {
                format!(
                    "04{:02} {:03} {:03}",
                    r % 100,
                    r / 100 % 1000,
                    r / 100_000 % 1000
                )
            }),
        ),
        (
            "name",
            column(&|r| format!("Mary-Anne O'Brien {}", r % 1000)),
        ),
        ("postcode", column(&|r| format!(" {:04}", r % 10_000))),
    ];
    let mut group = c.benchmark_group("standardise");
    group.sample_size(10).throughput(Throughput::Elements(rows));
    for (name, values) in &columns {
        let normalizer: Normalizer = name.parse().expect("known");
        group.bench_function(*name, |b| {
            b.iter(|| black_box(normalize(&normalizer, values)))
        });
    }
    group.bench_function("code e-mails", |b| {
        b.iter(|| black_box(Interner::new().codes(&columns[0].1).expect("few")));
    });
    group.bench_function("person ids", |b| {
        b.iter(|| {
            (0..rows).for_each(|row| {
                drop(black_box(person_id(
                    "crm",
                    columns[1].1.value(row as usize),
                )))
            })
        });
    });
    group.finish();
}

fn surviving(c: &mut Criterion) {
    let lake = Lake::of(1_000_000, 320_000);
    let times = Int64Array::from(lake.first_seen_at.clone());
    let candidates = Candidates {
        person: &lake.person,
        persons: 320_000,
        observed_at: &times,
        source: &lake.source,
        key: &lake.key,
    };
    let mut random = Random(13);
    let names: StringArray = lake
        .person
        .iter()
        .map(|person| {
            (random.below(5) > 0)
                .then(|| format!("name {}", u64::from(*person) % 1000 + random.below(2)))
        })
        .collect();
    let names: [ArrayRef; 1] = [Arc::new(names)];
    let order = Order::of(&candidates).expect("fitting columns");
    let mut group = c.benchmark_group("survive");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(1_000_000));
    group.bench_function("order", |b| b.iter(|| black_box(Order::of(&candidates))));
    for (name, rule) in [
        ("newest", Rule::Newest),
        ("most frequent", Rule::MostFrequent),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| black_box(choose(&order, &names, &rule)))
        });
    }
    group.bench_function("top 5", |b| b.iter(|| black_box(top(&order, &names, 5))));
    group.finish();
}

criterion_group!(benches, clustering, standardising, surviving);
criterion_main!(benches);
