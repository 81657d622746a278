//! One executor a directory, and one an account and chain: two that share a key take each other's nonces.

use std::path::PathBuf;

use alloy_primitives::Address;
use sealift_journal::DirLock;
use sealift_journal::lock::LockError;
use sealift_protocol::Plan;

use crate::failure::{self, Failure, exit};
use crate::workdir::WorkDir;

/// Development chains: all of them have these ids, and many have the same block 0.
const DEVELOPMENT: [u64; 2] = [31_337, 1_337];

/// The locks of one run, held until it ends, however it ends.
#[derive(Debug)]
pub(crate) struct Locks {
    _dir: DirLock,
    _accounts: Vec<DirLock>,
}

/// The lock of a migration's directory.
pub(crate) fn dir(dir: &WorkDir) -> Result<DirLock, Failure> {
    if !dir.path().is_dir() {
        let message = "there is no such directory";
        return Err(Failure::new("sealift::dir::missing", exit::USAGE, message)
            .at(dir.path(), None)
            .next(
                "pass --dir with the directory of the migration, or begin one with `sealift init`",
            ));
    }
    DirLock::acquire(dir.path()).map_err(|error| {
        let next = "let it finish, or stop it with Ctrl-C; `sealift status` shows where it is";
        refused("sealift::lock::held", &error, next)
    })
}

/// The locks of the accounts that this run signs for, beside that of its directory. They are files below
/// `XDG_STATE_HOME`, so that they hold on this machine only.
pub(crate) fn accounts(
    dir: DirLock,
    accounts: &[Address],
    plan: &Plan,
    origin: &str,
) -> Result<Locks, Failure> {
    let mut chain = format!("{}-{}", plan.chain_id, plan.genesis);
    if DEVELOPMENT.contains(&plan.chain_id) {
        chain += &origin.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    }
    let state = state_dir();
    let lock = |account: &Address| {
        let path = state.join(&chain).join(account.to_string());
        std::fs::create_dir_all(&path).map_err(|error| failure::io(&path, "create", &error))?;
        DirLock::acquire(&path).map_err(|error| {
            let next =
                "one executor an account: let it finish, or give this migration keys of its own";
            refused("sealift::lock::account", &error, next)
        })
    };
    Ok(Locks {
        _accounts: accounts.iter().map(lock).collect::<Result<_, _>>()?,
        _dir: dir,
    })
}

fn refused(code: &'static str, error: &LockError, next: &str) -> Failure {
    if error.is_locked() {
        Failure::new(code, exit::LOCKED, error).next(next)
    } else {
        Failure::new("sealift::lock::io", exit::UNEXPECTED, error)
            .because(error)
            .next("check that the directory exists and is yours")
    }
}

/// `$XDG_STATE_HOME/sealift`, or where that is by default (XDG base directory specification 0.8).
fn state_dir() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
    of("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| of("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(std::env::temp_dir)
        .join("sealift")
}
