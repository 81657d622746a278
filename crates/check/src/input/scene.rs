//! State files: what anvil dumps, in both of its forms, and a plain form of our own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::ops::Range;

use alloy_primitives::{Address, Bytes, U256, hex};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::number::{Count, Number, Number64};
use super::spot::{Explain, offset_of};
use super::{Scene, SceneAccount};

/// The most bytes of JSON that a state may have, unpacked.
pub const MAX_STATE_BYTES: usize = 1 << 30;

/// The chain id of anvil; its dumps do not name one.
pub const DEFAULT_CHAIN_ID: u64 = 31_337;

/// Code of an account that runs another's (EIP-7702): `0xef0100` and an address.
const DELEGATION_BYTES: usize = 23;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why bytes are no state.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// There is nothing in it.
    #[error("the state is empty")]
    Empty,
    /// It is larger than [`MAX_STATE_BYTES`].
    #[error("the state is larger than {limit} bytes, unpacked")]
    TooLarge {
        /// Bytes that are read at most.
        limit: usize,
    },
    /// It starts as none of the known forms does.
    #[error("the state is neither JSON nor a hexadecimal string nor gzip; it starts with {start}")]
    Form {
        /// The first characters.
        start: String,
    },
    /// The compressed form is not hexadecimal.
    #[error("the compressed state is not hexadecimal")]
    Hex(#[source] hex::FromHexError),
    /// The hexadecimal string holds something else.
    #[error("the hexadecimal string holds no gzip data")]
    NotGzip,
    /// The compressed data is damaged or cut off.
    #[error("the compressed state does not unpack")]
    Gzip(#[source] std::io::Error),
    /// A node answered with an error in place of a state.
    #[error("the file is an error of a node: {message}")]
    Answer {
        /// What the node said.
        message: String,
    },
    /// A key of the first level is not there.
    #[error("the state has no `{key}`; its keys are: {found}")]
    Missing {
        /// The key.
        key: &'static str,
        /// The keys that are there.
        found: String,
    },
    /// The JSON is broken, or a value of it is not what it must be.
    #[error("{}{message}", Within(path, *packed))]
    Json {
        /// Keys down to the value, such as `accounts.0x12.nonce`; empty where unknown.
        path: String,
        /// What is wrong, with line and column.
        message: String,
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
        /// Byte of the JSON.
        offset: usize,
        /// Whether the JSON was unpacked from the file, so that line and column are not of the file.
        packed: bool,
    },
}

impl Explain for SceneError {
    fn code(&self) -> &'static str {
        "sealift::check::state"
    }

    fn line(&self) -> Option<usize> {
        match self {
            Self::Json {
                line,
                packed: false,
                ..
            } => Some(*line),
            _ => None,
        }
    }

    fn span(&self) -> Option<Range<usize>> {
        match self {
            Self::Json {
                offset,
                packed: false,
                ..
            } => Some(*offset..*offset + 1),
            _ => None,
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Answer { .. } => "call `anvil_dumpState` of an anvil, or start it with `anvil --dump-state state.json`",
            Self::TooLarge { .. } => "dump a chain of fewer accounts; a fork writes only what was touched",
            Self::Hex(_) | Self::NotGzip | Self::Gzip(_) => "dump it again, with `anvil --dump-state state.json` or `cast rpc anvil_dumpState`",
            Self::Json { .. } => "correct this value, or dump the state again with `anvil --dump-state state.json`",
            Self::Empty | Self::Form { .. } | Self::Missing { .. } => {
                "give what `anvil --dump-state state.json` or `cast rpc anvil_dumpState` writes, or {\"block\": {\"number\", \"timestamp\", \"gas_limit\"}, \"accounts\": {\"0x..\": {\"nonce\", \"balance\", \"code\", \"storage\"}}}"
            }
        }
        .to_owned()
    }
}

/// The start of a message about a value.
struct Within<'a>(&'a str, bool);

