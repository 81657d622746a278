//! A journal of another chain or plan is refused by name, and not touched.

use alloy_primitives::B256;
use sealift_journal::{Binding, Journal, JournalError, Memory, Record};

use crate::sample::binding;

#[track_caller]
fn check(plan: Binding, field: &str, message: &str) {
    let memory = Memory::default();
    let (mut journal, ..) = Journal::open(memory.clone(), &binding()).unwrap();
    journal.append(&[Record::Began(binding())]).unwrap();
    assert_eq!(journal.check_binding(&binding()), Ok(()));
    let mismatch = journal.check_binding(&plan).unwrap_err();
    assert_eq!(mismatch.field(), field);
    let error = Journal::open(memory.clone(), &plan).unwrap_err();
    assert!(
        matches!(error, JournalError::Refused(found) if found == mismatch),
        "{error:?}"
    );
    assert!(error.to_string().contains(message), "{error}");
    // The one who has it still has it.
    journal.append(&[Record::AbortRequested]).unwrap();
}

#[test]
fn another_chain_id() {
    let plan = Binding {
        chain_id: 1,
        genesis: B256::ZERO,
        ..binding()
    };
    check(plan, "chain id", "belongs to chain 31337, this is chain 1");
}

#[test]
fn another_genesis() {
    let plan = Binding {
        genesis: B256::ZERO,
        plan: B256::ZERO,
        ..binding()
    };
    check(plan, "genesis", "genesis 0x0101");
}

#[test]
fn another_plan() {
    check(
        Binding {
            plan: B256::ZERO,
            ..binding()
        },
        "plan",
        "belongs to plan 0x0202",
    );
}
