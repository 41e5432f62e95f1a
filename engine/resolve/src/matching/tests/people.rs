//! Synthetic persons and what systems know of them: typing errors, gaps, households. Made of syllables and seeded.

use super::naive::Table;
use crate::matching::fingerprint::mix;

/// A row of numbers without visible order, the same for the same seed.
pub struct Draw(pub u64);

impl Draw {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(1);
        (mix(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)) % end as u64) as usize
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn word(&mut self, syllables: usize) -> String {
        const SYLLABLES: [&str; 10] = [
            "ba", "no", "ri", "la", "tam", "os", "wen", "ki", "dor", "ul",
        ];
        (0..syllables)
            .map(|_| SYLLABLES[self.below(SYLLABLES.len())])
            .collect()
    }

    fn slip(&mut self, text: &str) -> String {
        let at = self.below(text.len().max(1));
        let (before, after) = text.split_at(at.min(text.len()));
        match self.below(2) {
            0 => format!("{before}e{after}"),
            _ => format!("{before}{}", after.get(1..).unwrap_or_default()),
        }
    }
}

/// At least so many records of persons, of whom each third shares name and address with the one before; and whose
/// each record is.
pub fn people(seed: u64, records: usize) -> (Table, Vec<u32>) {
    let mut draw = Draw(seed.wrapping_mul(1 << 20));
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    let mut truth = Vec::new();
    let mut home = [String::new(), String::new(), String::new()];
    while rows.len() < records {
        if !draw.once_in(3) || rows.is_empty() {
            home = [
                draw.word(3),
                format!("{} {} road", draw.below(40), draw.word(1)),
                draw.word(2),
            ];
        }
        let person = truth.last().map_or(0, |last| last + 1);
        let first = draw.word(2);
        let born = format!(
            "{}-{:02}-{:02}",
            1950 + draw.below(50),
            1 + draw.below(12),
            1 + draw.below(28)
        );
        let mail = format!("{first}{}@post.example", draw.below(100));
        for _ in 0..1 + draw.below(4) {
            let [last, street, town] = home.clone();
            let mut row = [
                first.clone(),
                last,
                born.clone(),
                mail.clone(),
                street,
                town,
            ]
            .map(Some);
            for value in &mut row {
                *value = match draw.below(12) {
                    0 => None,
                    1 => value.take().map(|text| draw.slip(&text)),
                    _ => value.take(),
                };
            }
            rows.push(row.to_vec());
            truth.push(person);
        }
    }
    let table = Table {
        names: vec!["first", "last", "born", "mail", "street", "town"],
        rows,
        sources: None,
    };
    (table, truth)
}
