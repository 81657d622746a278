//! `sealift init`: a commented configuration.

use std::io::{ErrorKind, Write};

use serde_json::json;

use crate::args::{Global, InitOptions};
use crate::config;
use crate::failure::{self, Failure, exit};
use crate::output::Output;

/// Every field, with what it means.
pub(crate) const TEMPLATE: &str = include_str!("../sealift.toml.template");

/// Writes the file, and never over another one.
pub(crate) fn run(global: &Global, options: &InitOptions, output: &Output) -> Result<u8, Failure> {
    let dir = global.dir();
    std::fs::create_dir_all(&dir).map_err(|error| failure::io(&dir, "create", &error))?;
    let path = dir.join(config::FILE_NAME);
    let legacy = options.legacy.unwrap_or_default();
    let text = TEMPLATE.replace("{legacy}", &legacy.to_string());
    let mut file = std::fs::File::create_new(&path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::new("sealift::init::exists", exit::USAGE, "it is there already")
                .at(&path, None)
                .next("edit it, or pass --dir with another directory")
        }
        _ => failure::io(&path, "create", &error),
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| failure::io(&path, "write", &error))?;
    let shown = path.display();
    output.result(
        &format!("wrote {shown}\nnext: edit it, then `sealift plan`"),
        &json!({ "type": "init", "path": shown.to_string() }),
    );
    Ok(exit::DONE)
}
