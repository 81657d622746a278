//! Broadcast files: the transactions of a `forge script`, as `run-latest.json` holds them.

use std::ops::Range;
use std::path::Path;

use alloy_primitives::{Address, Bytes, U256, address};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::number::{Number, Number64};
use super::spot::{Explain, Spot, offset_of};
use super::{Place, Step};

/// The deployer of CREATE2 that forge calls: calldata is a salt and init code.
pub const CREATE2_DEPLOYER: Address = address!("0x4e59b44847b379578588920cA78FbF26c0B4956C");

/// The most transactions that a script may have.
pub const MAX_STEPS: usize = 10_000;

/// What a broadcast file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The transactions in order. A gas limit is kept only where the script itself sets one; forge's
    /// estimate is made anew by whoever sends a transaction again.
    pub steps: Vec<Step>,
    /// What forge calls the contracts that the script creates, calls or links, each pair once, in
    /// order of appearance. A name may belong to several addresses.
    pub contracts: Vec<(String, Address)>,
}

/// Why a text is no broadcast file.
#[derive(Debug, thiserror::Error)]
pub enum BroadcastError {
    /// It is no JSON, or a value is not what it must be.
    #[error("{}{message}", if path.is_empty() { String::new() } else { format!("`{path}`: ") })]
    Json {
        /// Keys down to the value, such as `transactions[2].transaction.from`.
        path: String,
        /// What is wrong.
        message: String,
        /// Where.
        at: Spot,
    },
    /// It is JSON of another kind.
    #[error("the broadcast file has no `{key}`")]
    Missing {
        /// The key.
        key: &'static str,
        /// Where.
        at: Spot,
    },
    /// The script has not sent anything.
    #[error("the broadcast file has no transactions")]
    Empty {
        /// Where.
        at: Spot,
    },
    /// There are more than [`MAX_STEPS`] transactions.
    #[error("the broadcast file has {count} transactions; {MAX_STEPS} are checked at most")]
    TooMany {
        /// How many.
        count: usize,
        /// Where.
        at: Spot,
    },
    /// The transactions are of more than one chain.
    #[error("transactions of several chains: {first} and {other}")]
    Chains {
        /// The chain of the file, or of its first transactions.
        first: String,
        /// Another one.
        other: String,
        /// Where.
        at: Spot,
    },
    /// A transaction of a kind that is not executed.
    #[error("transaction {index} is {kind}, which is not supported")]
    Kind {
        /// Position from 0.
        index: usize,
        /// The kind, by name.
        kind: &'static str,
        /// Where.
        at: Spot,
    },
    /// A transaction contradicts itself.
    #[error("transaction {index} is a {kind} {problem}")]
    Contradiction {
        /// Position from 0.
        index: usize,
        /// CALL, CREATE or CREATE2.
        kind: &'static str,
        /// What does not fit.
        problem: &'static str,
        /// Where.
        at: Spot,
    },
}

impl BroadcastError {
    /// Where in the file it is.
    pub fn spot(&self) -> &Spot {
        match self {
            Self::Json { at, .. }
            | Self::Missing { at, .. }
            | Self::Empty { at }
            | Self::TooMany { at, .. }
            | Self::Chains { at, .. }
            | Self::Kind { at, .. }
            | Self::Contradiction { at, .. } => at,
        }
    }
}

impl Explain for BroadcastError {
    fn code(&self) -> &'static str {
        match self {
            Self::Kind { .. } => "sealift::check::transaction",
            Self::Chains { .. } => "sealift::check::chains",
            _ => "sealift::check::script",
        }
    }

    fn line(&self) -> Option<usize> {
        Some(self.spot().place.line)
    }

    fn span(&self) -> Option<Range<usize>> {
        Some(self.spot().span.clone())
    }

    fn next(&self) -> String {
        match self {
            Self::Json { .. } | Self::Missing { .. } => {
                "give the run-latest.json that `forge script --broadcast` writes under broadcast/"
            }
            Self::Empty { .. } => {
                "call the script between vm.startBroadcast() and vm.stopBroadcast(), and run it with `forge script --broadcast --slow`"
            }
            Self::TooMany { .. } => "check a shorter script: the same steps over fewer accounts",
            Self::Chains { .. } => "run the script for one chain, and check each chain by itself",
            Self::Kind { .. } => {
                "send it as an EIP-1559 transaction; code that is delegated beforehand belongs into the state"
            }
            Self::Contradiction { .. } => "run the script again; forge writes both as one",
        }
        .to_owned()
    }
}

