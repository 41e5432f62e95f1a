//! What the model has to do with two records that are not one person: whether they are compared, what that says, and
//! how the clusters that they are in stand to each other.

use std::collections::BTreeSet;

use c360_resolve::matching::{BlockingRule, KeyPart, LinkRules, Meeting, meetings};
use c360_spec::{IdentityJob, Matching};
use serde::Serialize;

use super::explain::Explanation;
use super::failed;
use super::in_use::InUse;
use crate::error::Result;
use crate::identity::rows::{PAIR, text, whole};
use crate::identity::{RecordName, matches};
use crate::room::Room;
use crate::session::Session;
use crate::touched::Touched;

/// The model's part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelView {
    pub blocking: Vec<RuleView>,
    pub explanation: Explanation,
    /// Pairs that meet and weigh at least this connect a component.
    pub threshold: f64,
    /// How many records the model joins with each of the two, itself included.
    pub cluster_records: [usize; 2],
    /// The mean weight between the two clusters, which join from 0 on; none where they are one cluster.
    pub mean: Option<f64>,
}

/// What a blocking rule makes of the two.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleView {
    pub rule: String,
    pub meet: bool,
    /// What keeps the two apart, a line a part of the key.
    pub apart: Vec<String>,
}

/// Looks at two records as the model sees them.
pub async fn look(
    room: &Room<'_>,
    session: &Session,
    job: &IdentityJob,
    matching: &Matching,
    names: [&RecordName; 2],
) -> Result<ModelView> {
    let known = InUse::load(room, job, matching).await?;
    let [a, b] = [known.row(names[0])?, known.row(names[1])?];
    let met = meetings(&known.current.model, &known.compared.columns, a, b).map_err(failed)?;
    let rules = known.current.model.blocking.iter().zip(&met);
    let clusters = [
        cluster(session, names[0]).await?,
        cluster(session, names[1]).await?,
    ];
    let mean = match clusters[0].contains(names[1]) {
        true => None,
        false => Some(mean_between(&known, &clusters)?),
    };
    Ok(ModelView {
        blocking: rules.map(rule_view).collect(),
        explanation: known.explain(a, b)?,
        threshold: LinkRules::of(&known.current.trained).threshold,
        cluster_records: [clusters[0].len(), clusters[1].len()],
        mean,
    })
}

fn rule_view((rule, met): (&BlockingRule, &Meeting)) -> RuleView {
    let parts = rule.on.iter().zip(&met.parts);
    let mut apart: Vec<String> = parts
        .filter_map(|(of, part)| match part {
            KeyPart::Equal => None,
            KeyPart::Different => Some(format!("{of} differs")),
            KeyPart::Excepted => Some(format!("the rule leaves their {of} out")),
            KeyPart::Missing { a: true, b: true } => Some(format!("neither has {of}")),
            KeyPart::Missing { a: true, .. } => Some(format!("the first has no {of}")),
            KeyPart::Missing { .. } => Some(format!("the second has no {of}")),
        })
        .collect();
    if let Some(most) = rule.records_max.filter(|most| met.block > *most) {
        apart.push(format!(
            "{} records share the key, over records_max ({most})",
            met.block
        ));
    }
    RuleView {
        rule: rule.to_string(),
        meet: met.meet,
        apart,
    }
}

/// The records that the model joins with one, itself included.
async fn cluster(session: &Session, of: &RecordName) -> Result<BTreeSet<RecordName>> {
    let mut cluster = BTreeSet::from([of.clone()]);
    let mut news = cluster.clone();
    while !news.is_empty() {
        let mut found = BTreeSet::new();
        let [source_a, key_a, source_b, key_b] = PAIR;
        let sides = [
            ([source_a, key_a], [source_b, key_b]),
            ([source_b, key_b], [source_a, key_a]),
        ];
        for (end, other) in sides {
            let joined = session.table(&matches()).await?;
            let joined = Touched::of_records(&news)?
                .renamed(&end)
                .narrow(joined, &end)?;
            found.extend(RecordName::all(&whole(joined).await?, other)?);
        }
        news = found.difference(&cluster).cloned().collect();
        cluster.extend(news.iter().cloned());
    }
    Ok(cluster)
}

fn mean_between(known: &InUse, clusters: &[BTreeSet<RecordName>; 2]) -> Result<f64> {
    let rows = |cluster: &BTreeSet<RecordName>| {
        cluster
            .iter()
            .map(|name| known.row(name))
            .collect::<Result<Vec<u32>>>()
    };
    known.mean_between(&rows(&clusters[0])?, &rows(&clusters[1])?)
}

impl RecordName {
    /// The records that two columns name, row by row.
    pub(in crate::identity) fn all(
        rows: &datafusion::arrow::record_batch::RecordBatch,
        [source, key]: [&str; 2],
    ) -> Result<Vec<Self>> {
        let names = text(rows, source)?.iter().zip(text(rows, key)?);
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Ok(names
            .map(|(source, key)| Self {
                source: text(source),
                key: text(key),
            })
            .collect())
    }
}
