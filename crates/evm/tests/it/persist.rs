//! A saved chain is the same chain; a damaged file is refused by name.

use crate::code::{STORE, created, deploys, words};
use crate::wallet::draft;
use alloy_primitives::U256;
use sealift_engine::chain::{Answer, At, Chain, Query, SendAnswer};
use sealift_evm::{Config, Dropped, EmbeddedChain, LoadError, Mining};
use std::fs;
use std::path::{Path, PathBuf};

fn config() -> Config {
    Config {
        mining: Mining::Manual,
        finality_depth: 4,
        ..Config::default()
    }
}

/// Ten blocks with writes, one reorganisation, and two transactions that wait.
fn chain() -> EmbeddedChain {
    let chain = EmbeddedChain::new(config());
    let send = |draft: crate::wallet::Draft| {
        assert_eq!(chain.send(&draft.sign().0), SendAnswer::Accepted);
    };
    send(draft(0, 0).creates(deploys(STORE)));
    chain.mine();
    for nonce in 1..10 {
        send(
            draft(0, nonce)
                .to(created(0, 0))
                .data(words(&[nonce % 3, nonce]))
                .ty(nonce as u8 % 3),
        );
        chain.mine();
    }
    chain.reorg(2, Dropped::Readmit).unwrap();
    chain.mine();
    chain.advance(500);
    chain.node_mut().set_balance(created(5, 5), U256::MAX);
    send(draft(1, 0));
    send(draft(1, 7));
    chain
}

/// Everything that a reader of the chain can ask for.
fn fingerprint(chain: &EmbeddedChain) -> String {
    let mut text = String::new();
    let head = chain.header(At::Latest).unwrap().unwrap();
    for number in 0..=head.number {
        let header = chain.header(At::Number(number)).unwrap();
        let queries: Vec<Query> = (0..3)
            .map(|slot| Query::Storage(created(0, 0), U256::from(slot)))
            .chain([Query::Balance(created(5, 5)), Query::Code(created(0, 0))])
            .collect();
        let answers: Vec<Answer> = chain.read(At::Number(number), &queries).unwrap();
        text.push_str(&format!("{header:?} {answers:?}\n"));
    }
    let node = chain.node();
    for block in (0..=head.number).map(|number| node.block(number).unwrap()) {
        text.push_str(&format!("{:?} {:?}\n", block.header, block.outcomes));
    }
    let pooled: Vec<_> = node
        .pool()
        .transactions()
        .iter()
        .map(|tx| tx.hash)
        .collect();
    text.push_str(&format!(
        "{pooled:?} {} {}",
        node.finalized(),
        node.next_timestamp()
    ));
    text
}

fn saved(folder: &Path) -> PathBuf {
    let path = folder.join("chain.state");
    chain().save(&path).unwrap();
    path
}

#[test]
fn a_loaded_chain_is_the_saved_one_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.state");
    let chain = chain();
    chain.save(&path).unwrap();
    let loaded = EmbeddedChain::load(&path, config()).unwrap();
    assert_eq!(fingerprint(&loaded), fingerprint(&chain));
    for chain in [&chain, &loaded] {
        chain.mine();
        chain.reorg(3, Dropped::Readmit).unwrap();
        chain.mine();
    }
    assert_eq!(fingerprint(&loaded), fingerprint(&chain));
    chain.save(&path).unwrap();
    let first = fs::read(&path).unwrap();
    loaded.save(&path).unwrap();
    assert!(
        fs::read(&path).unwrap() == first,
        "the same chain is saved as the same bytes"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no file is left beside it"
    );
}

#[test]
fn every_damaged_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path());
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        let error = EmbeddedChain::load(&path, config()).unwrap_err();
        let named = match error {
            LoadError::Foreign { .. } => at < 8,
            LoadError::Version { .. } => (8..12).contains(&at),
            LoadError::Corrupt { .. } => at >= 12,
            _ => false,
        };
        assert!(named, "byte {at}: {error}");
        assert!(error.to_string().contains("chain.state"));
    }
    for length in [0, 7, 43, 44, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = EmbeddedChain::load(&path, config()).unwrap_err();
        assert!(matches!(
            error,
            LoadError::Foreign { .. } | LoadError::Corrupt { .. }
        ));
    }
}

#[test]
fn another_chain_and_a_missing_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path());
    let other = EmbeddedChain::load(
        &path,
        Config {
            chain_id: 5,
            ..config()
        },
    )
    .unwrap_err();
    assert!(matches!(
        other,
        LoadError::ChainId {
            found: 31_337,
            want: 5,
            ..
        }
    ));
    let missing = EmbeddedChain::load(&folder.path().join("none"), config()).unwrap_err();
    assert!(matches!(missing, LoadError::Read { .. }));
    assert!(
        chain()
            .save(&folder.path().join("no/such/folder/file"))
            .is_err()
    );
}
