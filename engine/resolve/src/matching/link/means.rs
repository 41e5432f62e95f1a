//! Average linkage of a few records: the two clusters of greatest mean weight join, and again, while it is enough.

/// Sums of weights between clusters, and each cluster's best partner. A cluster is named by its first member.
pub(super) struct Means {
    count: usize,
    sums: Vec<f64>,
    /// Members of each cluster; 0 for one that joined an earlier one.
    sizes: Vec<f64>,
    /// The partner of greatest mean among the later ones.
    best: Vec<Option<(f64, usize)>>,
}

impl Means {
    /// `weights` are those of each member with each later one: 0 with 1, 0 with 2, …, 1 with 2, …
    pub fn new(count: usize, mut weights: impl Iterator<Item = f64>) -> Self {
        let mut sums = vec![0.0; count * count];
        for a in 0..count {
            for (b, weight) in (a + 1..count).zip(&mut weights) {
                sums[a * count + b] = weight;
                sums[b * count + a] = weight;
            }
        }
        Self {
            count,
            sums,
            sizes: vec![1.0; count],
            best: vec![None; count],
        }
    }

    /// Joins the two clusters of greatest mean as long as it is at least `mean_min`: both names, the earlier first,
    /// and the mean.
    pub fn join_while(mut self, mean_min: f64) -> Vec<(usize, usize, f64)> {
        let mut joins = Vec::new();
        (0..self.count).for_each(|at| self.look(at));
        while let Some((mean, a, b)) = self.greatest().filter(|(mean, ..)| *mean >= mean_min) {
            self.join(a, b);
            joins.push((a, b, mean));
        }
        joins
    }

    fn greatest(&self) -> Option<(f64, usize, usize)> {
        let mut greatest: Option<(f64, usize, usize)> = None;
        for (a, best) in self.best.iter().enumerate() {
            if let Some((mean, b)) = *best
                && greatest.is_none_or(|(most, ..)| mean > most)
            {
                greatest = Some((mean, a, b));
            }
        }
        greatest
    }

    fn alive(&self, at: usize) -> bool {
        self.sizes[at] > 0.0
    }

    /// Finds the best later partner anew.
    fn look(&mut self, a: usize) {
        self.best[a] = None;
        if !self.alive(a) {
            return;
        }
        for b in a + 1..self.count {
            let mean = self.sums[a * self.count + b] / (self.sizes[a] * self.sizes[b]);
            if self.alive(b) && self.best[a].is_none_or(|(most, _)| mean > most) {
                self.best[a] = Some((mean, b));
            }
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        for other in 0..self.count {
            let sum = self.sums[b * self.count + other];
            self.sums[a * self.count + other] += sum;
            self.sums[other * self.count + a] += sum;
        }
        self.sizes[a] += self.sizes[b];
        self.sizes[b] = 0.0;
        for other in 0..self.count {
            let lost = self.best[other].is_some_and(|(_, of)| of == a || of == b);
            // A mean with the joined cluster lies between the two it is made of, so an untouched best stays the best.
            if other == a || other == b || lost {
                self.look(other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Means;

    fn joins(count: usize, weights: &[f64]) -> Vec<(usize, usize, f64)> {
        Means::new(count, weights.iter().copied()).join_while(0.0)
    }

    #[test]
    fn a_chain_breaks_where_its_ends_disagree() {
        assert_eq!(joins(3, &[12.0, -9.0, 3.0]), [(0, 1, 12.0)]);
    }

    #[test]
    fn means_are_of_all_members() {
        assert_eq!(joins(3, &[12.0, -3.0, 9.0]), [(0, 1, 12.0), (0, 2, 3.0)]);
    }

    #[test]
    fn ties_go_to_the_earlier() {
        assert_eq!(joins(3, &[1.0, -5.0, 1.0]), [(0, 1, 1.0)]);
    }
}
