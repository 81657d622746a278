//! What is checked: a migration of N batches as anvil and forge leave it, made once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::bench::Place;
use crate::corpus::node::Node;
use crate::corpus::{migration, read_json, world, write_json};
use crate::process::say;
use crate::tools::Tools;

/// The forge project, from the root of the repository.
const PROJECT: &str = "xtask/bench/check";

/// Where the migrator stands: the third contract of anvil's first account.
const MIGRATOR: &str = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";

/// What the migration is made of, from the root of the repository.
const SOURCES: &[&str] = &[
    "corpus/common/Script.sol",
    "corpus/common/Token.sol",
    "xtask/bench/check/foundry.toml",
    "xtask/bench/check/script/Script.s.sol",
    "xtask/bench/check/src/Faucet.sol",
    "xtask/bench/check/src/Holders.sol",
    "xtask/bench/check/src/Migrator.sol",
];

/// The faults of the model that the loops of forge have too are the others.
const OFF: &[&str] = &[
    "transaction.reorged",
    "transaction.reordered",
    "evm.call-reverts",
    "evm.call-returns-false",
    "evm.call-out-of-gas",
    "counterparty.oracle",
    "counterparty.stranger",
    "environment.delay",
    "environment.key-lost",
    "environment.holder-transfers",
    "environment.holder-exits",
    "environment.holder-gets-code",
    "environment.holder-revokes",
];

/// The files of one migration.
pub(super) struct Subject {
    pub(super) batches: u32,
    pub(super) state: PathBuf,
    pub(super) script: PathBuf,
    /// check.toml: the eight faults, and one way to go on.
    pub(super) same_job: PathBuf,
    /// check.toml: the eight faults, and every way to go on.
    pub(super) all_ways: PathBuf,
}

impl Subject {
    /// The migration of so many batches, generated when it is not there or of other sources.
    pub(super) fn of(place: &Place<'_>, tools: &Tools, batches: u32) -> Result<Self> {
        let folder = place.folder.join("check").join(batches.to_string());
        fs::create_dir_all(&folder)?;
        let subject = Self {
            batches,
            state: folder.join("state.json"),
            script: folder.join("run-latest.json"),
            same_job: folder.join("same-job.toml"),
            all_ways: folder.join("all-ways.toml"),
        };
        let sources = sources(&place.workspace.root)?;
        let record = folder.join("sources.txt");
        if fs::read_to_string(&record).is_ok_and(|made_of| made_of == sources) {
            say(&format!("{batches} batches: as generated before"));
        } else {
            subject.generate(place, tools)?;
            fs::write(record, sources)?;
        }
        fs::write(&subject.same_job, declaration(batches, true))?;
        fs::write(&subject.all_ways, declaration(batches, false))?;
        Ok(subject)
    }

    fn generate(&self, place: &Place<'_>, tools: &Tools) -> Result<()> {
        let dump = self.state.with_file_name("dump.json");
        let node = Node::empty(tools, &dump)?;
        self.sent(place, tools, &node, "deploy")?;
        node.stop(&dump)?;
        write_json(&self.state, &world(read_json(&dump)?)?)?;
        let node = Node::loaded(tools, &self.state)?;
        let sent = self.sent(place, tools, &node, "run")?;
        write_json(&self.script, &migration(read_json(&sent)?)?)
    }

    /// Runs `function` of the script and sends its transactions; returns where forge recorded them.
    fn sent(
        &self,
        place: &Place<'_>,
        tools: &Tools,
        node: &Node,
        function: &str,
    ) -> Result<PathBuf> {
        let mut command = forge(place, tools, self.batches);
        command.arg("script");
        command.arg(format!("{PROJECT}/script/Script.s.sol:Migrate"));
        command.args(["--root", ".", "--sig", &format!("{function}()")]);
        command.args([
            "--rpc-url",
            &node.url,
            "--broadcast",
            "--unlocked",
            "--slow",
        ]);
        let log = place.log(&format!("check {function} {}", self.batches));
        let out = File::create(&log)?;
        command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        if !command.status().context("cannot start forge")?.success() {
            bail!("{function}() failed; see {}", log.display());
        }
        let record = format!("check/broadcast/Script.s.sol/31337/{function}-latest.json");
        Ok(place.folder.join(record))
    }
}

fn sources(root: &Path) -> Result<String> {
    let read =
        |file| fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"));
    SOURCES.iter().copied().map(read).collect()
}

/// forge in the root of the repository, with the project of this bench.
pub(super) fn forge(place: &Place<'_>, tools: &Tools, batches: u32) -> Command {
    let folder = place.folder.join("check");
    let mut command = Command::new(&tools.forge);
    command
        .current_dir(&place.workspace.root)
        .env("FOUNDRY_CONFIG", format!("{PROJECT}/foundry.toml"))
        .env("FOUNDRY_OUT", folder.join("out"))
        .env("FOUNDRY_CACHE_PATH", folder.join("cache"))
        .env("FOUNDRY_BROADCAST", folder.join("broadcast"))
        .env("N", batches.to_string());
    command
}

/// The text of a check.toml: the faults that the loops have too.
fn declaration(batches: u32, one_way: bool) -> String {
    let off: Vec<String> = OFF
        .iter()
        .map(|name| format!("    \"{name}\",\n"))
        .collect();
    let playbook = if one_way {
        "[playbook]\nresume = [\"receipt\"]\n\n"
    } else {
        ""
    };
    format!(
        "{playbook}[faults]\noff = [\n{}]\n\n[hostile]\noff = true\n\n\
         [[action]]\nname = \"a stranger sends the last batch\"\n\
         from = \"0x00000000000000000000000000000000BAD00001\"\nto = \"{MIGRATOR}\"\n\
         call = \"migrateBatch(uint256)\"\nargs = [\"{}\"]\n",
        off.concat(),
        batches - 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert!(
            sources(&root)
                .expect("they are")
                .contains("contract Migrator")
        );
    }

    #[test]
    fn a_declaration_is_toml_in_this_order() {
        let text = declaration(10, true);
        assert!(text.starts_with("[playbook]\nresume = [\"receipt\"]\n\n[faults]\noff = [\n    \"transaction.reorged\",\n"));
        assert!(text.ends_with("args = [\"9\"]\n"));
        assert!(!declaration(10, false).contains("playbook"));
    }
}
