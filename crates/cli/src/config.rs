//! `sealift.toml`: what a person decides. Secrets stand elsewhere, and a secret that stands here
//! nevertheless is refused by name.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};
use sealift_engine::planning::PAUSER_ROLE;
use sealift_protocol::Policy;
use serde::Deserialize;

use crate::failure::{self, Failure, exit};
use crate::times::{Deadline, duration_secs};

/// The file in the directory of a migration.
pub(crate) const FILE_NAME: &str = "sealift.toml";

/// Larger files are no configuration.
const MAX_BYTES: u64 = 1 << 20;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    #[serde(default)]
    pub(crate) chain: ChainConfig,
    pub(crate) migration: MigrationConfig,
    #[serde(rename = "lane")]
    pub(crate) lanes: Vec<LaneConfig>,
    #[serde(default)]
    pub(crate) keys: KeysConfig,
    #[serde(default)]
    pub(crate) limits: LimitsConfig,
}

/// `[chain]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChainConfig {
    pub(crate) rpc: Option<String>,
    pub(crate) chain_id: Option<u64>,
    pub(crate) finality: FinalityConfig,
    pub(crate) poll_millis: u64,
    pub(crate) timeout_secs: u64,
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            rpc: None,
            chain_id: None,
            finality: FinalityConfig(sealift_rpc::Finality::Tag),
            poll_millis: 1_000,
            timeout_secs: 30,
        }
    }
}

/// `"finalized"`, or a depth in blocks.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(crate) struct FinalityConfig(pub(crate) sealift_rpc::Finality);

impl TryFrom<toml::Value> for FinalityConfig {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let finality = match &value {
            toml::Value::String(text) if text == "finalized" => Some(sealift_rpc::Finality::Tag),
            toml::Value::Integer(depth) => {
                u64::try_from(*depth).ok().map(sealift_rpc::Finality::Depth)
            }
            _ => None,
        };
        finality.map(Self).ok_or_else(|| {
            "finality is \"finalized\", or the number of blocks on top of a final one".to_owned()
        })
    }
}

/// `[migration]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MigrationConfig {
    pub(crate) owner: Address,
    pub(crate) operator: Address,
    pub(crate) guardian: Address,
    #[serde(default = "seven_days")]
    pub(crate) deadline: DeadlineConfig,
    #[serde(default = "six_hours")]
    pub(crate) max_freeze: DurationConfig,
    #[serde(default)]
    pub(crate) preauthorised: bool,
    #[serde(default)]
    pub(crate) nonce: Option<B256>,
}

fn seven_days() -> DeadlineConfig {
    DeadlineConfig(Deadline::After(604_800))
}

fn six_hours() -> DurationConfig {
    DurationConfig(21_600)
}

/// A deadline in text.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DeadlineConfig(pub(crate) Deadline);

impl TryFrom<String> for DeadlineConfig {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// Seconds, from text such as `6h`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DurationConfig(pub(crate) u64);

impl TryFrom<String> for DurationConfig {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        duration_secs(&text).map(Self)
    }
}

/// One `[[lane]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaneConfig {
    pub(crate) legacy: Address,
    pub(crate) holders: PathBuf,
    #[serde(default)]
    pub(crate) strategy: StrategyConfig,
    #[serde(default)]
    pub(crate) amounts: Option<AmountsConfig>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) symbol: Option<String>,
    #[serde(default)]
    pub(crate) materialize: bool,
    #[serde(default = "pauser_role")]
    pub(crate) pauser_role: B256,
    #[serde(default)]
    pub(crate) snapshot_block: Option<u64>,
}

fn pauser_role() -> B256 {
    PAUSER_ROLE
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StrategyConfig {
    #[default]
    ReadThrough,
    Staged,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AmountsConfig {
    Chain,
    Uploaded,
}

/// `[keys]`: where the key of each role is, never the key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeysConfig {
    pub(crate) owner: Option<KeyConfig>,
    pub(crate) operator: Option<KeyConfig>,
    pub(crate) guardian: Option<KeyConfig>,
    pub(crate) legacy_owner: Option<KeyConfig>,
}

impl KeysConfig {
    /// The roles with a key, by name.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&'static str, &KeyConfig)> {
        [
            ("owner", &self.owner),
            ("operator", &self.operator),
            ("guardian", &self.guardian),
            ("legacy_owner", &self.legacy_owner),
        ]
        .into_iter()
        .filter_map(|(role, key)| Some((role, key.as_ref()?)))
    }
}

/// `{ env = "VAR" }` or `{ keystore = "path", password_env = "VAR" }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "KeyFields")]
pub(crate) enum KeyConfig {
    Env(String),
    Keystore { path: PathBuf, password_env: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFields {
    env: Option<String>,
    keystore: Option<PathBuf>,
    password_env: Option<String>,
}

impl TryFrom<KeyFields> for KeyConfig {
    type Error = String;

    fn try_from(fields: KeyFields) -> Result<Self, String> {
        match fields {
            KeyFields {
                env: Some(variable),
                keystore: None,
                password_env: None,
            } => Ok(Self::Env(variable)),
            KeyFields {
                env: None,
                keystore: Some(path),
                password_env: Some(password_env),
            } => Ok(Self::Keystore { path, password_env }),
            _ => Err(
                "a key is { env = \"VAR\" } or { keystore = \"path\", password_env = \"VAR\" }"
                    .to_owned(),
            ),
        }
    }
}

/// `[limits]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsConfig {
    pub(crate) window: Option<usize>,
    pub(crate) max_fee_gwei: Option<u64>,
    pub(crate) max_tip_gwei: Option<u64>,
    pub(crate) max_tx_cost_eth: Option<f64>,
    pub(crate) budget_eth: Option<f64>,
    pub(crate) unreachable_after: Option<DurationConfig>,
    pub(crate) bump_after: Option<DurationConfig>,
    pub(crate) resend_after: Option<DurationConfig>,
    pub(crate) grace_looks: Option<u32>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) batch_holders: Option<u32>,
}

