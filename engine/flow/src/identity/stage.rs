//! Which tables of the room are made together, of the same inputs. Models, frequencies and decisions are given to
//! what follows rather than made anew, and events tell what happened: none of them is here.

use c360_spec::{Entity, IdentityJob, TableName};

use super::{blocks, candidates, cluster, matches, matching};
use crate::error::Result;
use crate::report::Outcome;
use crate::room::Room;

/// A stage of the room, by what it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Records and their identifiers.
    Records,
    /// Who is probably who.
    Matches,
    /// Who is who.
    Persons,
}

impl Stage {
    /// What the job makes, in order.
    pub fn by(job: &IdentityJob) -> Vec<Self> {
        match job.matching {
            Some(_) => vec![Self::Records, Self::Matches, Self::Persons],
            None => vec![Self::Records, Self::Persons],
        }
    }

    /// The entity's tables, in the order in which they are written: the last one has the cursor that holds for all.
    pub fn tables(self, entity: &Entity) -> Vec<TableName> {
        match self {
            Self::Records => vec![entity.records(), entity.identifiers()],
            Self::Matches => vec![blocks(), matches(), candidates()],
            Self::Persons => vec![entity.links(), entity.members()],
        }
    }

    /// Brings them up to date.
    pub async fn apply(self, room: &Room<'_>, job: &IdentityJob) -> Result<()> {
        let mut outcome = Outcome::default();
        match self {
            Self::Records => {
                let planned = super::records::decide(room, job).await?;
                super::records::apply(room, job, &planned, &mut outcome).await
            }
            Self::Matches => {
                let planned = matching::decide(room).await?;
                matching::apply(room, job, &planned).await.map(|_| ())
            }
            Self::Persons => {
                let planned = cluster::decide(room, job).await?;
                cluster::apply(room, job, &planned, &mut outcome).await
            }
        }
    }
}
