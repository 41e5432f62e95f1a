//! What decides a result, as 16 hexadecimal digits: when they change, the result is made anew.

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

/// Hashes parts of a spec.
pub fn fingerprint(decisive: &impl Serialize) -> String {
    let text = serde_json::to_string(decisive).expect("specs are always JSON");
    format!("{:016x}", xxh3_64(text.as_bytes()))
}
