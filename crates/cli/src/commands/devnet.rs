//! `sealift devnet`: the embedded chain as JSON-RPC on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use sealift_evm::rpc::{ServeOptions, Server, serve};
use sealift_evm::{Clock, Config, DEV_ACCOUNTS, EmbeddedChain, Mining};
use serde_json::json;

use crate::args::DevnetOptions;
use crate::failure::{Failure, exit};
use crate::output::Output;

/// Serves until Ctrl-C, then saves.
pub(crate) fn run(options: &DevnetOptions, output: &Output) -> Result<u8, Failure> {
    let block_interval = match options.block_time {
        None => None,
        Some(secs) if secs.is_finite() && (0.01..=86_400.0).contains(&secs) => {
            Some(Duration::from_secs_f64(secs))
        }
        Some(_) => {
            let message = "--block-time is between 0.01 and 86400 seconds";
            return Err(
                Failure::new("sealift::devnet::block_time", exit::USAGE, message)
                    .next("leave it out for a block a transaction"),
            );
        }
    };
    let config = Config {
        chain_id: options.chain_id,
        clock: Clock::Wall,
        mining: if block_interval.is_some() {
            Mining::Manual
        } else {
            Mining::Auto
        },
        finality_depth: options.finality_depth,
        ..Config::default()
    };
    let chain = match &options.state {
        Some(path) if path.exists() => load(path, config)?,
        _ => EmbeddedChain::new(config),
    };
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let server = listen(chain.clone(), addr, block_interval)?;
    announce(&server, &chain, output);
    let (told, stop) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = told.send(());
    })
    .map_err(|error| {
        Failure::new(
            "sealift::devnet::signals",
            exit::UNEXPECTED,
            "Ctrl-C cannot be handled",
        )
        .because(&error)
    })?;
    let _ = stop.recv();
    server.shutdown();
    if let Some(path) = &options.state {
        chain.save(path).map_err(|error| {
            Failure::new("sealift::devnet::save", exit::UNEXPECTED, &error).because(&error)
        })?;
        output.say(format!(
            "saved block {} to {}",
            chain.node().head().header.number,
            path.display()
        ));
    }
    Ok(exit::DONE)
}

fn load(path: &Path, config: Config) -> Result<EmbeddedChain, Failure> {
    EmbeddedChain::load(path, config).map_err(|error| {
        Failure::new("sealift::devnet::load", exit::USAGE, &error)
            .because(&error)
            .next("pass another --state, or the --chain-id that the file was saved with")
    })
}

/// Serves a chain on an address.
pub(crate) fn listen(
    chain: EmbeddedChain,
    addr: SocketAddr,
    block_interval: Option<Duration>,
) -> Result<Server, Failure> {
    let options = ServeOptions {
        block_interval,
        ..ServeOptions::default()
    };
    serve(chain, addr, options).map_err(|error| {
        Failure::new("sealift::devnet::listen", exit::UNEXPECTED, &error)
            .because(&error)
            .next("pass another --port, or --port 0 for a free one")
    })
}

fn announce(server: &Server, chain: &EmbeddedChain, output: &Output) {
    let node = chain.node();
    let (chain_id, block) = (node.config().chain_id, node.head().header.number);
    drop(node);
    let mut text = format!(
        "listening on {}\nchain {chain_id}, block {block}\n",
        server.url()
    );
    text += "the keys below are public: never use them where money is real\n";
    let mut accounts = Vec::new();
    for account in DEV_ACCOUNTS {
        text += &format!("  {} {}\n", account.address, account.key);
        accounts.push(json!({ "address": account.address, "key": account.key }));
    }
    output.result(
        &text,
        &json!({
            "type": "devnet", "url": server.url(), "chain_id": chain_id, "block": block,
            "accounts": accounts,
        }),
    );
}
