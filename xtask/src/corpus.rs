//! The checker's corpus: each case is a small migration of a user, and what forge and anvil make of it.

pub(crate) mod node;
mod sources;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use self::node::Node;
use self::sources::{ARTIFACTS, BROADCAST, STATE};
use crate::process::{Workspace, say};
use crate::tally::Tally;
use crate::tools::{self, Tools};

/// Cases that are generated at once.
const WORKERS: usize = 2;

/// How long forge may take for one script, compiling included.
const FORGE_LIMIT: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(50);

/// Lines of forge's output that are shown when it fails.
const SHOWN_LINES: usize = 40;

/// The script of a case, and where forge leaves what it sent on anvil's chain.
const SCRIPT: &str = "Script.s.sol";
const CHAIN: &str = "31337";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these cases: the folder's name or how it begins, as in `21` or `broken/21-airdrop`.
    #[arg(long, num_args = 1..)]
    only: Vec<String>,
    /// Changes nothing: fails when the generated files are not of the sources that are there.
    #[arg(long)]
    check: bool,
}

/// Generates the cases, or compares hashes.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<Tally> {
    let cases = select(cases(&workspace.root)?, &args.only)?;
    let mut tally = Tally::default();
    if args.check {
        tally.add_runner("corpus", Ok(compare(&workspace.root, &cases)));
        return Ok(tally);
    }
    let tools = tools::install(workspace)?;
    tally.add_runner("corpus", Ok(generate(workspace, &tools, cases)));
    Ok(tally)
}

/// Whether the generated files of every case are of the sources that are there. Needs no tools.
fn compare(root: &Path, cases: &[String]) -> Tally {
    let corpus = root.join("corpus");
    let mut tally = Tally::default();
    for case in cases {
        note(
            &mut tally,
            case,
            sources::matches(&corpus, &corpus.join(case)),
        );
    }
    tally
}

/// What `--check` finds in all cases, without a word about those that are as they should be.
pub(crate) fn stale(root: &Path) -> Result<Vec<String>> {
    let corpus = root.join("corpus");
    let mut found = Vec::new();
    for case in cases(root)? {
        if let Err(error) = sources::matches(&corpus, &corpus.join(&case)) {
            found.push(format!("{case}: {error:#}"));
        }
    }
    Ok(found)
}

fn generate(workspace: &Workspace, tools: &Tools, cases: Vec<String>) -> Tally {
    let queue = Mutex::new(cases.into_iter());
    let tally = Mutex::new(Tally::default());
    let next = || queue.lock().ok()?.next();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = next() {
                    let result = Case::new(workspace, tools, &case).generate();
                    if let Ok(mut tally) = tally.lock() {
                        note(&mut tally, &case, result);
                    }
                }
            });
        }
    });
    tally
        .into_inner()
        .unwrap_or_else(|_| Tally::failure("corpus: a worker panicked"))
}

fn note(tally: &mut Tally, case: &str, result: Result<()>) {
    match result {
        Ok(()) => {
            say(&format!("corpus: {case}"));
            tally.passed += 1;
        }
        Err(error) => tally.failed.push(format!("{case}: {error:#}")),
    }
}

