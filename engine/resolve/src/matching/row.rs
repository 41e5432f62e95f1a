//! Records as rows of codes. Two rows are compared whole, all fields at once, and what they have in common becomes a
//! few bits that most tests can be answered from.
//!
//! ```text
//!   row     code of each field │ counterpart of each crossing │ unused │ what is lacking
//!   bits    field by field     │ crossing by crossing         │ field by field known to hold no date
//! ```

use rayon::prelude::*;

/// A row is a whole number of so many lanes of 32 bits, which processors compare together.
const LANES: usize = 8;

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
    /// `fill` writes the lanes of the records from the given one on: all but the last lane of each row, and into that
    /// what the record lacks.
    pub fn new(
        records: usize,
        lanes: usize,
        fill: impl Fn(usize, &mut [&mut [u32]]) + Sync,
    ) -> Self {
        let width = (lanes + 1).next_multiple_of(LANES);
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

impl Agreement {
    /// Compares lane by lane. Equal lanes of absent values count as equal, and are lacking as well.
    #[inline]
    pub fn of(a: &[u32], b: &[u32]) -> Self {
        let mut equal = 0;
        let groups = a.chunks_exact(LANES).zip(b.chunks_exact(LANES));
        for (at, (a, b)) in groups.take(BITS / LANES).enumerate() {
            let mut bits = 0;
            for lane in 0..LANES {
                bits |= u32::from(a[lane] == b[lane]) << lane;
            }
            equal |= bits << (at * LANES);
        }
        let lacks = a[a.len() - 1] | b[b.len() - 1];
        Self { equal, lacks }
    }
}
