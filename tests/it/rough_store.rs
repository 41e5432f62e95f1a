//! An object store that a seed makes unreliable: calls come late and out of turn, are refused, break off halfway, or
//! are done although they are said to have failed. Of an upload in parts only the beginning is in danger.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

use crate::flow::retailer::Dice;

/// What befalls the calls of a store. All clones are one.
#[derive(Clone, Default)]
pub struct Weather {
    mood: Arc<Mutex<Mood>>,
    writes: Arc<AtomicU64>,
}

#[derive(Default)]
enum Mood {
    /// All is done.
    #[default]
    Calm,
    /// One call in `one_in` goes wrong.
    Rough { dice: Dice, one_in: u64 },
    /// So many writes before nothing is done any more, as if the process had ended.
    Dying { dice: Dice, writes_left: u64 },
    /// Nothing is done.
    Dead,
}

/// What becomes of one call.
enum Fate {
    Done,
    Refused,
    /// Done, but whoever called does not learn it.
    Unheard,
    /// Done in part.
    Torn,
}

impl Weather {
    /// Everything goes well from here on.
    pub fn clears(&self) {
        self.becomes(Mood::Calm);
    }

    /// One call in `one_in` goes wrong from here on, and most are late.
    pub fn roughens(&self, dice: Dice, one_in: u64) {
        self.becomes(Mood::Rough { dice, one_in });
    }

    /// So many writes go well. What becomes of the next one is drawn, and after it nothing is done any more.
    pub fn kills_after(&self, writes_left: u64, dice: Dice) {
        self.becomes(Mood::Dying { dice, writes_left });
    }

    /// Whether nothing is done any more.
    pub fn has_killed(&self) -> bool {
        matches!(*self.mood(), Mood::Dead)
    }

    /// How many writes were asked for.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    fn becomes(&self, mood: Mood) {
        *self.mood() = mood;
    }

    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().expect("no panic")
    }

    /// Draws what becomes of a call, and how late it is.
    fn draw(&self, is_write: bool) -> (Fate, Duration) {
        self.writes
            .fetch_add(u64::from(is_write), Ordering::Relaxed);
        let mut mood = self.mood();
        match &mut *mood {
            Mood::Calm => (Fate::Done, Duration::ZERO),
            Mood::Dead => (Fate::Refused, Duration::ZERO),
            Mood::Rough { dice, one_in } => {
                let late = Duration::from_micros(dice.below(2000));
                match dice.below(*one_in) {
                    0 => (wrong(dice), late),
                    _ => (Fate::Done, late),
                }
            }
            Mood::Dying { .. } if !is_write => (Fate::Done, Duration::ZERO),
            Mood::Dying { writes_left, .. } if *writes_left > 0 => {
                *writes_left -= 1;
                (Fate::Done, Duration::ZERO)
            }
            Mood::Dying { dice, .. } => {
                let fate = wrong(dice);
                *mood = Mood::Dead;
                (fate, Duration::ZERO)
            }
        }
    }

    async fn fate(&self, is_write: bool) -> Fate {
        let (fate, late) = self.draw(is_write);
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        fate
    }
}

fn wrong(dice: &mut Dice) -> Fate {
    match dice.below(3) {
        0 => Fate::Refused,
        1 => Fate::Unheard,
        _ => Fate::Torn,
    }
}

fn failure(what: &str) -> Error {
    Error::Generic {
        store: "rough",
        source: format!("the store failed: {what}").into(),
    }
}

/// A store under a weather.
pub struct RoughStore {
    inner: Arc<dyn ObjectStore>,
    weather: Weather,
}

impl RoughStore {
    pub fn new(inner: Arc<dyn ObjectStore>, weather: Weather) -> Self {
        Self { inner, weather }
    }

    /// A write that is done as a whole or not at all.
    async fn write<T>(&self, write: impl Future<Output = Result<T>>) -> Result<T> {
        self.write_or_tear(write, async { Ok(()) }).await
    }

    /// A write that is done, refused, done unheard, or torn.
    async fn write_or_tear<T>(
        &self,
        write: impl Future<Output = Result<T>>,
        tear: impl Future<Output = Result<()>>,
    ) -> Result<T> {
        match self.weather.fate(true).await {
            Fate::Done => write.await,
            Fate::Refused => Err(failure("refused")),
            Fate::Unheard => write.await.and(Err(failure("the answer was lost"))),
            Fate::Torn => tear.await.and(Err(failure("broken off"))),
        }
    }

    async fn read<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        match self.weather.fate(false).await {
            Fate::Done => read.await,
            _ => Err(failure("nothing to be read")),
        }
    }
}

impl fmt::Debug for RoughStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rough {:?}", self.inner)
    }
}

impl fmt::Display for RoughStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rough {}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for RoughStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let bytes = payload.clone();
        let can_be_torn = matches!(options.mode, PutMode::Overwrite);
        let write = self.inner.put_opts(location, payload, options);
        // What stores promise of a conditional write is that it is done as a whole or not at all.
        if !can_be_torn {
            return self.write(write).await;
        }
        let half = async {
            let bytes: Vec<u8> = bytes.iter().flatten().copied().collect();
            let half = bytes[..bytes.len() / 2].to_vec();
            self.inner.put(location, half.into()).await.map(|_| ())
        };
        self.write_or_tear(write, half).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.write(self.inner.put_multipart_opts(location, options))
            .await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.weather.fate(false).await {
            Fate::Done => self.inner.get_opts(location, options).await,
            Fate::Refused | Fate::Unheard => Err(failure("nothing to be read")),
            Fate::Torn => broken_off(self.inner.get_opts(location, options).await?).await,
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (inner, weather) = (Arc::clone(&self.inner), self.weather.clone());
        let store = Arc::new(Self { inner, weather });
        let deleted = locations.then(move |location| {
            let store = Arc::clone(&store);
            async move {
                let location = location?;
                store.write(store.inner.delete(&location)).await?;
                Ok(location)
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.weather.draw(false) {
            (Fate::Done, _) => self.inner.list(prefix),
            _ => stream::iter([Err(failure("nothing to be listed"))]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.read(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.write(self.inner.copy_opts(from, to, options)).await
    }
}

/// The first half of what was asked, and then an error.
async fn broken_off(whole: GetResult) -> Result<GetResult> {
    let (meta, range, attributes) = (
        whole.meta.clone(),
        whole.range.clone(),
        whole.attributes.clone(),
    );
    let bytes = whole.bytes().await?;
    let half = bytes.slice(..bytes.len() / 2);
    let parts = [Ok(half), Err(failure("the connection broke off"))];
    Ok(GetResult {
        payload: GetResultPayload::Stream(stream::iter(parts).boxed()),
        meta,
        range,
        attributes,
    })
}
