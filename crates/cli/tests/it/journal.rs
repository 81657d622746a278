//! A journal that is lost, and one that is damaged.

use crate::sandbox::Sandbox;

/// A staged migration that stopped half way.
fn half_way() -> Sandbox {
    let sandbox = Sandbox::new(40);
    sandbox.configure(
        "strategy = \"staged\"",
        "[limits]\nbatch_holders = 4\nwindow = 1\n",
    );
    sandbox.sealift(&["plan"]).ok();
    let said = sandbox.sealift(&["run", "--until", "batch:4"]);
    assert_eq!(said.code, 130, "{said:#?}");
    sandbox
}

fn journal_files(sandbox: &Sandbox) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(sandbox.dir())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.to_string_lossy().contains("journal.sqlite"))
        .collect()
}

#[test]
fn a_lost_journal_is_survived() {
    let sandbox = half_way();
    for path in journal_files(&sandbox) {
        std::fs::remove_file(path).unwrap();
    }
    let said = sandbox.sealift(&["run"]).ok();
    let recovered = said
        .events()
        .into_iter()
        .find(|event| event["type"] == "recovered");
    assert_eq!(recovered.unwrap()["phase"], "FROZEN");
    let staged: Vec<u64> = said
        .events()
        .iter()
        .filter(|event| event["record"] == "bound")
        .filter_map(|event| event["batch"].as_u64())
        .collect();
    assert!(
        !staged.is_empty() && staged.iter().all(|batch| *batch >= 4),
        "{staged:?}"
    );
    assert_eq!(sandbox.sealift(&["verify"]).ok().last()["mismatches"], 0);
}

#[test]
fn a_damaged_journal_halts_and_names_the_record() {
    let sandbox = half_way();
    // One byte of a record in the middle, through the database, so that it is the record that is
    // damaged and not the file around it.
    let database = rusqlite::Connection::open(sandbox.file("journal.sqlite")).unwrap();
    let name: String = database
        .query_row(
            "select name from sqlite_master where type = 'table' and sql like '%payload%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let changed = database
        .execute(
            &format!(
                "update {name} set payload = cast(substr(payload, 1, length(payload) - 1) || x'5a' \
                 as blob) where sequence = 9"
            ),
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    drop(database);
    let said = sandbox.sealift(&["run"]);
    assert_eq!(said.error(1), "sealift::journal::damaged");
    assert!(said.stderr.contains("record 9"), "{}", said.stderr);
    assert_eq!(
        sandbox.sealift(&["status"]).error(1),
        "sealift::journal::damaged"
    );
}
