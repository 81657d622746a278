//! Holder lists as CSV: one header line `holder,balance`, then one line a holder.
//!
//! The account is `0x` and 40 hex digits, the balance a decimal integer in base units. Lines end in
//! LF or CRLF; a UTF-8 byte order mark is skipped. There is no quoting, no comment and no blank line.
//! Accounts in mixed case must carry the right EIP-55 checksum; all lower and all upper case carry
//! none and are taken as they are.
//!
//! Lines are split here and not by the `csv` crate (1.4), for the sake of the line numbers: it counts
//! a row of a CRLF file one line too low, names the first of several blank lines instead of the row
//! behind them, and reads a line without an end until memory is full. Both are about equally fast.

use std::io::{self, Read, Write};

use alloy_primitives::{Address, U256, hex};

use crate::{
    amount::{self, AmountError},
    holders::{Holder, Holders, sort_key},
};

/// The header line.
pub const HEADER: &str = "holder,balance";
/// More rows than this are refused; as many as fit in 12 GiB of memory.
pub const MAX_ROWS: usize = 200_000_000;
/// Longer lines are refused, line end excluded. A valid one has at most 121 bytes.
pub const MAX_LINE_LEN: usize = 1024;

/// Bytes that are asked of the reader at once.
const READ_LEN: usize = 1 << 18;
/// Bytes of a foreign field that an error repeats.
const SHOWN_LEN: usize = 80;
/// Bytes that are handed to the writer at once, about.
const WRITE_LEN: usize = 1 << 16;

/// Why a file is not a holder list. Lines count from 1, which is the header.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The first line is something else.
    #[error("line 1: expected the header `{HEADER}`, found `{found}`; write it as the first line")]
    MissingHeader {
        /// The first line.
        found: String,
    },
    /// A line without exactly two fields.
    #[error(
        "line {line}: expected two fields, `{HEADER}`, found {found}; \
         remove blank lines, quotes and further columns"
    )]
    Columns {
        /// Where.
        line: u64,
        /// How many fields; a blank line has none.
        found: usize,
    },
    /// The first field is not an address.
    #[error("line {line}: `{field}` is not an address; write 0x and 40 hex digits")]
    BadAddress {
        /// Where.
        line: u64,
        /// What stands there.
        field: String,
    },
    /// An address in mixed case whose EIP-55 checksum is wrong.
    #[error(
        "line {line}: the address `{field}` has a wrong checksum, which points to a typing error; \
         find out which address is meant: with these digits it would be {expected}"
    )]
    BadChecksum {
        /// Where.
        line: u64,
        /// What stands there.
        field: String,
        /// The same digits with the right checksum.
        expected: String,
    },
    /// The second field is not an amount.
    #[error(
        "line {line}: `{field}` is not a balance: {source}; write a decimal integer in base units"
    )]
    BadAmount {
        /// Where.
        line: u64,
        /// What stands there.
        field: String,
        /// What is wrong with it.
        source: AmountError,
    },
    /// A row without a balance.
    #[error("line {line}: the balance of {account} is zero; remove the line")]
    ZeroBalance {
        /// Where.
        line: u64,
        /// Whose row.
        account: Address,
    },
    /// An account that an earlier line has.
    #[error(
        "line {line}: {account} stands in line {first_line} already; \
         leave one line with its whole balance"
    )]
    Duplicate {
        /// Where the second row is.
        line: u64,
        /// Where the first row is.
        first_line: u64,
        /// Whose rows.
        account: Address,
    },
    /// The sum of the balances so far is 2^256 or larger.
    #[error(
        "line {line}: with the balance {balance} the sum of all balances exceeds 256 bits; \
         no token has such a supply"
    )]
    SumOverflow {
        /// Where.
        line: u64,
        /// The balance of this line.
        balance: U256,
    },
    /// More rows than the limit.
    #[error("line {line}: more than {max} holders; split the list")]
    TooManyRows {
        /// The first line too many.
        line: u64,
        /// The limit.
        max: usize,
    },
    /// A line longer than [`MAX_LINE_LEN`].
    #[error(
        "line {line}: `{start}` goes on for more than {MAX_LINE_LEN} bytes; \
         check the line ends, and that the file is not binary"
    )]
    LineTooLong {
        /// Where.
        line: u64,
        /// How the line begins.
        start: String,
    },
    /// A header and nothing else.
    #[error("line 2: there is no holder; a migration needs at least one")]
    Empty,
    /// The reader failed.
    #[error("line {line}: cannot read on")]
    Read {
        /// The line that could not be read whole.
        line: u64,
        /// What the reader says.
        #[source]
        source: io::Error,
    },
}

