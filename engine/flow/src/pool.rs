//! The memory that queries share, within a limit.
//!
//! A query of a few joins has dozens of consumers. In equal shares each would get too little; first come first served, a
//! merge would fail for a few megabytes beside sorts that hold all. So where something is sorted, three quarters of the
//! limit are for sorts, in equal shares: a third for what a sort holds, the rest for the merge of it, which needs up to
//! twice as much and cannot do with less. Of what is left every consumer has a little of its own; more is for whoever
//! needs it first, but one that spills gets a quarter of it at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// How the names of DataFusion's sorts begin, and those of the merges that belong to them.
const SORT: &str = "ExternalSorter[";
const MERGE: &str = "ExternalSorterMerge[";
/// Of a thread's share of the limit, what a consumer gets of its own.
const OWN: usize = 128;

/// Memory for queries, by what they do with it.
#[derive(Debug)]
pub struct SharedPool {
    limit: usize,
    /// What each consumer has of its own that does not sort.
    own: usize,
    taken: Mutex<Taken>,
}

/// What a thread that sorts keeps at least, in bytes, so that what it spilled can be merged: DataFusion's own figure, or
/// less where many threads share little.
pub fn merge_bytes(memory: &Arc<dyn MemoryPool>, threads: usize, usual: usize) -> usize {
    match memory.memory_limit() {
        MemoryLimit::Finite(bytes) => usual.min(own_bytes(bytes, threads)),
        MemoryLimit::Infinite | MemoryLimit::Unknown => usual,
    }
}

fn own_bytes(limit: usize, threads: usize) -> usize {
    limit / (OWN * threads.max(1))
}

/// Bytes by consumer, of each kind.
#[derive(Debug, Default)]
struct Taken {
    sorts: HashMap<usize, usize>,
    merges: HashMap<usize, usize>,
    others: HashMap<usize, usize>,
}

