//! Holder lists as Parquet (`holders.parquet`).
//!
//! Two required columns, `holder FIXED_LEN_BYTE_ARRAY(20)` and `balance FIXED_LEN_BYTE_ARRAY(32)`
//! big-endian, rows by strictly ascending holder, no balance of zero, pages compressed with zstd.
//! The bytes of the file depend on the version of the writer: digest the rows, never the file.
//!
//! The footer carries the digest of the rows ([`Holders::digest`]) under [`DIGEST_KEY`], because the
//! writer has no checksum for pages: without it a flipped bit is another balance. A file of another
//! writer, without the key, is read as it is.

use std::{io::Write, sync::Arc};

use alloy_primitives::{Address, B256, Bytes, U256};
use parquet::{
    basic::{Compression, Repetition, Type as PhysicalType, ZstdLevel},
    column::reader::{ColumnReaderImpl, get_typed_column_reader},
    data_type::{ByteArray, FixedLenByteArray, FixedLenByteArrayType},
    errors::ParquetError as Source,
    file::{
        metadata::{ColumnChunkMetaData, KeyValue},
        properties::WriterProperties,
        reader::{ChunkReader, FileReader, SerializedFileReader},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{SchemaDescriptor, Type},
};

use crate::holders::{Holder, Holders, HoldersError};

/// More rows than this are refused.
pub const MAX_ROWS: usize = crate::csv::MAX_ROWS;

/// The footer's key for the digest of the rows, `0x` and 64 hex digits.
pub const DIGEST_KEY: &str = "sealift.digest";

const HOLDER: &str = "holder";
const HOLDER_LEN: usize = 20;
const BALANCE: &str = "balance";
const BALANCE_LEN: usize = 32;
/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 17;
/// Rows that are decoded or encoded at once.
const CHUNK_ROWS: usize = 8192;

/// Why a file is not a holder list. Rows count from 1.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not a Parquet file, or damaged.
    #[error("cannot read the Parquet footer")]
    Footer(#[source] Source),
    /// Other columns than expected.
    #[error(
        "expected the columns `{HOLDER}, {BALANCE}`, found `{found}`; \
         write exactly these two, in this order"
    )]
    Columns {
        /// Names of the columns.
        found: String,
    },
    /// A column of another type.
    #[error(
        "column `{column}`: expected `{expected}`, found `{found}`; \
         write the column with this type and without nulls"
    )]
    Schema {
        /// Name of the column.
        column: &'static str,
        /// The type that it must have.
        expected: String,
        /// The type that it has.
        found: String,
    },
    /// A row group cannot be decoded.
    #[error("cannot read on at row {row}")]
    Rows {
        /// The first row that could not be read.
        row: u64,
        /// What the decoder says.
        #[source]
        source: Source,
    },
    /// The columns, or the footer and the data, disagree about the number of rows.
    #[error("row {row} is not there: the footer promises {promised} rows")]
    Short {
        /// The first row that is not there.
        row: u64,
        /// Rows in the footer.
        promised: u64,
    },
    /// A row below the one before it.
    #[error("row {row}: {account} does not ascend from the row before; sort the file by holder")]
    Unsorted {
        /// Where.
        row: u64,
        /// Whose row.
        account: Address,
    },
    /// The same account as in the row before.
    #[error("row {row}: {account} stands in the row before already")]
    Duplicate {
        /// Where.
        row: u64,
        /// Whose row.
        account: Address,
    },
    /// A row without a balance.
    #[error("row {row}: the balance of {account} is zero; remove the row")]
    ZeroBalance {
        /// Where.
        row: u64,
        /// Whose row.
        account: Address,
    },
    /// The whole list breaks a rule: it is empty or its sum overflows.
    #[error("the file is not a holder list")]
    Holders(#[source] HoldersError),
    /// The rows are not those that were written.
    #[error("the rows have the digest {found}, the footer says {recorded}: the file is damaged")]
    Digest {
        /// Digest in the footer.
        recorded: String,
        /// Digest of the rows.
        found: B256,
    },
    /// More rows than the limit.
    #[error("{rows} rows are more than {MAX_ROWS}")]
    TooManyRows {
        /// Rows in the footer.
        rows: u64,
    },
}

