//! Checks of the dependency graph, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{File, Findings};

/// Which members a member may depend on, outside its tests. Dependencies of tests may go either way,
/// with the one exception in [`apart`].
const EDGES: &[(&str, &[&str])] = &[
    ("sealift-manifest", &[]),
    ("sealift-protocol", &["sealift-manifest"]),
    ("sealift-journal", &["sealift-manifest", "sealift-protocol"]),
    (
        "sealift-engine",
        &["sealift-manifest", "sealift-protocol", "sealift-journal"],
    ),
    (
        "sealift-rpc",
        &[
            "sealift-manifest",
            "sealift-protocol",
            "sealift-journal",
            "sealift-engine",
        ],
    ),
    (
        "sealift-evm",
        &[
            "sealift-manifest",
            "sealift-protocol",
            "sealift-journal",
            "sealift-engine",
        ],
    ),
    (
        "sealift-check",
        &[
            "sealift-manifest",
            "sealift-protocol",
            "sealift-journal",
            "sealift-engine",
            "sealift-evm",
        ],
    ),
    (
        "sealift",
        &[
            "sealift-manifest",
            "sealift-protocol",
            "sealift-journal",
            "sealift-engine",
            "sealift-rpc",
            "sealift-evm",
            "sealift-check",
        ],
    ),
    ("xtask", &[]),
];

/// Crates without I/O, and what they may not reach, not even through another crate.
const PURE: &[&str] = &["sealift-manifest", "sealift-protocol"];
const IMPURE: &[&str] = &[
    "alloy-provider",
    "alloy-rpc-client",
    "alloy-transport",
    "alloy-transport-http",
    "axum",
    "hyper",
    "mio",
    "reqwest",
    "revm",
    "rusqlite",
    "rustls",
    "socket2",
    "sqlx",
    "tokio",
];

struct Member<'a> {
    name: &'a str,
    dependencies: Vec<(&'a str, Option<&'a str>)>,
}

fn members(metadata: &Value) -> Result<Vec<Member<'_>>> {
    let ids: BTreeSet<_> = array(&metadata["workspace_members"])?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut members = Vec::new();
    for package in array(&metadata["packages"])? {
        if !ids.contains(text(&package["id"])?) {
            continue;
        }
        let mut dependencies = Vec::new();
        for dependency in array(&package["dependencies"])? {
            dependencies.push((text(&dependency["name"])?, dependency["kind"].as_str()));
        }
        members.push(Member {
            name: text(&package["name"])?,
            dependencies,
        });
    }
    if members.is_empty() {
        bail!("cargo metadata names no member");
    }
    Ok(members)
}

fn array(value: &Value) -> Result<&Vec<Value>> {
    value
        .as_array()
        .context("cargo metadata has another shape than expected")
}

fn text(value: &Value) -> Result<&str> {
    value
        .as_str()
        .context("cargo metadata has another shape than expected")
}

/// Members depend on each other only as drawn in ARCHITECTURE.md.
pub(super) fn edges(metadata: &Value) -> Result<Findings> {
    let allowed: BTreeMap<_, _> = EDGES.iter().copied().collect();
    let mut findings = Findings::new();
    for member in members(metadata)? {
        let Some(allowed) = allowed.get(member.name) else {
            findings.push(format!("{} is not in xtask's table of crates", member.name));
            continue;
        };
        for (name, kind) in &member.dependencies {
            let internal = EDGES.iter().any(|(member, _)| member == name);
            if internal && *kind != Some("dev") && !allowed.contains(name) {
                findings.push(format!("{} may not depend on {name}", member.name));
            }
        }
        findings.extend(apart(&member));
    }
    Ok(findings)
}

/// The two implementations of the chain port meet in the command line only, in tests too: what one
/// learns from the other is no longer evidence about the port.
fn apart(member: &Member<'_>) -> Option<String> {
    const BOTH: [&str; 2] = ["sealift-rpc", "sealift-evm"];
    let meets = BOTH.iter().all(|port| {
        member.name == *port || member.dependencies.iter().any(|(name, _)| name == port)
    });
    (meets && member.name != "sealift").then(|| format!("rpc and evm meet in {}", member.name))
}

