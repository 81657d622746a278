//! Findings as tests of Foundry: the real forge, named by `SEALIFT_FORGE`, runs them, and they fail as the check says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use alloy_primitives::U256;
use sealift_check::input::Scene;
use sealift_check::model::{ANSWERS_MUCH, STRANGER};
use sealift_check::report::FindingReport;
use sealift_check::report::forge::{ALLOCS_FILE, allocs, contract_name, forge_test};
use sealift_check::report::replay::{Delivery, How, Move, Promise, Question};
use sealift_check::send::Sender;
use sealift_evm::Message;
use serde_json::Value;

use crate::checked::{Checked, checked, corpus};

/// Test contracts and why they fail; nothing where they pass.
type Outcomes = BTreeMap<String, Option<String>>;

/// Runs tests in a project of their own.
fn run(forge: &Path, checked: &Checked, tests: &[(String, String)]) -> Outcomes {
    let project = tempfile::tempdir().unwrap();
    let folder = project.path().join("test");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join(ALLOCS_FILE),
        allocs(&checked.scene, &checked.start),
    )
    .unwrap();
    for (name, text) in tests {
        std::fs::write(folder.join(format!("{name}.t.sol")), text).unwrap();
    }
    let solc = corpus().join("../contracts/tools/solc");
    let solc = solc.canonicalize().unwrap();
    // The project's own rules may be older than those that the contracts were compiled for.
    let config = format!(
        "[profile.default]\nlibs = []\noffline = true\nevm_version = \"paris\"\nsolc = {:?}\n",
        solc.display().to_string()
    );
    std::fs::write(project.path().join("foundry.toml"), config).unwrap();
    let done = Command::new(forge)
        .args(["test", "--json", "--allow-failure"])
        .current_dir(project.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let suites: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&done.stderr)));
    let mut outcomes = Outcomes::new();
    for (suite, found) in suites.as_object().unwrap() {
        let name = suite.rsplit(':').next().unwrap().to_owned();
        for result in found["test_results"].as_object().unwrap().values() {
            let failed = result["status"] == "Failure";
            let reason = failed.then(|| result["reason"].as_str().unwrap_or_default().to_owned());
            outcomes.insert(name.clone(), reason);
        }
    }
    outcomes
}

/// Every finding that can be expressed fails with its verdict, its id and what its accounts have.
#[track_caller]
fn fails_as_found(forge: &Path, case: &str) -> (usize, Vec<String>) {
    let checked = checked(case);
    let Checked { scene, report, .. } = &checked;
    let (mut tests, mut left_out, mut expected) = (Vec::new(), Vec::new(), BTreeMap::new());
    for finding in &report.findings {
        match forge_test(report, finding, scene) {
            Ok(text) => {
                expected.insert(contract_name(finding), finding);
                tests.push((contract_name(finding), text));
            }
            Err(error) => left_out.push(format!("{case}: {error}")),
        }
    }
    if tests.is_empty() {
        return (0, left_out);
    }
    let outcomes = run(forge, &checked, &tests);
    assert_eq!(outcomes.len(), tests.len(), "{case}: {outcomes:?}");
    for (name, outcome) in &outcomes {
        let finding = expected[name];
        let reason = outcome
            .as_ref()
            .unwrap_or_else(|| panic!("{case}: {name} passes: {finding:#?}"));
        assert_says(case, finding, reason);
    }
    (outcomes.len(), left_out)
}

#[track_caller]
fn assert_says(case: &str, finding: &FindingReport, reason: &str) {
    let start = format!("{} {}: ", finding.verdict.name(), finding.id);
    assert!(reason.starts_with(&start), "{case}: {reason}\n{finding:#?}");
    assert!(
        !reason.contains("in the check and"),
        "{case}: another outcome: {reason}\n{finding:#?}"
    );
    for account in &finding.accounts {
        // A name is that of an account, or of an account and an asset.
        let named = match account.asset.as_str() {
            "" => account.name.clone(),
            asset => format!("{}, of {asset},", account.name),
        };
        let owed = finding
            .replay
            .accounts
            .iter()
            .find(|owed| owed.name == named);
        let tolerance = owed.map_or(U256::ZERO, |owed| owed.tolerance);
        let wrong = match finding.replay.question {
            Question::End { .. } => account.live.abs_diff(account.entitled) > tolerance,
            Question::Over => account.live > account.entitled + tolerance,
            Question::Custodians { .. } => false,
        };
        let text = format!("{named} is due {} and has", account.entitled);
        // Somebody may have what it had before, where less is due at the end.
        let allowed =
            owed.is_none_or(|owed| account.live >= owed.least && account.live <= owed.most);
        if wrong && !allowed {
            assert!(reason.contains(&text), "{case}: {reason} lacks {text}");
            for (ledger, recorded, _) in account.claims.iter().filter(|claim| !claim.1.is_zero()) {
                assert!(reason.contains(&format!("{ledger} {recorded}")), "{reason}");
            }
        }
    }
}