impl fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 {
            f.write_str("in the unpacked state: ")?;
        }
        match self.0 {
            "" | "." => Ok(()),
            path => write!(f, "`{path}`: "),
        }
    }
}

impl Scene {
    /// Reads a state: the JSON of `anvil --dump-state`, the answer of `anvil_dumpState` (a
    /// hexadecimal string of gzip of that JSON: plain, quoted, or in a JSON-RPC answer), the gzip
    /// itself, or plain `{"block": .., "accounts": ..}` with numbers in any notation.
    ///
    /// The chain id is the file's `chain_id`, or [`DEFAULT_CHAIN_ID`].
    pub fn read(bytes: &[u8]) -> Result<Self, SceneError> {
        Self::read_within(bytes, MAX_STATE_BYTES)
    }

    /// [`Scene::read`] with a limit in place of [`MAX_STATE_BYTES`].
    pub fn read_within(bytes: &[u8], limit: usize) -> Result<Self, SceneError> {
        if bytes.len() > limit {
            return Err(SceneError::TooLarge { limit });
        }
        if bytes.starts_with(&GZIP_MAGIC) {
            return from_json(&unpack(bytes, limit)?, true);
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match text.trim_ascii_start() {
            [] => Err(SceneError::Empty),
            [b'0', b'x' | b'X', ..] => from_hex(text, limit),
            [b'"', ..] => from_hex(&quoted(text)?, limit),
            // The prefix stays, so that offsets are those of the file.
            [b'{', ..] => match envelope(text)? {
                Some(packed) => from_hex(packed.as_bytes(), limit),
                None => from_json(text, false),
            },
            other => Err(SceneError::Form {
                start: format!(
                    "{:?}",
                    String::from_utf8_lossy(&other[..other.len().min(16)])
                ),
            }),
        }
    }
}

/// The string of a JSON-RPC answer; `None` where the object is no answer.
fn envelope(text: &[u8]) -> Result<Option<Cow<'_, str>>, SceneError> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        result: Option<Cow<'a, str>>,
        error: Option<AnswerError>,
    }
    #[derive(Deserialize)]
    struct AnswerError {
        #[serde(default)]
        message: String,
    }
    #[derive(Deserialize)]
    struct Keys {
        accounts: Option<IgnoredAny>,
        result: Option<IgnoredAny>,
        error: Option<IgnoredAny>,
    }
    let keys: Keys = parse(text, false)?;
    if keys.accounts.is_some() || (keys.result.is_none() && keys.error.is_none()) {
        return Ok(None);
    }
    let answer: Answer<'_> = parse(text, false)?;
    match (answer.result, answer.error) {
        (Some(result), _) => Ok(Some(result)),
        (None, error) => Err(SceneError::Answer {
            message: error.map(|error| error.message).unwrap_or_default(),
        }),
    }
}

fn quoted(text: &[u8]) -> Result<Vec<u8>, SceneError> {
    parse::<Cow<'_, str>>(text, false).map(|text| text.into_owned().into_bytes())
}

fn from_hex(text: &[u8], limit: usize) -> Result<Scene, SceneError> {
    let packed = hex::decode(text.trim_ascii()).map_err(SceneError::Hex)?;
    if !packed.starts_with(&GZIP_MAGIC) {
        return Err(SceneError::NotGzip);
    }
    from_json(&unpack(&packed, limit)?, true)
}

fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, SceneError> {
    let mut json = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(packed).take(limit as u64 + 1);
    reader.read_to_end(&mut json).map_err(SceneError::Gzip)?;
    if json.len() > limit {
        return Err(SceneError::TooLarge { limit });
    }
    Ok(json)
}

/// The file; what else anvil writes is of the past or of the pool.
#[derive(Deserialize)]
#[serde(expecting = "the object of a state")]
struct StateFile {
    block: Option<BlockFile>,
    accounts: Option<Accounts>,
    #[serde(alias = "chainId")]
    chain_id: Option<Number64>,
}

#[derive(Deserialize)]
#[serde(expecting = "the object of a block")]
struct BlockFile {
    number: Count,
    timestamp: Count,
    #[serde(alias = "gasLimit")]
    gas_limit: Number64,
}

