//! The same holders on the same node, as teams migrate today: an ethers loop, and `forge script --slow`.
//! The peers mint to a new token and read it back. They neither freeze, nor prove that the list is complete,
//! nor survive a kill; the table does not show that, so the notes say it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Place;
use super::demo::measured;
use super::measure::{Contender, Facts, Report, Sample, once, side_by_side};
use super::node::{Anvil, Blocks};
use crate::process::stream;
use crate::tools::{self, Tools};

/// Holders a transaction, for the peers. With forge's margin of 30% it stays below the cap of a
/// transaction, 16,777,216 gas.
const BATCH: &str = "500";

/// anvil's first account, which it signs for itself.
const SENDER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

struct Peers<'a> {
    place: &'a Place<'a>,
    tools: Tools,
    holders: PathBuf,
    artifact: PathBuf,
    blocks: Blocks,
    scripts: PathBuf,
}

pub(super) fn run(place: &Place<'_>) -> Result<Report> {
    let sealift = place.sealift()?;
    let scripts = place.workspace.root.join("xtask/bench/peers");
    if !scripts.join("node_modules/.package-lock.json").is_file() {
        tools::npm_install(&scripts)?;
    }
    let (holders, count) = without_zero(place)?;
    let peers = Peers {
        place,
        tools: tools::install(place.workspace)?,
        blocks: Blocks::of(count),
        holders,
        artifact: place.workspace.contracts().join("artifacts/MintLoop.json"),
        scripts,
    };
    let mut contenders = Vec::new();
    for (name, options) in [
        (
            "sealift, staged, uploaded, one SIGKILL",
            &["--strategy", "staged", "--amounts", "uploaded"][..],
        ),
        (
            "sealift, read-through, one SIGKILL",
            &["--strategy", "read-through"],
        ),
    ] {
        let (peers, sealift) = (&peers, &sealift);
        let run = move || peers.sealift(sealift, name, options);
        contenders.push(Contender {
            name: name.to_owned(),
            at_most: usize::MAX,
            run: Box::new(run),
        });
    }
    contenders.push(Contender {
        name: "ethers loop, 16 transactions under way".into(),
        // With many holders it reads balances for minutes.
        at_most: if peers.blocks == Blocks::Automine {
            usize::MAX
        } else {
            1
        },
        run: Box::new(|| peers.ethers(16)),
    });
    // One transaction after another, with a block a second, measures the blocks.
    if peers.blocks == Blocks::Automine {
        contenders.push(Contender {
            name: "ethers loop, one transaction after another".into(),
            at_most: usize::MAX,
            run: Box::new(|| peers.ethers(1)),
        });
        let forge = peers.forge_project()?;
        let peers = &peers;
        contenders.push(Contender {
            name: "forge script --slow".into(),
            at_most: usize::MAX,
            run: Box::new(move || peers.forge(&forge)),
        });
    }
    let mut notes = vec![
        "Time from the first transaction of the migration to the last balance verified, as each program says \
         itself; deploying and filling a legacy token is in none of them. The peers mint to a new token in \
         batches of 500 and read every balance back: nothing is frozen, no list is proven complete, and a kill \
         in the middle leaves a half-filled token."
            .to_owned(),
        format!("Here {}.", peers.blocks.words()),
    ];
    let rows = side_by_side(contenders, place.repeats, "s", &mut notes);
    Ok(Report::new("peers", rows, notes))
}

/// The list as plain CSV, without the zero address, to which OpenZeppelin's `_mint` of the peers refuses to
/// mint; and how many holders it has.
fn without_zero(place: &Place<'_>) -> Result<(PathBuf, usize)> {
    const ZERO: &str = "0x0000000000000000000000000000000000000000,";
    let text = place.text(&place.holders()?)?;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(ZERO))
        .collect();
    let path = place.folder.join("peers-holders.csv");
    fs::write(&path, lines.join("\n") + "\n").context("cannot write the list of the peers")?;
    Ok((path, lines.len().saturating_sub(1)))
}

