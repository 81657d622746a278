//! Claims of `check.toml` whose calls take several arguments, of ether, and of several assets.

use alloy_primitives::{U256, hex};
use sealift_check::ledger::{Ask, ExitBy, Figure, Gift, Ledger, NOBODY, Side, View};

use crate::input_declaration::{ALICE, claim, parse, word};
use crate::input_refused::check_refused;

/// A claim with these lines in place of its view.
fn claim_with(lines: &str) -> String {
    claim("view", "VIEW").replace("view = VIEW\n", lines)
}

#[test]
fn claims_whose_keys_do_not_fit() {
    let view = "view = \"balanceOf(address)\"\n";
    let refused = |lines: &str, message: &str, line: usize, pointed: &str, next: &str| {
        check_refused(&claim_with(lines), "claim", message, line, pointed, next);
    };
    refused(
        "view = \"schedules(address)\"\nowner = 1\n",
        "has no `owner`",
        6,
        "1",
        "remove `owner`",
    );
    refused(
        "view = \"streams(uint256)\"\nview_args = [7]\nword = 2\n",
        "is not said",
        7,
        "2",
        "owner = 0",
    );
    refused("", "has no `view`", 2, "\"a\"", "view = ");
    refused(
        &format!("{view}exit_args = [\"$amount\"]\n"),
        "without `exit`",
        6,
        "[\"$amount\"]",
        "redeem(",
    );
    refused(
        &format!("{view}exit = \"none\"\nexit_args = [\"$amount\"]\n"),
        "beside `exit = ",
        7,
        "[\"$amount\"]",
        "remove them",
    );
    refused(
        "view = \"stakeOf(address,uint256)\"\nview_args = [\"$account\", 1]\n",
        "has no `exit`",
        5,
        "\"stakeOf(address,uint256)\"",
        "exit_args",
    );
    let ether = claim_with(view).replace("\"dev1\"", "\"native\"");
    check_refused(
        &ether,
        "claim",
        "neither `view` nor `exit`",
        5,
        "\"balanceOf(address)\"",
        "remove it",
    );
}

#[test]
fn places_that_cannot_be_filled() {
    let exit = |args: &str| {
        claim_with(&format!(
            "view = \"balanceOf(address)\"\nexit = \"redeem(uint256,address)\"\nexit_args = {args}\n"
        ))
    };
    check_refused(
        &exit("[\"$amount\"]"),
        "argument",
        "takes 2 arguments, 1 are given",
        7,
        "[\"$amount\"]",
        "write 2 arguments",
    );
    check_refused(
        &exit("[\"$account\", \"$account\"]"),
        "argument",
        "\"$account\" is no `uint256`: it stands for something of another type",
        7,
        "\"$account\"",
        "a whole number",
    );
    check_refused(
        &exit("[\"$amount\", \"$holder\"]"),
        "choice",
        "`$holder` is no place that is filled in",
        7,
        "\"$holder\"",
        "$account, $amount, $nobody",
    );
    check_refused(
        &claim_with("view = \"f(uint256)\"\nview_args = [\"$amount\"]\n"),
        "signature",
        "the amount is what it answers",
        5,
        "\"f(uint256)\"",
        "another function",
    );
    check_refused(
        "[names]\n\"$me\" = \"dev0\"",
        "name",
        "`$` marks what is filled in",
        2,
        "\"$me\"",
        "another name",
    );
}

/// A claim with other lines in place of its view.
fn claim_of(lines: &str) -> Ledger {
    parse(&claim_with(lines)).unwrap().ledgers.remove(0)
}