/// Folders with a script, as `broken/NN-name` or `sound/NN-name`, in order.
pub(crate) fn cases(root: &Path) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    for kind in ["broken", "sound"] {
        let folder = root.join("corpus").join(kind);
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.join(SCRIPT).is_file() {
                let name = path.file_name().and_then(|name| name.to_str());
                found.insert(format!("{kind}/{}", name.context("a name is not UTF-8")?));
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The cases that `only` names: all when it is empty. A name that fits no case is an error.
fn select(cases: Vec<String>, only: &[String]) -> Result<Vec<String>> {
    let fits = |case: &str, name: &str| {
        let folder = case.split_once('/').map_or(case, |(_, folder)| folder);
        let name = name.trim_end_matches('/');
        let name = name.strip_prefix("corpus/").unwrap_or(name);
        [case, folder].iter().any(|found| {
            found
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    };
    if let Some(name) = only
        .iter()
        .find(|name| !cases.iter().any(|case| fits(case, name)))
    {
        bail!("no case is called {name}");
    }
    Ok(cases
        .into_iter()
        .filter(|case| only.is_empty() || only.iter().any(|name| fits(case, name)))
        .collect())
}

/// One case while it is generated.
struct Case<'a> {
    workspace: &'a Workspace,
    tools: &'a Tools,
    /// `broken/NN-name` or `sound/NN-name`.
    name: &'a str,
    /// The case in the repository.
    folder: PathBuf,
    /// What forge and anvil write for this case alone: cases may share names of scripts and contracts.
    work: PathBuf,
}

impl<'a> Case<'a> {
    fn new(workspace: &'a Workspace, tools: &'a Tools, name: &'a str) -> Self {
        Self {
            workspace,
            tools,
            name,
            folder: workspace.root.join("corpus").join(name),
            work: workspace.target.join("corpus").join(name),
        }
    }

    fn generate(&self) -> Result<()> {
        // What an earlier run sent is not what this one sends; compiled contracts may stay.
        for stale in ["broadcast", "cache/Script.s.sol"] {
            let stale = self.work.join(stale);
            if stale.exists() {
                fs::remove_dir_all(&stale)?;
            }
        }
        fs::create_dir_all(&self.work)?;

        let dump = self.work.join("dump.json");
        let node = Node::empty(self.tools, &dump)?;
        self.script(&node, "deploy")?;
        node.stop(&dump)?;
        write_json(&self.folder.join(STATE), &world(read_json(&dump)?)?)?;

        let node = Node::loaded(self.tools, &self.folder.join(STATE))?;
        self.script(&node, "run")?;
        let sent = self.sent("run")?;
        write_json(&self.folder.join(BROADCAST), &migration(sent)?)?;

        self.artifacts()?;
        sources::write(&self.workspace.root.join("corpus"), &self.folder)
    }

    /// Runs `function` of the case's script and sends its transactions.
    fn script(&self, node: &Node, function: &str) -> Result<()> {
        let relative = format!("corpus/{}", self.name);
        let log = self.work.join("forge.log");
        let out = File::create(&log)?;
        let mut command = Command::new(&self.tools.forge);
        command
            .current_dir(&self.workspace.root)
            .args([
                "script",
                &format!("{relative}/{SCRIPT}:Migrate"),
                "--root",
                ".",
            ])
            .args(["--sig", &format!("{function}()"), "--rpc-url", &node.url])
            .args(["--broadcast", "--unlocked", "--slow", "--color", "never"])
            .env("FOUNDRY_CONFIG", "corpus/foundry.toml")
            .env("FOUNDRY_SRC", &relative)
            .env("FOUNDRY_SCRIPT", &relative)
            .env("FOUNDRY_OUT", self.work.join("out"))
            .env("FOUNDRY_CACHE_PATH", self.work.join("cache"))
            .env("FOUNDRY_BROADCAST", self.work.join("broadcast"))
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        let mut child = command.spawn().context("cannot start forge")?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if start.elapsed() > FORGE_LIMIT {
                child.kill()?;
                child.wait()?;
                bail!(
                    "forge takes longer than {} s for {function}()",
                    FORGE_LIMIT.as_secs()
                );
            }
            sleep(POLL);
        };
        if !status.success() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<_> = said.lines().collect();
            let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
            bail!("{function}() failed:\n{shown}");
        }
        Ok(())
    }

    /// What forge recorded of `function`.
    fn sent(&self, function: &str) -> Result<Value> {
        let file = format!("broadcast/{SCRIPT}/{CHAIN}/{function}-latest.json");
        read_json(&self.work.join(file)).with_context(|| format!("{function}() sent nothing"))
    }

    /// Writes the interfaces of the contracts that can be met on the chain: those of the case, of common/,
    /// and those that the scripts create.
    fn artifacts(&self) -> Result<()> {
        let mut created = BTreeSet::new();
        for function in ["deploy", "run"] {
            for transaction in array(&self.sent(function)?, "transactions")? {
                created.extend(transaction["contractName"].as_str().map(str::to_owned));
            }
        }
        let mut own = BTreeSet::new();
        for folder in [&self.folder, &self.workspace.root.join("corpus/common")] {
            for entry in fs::read_dir(folder)? {
                own.extend(entry?.file_name().into_string().ok());
            }
        }
        let target = self.folder.join(ARTIFACTS);
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        fs::create_dir_all(&target)?;
        for source in fs::read_dir(self.work.join("out"))? {
            let source = source?;
            if !source.file_type()?.is_dir() {
                continue;
            }
            let is_own = source
                .file_name()
                .to_str()
                .is_some_and(|name| own.contains(name));
            for artifact in fs::read_dir(source.path())? {
                let path = artifact?.path();
                let name = path
                    .file_stem()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                if name == "Migrate" || !(is_own || created.contains(name)) {
                    continue;
                }
                if let Some(artifact) = interface(name, &read_json(&path)?) {
                    write_json(&target.join(format!("{name}.json")), &artifact)?;
                }
            }
        }
        Ok(())
    }
}

/// The part of forge's artifact that says what a contract is called and how its code is recognised; `None`
/// for what cannot be deployed.
fn interface(name: &str, artifact: &Value) -> Option<Value> {
    let code = &artifact["deployedBytecode"];
    let object = code["object"].as_str().filter(|object| object.len() > 2)?;
    let mut deployed = json!({ "object": object });
    // Where the code on the chain differs from the compiled one.
    if let Some(places) = code["immutableReferences"]
        .as_object()
        .filter(|p| !p.is_empty())
    {
        deployed["immutableReferences"] = json!(places);
    }
    Some(json!({ "contractName": name, "abi": artifact["abi"], "deployedBytecode": deployed }))
}

/// anvil's dump with its last block alone: anvil needs it to go on from there, and nothing reads the others.
pub(crate) fn world(mut dump: Value) -> Result<Value> {
    let number = dump["best_block_number"]
        .as_u64()
        .context("the dump has no best_block_number")?;
    let number = format!("{number:#x}");
    let blocks = dump["blocks"]
        .as_array_mut()
        .context("the dump has no blocks")?;
    blocks.retain(|block| block["header"]["number"] == *number);
    if blocks.len() != 1 {
        bail!("the dump has {} blocks with number {number}", blocks.len());
    }
    dump["transactions"] = json!([]);
    Ok(dump)
}

/// forge's record of a run without the time and the revision at which it was made.
pub(crate) fn migration(mut sent: Value) -> Result<Value> {
    if array(&sent, "transactions")?.is_empty() {
        bail!("run() sent nothing");
    }
    if array(&sent, "receipts")?.len() != array(&sent, "transactions")?.len() {
        bail!("a transaction of run() has no receipt");
    }
    sent["timestamp"] = json!(0);
    sent["commit"] = Value::Null;
    Ok(sent)
}

fn array<'v>(value: &'v Value, key: &str) -> Result<&'v Vec<Value>> {
    value[key]
        .as_array()
        .with_context(|| format!("{key} is not a list"))
}

