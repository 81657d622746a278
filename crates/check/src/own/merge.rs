//! The parts of one check, joined.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use alloy_primitives::{B256, Keccak256};

use super::OwnRequest;
use super::faults::Kind;
use super::report::{OwnFinding, OwnReport};
use crate::verdict::Verdict;

/// Why reports cannot be joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnMergeError {
    /// There is none.
    #[error("there is no report")]
    None,
    /// Not of the same check, or not of the same version.
    #[error(
        "part {0} is of another plan, of other options, or of another version than the first report"
    )]
    Other(u32),
    /// Divided in another way.
    #[error("one report is of {0} parts and another of {1}")]
    Division(u32, u32),
    /// A part twice.
    #[error("part {0} is given twice")]
    Twice(u32),
    /// A part is missing.
    #[error("part {0} of {1} is missing")]
    Missing(u32, u32),
}

/// What is asked for, all but the part, the threads and the place for files; with the version of the program.
pub(super) fn digest(request: &OwnRequest) -> B256 {
    let mut sink = Sink(Keccak256::new());
    let plan = request.plan.digest();
    let lists: Vec<B256> = request.lists.iter().map(|list| list.digest()).collect();
    let OwnRequest {
        scene,
        policy,
        holders,
        batches,
        finality_depth,
        block_secs,
        faults,
        every,
        kinds,
        whole,
        random,
        hostile,
        budget,
        ..
    } = request;
    let world = (plan, lists, scene, policy, holders, batches);
    let chain = (finality_depth, block_secs);
    let wanted = (faults, every, kinds, whole, random, hostile, budget);
    let version = env!("CARGO_PKG_VERSION");
    // A hash takes whatever it is given.
    let _ = write!(sink, "{version} {world:?} {chain:?} {wanted:?}");
    sink.0.finalize()
}

struct Sink(Keccak256);

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// Joins the reports of all parts of one check: coverage, findings and a verdict for the whole.
pub fn merge(parts: &[OwnReport]) -> Result<OwnReport, OwnMergeError> {
    let first = parts.first().ok_or(OwnMergeError::None)?;
    let of = first.shard.1;
    let mut seen = vec![false; of as usize];
    for part in parts {
        let (index, division) = part.shard;
        if division != of {
            return Err(OwnMergeError::Division(of, division));
        }
        if (part.version, part.request, part.firsts) != (first.version, first.request, first.firsts)
        {
            return Err(OwnMergeError::Other(index + 1));
        }
        match seen.get_mut(index as usize) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(OwnMergeError::Twice(index + 1)),
            None => return Err(OwnMergeError::Other(index + 1)),
        }
    }
    if let Some(missing) = (1..).zip(&seen).find(|(_, seen)| !**seen) {
        return Err(OwnMergeError::Missing(missing.0, of));
    }
    let mut whole = OwnReport {
        shard: (0, 1),
        ..first.clone()
    };
    for part in parts.iter().filter(|part| part.shard != first.shard) {
        add(&mut whole, part);
    }
    for coverage in whole.coverage.values_mut() {
        coverage.unfired.sort();
    }
    settle(&mut whole);
    Ok(whole)
}

fn add(whole: &mut OwnReport, part: &OwnReport) {
    whole.scenarios += part.scenarios;
    whole.out_of_budget += part.out_of_budget;
    whole.most_starts = whole.most_starts.max(part.most_starts);
    for (faults, level) in &part.levels {
        let sum = whole.levels.entry(*faults).or_default();
        sum.scenarios += level.scenarios;
        sum.fired += level.fired;
        sum.done += level.done;
        sum.rolled_back += level.rolled_back;
    }
    for (name, coverage) in &part.coverage {
        let sum = whole.coverage.entry(name.clone()).or_default();
        sum.enumerated += coverage.enumerated;
        sum.fired += coverage.fired;
        sum.unfired.extend(coverage.unfired.iter().cloned());
    }
    for (action, times) in &part.actions {
        *whole.actions.entry(action.clone()).or_default() += times;
    }
    whole.findings.extend(part.findings.iter().cloned());
}

/// Puts the findings in order, one of each verdict and kinds of faults, and draws the conclusion.
pub(super) fn settle(report: &mut OwnReport) {
    report
        .findings
        .sort_by_key(|finding| (finding.faults.len(), finding.faults.clone()));
    let mut known: BTreeMap<(Verdict, Vec<Kind>), usize> = BTreeMap::new();
    let mut findings: Vec<OwnFinding> = Vec::new();
    for finding in report.findings.drain(..) {
        let kinds = finding.faults.iter().map(|fault| fault.kind).collect();
        let at = *known
            .entry((finding.verdict, kinds))
            .or_insert(findings.len());
        match findings.get_mut(at) {
            Some(known) => known.times += finding.times,
            None => findings.push(finding),
        }
    }
    report.findings = findings;
    let worst = report.findings.iter().map(|finding| finding.verdict).min();
    let mut coverage = report.coverage.values();
    report.verdict = match worst {
        Some(worst) => worst,
        None if report.out_of_budget > 0 => Verdict::Unknown,
        None if coverage.any(|sites| !sites.unfired.is_empty()) => Verdict::Vacuous,
        None => Verdict::Safe,
    };
}
