//! Frames in an SQLite database: the default.
//!
//! Write-ahead log, `synchronous = FULL`: a commit is one `fsync` of the log. Beside the database lies
//! a `-head` file that remembers the last acknowledged frame. Deleting the database and leaving the
//! `-head` file is a new journal; cutting it short is not.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alloy_primitives::B256;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Transaction, TransactionBehavior, params};

use super::head::HeadFile;
use super::{Cause, Epoch, Storage, StorageError, expect_order};
use crate::frame::{Frame, Mark};

/// `application_id` in the database header: "SLFT".
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"SLFT");

/// `user_version` in the database header: the layout of the tables.
pub const LAYOUT: i32 = 1;

/// How long a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE fence (
        id    INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL
    ) STRICT;
    INSERT INTO fence (id, epoch) VALUES (1, 0);
    CREATE TABLE frames (
        sequence  INTEGER PRIMARY KEY,
        epoch     INTEGER NOT NULL,
        remaining INTEGER NOT NULL,
        version   INTEGER NOT NULL,
        kind      INTEGER NOT NULL,
        length    INTEGER NOT NULL,
        prev      BLOB NOT NULL,
        payload   BLOB NOT NULL,
        hash      BLOB NOT NULL
    ) STRICT;
";

/// A journal's medium in one file.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    head: HeadFile,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file of the journal cannot be created or opened.
    #[error("cannot open {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is a database of something else, or none at all.
    #[error("{} is not a Sealift journal", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// A newer program made this.
    #[error("{} has layout {found}; this program knows {LAYOUT}", path.display())]
    UnknownLayout {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i32,
    },
    /// The database fails SQLite's own check.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        detail: String,
    },
    /// The database cannot be read or prepared.
    #[error("cannot prepare {}", path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: StorageError,
    },
}

impl Sqlite {
    /// Opens the database at `path`, or creates it, readable by its owner only.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let fresh = create(path).map_err(|source| file_error(path, source))?;
        let mut head = OpenOptions::new();
        head.read(true).write(true).create(true).truncate(fresh);
        owner_only(&mut head);
        let this = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, &head)?;
        this.prepare().map_err(|e| open_error(path, e))?;
        this.check(path)?;
        Ok(this)
    }

    /// Opens an existing database to look at it, beside a running executor if need be. Every writing
    /// method fails.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        let mut head = OpenOptions::new();
        // An empty file is no witness; it is created where there is none, so that an absent one is not
        // a case of its own.
        head.read(true).append(true).create(true);
        owner_only(&mut head);
        File::open(path).map_err(|source| file_error(path, source))?;
        let this = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, &head)?;
        this.check(path)?;
        Ok(this)
    }

    /// Limits the size of the database; beyond it an append is [`StorageError::Full`]. The limit holds
    /// for this handle.
    pub fn limit_bytes(&self, bytes: u64) -> Result<(), StorageError> {
        let page_bytes: u32 = self.pragma("page_size")?;
        let pages = u32::try_from(bytes / u64::from(page_bytes.max(1)))
            .unwrap_or(u32::MAX)
            .max(1);
        self.connection
            .pragma_update(None, "max_page_count", pages)
            .map_err(storage_error)
    }

    fn connect(path: &Path, access: OpenFlags, head: &OpenOptions) -> Result<Self, OpenError> {
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|e| open_error(path, e))?;
        connection
            .busy_timeout(BUSY_TIMEOUT)
            .map_err(|e| open_error(path, e))?;
        let head_path = head_path(path);
        let head = head
            .open(&head_path)
            .and_then(HeadFile::open)
            .map_err(|source| file_error(&head_path, source))?;
        Ok(Self { connection, head })
    }

    /// Sets what makes a commit durable, and makes the tables of a new database.
    fn prepare(&self) -> rusqlite::Result<()> {
        let db = &self.connection;
        db.execute_batch(
            "PRAGMA trusted_schema = OFF;
             PRAGMA cell_size_check = ON;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA synchronous = FULL;",
        )?;
        // Nothing is written to a database of somebody else's.
        if !self.is_blank()? {
            return Ok(());
        }
        db.pragma_update(None, "journal_mode", "wal")?;
        let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
        // Another process may have been faster.
        if self.is_blank()? {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", LAYOUT)?;
        }
        transaction.commit()
    }

    /// Whether the database is new: nobody's, and without tables.
    fn is_blank(&self) -> rusqlite::Result<bool> {
        let tables: i64 =
            self.connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let id: i32 = self
            .connection
            .pragma_query_value(None, "application_id", |row| row.get(0))?;
        Ok(tables == 0 && id == 0)
    }

    /// Checks the header, the settings and, by SQLite's own means, every page.
    fn check(&self, path: &Path) -> Result<(), OpenError> {
        let storage = |source| OpenError::Storage {
            path: path.to_owned(),
            source,
        };
        if self.pragma::<i32>("application_id").map_err(storage)? != APPLICATION_ID {
            return Err(OpenError::NotAJournal {
                path: path.to_owned(),
            });
        }
        let found = self.pragma::<i32>("user_version").map_err(storage)?;
        if found != LAYOUT {
            return Err(OpenError::UnknownLayout {
                path: path.to_owned(),
                found,
            });
        }
        let damaged = |detail| OpenError::Damaged {
            path: path.to_owned(),
            detail,
        };
        let mode = self.pragma::<String>("journal_mode").map_err(storage)?;
        if mode != "wal" {
            return Err(damaged(format!("journal mode is {mode}")));
        }
        // 2 is FULL: a commit is on the disk when it returns.
        let synchronous = self.pragma::<i32>("synchronous").map_err(storage)?;
        if synchronous != 2 {
            return Err(damaged(format!("synchronous is {synchronous}")));
        }
        let words = self.pragma::<String>("quick_check").map_err(storage)?;
        if words != "ok" {
            return Err(damaged(words));
        }
        Ok(())
    }

    fn pragma<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, StorageError> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(storage_error)
    }

    /// Begins the transaction of a writer, and checks that it is still the newest one.
    fn begin(&mut self, ours: Epoch) -> Result<Transaction<'_>, StorageError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(storage_error)?;
        let current: i64 = transaction
            .query_row("SELECT epoch FROM fence", [], |row| row.get(0))
            .map_err(storage_error)?;
        let current = unsigned(current)?;
        if current == ours {
            Ok(transaction)
        } else {
            Err(StorageError::Fenced { ours, current })
        }
    }
}

