//! An error as a user sees it: a code, the causes, the place in a file, and what to type next.

use std::error::Error;
use std::fmt;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// Exit codes (DESIGN: commands).
pub(crate) mod exit {
    pub(crate) const DONE: u8 = 0;
    pub(crate) const UNEXPECTED: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const COUNTEREXAMPLE: u8 = 20;
    pub(crate) const MISMATCH: u8 = 21;
    pub(crate) const STALE: u8 = 22;
    pub(crate) const PAUSED: u8 = 30;
    pub(crate) const ROLLED_BACK: u8 = 31;
    pub(crate) const NODE: u8 = 40;
    pub(crate) const LOCKED: u8 = 50;
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: &'static str,
    message: String,
    causes: Vec<String>,
    place: Option<String>,
    source: Option<NamedSource<String>>,
    span: Option<(usize, usize)>,
    next: Option<String>,
    exit: u8,
}

impl Failure {
    /// An error with its code, for example `sealift::csv::duplicate`.
    pub(crate) fn new(code: &'static str, exit: u8, message: impl fmt::Display) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.to_string(),
            causes: Vec::new(),
            place: None,
            source: None,
            span: None,
            next: None,
            exit,
        }))
    }

    /// Adds an error and what it was caused by.
    pub(crate) fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Transparent errors repeat what they carry.
            if self.0.message != text && self.0.causes.last() != Some(&text) {
                self.0.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    /// Adds the file, and the line where there is one.
    pub(crate) fn at(mut self, file: &Path, line: Option<u64>) -> Self {
        let file = file.display();
        self.0.place = Some(match line {
            Some(line) => format!("{file}:{line}"),
            None => file.to_string(),
        });
        self
    }

    /// Adds the place in a text file by byte range. The text is shown, so it holds no secret.
    pub(crate) fn within(mut self, file: &Path, text: &str, start: usize, length: usize) -> Self {
        let before = &text[..text.floor_char_boundary(start.min(text.len()))];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let name = file.display().to_string();
        self.0.place = Some(format!("{name}:{line}:{column}"));
        self.0.source = Some(NamedSource::new(name, text.to_owned()));
        self.0.span = Some((start, length));
        self
    }

    /// Adds the next thing to type or do.
    pub(crate) fn next(mut self, next: impl fmt::Display) -> Self {
        self.0.next = Some(next.to_string());
        self
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    pub(crate) fn exit(&self) -> u8 {
        self.0.exit
    }

    pub(crate) fn causes(&self) -> &[String] {
        &self.0.causes
    }

    pub(crate) fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    pub(crate) fn next_step(&self) -> Option<&str> {
        self.0.next.as_deref()
    }

    /// Without colours and frames, for logs and pipes.
    pub(crate) fn plain(&self) -> String {
        let Inner {
            code,
            message,
            causes,
            place,
            next,
            ..
        } = &*self.0;
        let mut text = format!("error[{code}]: {message}\n");
        for cause in causes {
            text += &format!("  because: {cause}\n");
        }
        if let Some(place) = place {
            text += &format!("  at: {place}\n");
        }
        if let Some(next) = next {
            text += &format!("  next: {next}\n");
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for cause in &self.0.causes {
            write!(f, "\nbecause: {cause}")?;
        }
        if let (Some(place), None) = (&self.0.place, &self.0.source) {
            write!(f, "\nat: {place}")?;
        }
        Ok(())
    }
}

impl Error for Failure {}

impl Diagnostic for Failure {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.0.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0
            .next
            .as_ref()
            .map(|next| Box::new(next) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0
            .source
            .as_ref()
            .map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (start, length) = self.0.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new(
            Some("here".into()),
            start,
            length,
        ))))
    }
}

/// An error of the file system.
pub(crate) fn io(path: &Path, doing: &str, error: &std::io::Error) -> Failure {
    Failure::new(
        "sealift::file::io",
        exit::UNEXPECTED,
        format!("cannot {doing} {}", path.display()),
    )
    .because(error)
    .next(format!(
        "check that {} exists, is yours and has room",
        path.display()
    ))
}
