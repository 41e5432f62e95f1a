//! The memory that queries share, within a limit.
//!
//! A query of a few joins has dozens of consumers, which DataFusion's pools treat alike: a merge fails for a few megabytes
//! beside sorts that hold all and could give way, or sorts get next to nothing beside operators that hold nothing. Here,
//! half of the limit is for sorts and aggregations, in equal shares. The rest, and what is left over, is for whoever needs
//! it first. Nobody is refused what it cannot do without: an operator fails when it is refused a batch or two, or, once it
//! spills, the room to sort what it spills.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// How the names of DataFusion's aggregations begin.
const AGGREGATION: &str = "GroupedHashAggregateStream[";
/// How the names of our sorts begin.
const SORT: &str = "SpillingSort[";
/// How the names of DataFusion's merged joins begin, which spill although they do not say so.
const MERGED_JOIN: &str = "SMJStream[";
/// Of the limit, what any consumer can have; what one that hands on rows may hold back, and all of them together.
const SMALL: usize = 64;
const QUEUED: usize = 16;
const QUEUES: usize = 4;

/// Memory for queries, so many bytes.
#[derive(Debug)]
pub struct BoundedPool {
    limit: usize,
    held: Mutex<HashMap<usize, Held>>,
}

/// What a consumer holds.
#[derive(Debug)]
struct Held {
    kind: Kind,
    bytes: usize,
}

/// What a consumer does when it is refused memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It spills all that it holds: sorts and aggregations.
    Accumulates,
    /// It spills what it was refused for: rows on their way to another thread, or of one key of a join.
    Queues,
    /// It fails.
    Insists,
}

impl Kind {
    fn of(consumer: &MemoryConsumer) -> Self {
        let is = |begin: &str| consumer.name().starts_with(begin);
        if consumer.can_spill() && (is(SORT) || is(AGGREGATION)) {
            Self::Accumulates
        } else if consumer.can_spill() || is(MERGED_JOIN) {
            Self::Queues
        } else {
            Self::Insists
        }
    }
}

impl BoundedPool {
    /// Of so many bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            held: Mutex::default(),
        }
    }

    /// A sort that takes its memory from `pool`.
    pub fn sort(pool: &Arc<dyn MemoryPool>, partition: usize) -> MemoryReservation {
        let consumer = MemoryConsumer::new(format!("{SORT}{partition}]"));
        consumer.with_can_spill(true).register(pool)
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<usize, Held>) -> T) -> T {
        // Nothing in here panics half-way.
        act(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether one that has so much may have so much more. Of what accumulates each reservation is judged by itself: an
    /// aggregation merges what it spilled beside groups that it holds.
    fn grants(&self, held: &HashMap<usize, Held>, kind: Kind, has: usize, more: usize) -> bool {
        let wants = has + more;
        let sum = |kind| {
            let of_kind = held.values().filter(|held| held.kind == kind);
            of_kind.map(|held| held.bytes).sum::<usize>()
        };
        match kind {
            Kind::Accumulates => {
                let sharing = held.values().filter(|held| held.kind == kind);
                let rest = self.limit.saturating_sub(sum(Kind::Insists));
                let share = rest.min(self.limit / 2) / sharing.count().max(1);
                // What begins, or about doubles, may: a first batch, a second run to merge, all that is to be spilled.
                has / 2 <= more || wants <= share.max(self.limit / SMALL)
            }
            Kind::Queues => wants <= self.limit / QUEUED && sum(kind) + more <= self.limit / QUEUES,
            Kind::Insists => {
                let all: usize = held.values().map(|held| held.bytes).sum();
                all + more <= self.limit || wants <= self.limit / SMALL
            }
        }
    }

    fn refusal(&self, consumer: &MemoryConsumer, has: usize, more: usize) -> DataFusionError {
        let [has, more, limit] = [has, more, self.limit].map(human_readable_size);
        let name = consumer.name();
        DataFusionError::ResourcesExhausted(format!(
            "{name} has {has} and needs {more} more, with a memory limit of {limit}"
        ))
    }
}

/// What a consumer holds, by its number.
fn entry<'a>(held: &'a mut HashMap<usize, Held>, consumer: &MemoryConsumer) -> &'a mut Held {
    held.entry(consumer.id()).or_insert_with(|| Held {
        kind: Kind::of(consumer),
        bytes: 0,
    })
}

