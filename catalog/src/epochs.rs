//! Epochs: which snapshot of each published table belongs together. Epoch n is the object
//! `epochs/<n>.json` under the warehouse, created only if it is absent, so that exactly one of
//! several racing publishers gets the number; it never changes afterwards. `epochs/latest.json` is
//! a hint where to start looking, and may lag behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use c360_spec::TableName;
use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Stores};

/// One state of all published tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// 1 for the first.
    pub number: u64,
    pub published_at: Timestamp,
    pub run_id: String,
    pub tables: BTreeMap<TableName, EpochTable>,
    /// The epoch whose tables this one shows again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<u64>,
    /// What the tables of a rollback held when it was made, which is not news to the next run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rolled_back_from: BTreeMap<TableName, i64>,
}

/// Where a published table stands in an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochTable {
    pub metadata_location: String,
    pub snapshot_id: i64,
}

/// The epochs of a warehouse.
#[derive(Clone, Debug)]
pub struct Epochs {
    stores: Stores,
    /// Location of the folder `epochs`.
    location: String,
}

#[derive(Serialize, Deserialize)]
struct Hint {
    number: u64,
}

impl Epochs {
    pub(crate) fn new(stores: Stores, warehouse_location: &str) -> Self {
        Self {
            stores,
            location: format!("{warehouse_location}/epochs"),
        }
    }

    /// Publishes an epoch; false when its number is taken.
    pub async fn create(&self, epoch: &Epoch) -> Result<bool> {
        let name = epoch.number.to_string();
        let bytes = json(epoch)?;
        let (store, path, location) = self.object(&name)?;
        let payload = PutPayload::from(bytes.clone());
        match store.put_opts(&path, payload, PutMode::Create.into()).await {
            Ok(_) => {}
            // Our own first try may have got through although its answer was lost.
            Err(object_store::Error::AlreadyExists { .. }) => {
                if read(&store, &path, &location).await?.as_deref() != Some(&bytes[..]) {
                    return Ok(false);
                }
            }
            Err(error) => return Err(Error::store(&location, error)),
        }
        self.hint(epoch.number).await;
        Ok(true)
    }

    /// Takes an epoch out of sight for good; one that is not there is no matter.
    pub async fn remove(&self, number: u64) -> Result<()> {
        let (store, path, location) = self.object(&number.to_string())?;
        match store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::store(&location, error)),
        }
    }

    /// The epoch of a number; `None` when it is not published.
    pub async fn get(&self, number: u64) -> Result<Option<Epoch>> {
        let (store, path, location) = self.object(&number.to_string())?;
        let bytes = read(&store, &path, &location).await?;
        bytes.map(|bytes| parse(&bytes, &location)).transpose()
    }

    /// The newest epoch; `None` before the first.
    pub async fn latest(&self) -> Result<Option<Epoch>> {
        let mut latest = match self.hinted().await? {
            Some(epoch) => Some(epoch),
            None => {
                let newest = self.numbers().await?.last().copied();
                self.get(newest.unwrap_or(1)).await?
            }
        };
        while let Some(epoch) = &latest {
            match self.get(epoch.number + 1).await? {
                Some(newer) => latest = Some(newer),
                None => break,
            }
        }
        Ok(latest)
    }

    /// All epochs, oldest first.
    pub async fn list(&self) -> Result<Vec<Epoch>> {
        let mut epochs = Vec::new();
        for number in self.numbers().await? {
            epochs.extend(self.get(number).await?);
        }
        Ok(epochs)
    }

    async fn numbers(&self) -> Result<Vec<u64>> {
        let (store, folder) = self.stores.resolve(&self.location)?;
        let listed = store.list(Some(&folder)).try_collect::<Vec<_>>().await;
        let listed = listed.map_err(|e| Error::store(&self.location, e))?;
        let mut numbers: Vec<u64> = listed
            .iter()
            .filter_map(|object| number(&object.location))
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The epoch of the hint. A damaged hint is no hint.
    async fn hinted(&self) -> Result<Option<Epoch>> {
        let (store, path, location) = self.object("latest")?;
        let bytes = read(&store, &path, &location).await?;
        let hint = bytes.and_then(|bytes| serde_json::from_slice::<Hint>(&bytes).ok());
        match hint {
            Some(Hint { number }) => self.get(number).await,
            None => Ok(None),
        }
    }

    /// Leaves a hint for the next poller. Without it they find the epoch too, only slower.
    async fn hint(&self, number: u64) {
        let put = async {
            let (store, path, location) = self.object("latest")?;
            let payload = PutPayload::from(json(&Hint { number })?);
            let put = store.put(&path, payload).await;
            put.map_err(|e| Error::store(&location, e))
        };
        if let Err(error) = put.await {
            tracing::warn!(%error, "epoch {number} is published, but the hint is old");
        }
    }

    fn object(&self, name: &str) -> Result<(Arc<dyn ObjectStore>, Path, String)> {
        let location = format!("{}/{name}.json", self.location);
        let (store, path) = self.stores.resolve(&location)?;
        Ok((store, path, location))
    }
}

fn number(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.parse().ok()
}

async fn read(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    location: &str,
) -> Result<Option<bytes::Bytes>> {
    let found = match store.get(path).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(Error::store(location, error)),
    };
    let bytes = found.bytes().await;
    bytes.map(Some).map_err(|e| Error::store(location, e))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|e| Error::internal("an epoch cannot be written as JSON").caused_by(e))
}

fn parse(bytes: &[u8], location: &str) -> Result<Epoch> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::data(format!("epoch `{location}` is damaged")).caused_by(e))
}
