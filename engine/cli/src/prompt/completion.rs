//! Words that Tab offers: SQL's keywords, the lake's tables and their columns.

use std::collections::{BTreeMap, BTreeSet};

use c360_flow::{Engine, ReadAt};

use crate::failure::Failure;

const KEYWORDS: [&str; 48] = [
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COUNT",
    "CROSS JOIN",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FROM",
    "FULL JOIN",
    "GROUP BY",
    "HAVING",
    "IN",
    "INNER JOIN",
    "INTERSECT",
    "INTERVAL",
    "IS",
    "JOIN",
    "LEFT JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER BY",
    "OVER",
    "PARTITION BY",
    "SELECT",
    "SHOW TABLES",
    "SUM",
    "THEN",
    "TRUE",
    "UNION ALL",
    "WHEN",
    "WHERE",
    "WITH",
];

/// What there is to complete.
#[derive(Debug, Default)]
pub struct Vocabulary {
    columns: BTreeMap<String, Vec<String>>,
    words: BTreeSet<String>,
}

impl Vocabulary {
    /// The tables of the lake and their columns.
    pub async fn of(engine: &Engine) -> Result<Self, Failure> {
        let mut columns = BTreeMap::new();
        for table in engine.tables_at(&ReadAt::Newest).await? {
            let schema = table.schema();
            let names = schema
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect();
            columns.insert(table.name().to_string(), names);
        }
        Ok(Self::new(columns))
    }

    fn new(columns: BTreeMap<String, Vec<String>>) -> Self {
        let words = columns
            .keys()
            .chain(columns.values().flatten())
            .cloned()
            .collect();
        Self { columns, words }
    }

    /// Where the word at the cursor begins, and what it may become.
    pub fn complete(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = line.get(..at).unwrap_or(line);
        let is_word = |letter: char| letter.is_alphanumeric() || "._".contains(letter);
        let start = before.rfind(|letter| !is_word(letter)).map_or(0, |space| {
            space + before[space..].chars().next().map_or(0, char::len_utf8)
        });
        let word = &before[start..];
        if word.is_empty() {
            return (at, Vec::new());
        }
        if let Some((alias, column)) = word.rsplit_once('.') {
            let columns = self.columns_behind(before, alias, column);
            if !columns.is_empty() {
                return (start + alias.len() + 1, columns);
            }
        }
        (start, self.words_like(word))
    }

    /// Columns of the table that the alias, or the table's own name, stands for. Any table whose
    /// name is in the statement will do: at a prompt a guess beats silence.
    fn columns_behind(&self, statement: &str, alias: &str, prefix: &str) -> Vec<String> {
        let exact = self.columns.get(alias);
        let mentioned = || {
            let tables = self
                .columns
                .iter()
                .filter(|(table, _)| statement.contains(table.as_str()));
            tables.flat_map(|(_, columns)| columns)
        };
        let candidates: BTreeSet<&String> = match exact {
            Some(columns) => columns.iter().collect(),
            None if self
                .words
                .iter()
                .any(|word| word.starts_with(&format!("{alias}."))) =>
            {
                return Vec::new();
            }
            None => mentioned().collect(),
        };
        candidates
            .into_iter()
            .filter(|column| column.starts_with(prefix))
            .cloned()
            .collect()
    }

    fn words_like(&self, word: &str) -> Vec<String> {
        let lower = word.to_lowercase();
        let names = self
            .words
            .iter()
            .filter(|name| name.starts_with(&lower))
            .cloned();
        let is_lower = word.chars().all(|letter| !letter.is_uppercase());
        let keywords = KEYWORDS
            .iter()
            .filter(|keyword| keyword.to_lowercase().starts_with(&lower))
            .map(|keyword| {
                if is_lower {
                    keyword.to_lowercase()
                } else {
                    (*keyword).to_owned()
                }
            });
        names.chain(keywords).collect()
    }

    /// The tables, one a line.
    pub fn tables(&self) -> String {
        if self.columns.is_empty() {
            return "the lake holds no table yet: run `c360 run`".to_owned();
        }
        self.columns.keys().cloned().collect::<Vec<_>>().join("\n")
    }

    /// The columns of a table, one a line.
    pub fn columns(&self, table: &str) -> String {
        match self.columns.get(table) {
            Some(columns) => columns.join("\n"),
            None => format!("no table {table}; \\d lists what there is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(line: &str) -> (usize, Vec<String>) {
        let table = |name: &str, columns: &[&str]| {
            (
                name.to_owned(),
                columns.iter().map(ToString::to_string).collect(),
            )
        };
        let tables = [
            table("customer.profiles", &["person_id", "email"]),
            table("raw.orders", &["order_id"]),
        ];
        Vocabulary::new(tables.into_iter().collect()).complete(line, line.len())
    }

    #[test]
    fn keywords_keep_the_case_of_what_was_typed() {
        assert_eq!(offered("sel"), (0, vec!["select".to_owned()]));
        assert_eq!(offered("SEL"), (0, vec!["SELECT".to_owned()]));
    }

    #[test]
    fn tables_complete_across_their_dot() {
        assert_eq!(
            offered("SELECT * FROM customer.p"),
            (14, vec!["customer.profiles".to_owned()])
        );
    }

    #[test]
    fn columns_complete_behind_a_table_or_an_alias() {
        assert_eq!(
            offered("SELECT raw.orders.or"),
            (18, vec!["order_id".to_owned()])
        );
        let line = "SELECT * FROM customer.profiles p WHERE p.em";
        assert_eq!(offered(line), (42, vec!["email".to_owned()]));
    }

    #[test]
    fn nothing_is_offered_for_nothing() {
        assert_eq!(offered("SELECT "), (7, Vec::new()));
    }
}
