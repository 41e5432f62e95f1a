use std::io::Write;
use std::path::Path;

use datafusion::arrow::array::{Array, AsArray, Float64Array, Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::super::discover::discover;
use super::*;

/// The columns of every test: `id long required, name string`.
fn reader(format: Value, contract: Value) -> Arc<Reader> {
    let mut all = json!({"contract": "c", "key": ["id"], "columns": [
        {"name": "id", "type": "long"}, {"name": "name", "type": "string"}]});
    for (name, value) in contract.as_object().expect("an object") {
        all[name] = value.clone();
    }
    let contract: Contract = serde_json::from_value(all).expect("a contract");
    let job = json!({"contract": "c", "files": ["*"], "format": format});
    let job: SourceJob = serde_json::from_value(job).expect("a job");
    Arc::new(Reader::new(&Stores::new(None), None, &contract, &job).expect("a reader"))
}

struct Read {
    rows: Vec<String>,
    rejects: Vec<String>,
    ends: Vec<Fingerprint>,
}

async fn read(reader: &Arc<Reader>, files: &[(&str, &[u8])]) -> Result<Read> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    }
    read_folder(reader, folder.path()).await
}

async fn read_folder(reader: &Arc<Reader>, folder: &Path) -> Result<Read> {
    let data = folder.display().to_string();
    let found = discover(&reader.stores, &data, &["*".to_owned()]).await?;
    let names: Vec<String> = found.files.iter().map(|file| file.path.clone()).collect();
    let mut chunks = Arc::clone(reader).read(found.files, 2);
    let mut read = Read {
        rows: vec![],
        rejects: vec![],
        ends: vec![],
    };
    while let Some(chunk) = chunks.try_next().await? {
        let ids = chunk.rows.column(0).as_primitive::<Int64Type>();
        let texts = chunk.rows.column(1).as_string::<i32>();
        for row in 0..chunk.rows.num_rows() {
            let text = if texts.is_valid(row) {
                texts.value(row)
            } else {
                "∅"
            };
            read.rows.push(format!("{}:{text}", ids.value(row)));
        }
        for reject in &chunk.rejects {
            let column = reject.column.as_deref().unwrap_or("-");
            let line = reject.line.map_or("-".to_owned(), |line| line.to_string());
            read.rejects.push(format!(
                "{} row {} line {line} {column} {}: {}",
                names[chunk.file], reject.row, reject.reason, reject.text
            ));
        }
        read.ends.extend(chunk.end);
    }
    Ok(read)
}

async fn check(format: Value, files: &[(&str, &[u8])], rows: &[&str], rejects: &[&str]) {
    let read = read(&reader(format, json!({})), files)
        .await
        .expect("readable");
    assert_eq!(read.rows, rows);
    assert_eq!(read.rejects, rejects);
    assert_eq!(read.ends.len(), files.len(), "every file has an end");
    for (end, (_, bytes)) in read.ends.iter().zip(files) {
        assert_eq!(end.size, bytes.len() as u64);
        assert_eq!(
            end.checksum,
            format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes))
        );
    }
}

async fn check_error(
    format: Value,
    contract: Value,
    bytes: &[u8],
    kind: crate::Kind,
    message: &str,
) {
    let error = read(&reader(format, contract), &[("f", bytes)])
        .await
        .err()
        .expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(message), "{error}");
    assert!(error.hint().is_some(), "a remedy for {error}");
}

