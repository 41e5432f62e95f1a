//! The slow, obvious way: texts instead of codes, all pairs instead of blocks, products instead of sums. Shares nothing
//! with the kernel but the types in which a model is declared.

use crate::matching::{
    BlockingRule, Column, Columns, Comparison, Condition, Expression, LevelWeight, Model,
    TermFrequency, Weights,
};

use super::distance;

/// Records as texts.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub names: Vec<&'static str>,
    pub rows: Vec<Vec<Option<String>>>,
    /// One number a record, if only records of different sources are compared.
    pub sources: Option<Vec<u16>>,
}

/// Groups of names; some names are in two.
pub const NICKNAMES: [&[&str]; 3] = [&["a", "ab", "b"], &["b", "c", "ba"], &["ac", "c"]];

/// The values that an expression takes from one record; a combination or a list takes several.
type Value = Option<Vec<String>>;

impl Table {
    /// The same records as the kernel wants them.
    pub fn columns(&self) -> Columns {
        let column = |(at, name): (usize, &&str)| {
            let values = self.rows.iter().map(|row| row[at].as_deref());
            (name.to_string(), Column::encode(&values.collect()).unwrap())
        };
        let columns = Columns::new(self.names.iter().enumerate().map(column).collect()).unwrap();
        match &self.sources {
            Some(sources) => columns.across_sources(sources.clone()).unwrap(),
            None => columns,
        }
    }

    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let count = self.rows.len();
        (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
    }

    /// Whether a rule brings two records together.
    pub fn is_candidate(&self, model: &Model, a: usize, b: usize) -> bool {
        let apart = |sources: &Vec<u16>| sources[a] != sources[b];
        self.sources.as_ref().is_none_or(apart)
            && model.blocking.iter().any(|rule| self.meet(rule, a, b))
    }

    fn meet(&self, rule: &BlockingRule, a: usize, b: usize) -> bool {
        let all: Vec<_> = (0..self.rows.len())
            .map(|record| self.keys(rule, record))
            .collect();
        let fits = |key: &Vec<Vec<String>>| {
            let block = all.iter().filter(|keys| keys.contains(key)).count();
            rule.records_max.is_none_or(|max| block <= max as usize)
        };
        all[a].iter().any(|key| all[b].contains(key) && fits(key))
    }

    /// A record's keys: one, or of a list one an element, or none.
    fn keys(&self, rule: &BlockingRule, record: usize) -> Vec<Vec<Vec<String>>> {
        let mut keys = vec![Vec::new()];
        for of in &rule.on {
            let values: Vec<Vec<String>> = match (of, self.value(of, record)) {
                (_, None) => Vec::new(),
                (Expression::List { .. }, Some(list)) => {
                    list.into_iter().map(|element| vec![element]).collect()
                }
                (_, Some(value)) => vec![value],
            };
            let longer = |key: &Vec<Vec<String>>| -> Vec<Vec<Vec<String>>> {
                let with = |value: &Vec<String>| [key.clone(), vec![value.clone()]].concat();
                values.iter().map(with).collect()
            };
            keys = keys.iter().flat_map(longer).collect();
        }
        let excepted = |value: &String| rule.except.contains(value);
        keys.retain(|key| !key.first().is_some_and(|first| first.iter().any(excepted)));
        keys
    }

    /// The level of every comparison.
    pub fn levels(&self, model: &Model, a: usize, b: usize) -> Vec<usize> {
        let level = |comparison: &Comparison| {
            let mut levels = comparison.levels.iter();
            levels
                .position(|level| self.holds(&level.when, a, b))
                .unwrap()
        };
        model.comparisons.iter().map(level).collect()
    }