/// Nothing in [`IMPURE`] is reachable from a pure crate, build and test dependencies aside.
pub(super) fn pure(metadata: &Value) -> Result<Findings> {
    let mut names = BTreeMap::new();
    for package in array(&metadata["packages"])? {
        names.insert(text(&package["id"])?, text(&package["name"])?);
    }
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in array(&metadata["resolve"]["nodes"])? {
        let mut targets = Vec::new();
        for dependency in array(&node["deps"])? {
            if array(&dependency["dep_kinds"])?
                .iter()
                .any(|kind| kind["kind"].is_null())
            {
                targets.push(text(&dependency["pkg"])?);
            }
        }
        graph.insert(text(&node["id"])?, targets);
    }
    let mut findings = Findings::new();
    for pure in PURE {
        let start = names
            .iter()
            .find(|(_, name)| *name == pure)
            .map(|(id, _)| *id);
        let start = start.with_context(|| format!("there is no crate {pure}"))?;
        let mut came_from = BTreeMap::from([(start, start)]);
        let mut queue = vec![start];
        while let Some(id) = queue.pop() {
            for target in graph.get(id).into_iter().flatten() {
                if came_from.contains_key(target) {
                    continue;
                }
                came_from.insert(target, id);
                queue.push(target);
                if IMPURE.contains(&names[target]) {
                    findings.push(format!(
                        "{pure} reaches {} through {}",
                        names[target], names[id]
                    ));
                }
            }
        }
    }
    Ok(findings)
}

