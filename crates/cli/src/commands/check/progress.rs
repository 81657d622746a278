//! What a check tells while it goes: a bar on a terminal, a line every ten seconds elsewhere, NDJSON with `--json`.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde_json::Value;

use crate::output::Output;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Between two drawings of the bar, and two lines of NDJSON.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// Tells how far a check has come.
pub(super) struct Progress<'a> {
    output: &'a Output,
    bar: Option<ProgressBar>,
    started: Instant,
    drawn: Instant,
    told: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        let now = Instant::now();
        Self {
            output,
            bar: output.bar(),
            started: now,
            drawn: now,
            told: now,
        }
    }

    /// Time since it began.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells, if it is time to: `text` gets the seconds since it began.
    pub(super) fn tell(&mut self, text: impl FnOnce(f64) -> String, event: impl FnOnce() -> Value) {
        if self.drawn.elapsed() < DRAW_EVERY {
            return;
        }
        self.drawn = Instant::now();
        self.output.event(&event());
        let secs = self.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.set_message(text(secs));
            bar.tick();
        } else if self.told.elapsed() >= LINE_EVERY {
            self.told = self.drawn;
            self.output.say(text(secs));
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
