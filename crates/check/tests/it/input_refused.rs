//! What is refused in `check.toml`: each error with its code, place and next step.

use std::path::Path;

use alloy_primitives::Bytes;
use sealift_check::input::Explain;

use crate::input_declaration::{OWNER, call_of, claim, number, parse};

/// The error's code, its message, the line, the text that it points at, and what to write instead.
#[track_caller]
pub(crate) fn check_refused(
    text: &str,
    code: &str,
    message: &str,
    line: usize,
    pointed: &str,
    next: &str,
) {
    let error = parse(text).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.contains(message),
        "{shown:?} does not say {message:?}"
    );
    assert_eq!(error.code(), format!("sealift::check::{code}"), "{shown}");
    assert_eq!(error.line(), Some(line), "{shown}");
    assert_eq!(&text[error.span().unwrap()], pointed, "{shown}");
    let advice = error.next();
    assert!(advice.contains(next), "{advice:?} does not say {next:?}");
    assert_eq!(error.spot().place.file, Path::new("check.toml"));
}

#[test]
fn what_is_no_toml() {
    check_refused("[goal", "declaration", "", 1, "", "correct");
    check_refused(
        "[claims]\n",
        "declaration",
        "unknown field `claims`",
        1,
        "claims",
        "correct",
    );
    check_refused(
        "[goal]\n\ntolerances = 1",
        "declaration",
        "unknown field",
        3,
        "tolerances",
        "correct",
    );
    check_refused(
        "[goal]\ntolerance = 1.5",
        "declaration",
        "a number, in quotes",
        2,
        "1.5",
        "correct",
    );
    check_refused(
        "[playbook]\nwait_secs = -1",
        "declaration",
        "-1",
        2,
        "-1",
        "correct",
    );
    check_refused(
        "[[claim]]\nname = \"a\"",
        "declaration",
        "missing field `contract`",
        1,
        "[[claim]]",
        "correct",
    );
    let long = format!("# {}", "x".repeat(1 << 20));
    check_refused(&long, "declaration", "larger than", 1, "", "correct");
}

#[test]
fn names_that_are_wrong() {
    let from = |name: &str| format!("[[step]]\nto = \"dev0\"\ndata = \"0x\"\nfrom = \"{name}\"");
    check_refused(
        &from("dev11"),
        "name",
        "nothing is called `dev11`",
        4,
        "\"dev11\"",
        "write `dev1`",
    );
    check_refused(
        &from("ZZ"),
        "name",
        "nothing is called `ZZ`",
        4,
        "\"ZZ\"",
        "ZZ = \"0x..\"",
    );
    check_refused(
        &from("0x12"),
        "name",
        "`0x12`",
        4,
        "\"0x12\"",
        "40 hexadecimal digits",
    );
    check_refused(
        &from("Twin"),
        "name",
        "of 2 contracts: 0xe7f1725E",
        4,
        "\"Twin\"",
        "`Twin#1`",
    );
    let odd = OWNER.to_string().replace("F6F4", "f6F4");
    let right = OWNER.to_string();
    check_refused(
        &from(&odd),
        "name",
        "checksum",
        4,
        &format!("\"{odd}\""),
        &right,
    );
    assert!(parse(&from(&right.to_lowercase())).is_ok());
    assert!(parse(&from("Twin#2")).is_ok());
    for name in ["\"\"", "native", "none", "0xab", "\"a#1\""] {
        let text = format!("[names]\n{name} = \"dev0\"");
        check_refused(&text, "name", "cannot be a name", 2, name, "another");
    }
    // Declared names are not looked up in each other.
    check_refused(
        "[names]\na = \"dev0\"\nb = \"a\"",
        "name",
        "`a`",
        3,
        "\"a\"",
        "[names]",
    );
    check_refused(
        "[goal]\naccounts = [\"dev1\", \"dev1\"]",
        "name",
        "twice as an account",
        2,
        "\"dev1\"",
        "remove",
    );
    let twice = claim("side", "\"legacy\"").repeat(2);
    check_refused(
        &twice,
        "name",
        "`a` stands twice as a claim",
        7,
        "\"a\"",
        "rename",
    );
}