pub(crate) fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// Writes with sorted keys, because maps are sorted here, and a line for each change that a reader may see.
pub(crate) fn write_json(path: &Path, value: &Value) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_select(only: &[&str], expected: Option<&[&str]>) {
        let cases = ["broken/01-a", "broken/11-b", "sound/01-c"].map(str::to_owned);
        let only: Vec<_> = only.iter().map(|&name| name.to_owned()).collect();
        let found = select(cases.to_vec(), &only).ok();
        let expected = expected.map(|names| names.iter().map(|&n| n.to_owned()).collect());
        assert_eq!(found, expected);
    }

    #[test]
    fn cases_are_named_by_how_they_begin() {
        check_select(&[], Some(&["broken/01-a", "broken/11-b", "sound/01-c"]));
        check_select(&["01"], Some(&["broken/01-a", "sound/01-c"]));
        check_select(&["broken/01"], Some(&["broken/01-a"]));
        check_select(
            &["corpus/sound/01-c/", "11-b"],
            Some(&["broken/11-b", "sound/01-c"]),
        );
        check_select(&["1"], None);
    }

    #[test]
    fn a_world_keeps_its_last_block() {
        let block = |number: &str| json!({ "header": { "number": number } });
        let dump = |blocks: &[Value]| json!({ "best_block_number": 16, "blocks": blocks });
        let kept = world(dump(&[block("0x10"), block("0x1")])).expect("a last block");
        assert_eq!(kept["blocks"], json!([block("0x10")]));
        assert!(world(dump(&[block("0x1")])).is_err());
    }
}
