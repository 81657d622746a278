//! The report as a page: whole, alone, and safe to open whatever the chain says.

use alloy_primitives::{Address, U256};
use roxmltree::{Document, Node, ParsingOptions};
use sealift_check::report::{
    AccountLine, AccountName, Exposure, FindingReport, LedgerLine, Numbers, Report, SiteLine,
    StepLine, TraceLine, VERSION, html,
};
use sealift_check::verdict::Verdict;

use crate::checked::checked;

/// A report in which every text is this one.
fn report(text: &str, steps: usize) -> Report {
    let line = |number| TraceLine {
        number,
        text: text.to_owned(),
        outcome: text.to_owned(),
        changes: vec![
            (text.to_owned(), text.to_owned()),
            (text.to_owned(), "-1000".to_owned()),
        ],
        message: None,
    };
    let account = |live: u64| AccountLine {
        name: text.to_owned(),
        address: Address::ZERO,
        asset: text.to_owned(),
        entitled: U256::from(1_000),
        live: U256::from(live),
        claims: vec![(text.to_owned(), U256::from(live), U256::ZERO)],
    };
    Report {
        version: VERSION,
        verdict: Verdict::Lost,
        pass: false,
        faults: 1,
        shard: (0, 2),
        subject: text.to_owned(),
        steps: vec![
            StepLine {
                call: text.to_owned(),
                from: text.to_owned(),
                gas: 21_000,
                place: text.to_owned(),
            };
            steps
        ],
        ledgers: vec![LedgerLine {
            name: text.to_owned(),
            contract: Address::ZERO,
            side: text.to_owned(),
            asset: text.to_owned(),
            exit: text.to_owned(),
            rate: text.to_owned(),
            inferred: true,
        }],
        accounts: vec![AccountName {
            name: text.to_owned(),
            address: Address::ZERO,
            asset: text.to_owned(),
            entitled: U256::from(1_000),
        }],
        explored: Numbers::default(),
        coverage: [(
            text.to_owned(),
            SiteLine {
                enumerated: 2,
                fired: 1,
            },
        )]
        .into(),
        gaps: vec![text.to_owned()],
        assumptions: vec![text.to_owned()],
        exposed: vec![Exposure {
            asset: text.to_owned(),
            after: (0..=steps as u64)
                .map(|step| U256::MAX / U256::from(step + 1))
                .collect(),
        }],
        findings: vec![FindingReport {
            id: text.to_owned(),
            verdict: Verdict::Lost,
            faults: 1,
            steps: 2,
            cause: text.to_owned(),
            trace: vec![line(Some(1)), line(None)],
            accounts: vec![account(1_000), account(3_000), account(5)],
            recovery: text.to_owned(),
            place: Some(text.to_owned()),
            note: Some(text.to_owned()),
            help: text.to_owned(),
            replay: Default::default(),
        }],
    }
}

/// Parses a page; the elements are those that the page is made of, and nothing comes from elsewhere.
#[track_caller]
fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(page, options).unwrap();
    for element in document.descendants().filter(Node::is_element) {
        let name = element.tag_name().name();
        assert!(
            ![
                "script", "img", "iframe", "link", "object", "embed", "form", "base"
            ]
            .contains(&name),
            "{name}"
        );
        for attribute in element.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on") && name != "src", "{name}={value}");
            assert!(name != "href" || value.starts_with('#'), "{name}={value}");
            assert!(!value.contains("url(") && !value.contains("//"), "{value}");
        }
    }
    let style = document
        .descendants()
        .find(|node| node.has_tag_name("style"));
    let style = style.unwrap().text().unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    document
}

/// Links lead to what is there, and every heading cell says what it heads.
#[track_caller]
fn accessible(document: &Document<'_>) {
    let elements = || document.descendants().filter(Node::is_element);
    let ids: Vec<&str> = elements().filter_map(|node| node.attribute("id")).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(ids.len(), distinct.len(), "an id stands for one element");
    for element in elements() {
        if let Some(link) = element.attribute("href") {
            assert!(ids.contains(&&link[1..]), "{link}");
        }
        if let Some(label) = element.attribute("aria-labelledby") {
            assert!(ids.contains(&label), "{label}");
        }
        if element.has_tag_name("th") {
            assert!(element.attribute("scope").is_some());
        }
    }
}

#[test]
fn text_from_the_chain_stays_text() {
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onload='alert(1)",
        "</style><style>@import url(x)",
        "]]>&amp;<!--",
    ] {
        let page = html(&report(text, 3));
        assert!(
            !page.contains(text) || !text.contains(['<', '"', '&']),
            "{text}"
        );
        let document = parsed(&page);
        accessible(&document);
        let seen: String = document
            .descendants()
            .filter(Node::is_text)
            .filter_map(|node| node.text())
            .collect();
        assert!(seen.matches(text).count() >= 20, "{text} is shown as it is");
    }
}

/// Characters that turn text around or hide it are seen.
#[test]
fn text_that_hides_is_seen() {
    let page = html(&report("safe\u{202e}evil\u{200b}\u{0}\u{7}\u{ffff}", 3));
    parsed(&page);
    assert!(page.contains("safe\u{fffd}evil\u{fffd}\u{fffd}\u{fffd}\u{fffd}"));
    assert!(!page.contains('\u{202e}') && !page.contains('\0'));
}

/// Scripts of every length, none at all included.
#[test]
fn the_drawings_fit_every_script() {
    for steps in [0, 1, 3, 13, 14, 100, 5_000] {
        let page = html(&report("a", steps));
        let document = parsed(&page);
        let circles = document
            .descendants()
            .filter(|node| node.has_tag_name("circle"));
        assert!(circles.count() <= 15);
        assert!(!page.contains("NaN") && !page.contains("inf"), "{steps}");
        assert!(page.len() < 2_000_000, "{steps}: {}", page.len());
    }
}

/// A report of a real check has what a reader looks for.
#[test]
fn a_real_check() {
    let report = checked("broken/21-airdrop-answer-lost").report;
    let page = html(&report);
    accessible(&parsed(&page));
    assert!(!page.contains("http:") && !page.contains("https:"));
    for finding in &report.findings {
        assert!(page.contains(&format!("sealift check --replay {}", finding.id)));
        assert!(page.contains(finding.verdict.name()));
        assert!(page.contains(&finding.cause));
    }
    for name in report.coverage.keys() {
        assert!(page.contains(name));
    }
    if let Some(path) = std::env::var_os("SEALIFT_PAGE") {
        std::fs::write(path, page).unwrap();
    }
}