/// Why a holder list could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the holders as Parquet")]
pub struct WriteError(#[source] Source);

/// Reads a holder list from [`Bytes`](alloy_primitives::bytes::Bytes) or an open file.
pub fn read<R: ChunkReader + 'static>(source: R) -> Result<Holders, ReadError> {
    let file = SerializedFileReader::new(source).map_err(ReadError::Footer)?;
    let metadata = file.metadata().file_metadata();
    check_schema(metadata.schema_descr())?;
    let promised = u64::try_from(metadata.num_rows()).unwrap_or(u64::MAX);
    if promised > MAX_ROWS as u64 {
        return Err(ReadError::TooManyRows { rows: promised });
    }

    let mut rows: Vec<Holder> = Vec::new();
    for group in 0..file.num_row_groups() {
        let failed = |row: usize| {
            move |source| ReadError::Rows {
                row: row as u64 + 1,
                source,
            }
        };
        // The reader panics where these are negative.
        if !file
            .metadata()
            .row_group(group)
            .columns()
            .iter()
            .all(is_placed)
        {
            let source = Source::General("a column lies outside of the file".into());
            return Err(failed(rows.len())(source));
        }
        let reader = file.get_row_group(group).map_err(failed(rows.len()))?;
        let column = |index| {
            let pages = reader
                .get_column_reader(index)
                .map_err(failed(rows.len()))?;
            Ok(Column {
                reader: get_typed_column_reader(pages),
                values: Vec::new(),
            })
        };
        let (mut holders, mut balances) = (column(0)?, column(1)?);
        loop {
            let first = rows.len();
            holders.fill().map_err(failed(first))?;
            balances.fill().map_err(failed(first))?;
            let short = holders.values.len() != balances.values.len();
            for (holder, balance) in holders.values.iter().zip(&balances.values) {
                push_row(&mut rows, holder.data(), balance.data())?;
            }
            if short || rows.len() as u64 > promised {
                return Err(ReadError::Short {
                    row: rows.len() as u64 + 1,
                    promised,
                });
            }
            if rows.len() == first {
                break;
            }
        }
    }
    if rows.len() as u64 != promised {
        return Err(ReadError::Short {
            row: rows.len() as u64 + 1,
            promised,
        });
    }
    let holders = Holders::from_sorted(rows).map_err(ReadError::Holders)?;
    let entries = metadata.key_value_metadata().map_or(&[][..], Vec::as_slice);
    if let Some(entry) = entries.iter().find(|entry| entry.key == DIGEST_KEY) {
        let found = holders.digest();
        let recorded = entry.value.clone().unwrap_or_default();
        if recorded != found.to_string() {
            return Err(ReadError::Digest { recorded, found });
        }
    }
    Ok(holders)
}

/// Writes a holder list and flushes the writer.
pub fn write<W: Write + Send>(holders: &Holders, writer: W) -> Result<(), WriteError> {
    write_inner(holders, writer).map_err(WriteError)
}

fn write_inner<W: Write + Send>(holders: &Holders, writer: W) -> Result<(), Source> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .build();
    let schema = Arc::new(schema()?);
    let mut file = SerializedFileWriter::new(writer, schema, Arc::new(properties))?;
    for rows in holders.rows().chunks(GROUP_ROWS) {
        let mut group = file.next_row_group()?;
        write_column(group.next_column()?, rows, |row| row.account.0.0)?;
        write_column(group.next_column()?, rows, |row| {
            row.balance.to_be_bytes::<BALANCE_LEN>()
        })?;
        group.close()?;
    }
    let digest = holders.digest().to_string();
    file.append_key_value_metadata(KeyValue::new(DIGEST_KEY.to_owned(), digest));
    file.close()?;
    Ok(())
}

/// A column of one row group, read chunk by chunk.
struct Column {
    reader: ColumnReaderImpl<FixedLenByteArrayType>,
    values: Vec<FixedLenByteArray>,
}