impl Storage for Sqlite {
    fn claim(&mut self) -> Result<Epoch, StorageError> {
        let epoch: i64 = self
            .connection
            .query_row(
                "UPDATE fence SET epoch = epoch + 1 RETURNING epoch",
                [],
                |row| row.get(0),
            )
            .map_err(storage_error)?;
        unsigned(epoch)
    }

    fn append(&mut self, epoch: Epoch, frames: &[Frame]) -> Result<(), StorageError> {
        let transaction = self.begin(epoch)?;
        let next: i64 = transaction
            .query_row(
                "SELECT coalesce(max(sequence), -1) + 1 FROM frames",
                [],
                |row| row.get(0),
            )
            .map_err(storage_error)?;
        expect_order(unsigned(next)?, frames)?;
        for frame in frames {
            insert(&transaction, frame)?;
        }
        transaction.commit().map_err(storage_error)?;
        match frames.last() {
            Some(last) => self.head.write(last.mark()).map_err(io_error),
            None => Ok(()),
        }
    }

    fn read(&mut self, from: u64, limit: usize) -> Result<Vec<Frame>, StorageError> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT sequence, epoch, remaining, version, kind, length, prev, payload, hash
                 FROM frames WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
            )
            .map_err(storage_error)?;
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![from, limit], frame_of)
            .map_err(storage_error)?;
        rows.collect::<Result<_, _>>().map_err(storage_error)
    }

    fn cut(&mut self, epoch: Epoch, from: u64) -> Result<(), StorageError> {
        let transaction = self.begin(epoch)?;
        transaction
            .execute("DELETE FROM frames WHERE sequence >= ?1", [signed(from)?])
            .map_err(storage_error)?;
        transaction.commit().map_err(storage_error)
    }

    fn acknowledged(&mut self) -> Result<Option<Mark>, StorageError> {
        self.head.reload().map_err(io_error)
    }
}

fn insert(transaction: &Transaction<'_>, frame: &Frame) -> Result<(), StorageError> {
    let mut statement = transaction
        .prepare_cached("INSERT INTO frames VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        .map_err(storage_error)?;
    statement
        .execute(params![
            signed(frame.sequence)?,
            signed(frame.epoch)?,
            frame.remaining,
            frame.version,
            frame.kind,
            frame.length,
            frame.prev.as_slice(),
            frame.payload,
            frame.hash.as_slice(),
        ])
        .map_err(storage_error)?;
    Ok(())
}

fn frame_of(row: &Row<'_>) -> rusqlite::Result<Frame> {
    Ok(Frame {
        sequence: count(row, 0)?,
        epoch: count(row, 1)?,
        remaining: row.get(2)?,
        version: row.get(3)?,
        kind: row.get(4)?,
        length: row.get(5)?,
        prev: B256::new(row.get(6)?),
        payload: row.get(7)?,
        hash: B256::new(row.get(8)?),
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// SQLite's integers end at 2^63 - 1; no epoch or sequence comes near.
fn signed(value: u64) -> Result<i64, StorageError> {
    i64::try_from(value).map_err(|e| StorageError::Failed(Box::new(e)))
}

fn unsigned(value: i64) -> Result<u64, StorageError> {
    u64::try_from(value).map_err(|e| StorageError::Damaged(Box::new(e)))
}

/// Creates the database file, if it does not exist, and makes its name durable. Returns whether it
/// did.
fn create(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    match options.open(path) {
        Ok(_) => {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            #[cfg(unix)]
            File::open(dir.unwrap_or(Path::new(".")))?.sync_all()?;
            let _ = dir;
            Ok(true)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}

fn owner_only(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let _ = options;
}

fn head_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-head");
    name.into()
}

fn file_error(path: &Path, source: io::Error) -> OpenError {
    OpenError::File {
        path: path.to_owned(),
        source,
    }
}

fn open_error(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotAJournal {
            path: path.to_owned(),
        },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged {
            path: path.to_owned(),
            detail: error.to_string(),
        },
        _ => OpenError::Storage {
            path: path.to_owned(),
            source: storage_error(error),
        },
    }
}

fn io_error(error: io::Error) -> StorageError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StorageError::Full(Box::new(error))
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StorageError::ReadOnly(Box::new(error))
        }
        _ => StorageError::Failed(Box::new(error)),
    }
}

fn storage_error(error: rusqlite::Error) -> StorageError {
    let class: fn(Cause) -> StorageError = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StorageError::ReadOnly
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageError::Damaged,
        Some(_) => StorageError::Failed,
        // A column that is not of its type: SQLite itself would not have stored it.
        None => StorageError::Damaged,
    };
    class(Box::new(error))
}