#[test]
fn signatures_that_are_wrong() {
    let cases = [
        ("balanceOf", "no list"),
        ("balanceOf(", "does not parse"),
        ("(address)", "does not parse"),
        ("balanceOf(adress)", "`adress` is no type"),
        ("f(uint7)", "`uint7` is no type"),
        ("", "no list"),
    ];
    for (view, message) in cases {
        let written = format!("\"{view}\"");
        check_refused(
            &claim("view", &written),
            "signature",
            message,
            5,
            &written,
            "types of the arguments",
        );
    }
    for view in [
        "\"totalSupply()\"",
        "\"f(uint256)\"",
        "\"f(address,address)\"",
    ] {
        check_refused(
            &claim("view", view),
            "signature",
            "takes one address",
            5,
            view,
            "another function",
        );
    }
    for exit in [
        "\"redeem(uint256,address,address)\"",
        "\"exit(address)\"",
        "\"f(int256)\"",
    ] {
        check_refused(
            &claim("exit", exit),
            "signature",
            "cannot be the `exit`",
            6,
            exit,
            "one uint256",
        );
    }
}

#[test]
fn arguments_that_are_wrong() {
    let cases = [
        (
            "f()",
            "[1]",
            "takes 0 arguments, 1 are given",
            "[1]",
            "remove `args`",
        ),
        (
            "f(uint256,bool)",
            "[1]",
            "takes 2 arguments, 1 are given",
            "[1]",
            "write 2",
        ),
        (
            "f(uint256)",
            "[\"x\"]",
            "\"x\" is no `uint256`",
            "\"x\"",
            "whole number",
        ),
        (
            "f(uint256)",
            "[-1]",
            "\"-1\" is no `uint256`",
            "-1",
            "whole number",
        ),
        ("f(uint8)", "[256]", "\"256\" is no `uint8`", "256", "fits"),
        ("f(int8)", "[128]", "is no `int8`", "128", "fits"),
        (
            "f(uint256)",
            "[true]",
            "true is no `uint256`",
            "true",
            "whole number",
        ),
        (
            "f(address)",
            "[\"BOB\"]",
            "nothing is called `BOB`",
            "\"BOB\"",
            "[names]",
        ),
        (
            "f(address)",
            "[[\"dev1\"]]",
            "a list is no `address`",
            "[\"dev1\"]",
            "or a name",
        ),
        (
            "f(bool)",
            "[\"yes\"]",
            "is no `bool`",
            "\"yes\"",
            "true or false",
        ),
        (
            "f(bytes4)",
            "[\"0x12\"]",
            "it has 1 bytes",
            "\"0x12\"",
            "hexadecimal",
        ),
        (
            "f(bytes)",
            "[\"0x1\"]",
            "is no `bytes`",
            "\"0x1\"",
            "hexadecimal",
        ),
        ("f(string)", "[[1]]", "is no `string`", "[1]", "quotes"),
        (
            "f(uint256[])",
            "[1]",
            "is no `uint256[]`",
            "1",
            "write a list",
        ),
        (
            "f(uint256[2])",
            "[[1]]",
            "has 1 elements in place of 2",
            "[1]",
            "list",
        ),
        (
            "f((bool,bool))",
            "[[true]]",
            "1 elements in place of 2",
            "[true]",
            "struct",
        ),
        ("f(uint8[])", "[[1, 300]]", "is no `uint8`", "300", "fits"),
    ];
    for (call, args, message, pointed, next) in cases {
        let code = if message.starts_with("nothing") {
            "name"
        } else {
            "argument"
        };
        check_refused(&call_of(call, args), code, message, 7, pointed, next);
    }
    let none = call_of("f(bool)", "[]").replace("args = []\n", "");
    check_refused(
        &none,
        "argument",
        "takes 1 arguments, 0",
        6,
        "\"f(bool)\"",
        "write 1",
    );
}

