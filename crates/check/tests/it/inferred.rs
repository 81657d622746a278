//! What is inferred of cases of the corpus that declare nothing.

use sealift_check::explore::Limits;
use sealift_check::report::render;

use crate::checked::checked_with;

/// The ledgers of a case, one line each as they are printed, without their contracts.
#[track_caller]
fn check(case: &str, expected: &[&str]) {
    let limits = Limits {
        faults: 0,
        ..Limits::default()
    };
    let report = checked_with(case, limits).report;
    assert!(report.ledgers.iter().all(|ledger| ledger.inferred));
    let text = render(&report, None);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("ledgers (inferred)"));
    let without_contract = |line: &str| {
        let words = line.split_whitespace();
        let kept: Vec<&str> = words.filter(|word| !word.starts_with("0x")).collect();
        // What fees left of ether is not of interest.
        let kept = kept.join(" ");
        kept.split(" are due ")
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let found: Vec<String> = lines
        .take_while(|line| !line.is_empty())
        .map(without_contract)
        .collect();
    assert_eq!(found, expected, "{text}");
    // The report has the same.
    let json = serde_json::to_value(&report).unwrap();
    let ledgers = json["ledgers"].as_array().unwrap();
    assert_eq!(ledgers.len() + 1, expected.len());
}

#[test]
fn one_token_for_another() {
    check(
        "sound/01-pull-swap",
        &[
            "legacy Token rate 1",
            "successor Successor rate 1",
            "3 accounts",
        ],
    );
}

#[test]
fn each_id_of_a_collection() {
    check(
        "sound/18-collection-swap-by-id",
        &[
            "legacy Collection #1 rate 1 of Successor #1",
            "legacy Collection #2 rate 1 of Successor #2",
            "legacy Collection #3 rate 1 of Successor #3",
            "legacy Collection #4 rate 1 of Successor #4",
            "successor Successor #1 rate 1 of Successor #1",
            "successor Successor #2 rate 1 of Successor #2",
            "successor Successor #3 rate 1 of Successor #3",
            "successor Successor #4 rate 1 of Successor #4",
            "3 accounts",
        ],
    );
}

#[test]
fn each_id_of_items() {
    check(
        "sound/19-items-burned-before-the-hook",
        &[
            "legacy Items#1 #7 rate 1 of Items#2 #7",
            "legacy Items#1 #8 rate 1 of Items#2 #8",
            "successor Items#2 #7 rate 1 of Items#2 #7",
            "successor Items#2 #8 rate 1 of Items#2 #8",
            "2 accounts",
        ],
    );
}

/// A vault is redeemed for ether; who holds nothing in it is not judged for its ether.
#[test]
fn ether_that_a_vault_pays_out() {
    check(
        "sound/20-ether-paid-or-nothing",
        &[
            "legacy Vault rate 1 exit Vault.withdraw",
            "successor ether rate 1",
            "3 accounts",
        ],
    );
    check(
        "broken/40-ether-before-claims",
        &[
            "legacy Vault#1 rate 1 exit Vault#1.withdraw",
            "successor Vault#2 rate 1 exit Vault#2.withdraw",
            "wallet ether rate 1",
            "2 accounts",
        ],
    );
}

/// Shares of an ERC-4626 are live where they can be redeemed.
#[test]
fn shares_that_are_redeemed() {
    check(
        "sound/12-vault-share-swap",
        &[
            "legacy Vault#2 rate 1 exit Vault#2.redeem",
            "successor Vault#1 rate 1 exit Vault#1.redeem",
            "3 accounts",
        ],
    );
}

/// What cannot be transferred is live where it can be withdrawn.
#[test]
fn stakes_that_are_withdrawn() {
    for case in [
        "sound/23-stakes-read-when-moved",
        "broken/43-stakes-from-a-list",
    ] {
        let accounts = if case.starts_with("sound") {
            "4 accounts"
        } else {
            "5 accounts"
        };
        check(
            case,
            &[
                "legacy StakesV1 rate 1 exit StakesV1.withdraw",
                "successor StakesV2 rate 1 exit StakesV2.withdraw",
                accounts,
            ],
        );
    }
}

/// What is paused before the script begins, and burned by it, is what is migrated from.
#[test]
fn a_legacy_that_is_frozen_already() {
    check(
        "sound/24-frozen-before-the-run",
        &[
            "legacy Token#1 rate 1",
            "successor Token#2 rate 1",
            "4 accounts",
        ],
    );
}

