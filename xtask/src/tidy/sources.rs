//! Checks of the text of files.
//!
//! What is looked for is put together with `concat!`, so that this file does not find itself.

use super::{File, Findings};
use crate::process::say;

const LONG_LINES: usize = 500;
const TOO_LONG_LINES: usize = 600;

/// Findings, one a line for which `wrong` gives a reason, as `path:line: reason`.
fn by_line<'a>(
    files: impl Iterator<Item = &'a File>,
    wrong: impl Fn(&File, &str) -> Option<String>,
) -> Findings {
    let mut findings = Findings::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(reason) = wrong(file, line) {
                findings.push(format!("{}:{}: {reason}", file.path, index + 1));
            }
        }
    }
    findings
}

/// The line without its `//` comment. A `//` in a string ends the line too early, which only hides.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Whether `word` is in `text` with no letter, digit or underscore beside it.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

/// The sources of the pure crates name nothing that reads or writes the outside world.
pub(super) fn pure(files: &[File]) -> Findings {
    const OUTSIDE: &[&str] = &[
        "std::fs",
        "std::net",
        "std::process",
        "std::time::Instant",
        "Instant::now",
        "SystemTime",
        "tokio",
    ];
    let pure = files.iter().filter(|file| {
        file.is_rust()
            && (file.path.starts_with("crates/manifest/src/")
                || file.path.starts_with("crates/protocol/src/"))
    });
    by_line(pure, |_, line| {
        OUTSIDE
            .iter()
            .find(|name| has_word(code(line), name))
            .map(|name| format!("{name} in a pure crate"))
    })
}

/// Source files fit in a head: at most 600 lines, better 500.
pub(super) fn lengths(files: &[File]) -> Findings {
    let mut findings = Findings::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() || file.is_solidity())
    {
        let lines = file.text.lines().count();
        if lines > TOO_LONG_LINES {
            findings.push(format!(
                "{}: {lines} lines, at most {TOO_LONG_LINES}",
                file.path
            ));
        } else if lines > LONG_LINES {
            say(&format!(
                "tidy: warning: {}: {lines} lines, better {LONG_LINES}",
                file.path
            ));
        }
    }
    findings
}

/// Marks of unfinished work name the issue that will finish it, as in `(#12)`.
pub(super) fn unfinished(files: &[File]) -> Findings {
    const MACROS: &[&str] = &[concat!("to", "do!("), concat!("unimple", "mented!(")];
    const MARKS: &[&str] = &[
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let texts = files
        .iter()
        .filter(|file| file.path != "Cargo.lock" && !file.path.starts_with("contracts/artifacts/"));
    by_line(texts, |file, line| {
        let code_marks = file.is_rust().then_some(MACROS).into_iter().flatten();
        if let Some(name) = code_marks.copied().find(|name| code(line).contains(name)) {
            return Some(format!("{name}..)"));
        }
        let mark = MARKS.iter().find(|mark| {
            line.match_indices(*mark).any(|(at, _)| {
                let (before, after) = (&line[..at], &line[at + mark.len()..]);
                !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    && !names_issue(after)
            })
        })?;
        Some(format!("{mark} without an issue"))
    })
}

fn names_issue(after: &str) -> bool {
    after.strip_prefix("(#").is_some_and(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && rest[digits..].starts_with(')')
    })
}

/// No block, function, trait or implementation is marked unsafe.
pub(super) fn unsafe_code(files: &[File]) -> Findings {
    const FORMS: &[&str] = &["{", "fn", "impl", "trait", "extern"];
    by_line(files.iter().filter(|file| file.is_rust()), |_, line| {
        let line = code(line);
        line.match_indices(concat!("un", "safe"))
            .find_map(|(at, word)| {
                let before = line[..at].chars().next_back();
                let after = line[at + word.len()..].trim_start();
                let marked = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
                    && (after.is_empty() || FORMS.iter().any(|form| after.starts_with(form)));
                marked.then(|| format!("{word} code"))
            })
    })
}

