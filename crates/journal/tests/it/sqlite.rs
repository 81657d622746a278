//! What is particular to the database in a file.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use sealift_journal::storage::sqlite::OpenError;
use sealift_journal::{
    AppendError, Frame, Journal, JournalError, Record, Sqlite, Storage, StorageError, inspect,
    verify,
};
use tempfile::TempDir;

use crate::sample::{binding, groups};

/// The journal of a run, in a directory of its own.
fn written(batches: u32) -> (TempDir, PathBuf, Vec<Record>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite");
    let (mut journal, ..) = Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    for group in groups(batches) {
        journal.append(&group).unwrap();
    }
    (dir, path, groups(batches).concat())
}

#[test]
fn files_are_the_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite");
    let mut storage = Sqlite::open(&path).unwrap();
    storage.claim().unwrap();
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "journal.sqlite",
            "journal.sqlite-head",
            "journal.sqlite-shm",
            "journal.sqlite-wal"
        ]
    );
}

#[test]
fn another_database_is_refused_and_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.sqlite");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(
        Sqlite::open(&path),
        Err(OpenError::NotAJournal { .. })
    ));
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(&path, "holder,balance\n".repeat(100)).unwrap();
    let error = Sqlite::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::NotAJournal { .. }), "{error:?}");
}

#[test]
fn a_newer_layout_is_refused() {
    let (_dir, path, _) = written(1);
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 2)
        .unwrap();
    let error = Sqlite::open(&path).unwrap_err();
    assert!(
        matches!(error, OpenError::UnknownLayout { found: 2, .. }),
        "{error:?}"
    );
}

#[test]
fn a_directory_that_is_none_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("plan.json");
    fs::write(&file, "{}").unwrap();
    for parent in [file, dir.path().join("absent")] {
        let path = parent.join("journal.sqlite");
        let error = Sqlite::open(&path).unwrap_err();
        assert!(matches!(&error, OpenError::File { path: named, .. } if *named == path));
        assert!(error.to_string().contains("cannot open"), "{error}");
    }
}

#[test]
fn a_read_only_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(dir.path().join("probe"), "").is_ok() {
        eprintln!("skipped: sqlite::a_read_only_directory_is_named: this user may write anywhere");
        return;
    }
    let path = dir.path().join("journal.sqlite");
    let error = Sqlite::open(&path).unwrap_err();
    let OpenError::File { source, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
}

#[test]
fn a_reader_looks_beside_a_writer_and_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite");
    assert!(matches!(
        Sqlite::open_read_only(&path),
        Err(OpenError::File { .. })
    ));
    let (mut journal, ..) = Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    journal.append(&[Record::Began(binding())]).unwrap();
    let mut reader = Sqlite::open_read_only(&path).unwrap();
    assert_eq!(verify(&mut reader).unwrap().head, journal.head());
    journal.append(&[Record::AbortRequested]).unwrap();
    assert_eq!(inspect(&mut reader).unwrap().0.len(), 2);
    assert!(matches!(reader.claim(), Err(StorageError::ReadOnly(_))));
    let frames = reader.read(1, 1).unwrap();
    let next = Frame {
        sequence: 2,
        ..frames[0].clone()
    };
    let error = reader.append(journal.epoch(), &[next]).unwrap_err();
    assert!(matches!(error, StorageError::ReadOnly(_)), "{error:?}");
    journal.append(&[Record::AbortRequested]).unwrap();
}

#[test]
fn a_full_database_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite");
    let storage = Sqlite::open(&path).unwrap();
    storage.limit_bytes(256 << 10).unwrap();
    let (mut journal, ..) = Journal::open(storage, &binding()).unwrap();
    let mut written = 0;
    let error = loop {
        match groups(1000).get(written) {
            Some(group) => match journal.append(group) {
                Ok(()) => written += 1,
                Err(error) => break error,
            },
            None => panic!("never full"),
        }
    };
    assert!(
        matches!(error, AppendError::Storage(StorageError::Full(_))),
        "{error:?}"
    );
    assert!(written > 50, "{written}");
    assert!(matches!(
        journal.append(&[Record::AbortRequested]),
        Err(AppendError::Poisoned)
    ));
    // Room is made.
    let (mut journal, records, _) =
        Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    assert_eq!(records, groups(1000)[..written].concat());
    journal.append(&groups(1000)[written]).unwrap();
}

/// Needs a small file system, as `mount -t tmpfs -o size=1m` makes one, named in the environment.
#[test]
fn a_disk_that_is_really_full_loses_nothing() {
    let Some(small) = std::env::var_os("SEALIFT_SMALL_DISK") else {
        eprintln!(
            "skipped: sqlite::a_disk_that_is_really_full_loses_nothing: no SEALIFT_SMALL_DISK"
        );
        return;
    };
    let dir = tempfile::tempdir_in(small).unwrap();
    let path = dir.path().join("journal.sqlite");
    let ballast = dir.path().join("ballast");
    fs::write(&ballast, vec![1; 200 << 10]).unwrap();
    let groups = groups(2000);
    let (mut journal, ..) = Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    let failed = groups
        .iter()
        .map(|group| journal.append(group))
        .position(|done| done.is_err());
    let written = failed.expect("never full");
    assert!(written > 50, "{written}");
    drop(journal);
    // What a second start on the full disk meets is an error or the same records.
    check_damaged(&path, &groups[..written].concat(), "full");
    fs::remove_file(&ballast).unwrap();
    let (mut journal, records, _) =
        Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    assert_eq!(records, groups[..written].concat());
    journal.append(&groups[written]).unwrap();
}

