//! One executor a directory.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use sealift_journal::DirLock;
use sealift_journal::lock::LockError;

const CHILD: &str = "SEALIFT_LOCK_CHILD";

#[test]
fn child_that_locks() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let _lock = DirLock::acquire(Path::new(&dir)).unwrap();
    println!("locked");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_second_executor_is_told_who_has_it_and_a_killed_one_leaves_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["lock::child_that_locks", "--exact", "--nocapture"])
        .env(CHILD, dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("locked")));
    let error = DirLock::acquire(dir.path()).unwrap_err();
    assert!(error.is_locked());
    let LockError::Locked { holder, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(holder.pid, Some(child.id()));
    assert!(holder.since_secs.is_some());
    assert!(
        error
            .to_string()
            .ends_with(&format!("is in use by process {}", child.id())),
        "{error}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    DirLock::acquire(dir.path()).unwrap();
}

#[test]
fn a_lock_ends_with_its_value() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let lock = DirLock::acquire(dir.path()).unwrap();
        assert!(DirLock::acquire(dir.path()).unwrap_err().is_locked());
        assert!(lock.path().exists());
    }
}

#[test]
fn an_absent_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = DirLock::acquire(&dir.path().join("absent")).unwrap_err();
    assert!(!error.is_locked());
    assert!(error.to_string().contains("cannot lock"), "{error}");
}
