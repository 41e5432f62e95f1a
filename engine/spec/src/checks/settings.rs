//! `c360.yaml` against itself.

use crate::Settings;
use crate::document::Document;
use crate::settings::is_remote;

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
