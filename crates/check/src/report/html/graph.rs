//! The undisturbed path as a line of nodes, and where each finding leaves it.

use maud::{Markup, html as markup};

use super::finding::anchor;
use super::{Untrusted, sign};
use crate::report::{FindingReport, Report};

/// A path of so many nodes is drawn whole.
const WHOLE: usize = 14;
/// Between two nodes, and between two branches.
const PITCH: (usize, usize) = (72, 30);
/// Where the path begins.
const ORIGIN: (usize, usize) = (36, 44);
/// Of one letter, about.
const LETTER_WIDTH: usize = 8;

/// One node of the drawing: a state of the path, or several of them that nothing leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    first: usize,
    last: usize,
}

/// The drawing.
pub(super) fn graph(report: &Report) -> Markup {
    let steps = report.steps.len();
    let left_at: Vec<usize> = report
        .findings
        .iter()
        .map(|found| leaves_at(report, found))
        .collect();
    let spots = spots(steps, &left_at);
    let x_of = |state: usize| {
        let at = spots
            .iter()
            .position(|spot| (spot.first..=spot.last).contains(&state));
        ORIGIN.0 + at.unwrap_or_default() * PITCH.0
    };
    // From right to left, so that no branch crosses another one's name.
    let mut rows: Vec<usize> = (0..report.findings.len()).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(left_at[*row]));
    let label = |row: usize| {
        let found = &report.findings[row];
        let (symbol, _) = sign(found.verdict);
        format!("{symbol} {} by {}", found.verdict.name(), found.cause)
    };
    let end = ORIGIN.0 + (spots.len() - 1) * PITCH.0;
    let widest = rows
        .iter()
        .map(|row| x_of(left_at[*row]) + 48 + label(*row).chars().count().min(80) * LETTER_WIDTH);
    let width = widest.chain([end + PITCH.0]).max().unwrap_or_default();
    let height = ORIGIN.1 + 40 + rows.len() * PITCH.1;
    let y = ORIGIN.1;
    markup! {
        p class="faint" {
            "The line is the script without faults, a node for the state after each step. A dashed branch is where a \
             finding leaves it."
        }
        div class="wide" {
            svg width=(width) height=(height) role="img" aria-labelledby="graph-title" {
                title id="graph-title" {
                    "The script of " (steps) " steps, and where " (rows.len()) " findings leave it"
                }
                line class="path" x1=(ORIGIN.0) x2=(end) y1=(y) y2=(y) {}
                @for (place, row) in rows.iter().enumerate() {
                    (branch(&label(*row), &report.findings[*row], *row, x_of(left_at[*row]), place))
                }
                @for (index, spot) in spots.iter().enumerate() {
                    (node(*spot, ORIGIN.0 + index * PITCH.0, steps))
                }
            }
        }
    }
}

fn node(spot: Spot, x: usize, steps: usize) -> Markup {
    let (y, single) = (ORIGIN.1, spot.first == spot.last);
    let name = match (spot.first, spot.last) {
        (0, 0) => "start".to_owned(),
        (first, last) if first != last => format!("{first} to {last}"),
        (first, _) if first == steps => format!("{first}, end"),
        (first, _) => first.to_string(),
    };
    markup! {
        @if single { circle class="node" cx=(x) cy=(y) r="8" {} }
        @else { rect class="node" x=(x - 22) y=(y - 8) width="44" height="16" rx="8" {} }
        text class="faint" x=(x) y=(y - 18) text-anchor="middle" { (name) }
    }
}

fn branch(label: &str, found: &FindingReport, index: usize, x: usize, place: usize) -> Markup {
    let y = ORIGIN.1 + 34 + place * PITCH.1;
    let (_, class) = sign(found.verdict);
    let short: String = label.chars().take(80).collect();
    markup! {
        path class="branch" d=(format!("M{x} {}V{y}H{}", ORIGIN.1, x + 34)) {}
        a href=(format!("#{}", anchor(index))) {
            text class=(class) x=(x + 40) y=(y + 4) { (Untrusted(&short)) }
        }
    }
}

/// How many steps of the script stand at the start of a finding's trace as they are.
fn leaves_at(report: &Report, found: &FindingReport) -> usize {
    let undisturbed = found
        .trace
        .iter()
        .zip(&report.steps)
        .take_while(|(line, step)| {
            line.number.is_some() && line.outcome == "mined" && line.text == step.call
        });
    undisturbed.count()
}

/// The nodes: all of a short path; of a long one those that something leaves, the ends, and groups between them.
fn spots(steps: usize, left_at: &[usize]) -> Vec<Spot> {
    let stays =
        |state: usize| steps < WHOLE || state == 0 || state == steps || left_at.contains(&state);
    let mut spots: Vec<Spot> = Vec::new();
    for state in 0..=steps {
        match spots.last_mut() {
            Some(spot) if !stays(state) && !stays(spot.first) => spot.last = state,
            _ => spots.push(Spot {
                first: state,
                last: state,
            }),
        }
    }
    spots
}

#[cfg(test)]
mod tests {
    use super::{Spot, spots};

    #[track_caller]
    fn check(steps: usize, left_at: &[usize], expected: &[(usize, usize)]) {
        let found: Vec<(usize, usize)> = spots(steps, left_at)
            .into_iter()
            .map(|Spot { first, last }| (first, last))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_short_path_is_whole_and_a_long_one_is_grouped() {
        check(0, &[], &[(0, 0)]);
        check(3, &[2], &[(0, 0), (1, 1), (2, 2), (3, 3)]);
        check(100, &[], &[(0, 0), (1, 99), (100, 100)]);
        check(
            100,
            &[100, 7, 7, 8],
            &[(0, 0), (1, 6), (7, 7), (8, 8), (9, 99), (100, 100)],
        );
    }
}
