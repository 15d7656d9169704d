//! Headings matched with fields, by themselves and with `--map`.

use intake::{ColumnMap, IntakeError, Match, Options, Wanted, fields_of, open_bytes};
use registry::fields::{DoseField, FacilityField, Field, LotField, RegisterField, SubjectField};

use crate::support::{column, refusal, subjects, try_subjects};

/// Headings of a file and the field that each is read as ("" for none).
fn matched<F: Field>(headings: &[&str]) -> Vec<String> {
    let text = format!("{}\n", headings.join("\t"));
    let fields = fields_of::<F>(&[]);
    let reader = open_bytes(
        "file",
        text.into(),
        Wanted::Fields(&fields),
        &Options::default(),
    )
    .unwrap();
    let field_of = |index: usize| {
        let columns = &reader.layout().columns;
        let owner = columns
            .iter()
            .find(|column| column.sources.iter().any(|source| source.index == index));
        owner.map(|column| column.field.clone()).unwrap_or_default()
    };
    (0..headings.len()).map(field_of).collect()
}

#[test]
fn canonical_headings_match_themselves_in_every_kind_of_file() {
    fn check<F: Field>() {
        let own: Vec<&str> = F::ALL.iter().map(|field| field.heading()).collect();
        assert_eq!(matched::<F>(&own), own);
    }
    check::<SubjectField>();
    check::<RegisterField>();
    check::<DoseField>();
    check::<FacilityField>();
    check::<LotField>();
}

#[test]
fn the_usual_vietnamese_headings_of_subjects_match() {
    let headings = [
        "STT",
        "HỌ VÀ TÊN",
        "Ngày tháng năm sinh (*)",
        "Giới tính",
        "Số CMND/CCCD",
        "SĐT",
        "Thôn/Tổ",
        "Xã/Phường",
        "Quận/Huyện",
        "Tỉnh/Thành phố",
        "Ghi chú",
    ];
    let fields = [
        "unique_id",
        "full_name",
        "dob",
        "sex",
        "id_number",
        "phone",
        "hamlet",
        "commune",
        "district",
        "province",
        "",
    ];
    assert_eq!(matched::<SubjectField>(&headings), fields);
}

#[test]
fn the_usual_vietnamese_headings_of_doses_facilities_and_lots_match() {
    let headings = [
        "Mã mũi tiêm",
        "Mã đối tượng",
        "Mũi thứ",
        "Ngày tiêm",
        "Tên vắc xin",
        "Hãng sản xuất",
        "Số lô",
        "HSD",
        "Cơ sở tiêm",
        "Người tiêm",
        "Trạng thái",
    ];
    let fields = [
        "dose_id",
        "subject_id",
        "dose_number",
        "injected_at",
        "vaccine",
        "manufacturer",
        "lot",
        "expiry",
        "facility_code",
        "vaccinator",
        "status",
    ];
    assert_eq!(matched::<DoseField>(&headings), fields);
    assert_eq!(
        matched::<FacilityField>(&["Mã cơ sở", "Tên cơ sở", "Mã xã"]),
        ["facility_code", "name", "commune"]
    );
    assert_eq!(
        matched::<LotField>(&["Số lô", "Tên vắc xin", "Hạn dùng"]),
        ["lot", "product", "expiry"]
    );
}

#[test]
fn the_old_number_of_a_register_is_not_its_number() {
    let headings = [
        "Số định danh cá nhân",
        "Số CMND",
        "Họ, chữ đệm và tên khai sinh",
        "Ngày, tháng, năm sinh",
    ];
    assert_eq!(
        matched::<RegisterField>(&headings),
        ["id_number", "old_id_number", "full_name", "dob"]
    );
}

#[test]
fn a_stand_in_is_read_where_the_better_column_is_blank() {
    let all = subjects(
        "id,Họ tên,CCCD,CMND,Ngày sinh,Năm sinh,Mã xã,Tên xã\n1,An,001,9,,1984,,Xã Đông\n2,Ba,,8,01/02/1990,1990,00123,Xã Tây\n",
    );
    assert_eq!(column(&all, "id_number"), ["001", "8"]);
    assert_eq!(column(&all, "dob"), ["1984", "01/02/1990"]);
    assert_eq!(column(&all, "commune"), ["Xã Đông", "00123"]);
    let how: Vec<Match> = all
        .layout
        .column("id_number")
        .unwrap()
        .sources
        .iter()
        .map(|source| source.how)
        .collect();
    assert_eq!(how, [Match::Synonym, Match::Fallback]);
}

