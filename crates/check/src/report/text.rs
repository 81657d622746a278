//! A report as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use alloy_primitives::{Address, U256};

use super::{FindingReport, NO_SITE, Report};

/// Findings that are printed whole.
const SHOWN: usize = 5;

/// Ledgers that are printed.
const MOST_LEDGERS: usize = 40;

/// Lines of a long trace that are printed, at its beginning and at its end.
const LINES_FIRST: usize = 3;
const LINES_LAST: usize = 24;

/// The report as a terminal shows it; with an id, that finding only.
pub fn render(report: &Report, only: Option<&str>) -> String {
    let mut out = String::new();
    if only.is_none() {
        head(&mut out, report);
    }
    let chosen: Vec<&FindingReport> = report
        .findings
        .iter()
        .filter(|finding| only.is_none_or(|id| finding.id == id))
        .collect();
    for found in chosen
        .iter()
        .take(if only.is_some() { usize::MAX } else { SHOWN })
    {
        finding(&mut out, found);
    }
    if only.is_none() && chosen.len() > SHOWN {
        let _ = writeln!(
            out,
            "{} more findings are in report.json\n",
            chosen.len() - SHOWN
        );
    }
    if only.is_none() {
        tail(&mut out, report);
    }
    out
}

fn head(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "ledgers{}",
        if report.ledgers.iter().any(|ledger| ledger.inferred) {
            " (inferred)"
        } else {
            ""
        }
    );
    let assets: BTreeSet<&str> = report.ledgers.iter().map(|of| of.asset.as_str()).collect();
    let many = assets.len() > 1;
    for ledger in report.ledgers.iter().take(MOST_LEDGERS) {
        let of = if many {
            format!("  of {}", ledger.asset)
        } else {
            String::new()
        };
        let exit = if ledger.exit.is_empty() {
            String::new()
        } else {
            format!("  exit {}", ledger.exit)
        };
        let _ = writeln!(
            out,
            "  {:<10} {}  {}  rate {}{exit}{of}",
            ledger.side, ledger.name, ledger.contract, ledger.rate
        );
    }
    if let Some(more) = report.ledgers.len().checked_sub(MOST_LEDGERS + 1) {
        let _ = writeln!(out, "  {} more are in report.json", more + 1);
    }
    let (holders, due) = due(report);
    let _ = writeln!(out, "  {holders} accounts are due {due}");
    let _ = writeln!(out);
}

/// How many accounts are due something, and what: an amount, or how many assets where there are several.
pub(super) fn due(report: &Report) -> (usize, String) {
    let holders: BTreeSet<Address> = report.accounts.iter().map(|own| own.address).collect();
    let mut due: BTreeMap<&str, U256> = BTreeMap::new();
    for account in &report.accounts {
        let sum = due.entry(account.asset.as_str()).or_default();
        *sum = sum.saturating_add(account.entitled);
    }
    let text = match due.len() {
        0 | 1 => grouped(due.into_values().next().unwrap_or_default()),
        assets => format!("{assets} assets"),
    };
    (holders.len(), text)
}

fn finding(out: &mut String, found: &FindingReport) {
    let plural = |count: u64, one: &str| {
        if count == 1 {
            format!("1 {one}")
        } else {
            format!("{count} {one}s")
        }
    };
    let _ = writeln!(
        out,
        "FAIL {}  {}, {}   id {}",
        found.verdict.name(),
        plural(u64::from(found.steps), "step"),
        plural(u64::from(found.faults), "fault"),
        found.id
    );
    let width = found
        .trace
        .iter()
        .filter(|line| line.number.is_some())
        .map(|line| line.text.chars().count())
        .max();
    let width = width.unwrap_or_default().min(60);
    let hidden = found.trace.len().saturating_sub(LINES_FIRST + LINES_LAST);
    for (index, line) in found.trace.iter().enumerate() {
        if hidden > 0 && index == LINES_FIRST {
            let _ = writeln!(out, "  …  {hidden} lines more are in report.json");
        }
        if (LINES_FIRST..LINES_FIRST + hidden).contains(&index) {
            continue;
        }
        match line.number {
            None => {
                let _ = writeln!(out, "  !  {}", line.text);
            }
            Some(number) => {
                let changes: Vec<String> = line
                    .changes
                    .iter()
                    .map(|(ledger, by)| format!("{ledger} {}", signed(by)))
                    .collect();
                let text = format!(
                    "{number:>3}  {:<width$}  {:<8} {}",
                    line.text,
                    line.outcome,
                    changes.join("  ")
                );
                let _ = writeln!(out, "{}", text.trim_end());
            }
        }
    }
    for account in &found.accounts {
        let claims: Vec<String> = account
            .claims
            .iter()
            .map(|(ledger, recorded, live)| {
                let frozen = if live == recorded { "" } else { " (frozen)" };
                format!("{ledger} {}{frozen}", grouped(*recorded))
            })
            .collect();
        let of = if account.asset.is_empty() {
            String::new()
        } else {
            format!("   {}:", account.asset)
        };
        let _ = writeln!(
            out,
            "  account {}{of}   entitled {}   {}",
            account.name,
            grouped(account.entitled),
            claims.join("   ")
        );
    }
    if let Some(note) = &found.note {
        let _ = writeln!(out, "  note: {note}");
    }
    if !found.recovery.is_empty() {
        let _ = writeln!(out, "  recovery: {}", found.recovery);
    }
    if let Some(place) = &found.place {
        let _ = writeln!(out, "  at {place}");
    }
    let _ = writeln!(
        out,
        "help: {}. replay: sealift check --replay {}\n",
        found.help, found.id
    );
}

fn tail(out: &mut String, report: &Report) {
    let numbers = &report.explored;
    let fired: u64 = report.coverage.values().map(|sites| sites.fired).sum();
    let enumerated: u64 = report.coverage.values().map(|sites| sites.enumerated).sum();
    let _ = writeln!(
        out,
        "{}: {} states, {} scenarios, {fired} of {enumerated} fault sites fired, {} faults at once",
        report.verdict.name(),
        grouped(U256::from(numbers.states)),
        grouped(U256::from(numbers.scenarios)),
        report.faults,
    );
    let (nowhere, gaps): (Vec<&String>, Vec<&String>) =
        report.gaps.iter().partition(|gap| gap.ends_with(NO_SITE));
    for gap in gaps {
        let _ = writeln!(out, "  gap: {gap}");
    }
    if !nowhere.is_empty() {
        let names: Vec<&str> = nowhere
            .iter()
            .map(|gap| gap.trim_end_matches(NO_SITE))
            .collect();
        let _ = writeln!(out, "  no site in this migration: {}", names.join(", "));
    }
    for assumption in &report.assumptions {
        let _ = writeln!(out, "  assumes: {assumption}");
    }
}

/// The words of an answer as numbers, the first of them.
pub(super) fn numbers(answer: &[u8]) -> String {
    const MOST: usize = 8;
    let words = || answer.chunks_exact(32).map(U256::from_be_slice);
    let shown: Vec<String> = words().take(MOST).map(grouped).collect();
    let more = words().count().saturating_sub(MOST);
    let more = (more > 0).then(|| format!(", and {more} more words"));
    shown.join("; ") + &more.unwrap_or_default()
}

/// A number with a comma at every third digit.
pub(crate) fn grouped(number: U256) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A signed number with a comma at every third digit.
pub(super) fn signed(by: &str) -> String {
    by.split_at_checked(1)
        .and_then(|(sign, digits)| Some(format!("{sign}{}", grouped(digits.parse().ok()?))))
        .unwrap_or_else(|| by.to_owned())
}
