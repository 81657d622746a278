//! Joining the reports of shards.

use super::{Report, SiteLine};
use crate::verdict::Verdict;

/// Why reports cannot be joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("there is no report to join")]
    Nothing,
    /// They are of different checks.
    #[error(
        "report {index} is of another check: its state, script, declaration, faults or version differ"
    )]
    Different {
        /// Which, from 1.
        index: usize,
    },
    /// A shard is missing or there twice.
    #[error("shard {shard} of {of} is there {times} times")]
    Shard {
        /// Which, from 0.
        shard: u32,
        /// Of how many.
        of: u32,
        /// How often.
        times: usize,
    },
}

/// Joins the reports of all shards of one check into the report of the whole.
pub fn merge(reports: &[Report]) -> Result<Report, MergeError> {
    let first = reports.first().ok_or(MergeError::Nothing)?;
    let of = first.shard.1;
    for (index, other) in reports.iter().enumerate() {
        let same = other.version == first.version
            && other.subject == first.subject
            && other.faults == first.faults
            && other.shard.1 == of;
        if !same {
            return Err(MergeError::Different { index: index + 1 });
        }
    }
    for shard in 0..of {
        let times = reports
            .iter()
            .filter(|report| report.shard.0 == shard)
            .count();
        if times != 1 {
            return Err(MergeError::Shard { shard, of, times });
        }
    }
    let mut whole = first.clone();
    whole.shard = (0, 1);
    for other in &reports[1..] {
        for (name, sites) in &other.coverage {
            let own = whole
                .coverage
                .entry(name.clone())
                .or_insert_with(SiteLine::default);
            own.enumerated += sites.enumerated;
            own.fired += sites.fired;
        }
        for finding in &other.findings {
            let known = whole
                .findings
                .iter_mut()
                .find(|known| known.verdict == finding.verdict && known.cause == finding.cause);
            match known {
                Some(known) if (finding.faults, finding.steps) < (known.faults, known.steps) => {
                    *known = finding.clone()
                }
                Some(_) => {}
                None => whole.findings.push(finding.clone()),
            }
        }
        // States that several shards met are counted by each: this is work done, not distinct states.
        whole.explored.states += other.explored.states;
        whole.explored.bad += other.explored.bad;
        whole.explored.edges += other.explored.edges;
        whole.explored.scenarios += other.explored.scenarios;
        whole.explored.executed += other.explored.executed;
        whole.gaps.retain(|gap| other.gaps.contains(gap));
        for assumption in &other.assumptions {
            if !whole.assumptions.contains(assumption) {
                whole.assumptions.push(assumption.clone());
            }
        }
    }
    let fired = |name: &str| {
        whole
            .coverage
            .get(name)
            .is_some_and(|sites| sites.fired > 0)
    };
    whole
        .gaps
        .retain(|gap| !gap.split(':').next().is_some_and(&fired));
    whole.findings.sort_by_key(|found| {
        (
            !found.verdict.is_hard(),
            found.faults,
            found.steps,
            found.verdict,
        )
    });
    whole.verdict = whole
        .findings
        .first()
        .map_or(Verdict::Safe, |finding| finding.verdict);
    whole.pass = reports.iter().all(|report| report.pass) && whole.verdict == Verdict::Safe;
    Ok(whole)
}
