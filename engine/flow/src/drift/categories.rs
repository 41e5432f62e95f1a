//! How a column of texts moved: the index over its most frequent values, the rest as one part, and rows without a value
//! as another.

use super::index::{Sides, stability_index};

/// What is counted while values come by, the most frequent first.
#[derive(Debug, Clone)]
pub struct Categories {
    named: usize,
    parts: Vec<Sides>,
    rest: Sides,
}

impl Categories {
    /// Before any value; `named` of them are parts of their own.
    pub fn new(named: usize) -> Self {
        Self {
            named,
            parts: Vec::new(),
            rest: [0; 2],
        }
    }

    /// Takes the next value's rows.
    pub fn pass(&mut self, rows: Sides) {
        if self.parts.len() < self.named {
            self.parts.push(rows);
            return;
        }
        for (sum, rows) in self.rest.iter_mut().zip(rows) {
            *sum += rows;
        }
    }

    /// The index; `nulls` are the rows without a value.
    pub fn psi(&self, nulls: Sides) -> f64 {
        let mut parts = self.parts.clone();
        parts.extend([self.rest, nulls]);
        stability_index(&parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_values_are_one_part() {
        let mut categories = Categories::new(1);
        for rows in [[5, 5], [3, 0], [0, 3]] {
            categories.pass(rows);
        }
        assert_eq!(categories.psi([2, 2]), 0.0);
        let mut categories = Categories::new(2);
        for rows in [[5, 5], [5, 1], [0, 4]] {
            categories.pass(rows);
        }
        let expected = (0.1 - 0.5) * 0.2_f64.ln() + (0.4 - 0.05) * 8.0_f64.ln();
        assert!((categories.psi([0, 0]) - expected).abs() < 1e-12);
    }
}
