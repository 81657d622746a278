//! Reading claims: each view and each exit once, and again only where something changed that it depends on.

use std::collections::BTreeSet;
use std::sync::Arc;

use alloy_primitives::map::HashMap;
use alloy_primitives::{Address, U256};
use rpds::VectorSync;
use sealift_evm::{Cell, Ending, Machine, Message, Snapshot};

use super::{Ask, Claim, Claims, Ledger, NOBODY, Row, SilentView, VIEW_GAS, View};
use crate::fork::{Fork, Print, print_of};
use crate::memo::{Memo, together};

/// Which claims have ever depended on a cell: account times the number of ledgers, plus ledger.
pub type Readers = HashMap<Cell, BTreeSet<u32>>;

/// Reads claims, and reads again only what a change can have touched.
#[derive(Debug)]
pub struct Reader {
    /// The ledgers.
    pub ledgers: Vec<Ledger>,
    /// The accounts.
    pub accounts: Vec<Address>,
    /// What this reader has found out itself.
    pub readers: Readers,
    /// Claims by account and ledger.
    pub known: Memo<Claim>,
    /// Fingerprints of the questions: of each ledger, of each account.
    questions: (Vec<Print>, Vec<Print>),
    /// Whether a view that does not answer is a claim of nothing: a fault can break a ledger.
    pub silence_is_nothing: bool,
    /// How many views and exits were executed.
    pub executed: u64,
    /// What was found out since the caller took it.
    pub found: Vec<(Cell, u32)>,
}

impl Reader {
    /// A reader of these ledgers for these accounts.
    pub fn new(ledgers: Vec<Ledger>, accounts: Vec<Address>) -> Self {
        Self {
            questions: (
                ledgers.iter().map(Ledger::question).collect(),
                accounts.iter().map(print_of).collect(),
            ),
            ledgers,
            accounts,
            readers: HashMap::default(),
            known: Memo::default(),
            silence_is_nothing: false,
            executed: 0,
            found: Vec::new(),
        }
    }

    /// Begins with what is known of claims, and with what that depends on.
    pub fn begin_with(&mut self, known: Arc<Memo<Claim>>) {
        for index in 0..(self.accounts.len() * self.ledgers.len()) as u32 {
            let cells = known
                .shapes(self.question(index))
                .flat_map(|shape| &**shape);
            for cell in cells {
                self.readers.entry(*cell).or_default().insert(index);
            }
        }
        self.known = Memo::above(known);
    }

    /// What is asked for a claim, as a fingerprint: sums of those of a ledger and of an account.
    fn question(&self, index: u32) -> Print {
        let (account, ledger) = self.place(index);
        self.questions.0[ledger].wrapping_add(self.questions.1[account])
    }

    /// The account and the ledger of a claim.
    fn place(&self, index: u32) -> (usize, usize) {
        let width = self.ledgers.len();
        (index as usize / width, index as usize % width)
    }

    /// Reads everything, whatever is known.
    pub fn forget(&mut self) {
        self.known.forgets = true;
    }

    /// Every claim of a state.
    pub fn all(&mut self, machine: &mut Machine<Fork>, fork: &Fork) -> Result<Claims, SilentView> {
        let mut rows = VectorSync::new_sync();
        for account in 0..self.accounts.len() {
            rows.push_back_mut(self.row(machine, fork, account)?);
        }
        Ok(Claims { rows })
    }

    /// The claims after a change, from those before it, the cells that changed, and what other readers have found
    /// out; and the accounts whose claims are others.
    pub fn after(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        before: &Claims,
        changed: impl Iterator<Item = Cell>,
        known: &Readers,
    ) -> Result<(Claims, Vec<usize>), SilentView> {
        let width = self.ledgers.len();
        let readers = |cell| [self.readers.get(&cell), known.get(&cell)];
        let mut touched: Vec<u32> = changed
            .flat_map(readers)
            .flatten()
            .flatten()
            .copied()
            .collect();
        touched.sort_unstable();
        touched.dedup();
        let mut claims = before.clone();
        let mut accounts = Vec::new();
        for group in touched.chunk_by(|one, other| *one as usize / width == *other as usize / width)
        {
            let account = group[0] as usize / width;
            let mut row = before.row(account).to_vec();
            for index in group {
                row[*index as usize % width] = self.claim(machine, fork, *index)?;
            }
            if *row != **before.row(account) {
                claims.rows.set_mut(account, row.into());
                accounts.push(account);
            }
        }
        Ok((claims, accounts))
    }

    fn row(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        account: usize,
    ) -> Result<Row, SilentView> {
        let width = self.ledgers.len();
        (account * width..(account + 1) * width)
            .map(|index| self.claim(machine, fork, index as u32))
            .collect()
    }

