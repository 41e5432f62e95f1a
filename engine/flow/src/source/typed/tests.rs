use datafusion::arrow::array::{Float64Array, Int64Array, StringArray, TimestampNanosecondArray};
use datafusion::arrow::util::display::array_value_to_string;
use serde_json::{Value, json};

use super::super::cells::{MISSING, Record, Span};
use super::*;

fn rules(contract: Value, job: Value) -> Rules {
    let mut contract_full = json!({"contract": "c", "key": []});
    let mut job_full = json!({"contract": "c", "files": ["*"], "format": {"type": "parquet"}});
    merge(&mut contract_full, contract);
    merge(&mut job_full, job);
    let contract: Contract = serde_json::from_value(contract_full).expect("a contract");
    let job: SourceJob = serde_json::from_value(job_full).expect("a job");
    Rules::new(&contract, &job).expect("rules")
}

fn merge(into: &mut Value, from: Value) {
    for (name, value) in from.as_object().expect("an object") {
        into[name] = value.clone();
    }
}

/// Cells of one column; none is missing.
fn cells(columns: &[&[Option<&str>]]) -> Cells {
    let mut cells = Cells::new(String::new(), columns.len());
    for (slot, column) in columns.iter().enumerate() {
        for text in *column {
            let start = cells.text.len();
            cells.text.push_str(text.unwrap_or(""));
            let span = text.map_or(MISSING, |_| Span::new(start, cells.text.len()));
            cells.columns[slot].push(span);
        }
    }
    let record = |number| Record {
        number: number as u32,
        span: Span::new(0, 0),
    };
    cells.records = (0..columns[0].len()).map(record).collect();
    cells
}

fn texts(rows: &RecordBatch) -> Vec<String> {
    let row = |row: usize| {
        let cells = rows
            .columns()
            .iter()
            .map(|column| match column.is_null(row) {
                true => "∅".to_owned(),
                false => array_value_to_string(column, row).expect("a text"),
            });
        cells.collect::<Vec<_>>().join("|")
    };
    (0..rows.num_rows()).map(row).collect()
}

fn reasons(typed: &TypedRows) -> Vec<String> {
    let text = |fault: &RowFault| {
        format!(
            "{} {} {}",
            fault.row,
            fault.column.as_deref().unwrap_or("-"),
            fault.reason
        )
    };
    typed.faults.iter().map(text).collect()
}

/// One column of the given rules, from text: rows that stay and reasons of those that do not.
fn check(column: Value, contract: Value, values: &[&str], kept: &[&str], bad: &[&str]) {
    let mut all = json!({"columns": [{"name": "x"}]});
    merge(&mut all["columns"][0], column);
    merge(&mut all, contract);
    let rules = rules(all, json!({}));
    let values: Vec<Option<&str>> = values.iter().copied().map(Some).collect();
    let typed = rules.type_cells(&cells(&[&values]), Numbers::Exact);
    assert_eq!(texts(&typed.rows), kept, "of {values:?}");
    assert_eq!(reasons(&typed), bad, "of {values:?}");
}

#[test]
fn texts_are_trimmed_and_nulls_are_spelled() {
    check(
        json!({"type": "string"}),
        json!({}),
        &[" a b ", "", "  ", "NULL", "\u{a0}x"],
        &["a b", "∅", "∅", "NULL", "x"],
        &[],
    );
    let nulls = json!({"null_values": ["NULL", "-"], "trim": false});
    check(
        json!({"type": "string"}),
        nulls,
        &[" a", "NULL", "-", ""],
        &[" a", "∅", "∅", ""],
        &[],
    );
}

#[test]
fn booleans_have_many_spellings() {
    let bad = ["2 x is no boolean"];
    check(
        json!({"type": "boolean"}),
        json!({}),
        &["Yes", "0", "maybe", ""],
        &["true", "false", "∅"],
        &bad,
    );
    let own = json!({"booleans": {"true": ["ja"], "false": ["nein"]}});
    check(
        json!({"type": "boolean"}),
        own,
        &["JA", "nein"],
        &["true", "false"],
        &[],
    );
}