/// Records that no token is: by account, with a number beside it, and by id; what a lock holds is live once it ends.
#[test]
fn records_of_getters() {
    check(
        "sound/25-vote-escrow",
        &[
            "legacy VoteEscrowV1.locked rate 1 exit VoteEscrowV1.withdraw, locks 1,464 days",
            "successor VoteEscrowV2.locked rate 1 exit VoteEscrowV2.withdraw, locks 1,464 days",
            "4 accounts",
        ],
    );
    check(
        "sound/28-vesting-schedules",
        &[
            "legacy VestingV1.schedules rate 1 exit VestingV1.claim, locks 36,525 days",
            "successor VestingV2.schedules rate 1 exit VestingV2.claim, locks 36,525 days",
            "3 accounts",
        ],
    );
    check(
        "broken/48-rewards-not-settled",
        &[
            "legacy FarmV1.userInfo(0) rate 1 exit FarmV1.withdraw of FarmV2.userInfo(0)",
            "legacy FarmV1.pendingReward(0) rate 1 exit FarmV1.harvest of FarmV2.pendingReward(0)",
            "successor FarmV2.userInfo(0) rate 1 exit FarmV2.withdraw of FarmV2.userInfo(0)",
            "successor FarmV2.pendingReward(0) rate 1 exit FarmV2.harvest of FarmV2.pendingReward(0)",
            "4 accounts",
        ],
    );
    check(
        "broken/46-ether-moved-unlooked",
        &[
            "legacy BankV1.deposits rate 1 exit BankV1.withdraw",
            "successor BankV2.deposits rate 1 exit BankV2.withdraw",
            "4 accounts",
        ],
    );
}

#[test]
fn records_of_ids() {
    let all = [1, 2, 3, 4].map(|id| {
        format!(
            "VaultV1.ownerOfStake #{id} rate 1 exit VaultV1.unstake of VaultV2.ownerOfStake #{id}"
        )
    });
    let legacies = all.iter().map(|line| format!("legacy {line}"));
    let successors = all
        .iter()
        .map(|line| format!("successor {}", line.replace("V1", "V2")));
    let mut lines: Vec<String> = legacies.chain(successors).collect();
    lines.push("3 accounts".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check("broken/45-cards-credited-to-anyone", &lines);
}

/// A stranger can pay with tokens that are no claims; holders take back what they let others take.
#[test]
fn what_can_be_spent() {
    let report = checked_with("sound/12-vault-share-swap", Limits::default()).report;
    let text = render(&report, None);
    assert!(
        text.contains("a stranger has of Token as much as"),
        "{text}"
    );
    let report = checked_with("sound/26-what-was-approved", Limits::default()).report;
    assert!(report.coverage["environment.holder-revokes"].fired > 0);
}

/// Records by several numbers together, and records that explain a part: what they leave is named, and is no pass.
#[test]
fn records_of_a_part() {
    let line = |side: &str, pool: &str, policy: u64| {
        format!(
            "{side} {pool}.stakes({policy}) rate 1 exit {pool}.unstake of NewPool.stakes({policy})"
        )
    };
    let policies = [101, 102, 205];
    let legacies = policies.map(|policy| line("legacy", "OldPool", policy));
    let successors = policies.map(|policy| line("successor", "NewPool", policy));
    let mut lines: Vec<&str> = legacies
        .iter()
        .chain(&successors)
        .map(String::as_str)
        .collect();
    lines.push("4 accounts");
    check("sound/34-stakes-by-policy", &lines);
    let case = "broken/55-executed-in-any-order";
    check(
        case,
        &[
            "legacy OldTreasury.grants rate 1 exit OldTreasury.claim",
            "successor NewTreasury.grants rate 1 exit NewTreasury.claim",
            "4 accounts",
        ],
    );
    let limits = Limits {
        faults: 0,
        ..Limits::default()
    };
    let text = render(&checked_with(case, limits).report, None);
    let rest = "NewTreasury gets 53,609,500,000,000,000,000,000 Token#1 from other contracts";
    assert!(
        text.contains("FAIL VACUOUS") && text.contains(rest),
        "{text}"
    );
    // An order that is cancelled within the run is a claim before it, and is taken out as the others are.
    let report = checked_with("broken/53-imported-while-unknown", limits).report;
    let text = render(&report, None);
    for book in ["LimitBook", "Exchange"] {
        let line = text
            .lines()
            .find(|line| line.contains(&format!("{book}.orderOf #1 ")));
        let exit = format!("exit {book}.cancel");
        assert!(line.is_some_and(|line| line.contains(&exit)), "{text}");
    }
}

/// What is a share of a total is rounded, and by how much is said; what is no share is not.
#[test]
fn shares_that_round() {
    let limits = Limits {
        faults: 0,
        ..Limits::default()
    };
    let text = render(
        &checked_with("sound/32-shares-that-round", limits).report,
        None,
    );
    let said = "rounding may cost or give an account 8 units of Staked#2";
    assert!(text.contains(said), "{text}");
    for case in ["sound/01-pull-swap", "sound/29-upgrade-read-through"] {
        let text = render(&checked_with(case, limits).report, None);
        assert!(!text.contains("rounding may"), "{text}");
    }
}
