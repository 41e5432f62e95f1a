//! How well `identity.persons` agrees with labels.

use std::collections::{BTreeMap, BTreeSet};

use c360_resolve::evaluate::Evaluation;
use datafusion::prelude::ident;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::identity::{self, RecordName};
use crate::query::ReadAt;
use crate::touched::Touched;

/// A record whose entity is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The record's source, as the identity job names it.
    pub source: String,
    /// The record's key there.
    pub key: String,
    /// Whatever names the person in truth; equal for all their records.
    pub entity: String,
}

/// One entity a record. Fails with *data* where two labels disagree.
fn unique(labels: &[Label]) -> Result<BTreeMap<RecordName, &str>> {
    let mut unique = BTreeMap::new();
    for (at, label) in labels.iter().enumerate() {
        let name = RecordName {
            source: label.source.clone(),
            key: label.key.clone(),
        };
        let entity = label.entity.as_str();
        if unique
            .insert(name, entity)
            .is_some_and(|before| before != entity)
        {
            let message = format!("label {} names another entity for its record", at + 1);
            return Err(Error::data(message).with_hint("give each record one label"));
        }
    }
    Ok(unique)
}

impl Engine {
    /// Judges the persons by the labelled records. Labels of records that there are not are left out; fails with
    /// *data* when none is left.
    pub async fn evaluate(&self, labels: &[Label]) -> Result<Evaluation> {
        let labels = unique(labels)?;
        let persons = self.persons_of(labels.keys().cloned().collect()).await?;
        let judged: Vec<(&str, &str)> = labels
            .into_iter()
            .filter_map(|(name, entity)| Some((persons.get(&name)?.as_str(), entity)))
            .collect();
        if judged.is_empty() {
            return Err(Error::data("no label names a record of identity.persons")
                .with_hint("name records by source and key as identity.records does"));
        }
        Ok(Evaluation::of(&judged))
    }

    async fn persons_of(
        &self,
        records: BTreeSet<RecordName>,
    ) -> Result<BTreeMap<RecordName, String>> {
        let name = identity::persons();
        let session = self
            .session_with(std::slice::from_ref(&name), &ReadAt::Newest)
            .await?;
        let columns = ["source", "key", "person_id"];
        let rows = session.table(&name).await?.select(columns.map(ident))?;
        let rows = Touched::of_records(&records)?.narrow(rows, &columns[..2])?;
        let mut persons = BTreeMap::new();
        for batch in rows.collect().await? {
            let [source, key, person] = columns.map(|column| identity::text(&batch, column));
            for ((source, key), person) in source?.iter().zip(key?).zip(person?) {
                let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
                let record = RecordName {
                    source: text(source),
                    key: text(key),
                };
                persons.insert(record, text(person));
            }
        }
        Ok(persons)
    }
}