#[test]
fn numbers_are_read_whole() {
    let bad = ["1 x does not fit int", "2 x is no int", "3 x is no int"];
    check(
        json!({"type": "int"}),
        json!({}),
        &["-7", "2147483648", "1.0", "x"],
        &["-7"],
        &bad,
    );
    check(
        json!({"type": "double"}),
        json!({}),
        &["1e3", "nan"],
        &["1000.0"],
        &["1 x is no double"],
    );
    let bad = [
        "1 x has more digits after the point than decimal(5,2)",
        "2 x does not fit decimal(5,2)",
    ];
    check(
        json!({"type": "decimal(5,2)"}),
        json!({}),
        &["1.5", "1.555", "1000"],
        &["1.50"],
        &bad,
    );
}

#[test]
fn dates_say_which_formats_they_have() {
    let column = json!({"type": "date", "formats": ["%Y%m%d", "%d/%m/%Y"]});
    let bad = ["2 x is no date written as %Y%m%d or %d/%m/%Y"];
    check(
        column,
        json!({}),
        &["20111209", "09/12/2011", "2011-12-09"],
        &["2011-12-09", "2011-12-09"],
        &bad,
    );
}

#[test]
fn required_values_and_keys_must_be_there() {
    check(
        json!({"type": "string", "required": true}),
        json!({}),
        &["a", ""],
        &["a"],
        &["1 x is empty but required"],
    );
    check(
        json!({"type": "string"}),
        json!({"key": ["x"]}),
        &["a", ""],
        &["a"],
        &["1 x is empty but required"],
    );
}

#[test]
fn values_are_checked_against_sets_patterns_and_bounds() {
    let accepted = json!({"type": "string", "accepted_values": ["web", "store"]});
    check(
        accepted,
        json!({}),
        &["web", "fax", ""],
        &["web", "∅"],
        &["1 x is not among the accepted values"],
    );
    let accepted = json!({"type": "decimal(5,2)", "accepted_values": ["1", "2.5"]});
    check(
        accepted,
        json!({}),
        &["1.00", "2.5", "3"],
        &["1.00", "2.50"],
        &["2 x is not among the accepted values"],
    );
    let pattern = json!({"type": "string", "pattern": "^[A-Z]+$"});
    check(
        pattern,
        json!({}),
        &["AB", "Ab"],
        &["AB"],
        &["1 x does not match the pattern"],
    );
    let bounds = json!({"type": "date", "min": "2010-01-01", "max": "2011-12-31"});
    let bad = [
        "0 x is below the least value 2010-01-01",
        "2 x is above the greatest value 2011-12-31",
    ];
    check(
        bounds,
        json!({}),
        &["2009-12-31", "2010-01-01", "2012-01-01", ""],
        &["2010-01-01", "∅"],
        &bad,
    );
}

#[test]
fn a_bound_that_is_not_of_the_type_is_refused() {
    let contract =
        json!({"contract": "c", "columns": [{"name": "x", "type": "int", "min": "low"}]});
    let contract: Contract = serde_json::from_value(contract).expect("a contract");
    let job = json!({"contract": "c", "files": ["*"], "format": {"type": "parquet"}});
    let job: SourceJob = serde_json::from_value(job).expect("a job");
    let error = Rules::new(&contract, &job).expect_err("refused");
    assert_eq!(error.to_string(), "min of column x is no int: low");
}

#[test]
fn a_bad_row_names_its_first_column_and_leaves_the_others_alone() {
    let contract = json!({"columns": [{"name": "a", "type": "int"}, {"name": "b", "type": "int"}]});
    let typed = rules(contract, json!({})).type_cells(
        &cells(&[
            &[Some("x"), Some("1"), Some("2")],
            &[Some("y"), Some("1"), Some("z")],
        ]),
        Numbers::Exact,
    );
    assert_eq!(texts(&typed.rows), ["1|1"]);
    assert_eq!(reasons(&typed), ["0 a is no int", "2 b is no int"]);
}

#[test]
fn operations_divide_rows_into_upserts_and_deletes() {
    let contract = json!({"key": ["k"], "columns": [
        {"name": "k", "type": "string"}, {"name": "v", "type": "int", "required": true}]});
    let job = json!({"mode": "cdc", "order_by": "v", "op": {"column": "op"}});
    let rules = rules(contract, job);
    assert_eq!(rules.wanted(), ["k", "v", "op"]);
    let typed = rules.type_cells(
        &cells(&[
            &[Some("a"), Some("b"), Some("c"), Some(""), Some("e")],
            &[Some("1"), Some("2"), Some("3"), Some("4"), Some("5")],
            &[Some("I"), Some("D"), Some("X"), Some("D"), None],
        ]),
        Numbers::Exact,
    );
    assert_eq!(texts(&typed.rows), ["a|1"]);
    assert_eq!(texts(&typed.deletes), ["b|2"]);
    assert_eq!(
        reasons(&typed),
        [
            "2 op is not one of the declared operations",
            "3 k is empty but required",
            "4 op is not one of the declared operations"
        ]
    );
}

