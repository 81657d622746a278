//! Checks of the Markdown files.

use std::path::Path;

use super::{File, Findings};

/// Cargo's own commands that the documents may use, and those of the tools that they name.
const CARGO: &[&str] = &[
    "add", "bench", "build", "check", "clippy", "doc", "fmt", "install", "nextest", "run", "test",
    "xtask",
];

fn documents(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.path.ends_with(".md"))
}

/// Every line of an `sh` block that begins with `cargo` is a command that exists, and so is every
/// `cargo xtask ..` within backticks.
pub(super) fn commands(files: &[File]) -> Findings {
    let mut findings = Findings::new();
    for file in documents(files) {
        let mut in_shell = false;
        let mut fenced = false;
        for (index, line) in file.text.lines().enumerate() {
            let mut found = Vec::new();
            if let Some(language) = line.trim_start().strip_prefix("```") {
                in_shell =
                    !fenced && matches!(language.trim(), "sh" | "shell" | "bash" | "console");
                fenced = !fenced;
            } else if in_shell {
                found.extend(command(line));
            } else if !fenced {
                found.extend(
                    line.split('`')
                        .skip(1)
                        .step_by(2)
                        .filter(|code| code.starts_with("cargo xtask")),
                );
            }
            for command in found {
                if let Err(reason) = known(command) {
                    findings.push(format!(
                        "{}:{}: `{command}`: {reason}",
                        file.path,
                        index + 1
                    ));
                }
            }
        }
    }
    findings
}

/// The cargo command of a line of a shell block, without prompt and comment.
fn command(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let line = line.split(" #").next().unwrap_or_default().trim_end();
    (line == "cargo" || line.starts_with("cargo ")).then_some(line)
}

fn known(command: &str) -> Result<(), String> {
    let words: Vec<_> = command.split_whitespace().skip(1).collect();
    match words.split_first() {
        Some((&"xtask", rest)) => {
            let placeholder = |word: &&&str| word.starts_with(['[', '<', '.']);
            let given = rest
                .iter()
                .position(|word| placeholder(&word))
                .unwrap_or(rest.len());
            crate::accepts(&rest[..given])
        }
        Some((name, _)) if CARGO.contains(name) => Ok(()),
        Some((name, _)) => Err(format!("cargo has no command {name}")),
        None => Err("no command".to_owned()),
    }
}

/// Relative links lead to files that exist.
pub(super) fn links(root: &Path, files: &[File]) -> Findings {
    let mut findings = Findings::new();
    for file in documents(files) {
        let folder = root.join(&file.path);
        let folder = folder.parent().unwrap_or(root);
        for (index, line) in file.text.lines().enumerate() {
            for target in targets(line) {
                if !folder.join(target).exists() {
                    findings.push(format!(
                        "{}:{}: a link to {target}, which is not there",
                        file.path,
                        index + 1
                    ));
                }
            }
        }
    }
    findings
}

/// The targets of inline links that are paths: no scheme, no bare fragment.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
        (!target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
            .then_some(target)
    })
}

/// CHANGELOG.md has the section that the next change is written to.
pub(super) fn changelog(files: &[File]) -> Findings {
    let text = files
        .iter()
        .find(|file| file.path == "CHANGELOG.md")
        .map_or("", |file| &file.text);
    if text
        .lines()
        .any(|line| line.trim_end() == "## [Unreleased]")
    {
        Findings::new()
    } else {
        vec!["CHANGELOG.md: no `## [Unreleased]`".to_owned()]
    }
}

/// The documents that every reader looks for.
pub(super) fn present(files: &[File]) -> Findings {
    const WANTED: &[&str] = &[
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "SECURITY.md",
    ];
    let there = |name: &str| {
        files
            .iter()
            .any(|file| file.path == name && !file.text.trim().is_empty())
    };
    WANTED
        .iter()
        .filter(|name| !there(name))
        .map(|name| format!("{name} is missing"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[track_caller]
    fn check_commands(text: &str, expected: &[&str]) {
        assert_eq!(
            commands(&[file("README.md", text)]),
            expected,
            "in {text:?}"
        );
    }

    #[test]
    fn commands_exist() {
        check_commands(
            "```sh\n$ cargo xtask test   # all\ncargo run --release -- demo\nls\n```\n",
            &[],
        );
        check_commands("```text\ncargo nonsense\n```\n", &[]);
        check_commands(
            "```sh\ncargo nonsense\n```\n",
            &["README.md:2: `cargo nonsense`: cargo has no command nonsense"],
        );
        check_commands(
            "`cargo xtask contracts --check`, `cargo xtask gate --list`, `cargo xtask gate [STEP..]`",
            &[],
        );
        assert_eq!(commands(&[file("a.md", "`cargo xtask tset`")]).len(), 1);
        assert_eq!(
            commands(&[file("a.md", "`cargo xtask test --fast`")]).len(),
            1
        );
        assert_eq!(
            commands(&[file("a.md", "```sh\ncargo xtask tset\n```")]).len(),
            1
        );
    }

    #[test]
    fn links_lead_somewhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text =
            "[a](Cargo.toml) [b](src/main.rs#top) [c](https://example.org) [d](#e) [f](gone.md)";
        assert_eq!(
            links(root, &[file("README.md", text)]),
            ["README.md:1: a link to gone.md, which is not there"]
        );
    }

    #[test]
    fn the_changelog_is_open() {
        assert_eq!(
            changelog(&[file("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n")]),
            Findings::new()
        );
        assert_eq!(changelog(&[file("CHANGELOG.md", "## [0.1.0]\n")]).len(), 1);
        assert_eq!(changelog(&[]).len(), 1);
    }

    #[test]
    fn documents_are_there() {
        assert_eq!(present(&[]).len(), 7);
        assert!(
            !present(&[file("LICENSE-MIT", "x")]).contains(&"LICENSE-MIT is missing".to_owned())
        );
    }
}
