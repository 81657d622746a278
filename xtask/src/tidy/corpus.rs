//! Checks of the checker's corpus.

use std::collections::BTreeMap;

use super::{File, Findings};

const README: &str = "corpus/README.md";

/// Every case has one row in the corpus's README, with its incident and its verdict, and every row has its case.
pub(super) fn rows(files: &[File]) -> Findings {
    let mut findings = Findings::new();
    let mut wanted = BTreeMap::new();
    for (case, expected) in cases(files) {
        let value = |key| expected.and_then(|text| value(text, key));
        match (value("incident"), value("verdict")) {
            (Some(incident), Some(verdict)) => {
                wanted.insert(format!("| {case} | {incident} | {verdict} |"), 0u8);
            }
            _ => findings.push(format!(
                "corpus/{case}/expected.toml: no incident, or no verdict"
            )),
        }
    }
    let readme = files.iter().find(|file| file.path == README);
    for (index, line) in readme.map_or("", |file| &file.text).lines().enumerate() {
        let is_row = ["| broken/", "| sound/"]
            .iter()
            .any(|start| line.starts_with(start));
        match wanted.get_mut(line) {
            Some(times) if *times == 0 => *times = 1,
            Some(_) => findings.push(format!("{README}:{}: this row is there twice", index + 1)),
            None if is_row => findings.push(format!(
                "{README}:{}: no case says so in its expected.toml",
                index + 1
            )),
            None => {}
        }
    }
    let missing = wanted.iter().filter(|(_, times)| **times == 0);
    findings.extend(missing.map(|(row, _)| format!("{README}: there is no row `{row}`")));
    findings
}

/// The cases that any file is of, as `broken/NN-name`, each with its expected.toml.
fn cases(files: &[File]) -> BTreeMap<&str, Option<&str>> {
    let mut found = BTreeMap::new();
    for file in files {
        let Some(path) = file.path.strip_prefix("corpus/") else {
            continue;
        };
        let parts: Vec<&str> = path.split('/').collect();
        let (["broken" | "sound", name], [first, ..]) = parts.split_at(parts.len().min(2)) else {
            continue;
        };
        let case = &path[..parts[0].len() + 1 + name.len()];
        let expected = found.entry(case).or_default();
        if parts.len() == 3 && *first == "expected.toml" {
            *expected = Some(file.text.as_str());
        }
    }
    found
}

/// The text of a key that stands in a line of its own.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        line.strip_prefix(key)?
            .strip_prefix(" = \"")?
            .strip_suffix('"')
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const EXPECTED: &str = "incident = \"Nomad\"\nverdict = \"LOST\"\nfaults = 0\n";

    #[track_caller]
    fn check(readme: &str, expected: Option<&str>, findings: &[&str]) {
        let mut files = vec![
            file(README, readme),
            file("corpus/broken/golden.json", "{}"),
            file("corpus/broken/01-a/A.sol", ""),
        ];
        files.extend(expected.map(|text| file("corpus/broken/01-a/expected.toml", text)));
        assert_eq!(rows(&files), findings, "in {readme:?} with {expected:?}");
    }

    #[test]
    fn cases_have_rows() {
        let row = "| broken/01-a | Nomad | LOST |\n";
        let head = "| case | where it comes from | verdict |\n|---|---|---|\n";
        check(&format!("{head}{row}"), Some(EXPECTED), &[]);
        check(
            head,
            Some(EXPECTED),
            &["corpus/README.md: there is no row `| broken/01-a | Nomad | LOST |`"],
        );
        check(
            &format!("{row}{row}"),
            Some(EXPECTED),
            &["corpus/README.md:2: this row is there twice"],
        );
        check(
            "| broken/01-a | Nomad | STUCK |\n",
            Some(EXPECTED),
            &[
                "corpus/README.md:1: no case says so in its expected.toml",
                "corpus/README.md: there is no row `| broken/01-a | Nomad | LOST |`",
            ],
        );
    }

    #[test]
    fn rows_have_cases() {
        let rows = "| broken/01-a | Nomad | LOST |\n| sound/01-b | Maple | SAFE |\n";
        check(
            rows,
            Some(EXPECTED),
            &["corpus/README.md:2: no case says so in its expected.toml"],
        );
    }

    #[test]
    fn cases_say_what_is_expected() {
        let wrong = "corpus/broken/01-a/expected.toml: no incident, or no verdict";
        check("", None, &[wrong]);
        check("", Some("verdict = \"LOST\"\n"), &[wrong]);
    }
}
