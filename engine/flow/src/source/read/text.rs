//! A text file into chunks of whole records, on a blocking thread. Cutting is cheap and in order;
//! what is costly, parsing and typing, happens to the chunks elsewhere and in parallel.

use std::io::Read;
use std::sync::Arc;

use c360_spec::Encoding;
use encoding_rs::WINDOWS_1252;

use super::csv::Header;
use super::cut::Records;
use super::input::{Content, Fingerprint, broken};
use crate::error::{Error, Result};

/// Text in one chunk; about 10,000 records of a usual width.
const CHUNK_BYTES: usize = 1 << 20;

/// A record that is longer is taken for a quote that nobody closed.
const RECORD_BYTES_MAX: usize = 1 << 26;

/// Whole records of a text file.
pub struct TextChunk {
    pub bytes: Vec<u8>,
    /// Of a separated format
    pub header: Option<Arc<Header>>,
    /// Lines before the first record that are none, such as the header
    pub lines_skipped: u64,
    /// Bytes taken from the store for it
    pub taken: u64,
}

/// Reads the header record.
pub type ReadHeader<'a> = &'a dyn Fn(&str) -> Result<Header>;

/// Cuts the content into chunks and hands each to `send`, which says whether to go on.
pub fn cut(
    mut content: Content,
    name: &str,
    records: Records,
    encoding: Encoding,
    read_header: Option<ReadHeader<'_>>,
    mut send: impl FnMut(TextChunk) -> bool,
) -> Result<Option<Fingerprint>> {
    let mut cutter = Cutter {
        buffer: Vec::new(),
        ended: false,
        records,
        taken: 0,
        lines: 0,
        name,
    };
    cutter.fill(&mut content, 4)?;
    cutter.skip_mark()?;
    let header = match read_header {
        Some(read_header) => match cutter.header(&mut content, encoding, read_header)? {
            Some(header) => Some(Arc::new(header)),
            // Whoever has nothing to say sends a header; nothing at all is a file that was cut off.
            None => return Err(headless(name)),
        },
        None => None,
    };
    let mut lines_skipped = cutter.lines;
    while let Some((bytes, taken)) = cutter.next(&mut content)? {
        let chunk = TextChunk {
            bytes,
            header: header.clone(),
            lines_skipped,
            taken,
        };
        lines_skipped = 0;
        if !send(chunk) {
            return Ok(None);
        }
    }
    finish(content, name)
}

fn headless(name: &str) -> Error {
    let message = format!("source file {name} is empty: it has no header");
    Error::data(message)
        .with_hint("deliver it again; one without rows needs its header all the same")
}

fn finish(content: Content, name: &str) -> Result<Option<Fingerprint>> {
    content
        .finish()
        .map(Some)
        .map_err(|error| broken(name, error))
}

/// The text of a chunk, and where bytes that are no text were replaced.
pub fn decode(bytes: Vec<u8>, encoding: Encoding) -> (String, Vec<usize>) {
    match encoding {
        Encoding::Latin1 => (
            encoding_rs::mem::decode_latin1(&bytes).into_owned(),
            Vec::new(),
        ),
        Encoding::Windows1252 => {
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(&bytes);
            (text.into_owned(), Vec::new())
        }
        Encoding::Utf8 => match String::from_utf8(bytes) {
            Ok(text) => (text, Vec::new()),
            Err(error) => replace(error.as_bytes()),
        },
    }
}

fn replace(bytes: &[u8]) -> (String, Vec<usize>) {
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut replaced = Vec::new();
    for piece in bytes.utf8_chunks() {
        text.push_str(piece.valid());
        if !piece.invalid().is_empty() {
            replaced.push(text.len());
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    (text, replaced)
}

struct Cutter<'a> {
    buffer: Vec<u8>,
    ended: bool,
    records: Records,
    taken: u64,
    lines: u64,
    name: &'a str,
}

impl Cutter<'_> {
    /// Reads until the buffer holds so many bytes or the content ends.
    fn fill(&mut self, content: &mut Content, bytes: usize) -> Result<()> {
        while self.buffer.len() < bytes && !self.ended {
            let missing = (bytes - self.buffer.len()) as u64;
            let read = content.take(missing).read_to_end(&mut self.buffer);
            self.ended = read.map_err(|error| broken(self.name, error))? == 0;
        }
        Ok(())
    }

    /// Drops a byte order mark; UTF-16 has one of its own and is not read, nor is what is packed.
    fn skip_mark(&mut self) -> Result<()> {
        if self.buffer.starts_with(b"\xEF\xBB\xBF") {
            self.buffer.drain(..3);
        }
        if self.buffer.starts_with(b"\xFF\xFE") || self.buffer.starts_with(b"\xFE\xFF") {
            let message = format!("source file {} is encoded as UTF-16", self.name);
            return Err(
                Error::data(message).with_hint("deliver it as utf-8, latin-1 or windows-1252")
            );
        }
        if self.buffer.starts_with(b"\x1F\x8B") || self.buffer.starts_with(b"PK\x03\x04") {
            let message = format!(
                "source file {} is packed, which its name does not say",
                self.name
            );
            let hint = "unpack it, or for gzip name it .gz or set format.compression to gzip";
            return Err(Error::data(message).with_hint(hint));
        }
        Ok(())
    }

    /// Takes the header record out of the buffer; none where there is none.
    fn header(
        &mut self,
        content: &mut Content,
        encoding: Encoding,
        read: ReadHeader<'_>,
    ) -> Result<Option<Header>> {
        let mut size = CHUNK_BYTES;
        loop {
            self.fill(content, size)?;
            let Some(length) = self.first_record() else {
                if self.ended {
                    return Ok(None);
                }
                size = self.grow(size)?;
                continue;
            };
            let record: Vec<u8> = self.buffer.drain(..length).collect();
            let (text, _) = decode(record, encoding);
            self.lines += memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
            let text = text.trim_end_matches(['\n', '\r']);
            if !text.is_empty() {
                return read(text).map(Some);
            }
        }
    }

    /// Length of the first whole record in the buffer, with its line end.
    fn first_record(&self) -> Option<usize> {
        let all = (self.ended && !self.buffer.is_empty()).then_some(self.buffer.len());
        self.records.first(&self.buffer).or(all)
    }

    /// The next whole records and the bytes taken for them; none at the end.
    fn next(&mut self, content: &mut Content) -> Result<Option<(Vec<u8>, u64)>> {
        let mut size = CHUNK_BYTES;
        loop {
            self.fill(content, size)?;
            let whole = if self.ended {
                self.buffer.len()
            } else {
                self.records.whole(&self.buffer)
            };
            if whole > 0 {
                let rest = self.buffer.split_off(whole);
                let taken = content.taken() - self.taken;
                self.taken = content.taken();
                return Ok(Some((std::mem::replace(&mut self.buffer, rest), taken)));
            }
            if self.ended {
                return Ok(None);
            }
            size = self.grow(size)?;
        }
    }

    fn grow(&self, size: usize) -> Result<usize> {
        if size >= RECORD_BYTES_MAX {
            let message = format!("source file {} has a record of over 64 MiB", self.name);
            return Err(Error::data(message)
                .with_hint("a quote is probably not closed: correct the file or format.quote"));
        }
        Ok(size * 4)
    }
}