impl CsvError {
    /// The line to look at, from 1.
    pub fn line(&self) -> u64 {
        match self {
            Self::MissingHeader { .. } => 1,
            Self::Empty => 2,
            Self::Columns { line, .. }
            | Self::BadAddress { line, .. }
            | Self::BadChecksum { line, .. }
            | Self::BadAmount { line, .. }
            | Self::ZeroBalance { line, .. }
            | Self::Duplicate { line, .. }
            | Self::SumOverflow { line, .. }
            | Self::TooManyRows { line, .. }
            | Self::LineTooLong { line, .. }
            | Self::Read { line, .. } => *line,
        }
    }
}

/// A row with its line in the bytes that a [`Holder`] spends on alignment, so that the rows become
/// holders in place.
struct Row {
    account: Address,
    line: u32,
    balance: U256,
}

const _: () = assert!(size_of::<Row>() == size_of::<Holder>());
const _: () = assert!(MAX_ROWS < u32::MAX as usize);

/// Reads a holder list, in any order of accounts. The reader needs no buffer of its own.
pub fn read(reader: impl Read) -> Result<Holders, CsvError> {
    read_at_most(reader, MAX_ROWS)
}

/// Reads a holder list with a limit on its rows; limits above [`MAX_ROWS`] mean that.
pub fn read_at_most(reader: impl Read, max_rows: usize) -> Result<Holders, CsvError> {
    let max_rows = max_rows.min(MAX_ROWS);
    let mut lines = Lines::new(reader);
    let header = lines.next()?.map_or(&[][..], |(_, header)| header);
    let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
    if header != HEADER.as_bytes() {
        return Err(CsvError::MissingHeader {
            found: shown(header),
        });
    }

    let mut rows: Vec<Row> = Vec::new();
    let mut sum = U256::ZERO;
    while let Some((line, text)) = lines.next()? {
        if rows.len() == max_rows {
            return Err(CsvError::TooManyRows {
                line: line.into(),
                max: max_rows,
            });
        }
        let row = parse_row(line, text)?;
        sum = sum.checked_add(row.balance).ok_or(CsvError::SumOverflow {
            line: line.into(),
            balance: row.balance,
        })?;
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(CsvError::Empty);
    }

    rows.sort_unstable_by_key(|row| (sort_key(&row.account), row.line));
    check_unique(&rows)?;
    let rows = rows.into_iter().map(
        |Row {
             account, balance, ..
         }| Holder { account, balance },
    );
    Ok(Holders::from_sorted(rows.collect()).expect("every rule was checked line by line"))
}

/// Writes a holder list in ascending order, accounts in lower case, lines ended by LF.
pub fn write(holders: &Holders, mut writer: impl Write) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(WRITE_LEN + MAX_LINE_LEN);
    writeln!(buffer, "{HEADER}")?;
    for Holder { account, balance } in holders {
        writeln!(
            buffer,
            "0x{},{balance}",
            hex::Buffer::<20>::new().format(&account.0)
        )?;
        if buffer.len() >= WRITE_LEN {
            writer.write_all(&buffer)?;
            buffer.clear();
        }
    }
    writer.write_all(&buffer)?;
    writer.flush()
}