    /// The claim of one account in one ledger: account times the number of ledgers, plus ledger.
    pub fn claim(
        &mut self,
        machine: &mut Machine<Fork>,
        fork: &Fork,
        index: u32,
    ) -> Result<Claim, SilentView> {
        let question = self.question(index);
        let known = self.known.get(question, fork);
        let known = known.or_else(|| {
            let is_enough = self.silence_is_nothing;
            is_enough.then(|| self.known.get(!question, fork))?
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let (account, ledger) = self.place(index);
        let (account, ledger) = (self.accounts[account], &self.ledgers[ledger]);
        let mut is_silent = false;
        let (claim, reads) = if ledger.is_there(fork) {
            self.executed += 1;
            let (recorded, mut reads) = view(machine, fork, ledger, account);
            let recorded = match recorded {
                Ok(recorded) => recorded,
                // What no view tells nobody can move.
                Err(_) if self.silence_is_nothing => {
                    is_silent = true;
                    U256::ZERO
                }
                Err(reason) => {
                    return Err(SilentView {
                        ledger: ledger.name.clone(),
                        account,
                        reason,
                    });
                }
            };
            let mut live = recorded;
            if !recorded.is_zero()
                && let Some(exit) = ledger.exit_message(account, recorded)
            {
                self.executed += 1;
                let (mut moved, more) = exits(machine, fork, &exit);
                reads = together([reads.as_slice(), &more]);
                if !moved && ledger.lock_secs > 0 {
                    self.executed += 1;
                    let mut later = fork.clone();
                    later.wait(ledger.lock_secs);
                    let more;
                    (moved, more) = exits(machine, &later, &exit);
                    reads = together([reads.as_slice(), &more]);
                }
                if !moved {
                    live = U256::ZERO;
                }
            }
            let mut worth = U256::ZERO;
            if let Some(price) = ledger.price.as_ref().filter(|_| !live.is_zero()) {
                self.executed += 1;
                let more;
                (worth, more) = priced(machine, fork, ledger.contract, price, live);
                reads = together([reads.as_slice(), &more]);
            }
            let claim = Claim {
                recorded,
                live,
                worth,
            };
            (claim, reads)
        } else {
            // A contract that the script has yet to create records nothing.
            self.executed += 1;
            (Claim::default(), vec![(ledger.contract, None)])
        };
        for cell in &reads {
            if self.readers.entry(*cell).or_default().insert(index) {
                self.found.push((*cell, index));
            }
        }
        // Silence is known by itself: to other readers it is an error.
        let question = if is_silent { !question } else { question };
        self.known.put(question, fork, &reads, claim);
        Ok(claim)
    }
}

/// Whether a holder's exit succeeds, and what that depends on.
fn exits(machine: &mut Machine<Fork>, fork: &Fork, exit: &Message) -> (bool, Vec<Cell>) {
    let done = machine.execute(fork.clone(), fork.moment(), exit);
    let moved = match &done.ending {
        Ending::Returned(data) => data.is_empty() || data.iter().any(|byte| *byte != 0),
        _ => false,
    };
    (moved, done.reads)
}

/// What an amount is worth, and what that depends on; nothing where it is not said.
fn priced(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    contract: Address,
    price: &Ask,
    units: U256,
) -> (U256, Vec<Cell>) {
    let message = Message {
        from: NOBODY,
        to: Some(contract),
        data: price.with(NOBODY, units),
        value: U256::ZERO,
        gas: VIEW_GAS,
    };
    let done = machine.execute(fork.clone(), fork.moment(), &message);
    let worth = match &done.ending {
        Ending::Returned(data) if data.len() >= 32 => U256::from_be_slice(&data[..32]),
        _ => U256::ZERO,
    };
    (worth, done.reads)
}

/// Asks the view of a ledger for one account; with the answer come the cells that it depends on.
pub fn view(
    machine: &mut Machine<Fork>,
    fork: &Fork,
    ledger: &Ledger,
    account: Address,
) -> (Result<U256, String>, Vec<Cell>) {
    let Some(ask) = ledger.view.ask() else {
        let balance = fork.account(account).map_or(U256::ZERO, |own| own.balance);
        return (Ok(balance), vec![(account, None)]);
    };
    let message = Message {
        from: NOBODY,
        to: Some(ledger.contract),
        data: ask.with(account, U256::ZERO),
        value: U256::ZERO,
        gas: VIEW_GAS,
    };
    let done = machine.execute(fork.clone(), fork.moment(), &message);
    let answer = match (done.ending, &ledger.view) {
        (Ending::Returned(data), View::Owner(_)) if data.len() >= 32 => {
            Ok(U256::from(data[..32] == account.into_word()[..]))
        }
        // An id that nobody has.
        (Ending::Reverted(_), View::Owner(_)) => Ok(U256::ZERO),
        (Ending::Returned(data), View::Record(_, figure)) => figure
            .of(&data, account)
            .ok_or_else(|| format!("it returned {} bytes, which is no record", data.len())),
        (Ending::Returned(data), _) if data.len() >= 32 => Ok(U256::from_be_slice(&data[..32])),
        (Ending::Returned(data), _) => Err(format!(
            "it returned {} bytes where 32 are expected",
            data.len()
        )),
        (Ending::Reverted(data), _) => Err(format!("it reverted with {data}")),
        (Ending::Halted(reason) | Ending::Invalid(reason), _) => Err(reason),
    };
    (answer, done.reads)
}