impl LimitsConfig {
    /// The policy of a run; its signers are added by the driver.
    pub(crate) fn policy(&self) -> Policy {
        let usual = Policy::default();
        let gwei = |given: Option<u64>, usual| {
            given.map_or(usual, |gwei| u128::from(gwei) * 1_000_000_000)
        };
        let ether =
            |given: Option<f64>, usual| given.map_or(usual, |eth| (eth.max(0.0) * 1e18) as u128);
        let secs = |given: Option<DurationConfig>, usual| given.map_or(usual, |given| given.0);
        Policy {
            window: self.window.unwrap_or(usual.window).max(1),
            max_fee_cap: gwei(self.max_fee_gwei, usual.max_fee_cap),
            max_tip_cap: gwei(self.max_tip_gwei, usual.max_tip_cap),
            tx_cost_cap_wei: ether(self.max_tx_cost_eth, usual.tx_cost_cap_wei),
            budget_wei: ether(self.budget_eth, usual.budget_wei),
            unreachable_secs: secs(self.unreachable_after, usual.unreachable_secs),
            bump_after_secs: secs(self.bump_after, usual.bump_after_secs),
            resend_after_secs: secs(self.resend_after, usual.resend_after_secs),
            grace_looks: self.grace_looks.unwrap_or(usual.grace_looks),
            max_attempts: self.max_attempts.unwrap_or(usual.max_attempts).max(1),
            signers: usual.signers,
        }
    }
}

/// Reads and checks the file of a directory; `None` where there is none.
pub(crate) fn load(dir: &Path) -> Result<Option<Config>, Failure> {
    let path = dir.join(FILE_NAME);
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failure::io(&path, "read", &error)),
        Ok(metadata) if metadata.len() > MAX_BYTES => {
            return Err(Failure::new(
                "sealift::config::size",
                exit::USAGE,
                "it is larger than 1 MiB",
            )
            .at(&path, None)
            .next("run `sealift init` in an empty directory for a fresh one"));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(&path).map_err(|e| failure::io(&path, "read", &e))?;
    parse(&path, &text).map(Some)
}

/// Parses the text of the file at `path`.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Config, Failure> {
    refuse_secrets(path, text)?;
    let config: Config = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Failure::new(
            "sealift::config::syntax",
            exit::USAGE,
            error.message().trim(),
        )
        .within(path, text, span.start, span.len())
        .next("correct this line; `sealift init` in an empty directory writes every field")
    })?;
    if config.lanes.is_empty() {
        return Err(Failure::new(
            "sealift::config::lanes",
            exit::USAGE,
            "there is no [[lane]]",
        )
        .at(path, None)
        .next("add a [[lane]] with `legacy` and `holders`"));
    }
    for (index, lane) in config.lanes.iter().enumerate() {
        if lane.strategy == StrategyConfig::ReadThrough && lane.amounts.is_some() {
            let message = format!("lane {index}: `amounts` has no meaning in `read-through`");
            return Err(
                Failure::new("sealift::config::amounts", exit::USAGE, message)
                    .at(path, None)
                    .next("remove `amounts`, or set strategy = \"staged\""),
            );
        }
    }
    Ok(config)
}

/// Neither a private key nor the secret of a provider's URL may stand in the file; what is found is
/// named by its line and never repeated.
fn refuse_secrets(path: &Path, text: &str) -> Result<(), Failure> {
    let mut section = String::new();
    for (line, number) in text.lines().zip(1..) {
        let content = line.split('#').next().unwrap_or("").trim();
        if let Some(name) = content.strip_prefix('[') {
            section = name.trim_matches(['[', ']', ' ']).to_owned();
        }
        let (field, value) = content.split_once('=').unwrap_or(("", ""));
        let field = field.trim();
        let in_keys = section == "keys" || section.starts_with("keys.");
        let is_word = (field == "nonce" || field == "pauser_role") && !in_keys;
        if has_private_key(content) && !is_word {
            let message = format!("line {number} holds what looks like a private key");
            return Err(
                Failure::new("sealift::config::private_key", exit::USAGE, message)
                    .at(path, Some(number))
                    .next(
                        "take the key out of the file, consider it known to others, and write \
                     { env = \"VAR\" } or { keystore = \"path\", password_env = \"VAR\" }",
                    ),
            );
        }
        let url = value.trim().trim_matches(['"', '\'']);
        if field == "rpc" && has_secret(url) {
            let message = "the node's URL holds a secret (a user, a query or a long path)";
            return Err(
                Failure::new("sealift::config::secret_url", exit::USAGE, message)
                    .at(path, Some(number))
                    .next("take it out of the file and set the environment variable SEALIFT_RPC"),
            );
        }
    }
    Ok(())
}

/// Whether 64 hexadecimal digits stand together.
fn has_private_key(line: &str) -> bool {
    line.split(|c: char| !c.is_ascii_hexdigit() && c != 'x')
        .any(|word| word.strip_prefix("0x").unwrap_or(word).len() == 64)
}

fn has_secret(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    host.contains('@') || path.contains('?') || path.split('/').any(|piece| piece.len() >= 16)
}
