//! What no chain does by itself: words set by hand, transactions that nobody signed, copies.

use crate::node::Node;
use crate::refusal::PoolError;
use crate::state::{Account, Undo};
use crate::tx::SignedTx;
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::bytecode::Bytecode;
use std::sync::{Mutex, PoisonError};

impl Clone for Node {
    /// An independent copy; only what is kept for faster reading is left behind.
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            state: self.state.clone(),
            blocks: self.blocks.clone(),
            hashes: self.hashes.clone(),
            heights: self.heights.clone(),
            places: self.places.clone(),
            log_index: self.log_index.clone(),
            pool: self.pool.clone(),
            finalized: self.finalized,
            branch: self.branch,
            next_secs: self.next_secs,
            ahead_secs: self.ahead_secs,
            set_base_fee: self.set_base_fee,
            overlays: Mutex::new(Vec::new()),
            disturbances: self.disturbances.clone(),
            revision: self.revision,
        }
    }
}

impl Node {
    /// Sets a balance as if the newest block had done it.
    pub fn set_balance(&mut self, address: Address, balance: U256) {
        let account = self.state_account(address);
        self.put_account(address, Account { balance, ..account });
    }

    /// Sets a nonce as if the newest block had done it.
    pub fn set_nonce(&mut self, address: Address, nonce: u64) {
        let account = self.state_account(address);
        self.put_account(address, Account { nonce, ..account });
    }

    /// Sets the code of an account as if the newest block had done it.
    pub fn set_code(&mut self, address: Address, code: Bytes) {
        let code_hash = self.state.add_code(Bytecode::new_raw(code));
        let account = self.state_account(address);
        self.put_account(
            address,
            Account {
                code_hash,
                ..account
            },
        );
    }

    /// Sets a storage word as if the newest block had done it.
    pub fn set_word(&mut self, address: Address, slot: U256, word: U256) {
        self.change(|node, undo| node.state.set_word(address, slot, word, undo));
    }

    /// Gives the next block this base fee, in wei per gas; from there on it follows the rules.
    pub fn set_base_fee(&mut self, wei: u64) {
        self.set_base_fee = Some(wei);
        self.revision += 1;
    }

    /// Takes bytes as if `sender` had signed them, whoever did. For simulation: what was signed by
    /// nobody is never valid on another chain.
    pub fn send_as(&mut self, raw: &[u8], sender: Address) -> Result<B256, PoolError> {
        self.take(SignedTx::decode_signed_by(raw, sender)?)
    }

    fn state_account(&self, address: Address) -> Account {
        use crate::state::Snapshot;
        self.state.account(address).unwrap_or_default()
    }

    fn put_account(&mut self, address: Address, account: Account) {
        self.change(|node, undo| node.state.set_account(address, account, undo));
    }

    /// Changes the newest state, so that taking the newest block back takes the change back.
    fn change(&mut self, with: impl FnOnce(&mut Self, &mut Undo)) {
        let mut undo = self.blocks.last_mut().and_then(|block| block.undo.take());
        let is_kept = undo.is_some();
        with(self, undo.get_or_insert_default());
        if let Some(block) = self.blocks.last_mut().filter(|_| is_kept) {
            block.undo = undo;
        }
        self.overlays
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.revision += 1;
    }
}