impl SharedPool {
    /// Of so many bytes, for queries on so many threads.
    pub fn new(limit: usize, threads: usize) -> Self {
        Self {
            limit,
            own: own_bytes(limit, threads),
            taken: Mutex::default(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Taken) -> T) -> T {
        // Nothing in here panics half-way.
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How much a reservation may still grow.
    fn available(&self, taken: &Taken, reservation: &MemoryReservation) -> usize {
        let consumer = reservation.consumer();
        let has = taken.by(consumer).get(&consumer.id());
        let has = has.copied().unwrap_or_default();
        let shares = taken.sorts.len() + 2 * taken.merges.len();
        let for_sorts = if shares == 0 { 0 } else { self.limit / 4 * 3 };
        match Kind::of(consumer) {
            Kind::Sort => return (for_sorts / shares).saturating_sub(has),
            Kind::Merge => return (2 * for_sorts / shares).saturating_sub(has),
            Kind::Other => {}
        }
        let rest = self.limit - for_sorts;
        let own = self.own.min(rest / (2 * taken.others.len().max(1)));
        let spoken_for: usize = taken.others.values().map(|bytes| *bytes.max(&own)).sum();
        let free = rest.saturating_sub(spoken_for) + own.max(has) - has;
        match consumer.can_spill() {
            // Each reservation by itself: an aggregation that merges what it spilled has one more.
            true => free.min(own.max(rest / 4).saturating_sub(reservation.size())),
            false => free,
        }
    }
}

/// What a consumer does with its memory.
enum Kind {
    Sort,
    Merge,
    Other,
}

impl Kind {
    fn of(consumer: &MemoryConsumer) -> Self {
        match consumer.name() {
            name if name.starts_with(SORT) => Self::Sort,
            name if name.starts_with(MERGE) => Self::Merge,
            _ => Self::Other,
        }
    }
}

impl Taken {
    fn by(&self, consumer: &MemoryConsumer) -> &HashMap<usize, usize> {
        match Kind::of(consumer) {
            Kind::Sort => &self.sorts,
            Kind::Merge => &self.merges,
            Kind::Other => &self.others,
        }
    }

    fn by_mut(&mut self, consumer: &MemoryConsumer) -> &mut HashMap<usize, usize> {
        match Kind::of(consumer) {
            Kind::Sort => &mut self.sorts,
            Kind::Merge => &mut self.merges,
            Kind::Other => &mut self.others,
        }
    }

    fn bytes(&mut self, consumer: &MemoryConsumer) -> &mut usize {
        self.by_mut(consumer).entry(consumer.id()).or_default()
    }
}

impl MemoryPool for SharedPool {
    fn register(&self, consumer: &MemoryConsumer) {
        self.with(|taken| *taken.bytes(consumer) += 0);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.with(|taken| taken.by_mut(consumer).remove(&consumer.id()));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.with(|taken| *taken.bytes(reservation.consumer()) += additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.with(|taken| *taken.bytes(reservation.consumer()) -= shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let consumer = reservation.consumer();
        self.with(|taken| {
            let available = self.available(taken, reservation);
            let has = taken.bytes(consumer);
            if additional > available {
                return Err(exhausted(consumer, additional, *has, available));
            }
            *has += additional;
            Ok(())
        })
    }

    fn reserved(&self) -> usize {
        self.with(|taken| {
            let all = [&taken.sorts, &taken.merges, &taken.others];
            all.into_iter().flat_map(HashMap::values).sum()
        })
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

fn exhausted(
    consumer: &MemoryConsumer,
    additional: usize,
    has: usize,
    available: usize,
) -> DataFusionError {
    let [additional, has, available] = [additional, has, available].map(human_readable_size);
    DataFusionError::ResourcesExhausted(format!(
        "{} has {has} and needs {additional} more, of which {available} can be had",
        consumer.name()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool of 12,800 bytes: 100 are a consumer's own.
    fn pool() -> Arc<dyn MemoryPool> {
        Arc::new(SharedPool::new(12_800, 1))
    }

    fn consumer(pool: &Arc<dyn MemoryPool>, name: &str, spills: bool) -> MemoryReservation {
        MemoryConsumer::new(name)
            .with_can_spill(spills)
            .register(pool)
    }

    #[test]
    fn a_merge_has_twice_the_share_of_a_sort() {
        let pool = pool();
        let sort = consumer(&pool, "ExternalSorter[0]", true);
        sort.try_grow(9_600).expect("three quarters");
        let refused = sort.try_grow(1).expect_err("no more").to_string();
        let said = "ExternalSorter[0] has 9.4 KB and needs 1.0 B more, of which 0.0 B can be had";
        assert!(refused.contains(said), "{refused}");
        let merge = consumer(&pool, "ExternalSorterMerge[0]", false);
        merge
            .try_grow(6_400)
            .expect("its share, whatever the other has");
        assert!(merge.try_grow(1).is_err());
        sort.shrink(6_500);
        assert!(sort.try_grow(101).is_err(), "its share is smaller now");
        drop(merge);
        sort.try_grow(101).expect("alone again");
        assert_eq!(pool.reserved(), 3_201);
    }

    #[test]
    fn others_have_what_sorts_leave_and_one_that_spills_a_quarter_of_it() {
        let pool = pool();
        let aggregation = consumer(&pool, "aggregation", true);
        aggregation.try_grow(3_200).expect("a quarter");
        assert!(aggregation.try_grow(1).is_err());
        let join = consumer(&pool, "join", false);
        join.try_grow(9_600).expect("the rest");
        assert!(join.try_grow(1).is_err());
        join.shrink(9_600);
        let _sort = consumer(&pool, "ExternalSorter[0]", true);
        assert!(join.try_grow(1_000).is_err(), "3,200 are left to both");
    }

    #[test]
    fn however_much_others_hold_each_has_its_own() {
        let pool = pool();
        let late = consumer(&pool, "late", true);
        let join = consumer(&pool, "join", false);
        join.try_grow(12_700).expect("all but what is another's");
        assert!(join.try_grow(1).is_err());
        late.try_grow(100).expect("its own");
        assert!(late.try_grow(1).is_err());
        assert_eq!(pool.reserved(), 12_800);
    }
}
