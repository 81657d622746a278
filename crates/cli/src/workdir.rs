//! The files of a migration's directory.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sealift_engine::contracts;
use sealift_manifest::csv::CsvError;
use sealift_manifest::holders::Holders;
use sealift_manifest::{canonical, csv, parquet};
use sealift_protocol::Plan;

use crate::failure::{self, Failure, exit};

/// A larger plan is none.
const MAX_PLAN_BYTES: u64 = 16 << 20;

/// The directory of one migration.
#[derive(Clone, Debug)]
pub(crate) struct WorkDir {
    path: PathBuf,
}

impl WorkDir {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn plan(&self) -> PathBuf {
        self.path.join("plan.json")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.path.join("journal.sqlite")
    }

    pub(crate) fn snapshot(&self, lane: usize) -> PathBuf {
        self.path.join(format!("holders-{lane}.parquet"))
    }

    /// What rehearsals have read of the real chain.
    pub(crate) fn rehearsal_state(&self) -> PathBuf {
        self.path.join("rehearsal-state.json")
    }

    /// The list of a lane as of the block of the rehearsals.
    pub(crate) fn rehearsal_list(&self, lane: usize) -> PathBuf {
        self.path.join(format!("rehearsal-holders-{lane}.parquet"))
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let written = File::create(&part)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&part, path));
        written.map_err(|error| failure::io(path, "write", &error))
    }

    /// Keeps the normalised snapshot of a lane.
    pub(crate) fn write_snapshot(&self, lane: usize, holders: &Holders) -> Result<(), Failure> {
        self.write_list(&self.snapshot(lane), holders)
    }

    /// Writes a list, whole or not at all.
    pub(crate) fn write_list(&self, path: &Path, holders: &Holders) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        parquet::write(holders, &mut bytes).map_err(|error| {
            Failure::new(
                "sealift::file::parquet",
                exit::UNEXPECTED,
                "the list cannot be written",
            )
            .because(&error)
            .at(path, None)
        })?;
        self.write(path, &bytes)
    }

    /// The plan, refused unless it is canonical and of this program's contracts.
    pub(crate) fn load_plan(&self) -> Result<Plan, Failure> {
        let path = self.plan();
        let open = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::new(
                "sealift::plan::missing",
                exit::USAGE,
                "there is no plan here",
            )
            .at(&path, None)
            .next("run `sealift plan`, or pass --dir"),
            _ => failure::io(&path, "read", &error),
        })?;
        let mut bytes = Vec::new();
        open.take(MAX_PLAN_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| failure::io(&path, "read", &error))?;
        let refuse = |code, message: &str| {
            Failure::new(code, exit::STALE, message.to_owned())
                .at(&path, None)
                .next("a plan is never edited: run `sealift plan` again")
        };
        let plan: Plan = serde_json::from_slice(&bytes)
            .map_err(|error| refuse("sealift::plan::syntax", "it is not a plan").because(&error))?;
        if plan.version != 1 {
            return Err(refuse(
                "sealift::plan::version",
                "it is of another version of sealift",
            ));
        }
        if canonical::to_canonical(&plan).ok().as_deref() != Some(bytes.trim_ascii_end()) {
            return Err(refuse(
                "sealift::plan::changed",
                "it is not the canonical JSON that `sealift plan` wrote: it was edited",
            ));
        }
        if !contracts::addresses_match(&plan) {
            return Err(refuse(
                "sealift::plan::other_contracts",
                "its addresses are not those of this program's contracts",
            ));
        }
        Ok(plan)
    }

    /// The snapshots that the plan was made from, each held against its digest.
    pub(crate) fn load_snapshots(&self, plan: &Plan) -> Result<Vec<Holders>, Failure> {
        let lanes = plan.lanes.iter().enumerate();
        lanes
            .map(|(index, lane)| {
                let path = self.snapshot(index);
                let holders = read_parquet(&path)?;
                if holders.digest() != lane.snapshot.digest {
                    let message = "it is not the list that the plan was made from";
                    return Err(
                        Failure::new("sealift::plan::other_list", exit::STALE, message)
                            .at(&path, None)
                            .next("put the original file back, or run `sealift plan` again"),
                    );
                }
                Ok(holders)
            })
            .collect()
    }
}

/// A holder list in a file: Parquet, CSV, or CSV packed with zstd, told by its name.
pub(crate) fn read_holders(path: &Path) -> Result<Holders, Failure> {
    let name = path.to_string_lossy();
    if name.ends_with(".parquet") {
        return read_parquet(path);
    }
    let file = open_list(path)?;
    let read = if name.ends_with(".zst") {
        let unpacked = zstd::stream::read::Decoder::new(file)
            .map_err(|error| failure::io(path, "unpack", &error))?;
        csv::read(unpacked)
    } else {
        csv::read(file)
    };
    read.map_err(|error| csv_failure(path, &error))
}

fn open_list(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| {
        Failure::new(
            "sealift::holders::missing",
            exit::USAGE,
            "the holder list cannot be read",
        )
        .because(&error)
        .at(path, None)
        .next("set `holders` of the lane in sealift.toml, or pass --holders-file")
    })
}

fn read_parquet(path: &Path) -> Result<Holders, Failure> {
    parquet::read(open_list(path)?).map_err(|error| {
        Failure::new(
            "sealift::parquet::invalid",
            exit::USAGE,
            "it is not a holder list",
        )
        .because(&error)
        .at(path, None)
        .next("write two columns, holder FIXED_LEN_BYTE_ARRAY(20) and balance (32), ascending")
    })
}

fn csv_failure(path: &Path, error: &CsvError) -> Failure {
    let (code, next) = match error {
        CsvError::MissingHeader { .. } => (
            "sealift::csv::header",
            "write `holder,balance` as the first line",
        ),
        CsvError::Columns { .. } => (
            "sealift::csv::columns",
            "write `holder,balance` on this line",
        ),
        CsvError::BadAddress { .. } => ("sealift::csv::address", "write 0x and 40 hex digits"),
        CsvError::BadChecksum { .. } => (
            "sealift::csv::checksum",
            "find out which address is meant before anything is sent",
        ),
        CsvError::BadAmount { .. } => {
            ("sealift::csv::amount", "write base units as decimal digits")
        }
        CsvError::ZeroBalance { .. } => ("sealift::csv::zero", "remove the line"),
        CsvError::Duplicate { .. } => (
            "sealift::csv::duplicate",
            "leave one line with the whole balance",
        ),
        CsvError::SumOverflow { .. } => ("sealift::csv::sum_overflow", "correct the balance"),
        CsvError::TooManyRows { .. } => ("sealift::csv::too_many", "split the list"),
        CsvError::LineTooLong { .. } => (
            "sealift::csv::line_too_long",
            "check that it is a text file",
        ),
        CsvError::Empty => ("sealift::csv::empty", "list at least one holder"),
        CsvError::Read { .. } => ("sealift::csv::read", "check the file and the disk"),
    };
    Failure::new(code, exit::USAGE, error)
        .because(error)
        .at(path, Some(error.line()))
        .next(format!("{next}, then run the same command again"))
}
