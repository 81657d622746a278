//! A report as one HTML file: no scripts, nothing from the network, every text escaped.

mod chart;
mod finding;
mod graph;

use std::fmt::Write as _;

use alloy_primitives::U256;
use maud::{DOCTYPE, Escaper, Markup, PreEscaped, Render, html as markup};

use super::text::due;
use super::{Report, grouped};
use crate::verdict::Verdict;

/// Colours and sizes.
const STYLE: &str = include_str!("html/style.css");

/// Closed as in XML, which HTML allows; nothing may be loaded, whatever a name of the chain says.
const META: &str = concat!(
    r#"<meta charset="utf-8"/>"#,
    r#"<meta name="viewport" content="width=device-width, initial-scale=1"/>"#,
    r#"<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>"#,
);

/// Rows of a table at most.
const MAX_ROWS: usize = 1_000;

/// The report as a page that opens from disk.
pub fn html(report: &Report) -> String {
    let verdict = report.verdict;
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                (PreEscaped(META))
                title { "sealift check: " (verdict.name()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (headline(report))
                    section aria-labelledby="findings" {
                        h2 id="findings" { "Findings" }
                        @if report.findings.is_empty() { p { "None." } }
                        @for (index, found) in report.findings.iter().enumerate() {
                            (finding::card(found, index))
                        }
                    }
                    section aria-labelledby="graph" {
                        h2 id="graph" { "Where the script is left" }
                        (graph::graph(report))
                    }
                    section aria-labelledby="exposed" {
                        h2 id="exposed" { "Value that nobody can reach" }
                        (chart::charts(&report.exposed))
                    }
                    (ledgers(report))
                    (steps(report))
                    (coverage(report))
                    (said("Gaps", "gaps", "What was not tried.", &report.gaps))
                    (said("Assumptions", "assumptions", "What is taken for granted.", &report.assumptions))
                }
            }
        }
    };
    page.into_string()
}

/// Text that somebody else wrote: escaped, and without characters that hide or turn around what is shown.
struct Untrusted<'a>(&'a str);

impl Render for Untrusted<'_> {
    fn render_to(&self, buffer: &mut String) {
        let seen: String = self.0.chars().map(visible).collect();
        let _ = Escaper::new(buffer).write_str(&seen);
    }
}

/// A character, or the replacement character in place of one that controls.
fn visible(letter: char) -> char {
    let turns = matches!(
        letter,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    );
    if turns || letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') {
        char::REPLACEMENT_CHARACTER
    } else {
        letter
    }
}

/// The symbol of a verdict, and the class of its colour.
fn sign(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Safe => ("✓", "good"),
        Verdict::Unknown | Verdict::Vacuous => ("?", "warn"),
        Verdict::Unmanaged | Verdict::Transient => ("▲", "warn"),
        _ => ("✗", "bad"),
    }
}

fn plural(count: u64, one: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {one}{ending}", grouped(U256::from(count)))
}

fn headline(report: &Report) -> Markup {
    let (symbol, class) = sign(report.verdict);
    let numbers = &report.explored;
    let fired: u64 = report.coverage.values().map(|sites| sites.fired).sum();
    let enumerated: u64 = report.coverage.values().map(|sites| sites.enumerated).sum();
    let (holders, due) = due(report);
    let facts = [
        (
            "Result",
            if report.pass {
                "✓ pass"
            } else {
                "✗ no pass"
            }
            .to_owned(),
        ),
        ("Findings", grouped(U256::from(report.findings.len()))),
        ("Faults at once", report.faults.to_string()),
        (
            "Fault sites",
            format!(
                "{} of {} fired",
                grouped(U256::from(fired)),
                grouped(U256::from(enumerated))
            ),
        ),
        ("Scenarios", grouped(U256::from(numbers.scenarios))),
        (
            "States",
            format!(
                "{}, {} of them without a way to an end",
                grouped(U256::from(numbers.states)),
                grouped(U256::from(numbers.bad))
            ),
        ),
        (
            "Executed",
            format!(
                "{} transactions, views and exits",
                grouped(U256::from(numbers.executed))
            ),
        ),
        ("Script", plural(report.steps.len() as u64, "step")),
        (
            "Due",
            format!(
                "{due}, in units of entitlement, to {}",
                plural(holders as u64, "account")
            ),
        ),
    ];
    markup! {
        header {
            h1 class=(class) { (symbol) " " (report.verdict.name()) }
            p { (meaning(report.verdict)) }
            dl {
                @for (name, value) in &facts { dt { (name) } dd { (value) } }
                dt { "Check" } dd { code { (Untrusted(&report.subject)) } }
                @if report.shard.1 > 1 {
                    dt { "Part" }
                    dd { (report.shard.0 + 1) " of " (report.shard.1) ": the other parts are other reports" }
                }
            }
        }
    }
}