    /// log2 of the odds that two records are one person.
    pub fn weight(&self, model: &Model, weights: &Weights, a: usize, b: usize) -> f64 {
        let mut against_strangers = weights.prior / (1.0 - weights.prior);
        let mut against_household = weights.household.map(|share| weights.prior / share);
        let reached = self.levels(model, a, b);
        for ((comparison, weights), level) in
            model.comparisons.iter().zip(&weights.levels).zip(reached)
        {
            if comparison.levels[level].missing {
                continue;
            }
            let LevelWeight { m, u, h } = weights[level];
            against_strangers *= m / u * self.rarity(comparison, weights, level, a, b);
            against_household = against_household.map(|odds| odds * m / h);
        }
        match against_household {
            Some(odds) => (1.0 / (1.0 / against_strangers + 1.0 / odds)).log2(),
            None => against_strangers.log2(),
        }
    }

    fn rarity(
        &self,
        comparison: &Comparison,
        weights: &[LevelWeight],
        level: usize,
        a: usize,
        b: usize,
    ) -> f64 {
        let Some(TermFrequency {
            of,
            weight,
            minimum,
        }) = &comparison.levels[level].term_frequency
        else {
            return 1.0;
        };
        let exact = comparison
            .levels
            .iter()
            .position(|level| level.when == Condition::Equal(of.clone()));
        let u = weights[exact.unwrap()].u;
        match self
            .share(of, a)
            .into_iter()
            .chain(self.share(of, b))
            .reduce(f64::max)
        {
            Some(share) => (u / share.max(*minimum)).powf(*weight),
            None => 1.0,
        }
    }

    /// The share of a record's value among all values.
    fn share(&self, of: &Expression, record: usize) -> Option<f64> {
        let own = self.value(of, record)?;
        let all = (0..self.rows.len()).filter_map(|record| self.value(of, record));
        let all: Vec<Vec<String>> = all.collect();
        let same = all.iter().filter(|value| **value == own).count();
        Some(same as f64 / all.len() as f64)
    }

    fn text(&self, name: &str, record: usize) -> Option<String> {
        let at = self.names.iter().position(|known| *known == name).unwrap();
        self.rows[record][at].clone()
    }

    fn value(&self, of: &Expression, record: usize) -> Value {
        let parts = |names: &[String]| -> Value {
            names.iter().map(|name| self.text(name, record)).collect()
        };
        let not_empty = |text: String| (!text.is_empty()).then_some(vec![text]);
        match of {
            Expression::Column(name) => self.text(name, record).map(|text| vec![text]),
            Expression::Substring { of, from, length } => {
                let text = self.text(of, record)?;
                Some(vec![text.chars().skip(from - 1).take(*length).collect()])
            }
            Expression::Username(of) => {
                let text = self.text(of, record)?;
                not_empty(text.chars().take_while(|letter| *letter != '@').collect())
            }
            Expression::Domain(of) => {
                let text = self.text(of, record)?;
                not_empty(
                    text.chars()
                        .skip_while(|letter| *letter != '@')
                        .skip(1)
                        .collect(),
                )
            }
            Expression::Soundex(of) => not_empty(distance::soundex(&self.text(of, record)?)),
            Expression::Nicknames { of, .. } => {
                let name = self.text(of, record)?;
                let has = |at: &usize| NICKNAMES[*at].contains(&name.as_str());
                let groups: Vec<usize> = (0..NICKNAMES.len()).filter(has).collect();
                let groups: Vec<String> = groups.iter().map(usize::to_string).collect();
                (!groups.is_empty()).then_some(groups)
            }
            Expression::Number(of) => {
                let number = self.text(of, record)?.parse::<f64>().ok()?;
                Some(vec![format!("{number:?}")])
            }
            Expression::Place {
                latitude,
                longitude,
            } => {
                let [north, east] =
                    [latitude, longitude].map(|of| self.text(of, record)?.parse::<f64>().ok());
                let (north, east) = (north?, east?);
                let on_earth = (-90.0..=90.0).contains(&north) && (-180.0..=180.0).contains(&east);
                on_earth.then(|| vec![format!("{north},{east}")])
            }
            Expression::List { of, separator } => {
                let text = self.text(of, record)?;
                let elements = text
                    .split(separator)
                    .map(|element| element.trim().to_owned());
                let mut elements: Vec<String> = elements.filter(|of| !of.is_empty()).collect();
                elements.sort();
                elements.dedup();
                (!elements.is_empty()).then_some(elements)
            }
            Expression::Together(of) => parts(of),
            Expression::AnyOrder(of) => parts(of).map(|mut values| {
                values.sort();
                values
            }),
        }
    }