fn csv() -> Value {
    json!({"type": "csv"})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

#[tokio::test]
async fn csv_columns_are_found_by_name_in_any_order() {
    check(
        csv(),
        &[
            ("a.csv", b"name,other, id\nx,1,7\n,2,8"),
            ("b.csv", b"id\n9\n"),
        ],
        &["7:x", "8:∅", "9:∅"],
        &[],
    )
    .await;
}

#[tokio::test]
async fn bad_rows_keep_their_place_and_text() {
    let text = b"id,name\n1,a\n\nx,\"b\n b\"\n2\n3,c\ny,d\n";
    let rejects = [
        "a.csv row 2 line 4 id is no long: x,\"b\n b\"",
        "a.csv row 3 line 6 - 1 fields where the header has 2: 2",
        "a.csv row 5 line 8 id is no long: y,d",
    ];
    check(csv(), &[("a.csv", text)], &["1:a", "3:c"], &rejects).await;
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_header() {
    check(
        csv(),
        &[("a.csv", b"\xEF\xBB\xBFid,name\n1,a\n")],
        &["1:a"],
        &[],
    )
    .await;
    check(
        json!({"type": "ndjson"}),
        &[("a", b"\xEF\xBB\xBF{\"id\":1}\n")],
        &["1:∅"],
        &[],
    )
    .await;
}

#[tokio::test]
async fn latin_1_is_read_where_it_is_declared_and_rejected_where_it_is_not() {
    let text = b"id,name\n1,Zo\xEB\n2,ok\n";
    let latin = json!({"type": "csv", "encoding": "latin-1"});
    check(latin, &[("a.csv", text)], &["1:Zoë", "2:ok"], &[]).await;
    let rejects = ["a.csv row 1 line 2 - is not text in the declared encoding: 1,Zo\u{FFFD}"];
    check(csv(), &[("a.csv", text)], &["2:ok"], &rejects).await;
}

#[tokio::test]
async fn gzip_is_unpacked_by_name_or_on_demand_in_several_members() {
    let members = [gzip(b"id,name\n1,a\n"), gzip(b"2,b\n")].concat();
    check(csv(), &[("a.csv.gz", &members)], &["1:a", "2:b"], &[]).await;
    check(
        json!({"type": "csv", "compression": "gzip"}),
        &[("a.csv", &members)],
        &["1:a", "2:b"],
        &[],
    )
    .await;
}

#[tokio::test]
async fn an_archive_that_is_cut_short_is_named() {
    let whole = gzip(&b"id,name\n1,a\n".repeat(1000));
    let gzip = json!({"type": "csv", "compression": "gzip"});
    check_error(
        gzip.clone(),
        json!({}),
        &whole[..whole.len() - 9],
        crate::Kind::Data,
        "source file f is cut short",
    )
    .await;
    check_error(
        gzip,
        json!({}),
        b"plain text, no archive",
        crate::Kind::Data,
        "source file f cannot be unpacked",
    )
    .await;
}

#[tokio::test]
async fn ndjson_rejects_lines_that_are_no_objects() {
    let text = b"{\"id\":1,\"name\":\"a\"}\n{\"id\":\n{\"id\":1.5}\n{\"name\":\"b\",\"id\":2}";
    let rejects = [
        "a row 2 line 2 - is not valid JSON at character 6: {\"id\":",
        "a row 3 line 3 id is no long: {\"id\":1.5}",
    ];
    check(
        json!({"type": "ndjson"}),
        &[("a", text)],
        &["1:a", "2:b"],
        &rejects,
    )
    .await;
}

#[tokio::test]
async fn other_delimiters_and_quotes_can_be_declared() {
    let format = json!({"type": "csv", "delimiter": ";", "quote": "'"});
    check(format, &[("a.csv", b"id;name\n1;'a;b'\n")], &["1:a;b"], &[]).await;
}

#[tokio::test]
async fn files_may_hold_no_rows() {
    check(
        csv(),
        &[("b.csv", b"id,name"), ("c.csv", b"id,name\n")],
        &[],
        &[],
    )
    .await;
    check(json!({"type": "ndjson"}), &[("a", b"")], &[], &[]).await;
}

#[tokio::test]
async fn files_that_do_not_fit_the_contract_are_named() {
    let data = crate::Kind::Data;
    check_error(
        csv(),
        json!({}),
        b"name\nx\n",
        data,
        "source file f lacks the required column id",
    )
    .await;
    check_error(
        csv(),
        json!({}),
        b"id,id\n1,2\n",
        data,
        "source file f has the column id twice",
    )
    .await;
    check_error(
        csv(),
        json!({}),
        b"id,Name\n1,x\n",
        data,
        "source file f has the column Name where the contract has name",
    )
    .await;
    for empty in ["", "\n\n"] {
        check_error(
            csv(),
            json!({}),
            empty.as_bytes(),
            data,
            "source file f is empty: it has no header",
        )
        .await;
    }
    let strict = json!({"extra_columns": "reject"});
    check_error(
        csv(),
        strict,
        b"id,x\n1,2\n",
        data,
        "source file f has the column x, which the contract does not name",
    )
    .await;
    check_error(
        csv(),
        json!({}),
        b"\xFF\xFEi\0d\0",
        data,
        "source file f is encoded as UTF-16",
    )
    .await;
    check_error(
        csv(),
        json!({}),
        b"\x1F\x8B\x08\0\0\0\0\0",
        data,
        "source file f is packed, which its name does not say",
    )
    .await;
}

#[tokio::test]
async fn a_quote_that_nobody_closes_is_an_error_and_no_full_memory() {
    let mut text = b"id,name\n1,\"open\n".to_vec();
    text.extend(b"2,b\n".repeat(20 << 20));
    check_error(
        csv(),
        json!({}),
        &text,
        crate::Kind::Data,
        "source file f has a record of over 64 MiB",
    )
    .await;
}

#[tokio::test]
async fn many_chunks_come_in_order_with_their_numbers() {
    let mut text = String::from("id,name\n");
    for id in 0..300_000 {
        text.push_str(&format!("{id},\"name, {id}\"\n"));
    }
    text.push_str("bad,last\n");
    let read = read(&reader(csv(), json!({})), &[("a.csv", text.as_bytes())])
        .await
        .expect("readable");
    assert_eq!(read.rows.len(), 300_000);
    assert!(
        read.rows
            .iter()
            .enumerate()
            .all(|(id, row)| *row == format!("{id}:name, {id}"))
    );
    assert_eq!(
        read.rejects,
        ["a.csv row 300001 line 300002 id is no long: bad,last"]
    );
}

fn parquet_file(ids: ArrayRef, names: Vec<&str>) -> Vec<u8> {
    let schema = Schema::new(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("unused", DataType::Int64, true),
        Field::new("id", ids.data_type().clone(), true),
    ]);
    let unused = Arc::new(Int64Array::from(vec![0; names.len()]));
    let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(names)), unused, ids];
    let rows = RecordBatch::try_new(Arc::new(schema), columns).expect("rows");
    let mut bytes = Vec::new();
    let mut writer =
        ::parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("written");
    writer.close().expect("closed");
    bytes
}

