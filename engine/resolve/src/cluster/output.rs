//! What clustering gives back.

/// Persons, components and the evidence for them. Records and values are named as in the input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resolution {
    /// For each record the anchor (earliest record) of its person.
    pub person: Vec<u32>,
    /// For each record the earliest record of its component of candidate links.
    pub component: Vec<u32>,
    /// Every candidate link once, in the order in which they were taken. Rows of equal records and kind may stand
    /// in either order.
    pub links: Vec<Link>,
}

/// One piece of evidence that two records are of one person, and whether it was followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The earlier record in anchor order.
    pub a: u32,
    pub b: u32,
    pub evidence: Evidence,
    /// The rank of the kind or the scored link; 0 for must-links.
    pub rank: u16,
    /// None: accepted.
    pub refused_by: Option<Refusal>,
}

impl Link {
    /// True when the link was followed: both records are of one person.
    pub fn accepted(&self) -> bool {
        self.refused_by.is_none()
    }
}

/// What speaks for a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Evidence {
    MustLink,
    /// Both records hold this value (a code) of this kind (an index into the rules).
    Identifier {
        kind: u16,
        value: u32,
    },
    Score {
        weight: f32,
    },
}

/// Why a link was not followed. Where several constraints forbid it, the first in this order is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    CannotLink,
    PersonRecordsMax,
    /// Too many distinct values of the kind (an index into the rules).
    Identifier {
        kind: u16,
    },
    /// Too many distinct values of a guarded attribute (an index into the rules' guards).
    Guard {
        guard: u16,
    },
    /// None of the names that the kind of the link asks for is alike.
    AgreeOn,
    /// Two who may not be one person would both take one of the two records.
    Contested,
}
