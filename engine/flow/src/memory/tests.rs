//! Queries over wide rows, within limits that hold a fraction of them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{BoundedPool, batch_rows, rules};

/// A session on two threads that has our rules, or DataFusion's alone.
pub fn context(memory: &Arc<dyn MemoryPool>, ours: bool) -> SessionContext {
    context_on(2, memory, ours)
}

fn context_on(threads: usize, memory: &Arc<dyn MemoryPool>, ours: bool) -> SessionContext {
    let config = SessionConfig::new().with_target_partitions(threads);
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::clone(memory));
    let state = SessionStateBuilder::new()
        .with_config(config.with_batch_size(batch_rows(memory)))
        .with_runtime_env(Arc::new(runtime.build().expect("a runtime")))
        .with_default_features();
    SessionContext::new_with_state(match ours {
        true => state.with_physical_optimizer_rules(rules(memory)).build(),
        false => state.build(),
    })
}

pub fn bounded(bytes: usize) -> Arc<dyn MemoryPool> {
    Arc::new(BoundedPool::new(bytes))
}

pub fn unbounded() -> Arc<dyn MemoryPool> {
    Arc::new(UnboundedMemoryPool::default())
}

/// 60,000 rows of about 500 bytes: a number, and three texts that each has with no or few others.
fn wide() -> RecordBatch {
    let ids = (0..60_000).map(|row| row * 7919 % 60_013);
    let text = |name: &str, modulus: i64, length: usize| -> ArrayRef {
        let texts = ids.clone().map(|id| {
            let text = format!("{name} {:0length$}", id % modulus, length = length);
            (id % 17 != 0).then_some(text)
        });
        Arc::new(texts.collect::<StringArray>())
    };
    let id: ArrayRef = Arc::new(Int64Array::from_iter_values(ids.clone()));
    RecordBatch::try_from_iter_with_nullable([
        ("id", id, false),
        ("a", text("a", 30_000, 60), true),
        ("b", text("b", 60_013, 200), true),
        ("c", text("c", 20_000, 220), true),
    ])
    .expect("columns")
}

async fn answer(context: &SessionContext, sql: &str) -> Result<String, String> {
    context.register_batch("w", wide()).expect("a table");
    let rows = context.sql(sql).await.expect("a query").collect().await;
    let rows = rows.map_err(|error| error.to_string())?;
    Ok(pretty_format_batches(&rows).expect("a table").to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_answered_all_the_same() {
    for sql in [
        "SELECT count(*), sum(length(x.b) + length(y.c)), min(z.b)
         FROM w x JOIN w y ON x.a = y.a JOIN w z ON z.c = y.c",
        "SELECT count(*), sum(length(b)), max(c)
         FROM (SELECT a, max(b) AS b, min(c) AS c, max(c) AS d FROM w GROUP BY a)",
        "SELECT count(*), sum(n) FROM (
           SELECT x.id, y.a, count(*) AS n
           FROM w x JOIN (SELECT id % 3 + 5 AS k, a FROM w) y ON x.id = y.k GROUP BY x.id, y.a)",
        "SELECT count(*), sum(place * length(b)) FROM (
           SELECT substr(b, 2) AS b, row_number() OVER (ORDER BY substr(c, 2), id) % 97 AS place
           FROM w)",
        "SELECT count(*), sum(n) FROM (
           SELECT source, b, count(*) AS n FROM (SELECT 'till' AS source, b FROM w) GROUP BY source, b)",
    ] {
        let expected = answer(&context(&unbounded(), false), sql).await;
        assert!(expected.is_ok(), "{sql}: {expected:?}");
        for (threads, bytes) in [(2, 16 << 20), (8, 32 << 20), (2, 64 << 20)] {
            let tight = bounded(bytes);
            let found = answer(&context_on(threads, &tight, true), sql).await;
            assert_eq!(found, expected, "{sql}: {threads} threads, {bytes} bytes");
            assert_eq!(tight.reserved(), 0, "{sql}");
        }
    }
}
