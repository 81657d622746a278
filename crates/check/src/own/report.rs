//! What a check came to, for people and for programs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::OwnRequest;
use super::faults::{self, Fault, Kind};
use super::lives::Story;
use super::measure::Worst;
use super::merge;
use crate::verdict::Verdict;

/// What came of all scenarios.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnReport {
    /// Format version, now 1.
    pub version: u32,
    /// SAFE only where every site fired, nothing was left out and everything ended well.
    pub verdict: Verdict,
    /// Digest of the plan that was checked.
    pub plan: B256,
    /// Digest of all that was asked for but the part, and of the version: the parts of one check have the same.
    pub request: B256,
    /// Whether legacy is a stand-in.
    pub stand_in: bool,
    /// This part of the scenarios, of so many.
    pub shard: (u32, u32),
    /// The seed of the lists by chance, where there are any.
    pub seed: Option<u64>,
    /// Scenarios that were played.
    pub scenarios: u64,
    /// Scenarios that were not played.
    pub out_of_budget: u64,
    /// First faults of pairs, and how many of them stand for all.
    #[serde(default)]
    pub firsts: (u64, u64),
    /// Scenarios by number of faults.
    pub levels: BTreeMap<u8, Level>,
    /// Single faults: how many sites there are and how many fired, by `family.name`.
    pub coverage: BTreeMap<String, Coverage>,
    /// How often what the program tells people to do was needed.
    pub actions: BTreeMap<String, u64>,
    /// The most starts that a scenario needed.
    pub most_starts: u64,
    /// What did not end well: the first of each verdict and kinds of faults.
    pub findings: Vec<OwnFinding>,
}

/// Scenarios with the same number of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// How many.
    pub scenarios: u64,
    /// In how many of them every fault fired.
    pub fired: u64,
    /// How many ended in COMMITTED.
    pub done: u64,
    /// How many ended with everything as it was.
    pub rolled_back: u64,
}

/// The sites of one kind of fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Sites that an undisturbed run has.
    pub enumerated: u64,
    /// Sites at which the fault fired.
    pub fired: u64,
    /// Those at which it did not.
    pub unfired: Vec<String>,
}

/// A scenario that did not end well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFinding {
    /// Its name, for a replay.
    pub id: String,
    /// What it is.
    pub verdict: Verdict,
    /// The faults.
    pub faults: Vec<Fault>,
    /// Which of them fired.
    pub fired: Vec<bool>,
    /// What is wrong, an entry each.
    pub wrong: Vec<String>,
    /// How each start of the executor ended.
    pub starts: Vec<String>,
    /// What was done that starting again does not do by itself.
    pub actions: Vec<String>,
    /// How many scenarios came to the same with faults of the same kinds.
    pub times: u64,
}

impl OwnFinding {
    pub(super) fn new(faults: &[Fault], story: &Story) -> Self {
        Self {
            id: faults::id(faults),
            verdict: story.judgement.verdict,
            faults: faults.to_vec(),
            fired: story.fired.clone(),
            wrong: story.judgement.wrong.clone(),
            starts: story.lives.clone(),
            actions: story.actions.iter().map(ToString::to_string).collect(),
            times: 1,
        }
    }
}

/// Collects stories in the order of their scenarios.
pub(super) struct Collector<'a> {
    each: Option<&'a mut dyn FnMut(OwnFinding)>,
    report: OwnReport,
    bad: u64,
    pub(super) worst: Worst,
    known: BTreeMap<(Verdict, Vec<Kind>), usize>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        request: &OwnRequest,
        out_of_budget: u64,
        each: Option<&'a mut dyn FnMut(OwnFinding)>,
    ) -> Self {
        Self {
            each,
            report: OwnReport {
                version: 1,
                verdict: Verdict::Safe,
                plan: request.plan.digest(),
                request: merge::digest(request),
                stand_in: request.scene.is_none(),
                shard: request.shard,
                seed: request.random.map(|(seed, _)| seed),
                scenarios: 0,
                out_of_budget,
                firsts: (0, 0),
                levels: BTreeMap::new(),
                coverage: BTreeMap::new(),
                actions: BTreeMap::new(),
                most_starts: 0,
                findings: Vec::new(),
            },
            bad: 0,
            worst: Worst::default(),
            known: BTreeMap::new(),
        }
    }

    /// Scenarios that did not end well.
    pub(super) fn bad(&self) -> u64 {
        self.bad
    }

    /// Notes of how many first faults how many are played on from.
    pub(super) fn firsts(&mut self, all: u64, played: u64) {
        self.report.firsts = (all, played);
    }

    pub(super) fn take(&mut self, faults: &[Fault], story: &Story) {
        use sealift_protocol::Outcome;
        if let Some(each) = &mut self.each {
            each(OwnFinding::new(faults, story));
        }
        let report = &mut self.report;
        report.scenarios += 1;
        self.worst.take(faults, &story.measure);
        let all_fired = story.fired.iter().all(|fired| *fired);
        let level = report.levels.entry(faults.len() as u8).or_default();
        level.scenarios += 1;
        level.fired += u64::from(all_fired);
        level.done += u64::from(story.ended == Some(Outcome::Done));
        level.rolled_back += u64::from(story.ended == Some(Outcome::RolledBack));
        report.most_starts = report.most_starts.max(story.lives.len() as u64);
        for action in &story.actions {
            *report.actions.entry((*action).to_owned()).or_default() += 1;
        }
        if let [fault] = faults {
            let name = fault.kind.name().to_owned();
            let coverage = report.coverage.entry(name).or_default();
            coverage.enumerated += 1;
            coverage.fired += u64::from(all_fired);
            if !all_fired {
                coverage.unfired.push(fault.to_string());
            }
        }
        let verdict = story.judgement.verdict;
        if verdict == Verdict::Safe {
            return;
        }
        self.bad += 1;
        let kinds = faults.iter().map(|fault| fault.kind).collect();
        match self.known.entry((verdict, kinds)) {
            Entry::Occupied(entry) => {
                let known = &mut report.findings[*entry.get()];
                let times = known.times + 1;
                // The first in the order of the report stands for all, whoever came first.
                if *faults < *known.faults {
                    *known = OwnFinding::new(faults, story);
                }
                known.times = times;
            }
            Entry::Vacant(entry) => {
                entry.insert(report.findings.len());
                report.findings.push(OwnFinding::new(faults, story));
            }
        }
    }

    /// The whole.
    pub(super) fn report(mut self) -> OwnReport {
        for coverage in self.report.coverage.values_mut() {
            coverage.unfired.sort();
        }
        merge::settle(&mut self.report);
        self.report
    }
}
