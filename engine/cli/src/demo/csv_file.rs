//! A CSV file of the demo, with the bad rows and the repeated rows that real exports have.

use std::fs::File;
use std::io;
use std::path::Path;

/// Every so many rows one has an unreadable time: a quarter of a per cent.
const ROWS_PER_BAD_ROW: u64 = 400;
/// Every so many rows one comes twice.
const ROWS_PER_REPEAT: u64 = 500;

/// A whole file of rows that are as they should be; says how many there are.
pub fn write<const N: usize>(
    path: &Path,
    columns: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> io::Result<u64> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(columns)?;
    let mut written = 0;
    for row in rows {
        writer.write_record(row)?;
        written += 1;
    }
    writer.flush()?;
    Ok(written)
}

/// An open file; rows are written as they come.
pub struct CsvFile {
    writer: csv::Writer<File>,
    rows: u64,
    dated_column: Option<usize>,
}

impl CsvFile {
    /// Creates the file with its header. Bad rows are bad in `dated_column`, if there is one.
    pub fn create(path: &Path, columns: &[&str], dated_column: Option<&str>) -> io::Result<Self> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(columns)?;
        let dated_column =
            dated_column.and_then(|name| columns.iter().position(|column| *column == name));
        Ok(Self {
            writer,
            rows: 0,
            dated_column,
        })
    }

    /// Adds a row, or now and then a bad copy of it or a second one.
    pub fn write<const N: usize>(&mut self, mut row: [String; N]) -> io::Result<()> {
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_PER_BAD_ROW)
            && let Some(column) = self.dated_column
        {
            row[column] = "31/02/20xx".to_owned();
        }
        if self.rows % ROWS_PER_REPEAT == 7 && self.rows > ROWS_PER_REPEAT {
            self.writer.write_record(&row)?;
        }
        Ok(self.writer.write_record(&row)?)
    }

    /// Writes what is still buffered; says how many rows there are, repeated ones left out.
    pub fn finish(mut self) -> io::Result<u64> {
        self.writer.flush()?;
        Ok(self.rows)
    }
}
