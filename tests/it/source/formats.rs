//! Files as they come: compressed, in other encodings, broken.

use std::io::Write;
use std::sync::Arc;

use c360_flow::Kind;
use datafusion::arrow::array::{Date32Array, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use flate2::write::GzEncoder;

use super::shop::Shop;

#[tokio::test]
async fn gzip_byte_order_marks_and_quotes_are_read() {
    let shop = Shop::new("files: ['*.csv', '*.csv.gz']\nformat: {type: csv}\n").await;
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(b"\xEF\xBB\xBFid,v,at\n\"a, b\",1,2011-01-01\n")
        .expect("in memory");
    shop.put("1.csv.gz", encoder.finish().expect("in memory"));
    shop.put(
        "2.csv",
        "\u{feff}id,v,at\n\"say \"\"hi\"\"\",2,2011-01-01\n",
    );
    shop.run().await;
    shop.check(&["a, b,1,2011-01-01", "say \"hi\",2,2011-01-01"])
        .await;
}

#[tokio::test]
async fn latin_1_becomes_utf_8() {
    let shop =
        Shop::new("files: ['*.csv']\nformat: {type: csv, encoding: latin-1, delimiter: ';'}\n")
            .await;
    shop.put("1.csv", b"id;v;at\nZo\xEB M\xFCller;1;2011-01-01\n");
    shop.run().await;
    shop.check(&["Zoë Müller,1,2011-01-01"]).await;
}

#[tokio::test]
async fn windows_1252_has_the_euro_sign() {
    let shop = Shop::new("files: ['*.csv']\nformat: {type: csv, encoding: windows-1252}\n").await;
    shop.put("1.csv", b"id,v,at\n\x80 Zo\xEB,1,2011-01-01\n");
    shop.run().await;
    shop.check(&["€ Zoë,1,2011-01-01"]).await;
}

#[tokio::test]
async fn ndjson_is_read() {
    let shop = Shop::new("files: ['*.ndjson']\nformat: {type: ndjson}\n").await;
    shop.put(
        "1.ndjson",
        "{\"at\":\"2011-01-01\",\"id\":\"a\",\"v\":1}\n{\"id\":\"b\",\"v\":null}\n",
    );
    shop.run().await;
    shop.check(&["a,1,2011-01-01", "b,∅,∅"]).await;
}

fn parquet() -> Vec<u8> {
    let schema = Schema::new(vec![
        Field::new("id", DataType::Utf8, true),
        Field::new("v", DataType::Float64, true),
        Field::new("at", DataType::Date32, true),
    ]);
    let rows = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(StringArray::from(vec!["a", "b"])),
            Arc::new(Float64Array::from(vec![1.0, 1.5])),
            Arc::new(Date32Array::from(vec![0, 0])),
        ],
    );
    written(&rows.expect("rows"))
}

fn written(rows: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema(), None).expect("a writer");
    writer.write(rows).expect("written");
    writer.close().expect("closed");
    bytes
}

/// Rows `a` to `c` with the operations that are given.
fn parquet_changes(operations: Vec<Option<&str>>) -> Vec<u8> {
    let schema = Schema::new(vec![
        Field::new("op", DataType::Utf8, true),
        Field::new("id", DataType::Utf8, true),
        Field::new("at", DataType::Date32, true),
    ]);
    let rows = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(StringArray::from(operations)),
            Arc::new(StringArray::from(vec!["a", "b", "c"])),
            Arc::new(Date32Array::from(vec![0, 0, 0])),
        ],
    );
    written(&rows.expect("rows"))
}

#[tokio::test]
async fn a_missing_operation_is_a_reject_in_every_format() {
    let csv = "op,id,at\nI,a,1970-01-01\n,b,1970-01-01\n  ,c,1970-01-01\n";
    let ndjson = "{\"op\":\"I\",\"id\":\"a\",\"at\":\"1970-01-01\"}\n\
        {\"op\":null,\"id\":\"b\",\"at\":\"1970-01-01\"}\n{\"id\":\"c\",\"at\":\"1970-01-01\"}\n";
    let parquet = parquet_changes(vec![Some("I"), None, Some("")]);
    let files: [(&str, &[u8]); 3] = [
        ("csv", csv.as_bytes()),
        ("ndjson", ndjson.as_bytes()),
        ("parquet", &parquet),
    ];
    for (format, bytes) in files {
        let job = format!(
            "files: ['*']\nformat: {{type: {format}}}\nmode: cdc\norder_by: at\nop: {{column: op}}\n"
        );
        let shop = Shop::new(&job).await;
        shop.put("1", bytes);
        shop.run().await;
        shop.check(&["a,∅,1970-01-01"]).await;
        let rejects = shop.rows("raw.items__rejects").await;
        assert_eq!(rejects.len(), 2, "{format}: {rejects:?}");
        for reject in rejects {
            let reason = "op,is not one of the declared operations";
            assert!(reject.contains(reason), "{format}: {reject}");
        }
    }
}

const PARQUET: &str = "files: ['*.parquet']\nformat: {type: parquet}\n";

#[tokio::test]
async fn parquet_is_read_by_the_contract() {
    let shop = Shop::new(PARQUET).await;
    shop.put("1.parquet", parquet());
    shop.run().await;
    shop.check(&["a,1,1970-01-01"]).await;
    let rejects = shop.rows("raw.items__rejects").await;
    assert_eq!(
        rejects,
        ["1.parquet,2,∅,v,does not fit int,{\"id\":\"b\",\"v\":\"1.5\",\"at\":\"1970-01-01\"}"]
    );
}

#[tokio::test]
async fn a_truncated_parquet_file_is_named_and_changes_nothing() {
    let shop = Shop::new(PARQUET).await;
    shop.put("1.parquet", parquet());
    shop.run().await;
    let whole = parquet();
    shop.put("2.parquet", &whole[..whole.len() / 2]);
    let error = shop.try_run().await.expect_err("refused");
    assert_eq!(error.kind(), Kind::Data);
    assert!(
        error
            .to_string()
            .starts_with("source file 2.parquet is not a whole Parquet file"),
        "{error}"
    );
    shop.check(&["a,1,1970-01-01"]).await;
    shop.put("2.parquet", &whole);
    shop.run().await;
    assert_eq!(shop.rows("raw.items__rejects").await.len(), 2);
}
