//! A Parquet file of the demo: order lines or web events, written a batch at a time.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Builder, Int32Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::event::Event;
use super::order::Order;

const ROWS_PER_BATCH: u64 = 64 * 1024;
const MICROSECONDS: i64 = 1_000_000;

/// The columns of a kind of row, collected until there are enough for a batch.
pub trait Columns: Default {
    /// Takes what was collected, as named columns.
    fn take(&mut self) -> Vec<(&'static str, ArrayRef)>;
}

/// An open file.
pub struct ParquetFile<C: Columns> {
    writer: ArrowWriter<File>,
    columns: C,
    buffered: u64,
    rows: u64,
}

impl<C: Columns> ParquetFile<C> {
    /// Creates the file.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut columns = C::default();
        let schema = batch(&mut columns)?.schema();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer = ArrowWriter::try_new(File::create(path)?, schema, Some(properties))?;
        Ok(Self {
            writer,
            columns,
            buffered: 0,
            rows: 0,
        })
    }

    fn wrote(&mut self, rows: u64) -> io::Result<()> {
        self.rows += rows;
        self.buffered += rows;
        if self.buffered >= ROWS_PER_BATCH {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffered = 0;
        Ok(self.writer.write(&batch(&mut self.columns)?)?)
    }

    /// Writes what is still buffered and the footer; says how many rows there are.
    pub fn finish(mut self) -> io::Result<u64> {
        self.flush()?;
        self.writer.close()?;
        Ok(self.rows)
    }
}

fn batch<C: Columns>(columns: &mut C) -> io::Result<RecordBatch> {
    RecordBatch::try_from_iter_with_nullable(
        columns
            .take()
            .into_iter()
            .map(|(name, values)| (name, values, true)),
    )
    .map_err(io::Error::other)
}

/// Columns of `order_lines*.parquet`.
#[derive(Default)]
pub struct OrderLines {
    line_no: Int64Builder,
    invoice_no: StringBuilder,
    stock_code: StringBuilder,
    description: StringBuilder,
    quantity: Int32Builder,
    unit_price: Float64Builder,
    amount: Float64Builder,
    ts: TimestampMicrosecondBuilder,
    channel: StringBuilder,
    account_id: StringBuilder,
    card_no: StringBuilder,
    guest_email: StringBuilder,
    country: StringBuilder,
}

impl Columns for OrderLines {
    fn take(&mut self) -> Vec<(&'static str, ArrayRef)> {
        vec![
            ("line_no", Arc::new(self.line_no.finish())),
            ("invoice_no", Arc::new(self.invoice_no.finish())),
            ("stock_code", Arc::new(self.stock_code.finish())),
            ("description", Arc::new(self.description.finish())),
            ("quantity", Arc::new(self.quantity.finish())),
            ("unit_price", Arc::new(self.unit_price.finish())),
            ("amount", Arc::new(self.amount.finish())),
            ("ts", Arc::new(self.ts.finish())),
            ("channel", Arc::new(self.channel.finish())),
            ("account_id", Arc::new(self.account_id.finish())),
            ("card_no", Arc::new(self.card_no.finish())),
            ("guest_email", Arc::new(self.guest_email.finish())),
            ("country", Arc::new(self.country.finish())),
        ]
    }
}

impl ParquetFile<OrderLines> {
    /// Adds the lines of an order.
    pub fn write(&mut self, order: &Order) -> io::Result<()> {
        let invoice_no = order.invoice_no();
        let columns = &mut self.columns;
        for (index, line) in order.lines.iter().enumerate() {
            let cents = line.product.price_cents();
            columns.line_no.append_value(order.line_no(index));
            columns.invoice_no.append_value(&invoice_no);
            columns.stock_code.append_value(line.product.stock_code());
            columns.description.append_value(line.product.description());
            columns.quantity.append_value(line.quantity);
            columns.unit_price.append_value(cents as f64 / 100.0);
            columns
                .amount
                .append_value((cents * i64::from(line.quantity)) as f64 / 100.0);
            columns.ts.append_value(order.ordered_at * MICROSECONDS);
            columns.channel.append_value(order.channel.name());
            columns.account_id.append_value(&order.account_id);
            columns.card_no.append_value(&order.card_no);
            columns.guest_email.append_value(&order.guest_email);
            columns.country.append_value("Australia");
        }
        self.wrote(order.lines.len() as u64)
    }
}

/// Columns of `web_events*.parquet`.
#[derive(Default)]
pub struct WebEvents {
    event_id: StringBuilder,
    event_type: StringBuilder,
    event_ts: TimestampMicrosecondBuilder,
    received_ts: TimestampMicrosecondBuilder,
    anonymous_id: StringBuilder,
    user_id: StringBuilder,
    stock_code: StringBuilder,
    invoice_no: StringBuilder,
    referrer: StringBuilder,
}

impl Columns for WebEvents {
    fn take(&mut self) -> Vec<(&'static str, ArrayRef)> {
        vec![
            ("event_id", Arc::new(self.event_id.finish())),
            ("event_type", Arc::new(self.event_type.finish())),
            ("event_ts", Arc::new(self.event_ts.finish())),
            ("received_ts", Arc::new(self.received_ts.finish())),
            ("anonymous_id", Arc::new(self.anonymous_id.finish())),
            ("user_id", Arc::new(self.user_id.finish())),
            ("stock_code", Arc::new(self.stock_code.finish())),
            ("invoice_no", Arc::new(self.invoice_no.finish())),
            ("referrer", Arc::new(self.referrer.finish())),
        ]
    }
}

impl ParquetFile<WebEvents> {
    /// Adds an event.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        let columns = &mut self.columns;
        columns.event_id.append_value(&event.event_id);
        columns.event_type.append_value(event.event_type);
        columns
            .event_ts
            .append_value(event.happened_at * MICROSECONDS);
        columns
            .received_ts
            .append_value(event.received_at * MICROSECONDS);
        columns.anonymous_id.append_value(&event.anonymous_id);
        columns.user_id.append_value(&event.user_id);
        columns.stock_code.append_value(&event.stock_code);
        columns.invoice_no.append_value(&event.invoice_no);
        columns.referrer.append_value(event.referrer);
        self.wrote(1)
    }
}
