//! Where in the user's input an error is, and what an error tells besides its message.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use super::Place;

/// A range of bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file, and the line of the first byte.
    pub place: Place,
    /// Bytes of the file.
    pub span: Range<usize>,
}

impl Spot {
    /// The range `span` of `text`, which is what `file` holds.
    pub fn new(file: &Path, text: &str, span: Range<usize>) -> Self {
        let place = Place {
            file: file.to_owned(),
            line: line_of(text.as_bytes(), span.start),
        };
        Self { place, span }
    }
}

/// What an error of the input tells besides its message and its source.
pub trait Explain: Error {
    /// Stable name, such as `sealift::check::state`.
    fn code(&self) -> &'static str;

    /// Line from 1, where the error is at one.
    fn line(&self) -> Option<usize>;

    /// Bytes of the file to point at.
    fn span(&self) -> Option<Range<usize>>;

    /// What to write or do instead.
    fn next(&self) -> String;
}

/// The line, from 1, of the byte at `offset`.
pub(super) fn line_of(text: &[u8], offset: usize) -> usize {
    let before = &text[..offset.min(text.len())];
    memchr::memchr_iter(b'\n', before).count() + 1
}

/// The offset of a line and a column, both from 1 as serde_json counts them (column 0 is the end of
/// the line before).
pub(super) fn offset_of(text: &[u8], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].iter().position(|&byte| byte == b'\n') {
            Some(at) => start += at + 1,
            None => return text.len().saturating_sub(1),
        }
    }
    (start + column.saturating_sub(1)).min(text.len().saturating_sub(1))
}