#[test]
fn a_file_without_the_operation_holds_inserts() {
    let contract = json!({"key": ["k"], "columns": [
        {"name": "k", "type": "string"}, {"name": "v", "type": "int"}]});
    let job = json!({"mode": "cdc", "order_by": "v", "op": {"column": "op"}});
    let cells = Cells {
        absent: vec![2],
        ..cells(&[&[Some("a")], &[Some("1")], &[None]])
    };
    let typed = rules(contract, job).type_cells(&cells, Numbers::Exact);
    assert_eq!(texts(&typed.rows), ["a|1"]);
    assert_eq!(reasons(&typed), Vec::<String>::new());
}

#[test]
fn a_delete_needs_no_more_than_its_key_and_order() {
    let contract = json!({"key": ["k"], "columns": [{"name": "k", "type": "string"},
        {"name": "v", "type": "int", "required": true}, {"name": "at", "type": "date"}]});
    let rules = rules(
        contract,
        json!({"mode": "cdc", "order_by": "at", "op": {"column": "op"}}),
    );
    let day = Some("2011-12-09");
    let typed = rules.type_cells(
        &cells(&[
            &[Some("a"), Some("b")],
            &[Some(""), Some("x")],
            &[day, Some("soon")],
            &[Some("D"), Some("D")],
        ]),
        Numbers::Exact,
    );
    assert_eq!(texts(&typed.deletes), ["a|∅|2011-12-09"]);
    assert_eq!(reasons(&typed), ["1 at is no date"]);
}

fn check_array(data_type: &str, array: ArrayRef, kept: &[&str], bad: &[&str]) {
    let rules = rules(
        json!({"columns": [{"name": "x", "type": data_type}]}),
        json!({}),
    );
    let typed = rules
        .type_arrays(array.len(), &[Some(array)])
        .expect("convertible");
    assert_eq!(texts(&typed.rows), kept);
    assert_eq!(reasons(&typed), bad);
}

#[test]
fn arrays_become_the_contracts_types_without_loss() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(0.1 + 0.2),
        Some(1.0004),
        None,
    ]));
    let bad = ["1 x has more digits after the point than decimal(14,3)"];
    check_array("decimal(14,3)", floats.clone(), &["0.300", "∅"], &bad);
    check_array(
        "int",
        floats,
        &["∅"],
        &["0 x does not fit int", "1 x does not fit int"],
    );
    let longs: ArrayRef = Arc::new(Int64Array::from(vec![5, 1 << 40]));
    check_array("int", longs.clone(), &["5"], &["1 x does not fit int"]);
    check_array("string", longs.clone(), &["5", "1099511627776"], &[]);
    check_array(
        "decimal(5,2)",
        longs,
        &["5.00"],
        &["1 x does not fit decimal(5,2)"],
    );
    let strings: ArrayRef = Arc::new(StringArray::from(vec![" 7 ", "seven"]));
    check_array("long", strings, &["7"], &["1 x is no long"]);
    let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_000_000, 1]));
    check_array(
        "timestamp",
        nanos.clone(),
        &["1970-01-01T00:00:00.001"],
        &["1 x does not fit timestamp"],
    );
    let zoned = TimestampNanosecondArray::from(vec![0]).with_timezone("+10:00");
    check_array("timestamp", Arc::new(zoned), &["1970-01-01T00:00:00"], &[]);
}

#[test]
fn a_column_that_can_never_fit_is_named() {
    let rules = rules(
        json!({"columns": [{"name": "x", "type": "int"}]}),
        json!({}),
    );
    let lists = datafusion::arrow::array::new_null_array(
        &ArrowType::List(Arc::new(Field::new("element", ArrowType::Int32, true))),
        1,
    );
    assert_eq!(
        rules.type_arrays(1, &[Some(lists)]).expect_err("refused"),
        0
    );
    let typed = rules
        .type_arrays(2, &[None])
        .expect("an absent column is null");
    assert_eq!(texts(&typed.rows), ["∅", "∅"]);
}