#[derive(Deserialize)]
#[serde(expecting = "the object of a broadcast file")]
struct BroadcastFile<'a> {
    #[serde(borrow)]
    transactions: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    deployments: Option<Vec<&'a RawValue>>,
    chain: Option<Number64>,
    #[serde(default)]
    libraries: Vec<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
enum Kind {
    #[serde(rename = "CALL")]
    Call,
    #[serde(rename = "CREATE")]
    Create,
    #[serde(rename = "CREATE2")]
    Create2,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::Create => "CREATE",
            Self::Create2 => "CREATE2",
        }
    }
}

#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "the object of a transaction and its contract"
)]
struct EntryFile {
    transaction_type: Kind,
    contract_name: Option<String>,
    contract_address: Option<Address>,
    transaction: TransactionFile,
    #[serde(default)]
    additional_contracts: Vec<AdditionalFile>,
    #[serde(default)]
    is_fixed_gas_limit: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "the object of a transaction")]
struct TransactionFile {
    #[serde(rename = "type")]
    kind: Option<Number64>,
    from: Address,
    to: Option<Address>,
    gas: Option<Number64>,
    #[serde(default)]
    value: Option<Number>,
    #[serde(alias = "data")]
    input: Option<Bytes>,
    chain_id: Option<Number64>,
    authorization_list: Option<Vec<IgnoredAny>>,
    blob_versioned_hashes: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "the object of a contract")]
struct AdditionalFile {
    contract_name: Option<String>,
    address: Address,
}

/// A text and the file that it is from.
struct Source<'a> {
    text: &'a str,
    file: &'a Path,
    /// Where its lines end.
    ends: Vec<usize>,
}

impl Source<'_> {
    fn spot(&self, span: Range<usize>) -> Spot {
        let place = Place {
            file: self.file.to_owned(),
            line: self.ends.partition_point(|end| *end < span.start) + 1,
        };
        Spot { place, span }
    }

    /// The bytes of `part`, which is a part of the text.
    fn span_of(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + part.len()
    }

    /// Parses `part`, a part of the text that stands at `path`.
    fn parse<'de, T: Deserialize<'de>>(
        &self,
        part: &'de str,
        path: &str,
    ) -> Result<T, BroadcastError> {
        let base = self.span_of(part).start;
        let wrong = |below: String, error: &serde_json::Error| {
            let offset = base + offset_of(part.as_bytes(), error.line(), error.column());
            let below = below.trim_start_matches('.');
            let dot = if path.is_empty() || below.is_empty() {
                ""
            } else {
                "."
            };
            let text = error.to_string();
            // Line and column are of the part; the spot says where in the file.
            let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
            BroadcastError::Json {
                path: format!("{path}{dot}{below}"),
                message,
                at: self.spot(offset..(offset + 1).min(self.text.len())),
            }
        };
        let mut deserializer = serde_json::Deserializer::from_str(part);
        let value = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| wrong(error.path().to_string(), error.inner()))?;
        deserializer
            .end()
            .map_err(|error| wrong(String::new(), &error))?;
        Ok(value)
    }
}

/// Reads the text of a broadcast file.
pub fn read(text: &str, file: &Path) -> Result<Broadcast, BroadcastError> {
    let source = Source {
        text,
        file,
        ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect(),
    };
    let start = text.len() - text.trim_start().len();
    let head = start..(start + 1).min(text.len());
    let content: BroadcastFile<'_> = source.parse(text, "")?;
    if let Some(deployments) = &content.deployments {
        return Err(several_chains(&source, deployments, head));
    }
    let missing = |key| BroadcastError::Missing {
        key,
        at: source.spot(head.clone()),
    };
    let entries = content
        .transactions
        .ok_or_else(|| missing("transactions"))?;
    let Number64(chain_id) = content.chain.ok_or_else(|| missing("chain"))?;
    let at = || source.spot(head.clone());
    if entries.is_empty() {
        return Err(BroadcastError::Empty { at: at() });
    }
    if entries.len() > MAX_STEPS {
        let count = entries.len();
        return Err(BroadcastError::TooMany { count, at: at() });
    }
    let mut broadcast = Broadcast {
        chain_id,
        steps: Vec::with_capacity(entries.len()),
        contracts: Vec::new(),
    };
    for (index, raw) in entries.iter().enumerate() {
        let span = source.span_of(raw.get());
        let entry = source.parse(raw.get(), &format!("transactions[{index}]"))?;
        broadcast.add(index, entry, source.spot(span))?;
    }
    for library in &content.libraries {
        broadcast.add_library(library);
    }
    Ok(broadcast)
}

