//! Takes events to their place while the run goes on. A place that does not take one is told nothing more: the log says
//! so, and the run neither fails nor waits for long.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use c360_spec::Connection;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, Url};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::{Instrument, Span, warn};

use super::event::RunEvent;

/// For an answer to one event, connecting included.
const TIMEOUT: Duration = Duration::from_secs(3);
/// For the events that are left when the run is over.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRIES: usize = 2;
/// Before the first of them; the next waits twice as long.
const PAUSE: Duration = Duration::from_millis(200);

/// Where events go.
pub enum Place {
    /// A line each, appended.
    File(PathBuf),
    /// Posted, each alone.
    Endpoint {
        client: Client,
        url: Url,
        key: Option<Connection>,
    },
}

impl Place {
    /// An endpoint; nothing is sent yet.
    pub fn endpoint(url: &Connection, key: Option<Connection>) -> Result<Self, String> {
        // Neither says what it was given: the URL may hold a secret.
        let url = Url::parse(url.reveal()).map_err(|error| format!("the URL is none: {error}"))?;
        let client = Client::builder()
            .timeout(TIMEOUT)
            // The key is for the place that was named, not for one that it names.
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let client = client.map_err(told)?;
        Ok(Self::Endpoint { client, url, key })
    }

    async fn take(&self, event: String) -> Result<(), String> {
        match self {
            Self::File(path) => {
                let appended = append(path, event).await;
                appended.map_err(|error| format!("cannot write `{}`: {error}", path.display()))
            }
            Self::Endpoint { client, url, key } => {
                let post = || post(client, url, key.as_ref(), &event);
                let patient = ExponentialBuilder::default()
                    .with_min_delay(PAUSE)
                    .with_max_times(RETRIES);
                let posted = post.retry(patient).when(|refusal| refusal.may_pass);
                posted.await.map_err(|refusal| refusal.why)
            }
        }
    }
}

/// A line is one write, so that several runs may append to one file.
async fn append(path: &Path, mut event: String) -> std::io::Result<()> {
    event.push('\n');
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.create(true).append(true).open(path).await?;
    file.write_all(event.as_bytes()).await?;
    file.flush().await
}

/// Why an event was not taken.
struct Refusal {
    why: String,
    /// Whether trying again may help.
    may_pass: bool,
}

async fn post(
    client: &Client,
    url: &Url,
    key: Option<&Connection>,
    event: &str,
) -> Result<(), Refusal> {
    let mut request = client.post(url.clone());
    if let Some(key) = key {
        request = request.bearer_auth(key.reveal());
    }
    let request = request.header(CONTENT_TYPE, "application/json");
    let answer = request.body(event.to_owned()).send().await;
    let status = answer.map_err(|error| Refusal {
        may_pass: error.is_connect() || error.is_timeout(),
        why: told(error),
    })?;
    let status = status.status();
    match status.is_success() {
        true => Ok(()),
        false => Err(Refusal {
            why: format!("the endpoint answers {status}"),
            may_pass: is_busy(status),
        }),
    }
}

fn is_busy(status: StatusCode) -> bool {
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

/// What went wrong, without the URL, and the first cause of it.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    match causes.last() {
        Some(first) => format!("{error}: {first}"),
        None => error.to_string(),
    }
}

/// Sends events in the order in which they come.
pub struct Sender {
    queue: mpsc::UnboundedSender<String>,
    delivery: JoinHandle<()>,
}

impl Sender {
    /// Begins to send to `place`.
    pub fn to(place: Place) -> Self {
        let (queue, events) = mpsc::unbounded_channel();
        let delivery = deliver(place, events).instrument(Span::current());
        Self {
            queue,
            delivery: tokio::spawn(delivery),
        }
    }

    /// Sends an event when those before it are sent.
    pub fn send(&self, event: &RunEvent) {
        match serde_json::to_string(event) {
            // Whoever delivers may have given up, and said so.
            Ok(event) => drop(self.queue.send(event)),
            Err(error) => warn!(%error, "a lineage event cannot be written as JSON"),
        }
    }

    /// Waits until all is sent, but not for long.
    pub async fn finish(self) {
        drop(self.queue);
        let abort = self.delivery.abort_handle();
        if tokio::time::timeout(PATIENCE, self.delivery).await.is_err() {
            abort.abort();
            warn!("lineage events were not told in time, and are left out");
        }
    }
}

async fn deliver(place: Place, mut events: mpsc::UnboundedReceiver<String>) {
    while let Some(event) = events.recv().await {
        if let Err(error) = place.take(event).await {
            warn!(
                error,
                "lineage events cannot be told, and are left out for this run"
            );
            return;
        }
    }
}