use datafusion::arrow::array::ArrayRef;

#[tokio::test]
async fn parquet_columns_are_found_by_name_and_converted() {
    let ids = Arc::new(Float64Array::from(vec![Some(1.0), Some(2.5), None]));
    let bytes = parquet_file(ids, vec!["a", "b", "c"]);
    let rejects = [
        "a.parquet row 2 line - id does not fit long: {\"id\":\"2.5\",\"name\":\"b\"}",
        "a.parquet row 3 line - id is empty but required: {\"name\":\"c\"}",
    ];
    check(
        json!({"type": "parquet"}),
        &[("a.parquet", &bytes)],
        &["1:a"],
        &rejects,
    )
    .await;
}

#[tokio::test]
async fn a_parquet_file_that_is_cut_short_is_named() {
    let bytes = parquet_file(Arc::new(Int64Array::from(vec![1, 2])), vec!["a", "b"]);
    let parquet = json!({"type": "parquet"});
    for length in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        check_error(
            parquet.clone(),
            json!({}),
            &bytes[..length],
            crate::Kind::Data,
            "source file f is not a whole Parquet file",
        )
        .await;
    }
}

#[tokio::test]
async fn a_thread_that_dies_is_no_end_of_its_file() {
    let (sender, pieces) = mpsc::channel(1);
    let started = Started {
        path: "a.parquet".into(),
        pieces,
        thread: tokio::task::spawn_blocking(move || {
            drop(sender);
            panic!("a decoder met what it did not expect");
        }),
    };
    let pieces: Result<Vec<Piece>> = received(started).try_collect().await;
    let error = pieces.err().expect("an error");
    assert_eq!(error.kind(), crate::Kind::Internal);
    assert!(
        error
            .to_string()
            .starts_with("reading source file a.parquet stopped"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), "id,name\n1,a\n").expect("a file");
    let reader = reader(csv(), json!({}));
    let data = folder.path().display().to_string();
    let found = discover(&reader.stores, &data, &["*".to_owned()])
        .await
        .expect("listed");
    std::fs::write(folder.path().join("a.csv"), "id,name\n1,a\n2,b\n").expect("a file");
    let chunks: Result<Vec<Chunk>> = reader.read(found.files, 2).try_collect().await;
    let error = chunks.expect_err("refused");
    assert_eq!(error.kind(), crate::Kind::Conflict);
    assert_eq!(
        error.to_string(),
        "source file a.csv changed while it was read"
    );
}
