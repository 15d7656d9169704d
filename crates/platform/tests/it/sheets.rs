//! A list goes out as a workbook and comes back edited: every row is taken or refused by itself, and none is lost.

use casework::cleaning::item::Item;
use casework::{RecordId, Role, Unit};
use platform::Platform;
use platform::sheets::{self, Filled, Returned, SheetOutcome};
use proptest::prelude::*;
use registry::area::CommuneCode;
use registry::status::CleaningItem;

use crate::world::{
    HERE, THERE, on_both, open_facility, order, person, place, police, settle, staff, station,
};

/// A list of four people without a number, handed out.
async fn handed_out(platform: &Platform) -> RecordId {
    open_facility(platform, HERE).await;
    let campaign = order(platform).await;
    for n in 0..4 {
        let mut person = person(n);
        person.number = None;
        settle(platform, n, HERE, person, None).await;
    }
    let by = station(HERE);
    let made = platform.make_list(&by, &campaign, place(HERE)).await;
    let list = made.expect("makes a list");
    platform.hand_out(&by, &list).await.expect("hands out");
    list
}

async fn taken_out(platform: &Platform, list: &RecordId) -> Vec<Filled> {
    let sheet = platform.list_sheet(&station(HERE), list, "rà soát").await;
    sheets::read("danh-sach.xlsx", sheet.expect("a sheet")).expect("reads back")
}

/// What became of the rows, in words.
fn words(returned: &Returned) -> Vec<String> {
    let word = |outcome: &SheetOutcome| match outcome {
        SheetOutcome::Unchanged => "unchanged".to_owned(),
        SheetOutcome::Taken(state) => state.as_str().to_owned(),
        SheetOutcome::Refused(refusal) => refusal.reason.code.to_owned(),
    };
    returned.rows.iter().map(|row| word(&row.outcome)).collect()
}

fn corrected(row: &mut Filled, number: u32) {
    row.review = "Sửa khác".into();
    row.right[0] = format!("001084{number:06}");
    row.note = "ảnh CCCD".into();
}

async fn state(platform: &Platform, row: &str) -> CleaningItem {
    let id = RecordId(row.to_owned());
    let stored = platform.store().load::<Item>(&id).await.expect("loads");
    stored.expect("is there").state.state
}

#[test]
fn rows_added_removed_repeated_and_sorted_apart_are_told_and_the_others_taken() {
    on_both(async |platform| {
        let list = handed_out(&platform).await;
        let out = taken_out(&platform, &list).await;
        assert_eq!(out.len(), 4);
        let mut back = out.clone();
        corrected(&mut back[0], 1);
        // The second row is deleted, the third typed over, one row is added and one repeated.
        back.remove(1);
        back[1].held[0] = "Lê Thị Mận".into();
        corrected(&mut back[1], 2);
        back[2].review = "Đi vắng".into();
        let mut added = back[0].clone();
        added.item = "row-of-somebody".into();
        back.push(added);
        let repeated = back[0].clone();
        back.push(repeated);
        let expected = [
            "POLICE_CHECK",
            "sheet.locked_changed",
            "sheet.unknown_outcome",
            "sheet.foreign_row",
            "sheet.row_twice",
        ];
        let by = station(HERE);
        let preview = platform.sheet_returned(&by, &list, &back, false).await;
        let preview = preview.expect("looks at it");
        assert_eq!(words(&preview), expected);
        assert_eq!(
            state(&platform, &out[0].item).await,
            CleaningItem::HamletReview
        );
        let taken = platform.sheet_returned(&by, &list, &back, true).await;
        let taken = taken.expect("takes it");
        assert_eq!(words(&taken), expected);
        assert_eq!(taken.missing, [RecordId(out[1].item.clone())]);
        assert_eq!(
            state(&platform, &out[0].item).await,
            CleaningItem::PoliceCheck
        );
        let again = platform.sheet_returned(&by, &list, &back[..1], true).await;
        assert_eq!(
            words(&again.expect("reads")),
            ["unchanged"],
            "twice is once"
        );

        // The police confirm on the same sheet; a stale version is looked at anew.
        back[0].police = "Xác nhận".into();
        let confirmed = platform
            .sheet_returned(&police(HERE), &list, &back[..1], true)
            .await;
        assert_eq!(words(&confirmed.expect("takes it")), ["POLICE_CHECK"]);
        let mut stale = out[3].clone();
        stale.version = "0".into();
        corrected(&mut stale, 3);
        let stale = platform.sheet_returned(&by, &list, &[stale], true).await;
        assert_eq!(words(&stale.expect("reads")), ["sheet.stale_row"]);
    });
}

#[test]
fn a_sheet_is_taken_out_with_a_purpose_and_by_nobody_else() {
    on_both(async |platform| {
        let list = handed_out(&platform).await;
        taken_out(&platform, &list).await;
        let notes = platform
            .store()
            .notes(&format!("cleaning_list/{list}"), 20)
            .await;
        let notes = notes.expect("notes");
        assert!(notes.iter().any(|note| {
            note.body
                .contains(r#""what":"exported","rows":4,"purpose":"rà soát""#)
        }));
        let hamlet = staff(
            Unit::Hamlet(CommuneCode(HERE), "Tổ 1".into()),
            Role::HamletTeam,
        );
        for act in [hamlet, station(THERE)] {
            assert!(platform.list_sheet(&act, &list, "xem").await.is_err());
        }
    });
}

#[test]
fn a_file_without_the_columns_that_tell_the_rows_apart_is_refused_by_name() {
    let other = "Họ và tên;Ngày sinh\nTrần Văn Thử;1984\n"
        .as_bytes()
        .to_vec();
    let error = sheets::read("khac.csv", other)
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("khac.csv") && error.contains("Mã bản ghi"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_comes_back_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = sheets::read("danh-sach.xlsx", bytes);
    }

    #[test]
    fn every_row_of_a_text_file_with_the_headings_comes_back(names in prop::collection::vec("[a-zđà-ỹ ]{1,12}", 1..20)) {
        let mut text = String::from("Ghi chú;Mã bản ghi;Phiên bản;Kết quả rà soát\n");
        for (n, name) in names.iter().enumerate() {
            text.push_str(&["x", &n.to_string(), "1", name].join(";"));
            text.push('\n');
        }
        let rows = sheets::read("danh-sach.csv", text.into_bytes()).expect("reads");
        prop_assert_eq!(rows.len(), names.len());
        for (n, (row, name)) in rows.iter().zip(&names).enumerate() {
            prop_assert_eq!(&row.item, &n.to_string());
            prop_assert_eq!(row.review.as_str(), name.trim());
        }
    }
}
