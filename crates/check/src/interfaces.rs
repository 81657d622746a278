//! What can be called in a contract, and calls and errors in words.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use alloy_dyn_abi::{DynSolValue, ErrorExt, JsonAbiExt};
use alloy_json_abi::{Function, JsonAbi, Param, StateMutability};
use alloy_primitives::{Address, Bytes, hex};
use alloy_sol_types::{ContractError, Panic, Revert, SolError};
use serde::Deserialize;

use crate::fork::Fork;
use crate::input::Names;
use crate::input::code::{Code, CodeFile, callee};
use crate::report::{Decoder, grouped};
use sealift_evm::Snapshot;

/// Artifacts read at most.
const MAX_ARTIFACTS: usize = 20_000;

/// Why artifacts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There are too many.
    #[error("more than {MAX_ARTIFACTS} files below {}", .0.display())]
    TooMany(PathBuf),
}

/// A compiled contract as forge writes it; of other JSON files nothing is read.
#[derive(Debug, Deserialize)]
struct Artifact {
    #[serde(rename = "contractName")]
    name: Option<String>,
    abi: JsonAbi,
    #[serde(rename = "deployedBytecode")]
    deployed: CodeFile,
}

/// A compiled contract.
#[derive(Debug)]
struct Compiled {
    name: String,
    abi: JsonAbi,
    code: Code,
}

/// Functions by contract: from artifacts, else from the bytecode itself.
#[derive(Debug, Default)]
pub struct Interfaces {
    compiled: Vec<Compiled>,
    functions: BTreeMap<Address, Vec<Function>>,
    errors: JsonAbi,
    /// Names of addresses.
    pub names: Names,
}

impl Interfaces {
    /// Reads the artifacts below a folder, for example forge's `out`. A missing folder is an error.
    pub fn read(folder: &Path) -> Result<Self, ArtifactError> {
        let mut found = Self::default();
        let mut open = vec![folder.to_owned()];
        let mut files = 0;
        while let Some(folder) = open.pop() {
            let failed = |source| ArtifactError::Read {
                path: folder.clone(),
                source,
            };
            let mut entries: Vec<PathBuf> = std::fs::read_dir(&folder)
                .map_err(failed)?
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<_, _>>()
                .map_err(failed)?;
            entries.sort();
            for path in entries {
                files += 1;
                if files > MAX_ARTIFACTS {
                    return Err(ArtifactError::TooMany(folder));
                }
                if path.is_dir() {
                    open.push(path);
                } else if path
                    .extension()
                    .is_some_and(|extension| extension == "json")
                {
                    let text = std::fs::read(&path).map_err(|source| ArtifactError::Read {
                        path: path.clone(),
                        source,
                    })?;
                    found.add(&path, &text);
                }
            }
        }
        Ok(found)
    }

    fn add(&mut self, path: &Path, text: &[u8]) {
        let Ok(artifact) = serde_json::from_slice::<Artifact>(text) else {
            return;
        };
        // Interfaces have no code, and their errors are worth knowing.
        let code = Code::read(&artifact.deployed).unwrap_or_default();
        let stem = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        for (name, errors) in &artifact.abi.errors {
            self.errors
                .errors
                .entry(name.clone())
                .or_default()
                .extend(errors.iter().cloned());
        }
        let name = artifact.name.or(stem).unwrap_or_default();
        self.compiled.push(Compiled {
            name,
            abi: artifact.abi,
            code,
        });
    }

    /// Learns the contracts of a state: their names and functions.
    pub fn learn(&mut self, fork: &Fork) {
        for address in fork.contracts() {
            self.learn_one(fork, address);
        }
    }

    fn learn_one(&mut self, fork: &Fork, address: Address) {
        if let Some(compiled) = self.compiled(&code_at(fork, address)) {
            let name = compiled.name.clone();
            self.names.add_artifact(&name, address);
        }
        if !self.functions.contains_key(&address) {
            let functions = self.look(fork, address);
            self.functions.insert(address, functions);
        }
    }

    /// The functions of a contract; one that is not known yet is looked at in the state.
    pub fn functions(&self, fork: &Fork, address: Address) -> Vec<Function> {
        let known = self.functions.get(&address).cloned();
        known.unwrap_or_else(|| self.look(fork, address))
    }

    /// The functions of the code at an address, or of the code that it passes every call to.
    fn look(&self, fork: &Fork, address: Address) -> Vec<Function> {
        let mut code = code_at(fork, address);
        if let Some(callee) = callee(&code) {
            code = code_at(fork, callee);
        }
        match self.compiled(&code) {
            Some(compiled) => compiled.abi.functions().cloned().collect(),
            None => from_code(&code),
        }
    }

    /// The artifact of code; one that differs in its metadata only where there is no better.
    fn compiled(&self, code: &[u8]) -> Option<&Compiled> {
        let all = || self.compiled.iter();
        let exact = all().find(|compiled| compiled.code.matches(code));
        exact.or_else(|| all().find(|compiled| compiled.code.matches_without_metadata(code)))
    }

    fn function(&self, to: Address, selector: &[u8]) -> Option<&Function> {
        let is_it = |function: &&Function| selector_of(function) == selector;
        let own = self
            .functions
            .get(&to)
            .and_then(|own| own.iter().find(is_it));
        // A proxy's own ABI does not have what its implementation has.
        own.or_else(|| {
            self.compiled
                .iter()
                .flat_map(|compiled| compiled.abi.functions())
                .find(is_it)
        })
    }

