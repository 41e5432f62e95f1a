//! What the kernel answered, as rows of `identity.links` and `identity.persons`, or of another entity's links and members:
//! some at a time, since all of them would take more memory than the graph.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use c360_resolve::cluster::{Evidence, Link, Refusal, Resolution};
use c360_resolve::entity_id;
use c360_spec::Entity;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int32Array, RecordBatch, StringArray, StringBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;

use super::graph::Graph;
use super::rows::pair_fields;
use crate::error::Result;

/// Rows that are handed on at once.
const ROWS: usize = 64 << 10;

/// A graph that was resolved.
pub struct Answer {
    graph: Graph,
    resolution: Resolution,
    /// The records in the order of their names.
    order: Vec<u32>,
}

impl Answer {
    /// Runs the kernel.
    pub fn of(graph: Graph) -> Result<Self> {
        let resolution = graph.resolve()?;
        let names = &graph.records.names;
        let mut order: Vec<u32> = (0..names.source.len() as u32).collect();
        order.par_sort_unstable_by_key(|record| names.of(*record));
        Ok(Self {
            graph,
            resolution,
            order,
        })
    }

    /// Every record with its person, or what else is resolved, and its component; sorted by the records' names.
    pub fn members(self: &Arc<Self>) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
        let answer = Arc::clone(self);
        pieces(self.order.len()).map(move |piece| answer.members_of(&answer.order[piece]))
    }

    /// Every candidate link, followed or refused.
    pub fn links(self: &Arc<Self>) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
        let answer = Arc::clone(self);
        let links = self.resolution.links.len();
        pieces(links).map(move |piece| answer.rows_of(&answer.resolution.links[piece]))
    }

    fn members_of(&self, records: &[u32]) -> Result<RecordBatch> {
        let names = &self.graph.records.names;
        let initial = self.graph.entity.initial();
        let ids = |anchors: &[u32]| -> ArrayRef {
            let ids = records.iter().map(|record| {
                let (source, key) = names.of(anchors[*record as usize]);
                entity_id(initial, source, key)
            });
            Arc::new(StringArray::from_iter_values(ids))
        };
        let named = records.iter().map(|record| names.of(*record));
        let (sources, keys): (Vec<&str>, Vec<&str>) = named.unzip();
        let columns = vec![
            Arc::new(StringArray::from_iter_values(sources)) as ArrayRef,
            Arc::new(StringArray::from_iter_values(keys)),
            ids(&self.resolution.person),
            ids(&self.resolution.component),
        ];
        let schema = members_schema(&self.graph.entity);
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    fn rows_of(&self, links: &[Link]) -> Result<RecordBatch> {
        let names = &self.graph.records.names;
        let mut ends: [StringBuilder; 4] = std::array::from_fn(|_| StringBuilder::new());
        let mut rule = StringBuilder::new();
        let mut evidence = StringBuilder::new();
        let mut refused_by = StringBuilder::new();
        for link in links {
            for (end, record) in [link.a, link.b].into_iter().enumerate() {
                let (source, key) = names.of(record);
                ends[2 * end].append_value(source);
                ends[2 * end + 1].append_value(key);
            }
            let (name, value) = self.evidence(link.evidence);
            rule.append_value(name);
            evidence.append_value(value);
            refused_by.append_option(link.refused_by.map(|refusal| self.refusal(refusal)));
        }
        let rank = links.iter().map(|link| i32::from(link.rank));
        let accepted: BooleanArray = links.iter().map(|link| Some(link.accepted())).collect();
        let mut columns: Vec<ArrayRef> = ends
            .iter_mut()
            .map(|end| Arc::new(end.finish()) as ArrayRef)
            .collect();
        columns.push(Arc::new(rule.finish()));
        columns.push(Arc::new(evidence.finish()));
        columns.push(Arc::new(Int32Array::from_iter_values(rank)));
        columns.push(Arc::new(accepted));
        columns.push(Arc::new(refused_by.finish()));
        Ok(RecordBatch::try_new(links_schema(), columns)?)
    }

    fn evidence(&self, evidence: Evidence) -> (&str, Cow<'_, str>) {
        match evidence {
            Evidence::Identifier { kind, value } => (
                &self.graph.kinds[kind as usize],
                self.graph.values.value(value).into(),
            ),
            Evidence::MustLink => ("steward", "".into()),
            Evidence::Score { weight } => ("model", weight.to_string().into()),
        }
    }

    fn refusal(&self, refusal: Refusal) -> &str {
        match refusal {
            Refusal::CannotLink => "steward",
            Refusal::PersonRecordsMax => "person_records_max",
            Refusal::Identifier { kind } => &self.graph.kinds[kind as usize],
            Refusal::Guard { guard } => {
                &self.graph.deciding[self.graph.rules.guards[guard as usize].attribute]
            }
            Refusal::AgreeOn => "agree_on",
            Refusal::Contested => "contested",
        }
    }
}

/// So many rows in ranges.
fn pieces(rows: usize) -> impl Iterator<Item = Range<usize>> + Send {
    let starts = (0..rows).step_by(ROWS);
    starts.map(move |start| start..rows.min(start + ROWS))
}

/// One row a record, with its person or what else is resolved.
pub fn members_schema(entity: &Entity) -> SchemaRef {
    let id = entity.id_column();
    let names = ["source", "key", &id, "component_id"];
    Arc::new(Schema::new(
        names
            .map(|name| Field::new(name, DataType::Utf8, false))
            .to_vec(),
    ))
}

/// One row a piece of evidence.
pub fn links_schema() -> SchemaRef {
    let mut fields = pair_fields();
    fields.extend(["rule", "evidence"].map(|name| Field::new(name, DataType::Utf8, false)));
    fields.push(Field::new("rank", DataType::Int32, false));
    fields.push(Field::new("accepted", DataType::Boolean, false));
    fields.push(Field::new("refused_by", DataType::Utf8, true));
    Arc::new(Schema::new(fields))
}
