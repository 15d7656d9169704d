//! Map files (`--map`): no text makes the reader panic, and no map makes a good file unreadable by panicking.
#![no_main]

use intake::{ColumnMap, Options, Wanted, fields_of, open_bytes};
use libfuzzer_sys::fuzz_target;
use registry::fields::SubjectField;

const PEOPLE: &str = "Mã đối tượng;Họ và tên;CCCD\nA1;Nguyễn Văn An;001084000001\n";

fuzz_target!(|text: &str| {
    if let Ok(map) = ColumnMap::parse("map.toml", text) {
        let options = Options {
            map: Some(map),
            ..Options::default()
        };
        let fields = fields_of(&[SubjectField::UniqueId]);
        let wanted = Wanted::Fields(&fields);
        let _ = open_bytes("people.csv", PEOPLE.into(), wanted, &options)
            .map(|reader| reader.into_all());
    }
});
