//! `sealift status`: journal and chain, side by side; neither is touched.

use sealift_engine::chain::{At, Chain};
use sealift_engine::view::{self, Sight};
use sealift_journal::{Report, Sqlite, inspect};
use sealift_protocol::event::Phase;
use sealift_protocol::record::Record;
use sealift_protocol::state::Status;
use sealift_protocol::{Plan, State};
use serde_json::json;

use crate::args::Global;
use crate::commands::run::{journal_failure, looking};
use crate::connect;
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::times;
use crate::workdir::WorkDir;

/// Shows where the migration is.
pub(crate) fn run(global: &Global, output: &Output) -> Result<u8, Failure> {
    let (dir, chain, plan) = match looking(global) {
        Ok(found) => found,
        // The journal is here, whatever the node does.
        Err(failure) => {
            let dir = WorkDir::new(global.dir());
            let plan = dir.load_plan()?;
            if let Some((records, report)) = journal(&dir)? {
                let state = fold(&plan, &records)?;
                output.say(journal_text(Some(&report), state.as_ref()).trim_end());
            }
            return Err(failure);
        }
    };
    let journal = journal(&dir)?;
    let failed = |error| connect::chain_error(&chain.origin(), &error);
    let missing = || sealift_engine::chain::ChainError::Missing(At::Latest);
    let newest = chain
        .header(At::Latest)
        .map_err(failed)?
        .ok_or_else(missing)
        .map_err(failed)?;
    let sight = view::read(&chain, &plan, &newest).map_err(|error| {
        Failure::new(
            "sealift::contracts::unreadable",
            exit::NODE,
            "the contracts cannot be read",
        )
        .because(&error)
        .next("run the same command again")
    })?;
    let state = match &journal {
        Some((records, _)) => fold(&plan, records)?,
        None => None,
    };
    let text = format!(
        "{}{}",
        chain_text(&plan, &sight),
        journal_text(journal.as_ref().map(|(_, report)| report), state.as_ref()),
    );
    let lanes: Vec<_> = sight
        .view
        .lanes
        .iter()
        .zip(&sight.not_exclusive)
        .map(|(lane, reason)| {
            json!({
                "exclusive": lane.exclusive, "reason": reason, "settled": lane.settled,
                "generation": lane.generation, "cursor": lane.cursor, "declared": lane.declared,
                "supply": lane.supply.to_string(),
            })
        })
        .collect();
    let value = json!({
        "type": "status", "phase": sight.view.phase, "block": sight.view.at.number,
        "deployed": sight.view.deployed, "deadline_secs": sight.view.deadline_secs,
        "frozen_block": sight.view.frozen_block, "lanes": lanes,
        "journal": journal.as_ref().map(|(_, report)| json!({
            "records": report.count,
            "head": report.head.map(|head| head.hash),
            "writers": report.epochs.len(),
            "kinds": report.kinds,
            "interrupted_append": report.severed.is_some(),
        })),
        "outcome": state.as_ref().and_then(|state| state.outcome),
        "gas_total": state.as_ref().map(|state| state.gas_used),
        "pending": state.as_ref().map(|state| state.unsettled().count()),
    });
    output.result(&text, &value);
    Ok(exit::DONE)
}

/// The records, read without claiming the journal; `None` where there is none.
pub(crate) fn journal(dir: &WorkDir) -> Result<Option<(Vec<Record>, Report)>, Failure> {
    let path = dir.journal();
    if !path.exists() {
        return Ok(None);
    }
    let mut storage = Sqlite::open_read_only(&path).map_err(|error| {
        Failure::new(
            "sealift::journal::open",
            exit::UNEXPECTED,
            "the journal cannot be opened",
        )
        .because(&error)
        .at(&path, None)
        .next("check the disk and the permissions of the journal")
    })?;
    inspect(&mut storage)
        .map(Some)
        .map_err(|error| journal_failure(dir, &error))
}

/// The executor's state after these records; `None` where there are none.
pub(crate) fn fold(plan: &Plan, records: &[Record]) -> Result<Option<State>, Failure> {
    if records.is_empty() {
        return Ok(None);
    }
    let plan = std::sync::Arc::new(plan.clone());
    State::replay(plan, Default::default(), records)
        .map(Some)
        .map_err(|halt| {
            Failure::new("sealift::journal::other_binding", exit::STALE, halt)
                .next("put back the plan.json that this journal belongs to")
        })
}

fn chain_text(plan: &Plan, sight: &Sight) -> String {
    let view = &sight.view;
    let mut text = format!("phase    {} at block {}\n", view.phase, view.at.number);
    if !view.deployed {
        text += "         nothing is deployed yet\n";
    }
    if !view.phase.is_terminal() && view.phase != Phase::None {
        let left = view.deadline_secs.saturating_sub(view.timestamp);
        let until = times::show(view.deadline_secs);
        text += &match left {
            0 => format!("deadline {until}: passed, anybody may abort\n"),
            left => format!("deadline {until}, in {}\n", times::show_duration(left)),
        };
    }
    for (index, lane) in view.lanes.iter().enumerate() {
        let batches = plan.batches(index as u32, plan.lanes[index].snapshot.count);
        let control = match (lane.settled, lane.exclusive) {
            (_, true) => "exclusive".to_owned(),
            (true, false) => "returned or given up".to_owned(),
            (false, false) => match sight.not_exclusive[index].as_str() {
                "" => "with its owner".to_owned(),
                reason => format!("not exclusive ({reason})"),
            },
        };
        text += &format!("lane {index}   control of legacy {control}");
        if plan.lanes[index].source.is_staged() {
            text += &format!(
                ", {} of about {batches} batches staged in generation {}",
                lane.cursor, lane.generation
            );
        }
        text.push('\n');
    }
    text
}

fn journal_text(report: Option<&Report>, state: Option<&State>) -> String {
    let Some(report) = report else {
        return "journal  none\n".to_owned();
    };
    let mut text = format!(
        "journal  {} records by {} runs\n",
        report.count,
        report.epochs.len()
    );
    if let Some(state) = state {
        let count = |wanted: fn(&Status) -> bool| {
            state.txs.values().filter(|tx| wanted(&tx.status)).count()
        };
        text += &format!(
            "         {} transactions final, {} in a block, {} pending, {} gas used\n",
            count(|status| matches!(status, Status::Finalized { .. })),
            count(|status| matches!(status, Status::Included { .. })),
            count(|status| matches!(status, Status::Pending)),
            state.gas_used,
        );
        if state.aborting {
            text += "         the way back was asked for\n";
        }
        if let Some(outcome) = state.outcome {
            text += &format!("         ended: {outcome:?}\n");
        }
    }
    if report.severed.is_some() {
        text += "         the last append was interrupted; the next run removes it\n";
    }
    text
}