impl Peers<'_> {
    fn sealift(&self, sealift: &Path, name: &str, options: &[&str]) -> Result<(Sample, Facts)> {
        let anvil = Anvil::start(&self.tools, self.blocks)?;
        let mut command = Command::new(sealift);
        command
            .args(["demo", "--json", "--kills", "1", "--rpc", &anvil.url])
            .args(options);
        command
            .arg("--holders-file")
            .arg(&self.holders)
            .arg("--dir")
            .arg(self.place.empty("peers")?);
        own_time(measured(
            &mut command,
            &self.place.log(&format!("peers {name}")),
        )?)
    }

    fn node(&self, mode: &str, url: &str, last: &str) -> Command {
        let mut command = Command::new("node");
        command
            .arg(self.scripts.join("ethers.mjs"))
            .args([mode, url]);
        command.arg(&self.holders).arg(&self.artifact).arg(last);
        command
    }

    fn ethers(&self, window: u32) -> Result<(Sample, Facts)> {
        let anvil = Anvil::start(&self.tools, self.blocks)?;
        let mut command = self.node("run", &anvil.url, BATCH);
        command.arg(window.to_string());
        let log = self.place.log(&format!("peers ethers {window}"));
        own_time(measured(&mut command, &log)?)
    }

    /// A Foundry project below target/bench, built, so that compilation is not measured.
    fn forge_project(&self) -> Result<PathBuf> {
        let folder = self.place.empty("peers-forge")?;
        for name in ["foundry.toml", "Batch.s.sol"] {
            fs::copy(self.scripts.join("forge").join(name), folder.join(name))?;
        }
        fs::copy(&self.artifact, folder.join("MintLoop.json"))?;
        let csv = fs::read_to_string(&self.holders).context("the list of the peers is gone")?;
        fs::write(folder.join("holders.json"), holders_json(&csv)?.to_string())?;
        stream(self.forge_in(&folder).arg("build"))?;
        Ok(folder)
    }

    fn forge_in(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.tools.forge);
        let solc = self.place.workspace.contracts().join("tools/solc");
        command.current_dir(folder).env("FOUNDRY_SOLC", solc);
        command
    }

    fn forge(&self, folder: &Path) -> Result<(Sample, Facts)> {
        let anvil = Anvil::start(&self.tools, self.blocks)?;
        let log = self.place.log("peers forge");
        let mut command = self.forge_in(folder);
        command.args([
            "script",
            "Batch.s.sol",
            "--sig",
            "run(uint256)",
            BATCH,
            "--broadcast",
            "--slow",
        ]);
        command.args([
            "--non-interactive",
            "--unlocked",
            "--sender",
            SENDER,
            "--rpc-url",
            &anvil.url,
        ]);
        let mut sample = once(&mut command, &log)?;
        let latest = fs::read(folder.join("broadcast/Batch.s.sol/31337/run-latest.json"))
            .context("forge wrote no broadcast file")?;
        let receipts = receipts(&serde_json::from_slice(&latest)?)?;
        let mut verify = self.node("verify", &anvil.url, &receipts.token);
        let (verified, mut facts) = own_time(measured(&mut verify, &log)?)?;
        sample.seconds += verified.seconds;
        let holders: u64 = facts
            .get("holders")
            .and_then(|n| n.parse().ok())
            .context("no count of holders")?;
        facts.insert("transactions".into(), receipts.count.to_string());
        facts.insert(
            "gas a holder".into(),
            (receipts.gas / holders.max(1)).to_string(),
        );
        Ok((sample, facts))
    }
}

/// Takes the time that the program measured itself.
fn own_time((mut sample, mut facts): (Sample, Facts)) -> Result<(Sample, Facts)> {
    let own = facts
        .remove("own seconds")
        .context("the summary has no seconds")?;
    sample.seconds = own.parse().context("the summary's seconds are no number")?;
    facts.remove("kills");
    Ok((sample, facts))
}

struct Receipts {
    token: String,
    count: usize,
    gas: u64,
}

/// What forge recorded: the first receipt is that of the deployment.
fn receipts(latest: &Value) -> Result<Receipts> {
    let receipts = latest["receipts"]
        .as_array()
        .context("the broadcast file has no receipts")?;
    let mut gas = 0;
    for receipt in receipts {
        let hex = receipt["gasUsed"]
            .as_str()
            .and_then(|hex| hex.strip_prefix("0x"));
        gas += u64::from_str_radix(hex.context("a receipt has no gasUsed")?, 16)?;
        if receipt["status"] != "0x1" {
            bail!("a transaction of forge script failed");
        }
    }
    let token = receipts
        .first()
        .and_then(|receipt| receipt["contractAddress"].as_str());
    Ok(Receipts {
        token: token.context("forge deployed nothing")?.to_owned(),
        count: receipts.len(),
        gas,
    })
}

/// The lists that Batch.s.sol reads.
fn holders_json(csv: &str) -> Result<Value> {
    let mut holders = BTreeMap::new();
    for (number, line) in csv
        .lines()
        .enumerate()
        .skip(1)
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let (account, amount) = line
            .trim()
            .split_once(',')
            .with_context(|| format!("line {}: no comma", number + 1))?;
        holders.insert(account, amount);
    }
    let (accounts, amounts): (Vec<_>, Vec<_>) = holders.into_iter().unzip();
    Ok(json!({ "accounts": accounts, "amounts": amounts }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_become_two_lists() {
        let found = holders_json("holder,balance\n0x02,5\n0x01,7\n\n").expect("a list");
        assert_eq!(
            found,
            json!({"accounts": ["0x01", "0x02"], "amounts": ["7", "5"]})
        );
        assert!(holders_json("holder,balance\n0x02\n").is_err());
    }

    #[test]
    fn receipts_are_summed() {
        let latest = json!({"receipts": [
            {"contractAddress": "0xab", "gasUsed": "0x10", "status": "0x1"},
            {"contractAddress": null, "gasUsed": "0x1", "status": "0x1"},
        ]});
        let found = receipts(&latest).expect("receipts");
        assert_eq!(
            (found.token.as_str(), found.count, found.gas),
            ("0xab", 2, 17)
        );
        assert!(receipts(&json!({"receipts": [{"gasUsed": "0x1", "status": "0x0"}]})).is_err());
        assert!(receipts(&json!({"receipts": []})).is_err());
    }
}
