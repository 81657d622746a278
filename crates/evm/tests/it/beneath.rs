//! A chain above another one: what is read is asked for, in rows, and what is written stays above.

use crate::code::{FILL, STORE, words};
use alloy_primitives::{Address, Bytes, U256};
use sealift_engine::chain::{Answer, At, Chain, Query};
use sealift_evm::{
    Beneath, Config, EmbeddedChain, Known, Node, Snapshot, Source, SourceAccount, State, Undo,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const FILLER: Address = Address::repeat_byte(0xf1);
const STORAGE: Address = Address::repeat_byte(0x57);
const RICH: Address = Address::repeat_byte(0x01);

/// Slot `n` of every contract holds `100 + n`; requests are counted.
#[derive(Clone, Default)]
struct Far {
    requests: Arc<AtomicU64>,
    is_down: Arc<AtomicBool>,
    slots: Arc<Mutex<Vec<(Address, U256)>>>,
}

impl Far {
    fn ask(&self) -> Result<(), String> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        match self.is_down.load(Ordering::SeqCst) {
            true => Err("nobody answers".to_owned()),
            false => Ok(()),
        }
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Source for Far {
    fn accounts(&self, addresses: &[Address]) -> Result<Vec<SourceAccount>, String> {
        self.ask()?;
        let account = |address: &Address| match *address {
            FILLER => contract(FILL),
            STORAGE => contract(STORE),
            RICH => SourceAccount {
                nonce: 7,
                balance: U256::from(1_000),
                code: Bytes::new(),
            },
            _ => SourceAccount::default(),
        };
        Ok(addresses.iter().map(account).collect())
    }

    fn words(&self, slots: &[(Address, U256)]) -> Result<Vec<U256>, String> {
        self.ask()?;
        self.slots.lock().unwrap().extend(slots);
        let word = |(_, slot): &(Address, U256)| slot + U256::from(100);
        Ok(slots.iter().map(word).collect())
    }
}

fn contract(code: &'static [u8]) -> SourceAccount {
    SourceAccount {
        nonce: 1,
        balance: U256::ZERO,
        code: Bytes::from_static(code),
    }
}

fn above(far: &Far) -> (EmbeddedChain, Arc<Beneath>) {
    let beneath = Arc::new(Beneath::new([], Some(Box::new(far.clone()))));
    let config = Config {
        first_block: 20_000_000,
        ..Config::default()
    };
    let chain = EmbeddedChain::from(Node::above(config, beneath.clone()));
    (chain, beneath)
}

fn call(chain: &EmbeddedChain, to: Address, values: &[u64]) -> Answer {
    let query = Query::Call {
        from: Address::ZERO,
        to: Some(to),
        data: words(values),
        code_override: None,
    };
    chain.read(At::Latest, &[query]).unwrap().remove(0)
}

#[test]
fn a_call_reads_what_lies_beneath_and_asks_once() {
    let far = Far::default();
    let (chain, beneath) = above(&far);
    let answer = Answer::Bytes(words(&[105]));
    assert_eq!(call(&chain, STORAGE, &[5]), answer);
    let asked = far.requests();
    assert_eq!(call(&chain, STORAGE, &[5]), answer);
    assert_eq!(far.requests(), asked, "what is known is not asked again");
    assert_eq!(beneath.failure(), None);
    // And without anybody to ask, from what was learned.
    let again = Arc::new(Beneath::new(beneath.known(), None));
    let node = Node::above(Config::default(), again.clone());
    let chain = EmbeddedChain::from(node);
    assert_eq!(call(&chain, STORAGE, &[5]), answer);
    assert_eq!(again.failure(), None);
    call(&chain, STORAGE, &[6]);
    let failure = again.failure().unwrap();
    assert!(failure.contains("slot 0x6 of"), "{failure}");
}

/// Forty words that a call reads one after another are one request.
#[test]
fn questions_of_one_execution_go_out_together() {
    let far = Far::default();
    let (chain, _) = above(&far);
    let answer = call(&chain, FILLER, &[10, 40]);
    assert_eq!(answer, Answer::Bytes(Bytes::new()));
    assert!(far.slots.lock().unwrap().len() >= 40);
    assert!(far.requests() <= 6, "{} requests", far.requests());
}

#[test]
fn heights_go_on_from_those_beneath() {
    let (chain, _) = above(&Far::default());
    let first = chain.header(At::Latest).unwrap().unwrap();
    assert_eq!(first.number, 20_000_000);
    let next = chain.mine();
    assert_eq!((next.number, next.parent), (20_000_001, first.hash));
    assert_eq!(chain.header(At::Number(0)).unwrap(), None);
    let found = chain.header(At::Number(20_000_000)).unwrap();
    assert_eq!(found, Some(first));
    assert_eq!(chain.identity().unwrap().genesis, first.hash);
    assert_eq!(chain.header(At::Finalized).unwrap(), Some(next));
}

/// What is removed or zeroed above stays so, and an undo brings back what lies beneath.
#[test]
fn writes_hide_what_lies_beneath() {
    let far = Far::default();
    let beneath = Arc::new(Beneath::new([], Some(Box::new(far))));
    let mut state = State::above(beneath);
    let (mut undo, slot) = (Undo::default(), U256::from(3));
    let before = state.account(RICH);
    assert_eq!(before.unwrap().nonce, 7);
    state.set_account(RICH, Default::default(), &mut undo);
    state.set_word(STORAGE, slot, U256::ZERO, &mut undo);
    assert_eq!(state.account(RICH), None);
    assert_eq!(state.word(STORAGE, slot), U256::ZERO);
    assert_eq!((state.accounts().count(), state.words().count()), (0, 0));
    state.revert(&undo);
    assert_eq!(state.account(RICH), before);
    assert_eq!(state.word(STORAGE, slot), U256::from(103));
}

/// A node that is gone is asked once, and everything after that is known not to count.
#[test]
fn the_first_failure_stays() {
    let far = Far::default();
    let (chain, beneath) = above(&far);
    far.is_down.store(true, Ordering::SeqCst);
    let balance = Query::Balance(RICH);
    let answers = chain.read(At::Latest, &[balance.clone(), balance]).unwrap();
    assert_eq!(
        answers,
        [Answer::Word(U256::ZERO), Answer::Word(U256::ZERO)]
    );
    assert_eq!(far.requests(), 1);
    far.is_down.store(false, Ordering::SeqCst);
    call(&chain, STORAGE, &[5]);
    assert_eq!(far.requests(), 1);
    assert_eq!(beneath.failure().as_deref(), Some("nobody answers"));
}

/// Zeros and accounts that do not exist are known as such.
#[test]
fn nothing_is_something_to_know() {
    let known = Known {
        words: BTreeMap::from([(U256::from(9), U256::ZERO)]),
        ..Known::default()
    };
    let beneath = Arc::new(Beneath::new([(STORAGE, known)], None));
    let state = State::above(beneath.clone());
    assert_eq!(state.account(STORAGE), None);
    assert_eq!(state.word(STORAGE, U256::from(9)), U256::ZERO);
    assert_eq!(beneath.failure(), None);
    assert_eq!(beneath.len(), (1, 1));
}