/// The form that forge writes for a script of several chains.
fn several_chains(
    source: &Source<'_>,
    deployments: &[&RawValue],
    head: Range<usize>,
) -> BroadcastError {
    #[derive(Deserialize)]
    struct Deployment {
        chain: Number64,
    }
    let chain = |raw: Option<&&RawValue>| {
        raw.and_then(|raw| serde_json::from_str::<Deployment>(raw.get()).ok())
            .map_or_else(|| "unknown".to_owned(), |d| d.chain.0.to_string())
    };
    BroadcastError::Chains {
        first: chain(deployments.first()),
        other: chain(deployments.get(1)),
        at: source.spot(
            deployments
                .get(1)
                .map_or(head, |raw| source.span_of(raw.get())),
        ),
    }
}

impl Broadcast {
    fn add(&mut self, index: usize, entry: EntryFile, at: Spot) -> Result<(), BroadcastError> {
        let transaction = &entry.transaction;
        if let Some(kind) = unsupported(transaction) {
            return Err(BroadcastError::Kind { index, kind, at });
        }
        if let Some(chain) = transaction.chain_id
            && chain.0 != self.chain_id
        {
            let (first, other) = (self.chain_id.to_string(), chain.0.to_string());
            return Err(BroadcastError::Chains { first, other, at });
        }
        let data = transaction.input.clone().unwrap_or_default();
        if let Some(problem) = contradiction(&entry, &data) {
            let kind = entry.transaction_type.name();
            return Err(BroadcastError::Contradiction {
                index,
                kind,
                problem,
                at,
            });
        }
        let is_call = entry.transaction_type == Kind::Call;
        self.steps.push(Step {
            from: transaction.from,
            to: transaction.to,
            data,
            value: transaction.value.map_or(U256::ZERO, |value| value.0),
            gas: transaction
                .gas
                .filter(|_| entry.is_fixed_gas_limit)
                .map(|gas| gas.0),
            creates: entry.contract_address.filter(|_| !is_call),
            place: at.place,
        });
        self.name(entry.contract_name, entry.contract_address);
        for contract in entry.additional_contracts {
            self.name(contract.contract_name, Some(contract.address));
        }
        Ok(())
    }

    fn name(&mut self, name: Option<String>, address: Option<Address>) {
        if let (Some(name), Some(address)) = (name, address) {
            // `src/Token.sol:Token` where the name alone is ambiguous.
            let name = name.rsplit(':').next().unwrap_or_default().to_owned();
            let pair = (name, address);
            if !pair.0.is_empty() && !self.contracts.contains(&pair) {
                self.contracts.push(pair);
            }
        }
    }

    /// `src/Lib.sol:Lib:0x..`; anything else is only a name less.
    fn add_library(&mut self, text: &str) {
        if let Some((path, address)) = text.rsplit_once(':') {
            self.name(Some(path.to_owned()), address.parse().ok());
        }
    }
}

fn unsupported(transaction: &TransactionFile) -> Option<&'static str> {
    let has = |list: &Option<Vec<IgnoredAny>>| list.as_ref().is_some_and(|list| !list.is_empty());
    match transaction.kind {
        Some(Number64(3)) => Some("a blob transaction (EIP-4844)"),
        Some(Number64(4)) => Some("a set-code transaction (EIP-7702)"),
        Some(Number64(kind)) if kind > 4 => Some("of an unknown type"),
        _ if has(&transaction.blob_versioned_hashes) => Some("a blob transaction (EIP-4844)"),
        _ if has(&transaction.authorization_list) => Some("a set-code transaction (EIP-7702)"),
        _ => None,
    }
}

fn contradiction(entry: &EntryFile, data: &Bytes) -> Option<&'static str> {
    match (entry.transaction_type, entry.transaction.to) {
        (Kind::Call | Kind::Create2, None) => Some("without a callee (`to`)"),
        (Kind::Create, Some(_)) => Some("with a callee (`to`)"),
        (Kind::Create | Kind::Create2, _) if entry.contract_address.is_none() => {
            Some("without the address that it creates (`contractAddress`)")
        }
        (Kind::Create, None) if data.is_empty() => Some("without init code (`input`)"),
        (Kind::Create2, Some(_)) if data.len() <= 32 => {
            Some("without a salt and init code (`input`)")
        }
        _ => None,
    }
}
