//! What is true of the repository itself. Each check is named, counted, and fails with all its findings.

mod corpus;
mod crates;
mod documents;
mod sources;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::{Workspace, say};
use crate::tally::Tally;
use crate::{contracts, process};

/// The findings of a check: empty when all is well.
type Findings = Vec<String>;

/// A text file of the repository that git does not ignore.
pub(crate) struct File {
    /// Relative to the root, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_solidity(&self) -> bool {
        self.path.ends_with(".sol")
    }
}

type Check = (&'static str, fn(&Repository) -> Result<Findings>);

const CHECKS: &[Check] = &[
    ("crate edges are those of the design", |r| {
        crates::edges(&r.metadata)
    }),
    (
        "pure crates depend on no runtime, network or database",
        |r| crates::pure(&r.metadata),
    ),
    ("dependencies come from crates.io alone", |r| {
        crates::origins(&r.metadata)
    }),
    ("crates inherit the workspace's lints", |r| {
        crates::lints(&r.files)
    }),
    ("Cargo.lock is there and has no git dependency", |r| {
        crates::lock(&r.root)
    }),
    ("pure crates have no files, clocks or sockets", |r| {
        Ok(sources::pure(&r.files))
    }),
    ("files are short", |r| Ok(sources::lengths(&r.files))),
    ("nothing is left unfinished without an issue", |r| {
        Ok(sources::unfinished(&r.files))
    }),
    ("no unsafe code", |r| Ok(sources::unsafe_code(&r.files))),
    ("every exempted lint has a reason", |r| {
        Ok(sources::reasons(&r.files))
    }),
    ("Solidity files name the licence", |r| {
        Ok(sources::licences(&r.files))
    }),
    ("no paths of a machine", |r| {
        Ok(sources::machine_paths(&r.files))
    }),
    ("no registry hosts", |r| {
        Ok(sources::registry_hosts(&r.files))
    }),
    ("artifacts are of the committed sources", |r| {
        Ok(contracts::hash_matches(&r.root.join("contracts"))
            .err()
            .map(|e| format!("{e:#}"))
            .into_iter()
            .collect())
    }),
    ("the corpus is of the sources that are there", |r| {
        crate::corpus::stale(&r.root)
    }),
    ("the cases of the corpus are those of its README", |r| {
        Ok(corpus::rows(&r.files))
    }),
    ("commands in the documents exist", |r| {
        Ok(documents::commands(&r.files))
    }),
    ("links in the documents lead somewhere", |r| {
        Ok(documents::links(&r.root, &r.files))
    }),
    ("the changelog has an Unreleased section", |r| {
        Ok(documents::changelog(&r.files))
    }),
    ("licences, README and policies are there", |r| {
        Ok(documents::present(&r.files))
    }),
];

struct Repository {
    root: std::path::PathBuf,
    files: Vec<File>,
    metadata: serde_json::Value,
}

/// Runs every check.
pub(crate) fn run(workspace: &Workspace) -> Tally {
    let mut tally = Tally::default();
    let repository = files(&workspace.root).and_then(|files| {
        let metadata = process::metadata(&workspace.root, false)?;
        Ok(Repository {
            root: workspace.root.clone(),
            files,
            metadata,
        })
    });
    let repository = match repository {
        Ok(repository) => repository,
        Err(error) => return Tally::failure(format!("tidy: {error:#}")),
    };
    for (name, check) in CHECKS {
        match check(&repository) {
            Ok(findings) if findings.is_empty() => tally.passed += 1,
            Ok(findings) => {
                say(&format!("tidy: not so: {name}"));
                findings
                    .iter()
                    .for_each(|finding| say(&format!("  {finding}")));
                tally
                    .failed
                    .push(format!("tidy: {name} ({} findings)", findings.len()));
            }
            Err(error) => tally.failed.push(format!("tidy: {name}: {error:#}")),
        }
    }
    say(&format!("tidy: {tally}"));
    tally
}

/// Whether any documentation comment has a code block, so that doc tests must have run.
pub(crate) fn documents_by_example(workspace: &Workspace) -> bool {
    let fence = |line: &str| {
        let line = line.trim_start();
        line.starts_with("/// ```") || line.starts_with("//! ```")
    };
    // What cannot be read is for the checks to name; here it means: expect doc tests.
    files(&workspace.root).map_or(true, |files| {
        files
            .iter()
            .any(|file| file.is_rust() && file.text.lines().any(fence))
    })
}

/// Every text file below `root` that .gitignore does not exclude, in order of path.
fn files(root: &Path) -> Result<Vec<File>> {
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .git_global(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Path::cmp)
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.context("cannot walk the repository")?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let bytes = match fs::read(entry.path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot read {}", entry.path().display()));
            }
        };
        let path = entry
            .path()
            .strip_prefix(root)?
            .to_str()
            .context("a path is not UTF-8")?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File {
                path: path.replace('\\', "/"),
                text,
            });
        }
    }
    Ok(files)
}

#[cfg(test)]
pub(crate) fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