#[test]
fn two_headings_for_one_field_are_named_and_the_way_out_too() {
    let error = refusal("id,Họ tên,Số điện thoại,SĐT\n1,An,1,2\n");
    let text = error.to_string();
    assert!(matches!(
        error,
        IntakeError::Ambiguous {
            first_column: 3,
            second_column: 4,
            ..
        }
    ));
    assert!(
        text.contains("'Số điện thoại'") && text.contains("'SĐT'") && text.contains("--map"),
        "{text}"
    );
    assert!(error.vi().contains("hai tiêu đề 'Số điện thoại' (cột 3)"));
}

#[test]
fn a_missing_column_is_named_with_what_was_found_and_what_it_may_be() {
    let error = refusal("id;Họ với tên;Phái\n1;An;Nam\n");
    let text = error.to_string();
    assert!(
        text.contains("file, row 1: missing `full_name` (perhaps 'Họ với tên')"),
        "{text}"
    );
    assert!(
        text.contains("'id', 'Họ với tên', 'Phái'") && text.contains("--map"),
        "{text}"
    );
    assert!(
        error
            .vi()
            .contains("thiếu cột `full_name` (có thể là 'Họ với tên')")
    );
    assert!(error.is_callers());
}

fn with_map(map: &str) -> Options {
    Options {
        map: Some(ColumnMap::parse("map.toml", map).unwrap()),
        ..Options::default()
    }
}

#[test]
fn a_map_settles_columns_and_layout() {
    let text = "ghi chú\nk~tên gọi~Số điện thoại~SĐT~Giới\n1~An~~0912~Nam\n2~Ba~0987~~Nữ\n";
    let map = "delimiter = '~'\nheader_row = 2\n[columns]\nunique_id = 'k'\nfull_name = 'TÊN GỌI'\nphone = ['Số điện thoại', 'SĐT']\nsex = []\n";
    let all = try_subjects(text, &with_map(map)).unwrap();
    assert_eq!(column(&all, "full_name"), ["An", "Ba"]);
    assert_eq!(column(&all, "phone"), ["0912", "0987"]);
    assert_eq!(column(&all, "sex"), ["", ""]);
    assert_eq!(all.layout.unused, ["Giới"]);
    assert_eq!(
        all.layout.column("full_name").unwrap().sources[0].how,
        Match::Map
    );
}

#[test]
fn a_map_that_does_not_fit_says_what_does() {
    let text = "id,Họ tên\n1,An\n";
    let unknown = try_subjects(text, &with_map("[columns]\nname = 'x'\n"))
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("`name`") && unknown.contains("full_name"),
        "{unknown}"
    );
    let absent = try_subjects(text, &with_map("[columns]\nphone = 'x'\n"))
        .unwrap_err()
        .to_string();
    assert!(
        absent.contains("no such heading in row 1") && absent.contains("'Họ tên'"),
        "{absent}"
    );
    for wrong in [
        "delimiter = 'ab'",
        "encoding = 'klingon'",
        "header_row = 0",
        "colums = 1",
        "[columns]\nx = 5",
    ] {
        assert!(
            matches!(
                ColumnMap::parse("map.toml", wrong),
                Err(IntakeError::Map { .. })
            ),
            "{wrong}"
        );
    }
}

#[test]
fn columns_as_in_the_file_keep_their_names_unless_mapped() {
    let text = "danh sách\nrec_id, given_name ,soc_sec_id\nrec-0,an,1\nrec-1,,\n";
    let map = with_map("[columns]\nid = 'rec_id'\n");
    let all = open_bytes("a.csv", text.into(), Wanted::AsInFile, &map)
        .unwrap()
        .into_all()
        .unwrap();
    let names: Vec<&str> = all
        .layout
        .columns
        .iter()
        .map(|column| column.field.as_str())
        .collect();
    assert_eq!(names, ["id", "given_name", "soc_sec_id"]);
    assert_eq!(column(&all, "given_name"), ["an", ""]);
    assert_eq!(all.layout.header_row, 2);
}

#[test]
fn the_same_heading_twice_is_refused_where_columns_keep_their_names() {
    let error = open_bytes(
        "a.csv",
        b"a,b,a\n1,2,3\n".to_vec(),
        Wanted::AsInFile,
        &Options::default(),
    )
    .err()
    .unwrap();
    assert!(matches!(
        error,
        IntakeError::Ambiguous {
            first_column: 1,
            second_column: 3,
            ..
        }
    ));
}