impl Column {
    /// Replaces the values by the next ones, by none at the end.
    fn fill(&mut self) -> Result<(), Source> {
        self.values.clear();
        self.reader
            .read_records(CHUNK_ROWS, None, None, &mut self.values)?;
        Ok(())
    }
}

fn is_placed(column: &ColumnChunkMetaData) -> bool {
    column.dictionary_page_offset().unwrap_or(0) >= 0
        && column.data_page_offset() >= 0
        && column.compressed_size() >= 0
}

fn push_row(rows: &mut Vec<Holder>, holder: &[u8], balance: &[u8]) -> Result<(), ReadError> {
    let account = Address::from_slice(holder);
    let balance = U256::from_be_slice(balance);
    let row = rows.len() as u64 + 1;
    match rows.last() {
        Some(last) if last.account == account => return Err(ReadError::Duplicate { row, account }),
        Some(last) if last.account > account => return Err(ReadError::Unsorted { row, account }),
        _ if balance.is_zero() => return Err(ReadError::ZeroBalance { row, account }),
        _ => rows.push(Holder { account, balance }),
    }
    Ok(())
}

fn write_column<const LEN: usize>(
    column: Option<SerializedColumnWriter<'_>>,
    rows: &[Holder],
    value: impl Fn(&Holder) -> [u8; LEN],
) -> Result<(), Source> {
    let Some(mut column) = column else {
        return Err(Source::General("the schema has two columns".into()));
    };
    let writer = column.typed::<FixedLenByteArrayType>();
    let mut values: Vec<FixedLenByteArray> = Vec::with_capacity(CHUNK_ROWS.min(rows.len()));
    for chunk in rows.chunks(CHUNK_ROWS) {
        // One allocation a chunk, of which every value is a slice.
        let bytes = Bytes::from_iter(chunk.iter().flat_map(&value)).0;
        values.clear();
        values.extend((0..chunk.len()).map(|place| {
            let start = place * LEN;
            FixedLenByteArray::from(ByteArray::from(bytes.slice(start..start + LEN)))
        }));
        writer.write_batch(&values, None, None)?;
    }
    column.close()
}

/// The schema of the file.
fn schema() -> Result<Type, Source> {
    let column = |name, len: usize| {
        Type::primitive_type_builder(name, PhysicalType::FIXED_LEN_BYTE_ARRAY)
            .with_repetition(Repetition::REQUIRED)
            .with_length(len as i32)
            .build()
            .map(Arc::new)
    };
    Type::group_type_builder("holders")
        .with_fields(vec![
            column(HOLDER, HOLDER_LEN)?,
            column(BALANCE, BALANCE_LEN)?,
        ])
        .build()
}

fn check_schema(found: &SchemaDescriptor) -> Result<(), ReadError> {
    let fields = found.root_schema().get_fields();
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    if names != [HOLDER, BALANCE] {
        return Err(ReadError::Columns {
            found: names.join(", "),
        });
    }
    let columns = [(HOLDER, HOLDER_LEN), (BALANCE, BALANCE_LEN)];
    for (field, (column, len)) in fields.iter().zip(columns) {
        let expected = format!("REQUIRED FIXED_LEN_BYTE_ARRAY({len})");
        let found = describe(field);
        if found != expected {
            return Err(ReadError::Schema {
                column,
                expected,
                found,
            });
        }
    }
    Ok(())
}

fn describe(field: &Type) -> String {
    let info = field.get_basic_info();
    let repetition = if info.has_repetition() {
        info.repetition()
    } else {
        Repetition::REQUIRED
    };
    match field {
        Type::PrimitiveType {
            physical_type,
            type_length,
            ..
        } if *physical_type == PhysicalType::FIXED_LEN_BYTE_ARRAY => {
            format!("{repetition} {physical_type}({type_length})")
        }
        Type::PrimitiveType { physical_type, .. } => format!("{repetition} {physical_type}"),
        Type::GroupType { .. } => format!("{repetition} group"),
    }
}
