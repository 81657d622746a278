//! What an executor keeps beside its journal, as bytes.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// The files of a directory, by name; directories in it are those of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Files(Vec<(OsString, Vec<u8>)>);

impl Files {
    /// What is there. A file that cannot be read is as good as none, to the executor as well.
    pub(super) fn of(dir: &Path) -> Self {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        let read = |entry: fs::DirEntry| Some((entry.file_name(), fs::read(entry.path()).ok()?));
        let mut files: Vec<_> = files.filter_map(read).collect();
        files.sort_unstable();
        Self(files)
    }

    /// Puts them into an empty directory.
    pub(super) fn put(&self, dir: &Path) -> std::io::Result<()> {
        self.0
            .iter()
            .try_for_each(|(name, bytes)| fs::write(dir.join(name), bytes))
    }
}

/// Removes the files of a directory.
pub(super) fn forget(dir: &Path) {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.path().is_file()) {
        // A list that cannot be removed is one that was not lost; the run is judged all the same.
        let _ = fs::remove_file(entry.path());
    }
}
