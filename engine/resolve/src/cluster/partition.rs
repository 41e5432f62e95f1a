//! Identifier rows dealt into buckets: same kind, neighbouring value codes. A bucket is small enough to be sorted in
//! a core's cache, and buckets are independent of each other, which is all the speed of grouping.

use rayon::prelude::*;

use super::input::{Identifiers, KindRule, NULL_CODE};

/// About so many rows share a bucket.
const BUCKET_ROWS: usize = 4096;
const KIND_BUCKETS_MAX: usize = 1024;
/// Chunks of rows are dealt in parallel.
const CHUNK_ROWS: usize = 1 << 19;

/// The dealt rows. A row is one number: the value code above, the record's place below.
pub(super) struct Partition {
    /// For each kind its first bucket; one more at the end.
    kind_starts: Vec<usize>,
    chunks: Vec<Chunk>,
}

/// One chunk's rows, bucket after bucket.
struct Chunk {
    starts: Vec<u32>,
    rows: Vec<u64>,
}

/// Which bucket a value goes to.
#[derive(Clone, Copy)]
struct Kind {
    used: bool,
    first: usize,
    shift: u32,
}

impl Partition {
    /// Deals the rows that count: with a value, not flagged as over a limit, of a kind that links or constrains.
    pub fn of(rules: &[KindRule], identifiers: &Identifiers, place: &[u32]) -> Self {
        let mut kind_starts = vec![0];
        let mut kinds = Vec::new();
        for (rule, (rows, codes)) in rules.iter().zip(extents(rules.len(), identifiers)) {
            let first = kind_starts[kind_starts.len() - 1];
            let buckets = (rows / BUCKET_ROWS)
                .next_power_of_two()
                .min(KIND_BUCKETS_MAX);
            let bits = u64::BITS - codes.saturating_sub(1).leading_zeros();
            kinds.push(Kind {
                used: rule.links || rule.max_per_person.is_some(),
                first,
                shift: bits.saturating_sub(buckets.ilog2()),
            });
            kind_starts.push(first + buckets);
        }
        let rows = identifiers.record.len();
        let chunks = (0..rows.div_ceil(CHUNK_ROWS))
            .into_par_iter()
            .with_max_len(1);
        let chunks = chunks.map(|chunk| {
            let start = chunk * CHUNK_ROWS;
            deal(
                start..rows.min(start + CHUNK_ROWS),
                &kinds,
                kind_starts[rules.len()],
                identifiers,
                place,
            )
        });
        Self {
            chunks: chunks.collect(),
            kind_starts,
        }
    }

    /// The kind's buckets, each sorted without repeats: by value, then by place. Buckets come in order of value.
    pub fn sorted(&self, kind: usize) -> impl IndexedParallelIterator<Item = Vec<u64>> {
        let buckets = self.kind_starts[kind]..self.kind_starts[kind + 1];
        buckets.into_par_iter().map(|bucket| {
            let parts = self.chunks.iter().map(|chunk| {
                &chunk.rows[chunk.starts[bucket] as usize..chunk.starts[bucket + 1] as usize]
            });
            let mut rows = parts.collect::<Vec<_>>().concat();
            if rows.len() > 16 * BUCKET_ROWS {
                rows.par_sort_unstable();
            } else {
                rows.sort_unstable();
            }
            rows.dedup();
            rows
        })
    }
}

/// For each kind how many rows it has, and one more than its largest code.
fn extents(kinds: usize, identifiers: &Identifiers) -> Vec<(usize, u64)> {
    let nothing = || vec![(0, 0); kinds];
    let values = identifiers.value.par_chunks(CHUNK_ROWS);
    let chunks = identifiers.kind.par_chunks(CHUNK_ROWS).zip(values);
    chunks
        .map(|(kinds, values)| {
            let mut extents = nothing();
            for (kind, value) in kinds.iter().zip(values) {
                let (rows, codes) = &mut extents[*kind as usize];
                *rows += 1;
                if *value != NULL_CODE {
                    *codes = (*codes).max(u64::from(*value) + 1);
                }
            }
            extents
        })
        .reduce(nothing, |a, b| {
            let pairs = a.into_iter().zip(b);
            pairs.map(|(a, b)| (a.0 + b.0, a.1.max(b.1))).collect()
        })
}

fn deal(
    range: std::ops::Range<usize>,
    kinds: &[Kind],
    buckets: usize,
    identifiers: &Identifiers,
    place: &[u32],
) -> Chunk {
    // Rows that do not count go to one more bucket, which nobody reads.
    let bucket = |row: usize| {
        let (kind, value) = (
            kinds[identifiers.kind[row] as usize],
            identifiers.value[row],
        );
        let over = identifiers.over_limit.is_some_and(|over| over.value(row));
        if value == NULL_CODE || over || !kind.used {
            return buckets;
        }
        kind.first + (u64::from(value) >> kind.shift) as usize
    };
    let mut starts = vec![0u32; buckets + 2];
    for row in range.clone() {
        starts[bucket(row) + 1] += 1;
    }
    for at in 0..=buckets {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut rows = vec![0; range.len()];
    for row in range {
        let slot = &mut next[bucket(row)];
        let place = place[identifiers.record[row] as usize];
        rows[*slot as usize] = u64::from(identifiers.value[row]) << 32 | u64::from(place);
        *slot += 1;
    }
    Chunk { starts, rows }
}