#[test]
fn a_deleted_database_is_a_new_journal() {
    let (_dir, path, _) = written(1);
    fs::remove_file(&path).unwrap();
    let (journal, ..) = Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    assert!(journal.is_empty());
}

#[test]
fn a_deleted_head_file_costs_only_the_witness() {
    let (_dir, path, records) = written(1);
    fs::remove_file(head(&path)).unwrap();
    let (mut journal, found, _) = Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    assert_eq!(found, records);
    journal.append(&[Record::AbortRequested]).unwrap();
    assert_eq!(
        journal.head(),
        journal.into_storage().acknowledged().unwrap()
    );
}

fn head(path: &Path) -> PathBuf {
    path.with_extension("sqlite-head")
}

fn wal(path: &Path) -> PathBuf {
    path.with_extension("sqlite-wal")
}

/// Opens a damaged copy: what was written, or an error; never another history.
#[track_caller]
fn check_damaged(path: &Path, truth: &[Record], what: &str) -> bool {
    let storage = match Sqlite::open(path) {
        Ok(storage) => storage,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    match Journal::open(storage, &binding()) {
        Ok((_, records, _)) => {
            assert!(
                records == truth,
                "{what}: {} of {} records",
                records.len(),
                truth.len()
            );
            true
        }
        Err(JournalError::Halt { sequence, .. }) => {
            assert!(sequence <= truth.len() as u64, "{what}");
            false
        }
        Err(_) => false,
    }
}

/// Every file of the journal with one bit flipped at an offset, then the same cut short there.
fn damage_everywhere(source: &Path, truth: &[Record], stride: usize) -> (usize, usize) {
    let files: Vec<(PathBuf, Vec<u8>)> = [source.to_owned(), head(source), wal(source)]
        .into_iter()
        .filter_map(|path| Some((path.clone(), fs::read(path).ok()?)))
        .collect();
    let (mut same, mut refused) = (0, 0);
    for (at_file, (damaged, bytes)) in files.iter().enumerate() {
        // The head file is one small block.
        let stride = if bytes.len() < 1024 { 9 } else { stride };
        for offset in (0..bytes.len())
            .step_by(stride)
            .flat_map(|at| [at, at + stride / 2])
        {
            for cut in [false, true] {
                let dir = tempfile::tempdir().unwrap();
                for (path, bytes) in &files {
                    fs::write(dir.path().join(path.file_name().unwrap()), bytes).unwrap();
                }
                let mut bytes = bytes.clone();
                if offset >= bytes.len() {
                    continue;
                } else if cut {
                    bytes.truncate(offset);
                } else {
                    bytes[offset] ^= 0x04;
                }
                let copy = dir.path().join(damaged.file_name().unwrap());
                fs::write(&copy, bytes).unwrap();
                let path = dir.path().join(source.file_name().unwrap());
                let what = format!("file {at_file}, offset {offset}, cut {cut}");
                if check_damaged(&path, truth, &what) {
                    same += 1
                } else {
                    refused += 1
                }
            }
        }
    }
    (same, refused)
}

#[test]
fn damage_to_a_closed_journal_is_never_another_history() {
    let (_dir, path, truth) = written(60);
    assert!(!wal(&path).exists());
    let (same, refused) = damage_everywhere(&path, &truth, 4096);
    assert!(same > 0 && refused > 20, "{same} {refused}");
}

#[test]
fn damage_to_a_killed_journal_is_never_another_history() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite");
    let (mut journal, ..) = Journal::open(Sqlite::open(&path).unwrap(), &binding()).unwrap();
    for group in groups(30) {
        journal.append(&group).unwrap();
    }
    // Copied while it is open: nothing has been moved from the log into the database.
    let copy = tempfile::tempdir().unwrap();
    let source = copy.path().join("journal.sqlite");
    for (from, to) in [(path.clone(), source.clone()), (wal(&path), wal(&source))] {
        fs::copy(from, to).unwrap();
    }
    fs::copy(head(&path), head(&source)).unwrap();
    let (same, refused) = damage_everywhere(&source, &groups(30).concat(), 4096);
    assert!(same > 0 && refused > 20, "{same} {refused}");
}

/// The child: appends until it is killed, and says what is acknowledged.
const CHILD: &str = "SEALIFT_JOURNAL_CHILD";

#[test]
fn child_that_appends() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let storage = Sqlite::open(Path::new(&path)).unwrap();
    let (mut journal, records, _) = Journal::open(storage, &binding()).unwrap();
    if records.is_empty() {
        journal.append(&[Record::Began(binding())]).unwrap();
    }
    loop {
        // Three records, one group: a part of it is never seen.
        journal.append(&groups(1)[4]).unwrap();
        println!("acknowledged {}", journal.len());
    }
}

#[test]
fn a_killed_process_leaves_whole_groups_and_all_that_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.sqlite");
    let mut least = 0;
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["sqlite::child_that_appends", "--exact", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = || {
            lines.by_ref().map_while(Result::ok).find_map(|line| {
                line.split_once("acknowledged ")
                    .and_then(|(_, n)| n.trim().parse::<u64>().ok())
            })
        };
        for _ in 0..=round * 3 {
            least = told().expect("the child lives");
        }
        child.kill().unwrap();
        // What it said before it died, and was not read yet.
        while let Some(length) = told() {
            least = length;
        }
        child.wait().unwrap();
        let report = verify(&mut Sqlite::open_read_only(&path).unwrap()).unwrap();
        // At most one append is synced and not told.
        assert!(
            [least, least + 3].contains(&report.count),
            "{least} {}",
            report.count
        );
        assert_eq!(report.count % 3, 1);
        assert_eq!(report.severed, None);
        assert_eq!(report.epochs.last().unwrap().epoch, round + 1);
    }
}
