//! `sealift demo`: whole migrations, killed and not.

use serde_json::Value;

use crate::sandbox::{Said, binary, finish};

fn demo(arguments: &[&str]) -> Said {
    let mut command = binary();
    command
        .args([
            "--json",
            "demo",
            "--holders",
            "500",
            "--batch-holders",
            "60",
        ])
        .args(arguments);
    finish(command)
}

#[track_caller]
fn committed(arguments: &[&str], kills: u64) -> Value {
    let said = demo(arguments).ok();
    let summary = said.last();
    let fields = [
        "type",
        "phase",
        "strategy",
        "holders",
        "supply_before",
        "supply_after",
        "mismatches",
        "kills",
        "transactions",
        "gas_total",
        "gas_per_holder",
        "state_digest",
        "seconds",
    ];
    let found: std::collections::BTreeSet<&str> = summary
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(found, fields.into_iter().collect());
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["phase"], "COMMITTED", "{said:#?}");
    assert_eq!(summary["holders"], 500);
    assert_eq!(summary["mismatches"], 0);
    assert_eq!(summary["supply_before"], summary["supply_after"]);
    assert_eq!(summary["kills"], kills, "{said:#?}");
    summary
}

#[test]
fn read_through_survives_a_kill() {
    let killed = committed(&["--kills", "2"], 2);
    let whole = committed(&["--kills", "0"], 0);
    assert_eq!(killed["state_digest"], whole["state_digest"]);
}

#[test]
fn staged_ends_in_the_same_state_however_it_is_killed() {
    let whole = committed(&["--strategy", "staged", "--kills", "0"], 0);
    let at = committed(&["--strategy", "staged", "--kill-at", "4"], 1);
    let random = committed(&["--strategy", "staged", "--kills", "3"], 3);
    assert_eq!(at["state_digest"], whole["state_digest"]);
    assert_eq!(random["state_digest"], whole["state_digest"]);
    assert_eq!(
        at["transactions"], whole["transactions"],
        "a batch was sent twice or skipped"
    );
    let other = committed(&["--strategy", "staged", "--kills", "0", "--seed", "2"], 0);
    assert_ne!(other["state_digest"], whole["state_digest"]);
}

#[test]
fn uploaded_amounts_give_the_state_that_chain_reads_give() {
    let read = committed(&["--strategy", "staged", "--kills", "0"], 0);
    let uploaded = committed(
        &[
            "--strategy",
            "staged",
            "--amounts",
            "uploaded",
            "--kills",
            "1",
        ],
        1,
    );
    assert_eq!(read["state_digest"], uploaded["state_digest"]);
}

#[track_caller]
fn aborted(arguments: &[&str]) {
    let said = demo(arguments).ok();
    let summary = said.last();
    assert_eq!(summary["phase"], "ABORTED", "{said:#?}");
    assert_eq!(summary["mismatches"], 0);
    assert_eq!(summary["supply_before"], summary["supply_after"]);
}

#[test]
fn an_abort_at_any_batch_brings_everything_back() {
    for batch in ["0", "3", "8"] {
        aborted(&["--strategy", "staged", "--abort-at", batch, "--kills", "0"]);
    }
    aborted(&["--strategy", "staged", "--abort-at", "5", "--kill-at", "2"]);
    aborted(&["--abort-at", "0", "--kills", "0"]);
}

#[test]
fn a_list_with_the_zero_address_is_migrated() {
    for arguments in [
        &["--strategy", "staged"][..],
        &["--strategy", "staged", "--amounts", "uploaded"],
        &["--strategy", "read-through"],
    ] {
        with_the_zero_address(&[&["--kills", "0"], arguments].concat());
    }
}

/// Migrates a list with the zero address and an amount that is too wide for 32 bytes.
#[track_caller]
pub(crate) fn with_the_zero_address(arguments: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("holders.csv");
    let rows = "holder,balance\n\
                0x0000000000000000000000000000000000000000,7\n\
                0x00000000000000000000000000000000000000aa,79228162514264337593543950336\n";
    std::fs::write(&list, rows).unwrap();
    let mut command = binary();
    command
        .args(["--json", "demo", "--holders-file"])
        .arg(&list);
    command.args(arguments);
    let said = finish(command).ok();
    assert_eq!(said.last()["holders"], 2);
    assert_eq!(said.last()["supply_after"], "79228162514264337593543950343");
}