/// `allow` and `expect` attributes say why.
pub(super) fn reasons(files: &[File]) -> Findings {
    let mut findings = Findings::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let text: String = file
            .text
            .lines()
            .flat_map(|line| [code(line), "\n"])
            .collect();
        for opening in ["#[", "#!["] {
            for (at, _) in text.match_indices(opening) {
                // In a string, as in the tests of this file, a quote or an escape stands before it.
                if !text[..at]
                    .chars()
                    .next_back()
                    .is_none_or(|c| c.is_whitespace() || c == '(')
                {
                    continue;
                }
                let attribute = attribute(&text[at + opening.len()..]);
                let exempts = ["allow(", "expect("].iter().any(|name| {
                    attribute.starts_with(name)
                        || (attribute.starts_with("cfg_attr(")
                            && attribute.contains(&format!(" {name}")))
                });
                if exempts && !attribute.contains("reason =") {
                    let line = text[..at].matches('\n').count() + 1;
                    findings.push(format!(
                        "{}:{line}: `#[{attribute}]` without a reason",
                        file.path
                    ));
                }
            }
        }
    }
    findings
}

/// The inside of an attribute, up to the bracket that closes it, on one line.
fn attribute(rest: &str) -> String {
    let mut depth = 1;
    let inside: String = rest
        .chars()
        .take_while(|c| {
            depth += i32::from(*c == '[') - i32::from(*c == ']');
            depth > 0
        })
        .collect();
    inside.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Solidity files begin with the licence of the project.
pub(super) fn licences(files: &[File]) -> Findings {
    const HEADER: &str = "// SPDX-License-Identifier: MIT OR Apache-2.0";
    files
        .iter()
        .filter(|file| file.is_solidity() && file.text.lines().next() != Some(HEADER))
        .map(|file| format!("{}: the first line is not `{HEADER}`", file.path))
        .collect()
}

/// No file names a folder of one machine.
pub(super) fn machine_paths(files: &[File]) -> Findings {
    const PLACES: &[&str] = &[
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!("C:", "\\Users"),
    ];
    by_line(files.iter(), |_, line| {
        PLACES.iter().find_map(|place| {
            line.match_indices(place).find_map(|(at, _)| {
                let relative = line[..at].ends_with(|c: char| {
                    c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '}' | ')' | '*')
                });
                (!relative).then(|| format!("a path of a machine, {place}"))
            })
        })
    })
}

