//! The way to the node.

use sealift_engine::chain::{Chain, ChainError, Identity};
use sealift_protocol::Plan;
use sealift_rpc::{ConnectError, Finality, HttpChain, Options};

use crate::args::Global;
use crate::config::Config;
use crate::failure::{Failure, exit};

/// The environment variable for URLs with a secret.
pub(crate) const RPC_VARIABLE: &str = "SEALIFT_RPC";

/// A client of the node: `--rpc`, else the environment, else the file. Nothing is sent yet.
pub(crate) fn node(global: &Global, config: Option<&Config>) -> Result<HttpChain, Failure> {
    let given = global.rpc.clone();
    let from_env = || {
        std::env::var(RPC_VARIABLE)
            .ok()
            .filter(|url| !url.is_empty())
    };
    let from_file = || config.and_then(|config| config.chain.rpc.clone());
    let Some(url) = given.or_else(from_env).or_else(from_file) else {
        let message = "no node is named";
        return Err(Failure::new("sealift::rpc::missing", exit::USAGE, message)
            .next("set `rpc` in [chain] of sealift.toml, or SEALIFT_RPC, or pass --rpc URL"));
    };
    let usual = Options::default();
    let options = Options {
        finality: config.map_or(Finality::Tag, |config| config.chain.finality.0),
        timeout_secs: config.map_or(usual.timeout_secs, |config| {
            config.chain.timeout_secs.max(1)
        }),
        max_retries: 3,
        ..usual
    };
    HttpChain::connect(&url, options).map_err(|error: ConnectError| {
        Failure::new(
            "sealift::rpc::url",
            exit::USAGE,
            "the node's address cannot be used",
        )
        .because(&error)
        .next("write it as http://host:port or https://host/path")
    })
}

/// Who the node is; an unreachable one ends here.
pub(crate) fn identity(chain: &HttpChain) -> Result<Identity, Failure> {
    chain
        .identity()
        .map_err(|error| chain_error(&chain.origin(), &error))
}

/// A question that the node did not answer.
pub(crate) fn chain_error(origin: &str, error: &ChainError) -> Failure {
    let (code, what) = match error {
        ChainError::Unreachable(_) => ("sealift::rpc::unreachable", "cannot be reached"),
        ChainError::Refused(_) => ("sealift::rpc::refused", "does not answer the question"),
        ChainError::Missing(_) => ("sealift::rpc::missing_block", "does not have the block"),
    };
    Failure::new(code, exit::NODE, format!("the node at {origin} {what}"))
        .because(error)
        .next(format!(
            "check the node (curl {origin}), then run the same command again"
        ))
}

/// Refuses a chain that is not the one of the plan.
pub(crate) fn require_chain(found: Identity, plan: &Plan) -> Result<(), Failure> {
    if found.chain_id != plan.chain_id {
        let message = format!(
            "the plan is for chain {}, this node is of chain {}",
            plan.chain_id, found.chain_id
        );
        return Err(
            Failure::new("sealift::chain::other_id", exit::STALE, message)
                .next("point --rpc (or [chain] rpc) at a node of the plan's chain"),
        );
    }
    if found.genesis != plan.genesis {
        let message = format!(
            "the plan is for the chain with genesis {}, this node's genesis is {}",
            plan.genesis, found.genesis
        );
        return Err(
            Failure::new("sealift::chain::other_genesis", exit::STALE, message)
                .next("point --rpc at the right node; a devnet that began anew needs a new plan"),
        );
    }
    Ok(())
}
