use std::io::{self, Read};

use alloy_primitives::U256;
use insta::assert_snapshot;
use proptest::prelude::*;
use sealift_manifest::{
    csv::{self, CsvError, MAX_LINE_LEN},
    holders::Holders,
};

use crate::{account_of, any_holders, holders, many};

const ONE: &str = "0x0000000000000000000000000000000000000001";
const TWO: &str = "0x0000000000000000000000000000000000000002";
const MAX: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

#[track_caller]
fn check(text: &str, expected: &Holders) {
    assert_eq!(&csv::read(text.as_bytes()).unwrap(), expected);
}

/// The error and the line that it names, for a file with a header.
#[track_caller]
fn refusal(rows: impl AsRef<[u8]>) -> String {
    let text = [b"holder,balance\n", rows.as_ref()].concat();
    describe(csv::read(text.as_slice()).unwrap_err())
}

fn describe(error: CsvError) -> String {
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("line {}: ", error.line())),
        "{text}"
    );
    text
}

fn printed(list: &Holders) -> String {
    let mut text = Vec::new();
    csv::write(list, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_list_is_read_in_any_order_with_any_line_end() {
    let expected = holders([(0, 7), (1, 10), (2, 20)]);
    let zero = "0x0000000000000000000000000000000000000000";
    check(
        &format!("holder,balance\n{TWO},20\n{zero},7\n{ONE},10\n"),
        &expected,
    );
    check(
        &format!("holder,balance\n{TWO},20\n{zero},7\n{ONE},10"),
        &expected,
    );
    check(
        &format!("holder,balance\r\n{TWO},20\r\n{zero},007\r\n{ONE},10\r\n"),
        &expected,
    );
    check(
        &format!("\u{feff}holder,balance\n{ONE},10\n{zero},7\n{TWO},20\n"),
        &expected,
    );
}

#[test]
fn the_written_form_is_fixed() {
    assert_snapshot!(printed(&holders([(10, 1), (0xdead_beef, u64::MAX)])), @r"
    holder,balance
    0x000000000000000000000000000000000000000a,1
    0x00000000000000000000000000000000deadbeef,18446744073709551615
    ");
}

/// Addresses of EIP-55.
#[test]
fn checksums_are_checked_in_mixed_case_only() {
    for address in [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ] {
        let digits = &address[2..];
        let lower = format!("0x{}", digits.to_lowercase());
        let upper = format!("0x{}", digits.to_uppercase());
        for field in [address, &lower, &upper] {
            let list = csv::read(format!("holder,balance\n{field},1\n").as_bytes()).unwrap();
            assert_eq!(
                list.rows()[0].account,
                address.parse::<alloy_primitives::Address>().unwrap()
            );
        }
    }
    assert_snapshot!(
        refusal(format!("{ONE},1\n0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD,1\n")),
        @"line 3: the address `0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD` has a wrong checksum, which points to a typing error; find out which address is meant: with these digits it would be 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    );
}

#[test]
fn the_header_is_exact() {
    let error = |text: &[u8]| describe(csv::read(text).unwrap_err());
    assert_snapshot!(error(b""), @"line 1: expected the header `holder,balance`, found ``; write it as the first line");
    assert_snapshot!(error(b"\n"), @"line 1: expected the header `holder,balance`, found ``; write it as the first line");
    assert_snapshot!(error(b"holder;balance\n"), @"line 1: expected the header `holder,balance`, found `holder;balance`; write it as the first line");
    assert_snapshot!(error(b"Holder,Balance\n"), @"line 1: expected the header `holder,balance`, found `Holder,Balance`; write it as the first line");
    assert_snapshot!(error(b"holder,balance,rank\n"), @"line 1: expected the header `holder,balance`, found `holder,balance,rank`; write it as the first line");
    assert_snapshot!(error(format!("{ONE},1\n").as_bytes()), @"line 1: expected the header `holder,balance`, found `0x0000000000000000000000000000000000000001,1`; write it as the first line");
    assert_snapshot!(error(b"holder,balance\rx"), @r"line 1: expected the header `holder,balance`, found `holder,balance\rx`; write it as the first line");
    assert_snapshot!(error(b"\xff\xfeh\0o\0"), @r"line 1: expected the header `holder,balance`, found `\xff\xfeh\u{0}o\u{0}`; write it as the first line");
    assert_snapshot!(error(b"holder,balance\n"), @"line 2: there is no holder; a migration needs at least one");
    assert_snapshot!(error(b"holder,balance"), @"line 2: there is no holder; a migration needs at least one");
    assert_snapshot!(refusal("holder,balance\n"), @"line 2: `holder` is not an address; write 0x and 40 hex digits");
}

#[test]
fn every_line_has_two_fields() {
    assert_snapshot!(refusal(format!("{ONE},1\n\n{TWO},2\n")), @"line 3: expected two fields, `holder,balance`, found 0; remove blank lines, quotes and further columns");
    assert_snapshot!(refusal(format!("{ONE},1\n\r\n")), @"line 3: expected two fields, `holder,balance`, found 0; remove blank lines, quotes and further columns");
    assert_snapshot!(refusal(format!("{ONE}\n")), @"line 2: expected two fields, `holder,balance`, found 1; remove blank lines, quotes and further columns");
    assert_snapshot!(refusal(format!("{ONE},1,\n")), @"line 2: expected two fields, `holder,balance`, found 3; remove blank lines, quotes and further columns");
    assert_snapshot!(refusal(format!("{ONE},\"1,000\"\n")), @"line 2: expected two fields, `holder,balance`, found 3; remove blank lines, quotes and further columns");
}

#[test]
fn accounts_are_0x_and_40_hex_digits() {
    assert_snapshot!(refusal(format!("{},1\n", &ONE[2..])), @"line 2: `0000000000000000000000000000000000000001` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal(format!("0X{},1\n", &ONE[2..])), @"line 2: `0X0000000000000000000000000000000000000001` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal(format!("0x{},1\n", &ONE[..40])), @"line 2: `0x0x00000000000000000000000000000000000000` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal(format!("{ONE}0,1\n")), @"line 2: `0x00000000000000000000000000000000000000010` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal(format!("{}g,1\n", &ONE[..41])), @"line 2: `0x000000000000000000000000000000000000000g` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal(format!(" {ONE},1\n")), @"line 2: ` 0x0000000000000000000000000000000000000001` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal(format!("\"{ONE}\",1\n")), @r#"line 2: `"0x0000000000000000000000000000000000000001"` is not an address; write 0x and 40 hex digits"#);
    assert_snapshot!(refusal(",1\n"), @"line 2: `` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal(b"\xc3\x28\x1b[2J,1\n"), @r"line 2: `\xc3(\u{1b}[2J` is not an address; write 0x and 40 hex digits");
    assert_snapshot!(refusal("vitalik.eth,1\n"), @"line 2: `vitalik.eth` is not an address; write 0x and 40 hex digits");
}

#[test]
fn balances_are_decimal_integers() {
    assert_snapshot!(refusal(format!("{ONE},\n")), @"line 2: `` is not a balance: it is empty; write a decimal integer in base units");
    assert_snapshot!(refusal(format!("{ONE},1.5\n")), @"line 2: `1.5` is not a balance: only the digits 0 to 9 are allowed, no sign, point, exponent, separator or 0x; write a decimal integer in base units");
    assert_snapshot!(refusal(format!("{ONE},0xff\n")), @"line 2: `0xff` is not a balance: only the digits 0 to 9 are allowed, no sign, point, exponent, separator or 0x; write a decimal integer in base units");
    assert_snapshot!(refusal(format!("{ONE},-1\n")), @"line 2: `-1` is not a balance: only the digits 0 to 9 are allowed, no sign, point, exponent, separator or 0x; write a decimal integer in base units");
    assert_snapshot!(refusal(format!("{ONE},1 \n")), @"line 2: `1 ` is not a balance: only the digits 0 to 9 are allowed, no sign, point, exponent, separator or 0x; write a decimal integer in base units");
    assert_snapshot!(refusal(format!("{ONE},{}6\n", &MAX[..77])), @"line 2: `115792089237316195423570985008687907853269984665640564039457584007913129639936` is not a balance: it does not fit in 256 bits; write a decimal integer in base units");
    assert_snapshot!(refusal(format!("{ONE},{}\n", "9".repeat(100))), @"line 2: `99999999999999999999999999999999999999999999999999999999999999999999999999999999...` is not a balance: it does not fit in 256 bits; write a decimal integer in base units");
}

#[test]
fn balances_of_zero_are_refused() {
    assert_snapshot!(refusal(format!("{ONE},1\n{TWO},0\n")), @"line 3: the balance of 0x0000000000000000000000000000000000000002 is zero; remove the line");
    assert_snapshot!(refusal(format!("{TWO},000\n")), @"line 2: the balance of 0x0000000000000000000000000000000000000002 is zero; remove the line");
}

#[test]
fn duplicates_name_both_lines() {
    assert_snapshot!(refusal(format!("{TWO},1\n{ONE},1\n{TWO},1\n")), @"line 4: 0x0000000000000000000000000000000000000002 stands in line 2 already; leave one line with its whole balance");
    // The first repetition in the file is reported, though another account sorts before it.
    let rows = format!("{TWO},1\n{ONE},1\n{TWO},1\n{TWO},2\n{ONE},3\n");
    assert_snapshot!(refusal(rows), @"line 4: 0x0000000000000000000000000000000000000002 stands in line 2 already; leave one line with its whole balance");
    // Two spellings are one account.
    let rows = "0xde709f2102306220921060314715629080e2fb77,1\n0xDE709F2102306220921060314715629080E2FB77,1\n";
    assert_snapshot!(refusal(rows), @"line 3: 0xde709f2102306220921060314715629080e2fb77 stands in line 2 already; leave one line with its whole balance");
}

#[test]
fn the_sum_fits_in_256_bits() {
    assert_snapshot!(refusal(format!("{TWO},{MAX}\n{ONE},1\n")), @"line 3: with the balance 1 the sum of all balances exceeds 256 bits; no token has such a supply");
    let list = csv::read(format!("holder,balance\n{ONE},{MAX}\n").as_bytes()).unwrap();
    assert_eq!(list.sum(), U256::MAX);
}

#[test]
fn rows_are_limited() {
    let text = printed(&many(5));
    assert_eq!(csv::read_at_most(text.as_bytes(), 5).unwrap(), many(5));
    let error = csv::read_at_most(text.as_bytes(), 4).unwrap_err();
    assert_snapshot!(describe(error), @"line 6: more than 4 holders; split the list");
}

#[test]
fn lines_are_limited() {
    // As long as allowed: refused for what it says, not for its length.
    let allowed = "a".repeat(MAX_LINE_LEN);
    assert_snapshot!(refusal(format!("{ONE},1\n{allowed}\r\n")), @"line 3: expected two fields, `holder,balance`, found 1; remove blank lines, quotes and further columns");
    let long = "a".repeat(MAX_LINE_LEN + 1);
    assert_snapshot!(refusal(format!("{ONE},1\n{long}\n")), @"line 3: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...` goes on for more than 1024 bytes; check the line ends, and that the file is not binary");
    assert_snapshot!(refusal(&long), @"line 2: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...` goes on for more than 1024 bytes; check the line ends, and that the file is not binary");
}

/// A reader without an end must not be read to its end.
#[test]
fn an_endless_line_is_refused_early() {
    let error = csv::read(b"holder,balance\n".chain(io::repeat(b'0'))).unwrap_err();
    assert!(
        matches!(error, CsvError::LineTooLong { line: 2, .. }),
        "{error}"
    );
}

/// Gives one byte, an interruption, one byte...; fails after `left` bytes where that is given.
struct Stutter<'a> {
    bytes: &'a [u8],
    left: Option<usize>,
    interrupt: bool,
}

impl Read for Stutter<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupt = !self.interrupt;
        if self.interrupt {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.left == Some(0) {
            return Err(io::Error::other("the disk is gone"));
        }
        self.left = self.left.map(|left| left - 1);
        self.bytes.read(&mut buffer[..1])
    }
}

#[test]
fn slow_and_failing_readers() {
    let text = printed(&many(50));
    let reader = Stutter {
        bytes: text.as_bytes(),
        left: None,
        interrupt: false,
    };
    assert_eq!(csv::read(reader).unwrap(), many(50));

    let lines_before = 3;
    let offset = text.match_indices('\n').nth(lines_before - 1).unwrap().0 + 10;
    let reader = Stutter {
        bytes: text.as_bytes(),
        left: Some(offset),
        interrupt: false,
    };
    let error = csv::read(reader).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!((error.line(), source.as_str()), (4, "the disk is gone"));
    assert_snapshot!(describe(error), @"line 4: cannot read on");
}

/// Several fills of the buffer, and an error behind all of them.
#[test]
fn lines_are_counted_over_a_large_file() {
    let list = many(20_000);
    let mut text = printed(&list);
    assert!(text.len() > 3 << 18);
    assert_eq!(csv::read(text.as_bytes()).unwrap(), list);
    let first = list.rows()[0].account;
    text.push_str(&format!("{first:?},5\n"));
    match csv::read(text.as_bytes()).unwrap_err() {
        CsvError::Duplicate {
            line: 20_002,
            first_line: 2,
            account,
        } => assert_eq!(account, first),
        error => panic!("{error}"),
    }
}

#[test]
fn a_failing_writer_is_reported() {
    let list = many(5000);
    let mut room = vec![0; 1000];
    let error = csv::write(&list, room.as_mut_slice()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}

proptest! {
    #[test]
    fn what_is_written_is_read(list in any_holders(60, 240), crlf in any::<bool>(), bom in any::<bool>(), order in any::<u64>()) {
        let text = printed(&list);
        let mut lines: Vec<&str> = text.lines().collect();
        let rows = &mut lines[1..];
        let turn = order as usize % rows.len();
        rows.rotate_left(turn);
        if order % 2 == 0 {
            rows.reverse();
        }
        let text = lines.join(if crlf { "\r\n" } else { "\n" });
        let text = if bom { format!("\u{feff}{text}") } else { text };
        prop_assert_eq!(csv::read(text.as_bytes()).unwrap(), list);
    }

    /// One changed byte is refused on its line, or changes one row only, or nothing (the case of a digit).
    #[test]
    fn one_wrong_byte_stays_in_its_line(list in any_holders(8, 100), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = printed(&list).into_bytes();
        let place = place.index(text.len());
        let line = 1 + text[..place].iter().filter(|&&byte| byte == b'\n').count() as u64;
        let was_end = std::mem::replace(&mut text[place], byte) == b'\n';
        match csv::read(text.as_slice()) {
            Ok(read) => {
                let same = read.iter().filter(|row| list.rows().contains(row)).count();
                prop_assert!(same + 1 >= list.len() || was_end);
            }
            Err(CsvError::Duplicate { line: second, first_line, .. }) => {
                prop_assert!(second == line || first_line == line);
            }
            // The last line end may turn into a digit, or a line break may split a line in two.
            Err(error) => prop_assert!(error.line() == line || error.line() == line + 1, "{}", error),
        }
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), header in any::<bool>()) {
        let text = if header { [b"holder,balance\n", bytes.as_slice()].concat() } else { bytes };
        if let Ok(list) = csv::read(text.as_slice()) {
            prop_assert!(list.len() <= text.len() / 44);
        }
    }
}

#[test]
fn the_zero_address_is_a_holder() {
    let list = csv::read(format!("holder,balance\n0x{},1\n", "0".repeat(40)).as_bytes()).unwrap();
    assert_eq!(list.get(&account_of(0)), Some(U256::ONE));
}