    fn holds(&self, condition: &Condition, a: usize, b: usize) -> bool {
        let both = |of: &Expression| self.value(of, a).zip(self.value(of, b));
        let texts = |of: &Expression| both(of).map(|(a, b)| (a[0].clone(), b[0].clone()));
        let is = |of: &Expression, test: &dyn Fn(&str, &str) -> bool| {
            texts(of).is_some_and(|(a, b)| test(&a, &b))
        };
        let numbers = |of: &Expression| {
            let (a, b) = texts(of)?;
            a.parse::<f64>().ok().zip(b.parse::<f64>().ok())
        };
        match condition {
            Condition::Missing(of) => both(of).is_none(),
            Condition::NoDate(of) => !is(of, &|a, b| {
                distance::day(a).is_some() && distance::day(b).is_some()
            }),
            Condition::Equal(of) => both(of).is_some_and(|(a, b)| a == b),
            Condition::Crossed(first, second) => {
                let crossed = |a: usize, b: usize| {
                    self.text(first, a).is_some() && self.text(first, a) == self.text(second, b)
                };
                crossed(a, b) && crossed(b, a)
            }
            Condition::JaroWinkler { of, min } => {
                is(of, &|a, b| distance::jaro_winkler(a, b) >= *min)
            }
            Condition::Jaro { of, min } => is(of, &|a, b| distance::jaro(a, b) >= *min),
            Condition::Levenshtein { of, max } => {
                is(of, &|a, b| distance::levenshtein(a, b) <= *max)
            }
            Condition::DamerauLevenshtein { of, max } => {
                is(of, &|a, b| distance::damerau(a, b) <= *max)
            }
            Condition::DaysApart { of, max } => is(of, &|a, b| {
                distance::day(a)
                    .zip(distance::day(b))
                    .is_some_and(|(a, b)| (a - b).abs() <= i64::from(*max))
            }),
            Condition::DayMonthSwapped(of) => is(of, &|a, b| {
                distance::day(b).is_some()
                    && distance::day(&distance::swap(a)) == distance::day(b)
                    && distance::day(a).is_some()
            }),
            Condition::Initial(of) => is(of, &|a, b| {
                let initial = |short: &str, long: &str| {
                    short.chars().count() == 1 && short.chars().next() == long.chars().next()
                };
                initial(a, b) || initial(b, a)
            }),
            Condition::Overlap { of, min } => match of {
                Expression::Column(_) => is(of, &|a, b| distance::common(a, b) >= *min),
                _ => both(of).is_some_and(|(a, b)| {
                    let common = a.iter().filter(|element| b.contains(element)).count();
                    common >= *min as usize
                }),
            },
            Condition::Apart { of, max } => numbers(of).is_some_and(|(a, b)| (a - b).abs() <= *max),
            Condition::ApartShare { of, max } => numbers(of).is_some_and(|(a, b)| {
                let most = f64::max(a.abs(), b.abs());
                a == b || (a - b).abs() / most <= *max
            }),
            Condition::Near { of, km } => is(of, &|a, b| {
                distance::kilometres(a, b).is_some_and(|apart| apart <= *km)
            }),
            Condition::All(parts) => parts.iter().all(|part| self.holds(part, a, b)),
            Condition::Any(parts) => parts.iter().any(|part| self.holds(part, a, b)),
            Condition::Otherwise => true,
        }
    }
}
