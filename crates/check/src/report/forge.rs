//! A finding as a test of Foundry, without forge-std: it fails until the migration is mended.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use alloy_primitives::{Address, U256, hex, keccak256};
use sealift_evm::Snapshot;
use serde_json::{Map, Value, json};

use super::replay::{Book, Delivery, Exit, How, Move, Question, Replay};
use super::{FindingReport, Report};
use crate::fork::Fork;
use crate::input::Scene;
use crate::ledger::{Ask, Figure, View};
use crate::model::{ACCEPTS, ANSWERS_MUCH, ANSWERS_ONE, ANYONE, NEWCOMER, REFUSES, STRANGER};

/// The file that [`allocs`] is for, in the folder `test` of the project.
pub const ALLOCS_FILE: &str = "sealift-allocs.json";

/// What every replay has: messages, claims, judgement.
const BASE: &str = include_str!("forge.sol.template");

/// A finding that a test of Foundry cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("finding {id} cannot be written as a test of Foundry: {reason}")]
pub struct NotExpressible {
    /// The finding.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// The name of a finding's test contract; with `.t.sol` it is the name of its file.
pub fn contract_name(finding: &FindingReport) -> String {
    format!("Sealift_{}", identifier(&finding.id))
}

/// A test that replays a finding on the state of [`allocs`], and fails with its numbers as long as it is there.
///
/// It sends what the trace sends, then what an executor sends after it, and asks the ledgers. An outcome of a
/// transaction that is not that of the check is logged, and does not fail the test: what was mended may refuse what
/// succeeded before.
pub fn forge_test(
    report: &Report,
    finding: &FindingReport,
    scene: &Scene,
) -> Result<String, NotExpressible> {
    let replay = &finding.replay;
    let refused = |reason: &str| {
        Err(NotExpressible {
            id: finding.id.clone(),
            reason: reason.to_owned(),
        })
    };
    if let Some(obstacle) = &replay.obstacle {
        return refused(obstacle);
    }
    if replay.chain_id != scene.chain_id || replay.timestamp_secs < scene.timestamp_secs {
        return refused("the state is not the one that was checked");
    }
    let mut out = String::new();
    let (licence, base) = BASE.split_once('\n').unwrap_or(("", BASE));
    let _ = writeln!(out, "{licence}");
    head(&mut out, report, finding);
    out.push_str(base);
    let name = contract_name(finding);
    let _ = writeln!(
        out,
        "\n/// forge-config: default.isolate = true\n/// forge-config: default.evm_version = \"osaka\"\ncontract {name} is SealiftReplay {{"
    );
    setup(&mut out, replay);
    let _ = writeln!(
        out,
        "\n    function test_{}() public {{",
        identifier(&finding.id)
    );
    for step in &replay.moves {
        moved(&mut out, step);
    }
    let verdict = quoted(&format!("{} {}: ", finding.verdict.name(), finding.id));
    question(&mut out, replay, &verdict);
    out.push_str("    }\n");
    if let Question::End { .. } = replay.question {
        rest(&mut out, replay);
    }
    ledgers(&mut out, replay);
    out.push_str("}\n");
    Ok(out)
}

/// The state before the script, with the cast of the checker in it, as `vm.loadAllocs` reads it.
///
/// `start` is that state of the scene, with what the stranger has.
pub fn allocs(scene: &Scene, start: &Fork) -> String {
    let mut written: BTreeMap<Address, BTreeMap<U256, U256>> = BTreeMap::new();
    for account in &scene.accounts {
        let own = written.entry(account.address).or_default();
        own.extend(account.storage.iter().copied());
    }
    for ((address, slot), word) in start.written() {
        written.entry(address).or_default().insert(slot, word);
    }
    let mut accounts: Map<String, Value> = Map::new();
    let mut insert = |address: Address, nonce: u64, balance: U256, code: &[u8], words: Value| {
        let account = json!({
            "balance": balance, "nonce": format!("{nonce:#x}"),
            "code": hex::encode_prefixed(code), "storage": words,
        });
        accounts.insert(address.to_string().to_lowercase(), account);
    };
    let words = |address: Address| -> Value {
        let own = written.get(&address).into_iter().flatten();
        own.map(|(slot, word)| (format!("{slot:#066x}"), json!(format!("{word:#066x}"))))
            .collect::<Map<_, _>>()
            .into()
    };
    for account in &scene.accounts {
        insert(
            account.address,
            account.nonce,
            account.balance,
            &account.code,
            words(account.address),
        );
    }
    for address in [
        STRANGER,
        ANYONE,
        NEWCOMER,
        ANSWERS_ONE,
        ANSWERS_MUCH,
        ACCEPTS,
        REFUSES,
    ] {
        let account = start.account(address).unwrap_or_default();
        let code = start.code(account.code_hash);
        insert(
            address,
            account.nonce,
            account.balance,
            code.original_byte_slice(),
            words(address),
        );
    }
    let mut text = Value::Object(accounts).to_string();
    text.push('\n');
    text
}

fn head(out: &mut String, report: &Report, finding: &FindingReport) {
    let mut say = |line: &str| {
        let _ = writeln!(out, "// {}", comment(line));
    };
    say(&format!(
        "sealift check, finding {}: {}, {} fault(s), {} transaction(s), cause {}",
        finding.id,
        finding.verdict.name(),
        finding.faults,
        finding.steps,
        finding.cause
    ));
    say(&format!("of the check {}", report.subject));
    for line in &finding.trace {
        let number = line
            .number
            .map_or_else(|| " !".to_owned(), |number| format!("{number:>2}"));
        say(&format!("{number} {} {}", line.text, line.outcome));
    }
    say(&format!("help: {}", finding.help));
    say(&format!(
        "It reads {ALLOCS_FILE} beside it, in the folder test of the project; run it with"
    ));
    say(&format!(
        "forge test --match-contract {} -vv",
        contract_name(finding)
    ));
}

fn setup(out: &mut String, replay: &Replay) {
    let Replay {
        chain_id,
        number,
        timestamp_secs,
        ..
    } = replay;
    let _ = write!(
        out,
        "    function setUp() public {{
        vm.loadAllocs(string(abi.encodePacked(vm.projectRoot(), \"/test/{ALLOCS_FILE}\")));
        vm.chainId({chain_id});
        vm.roll({number});
        vm.warp({timestamp_secs});
        vm.fee(0);
        vm.txGasPrice(0);
    }}
"
    );
}

fn moved(out: &mut String, step: &Move) {
    match step {
        Move::Wait { secs } => {
            let _ = writeln!(out, "        vm.warp(block.timestamp + {secs});");
        }
        Move::Code {
            account, undone, ..
        } if *undone => {
            let _ = writeln!(
                out,
                "        // A reorganisation takes back that {account} gets code."
            );
        }
        Move::Code { account, code, .. } => {
            let code = hex::encode(code);
            let _ = writeln!(out, "        vm.etch({account}, hex\"{code}\");");
        }
        Move::Send(sent) if sent.undone => {
            let _ = writeln!(
                out,
                "        // A reorganisation takes back {}",
                comment(&sent.text)
            );
        }
        Move::Send(sent) => {
            let Some(meddled) = &sent.meddled else {
                let _ = writeln!(out, "        {};", delivery(sent, &sent.text));
                return;
            };
            let inner = format!("{}, hex\"{}\"", meddled.target, hex::encode(&meddled.input));
            let _ = match &meddled.how {
                How::Reverts => writeln!(out, "        _reverts({inner});"),
                How::OutOfGas => writeln!(out, "        _burns({inner});"),
                How::Answers(data) => {
                    writeln!(
                        out,
                        "        _answers({inner}, hex\"{}\");",
                        hex::encode(data)
                    )
                }
            };
            let _ = writeln!(out, "        {};", delivery(sent, &sent.text));
            let _ = writeln!(out, "        _heal({inner}, {});", meddled.has_code);
        }
    }
}

/// The call that sends a transaction; where its text is empty, nothing is known about how it ends.
fn delivery(sent: &Delivery, text: &str) -> String {
    let Delivery {
        from,
        to,
        data,
        value,
        gas,
        nonce,
        fails,
        ..
    } = sent;
    let (what, data) = (quoted(text), hex::encode(data));
    match to {
        Some(to) => {
            format!("_send({what}, {from}, {to}, {value}, {gas}, hex\"{data}\", {fails})")
        }
        None => {
            let nonce = nonce.unwrap_or_default();
            format!("_create({what}, {from}, {nonce}, {value}, hex\"{data}\", {fails})")
        }
    }
}

fn question(out: &mut String, replay: &Replay, verdict: &str) {
    let _ = match &replay.question {
        Question::End { own } => writeln!(
            out,
            "        Found memory here = _judge();\n        _rest();\n        _requireEnd({verdict}, here, {own});"
        ),
        Question::Over => writeln!(out, "        _requireNobodyOver({verdict});"),
        Question::Custodians {
            promises,
            claimants,
        } => {
            let list = |name: &str, kind: &str, items: Vec<String>| {
                let mut text = format!(
                    "        {kind}[] memory {name} = new {kind}[]({});\n",
                    items.len()
                );
                for (index, item) in items.iter().enumerate() {
                    let _ = writeln!(text, "        {name}[{index}] = {item};");
                }
                text
            };
            let who = claimants.iter().map(Address::to_string).collect();
            out.push_str(&list("claimants", "address", who));
            for (index, promise) in promises.iter().enumerate() {
                let covers = format!("covers{index}");
                let books = promise.covers.iter().map(usize::to_string).collect();
                out.push_str(&list(&covers, "uint256", books));
                let asset = promise.asset.unwrap_or_default();
                let _ = writeln!(
                    out,
                    "        _requireCovered({verdict}, {}, {}, {asset}, {covers}, claimants, {});",
                    quoted(&promise.name),
                    promise.account,
                    promise.slack,
                );
            }
            Ok(())
        }
    };
}

/// What the executor does after the trace.
fn rest(out: &mut String, replay: &Replay) {
    out.push_str("\n    /// @dev What the executor sends after that.\n");
    out.push_str("    function _rest() private {\n");
    for sent in &replay.rest {
        let call = delivery(sent, "");
        let _ = writeln!(out, "        // {}", comment(&sent.text));
        let _ = if replay.rest_insists {
            writeln!(out, "        {call};")
        } else {
            writeln!(out, "        if (!{call}) return;")
        };
    }
    out.push_str("    }\n");
}

fn ledgers(out: &mut String, replay: &Replay) {
    let _ = writeln!(
        out,
        "\n    function _books() internal pure override returns (Book[] memory all) {{\n        all = new Book[]({});",
        replay.books.len()
    );
    for (index, book) in replay.books.iter().enumerate() {
        let kind = match &book.view {
            View::Amount(_) => 0,
            View::Owner(_) => 1,
            View::Ether => 2,
            View::Record(..) => 3,
        };
        let asks = book.view.ask().cloned().unwrap_or_default();
        let figure = match &book.view {
            View::Record(_, figure) => *figure,
            _ => Figure::default(),
        };
        let place = |word: Option<usize>| word.map_or(0, |word| word + 1);
        let figure = format!(
            "Figure({}, {}, {})",
            place(Some(figure.word)),
            place(figure.less),
            place(figure.owner)
        );
        let (exits, leaves) = match &book.exit {
            Exit::Call(ask) => (true, ask.clone()),
            Exit::Always => (false, Ask::default()),
        };
        let Book {
            name,
            contract,
            rate: (top, bottom),
            wallet,
            same,
            asset,
            lock_secs,
            ..
        } = book;
        let (asks, leaves) = (ask(&asks), ask(&leaves));
        let _ = writeln!(
            out,
            "        all[{index}] = Book({}, {contract}, {kind}, {asks}, {figure}, {exits}, {leaves}, {lock_secs}, {top}, {bottom}, {wallet}, {same}, {asset});",
            quoted(name)
        );
    }
    let width = replay.books.len();
    let _ = writeln!(
        out,
        "    }}\n\n    function _owed() internal pure override returns (Owed[] memory all) {{\n        all = new Owed[]({});",
        replay.accounts.len()
    );
    for (index, owed) in replay.accounts.iter().enumerate() {
        let (name, address) = (quoted(&owed.name), owed.address);
        let _ = writeln!(
            out,
            "        all[{index}] = Owed({name}, {address}, {}, {}, {}, {}, {}, new uint256[]({width}), new uint256[]({width}));",
            owed.asset, owed.tolerance, owed.late, owed.least, owed.most
        );
        for (field, parts) in [("done", &owed.done), ("back", &owed.back)] {
            for (book, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_zero()) {
                let _ = writeln!(out, "        all[{index}].{field}[{book}] = {part};");
            }
        }
    }
    out.push_str("    }\n");
}

/// Calldata and where account and amount go in it: two bytes for each place.
fn ask(ask: &Ask) -> String {
    let places = |places: &[usize]| -> String {
        let all = places.iter().filter_map(|at| u16::try_from(*at).ok());
        all.map(|at| format!("{at:04x}")).collect()
    };
    format!(
        "Ask(hex\"{}\", hex\"{}\", hex\"{}\")",
        hex::encode(&ask.data),
        places(&ask.account),
        places(&ask.amount)
    )
}

/// Untrusted text as printable ASCII.
fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|letter| {
        if letter.is_ascii_graphic() || letter == ' ' {
            letter
        } else {
            '?'
        }
    })
}

/// Untrusted text in a line comment. A file names its licence once, or the compiler refuses it.
fn comment(text: &str) -> String {
    let line: String = plain(text).take(400).collect();
    line.replace("SPDX-License-Identifier", "SPDX")
}

/// Untrusted text as a literal of Solidity.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for letter in plain(text).take(200) {
        if matches!(letter, '"' | '\\') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal.push('"');
    literal
}

/// Untrusted text as a part of a name; what is no letter or digit is hashed away.
fn identifier(text: &str) -> String {
    if !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        text.to_owned()
    } else {
        hex::encode(&keccak256(text)[..4])
    }
}
