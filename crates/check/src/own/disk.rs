//! What a dead process leaves behind.

use sealift_journal::{Fault, Faulty, Frame, Memory, Storage};

use super::faults::Kind;

/// The fault of the medium that belongs to a kind, at this append of a life.
pub(super) fn fault(kind: Kind, append: u64) -> Fault {
    let torn = |whole, bytes| Fault::CrashTorn {
        append,
        whole,
        bytes: Some(bytes),
    };
    match kind {
        Kind::CrashBefore | Kind::StaleCopy | Kind::TailLost | Kind::Corrupt => {
            Fault::CrashBefore(append)
        }
        Kind::CrashAfter | Kind::JournalLost | Kind::ListLost | Kind::AskedToAbort => {
            Fault::CrashAfter(append)
        }
        Kind::TornRecord => torn(0, 7),
        Kind::TornGroup => torn(1, 3),
        Kind::WriteFails => Fault::FailBefore(append),
        Kind::SyncFails => Fault::FailAfter(append),
        Kind::DiskFull => Fault::Full(append),
        _ => Fault::None,
    }
}

/// The journal that the next life finds.
pub(super) fn after(kind: Kind, memory: &Memory, left: Faulty<Memory>) -> Memory {
    let frames = memory.frames();
    match kind {
        Kind::TornRecord | Kind::TornGroup => {
            let mut left = left.restart();
            let frames = left.read(0, usize::MAX).unwrap_or_default();
            let acknowledged = left.acknowledged().unwrap_or_default();
            Memory::from_parts(fence(memory), frames, acknowledged)
        }
        Kind::StaleCopy => {
            let old = without_last_group(&frames);
            let acknowledged = old.last().map(Frame::mark);
            Memory::from_parts(fence(memory), old, acknowledged)
        }
        Kind::TailLost => {
            let acknowledged = frames.last().map(Frame::mark);
            Memory::from_parts(fence(memory), without_last_group(&frames), acknowledged)
        }
        Kind::Corrupt => {
            let (mut frames, middle) = (frames.clone(), frames.len() / 2);
            let acknowledged = frames.last().map(Frame::mark);
            if let Some(byte) = frames
                .get_mut(middle)
                .and_then(|frame| frame.payload.first_mut())
            {
                *byte ^= 0x10;
            }
            Memory::from_parts(fence(memory), frames, acknowledged)
        }
        Kind::JournalLost => Memory::default(),
        _ => memory.clone(),
    }
}

/// The epoch that the medium is at.
fn fence(memory: &Memory) -> u64 {
    memory.clone().claim().unwrap_or_default()
}

/// All frames but those of the last append.
fn without_last_group(frames: &[Frame]) -> Vec<Frame> {
    let all_but_last = &frames[..frames.len().saturating_sub(1)];
    let kept = all_but_last.iter().rposition(|frame| frame.remaining == 0);
    frames[..kept.map_or(0, |at| at + 1)].to_vec()
}

/// Whether what is kept beside the journal is gone as well.
pub(super) fn loses_lists(kind: Kind) -> bool {
    matches!(kind, Kind::JournalLost | Kind::ListLost)
}
