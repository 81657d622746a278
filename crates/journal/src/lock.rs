//! One executor a directory.
//!
//! The lock is the operating system's and is on an open file, so it ends with the process, however it
//! ends. The text in the file only names the holder.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file in the directory.
pub const FILE_NAME: &str = "executor.lock";

/// Longest text that is read back.
const MAX_TEXT_BYTES: u64 = 128;

/// The exclusive use of a directory, until it is dropped or the process ends.
#[derive(Debug)]
pub struct DirLock {
    // Closing it releases the lock. The file stays: removing it would let a third process lock a new
    // file while a second still waits on the old one.
    _file: File,
    path: PathBuf,
}

/// Who holds a directory. Both are absent where the holder has not written them yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: Option<u32>,
    /// Unix seconds since when.
    pub since_secs: Option<u64>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}"),
            None => write!(f, "another process"),
        }
    }
}

/// Why a directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another executor is at work there.
    #[error("{} is in use by {holder}", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// Who.
        holder: Holder,
    },
    /// The lock file cannot be created or locked.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl LockError {
    /// Whether another executor is the reason.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }
}

impl DirLock {
    /// Takes an existing directory, or says who has it. Never waits.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join(FILE_NAME);
        let io = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = read_holder(&mut file).unwrap_or_default();
                return Err(LockError::Locked {
                    dir: dir.to_owned(),
                    holder,
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        write_holder(&mut file).map_err(io)?;
        Ok(Self { _file: file, path })
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{} {since}\n", std::process::id()).as_bytes())
}

fn read_holder(file: &mut File) -> io::Result<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(MAX_TEXT_BYTES).read_to_string(&mut text)?;
    let mut words = text.split_whitespace();
    let pid = words.next().and_then(|word| word.parse().ok());
    let since_secs = words.next().and_then(|word| word.parse().ok());
    Ok(Holder { pid, since_secs })
}
