//! Value that is in nobody's reach, step by step.

use std::fmt::Write as _;

use alloy_primitives::U256;
use maud::{Markup, html as markup};

use super::{MAX_ROWS, Untrusted, more};
use crate::report::{Exposure, grouped};

/// Width and height of what is drawn, and the margin at the left and at the top.
const SIZE: (f64, f64) = (860.0, 160.0);
const MARGIN: (f64, f64) = (12.0, 26.0);

/// Assets of which a chart is drawn.
const MOST_CHARTS: usize = 8;

/// A chart for each asset of which there is any.
pub(super) fn charts(exposed: &[Exposure]) -> Markup {
    markup! {
        @if exposed.is_empty() {
            p { "Undisturbed, every account can move all that is due to it after every step." }
        }
        @for one in exposed.iter().take(MOST_CHARTS) {
            @if exposed.len() > 1 { h3 { (Untrusted(&one.asset)) } }
            (chart(&one.after))
        }
        @if let Some(more) = exposed.len().checked_sub(MOST_CHARTS + 1) {
            p { (more + 1) " more assets are in report.json." }
        }
    }
}

/// The chart, and the same as a table.
fn chart(exposed: &[U256]) -> Markup {
    let most = exposed
        .iter()
        .copied()
        .max()
        .unwrap_or_default()
        .max(U256::ONE);
    let (line, area) = outline(exposed, most);
    let peak = exposed
        .iter()
        .position(|value| *value == most)
        .unwrap_or_default();
    let last = exposed.len() - 1;
    let (width, height) = SIZE;
    let (left, top) = MARGIN;
    let about = format!(
        "At most {} units of entitlement, after step {peak} of {last}, undisturbed.",
        grouped(most)
    );
    markup! {
        p { (about) }
        div class="wide" {
            svg width=(width + 2.0 * left) height=(height + top + 28.0) role="img" aria-labelledby="exposed-title" {
                title id="exposed-title" { "Value out of reach by step. " (about) }
                path class="area" d=(area) {}
                path class="path" d=(line) {}
                line class="axis" x1=(left) x2=(left + width) y1=(top + height) y2=(top + height) {}
                text x=(left) y="16" class="faint" { "▲ " (grouped(most)) }
                text x=(left) y=(top + height + 20.0) class="faint" { "start" }
                text x=(left + width) y=(top + height + 20.0) class="faint" text-anchor="end" {
                    "after step " (last)
                }
            }
        }
        details {
            summary { "As a table" }
            table {
                thead { tr { th scope="col" { "After step" } th scope="col" class="number" { "Out of reach" } } }
                tbody { @for (step, value) in exposed.iter().take(MAX_ROWS).enumerate() { tr {
                    th scope="row" { @if step == 0 { "start" } @else { (step) } }
                    td class="number" { (grouped(*value)) }
                } } }
            }
            (more(exposed.len()))
        }
    }
}

/// The stairs: a value holds from one step until the next.
fn outline(exposed: &[U256], most: U256) -> (String, String) {
    let (width, height) = SIZE;
    let (left, top) = MARGIN;
    let pitch = width / exposed.len() as f64;
    let mut line = String::new();
    for (step, value) in exposed.iter().enumerate() {
        let y = top + height * (1.0 - share(*value, most));
        let x = left + pitch * step as f64;
        let start = if step == 0 { 'M' } else { 'L' };
        let _ = write!(line, "{start}{x:.1} {y:.1}H{:.1}", x + pitch);
    }
    let ground = top + height;
    let area = format!("{line}V{ground:.1}H{left:.1}Z");
    (line, area)
}

/// A part of the whole, in thousandths at least.
fn share(value: U256, most: U256) -> f64 {
    // The highest 53 bits decide what is seen.
    let shift = most.bit_len().saturating_sub(53);
    let narrow = |number: U256| (number >> shift).saturating_to::<u64>() as f64;
    narrow(value) / narrow(most)
}
