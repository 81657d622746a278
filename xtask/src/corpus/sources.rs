//! What the generated files of a case are made from, by hash, and the record of it: generated.toml.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// The record beside the generated files.
const RECORD: &str = "generated.toml";

/// Files that are made by the command, below a case's folder.
pub(super) const STATE: &str = "state.json";
pub(super) const BROADCAST: &str = "run-latest.json";
pub(super) const ARTIFACTS: &str = "artifacts";

/// Writes the record of `case`, a folder below `corpus`, whose generated files are there.
pub(super) fn write(corpus: &Path, case: &Path) -> Result<()> {
    let text = format!(
        "# Written by `cargo xtask corpus`.\nsources = \"{}\"\noutputs = \"{}\"\n",
        sources(corpus, case)?,
        outputs(case)?
    );
    fs::write(case.join(RECORD), text).context("cannot write generated.toml")
}

/// Whether the generated files of `case` are as the command wrote them, from the sources that are there.
/// Needs no tools.
pub(super) fn matches(corpus: &Path, case: &Path) -> Result<()> {
    let text = fs::read_to_string(case.join(RECORD)).context("there is no generated.toml")?;
    let recorded = |key: &str| {
        text.lines()
            .find_map(|line| {
                line.strip_prefix(key)?
                    .strip_prefix(" = \"")?
                    .strip_suffix('"')
            })
            .with_context(|| format!("generated.toml has no {key}"))
    };
    for (key, found) in [
        ("sources", sources(corpus, case)?),
        ("outputs", outputs(case)?),
    ] {
        if recorded(key)? != found {
            bail!("{key} have changed since the case was generated; run `cargo xtask corpus`");
        }
    }
    Ok(())
}

/// Hash of foundry.toml, common/*.sol and the case's *.sol.
fn sources(corpus: &Path, case: &Path) -> Result<String> {
    let mut files = BTreeMap::new();
    files.insert("foundry.toml".to_owned(), corpus.join("foundry.toml"));
    add(&mut files, "common", &corpus.join("common"), "sol")?;
    add(&mut files, "case", case, "sol")?;
    hash(&files)
}

/// Hash of the state, the broadcast and the artifacts.
fn outputs(case: &Path) -> Result<String> {
    let mut files = BTreeMap::new();
    for name in [STATE, BROADCAST] {
        files.insert(name.to_owned(), case.join(name));
    }
    add(&mut files, ARTIFACTS, &case.join(ARTIFACTS), "json")?;
    hash(&files)
}

/// Files of `folder` (not below it) with this extension, named `prefix/name`.
fn add(
    files: &mut BTreeMap<String, PathBuf>,
    prefix: &str,
    folder: &Path,
    extension: &str,
) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|found| found == extension) {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.context("a file name is not UTF-8")?;
            files.insert(format!("{prefix}/{name}"), path.clone());
        }
    }
    Ok(())
}

/// SHA-256 over the files in ascending order of their names, each as name, zero byte, content, zero byte.
fn hash(files: &BTreeMap<String, PathBuf>) -> Result<String> {
    let mut hash = Sha256::new();
    for (name, path) in files {
        hash.update(name);
        hash.update([0]);
        hash.update(fs::read(path).with_context(|| format!("cannot read {}", path.display()))?);
        hash.update([0]);
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a case still fits its record after `text` was written to `changed`, a file below the corpus.
    #[track_caller]
    fn check(changed: &str, text: &str, expected: Option<&str>) {
        let corpus =
            std::env::temp_dir().join(format!("xtask-corpus-sources-{}", std::process::id()));
        let case = corpus.join("broken/01-a");
        let write = |path: &str, text: &str| {
            let path = corpus.join(path);
            fs::create_dir_all(path.parent().expect("it is below the corpus"))
                .and_then(|()| fs::write(&path, text))
                .expect("the folder for temporary files can be written to");
        };
        for path in [
            "foundry.toml",
            "common/Token.sol",
            "broken/01-a/A.sol",
            "broken/01-a/state.json",
            "broken/01-a/run-latest.json",
            "broken/01-a/artifacts/A.json",
        ] {
            write(path, "old");
        }
        super::write(&corpus, &case).expect("all files are there");
        write(changed, text);
        let found = matches(&corpus, &case).map_err(|error| error.to_string());
        fs::remove_dir_all(&corpus).expect("the folder is there");
        let reason = |what| {
            format!("{what} have changed since the case was generated; run `cargo xtask corpus`")
        };
        assert_eq!(
            found,
            expected.map_or(Ok(()), |what| Err(reason(what))),
            "{changed}"
        );
    }

    #[test]
    fn changes_are_found() {
        check("broken/01-a/A.sol", "old", None);
        check("broken/01-a/check.toml", "new", None);
        check("foundry.toml", "new", Some("sources"));
        check("common/Token.sol", "new", Some("sources"));
        check("broken/01-a/A.sol", "new", Some("sources"));
        check("broken/01-a/B.sol", "new", Some("sources"));
        check("broken/01-a/state.json", "new", Some("outputs"));
        check("broken/01-a/artifacts/A.json", "new", Some("outputs"));
    }
}