#[test]
fn numbers_that_are_wrong() {
    for (rate, message) in [
        ("\"0\"", "worth nothing"),
        ("\"0/5\"", "worth nothing"),
        ("\"1/0\"", "divided by zero"),
        ("\"one\"", "no number"),
        ("\"1/2/3\"", "no number"),
        ("\"1.\"", "no number"),
        ("-1", "no number"),
    ] {
        check_refused(
            &claim("rate", rate),
            "number",
            message,
            6,
            rate,
            "\"1/100\"",
        );
    }
    check_refused(
        "[goal]\ntolerance = \"1.5\"",
        "number",
        "`tolerance` cannot be",
        2,
        "\"1.5\"",
        "whole number",
    );
    let long = format!("\"1{}\"", "0".repeat(78));
    check_refused(
        &format!("[goal]\ntolerance = {long}"),
        "number",
        "256 bits",
        2,
        &long,
        "whole",
    );
    let value = call_of("f()", "[]") + "value = -1";
    check_refused(
        &value,
        "number",
        "`value` cannot be",
        8,
        "-1",
        "whole number",
    );
    assert_eq!(
        parse("[goal]\ntolerance = \"2e18\"").unwrap().tolerance,
        Some(number("2000000000000000000"))
    );
    check_refused(
        "[playbook]\nwait_secs = 3153600001",
        "number",
        "`wait_secs` cannot be \"3153600001\": it is more than a hundred years",
        2,
        "3153600001",
        "thirty days",
    );
    assert_eq!(
        parse("[playbook]\nwait_secs = 3153600000")
            .unwrap()
            .wait_secs,
        Some(3_153_600_000)
    );
}

#[test]
fn choices_that_are_wrong() {
    check_refused(
        &claim("side", "\"old\""),
        "choice",
        "`old` is no side",
        5,
        "\"old\"",
        "legacy, successor, wallet",
    );
    check_refused(
        "[playbook]\nresume = [\"again\"]",
        "choice",
        "no way to go on",
        2,
        "\"again\"",
        "retry, position, receipt, rerun",
    );
    check_refused(
        "[faults]\noff = [\"evm\", \"crash\"]",
        "choice",
        "`crash` is no family",
        2,
        "\"crash\"",
        "executor.crash-before-send",
    );
    check_refused(
        "[goal]\naccounts = []",
        "choice",
        "`accounts` is an empty list",
        2,
        "[]",
        "at least one",
    );
    let custodian = "[[custodian]]\nname = \"p\"\naccount = \"dev0\"\nasset = \"dev1\"\n";
    check_refused(
        &format!("{custodian}covers = []"),
        "choice",
        "`covers` is an empty",
        5,
        "[]",
        "one",
    );
    let over = claim("side", "\"legacy\"") + custodian + "covers = [\"b\"]";
    check_refused(
        &over,
        "choice",
        "`b` is no ledger",
        10,
        "\"b\"",
        "write one of: a",
    );
}

#[test]
fn calls_that_are_wrong() {
    let head = "[[action]]\nname = \"a\"\nfrom = \"dev0\"\nto = \"dev1\"\n";
    check_refused(
        head,
        "call",
        "neither `call` nor `data`",
        2,
        "\"a\"",
        "pause()",
    );
    let both = format!("{head}call = \"f()\"\ndata = \"0x\"");
    check_refused(
        &both,
        "call",
        "both `call` and `data`",
        6,
        "\"0x\"",
        "pause()",
    );
    let args = format!("{head}args = [1]\ndata = \"0x\"");
    check_refused(
        &args,
        "call",
        "no meaning beside `data`",
        5,
        "[1]",
        "pause()",
    );
    let odd = format!("{head}data = \"0x123\"");
    check_refused(
        &odd,
        "call",
        "not hexadecimal",
        5,
        "\"0x123\"",
        "even number",
    );
    let creation = "[[step]]\nfrom = \"dev0\"\n";
    check_refused(
        &format!("{creation}call = \"f()\""),
        "call",
        "a creation",
        3,
        "\"f()\"",
        "data",
    );
    check_refused(
        &format!("{creation}data = \"0x\""),
        "call",
        "a creation",
        3,
        "\"0x\"",
        "data",
    );
    assert_eq!(
        parse(&format!("{head}data = \"0x\"")).unwrap().actions[0]
            .message
            .data,
        Bytes::new()
    );
}
