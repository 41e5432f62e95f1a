//! What a plan says of persons, held against the rows that there are, before and after.

use c360_flow::{Action, Plan, PlannedJob};

use super::lab::Lab;
use super::retailer::Retailer;

fn job<'a>(plan: &'a Plan, name: &str) -> &'a PlannedJob {
    let job = plan.jobs.iter().find(|job| job.job == name);
    job.unwrap_or_else(|| panic!("no {name} in {plan:?}"))
}

/// Rows of the tables that records are read from.
async fn rows_of_records(lab: &Lab) -> i64 {
    let mut rows = 0;
    let tables: Vec<String> = lab
        .engine()
        .project()
        .jobs
        .get("identity")
        .map(|job| job.input_tables().iter().map(ToString::to_string).collect())
        .expect("an identity job");
    for table in tables {
        let count = lab.rows(&format!("SELECT COUNT(*) FROM {table}")).await;
        rows += count[0].parse::<i64>().expect("a number");
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_which_rows_of_records_persons_hang_on() {
    let (lab, mut retailer) = (Lab::new().await, Retailer::new(31));
    let delivery = retailer.deliver().and(retailer.deliver());
    delivery.write(&lab.data(), "1");
    let as_of = retailer.as_of();
    lab.run(&as_of).await;
    let before = rows_of_records(&lab).await;

    retailer.deliver().write(&lab.data(), "2");
    let as_of = retailer.as_of();
    let plan = lab.plan(&as_of).await;
    let identity = job(&plan, "identity");
    assert_eq!(identity.action, Action::Waits);
    let news = identity.records.as_ref().expect("news");
    assert!(news.is_estimated, "{news:?}");
    assert!(job(&plan, "orders").records.is_none());

    let sources: Vec<&str> = lab
        .engine()
        .project()
        .jobs
        .values()
        .filter(|job| job.kind_name() == "source")
        .map(|job| job.name.as_str())
        .collect();
    lab.run_jobs(&sources, &as_of).await;
    let plan = lab.plan(&as_of).await;
    let identity = job(&plan, "identity");
    assert_eq!(identity.action, Action::Incremental);
    let news = identity.records.as_ref().expect("news");
    assert!(!news.is_estimated, "{news:?}");
    let [added, removed] = [news.rows_added, news.rows_removed].map(|rows| rows.expect("known"));
    let grown = rows_of_records(&lab).await - before;
    assert!(added > 0, "{news:?}");
    assert_eq!(i64::try_from(added - removed), Ok(grown));
    assert_eq!(identity.effort.rows_to_read, Some(added + removed));
    lab.run(&as_of).await;
    let plan = lab.plan(&as_of).await;
    assert!(plan.is_empty(), "{plan:?}");
    assert!(job(&plan, "identity").records.is_none());
}
