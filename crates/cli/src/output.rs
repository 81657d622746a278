//! The one place that prints: results to stdout, prose to stderr.

use std::io::{self, IsTerminal, Write};

use clap::CommandFactory;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::args::Cli;
use crate::failure::Failure;

/// Version of the NDJSON lines.
const FORMAT: u32 = 1;

/// Where results and prose go. A reader that has gone away is nobody's error.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// With `--json`, the version line is the first thing on stdout.
    pub(crate) fn new(json: bool) -> Self {
        let this = Self { json };
        let version = env!("CARGO_PKG_VERSION");
        this.event(&json!({ "type": "version", "sealift": version, "format": FORMAT }));
        this
    }

    /// Whether results are NDJSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether prose reaches a person at a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// A bar that says how far something has come, where a person is at a terminal.
    pub(crate) fn bar(&self) -> Option<ProgressBar> {
        (self.is_terminal() && !self.json).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let plain = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
            bar.set_style(plain.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        })
    }

    /// One line of NDJSON; nothing without `--json`.
    pub(crate) fn event(&self, value: &Value) {
        if self.json {
            let mut out = io::stdout().lock();
            let _ = writeln!(out, "{value}").and_then(|()| out.flush());
        }
    }

    /// The result: `text` on stdout, or `value` with `--json`.
    pub(crate) fn result(&self, text: &str, value: &Value) {
        if self.json {
            self.event(value);
        } else {
            let mut out = io::stdout().lock();
            let _ = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
        }
    }

    /// A line of prose.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
    }

    /// An error: framed on a terminal, plain elsewhere, and one more line with `--json`.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.event(&json!({
            "type": "error",
            "code": failure.code(),
            "message": failure.to_string().lines().next(),
            "causes": failure.causes(),
            "at": failure.place(),
            "next": failure.next_step(),
            "exit": failure.exit(),
        }));
        let mut text = String::new();
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let framed = self.is_terminal() && {
            let theme = if colours {
                miette::GraphicalTheme::unicode()
            } else {
                miette::GraphicalTheme::unicode_nocolor()
            };
            miette::GraphicalReportHandler::new_themed(theme)
                .with_links(false)
                .render_report(&mut text, failure)
                .is_ok()
        };
        if !framed {
            text = failure.plain();
        }
        self.say(text.trim_end());
    }

    /// A completion script.
    pub(crate) fn completions(&self, shell: clap_complete::Shell) {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "sealift", &mut script);
        let _ = io::stdout().lock().write_all(&script);
    }
}
