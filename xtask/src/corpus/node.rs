//! An anvil whose blocks are the same at every run, and which leaves its state behind.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::capture;
use crate::tools::Tools;

/// The clock of the first block, in seconds: 15 January 2027.
const GENESIS_SECS: u64 = 1_800_000_000;

/// The clock of the first block of the migration. Far enough behind the world's blocks, one second each.
const MIGRATION_SECS: u64 = GENESIS_SECS + 10_000;

/// How long anvil may take to listen, and to write its state.
const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A running anvil, killed when dropped.
pub(crate) struct Node {
    child: Child,
    pub(crate) url: String,
}

impl Node {
    /// An empty chain that writes its state to `dump` when it is stopped.
    pub(crate) fn empty(tools: &Tools, dump: &Path) -> Result<Self> {
        let mut command = Command::new(&tools.anvil);
        command
            .args(["--timestamp", &GENESIS_SECS.to_string(), "--dump-state"])
            .arg(dump);
        let node = Self::start(command)?;
        node.call(tools, &["anvil_setBlockTimestampInterval", "1"])?;
        Ok(node)
    }

    /// A chain that goes on from `state`.
    pub(crate) fn loaded(tools: &Tools, state: &Path) -> Result<Self> {
        let mut command = Command::new(&tools.anvil);
        command.arg("--load-state").arg(state);
        let node = Self::start(command)?;
        node.call(tools, &["anvil_setBlockTimestampInterval", "1"])?;
        let next = MIGRATION_SECS.to_string();
        node.call(tools, &["evm_setNextBlockTimestamp", &next])?;
        Ok(node)
    }

    fn start(mut command: Command) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--silent", "--auto-impersonate", "--hardfork", "osaka"]);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start anvil")?;
        let mut node = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = node.child.try_wait()? {
                bail!("anvil ended with {status}");
            }
            if start.elapsed() > LIMIT {
                bail!("anvil does not listen after {} s", LIMIT.as_secs());
            }
            sleep(POLL);
        }
        Ok(node)
    }

    fn call(&self, tools: &Tools, words: &[&str]) -> Result<()> {
        let mut command = Command::new(&tools.cast);
        command
            .args(["rpc", "--rpc-url", &self.url, "--rpc-timeout", "20"])
            .args(words);
        capture(&mut command).map(drop)
    }

    /// Interrupts anvil, as a user does, and waits until it has written `dump`.
    pub(crate) fn stop(mut self, dump: &Path) -> Result<()> {
        capture(Command::new("kill").args(["-INT", &self.child.id().to_string()]))?;
        let start = Instant::now();
        while self.child.try_wait()?.is_none() {
            if start.elapsed() > LIMIT {
                bail!("anvil does not stop after {} s", LIMIT.as_secs());
            }
            sleep(POLL);
        }
        if fs::metadata(dump).map_or(0, |file| file.len()) == 0 {
            bail!("anvil wrote no state to {}", dump.display());
        }
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // An anvil that has ended already is as good as one that is ended here.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