fn parse_row(line: u32, text: &[u8]) -> Result<Row, CsvError> {
    let line_number = u64::from(line);
    let comma = text.iter().position(|&byte| byte == b',');
    let (account, balance) = match comma.map(|comma| (&text[..comma], &text[comma + 1..])) {
        Some((account, balance)) if !balance.contains(&b',') => (account, balance),
        _ => {
            let commas = text.iter().filter(|&&byte| byte == b',').count();
            let found = if text.is_empty() { 0 } else { commas + 1 };
            return Err(CsvError::Columns {
                line: line_number,
                found,
            });
        }
    };
    let account = parse_account(line_number, account)?;
    let balance = amount::parse(balance).map_err(|source| CsvError::BadAmount {
        line: line_number,
        field: shown(balance),
        source,
    })?;
    if balance.is_zero() {
        return Err(CsvError::ZeroBalance {
            line: line_number,
            account,
        });
    }
    Ok(Row {
        account,
        line,
        balance,
    })
}

fn parse_account(line: u64, field: &[u8]) -> Result<Address, CsvError> {
    let mut account = Address::ZERO;
    let digits = field
        .strip_prefix(b"0x")
        .filter(|digits| digits.len() == 40);
    let Some(digits) = digits.filter(|digits| {
        // The decoder would skip a second 0x, and then misses two digits.
        hex::decode_to_slice(digits, account.as_mut_slice()).is_ok()
    }) else {
        return Err(CsvError::BadAddress {
            line,
            field: shown(field),
        });
    };
    let mixed =
        digits.iter().any(u8::is_ascii_lowercase) && digits.iter().any(u8::is_ascii_uppercase);
    if mixed && account.to_checksum_buffer(None).as_str().as_bytes() != field {
        let expected = account.to_checksum(None);
        return Err(CsvError::BadChecksum {
            line,
            field: shown(field),
            expected,
        });
    }
    Ok(account)
}

/// Rows are sorted by account, then line; of several repeated lines the first is reported.
fn check_unique(rows: &[Row]) -> Result<(), CsvError> {
    let repeated = rows
        .windows(2)
        .filter(|pair| pair[0].account == pair[1].account)
        .min_by_key(|pair| pair[1].line);
    match repeated {
        Some(pair) => Err(CsvError::Duplicate {
            line: pair[1].line.into(),
            first_line: pair[0].line.into(),
            account: pair[1].account,
        }),
        None => Ok(()),
    }
}

/// Foreign bytes for an error: one line, printable, not long.
fn shown(field: &[u8]) -> String {
    let start = &field[..field.len().min(SHOWN_LEN)];
    let dots = if start.len() < field.len() { "..." } else { "" };
    let text: String = start.utf8_chunks().map(escape_chunk).collect();
    text + dots
}

fn escape_chunk(chunk: std::str::Utf8Chunk<'_>) -> String {
    let valid = chunk.valid().chars().map(|letter| match letter {
        letter if letter.is_control() => letter.escape_default().to_string(),
        letter => letter.to_string(),
    });
    valid
        .chain([chunk.invalid().escape_ascii().to_string()])
        .collect()
}

/// Splits a reader into numbered lines of limited length, without an allocation a line.
struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Lines handed out so far.
    line: u32,
    ended: bool,
}

impl<R: Read> Lines<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; READ_LEN],
            start: 0,
            end: 0,
            line: 0,
            ended: false,
        }
    }

    /// The next line and its number, without the line end.
    fn next(&mut self) -> Result<Option<(u32, &[u8])>, CsvError> {
        let len = loop {
            let rest = &self.buffer[self.start..self.end];
            if let Some(len) = memchr::memchr(b'\n', rest) {
                break len;
            }
            if self.ended || rest.len() > MAX_LINE_LEN {
                break rest.len();
            }
            self.fill()?;
        };
        if len == 0 && self.start == self.end {
            return Ok(None);
        }
        self.line += 1;
        let text = &self.buffer[self.start..self.start + len];
        self.start = self.end.min(self.start + len + 1);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.len() > MAX_LINE_LEN {
            return Err(CsvError::LineTooLong {
                line: self.line.into(),
                start: shown(text),
            });
        }
        Ok(Some((self.line, text)))
    }

    /// Reads on behind the unfinished line, which moves to the front.
    fn fill(&mut self) -> Result<(), CsvError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    self.ended = count == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(CsvError::Read {
                        line: u64::from(self.line) + 1,
                        source,
                    });
                }
            }
        }
    }
}
