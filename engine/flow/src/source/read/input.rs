//! The bytes of a source file, in order: opened through its store, fingerprinted as they pass,
//! unpacked. For blocking threads; never the whole file in memory.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use xxhash_rust::xxh3::Xxh3;

use super::super::unavailable;
use crate::error::{Error, Result};
use crate::session::{no_temporary_files, temporary_file};

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes as stored, before unpacking
    pub size: u64,
    /// XXH3-128 of these bytes, in hexadecimal
    pub checksum: String,
}

/// A source file's bytes as they are stored.
pub enum Stored {
    /// On the local disk
    File(File),
    /// Anywhere else
    Remote(RemoteReader),
}

/// Opens the object; `name` is how errors call it.
pub async fn open(store: &Arc<dyn ObjectStore>, path: &Path, name: &str) -> Result<Stored> {
    let found = store
        .get(path)
        .await
        .map_err(|error| unreadable(name, error))?;
    Ok(match found.payload {
        GetResultPayload::File(file, _) => Stored::File(file),
        GetResultPayload::Stream(stream) => Stored::Remote(RemoteReader {
            stream,
            rest: Bytes::new(),
            runtime: Handle::current(),
        }),
    })
}

impl Stored {
    /// The file on the local disk, spooled into a temporary one where it is not: some formats are
    /// read from their end. Its fingerprint comes with it. `name` is the file's, for errors.
    pub fn into_file(
        self,
        name: &str,
        spill_dir: Option<&FilePath>,
    ) -> Result<(File, Fingerprint)> {
        match self {
            Self::File(file) => {
                let passed = file
                    .try_clone()
                    .and_then(|same| pass(same, &mut io::sink()));
                Ok((file, passed.map_err(|error| broken(name, error))?))
            }
            Self::Remote(remote) => {
                let mut spool = temporary_file(spill_dir)?;
                let passed = pass(remote, &mut spool).map_err(|error| match error.kind() {
                    ErrorKind::StorageFull => no_temporary_files(error),
                    _ => broken(name, error),
                });
                Ok((spool, passed?))
            }
        }
    }
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Remote(remote) => remote.read(buffer),
        }
    }
}

/// Copies all bytes and tells their fingerprint.
fn pass(from: impl Read, to: &mut impl Write) -> io::Result<Fingerprint> {
    let mut passing = Passing::new(from);
    io::copy(&mut passing, to)?;
    to.flush()?;
    Ok(passing.fingerprint())
}

/// Reads an asynchronous stream from a blocking thread.
pub struct RemoteReader {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    rest: Bytes,
    runtime: Handle,
}

impl Read for RemoteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(bytes) => self.rest = bytes?,
                None => return Ok(0),
            }
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

/// Bytes that are fingerprinted as they pass.
struct Passing<R> {
    inner: R,
    size: u64,
    hash: Xxh3,
}

impl<R: Read> Passing<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            size: 0,
            hash: Xxh3::new(),
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            size: self.size,
            checksum: format!("{:032x}", self.hash.digest128()),
        }
    }
}

impl<R: Read> Read for Passing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.size += count as u64;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// A file's content after unpacking.
pub struct Content(Unpacking);

enum Unpacking {
    Plain(Box<Passing<Stored>>),
    Gzip(Box<MultiGzDecoder<BufReader<Passing<Stored>>>>),
}

impl Content {
    pub fn plain(stored: Stored) -> Self {
        Self(Unpacking::Plain(Box::new(Passing::new(stored))))
    }

    pub fn gzip(stored: Stored) -> Self {
        let buffered = BufReader::with_capacity(1 << 17, Passing::new(stored));
        Self(Unpacking::Gzip(Box::new(MultiGzDecoder::new(buffered))))
    }

    /// Bytes taken from the store so far.
    pub fn taken(&self) -> u64 {
        match &self.0 {
            Unpacking::Plain(passing) => passing.size,
            Unpacking::Gzip(decoder) => decoder.get_ref().get_ref().size,
        }
    }

    /// Reads what may be left and says what was read.
    pub fn finish(self) -> io::Result<Fingerprint> {
        let mut passing = match self.0 {
            Unpacking::Plain(passing) => *passing,
            Unpacking::Gzip(decoder) => decoder.into_inner().into_inner(),
        };
        io::copy(&mut passing, &mut io::sink())?;
        Ok(passing.fingerprint())
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Unpacking::Plain(passing) => passing.read(buffer),
            Unpacking::Gzip(decoder) => decoder.read(buffer),
        }
    }
}

/// The fingerprint of a stored object. Blocks.
pub fn fingerprint(stored: Stored, name: &str) -> Result<Fingerprint> {
    Content::plain(stored)
        .finish()
        .map_err(|error| broken(name, error))
}

/// The store does not give the object out.
pub fn unreadable(name: &str, error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Error::data(format!("source file {name} is gone"))
            .with_hint("run again once it is back, or without it"),
        error => unavailable(format!("source file {name} cannot be read"), error),
    }
}

/// Reading failed on the way: the file's fault or the store's.
pub fn broken(name: &str, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => Error::data(format!("source file {name} is cut short"))
            .with_hint("deliver the file again, or move it out of the source's globs"),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            Error::data(format!("source file {name} cannot be unpacked: {error}"))
                .with_hint("deliver the file again, or set format.compression in the job")
        }
        _ => unavailable(format!("source file {name} cannot be read"), error),
    }
}
