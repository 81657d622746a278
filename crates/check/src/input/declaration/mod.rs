//! `check.toml`: what inference cannot know.

mod claim;
mod error;
mod file;
mod resolve;
mod value;

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, U256};

use super::Step;
use super::names::Names;
use super::spot::Spot;
use crate::ledger::Ledger;
use crate::model::{Call, Resume};

pub use error::DeclarationError;

/// Longer files are no declaration.
pub const MAX_DECLARATION_BYTES: usize = 1 << 20;

/// The longest wait: a hundred years.
pub const MAX_WAIT_SECS: u64 = 100 * 365 * 86_400;

/// A declaration that was read; names in it are not yet addresses.
#[derive(Clone, Debug)]
pub struct Declaration {
    text: String,
    path: PathBuf,
    file: file::File,
}

/// A declaration with addresses and calldata in place of names and signatures.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The names of before, and those that were declared.
    pub names: Names,
    /// Declared ledgers; empty where they are to be inferred.
    pub ledgers: Vec<Ledger>,
    /// What they are of, by name.
    pub assets: Vec<String>,
    /// Declared custodians, see [`Resolved::custodians`].
    pub custodians: Vec<DeclaredCustodian>,
    /// Who is judged; `None` where that is to be inferred.
    pub accounts: Option<Vec<Address>>,
    /// Units of entitlement that rounding may cost an account; `None` where that is to be inferred.
    pub tolerance: Option<U256>,
    /// How an executor may go on; all ways, unless declared.
    pub resume: Vec<Resume>,
    /// Seconds that a wait takes; `None` where nothing is declared.
    pub wait_secs: Option<u64>,
    /// Declared ways back.
    pub recovery: Vec<Call>,
    /// What holders may do between two steps.
    pub actions: Vec<Call>,
    /// Families or names of faults that are declared impossible.
    pub off: Vec<String>,
    /// What a stranger calls; `None` where that is to be inferred.
    pub hostile: Option<Vec<Address>>,
    /// Tokens that may misbehave; `None` where that is to be inferred.
    pub tokens: Option<Vec<Address>>,
    /// Whether no stranger calls anything.
    pub hostile_off: bool,
    /// A script in place of a broadcast file; empty where none is declared.
    pub steps: Vec<Step>,
}

/// A custodian whose ledgers are still names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredCustodian {
    /// Its name.
    pub name: String,
    /// Who holds.
    pub account: Address,
    /// The ERC-20 held; `None` is ether.
    pub asset: Option<Address>,
    /// Names of ledgers, or of their contracts, and where they stand.
    pub covers: Vec<(String, Spot)>,
}

impl Declaration {
    /// Reads the text of the file at `path`.
    pub fn read(text: &str, path: &Path) -> Result<Self, DeclarationError> {
        let syntax = |message: String, span| DeclarationError::Syntax {
            message,
            at: Spot::new(path, text, span),
        };
        if text.len() > MAX_DECLARATION_BYTES {
            let message = format!("the declaration is larger than {MAX_DECLARATION_BYTES} bytes");
            return Err(syntax(message, 0..0));
        }
        let file = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            syntax(error.message().trim().to_owned(), span)
        })?;
        Ok(Self {
            text: text.to_owned(),
            path: path.to_owned(),
            file,
        })
    }

    /// Puts addresses in place of names, those of `outside` and its own. `faults` are all names of
    /// faults, as `family.name`.
    pub fn resolve(&self, outside: &Names, faults: &[&str]) -> Result<Resolved, DeclarationError> {
        resolve::resolve(self, outside, faults)
    }
}
