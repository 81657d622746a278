//! Names of addresses: declared, from a broadcast file, from artifacts, and those that anvil deals.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::broadcast::{Broadcast, CREATE2_DEPLOYER};

/// Who gave a name; the first wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Declaration,
    Broadcast,
    Artifact,
    BuiltIn,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing has this name.
    #[error("nothing is called `{name}`")]
    Unknown {
        /// As written.
        name: String,
        /// The name most like it.
        nearest: Option<String>,
    },
    /// Several contracts have this name.
    #[error("`{name}` is the name of {} contracts", candidates.len())]
    Ambiguous {
        /// As written.
        name: String,
        /// Their addresses, in order of appearance.
        candidates: Vec<Address>,
    },
}

/// Names and addresses, both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    by_name: BTreeMap<String, (Source, Vec<Address>)>,
    by_address: BTreeMap<Address, (Source, String)>,
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

impl Names {
    /// `dev0` to `dev9`, the accounts that anvil deals, and `create2-deployer`.
    pub fn new() -> Self {
        let mut names = Self {
            by_name: BTreeMap::new(),
            by_address: BTreeMap::new(),
        };
        for (index, account) in sealift_evm::DEV_ACCOUNTS.iter().enumerate() {
            names.add(Source::BuiltIn, format!("dev{index}"), account.address);
        }
        names.add(Source::BuiltIn, "create2-deployer".into(), CREATE2_DEPLOYER);
        names
    }

    /// Adds what forge calls the contracts of a script.
    pub fn add_broadcast(&mut self, broadcast: &Broadcast) {
        for (name, address) in &broadcast.contracts {
            self.add(Source::Broadcast, name.clone(), *address);
        }
    }

    /// Adds the name of the artifact whose code stands at an address.
    pub fn add_artifact(&mut self, name: &str, address: Address) {
        self.add(Source::Artifact, name.to_owned(), address);
    }

    /// Gives a name that wins over all others.
    pub fn declare(&mut self, name: &str, address: Address) {
        self.add(Source::Declaration, name.to_owned(), address);
    }

    fn add(&mut self, source: Source, name: String, address: Address) {
        let known = self
            .by_name
            .entry(name.clone())
            .or_insert((source, Vec::new()));
        if source < known.0 {
            *known = (source, Vec::new());
        }
        if source == known.0 && !known.1.contains(&address) {
            known.1.push(address);
        }
        let known = self
            .by_address
            .entry(address)
            .or_insert((source, name.clone()));
        if source < known.0 {
            *known = (source, name);
        }
    }

    /// The address with this name. Of several contracts with one name, `Token#2` is the second.
    pub fn address(&self, name: &str) -> Result<Address, NameError> {
        let (bare, number) = numbered(name);
        let found = self.by_name.get(name).map(|(_, all)| (all, None));
        let found = found.or_else(|| self.by_name.get(bare).map(|(_, all)| (all, number)));
        match found {
            Some((all, None)) if all.len() == 1 => Ok(all[0]),
            Some((all, Some(number))) if number >= 1 && number <= all.len() => Ok(all[number - 1]),
            Some((all, None)) => Err(NameError::Ambiguous {
                name: name.to_owned(),
                candidates: all.clone(),
            }),
            _ => Err(NameError::Unknown {
                name: name.to_owned(),
                nearest: self.nearest(name),
            }),
        }
    }

    /// The name of an address.
    pub fn name(&self, address: Address) -> Option<String> {
        let (_, name) = self.by_address.get(&address)?;
        let (_, all) = self.by_name.get(name)?;
        let at = all.iter().position(|known| *known == address)?;
        match all.len() {
            1 => Some(name.clone()),
            _ => Some(format!("{name}#{}", at + 1)),
        }
    }

    /// The name of an address, or its first and last four digits: `0x12ab..cd34`.
    pub fn show(&self, address: Address) -> String {
        self.name(address).unwrap_or_else(|| {
            let digits = format!("{address:#x}");
            format!("{}..{}", &digits[..6], &digits[38..])
        })
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let likeness = |known: &str| {
            strsim::jaro_winkler(&known.to_ascii_lowercase(), &name.to_ascii_lowercase())
        };
        let all = self.by_name.keys().map(|known| (likeness(known), known));
        let best = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 > 0.8).then(|| best.1.clone())
    }
}

/// `Token#2` is the second of what is called `Token`.
fn numbered(name: &str) -> (&str, Option<usize>) {
    match name.rsplit_once('#') {
        Some((bare, number)) => match number.parse() {
            Ok(number) => (bare, Some(number)),
            Err(_) => (name, None),
        },
        None => (name, None),
    }
}