    fn value(&self, value: &DynSolValue) -> String {
        let list = |values: &[DynSolValue]| {
            values
                .iter()
                .map(|value| self.value(value))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match value {
            DynSolValue::Address(address) => self.name(*address),
            DynSolValue::Uint(number, _) => grouped(*number),
            DynSolValue::Int(number, _) => number.to_string(),
            DynSolValue::Bool(value) => value.to_string(),
            DynSolValue::String(text) => format!("{text:?}"),
            DynSolValue::FixedBytes(word, size) => short(&word[..*size]),
            DynSolValue::Bytes(bytes) => short(bytes),
            DynSolValue::Array(values) | DynSolValue::FixedArray(values) => {
                format!("[{}]", list(values))
            }
            DynSolValue::Tuple(values) => format!("({})", list(values)),
            other => format!("{other:?}"),
        }
    }
}

impl Decoder for Interfaces {
    fn name(&self, address: Address) -> String {
        let cast = <dyn Decoder>::cast(address).map(str::to_owned);
        cast.unwrap_or_else(|| self.names.show(address))
    }

    fn call(&self, to: Option<Address>, data: &[u8]) -> String {
        let Some(to) = to else {
            return format!("new contract ({} bytes)", data.len());
        };
        let name = self.name(to);
        let Some((selector, rest)) = data.split_at_checked(4) else {
            return if data.is_empty() {
                format!("{name}: ether")
            } else {
                format!("{name}.{}", short(data))
            };
        };
        let Some(function) = self.function(to, selector) else {
            return format!("{name}.{}({})", hex::encode_prefixed(selector), short(rest));
        };
        match function.abi_decode_input(rest) {
            Ok(values) => {
                let values: Vec<String> = values.iter().map(|value| self.value(value)).collect();
                format!("{name}.{}({})", function.name, values.join(", "))
            }
            Err(_) => format!("{name}.{}({})", function.name, short(rest)),
        }
    }

    fn error(&self, data: &[u8]) -> String {
        if let Ok(revert) = Revert::abi_decode(data) {
            return format!("{:?}", revert.reason);
        }
        if let Ok(panic) = Panic::abi_decode(data) {
            return ContractError::<std::convert::Infallible>::Panic(panic).to_string();
        }
        for error in self.errors.errors() {
            if data.get(..4) == Some(error.selector().as_slice())
                && let Ok(decoded) = error.decode_error(data)
            {
                let values: Vec<String> =
                    decoded.body.iter().map(|value| self.value(value)).collect();
                return format!("{}({})", error.name, values.join(", "));
            }
        }
        match std::str::from_utf8(data) {
            Ok(text)
                if !text.is_empty()
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_graphic() || byte == b' ') =>
            {
                text.to_owned()
            }
            _ if data.is_empty() => "no reason given".to_owned(),
            _ => short(data),
        }
    }
}

/// The code at an address.
fn code_at(fork: &Fork, address: Address) -> Vec<u8> {
    let account = fork.account(address).unwrap_or_default();
    fork.code(account.code_hash).original_byte_slice().to_vec()
}

/// The functions that bytecode answers to, with their argument types as far as the code shows them.
fn from_code(code: &[u8]) -> Vec<Function> {
    let args = evmole::ContractInfoArgs::new(code)
        .with_selectors()
        .with_arguments()
        .with_state_mutability();
    // Whatever the analysis makes of odd code is an analysis without a result, not our end.
    let found = catch_unwind(AssertUnwindSafe(|| evmole::contract_info(args).functions));
    let found = found.ok().flatten().unwrap_or_default();
    found
        .into_iter()
        .filter_map(|function| {
            let types: Vec<String> = function
                .arguments
                .unwrap_or_default()
                .iter()
                .map(|kind| kind.sol_type_name().into_owned())
                .collect();
            let inputs: Option<Vec<Param>> =
                types.iter().map(|kind| Param::parse(kind).ok()).collect();
            let state_mutability = match function.state_mutability {
                Some(evmole::StateMutability::Pure) => StateMutability::Pure,
                Some(evmole::StateMutability::View) => StateMutability::View,
                Some(evmole::StateMutability::Payable) => StateMutability::Payable,
                _ => StateMutability::NonPayable,
            };
            Some((
                function.selector,
                Function {
                    name: String::new(),
                    inputs: inputs?,
                    outputs: Vec::new(),
                    state_mutability,
                },
            ))
        })
        .map(|(selector, function)| Function {
            name: hex::encode_prefixed(selector),
            ..function
        })
        .collect()
}

fn short(data: &[u8]) -> String {
    if data.len() <= 40 {
        return hex::encode_prefixed(data);
    }
    format!(
        "{}.. ({} bytes)",
        hex::encode_prefixed(&data[..8]),
        data.len()
    )
}

/// The calldata of a function that is known by its selector only: its name is the selector in hexadecimal.
pub fn selector_of(function: &Function) -> [u8; 4] {
    let by_name = function
        .name
        .strip_prefix("0x")
        .and_then(|digits| hex::decode_to_array::<_, 4>(digits).ok());
    by_name.unwrap_or_else(|| function.selector().0)
}

/// Calldata of a call with encoded arguments.
pub fn calldata(function: &Function, arguments: &[u8]) -> Bytes {
    [selector_of(function).as_slice(), arguments]
        .concat()
        .into()
}