#[derive(Deserialize)]
#[serde(expecting = "the object of an account")]
struct AccountFile {
    #[serde(default)]
    nonce: Count,
    #[serde(default)]
    balance: Number,
    #[serde(default, deserialize_with = "code")]
    code: Option<Bytes>,
    #[serde(default)]
    storage: Words,
}

/// Code that an EVM can hold: what starts with `0xef01` is a delegation of EIP-7702 and nothing else.
fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    let code = Option::<Bytes>::deserialize(deserializer)?;
    let is_wrong = |code: &Bytes| {
        code.starts_with(&[0xef, 0x01]) && (code.len() != DELEGATION_BYTES || code[2] != 0)
    };
    match code.as_ref().is_some_and(is_wrong) {
        true => Err(D::Error::custom(
            "code that starts with 0xef01 is 0xef0100 and an address (EIP-7702)",
        )),
        false => Ok(code),
    }
}

/// Accounts by address, each at most once.
struct Accounts(BTreeMap<Address, AccountFile>);

/// Words by slot, each at most once.
#[derive(Default)]
struct Words(BTreeMap<U256, U256>);

impl<'de> Deserialize<'de> for Accounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Accounts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of accounts by address")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Accounts, A::Error> {
                let mut accounts = BTreeMap::new();
                while let Some(address) = map.next_key::<Address>()? {
                    if accounts.insert(address, map.next_value()?).is_some() {
                        return Err(A::Error::custom(format!("{address} stands twice")));
                    }
                }
                Ok(Accounts(accounts))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of words by slot")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
                let mut words = BTreeMap::new();
                while let Some(Number(slot)) = map.next_key()? {
                    let Number(word) = map.next_value()?;
                    if words.insert(slot, word).is_some() {
                        return Err(A::Error::custom(format!("slot {slot:#x} stands twice")));
                    }
                }
                Ok(Words(words))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

fn from_json(json: &[u8], packed: bool) -> Result<Scene, SceneError> {
    let file: StateFile = parse(json, packed)?;
    let missing = |key| SceneError::Missing {
        key,
        found: keys_of(json),
    };
    let block = file.block.ok_or_else(|| missing("block"))?;
    let accounts = file.accounts.ok_or_else(|| missing("accounts"))?.0;
    let accounts = accounts
        .into_iter()
        .map(|(address, account)| SceneAccount {
            address,
            nonce: account.nonce.0,
            balance: account.balance.0,
            code: account.code.unwrap_or_default(),
            storage: account
                .storage
                .0
                .into_iter()
                .filter(|(_, word)| !word.is_zero())
                .collect(),
        })
        .collect();
    Ok(Scene {
        chain_id: file.chain_id.map_or(DEFAULT_CHAIN_ID, |id| id.0),
        number: block.number.0,
        timestamp_secs: block.timestamp.0,
        block_gas_limit: block.gas_limit.0,
        accounts,
    })
}

fn keys_of(json: &[u8]) -> String {
    let keys: BTreeMap<Cow<'_, str>, IgnoredAny> = serde_json::from_slice(json).unwrap_or_default();
    let shown: Vec<_> = keys.keys().take(8).map(|key| key.as_ref()).collect();
    match keys.len() {
        0 => "none".to_owned(),
        n if n > shown.len() => format!("{}, and {} more", shown.join(", "), n - shown.len()),
        _ => shown.join(", "),
    }
}

fn parse<'de, T: Deserialize<'de>>(json: &'de [u8], packed: bool) -> Result<T, SceneError> {
    let wrong = |path: String, error: &serde_json::Error| SceneError::Json {
        path,
        message: error.to_string(),
        line: error.line(),
        column: error.column(),
        offset: offset_of(json, error.line(), error.column()),
        packed,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| wrong(error.path().to_string(), error.inner()))?;
    deserializer
        .end()
        .map_err(|error| wrong(String::new(), &error))?;
    Ok(value)
}
