//! An anvil of its own for each run.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tools::Tools;

const START_LIMIT: Duration = Duration::from_secs(30);

/// Holders from which on anvil makes a block a second instead of one for each transaction: it hashes its
/// whole state at every block, which for 250,000 holders takes half a second.
const MANY_HOLDERS: usize = 50_000;

/// How anvil makes blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocks {
    /// One for each transaction.
    Automine,
    /// One a second, of 1,000,000,000 gas.
    EverySecond,
}

impl Blocks {
    /// What suits so many holders.
    pub(super) fn of(holders: usize) -> Self {
        if holders < MANY_HOLDERS {
            Self::Automine
        } else {
            Self::EverySecond
        }
    }

    /// In words, for the notes of a report.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Automine => "anvil makes a block for each transaction",
            Self::EverySecond => {
                "anvil makes a block a second, of 1,000,000,000 gas: it hashes its whole state at every \
                 block, so that a block for each transaction would mostly measure anvil"
            }
        }
    }
}

/// A running anvil, ended when dropped.
pub(super) struct Anvil {
    child: Child,
    pub(super) url: String,
}

impl Anvil {
    /// Starts anvil under Osaka rules on a free port.
    pub(super) fn start(tools: &Tools, blocks: Blocks) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(&tools.anvil);
        command.args([
            "--silent",
            "--hardfork",
            "osaka",
            "--port",
            &port.to_string(),
        ]);
        if blocks == Blocks::EverySecond {
            command.args(["--block-time", "1", "--gas-limit", "1000000000"]);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start anvil")?;
        let mut anvil = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = anvil.child.try_wait()? {
                let mut said = String::new();
                if let Some(stderr) = &mut anvil.child.stderr {
                    stderr.read_to_string(&mut said)?;
                }
                bail!("anvil ended with {status}: {said}");
            }
            if start.elapsed() > START_LIMIT {
                bail!("anvil does not listen after {} s", START_LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(anvil)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // An anvil that has ended already is as good as one that is ended here.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