impl MemoryPool for BoundedPool {
    fn register(&self, consumer: &MemoryConsumer) {
        self.with(|held| {
            entry(held, consumer);
        });
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.with(|held| held.remove(&consumer.id()));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.with(|held| entry(held, reservation.consumer()).bytes += additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.with(|held| entry(held, reservation.consumer()).bytes -= shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let consumer = reservation.consumer();
        self.with(|held| {
            let Held { kind, bytes } = *entry(held, consumer);
            let has = match kind {
                Kind::Accumulates => reservation.size(),
                Kind::Queues | Kind::Insists => bytes,
            };
            if !self.grants(held, kind, has, additional) {
                return Err(self.refusal(consumer, has, additional));
            }
            entry(held, consumer).bytes += additional;
            Ok(())
        })
    }

    fn reserved(&self) -> usize {
        self.with(|held| held.values().map(|held| held.bytes).sum())
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool of 6,400 bytes: half of it to share, 100 to anyone, 400 for what hands on rows.
    fn pool() -> Arc<dyn MemoryPool> {
        Arc::new(BoundedPool::new(6_400))
    }

    fn consumer(pool: &Arc<dyn MemoryPool>, name: &str, spills: bool) -> MemoryReservation {
        let consumer = MemoryConsumer::new(name).with_can_spill(spills);
        consumer.register(pool)
    }

    #[test]
    fn sorts_and_aggregations_share_half() {
        let pool = pool();
        let sort = BoundedPool::sort(&pool, 0);
        let groups = consumer(&pool, "GroupedHashAggregateStream[1] (count(1))", true);
        sort.try_grow(1_600).expect("its share");
        let refused = sort.try_grow(1).expect_err("no more").to_string();
        let said =
            "SpillingSort[0] has 1600.0 B and needs 1.0 B more, with a memory limit of 6.2 KB";
        assert!(refused.contains(said), "{refused}");
        groups.try_grow(1_600).expect("the other share");
        assert!(groups.try_grow(1).is_err());
        drop(sort);
        groups.try_grow(1_600).expect("alone now");
        assert_eq!(pool.reserved(), 3_200);
    }

    #[test]
    fn one_that_spills_is_not_refused_what_it_had() {
        let pool = pool();
        let groups = consumer(&pool, "GroupedHashAggregateStream[0] (count(1))", true);
        groups.try_grow(3_000).expect("its share");
        let _others: Vec<_> = (1..9).map(|at| BoundedPool::sort(&pool, at)).collect();
        assert!(groups.try_grow(1).is_err(), "its share is smaller now");
        groups.free();
        groups.try_grow(1_500).expect("room to sort what it had");
        groups.free();
        let merge = groups.new_empty();
        groups.try_grow(300).expect("a group");
        merge.try_grow(800).expect("a run");
        merge.try_grow(790).expect("a second run to merge it with");
        assert!(merge.try_grow(790).is_err(), "two are enough");
    }

    #[test]
    fn others_have_what_is_left_and_a_little_in_any_case() {
        let pool = pool();
        let join = consumer(&pool, "HashJoinInput", false);
        join.try_grow(6_400).expect("all");
        assert!(join.try_grow(1).is_err());
        let other = consumer(&pool, "NestedLoopJoinLoad[0]", false);
        other.try_grow(100).expect("a little");
        assert!(other.try_grow(1).is_err());
        let sort = BoundedPool::sort(&pool, 0);
        sort.try_grow(90).expect("a batch");
        sort.try_grow(10).expect("a little");
        assert!(sort.try_grow(1).is_err());
    }

    #[test]
    fn rows_on_their_way_wait_on_disk() {
        let pool = pool();
        let rows = consumer(&pool, "RepartitionExec[0]", true);
        rows.try_grow(400).expect("a few");
        assert!(rows.try_grow(400).is_err());
        let others = (1..9).map(|at| consumer(&pool, &format!("SMJStream[{at}]"), false));
        let others: Vec<_> = others.collect();
        let had = others.iter().filter(|other| other.try_grow(400).is_ok());
        assert_eq!(had.count(), 3, "a quarter of the limit is for all");
    }
}