#[test]
fn exits_of_several_arguments() {
    let redeem = claim_of(
        "view = \"balanceOf(address)\"\nexit = \"redeem(uint256,address,address)\"\nexit_args = [\"$amount\", \"$account\", \"$account\"]\n",
    );
    let ExitBy::Call(ask) = &redeem.exit else {
        panic!("{redeem:?}");
    };
    assert_eq!((&*ask.account, &*ask.amount), (&[36, 68][..], &[4][..]));
    let account = ALICE.into_word();
    let expected = format!("ba087652 {} {account} {account}", word(500));
    let expected = expected.replace([' '], "").replace("0x", "");
    assert_eq!(
        ask.with(ALICE, U256::from(500)),
        hex::decode(expected).unwrap()
    );
    assert_eq!(redeem.gift, None);
    // Places inside of lists and structs, behind something that is longer than a word.
    let deep = claim_of(
        "view = \"balanceOf(address)\"\nexit = \"f(bytes,(uint256,address)[])\"\nexit_args = [\"0x01\", [[\"$amount\", \"dev0\"], [\"1\", \"$nobody\"]]]\n",
    );
    let ExitBy::Call(ask) = &deep.exit else {
        panic!("{deep:?}");
    };
    assert_eq!((ask.account.len(), ask.amount.len()), (0, 1));
    let data = ask.with(ALICE, U256::from(77));
    let at = ask.amount[0];
    assert_eq!(U256::from_be_slice(&data[at..at + 32]), U256::from(77));
    assert!(data.windows(20).any(|part| part == NOBODY.as_slice()));
}

/// Views of the standards say how a claim is given away.
#[test]
fn views_of_several_arguments() {
    let id = U256::from(7);
    let items =
        claim_of("view = \"balanceOf(address,uint256)\"\nview_args = [\"$account\", \"7\"]\n");
    assert_eq!(items.view, View::Amount(Ask::balance_of_id(id)));
    assert_eq!(items.exit, ExitBy::Gift(Gift::Erc1155(id)));
    let card = claim_of("view = \"ownerOf(uint256)\"\nview_args = [\"7\"]\nasset = \"card\"\n");
    assert_eq!(card.view, View::Owner(Ask::owner_of(id)));
    assert_eq!(card.exit, ExitBy::Gift(Gift::Erc721(id)));
    let stake = claim_of(
        "view = \"stakeOf(uint256,address)\"\nview_args = [1, \"$account\"]\nexit = \"none\"\n",
    );
    let View::Amount(ask) = &stake.view else {
        panic!("{stake:?}");
    };
    assert_eq!((&*ask.account, stake.gift), (&[36][..], None));
}

/// Of a record, words of the answer are the claim.
#[test]
fn records() {
    let of = |lines: &str| claim_of(&format!("{lines}exit = \"claim()\"\n")).view;
    let figure = |word, less, owner| Figure { word, less, owner };
    let vesting = of("view = \"schedules(address)\"\nword = 1\nless = 2\n");
    let View::Record(ask, own) = vesting else {
        panic!("{vesting:?}");
    };
    assert_eq!((&*ask.account, own), (&[4][..], figure(1, Some(2), None)));
    let stream = of("view = \"streams(uint256)\"\nview_args = [\"7\"]\nowner = 1\nword = 2\n");
    let View::Record(ask, own) = stream else {
        panic!("{stream:?}");
    };
    assert_eq!((ask.account.len(), own), (0, figure(2, None, Some(1))));
    // ALICE, 500, of which 200 are taken out.
    let word = |number: u64| U256::from(number).to_be_bytes::<32>();
    let answer = [ALICE.into_word().0, word(500), word(200)].concat();
    assert_eq!(
        figure(1, Some(2), Some(0)).of(&answer, ALICE),
        Some(U256::from(300))
    );
    assert_eq!(
        figure(1, Some(2), Some(0)).of(&answer, NOBODY),
        Some(U256::ZERO)
    );
    assert_eq!(figure(3, None, None).of(&answer, ALICE), None);
}

#[test]
fn assets_and_ether() {
    let of = |name: &str, more: &str| {
        format!("[[claim]]\nname = \"{name}\"\nside = \"successor\"\n{more}\n")
    };
    let token = "contract = \"dev1\"\nview = \"balanceOf(address)\"";
    let text = [
        of("a", &format!("{token}\nasset = \"votes\"")),
        of("b", &format!("{token}\nasset = \"cards\"")),
        of(
            "c",
            "contract = \"native\"\nasset = \"votes\"\nrate = \"1/2\"",
        ),
    ];
    let resolved = parse(&text.concat()).unwrap();
    assert_eq!(resolved.assets, ["votes", "cards"]);
    let assets: Vec<usize> = resolved.ledgers.iter().map(|ledger| ledger.asset).collect();
    assert_eq!(assets, [0, 1, 0]);
    let ether = Ledger {
        rate: (U256::ONE, U256::from(2)),
        ..Ledger::ether("c".into(), Side::Successor)
    };
    assert_eq!(resolved.ledgers[2], ether);
}
