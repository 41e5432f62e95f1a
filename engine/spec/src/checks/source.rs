//! A source job against its contract. The column of `op` is one of the files, and need not be among
//! those that the contract keeps.

use crate::document::Document;
use crate::job::{Mode, OperationColumn, SourceJob};
use crate::{Contract, spelling};

use super::Names;

pub fn check(document: &mut Document, job: &SourceJob, names: &Names<'_>) {
    if !document.is_doubtful("/mode") {
        check_mode(document, job);
    }
    names_each_table_once(document, job, names);
    match names.contracts.get(&job.contract) {
        None => unknown_contract(document, job, names),
        Some(Some(contract)) => check_columns(document, job, contract),
        Some(None) => {}
    }
}

fn names_each_table_once(document: &mut Document, job: &SourceJob, names: &Names<'_>) {
    let this = document.stem().to_owned();
    let writers = names.writers.get(&job.table()).into_iter().flatten();
    if let Some(other) = writers.into_iter().find(|name| **name != this) {
        let message = format!(
            "table `{}` is written by the job `{other}` too",
            job.table()
        );
        let hint = "a table has one job: name all files of the contract in it".to_owned();
        document.report_value("/contract", message, Some(hint));
    }
}

fn unknown_contract(document: &mut Document, job: &SourceJob, names: &Names<'_>) {
    let near = spelling::nearest(&job.contract, names.contracts.keys().map(String::as_str));
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("describe its rows in `schemas/{}.yaml`", job.contract),
    };
    let message = format!("there is no contract `{}`", job.contract);
    document.report_value("/contract", message, Some(hint));
}

fn check_mode(document: &mut Document, job: &SourceJob) {
    let mode = mode_name(job.mode);
    if job.mode != Mode::Append && !document.has("/order_by") {
        let message = format!("mode `{mode}` needs `order_by`");
        let hint = "name the column that tells which version of a key is the newest".to_owned();
        document.report_value("/mode", message, Some(hint));
    }
    match (job.mode, document.has("/op")) {
        (Mode::Cdc, false) => {
            let hint = "as in `op: {column: op, insert: [I], update: [U], delete: [D]}`".to_owned();
            document.report_value("/mode", "mode `cdc` needs `op`".to_owned(), Some(hint));
        }
        (Mode::Append | Mode::Upsert, true) => {
            let message = format!("`op` has no meaning in mode `{mode}`");
            document.report_key("/op", message, Some("it is for mode `cdc`".to_owned()));
        }
        _ => {}
    }
    if let Some(op) = &job.op {
        check_codes(document, op);
    }
}

/// A code that means two things.
fn check_codes(document: &mut Document, op: &OperationColumn) {
    let meanings = [
        ("insert", &op.insert),
        ("update", &op.update),
        ("delete", &op.delete),
    ];
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (meaning, codes) in meanings {
        for (index, code) in codes.iter().enumerate() {
            if let Some((_, other)) = seen.iter().find(|(known, _)| known == code) {
                let message = format!("code `{code}` means both {other} and {meaning}");
                document.report_value(&format!("/op/{meaning}/{index}"), message, None);
            }
            seen.push((code, meaning));
        }
    }
}

fn check_columns(document: &mut Document, job: &SourceJob, contract: &Contract) {
    if job.mode != Mode::Append && contract.key.is_empty() {
        let message = format!(
            "mode `{}` needs a key in contract `{}`",
            mode_name(job.mode),
            job.contract
        );
        let hint = format!("add `key: […]` to schemas/{}.yaml", job.contract);
        document.report_value("/mode", message, Some(hint));
    }
    if let Some(column) = &job.order_by {
        check_column(document, "/order_by", contract, column);
    }
}

fn check_column(document: &mut Document, pointer: &str, contract: &Contract, column: &str) {
    if contract.column(column).is_none() {
        let columns = contract.columns.iter().map(|column| column.name.as_str());
        let hint = spelling::hint(column, columns);
        let message = format!("contract `{}` has no column `{column}`", contract.contract);
        document.report_value(pointer, message, hint);
    }
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Append => "append",
        Mode::Upsert => "upsert",
        Mode::Cdc => "cdc",
    }
}
