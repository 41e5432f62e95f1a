//! Rebuilds the binary when a file of the embedded retail project appears or goes.

fn main() {
    for folder in ["schemas", "jobs", "sql", "engine/build.rs"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
