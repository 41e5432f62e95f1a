//! SQL as analysts write it: every file in `tests/sql` is a test, in sqllogictest's format.

use async_trait::async_trait;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use crate::flow::lab::{Lab, chain};

/// An empty lake of the retail project.
struct Analyst(Lab);

/// What an analyst is told.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

#[async_trait]
impl AsyncDB for Analyst {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        let answer = self.0.query(sql).await;
        let rows = answer.map_err(|error| Refused(chain(&error)))?;
        let types = vec![DefaultColumnType::Any; rows.first().map_or(0, Vec::len)];
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}
}

async fn check(file: &str) {
    let path = format!("{}/tests/sql/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut runner = Runner::new(|| async { Ok(Analyst(Lab::new().await)) });
    if let Err(error) = runner.run_file_async(path).await {
        panic!("{}", error.display(false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_standardised_in_sql() {
    check("standardisers.slt").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_only_read() {
    check("read_only.slt").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_forecast_in_sql() {
    check("forecasts.slt").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregates_rest_on_no_order() {
    check("aggregates.slt").await;
}