/// What a verdict says, in a sentence.
fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Lost => "An entitlement has no backing, or nobody will move what backs it.",
        Verdict::DoubleCounted => "A claim can be made on both sides.",
        Verdict::Misattributed => "The total is right, and the wrong account has it.",
        Verdict::Stuck => "The assets are there, and no way of the playbook leads to an end.",
        Verdict::StuckBounded => "No way within the bounds of the search leads to an end.",
        Verdict::Livelock => "The playbook goes round for ever, and reaches no end.",
        Verdict::Diverged => "The executor believes that it is done, and the chain says otherwise.",
        Verdict::Delayed => "Only waiting longer than is declared leads to an end.",
        Verdict::NeedsOperator => "Only an action outside the playbook leads to an end.",
        Verdict::Unmanaged => "A balance that no claim covers stays behind.",
        Verdict::Transient => {
            "Claims are wrong between two steps, and come right again on every way."
        }
        Verdict::Unknown => "The budget ran out before everything was explored.",
        Verdict::Vacuous => "A fault never fired, so nothing is known about it.",
        Verdict::Safe => {
            "Every state that was reached backs every entitlement, and an end stays in reach."
        }
    }
}

fn ledgers(report: &Report) -> Markup {
    let inferred = report.ledgers.iter().any(|ledger| ledger.inferred);
    markup! {
        section aria-labelledby="ledgers" {
            h2 id="ledgers" { "Ledgers" }
            div class="wide" { table {
                caption { @if inferred { "Inferred from the undisturbed run" } @else { "As declared" } }
                thead { tr {
                    th scope="col" { "Ledger" } th scope="col" { "Side" } th scope="col" { "Contract" }
                    th scope="col" { "Exit" } th scope="col" { "Units of entitlement a unit" }
                    th scope="col" { "Of" }
                } }
                tbody { @for ledger in &report.ledgers { tr {
                    th scope="row" { (Untrusted(&ledger.name)) }
                    td { (Untrusted(&ledger.side)) }
                    td { code { (ledger.contract.to_string()) } }
                    td { (Untrusted(&ledger.exit)) }
                    td { (Untrusted(&ledger.rate)) }
                    td { (Untrusted(&ledger.asset)) }
                } } }
            } }
        }
    }
}

fn steps(report: &Report) -> Markup {
    markup! {
        section aria-labelledby="steps" {
            h2 id="steps" { "Script" }
            details {
                summary { (plural(report.steps.len() as u64, "step")) }
                div class="wide" { table {
                    thead { tr {
                        th scope="col" { "Step" } th scope="col" { "Call" } th scope="col" { "From" }
                        th scope="col" class="number" { "Gas" } th scope="col" { "Place" }
                    } }
                    tbody { @for (index, step) in report.steps.iter().take(MAX_ROWS).enumerate() { tr {
                        th scope="row" { (index + 1) }
                        td class="call" { (Untrusted(&step.call)) }
                        td { (Untrusted(&step.from)) }
                        td class="number" { (grouped(U256::from(step.gas))) }
                        td { code { (Untrusted(&step.place)) } }
                    } } }
                } }
                (more(report.steps.len()))
            }
        }
    }
}

fn coverage(report: &Report) -> Markup {
    markup! {
        section aria-labelledby="coverage" {
            h2 id="coverage" { "Faults" }
            @if report.coverage.is_empty() { p { "No fault was tried." } } @else {
                div class="wide" { table {
                    caption { "Places where each can happen, and where it did" }
                    thead { tr {
                        th scope="col" { "Fault" } th scope="col" class="number" { "Places" }
                        th scope="col" class="number" { "Fired" } th scope="col" { "" }
                    } }
                    tbody { @for (name, sites) in &report.coverage { tr {
                        th scope="row" { (Untrusted(name)) }
                        td class="number" { (grouped(U256::from(sites.enumerated))) }
                        td class="number" { (grouped(U256::from(sites.fired))) }
                        @if sites.fired == sites.enumerated { td class="good" { "✓ all" } }
                        @else { td class="bad" { "✗ not all" } }
                    } } }
                } }
            }
        }
    }
}

fn said(title: &str, id: &str, about: &str, lines: &[String]) -> Markup {
    markup! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            p class="faint" { (about) }
            @if lines.is_empty() { p { "None." } } @else {
                ul { @for line in lines.iter().take(MAX_ROWS) { li { (Untrusted(line)) } } }
                (more(lines.len()))
            }
        }
    }
}

/// What a table leaves out.
fn more(rows: usize) -> Markup {
    markup! {
        @if rows > MAX_ROWS { p class="faint" { (rows - MAX_ROWS) " more are in report.json." } }
    }
}