/// Every package is a member of the workspace or from crates.io.
pub(super) fn origins(metadata: &Value) -> Result<Findings> {
    let mut findings = Findings::new();
    for package in array(&metadata["packages"])? {
        let source = package["source"].as_str();
        if source.is_some_and(|source| source != CRATES_IO) {
            findings.push(format!(
                "{} comes from {}",
                package["name"], package["source"]
            ));
        }
    }
    Ok(findings)
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Cargo.lock exists, and names no source but crates.io.
pub(super) fn lock(root: &Path) -> Result<Findings> {
    let text = fs::read_to_string(root.join("Cargo.lock")).context("there is no Cargo.lock")?;
    Ok(lock_sources(&text))
}

fn lock_sources(lock: &str) -> Findings {
    lock.lines()
        .filter_map(|line| line.strip_prefix("source = "))
        .filter(|source| source.trim_matches('"') != CRATES_IO)
        .map(|source| format!("Cargo.lock has the source {source}"))
        .collect()
}

/// Every member takes its lints from the workspace.
pub(super) fn lints(files: &[File]) -> Result<Findings> {
    let manifests: Vec<_> = files
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml") && !file.path.contains("/tests/"))
        .collect();
    if manifests.is_empty() {
        bail!("there are no crates");
    }
    let inherits = |text: &str| {
        text.split("\n[lints]")
            .nth(1)
            .is_some_and(|rest| rest.trim_start().starts_with("workspace = true"))
    };
    Ok(manifests
        .iter()
        .filter(|file| !inherits(&file.text))
        .map(|file| format!("{}: no `[lints] workspace = true`", file.path))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;
    use serde_json::json;

    type Package = (
        &'static str,
        Option<&'static str>,
        &'static [(&'static str, Option<&'static str>)],
    );

    /// Metadata of packages given as (name, source, [(dependency, kind)]).
    fn graph(packages: &[Package]) -> Value {
        let member = |(name, source, _): &Package| source.is_none().then(|| json!(name));
        json!({
            "workspace_members": packages.iter().filter_map(member).collect::<Vec<_>>(),
            "packages": packages.iter().map(|(name, source, dependencies)| json!({
                "id": name, "name": name, "source": source,
                "dependencies": dependencies.iter()
                    .map(|(name, kind)| json!({"name": name, "kind": kind})).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "resolve": {"nodes": packages.iter().map(|(name, _, dependencies)| json!({
                "id": name,
                "deps": dependencies.iter()
                    .map(|(name, kind)| json!({"pkg": name, "dep_kinds": [{"kind": kind}]})).collect::<Vec<_>>(),
            })).collect::<Vec<_>>()},
        })
    }

    #[track_caller]
    fn check_edges(packages: &[Package], expected: &[&str]) {
        assert_eq!(edges(&graph(packages)).expect("metadata"), expected);
    }

    #[test]
    fn edges_point_upwards() {
        check_edges(
            &[(
                "sealift-protocol",
                None,
                &[("sealift-manifest", None), ("serde", None)],
            )],
            &[],
        );
        check_edges(
            &[("sealift-manifest", None, &[("sealift-protocol", None)])],
            &["sealift-manifest may not depend on sealift-protocol"],
        );
        check_edges(
            &[("sealift-engine", None, &[("sealift-evm", Some("dev"))])],
            &[],
        );
        check_edges(
            &[("sealift-engine", None, &[("sealift-evm", Some("build"))])],
            &["sealift-engine may not depend on sealift-evm"],
        );
        check_edges(
            &[(
                "sealift",
                None,
                &[("sealift-evm", None), ("sealift-rpc", None)],
            )],
            &[],
        );
        check_edges(
            &[("sealift-rpc", None, &[("sealift-evm", Some("dev"))])],
            &["rpc and evm meet in sealift-rpc"],
        );
        check_edges(
            &[(
                "sealift-engine",
                None,
                &[("sealift-evm", Some("dev")), ("sealift-rpc", Some("dev"))],
            )],
            &["rpc and evm meet in sealift-engine"],
        );
        check_edges(
            &[("sealift-new", None, &[])],
            &["sealift-new is not in xtask's table of crates"],
        );
    }

    #[test]
    fn purity_is_transitive_and_leaves_tests_out() {
        const PARQUET: Package = ("parquet", Some(CRATES_IO), &[("tokio", None)]);
        const TOKIO: Package = ("tokio", Some(CRATES_IO), &[]);
        const PROTOCOL: Package = ("sealift-protocol", None, &[]);
        let in_tests: Package = ("sealift-manifest", None, &[("parquet", Some("dev"))]);
        let found = pure(&graph(&[in_tests, PROTOCOL, PARQUET, TOKIO])).expect("metadata");
        assert_eq!(found, Findings::new());
        let in_sources: Package = ("sealift-manifest", None, &[("parquet", None)]);
        let found = pure(&graph(&[in_sources, PROTOCOL, PARQUET, TOKIO])).expect("metadata");
        assert_eq!(found, ["sealift-manifest reaches tokio through parquet"]);
        assert!(
            pure(&graph(&[in_tests, PARQUET, TOKIO])).is_err(),
            "a pure crate that vanished"
        );
    }

    #[test]
    fn other_sources_are_found() {
        let found = origins(&graph(&[
            ("sealift", None, &[]),
            ("a", Some(CRATES_IO), &[]),
            ("b", Some("git+x"), &[]),
        ]));
        assert_eq!(found.expect("metadata"), ["\"b\" comes from \"git+x\""]);
        let lock = format!("source = \"{CRATES_IO}\"\nsource = \"git+https://x\"\n");
        assert_eq!(
            lock_sources(&lock),
            ["Cargo.lock has the source \"git+https://x\""]
        );
    }

    #[test]
    fn lints_are_inherited() {
        let good = file(
            "crates/a/Cargo.toml",
            "[package]\n\n[lints]\nworkspace = true\n",
        );
        let bad = file("crates/b/Cargo.toml", "[package]\n\n[lints.rust]\n");
        let found = lints(&[good, bad]).expect("there are crates");
        assert_eq!(
            found,
            ["crates/b/Cargo.toml: no `[lints] workspace = true`"]
        );
    }
}
