//! Names of runs that lineage knows: UUIDs of version 7, made of the run's own name, so that nothing is left to chance.

use uuid::{Builder, Uuid};
use xxhash_rust::xxh3::xxh3_128;

use crate::clock::Clock;

/// The whole run: its own name where that is a UUID.
pub fn of_run(clock: &Clock) -> String {
    let own: Result<Uuid, _> = clock.run_id.parse();
    own.map_or_else(|_| made_of(clock, ""), |own| own.to_string())
}

/// A job's run in it.
pub fn of_job(clock: &Clock, job: &str) -> String {
    made_of(clock, job)
}

fn made_of(clock: &Clock, job: &str) -> String {
    let hash = xxh3_128(format!("{}/{job}", clock.run_id).as_bytes()).to_be_bytes();
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&hash[..10]);
    let milliseconds = u64::try_from(clock.now.as_millisecond()).unwrap_or(0);
    let uuid = Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid();
    uuid.to_string()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn clock(run_id: &str) -> Clock {
        Clock {
            run_id: run_id.to_owned(),
            now: Timestamp::UNIX_EPOCH,
            as_of: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_run_that_has_a_uuid_keeps_it() {
        let own = "019ab1c2-0000-7000-8000-000000000001";
        assert_eq!(of_run(&clock(own)), own);
    }

    #[test]
    fn jobs_of_a_run_are_told_apart_and_always_called_the_same() {
        let nightly = clock("nightly");
        let names = [
            of_run(&nightly),
            of_job(&nightly, "orders"),
            of_job(&nightly, "people"),
            of_job(&clock("weekly"), "people"),
        ];
        for (index, name) in names.iter().enumerate() {
            let uuid: Uuid = name.parse().expect("a UUID");
            assert_eq!(uuid.get_version_num(), 7);
            assert!(!names[..index].contains(name), "{name} is there twice");
        }
        assert_eq!(of_job(&nightly, "orders"), names[1]);
    }
}
