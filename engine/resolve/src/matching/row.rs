//! Records as rows of codes. Two rows are compared whole, all fields at once, and what they have in common becomes a
//! few bits that most tests can be answered from.
//!
//! ```text
//!   row     code of each field │ counterpart of each crossing │ unused │ what is lacking
//!   bits    field by field     │ crossing by crossing         │ field by field known to hold no date
//! ```

use rayon::prelude::*;

/// A row is a whole number of so many lanes of 32 bits, which processors compare together.
pub(super) const LANES: usize = 8;

/// Lanes in a cache line. The first row begins on one, so that rows touch as few as they can.
const LINE: usize = 16;

/// Bits in an agreement; what has a higher number is not seen in it.
pub(super) const BITS: usize = u32::BITS as usize;

/// Rows of equal length, one a record.
#[derive(Debug, Default)]
pub(super) struct Rows {
    lanes: Vec<u32>,
    first: usize,
    width: usize,
}

/// What two records have in common, by bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Agreement {
    /// Both have the value, and it is the same.
    pub equal: u32,
    /// One of them has none.
    pub lacks: u32,
}

impl Rows {
    /// `fill` is given the number of a record and the rows from that record on. Lanes that it does not write are 0.
    pub fn new(
        records: usize,
        lanes: usize,
        fill: impl Fn(usize, &mut [&mut [u32]]) + Sync,
    ) -> Self {
        let width = lanes.next_multiple_of(LANES);
        let mut rows = Self {
            lanes: vec![0; records * width + LINE],
            first: 0,
            width,
        };
        // None on a machine that cannot say, where rows may touch one line more.
        let aligned = rows.lanes.as_ptr().align_offset(LINE * size_of::<u32>());
        rows.first = if aligned < LINE { aligned } else { 0 };
        let chunk = 1 << 12;
        rows.lanes[rows.first..][..records * width]
            .par_chunks_mut(width * chunk)
            .enumerate()
            .for_each(|(at, lanes)| {
                let mut rows: Vec<&mut [u32]> = lanes.chunks_exact_mut(width).collect();
                fill(at * chunk, &mut rows);
            });
        rows
    }

    /// The lanes of a record.
    #[inline]
    pub fn row(&self, record: u32) -> &[u32] {
        &self.lanes[self.first + record as usize * self.width..][..self.width]
    }
}

/// The first lanes that two rows have in common, as bits.
#[inline]
pub(super) fn equal_lanes(a: &[u32], b: &[u32]) -> u32 {
    let groups = a.chunks_exact(LANES).zip(b.chunks_exact(LANES));
    let groups = groups.take(BITS / LANES).enumerate();
    groups.fold(0, |equal, (at, (a, b))| {
        equal | equal_group(a, b) << (at * LANES)
    })
}

/// Written so that a compiler sees whole groups: equal lanes keep their bit, and halves are laid together.
#[inline]
fn equal_group(a: &[u32], b: &[u32]) -> u32 {
    let mut bits = [0; LANES];
    for lane in 0..LANES {
        bits[lane] = if a[lane] == b[lane] { BIT[lane] } else { 0 };
    }
    let mut half = [0; LANES / 2];
    for lane in 0..LANES / 2 {
        half[lane] = bits[lane] | bits[lane + LANES / 2];
    }
    half.iter().fold(0, |all, bits| all | bits)
}

const BIT: [u32; LANES] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Whether two rows have any lane in common.
#[inline]
pub(super) fn any_equal(a: &[u32], b: &[u32]) -> bool {
    let mut equal = [0; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            equal[lane] |= u32::from(a[lane] == b[lane]);
        }
    }
    equal.iter().fold(0, |any, lane| any | lane) != 0
}

/// The first so many bits.
pub(super) fn low_bits(count: usize) -> u32 {
    1_u32
        .checked_shl(count as u32)
        .map_or(u32::MAX, |bit| bit - 1)
}
