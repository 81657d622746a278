//! The keys of the roles, from the environment or a keystore.

use alloy_primitives::{Address, B256, Bytes};
use sealift_engine::signer::{SignError, Signer, Unsigned};
use sealift_rpc::{KeyError, LocalKeys, TxFields};

use crate::config::{Config, KeyConfig};
use crate::failure::{Failure, exit};

/// Local keys as the driver's signer.
#[derive(Debug, Default)]
pub(crate) struct Keys(LocalKeys);

impl Keys {
    /// The keys that the file names. A role whose variable is not set is left to somebody else.
    pub(crate) fn load(config: Option<&Config>, extra: Option<&str>) -> Result<Self, Failure> {
        let mut keys = LocalKeys::default();
        for (role, key) in config.iter().flat_map(|config| config.keys.roles()) {
            keys = match read(key) {
                Ok(found) => keys.with(found),
                Err(KeyError::Variable(_)) => continue,
                Err(error) => return Err(refused(&format!("the key of the {role}"), &error)),
            };
        }
        let usual = std::env::var_os("SEALIFT_KEY").map(|_| "SEALIFT_KEY");
        if let Some(variable) = extra.or(usual) {
            let found =
                LocalKeys::from_env(variable).map_err(|e| refused("the further key", &e))?;
            keys = keys.with(found);
        }
        Ok(Self(keys))
    }

    /// One key, in hex.
    pub(crate) fn from_key(key: B256) -> Result<Self, Failure> {
        let hex = alloy_primitives::hex::encode(key);
        LocalKeys::from_private_key(&hex)
            .map(Self)
            .map_err(|e| refused("the key", &e))
    }
}

fn read(key: &KeyConfig) -> Result<LocalKeys, KeyError> {
    match key {
        KeyConfig::Env(variable) => LocalKeys::from_env(variable),
        KeyConfig::Keystore { path, password_env } => {
            let password = std::env::var(password_env)
                .map_err(|_| KeyError::Variable(password_env.clone()))?;
            LocalKeys::from_keystore(path, &password)
        }
    }
}

fn refused(whose: &str, error: &KeyError) -> Failure {
    Failure::new(
        "sealift::keys::unreadable",
        exit::USAGE,
        format!("{whose} cannot be used"),
    )
    .because(error)
    .next("set the variable that [keys] in sealift.toml names, or correct [keys]")
}

impl Signer for Keys {
    fn accounts(&self) -> Vec<Address> {
        self.0.addresses().collect()
    }

    fn sign(&self, from: Address, transaction: &Unsigned) -> Result<(Bytes, B256), SignError> {
        let fields = TxFields {
            chain_id: transaction.chain_id,
            nonce: transaction.nonce,
            to: Some(transaction.to),
            value: transaction.value,
            input: transaction.input.clone(),
            gas_limit: transaction.gas_limit,
            max_fee_per_gas: transaction.max_fee,
            max_priority_fee_per_gas: transaction.tip,
        };
        match self.0.sign(from, &fields) {
            Ok(signed) => Ok((signed.raw, signed.hash)),
            Err(sealift_rpc::SignError::NoKey(account)) => Err(SignError::NoKey(account)),
            Err(error) => Err(SignError::Failed {
                account: from,
                cause: error.to_string(),
            }),
        }
    }
}
