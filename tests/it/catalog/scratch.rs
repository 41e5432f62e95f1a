use super::lakes::Lake;
use super::rows::*;
use c360_catalog::Scope;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scratch"]
async fn leave_a_lake() {
    let lake = Lake::local();
    let columns = "id long, person string, amount decimal, day date, at timestamp, x double";
    let warehouse = lake.open().await;
    let table = warehouse
        .create_or_evolve(&lake.definition("orders", columns))
        .await
        .unwrap();
    let lines: Vec<String> = (0..3000)
        .map(|n| {
            format!(
                "{n},p{},{}.25,2024-01-{:02},2024-01-01T00:00:{:02},{}.5",
                n % 100,
                n,
                n % 28 + 1,
                n % 60,
                n
            )
        })
        .collect();
    let refs: Vec<&str> = lines.iter().map(String::as_str).collect();
    let table = append(&table, rows(columns, &refs[..2000])).await.table;
    let table = append(&table, rows(columns, &refs[2000..])).await.table;
    let table = merge(
        &table,
        scope("person", rows("person string", &["p7", "p8"])),
        rows(
            columns,
            &[
                "7,p7,1.00,,,",
                "99999,p8,2.00,2024-02-02,2024-01-01T00:00:00,1",
            ],
        ),
    )
    .await
    .table;
    let table = merge(
        &table,
        scope("id", rows("id long", &["1", "2", "2500"])),
        rows(columns, &["1,p1,0.01,,,"]),
    )
    .await
    .table;
    table
        .tag("epoch-1", table.snapshot_id().unwrap())
        .await
        .unwrap();
    println!("{} {}", table.metadata_location(), table.row_count());
    println!("LAKE {}", lake.folder().display());
    let all = lines_n(&table).await;
    println!("rows {all}");
    let _ = Scope::Whole;
    std::mem::forget(lake);
}
async fn lines_n(table: &c360_catalog::Table) -> usize {
    lines(table).await.len()
}