/// No file names a package registry or a mirror: that is for each machine's own settings.
pub(super) fn registry_hosts(files: &[File]) -> Findings {
    const HOSTS: &[&str] = &[
        concat!("artifact", "ory"),
        concat!("registry.", "npmjs"),
        concat!("registry.", "yarnpkg"),
        concat!("npm", "mirror"),
        concat!("index.", "crates.io"),
        concat!("static.", "crates.io"),
        concat!("pypi.", "org"),
        concat!("files.python", "hosted"),
        concat!("jf", "rog"),
        concat!("replace", "-with"),
        concat!("index", "-url"),
        concat!("\"resol", "ved\": \"http"),
    ];
    by_line(files.iter(), |_, line| {
        let line = line.to_lowercase();
        HOSTS
            .iter()
            .find(|host| line.contains(*host))
            .map(|host| format!("a registry, {host}"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[track_caller]
    fn check(findings: fn(&[File]) -> Findings, path: &str, text: &str, expected: &[&str]) {
        assert_eq!(findings(&[file(path, text)]), expected, "in {text:?}");
    }

    #[test]
    fn pure_sources() {
        check(
            pure,
            "crates/protocol/src/a.rs",
            "// no std::fs here\nuse std::fmt;\n",
            &[],
        );
        check(
            pure,
            "crates/protocol/src/a.rs",
            "use std::fs;\n",
            &["crates/protocol/src/a.rs:1: std::fs in a pure crate"],
        );
        check(pure, "crates/protocol/tests/it/a.rs", "use std::fs;\n", &[]);
        check(pure, "crates/engine/src/a.rs", "use std::fs;\n", &[]);
    }

    #[test]
    fn long_files() {
        check(lengths, "a.rs", &"x\n".repeat(600), &[]);
        check(
            lengths,
            "a.rs",
            &"x\n".repeat(601),
            &["a.rs: 601 lines, at most 600"],
        );
        check(lengths, "a.json", &"x\n".repeat(601), &[]);
    }

    #[test]
    fn unfinished_work() {
        let mark = concat!("TO", "DO");
        check(unfinished, "a.rs", &format!("// {mark}(#12): later"), &[]);
        check(
            unfinished,
            "a.rs",
            &format!("// {mark}: later"),
            &[&format!("a.rs:1: {mark} without an issue")],
        );
        check(
            unfinished,
            "a.sol",
            &format!("// {mark}(#): later"),
            &[&format!("a.sol:1: {mark} without an issue")],
        );
        check(unfinished, "a.rs", &format!("let {mark}S = 1;"), &[]);
        let call = concat!("to", "do!()");
        check(
            unfinished,
            "a.rs",
            &format!("fn f() {{ {call} }}"),
            &[&format!("a.rs:1: {}..)", &call[..6])],
        );
    }

    #[test]
    fn unsafe_forms() {
        let word = concat!("un", "safe");
        for form in [" {", " fn f()", " impl Send for A", ""] {
            check(
                unsafe_code,
                "a.rs",
                &format!("{word}{form}"),
                &[&format!("a.rs:1: {word} code")],
            );
        }
        check(
            unsafe_code,
            "a.rs",
            &format!("// {word} {{\nlet is_{word} = 1;\n#![deny({word}_code)]"),
            &[],
        );
    }

    #[test]
    fn exemptions_have_reasons() {
        check(
            reasons,
            "a.rs",
            "#[allow(x, reason = \"y\")]\nfn f() { a.expect(\"b\") }",
            &[],
        );
        check(
            reasons,
            "a.rs",
            "\n#[allow(x)]",
            &["a.rs:2: `#[allow(x)]` without a reason"],
        );
        check(
            reasons,
            "a.rs",
            "#![expect(x)]",
            &["a.rs:1: `#[expect(x)]` without a reason"],
        );
        check(
            reasons,
            "a.rs",
            "#[expect(\n    x,\n    reason = \"y\"\n)]",
            &[],
        );
        check(
            reasons,
            "a.rs",
            "#[cfg_attr(test, allow(x))]",
            &["a.rs:1: `#[cfg_attr(test, allow(x))]` without a reason"],
        );
        check(
            reasons,
            "a.rs",
            "#[derive(Debug)]\n#[should_panic(expected = \"x\")]",
            &[],
        );
    }

    #[test]
    fn solidity_headers() {
        check(
            licences,
            "a.sol",
            "// SPDX-License-Identifier: MIT OR Apache-2.0\n",
            &[],
        );
        check(
            licences,
            "a.sol",
            "// SPDX-License-Identifier: MIT\n",
            &["a.sol: the first line is not `// SPDX-License-Identifier: MIT OR Apache-2.0`"],
        );
    }

    #[test]
    fn places_of_a_machine() {
        let place = concat!("/ho", "me/");
        check(
            machine_paths,
            "a.md",
            &format!("see {place}me"),
            &[&format!("a.md:1: a path of a machine, {place}")],
        );
        check(
            machine_paths,
            "a.md",
            &format!("https://a.example{place}b ./crates{place}"),
            &[],
        );
    }

    #[test]
    fn registries() {
        let host = concat!("registry.", "npmjs");
        check(
            registry_hosts,
            ".npmrc",
            &format!("x=https://{host}.org"),
            &[&format!(".npmrc:1: a registry, {host}")],
        );
        check(
            registry_hosts,
            "Cargo.lock",
            "source = \"registry+https://github.com/rust-lang/crates.io-index\"",
            &[],
        );
    }
}
