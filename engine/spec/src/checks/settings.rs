//! `c360.yaml` against itself.

use crate::document::Document;
use crate::settings::is_remote;
use crate::{Lineage, Settings};

/// Values from the environment are judged like written ones, and never shown.
pub fn check_settings(document: &mut Document, settings: &Settings) {
    check_folder(document, "/data", &settings.data);
    check_folder(
        document,
        "/warehouse/location",
        &settings.warehouse.location,
    );
    match &settings.warehouse.catalog {
        Some(catalog) => check_catalog(document, catalog.reveal()),
        None if document.has("/warehouse/catalog") => {}
        None if is_remote(&settings.warehouse.location) => {
            let message = "a warehouse in an object store needs a `catalog`".to_owned();
            let hint = "write `catalog: env:C360_CATALOG_URI`, a postgres:// URI, or \
                        `catalog: sqlite:catalog.db` where one machine alone writes";
            document.report_key("/warehouse", message, Some(hint.to_owned()));
        }
        None => {}
    }
    if let Some(lineage) = &settings.lineage {
        check_lineage(document, lineage);
    }
}

fn check_lineage(document: &mut Document, lineage: &Lineage) {
    let has = |key: &str| document.has(&format!("/lineage/{key}"));
    if has("file") == has("url") {
        let message = "lineage is told either to a `file` or to a `url`".to_owned();
        let hint = "keep one of them, as in `lineage: {file: lineage.jsonl}`".to_owned();
        document.report_key("/lineage", message, Some(hint));
    }
    if let Some(file) = &lineage.file
        && (file.is_empty() || file.contains("://"))
    {
        let message = "a lineage file is a path on this machine".to_owned();
        let hint = "write `file: lineage.jsonl`, or `url:` for an endpoint".to_owned();
        document.report_value("/lineage/file", message, Some(hint));
    }
    let is_http = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    if let Some(url) = &lineage.url
        && !is_http(url.reveal())
    {
        let message = "the lineage endpoint is no http:// or https:// URL".to_owned();
        let hint = "write `url: https://host/api/v1/lineage`, or `env:NAME`".to_owned();
        document.report_value("/lineage/url", message, Some(hint));
    }
}

fn check_folder(document: &mut Document, pointer: &str, location: &str) {
    let scheme = location.split_once("://").map(|(scheme, _)| scheme);
    if let Some(scheme) = scheme.filter(|scheme| !matches!(*scheme, "s3" | "file")) {
        let message = format!("locations of scheme `{scheme}` are not supported");
        let hint = "a folder, or `s3://bucket/prefix`".to_owned();
        document.report_value(pointer, message, Some(hint));
    }
}

fn check_catalog(document: &mut Document, uri: &str) {
    let schemes = ["sqlite:", "postgres://", "postgresql://"];
    if !schemes.iter().any(|scheme| uri.starts_with(scheme)) {
        let message = "the catalog is neither SQLite nor PostgreSQL".to_owned();
        let hint = "write `sqlite:path/to/catalog.db` or `postgres://host/database`".to_owned();
        document.report_value("/warehouse/catalog", message, Some(hint));
    }
}