fn forge(test: &str) -> Option<std::path::PathBuf> {
    let forge = std::env::var_os("SEALIFT_FORGE");
    if forge.is_none() {
        eprintln!("{test}: skipped, SEALIFT_FORGE is not set");
    }
    forge.map(Into::into)
}

/// Three findings of different kinds.
#[test]
fn forge_fails_as_the_check_says() {
    let Some(forge) = forge("forge_fails_as_the_check_says") else {
        return;
    };
    for case in CASES {
        let (ran, left_out) = fails_as_found(&forge, case);
        assert!(ran > 0, "{left_out:?}");
    }
}

const CASES: [&str; 3] = [
    "broken/01-stax-hostile-source",
    "broken/05-shido-lock-then-claim",
    "broken/06-bgld-fee-on-transfer",
];

/// All of the corpus.
#[test]
fn forge_fails_as_the_check_says_everywhere() {
    let Some(forge) = forge("forge_fails_as_the_check_says_everywhere") else {
        return;
    };
    if std::env::var_os("SEALIFT_LONG").is_none() {
        eprintln!("forge_fails_as_the_check_says_everywhere: skipped, SEALIFT_LONG is not set");
        return;
    }
    let mut cases: Vec<String> = std::fs::read_dir(corpus().join("broken"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| format!("broken/{}", entry.file_name().to_string_lossy()))
        .collect();
    cases.sort();
    let only = std::env::var("SEALIFT_CASE").unwrap_or_default();
    cases.retain(|case| case.contains(&only));
    for case in cases {
        let (ran, left_out) = fails_as_found(&forge, &case);
        eprintln!("{case}: {ran} tests, left out {left_out:?}");
    }
}

/// What a finding's replay would be if nothing went wrong: the script, step by step.
fn script(checked: &Checked) -> Vec<Move> {
    let sends = checked.steps.iter().map(|step| {
        assert!(step.to.is_some(), "a creation needs its transaction count");
        Move::Send(Box::new(Delivery {
            text: "a step of the script".to_owned(),
            from: step.from,
            to: step.to,
            data: step.data.clone(),
            value: step.value,
            gas: 1 << 24,
            nonce: None,
            fails: false,
            undone: false,
            meddled: None,
        }))
    });
    sends.collect()
}

/// A trace without a fault passes; a broken promise, an outcome that is another one, and names out of a
/// nightmare are all told.
#[test]
fn forge_passes_where_nothing_is_wrong() {
    let Some(forge) = forge("forge_passes_where_nothing_is_wrong") else {
        return;
    };
    let checked = checked("broken/21-airdrop-answer-lost");
    let Checked { scene, report, .. } = &checked;
    let of = |id: &str| {
        let mut finding = report.findings[0].clone();
        assert!(matches!(finding.replay.question, Question::End { .. }));
        finding.id = id.to_owned();
        finding.replay.moves = script(&checked);
        finding.replay.rest.clear();
        finding
    };
    let mut named = of("named");
    let nightmare = "\"); revert(\"\\\n\u{202e}*/ SPDX-License-Identifier: MIT {";
    named.trace[0].text = nightmare.to_owned();
    named.replay.accounts[0].name = nightmare.to_owned();
    named.replay.books[0].name = nightmare.to_owned();
    let mut early = of("early");
    early.replay.rest = early
        .replay
        .moves
        .drain(..)
        .map(|step| match step {
            Move::Send(sent) => *sent,
            other => panic!("{other:?}"),
        })
        .collect();
    let mut half = of("half");
    half.replay.moves.pop();
    let mut other = half.clone();
    other.id = "other".to_owned();
    let Some(Move::Send(sent)) = other.replay.moves.first_mut() else {
        panic!("the script sends something");
    };
    sent.fails = true;
    let mut owing = of("owing");
    let promise = Promise {
        name: "vault".to_owned(),
        account: STRANGER,
        asset: Some(owing.replay.books[0].contract),
        covers: vec![0],
        slack: U256::ZERO,
    };
    let claimants = owing.replay.accounts.iter().map(|owed| owed.address);
    owing.replay.question = Question::Custodians {
        claimants: claimants.collect(),
        promises: vec![promise],
    };
    let mut idle = of("idle");
    idle.replay.moves.clear();
    idle.replay.question = Question::Over;
    let mut twice = report.findings[0].clone();
    twice.id = "twice".to_owned();
    let findings = [of("plain"), named, early, half, other, owing, idle, twice];
    let tests: Vec<(String, String)> = findings
        .iter()
        .map(|finding| {
            let text = forge_test(report, finding, scene).unwrap();
            (contract_name(finding), text)
        })
        .collect();
    let outcomes = run(&forge, &checked, &tests);
    let says = |id: &str| {
        outcomes[&format!("Sealift_{id}")]
            .clone()
            .unwrap_or_default()
    };
    for id in ["plain", "named", "early", "idle"] {
        assert_eq!(says(id), "", "{id}");
    }
    assert!(
        says("half").contains("DOUBLE-COUNTED half: "),
        "{}",
        says("half")
    );
    assert!(
        says("other").contains("failed in the check and succeeds here"),
        "{}",
        says("other")
    );
    assert!(
        says("twice")
            .contains("dev1 is due 500000000000000000000 and has Token 1000000000000000000000; "),
        "{}",
        says("twice")
    );
    assert!(says("owing").contains("vault owes "), "{}", says("owing"));
}

/// Gas is that of the check, to the unit: one less than a step needs, and it fails here as well.
#[test]
fn forge_cuts_gas_as_the_check_does() {
    let Some(forge) = forge("forge_cuts_gas_as_the_check_does") else {
        return;
    };
    let checked = checked("broken/25-swallowed-out-of-gas");
    let Checked { scene, report, .. } = &checked;
    let start = &checked.start;
    let replay = &report.findings[0].replay;
    assert_eq!(start.moment().timestamp_secs, replay.timestamp_secs);
    let mut sender = Sender::new(scene.chain_id);
    let mut after = |gas: u64| {
        let step = &checked.steps[0];
        let message = Message {
            from: step.from,
            to: step.to,
            data: step.data.clone(),
            value: step.value,
            gas,
        };
        sender.send(start, &message, None).fork.print()
    };
    let whole = after(1 << 24);
    let (mut low, mut enough) = (21_000, 1 << 24);
    while enough - low > 1 {
        let middle = low + (enough - low) / 2;
        if after(middle) == whole {
            enough = middle;
        } else {
            low = middle;
        }
    }
    assert_eq!(after(low), start.print(), "with less gas the step fails");
    let with = |id: &str, change: &dyn Fn(&mut Delivery)| {
        let mut finding = report.findings[0].clone();
        finding.id = id.to_owned();
        finding.replay.moves = script(&checked);
        finding.replay.rest.clear();
        let Some(Move::Send(first)) = finding.replay.moves.first_mut() else {
            panic!("the script sends something");
        };
        change(first);
        let text = forge_test(report, &finding, scene).unwrap();
        (contract_name(&finding), text)
    };
    let meddled = replay.moves.iter().find_map(|step| match step {
        Move::Send(sent) => sent.meddled.clone(),
        _ => None,
    });
    let tests = [
        with("enough", &|first| first.gas = enough),
        with("low", &|first| (first.gas, first.fails) = (low, true)),
        with("burnt", &|first| {
            first.meddled = meddled.clone();
            first.meddled.as_mut().unwrap().how = How::OutOfGas;
        }),
    ];
    let outcomes = run(&forge, &checked, &tests);
    assert_eq!(outcomes["Sealift_enough"], None);
    let said = |id: &str| outcomes[&format!("Sealift_{id}")].clone().unwrap();
    let low = said("low");
    assert!(
        low.starts_with("LOST low: no end is reached: dev1 "),
        "{low}"
    );
    assert!(
        low.ends_with("and has Token#1 500000000000000000000; "),
        "{low}"
    );
    let burnt = said("burnt");
    assert!(burnt.starts_with("LOST burnt: dev1 is due "), "{burnt}");
    assert!(burnt.ends_with("and has nothing; "), "{burnt}");
}

/// What cannot be expressed says why, and a state of another chain is refused.
#[test]
fn what_cannot_be_expressed_says_so() {
    let Checked { scene, report, .. } = checked("broken/21-airdrop-answer-lost");
    let mut finding = report.findings[0].clone();
    let other = Scene {
        chain_id: 1,
        ..scene.clone()
    };
    let refused = forge_test(&report, &finding, &other).unwrap_err();
    assert_eq!(refused.reason, "the state is not the one that was checked");
    finding.replay.obstacle = Some("too odd".to_owned());
    let refused = forge_test(&report, &finding, &scene).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "finding {} cannot be written as a test of Foundry: too odd",
            finding.id
        )
    );
}

/// The state is written whole, and the checker's cast with it.
#[test]
fn the_state_has_the_cast() {
    let Checked { scene, start, .. } = checked("broken/21-airdrop-answer-lost");
    let written: Value = serde_json::from_str(&allocs(&scene, &start)).unwrap();
    for account in &scene.accounts {
        let one = &written[account.address.to_string().to_lowercase()];
        assert_eq!(one["code"], account.code.to_string());
        let words = one["storage"].as_object().unwrap();
        assert_eq!(words.len(), account.storage.len());
    }
    let of = |address: alloy_primitives::Address| &written[address.to_string().to_lowercase()];
    assert_eq!(of(STRANGER)["balance"], "0x56bc75e2d63100000");
    assert!(
        of(ANSWERS_MUCH)["code"]
            .as_str()
            .unwrap()
            .starts_with("0x7f")
    );
}
