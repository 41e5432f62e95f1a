//! The rows of some records side by side, so that comparing each with each reads memory in order. Laying them out costs
//! one visit to each record, many at a time, instead of one for each pair.

use super::frame::Frame;
use super::measure::Laid;

/// Some records' rows, and forms of their values once a comparison asks for them. A record is named by its place on
/// the sheet.
#[derive(Debug)]
pub(super) struct Sheet {
    width: usize,
    rows: Vec<u32>,
    /// Parallel to the frame's forms; empty until asked for.
    laid: Vec<Laid>,
}

impl Sheet {
    pub fn new(frame: &Frame) -> Self {
        Self {
            width: 0,
            rows: Vec::new(),
            laid: frame
                .forms
                .iter()
                .map(|(_, forms)| Laid::room(forms))
                .collect(),
        }
    }

    /// Puts these records in place of others.
    pub fn lay(&mut self, frame: &Frame, records: &[u32]) {
        self.rows.clear();
        for record in records {
            self.rows.extend_from_slice(frame.row(*record));
        }
        self.width = self.rows.len() / records.len().max(1);
        self.laid.iter_mut().for_each(Laid::clear);
    }

    #[inline]
    pub fn row(&self, place: usize) -> &[u32] {
        &self.rows[place * self.width..][..self.width]
    }

    /// Keeps the pairs that may come to at least a class by a measure.
    pub fn sift(
        &mut self,
        frame: &Frame,
        measure: usize,
        min: u8,
        pairs: &[(u32, u32)],
        kept: &mut Vec<u32>,
    ) {
        let of = &frame.measures[measure];
        let laid = &mut self.laid[of.form];
        if !laid.is_there() {
            let (field, forms) = &frame.forms[of.form];
            let rows = self.rows.chunks_exact(self.width);
            laid.fill(forms, rows.map(|row| row[*field]));
        }
        of.sift(laid, min, pairs, kept);
    }
}
