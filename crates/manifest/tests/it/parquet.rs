use std::sync::Arc;

use alloy_primitives::{U256, bytes::Bytes};
use insta::assert_snapshot;
use parquet::{
    basic::{Compression, Encoding},
    data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType},
    file::{
        properties::WriterProperties,
        reader::{FileReader, SerializedFileReader},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};
use proptest::prelude::*;
use sealift_manifest::{
    holders::{Holder, Holders},
    parquet::{read, write},
};

use crate::{account_of, any_holders, holder, holders, many};

const SCHEMA: &str = "message m {
    required fixed_len_byte_array(20) holder;
    required fixed_len_byte_array(32) balance;
}";

fn written(list: &Holders) -> Bytes {
    let mut file = Vec::new();
    write(list, &mut file).unwrap();
    file.into()
}

/// A file of another writer: row groups of its own, dictionaries, no compression.
fn foreign(schema: &str, groups: &[&[Holder]]) -> Bytes {
    let mut file = Vec::new();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(true)
        .build();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).unwrap();
    for rows in groups {
        let mut group = writer.next_row_group().unwrap();
        let columns = [
            rows.iter()
                .map(|row| row.account.to_vec())
                .collect::<Vec<_>>(),
            rows.iter()
                .map(|row| row.balance.to_be_bytes_vec())
                .collect(),
        ];
        for column in columns {
            let values: Vec<FixedLenByteArray> = column
                .into_iter()
                .map(|value| ByteArray::from(value).into())
                .collect();
            let mut writer = group.next_column().unwrap().unwrap();
            writer
                .typed::<FixedLenByteArrayType>()
                .write_batch(&values, None, None)
                .unwrap();
            writer.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    file.into()
}

/// A file without rows.
fn empty(schema: &str) -> Bytes {
    let mut file = Vec::new();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    SerializedFileWriter::new(&mut file, schema, Arc::default())
        .unwrap()
        .close()
        .unwrap();
    file.into()
}

#[track_caller]
fn refusal(file: Bytes) -> String {
    let error = read(file).unwrap_err();
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

#[test]
fn the_file_is_as_documented() {
    let file = written(&holders([(1, 5), (2, 6)]));
    let reader = SerializedFileReader::new(file).unwrap();
    let metadata = reader.metadata();
    let mut schema = Vec::new();
    parquet::schema::printer::print_schema(&mut schema, metadata.file_metadata().schema());
    assert_snapshot!(String::from_utf8(schema).unwrap(), @r"
    message holders {
      REQUIRED FIXED_LEN_BYTE_ARRAY (20) holder;
      REQUIRED FIXED_LEN_BYTE_ARRAY (32) balance;
    }
    ");
    for column in metadata.row_group(0).columns() {
        assert!(matches!(column.compression(), Compression::ZSTD(_)));
        assert!(
            column
                .encodings()
                .any(|encoding| encoding == Encoding::PLAIN)
        );
    }
    let first = reader
        .get_row_iter(None)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .to_string();
    assert!(first.contains("holder: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]"));
}

#[test]
fn large_files_have_several_row_groups() {
    let list = many(140_000);
    let file = written(&list);
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    assert_eq!(reader.num_row_groups(), 2);
    assert!(read(file).unwrap() == list);
}

#[test]
fn files_of_other_writers_are_read() {
    let list = many(20_000);
    let rows = list.rows();
    assert!(
        read(foreign(
            SCHEMA,
            &[&rows[..1], &rows[1..9000], &rows[9000..]]
        ))
        .unwrap()
            == list
    );
    assert!(read(foreign(SCHEMA, &[&rows[..0], rows])).unwrap() == list);
}

#[test]
fn other_schemas_are_refused() {
    assert_snapshot!(refusal(empty("message m { required fixed_len_byte_array(20) holder; }")), @"expected the columns `holder, balance`, found `holder`; write exactly these two, in this order");
    assert_snapshot!(refusal(empty("message m { required fixed_len_byte_array(32) balance; required fixed_len_byte_array(20) holder; }")), @"expected the columns `holder, balance`, found `balance, holder`; write exactly these two, in this order");
    assert_snapshot!(refusal(empty("message m { required fixed_len_byte_array(20) holder; required fixed_len_byte_array(32) balance; required int32 rank; }")), @"expected the columns `holder, balance`, found `holder, balance, rank`; write exactly these two, in this order");
    assert_snapshot!(refusal(empty("message m { required binary holder; required fixed_len_byte_array(32) balance; }")), @"column `holder`: expected `REQUIRED FIXED_LEN_BYTE_ARRAY(20)`, found `REQUIRED BYTE_ARRAY`; write the column with this type and without nulls");
    assert_snapshot!(refusal(empty("message m { required fixed_len_byte_array(20) holder; optional fixed_len_byte_array(32) balance; }")), @"column `balance`: expected `REQUIRED FIXED_LEN_BYTE_ARRAY(32)`, found `OPTIONAL FIXED_LEN_BYTE_ARRAY(32)`; write the column with this type and without nulls");
    assert_snapshot!(refusal(empty("message m { required fixed_len_byte_array(20) holder; required fixed_len_byte_array(16) balance; }")), @"column `balance`: expected `REQUIRED FIXED_LEN_BYTE_ARRAY(32)`, found `REQUIRED FIXED_LEN_BYTE_ARRAY(16)`; write the column with this type and without nulls");
    assert_snapshot!(refusal(empty("message m { required fixed_len_byte_array(20) holder; repeated fixed_len_byte_array(32) balance; }")), @"column `balance`: expected `REQUIRED FIXED_LEN_BYTE_ARRAY(32)`, found `REPEATED FIXED_LEN_BYTE_ARRAY(32)`; write the column with this type and without nulls");
    assert_snapshot!(refusal(empty("message m { required group holder { required fixed_len_byte_array(20) holder; } required fixed_len_byte_array(32) balance; }")), @"column `holder`: expected `REQUIRED FIXED_LEN_BYTE_ARRAY(20)`, found `REQUIRED group`; write the column with this type and without nulls");
}

/// Nulls in the data, as pandas writes them.
#[test]
fn nulls_are_refused() {
    let schema = "message m { required binary holder; optional binary balance; }";
    let mut file = Vec::new();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (values, levels) in [(vec![ByteArray::from("a")], None), (vec![], Some([0i16]))] {
        let mut column = group.next_column().unwrap().unwrap();
        let levels = levels.as_ref().map(|levels| levels.as_slice());
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, levels, None)
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    assert_snapshot!(refusal(file.into()), @"column `holder`: expected `REQUIRED FIXED_LEN_BYTE_ARRAY(20)`, found `REQUIRED BYTE_ARRAY`; write the column with this type and without nulls");
}

#[test]
fn rows_that_break_a_rule_are_named() {
    let file = |groups: &[&[Holder]]| refusal(foreign(SCHEMA, groups));
    assert_snapshot!(file(&[&[holder(1, 1), holder(3, 1), holder(2, 1)]]), @"row 3: 0x0000000000000000000000000000000000000002 does not ascend from the row before; sort the file by holder");
    assert_snapshot!(file(&[&[holder(1, 1), holder(2, 1)], &[holder(2, 1)]]), @"row 3: 0x0000000000000000000000000000000000000002 stands in the row before already");
    assert_snapshot!(file(&[&[holder(1, 1)], &[holder(2, 0)]]), @"row 2: the balance of 0x0000000000000000000000000000000000000002 is zero; remove the row");
    let most = Holder {
        account: account_of(2),
        balance: U256::MAX,
    };
    assert_snapshot!(file(&[&[holder(1, 1), most]]), @"the file is not a holder list: the sum of the balances exceeds 256 bits at 0x0000000000000000000000000000000000000002");
    assert_snapshot!(refusal(empty(SCHEMA)), @"the file is not a holder list: the holder list is empty");
}

#[test]
fn files_that_are_not_whole_are_refused() {
    assert!(
        refusal(Bytes::from_static(b"holder,balance\n"))
            .starts_with("cannot read the Parquet footer: ")
    );
    assert!(refusal(Bytes::new()).starts_with("cannot read the Parquet footer: "));
    let file = written(&many(100));
    for len in 0..file.len() {
        assert!(
            read(file.slice(..len)).is_err(),
            "{len} bytes of {}",
            file.len()
        );
    }
}

#[test]
fn damaged_pages_name_the_row() {
    let rows = many(20_000);
    let mut file = written(&rows).to_vec();
    // Behind the magic and the header of the first page: the zstd frame of the accounts.
    file[60..90].fill(0xff);
    assert!(refusal(file.into()).starts_with("cannot read on at row 1: "));
}

/// Every byte of a file, three ways: an error, or a byte that does not matter, never another list.
#[test]
fn no_damaged_byte_goes_unnoticed() {
    let list = many(20);
    let file = written(&list);
    let mut harmless = 0;
    for place in 0..file.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = file.to_vec();
            damaged[place] ^= flip;
            if let Ok(read) = read(Bytes::from(damaged)) {
                assert_eq!(read, list, "byte {place} ^ {flip}");
                harmless += 1;
            }
        }
    }
    // Statistics, offsets of indexes and the name of the writer are not needed.
    assert!(
        harmless < 3 * file.len() / 2,
        "{harmless} of {}",
        3 * file.len()
    );
}

#[test]
fn rows_with_another_digest_are_refused() {
    let list = holders([(1, 5), (2, 6)]);
    let file = written(&list);
    let digest = list.digest().to_string();
    let at = file
        .windows(66)
        .position(|window| window == digest.as_bytes())
        .unwrap();
    let mut damaged = file.to_vec();
    damaged[at..at + 66].copy_from_slice(format!("0x{}", "0".repeat(64)).as_bytes());
    assert_snapshot!(refusal(damaged.into()), @"the rows have the digest 0x19f17bf0f0a165f3989dca6e51866123ae4388f4f5cf5d5752cdc48a7c4640d4, the footer says 0x0000000000000000000000000000000000000000000000000000000000000000: the file is damaged");
}

#[test]
fn a_failing_writer_is_reported() {
    let mut room = vec![0; 100];
    let error = write(&many(1000), room.as_mut_slice()).unwrap_err();
    assert_snapshot!(error, @"cannot write the holders as Parquet");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read(list in any_holders(60, 240)) {
        prop_assert_eq!(read(written(&list)).unwrap(), list);
    }
}
