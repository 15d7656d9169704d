//! Invented numbers and people for the tests and the example. Nobody here exists.

use cleaning::summary::{
    Band, ColumnMatch, CommuneCount, DuplicateCount, Example, FORMAT, FacilityCount, InputFile,
    Persons, ProvinceCount, RegisterCounts, RuleCount, ShapeCount, Summary,
};
use cleaning::worklist::{
    CommuneItem, CommuneList, FacilityItem, FacilityList, Held, Stamp, Suggestion,
};
use registry::date::Date;
use registry::status::{ErrorCategory, Verification};
use registry::text::Text;

/// A record's outcome, as a pipeline would count it.
pub(crate) type Outcome = (Verification, Band);

/// Numbers of one province.
pub(crate) fn province() -> Summary {
    let mut summary = Summary::default();
    let communes = [
        ("05443", "Phường Quán Triều", "Thành phố Thái Nguyên", 4_212),
        (
            "05458",
            "Phường Hoàng Văn Thụ",
            "Thành phố Thái Nguyên",
            3_127,
        ),
        ("05563", "Xã Lam Vỹ", "Huyện Định Hóa", 1_804),
        ("05686", "Xã Tân Thành", "Huyện Phú Bình", 2_391),
        ("05710", "Thị trấn Hùng Sơn", "Huyện Đại Từ", 2_020),
    ];
    for (place, (code, name, district, records)) in communes.into_iter().enumerate() {
        let outcomes = (0..records).map(|number| invented_outcome(number * 7 + place as u64));
        add_commune(
            &mut summary,
            ("19", "Tỉnh Thái Nguyên"),
            (code, name, district),
            outcomes,
        );
    }
    finish(&mut summary);
    summary
}

/// Numbers of all provinces with many communes.
pub(crate) fn national() -> Summary {
    let mut summary = Summary::default();
    for province in registry::area::Vintage::Of2022.provinces() {
        let code = province.code.to_string();
        let communes = registry::area::Vintage::Of2022
            .communes()
            .iter()
            .filter(|commune| commune.province == province.code)
            .take(8);
        for commune in communes {
            let district = commune
                .district
                .and_then(registry::area::district)
                .map_or("", |district| district.name);
            let size = 40 + u64::from(commune.code.0) % 60;
            let shift = u64::from(province.code.0) / 9;
            let outcomes = (0..size).map(|number| invented_outcome(number * (3 + shift)));
            let commune_code = commune.code.to_string();
            add_commune(
                &mut summary,
                (&code, province.name),
                (&commune_code, commune.name, district),
                outcomes,
            );
        }
    }
    finish(&mut summary);
    summary
}

/// Outcomes with shares like those of 2022.
fn invented_outcome(number: u64) -> Outcome {
    let verification = match number * 37 % 100 {
        0..58 => Verification::True,
        58..80 => Verification::False,
        80..84 => Verification::NotFound,
        84..93 => Verification::NoId,
        93..99 => Verification::BadFormat,
        _ => Verification::ForeignerExempt,
    };
    let band = match number * 53 % 100 {
        0..71 => Band::NearCertain,
        71..79 => Band::Likely,
        79..85 => Band::Possible,
        85..88 => Band::Tie,
        88..90 => Band::Vetoed,
        _ => Band::None,
    };
    (verification, band)
}

/// Counts the records of a commune as the pipeline would.
pub(crate) fn add_commune(
    summary: &mut Summary,
    (province, province_name): (&str, &str),
    (code, name, district): (&str, &str, &str),
    outcomes: impl Iterator<Item = Outcome>,
) {
    let mut commune = CommuneCount {
        code: Some(code.to_owned()),
        name: name.to_owned(),
        district: district.to_owned(),
        province: Some(province.to_owned()),
        province_name: province_name.to_owned(),
        ..CommuneCount::default()
    };
    let known = summary
        .provinces
        .iter()
        .position(|row| row.code.as_deref() == Some(province));
    let row = known.unwrap_or_else(|| {
        summary.provinces.push(ProvinceCount {
            code: Some(province.to_owned()),
            name: province_name.to_owned(),
            ..ProvinceCount::default()
        });
        summary.provinces.len() - 1
    });
    for (verification, band) in outcomes {
        summary.funnel.count(verification);
        let suggested = verification.category().is_some() && band.is_suggested();
        if let Some(category) = verification.category() {
            summary.categories.count(category);
            summary.suggestions.count(band);
        }
        commune.tally.count(verification, suggested);
        summary.provinces[row].tally.count(verification, suggested);
    }
    if commune.tally.open() > 0 {
        commune.worklist = Some(format!("worklists/{province}/{code}.xlsx"));
    }
    summary.communes.push(commune);
}

/// Fills what follows from the records: inputs, shapes, rules, doses.
pub(crate) fn finish(summary: &mut Summary) {
    summary.format = FORMAT;
    summary.program = String::from("minhchung 0.1.0");
    summary.as_of = String::from("2022-05-04");
    summary.funnel.rejected = 12;
    summary.funnel.read = summary.funnel.accepted + 12;
    summary.differing.name = summary.funnel.differs * 6 / 10;
    summary.differing.dob = summary.funnel.differs * 5 / 10;
    summary.differing.sex = summary.funnel.differs / 10;
    summary.differing.only_one = summary.funnel.differs * 8 / 10;
    let accepted = summary.funnel.accepted;
    summary.persons = Persons {
        persons: accepted - accepted / 50,
        clusters: accepted / 50,
        records: accepted / 50 * 2,
        vetoed_pairs: 31,
    };
    summary.register = RegisterCounts {
        read: accepted + 900,
        rejected: 0,
        accepted: accepted + 900,
        deceased: 143,
        superseded: 57,
        protected: 4,
    };
    shapes(summary);
    rules(summary);
    doses(summary);
    inputs(summary);
}

fn shapes(summary: &mut Summary) {
    let shape = |code: &str, vi: &str, en: &str, bulk| ShapeCount {
        code: code.to_owned(),
        text: Text::new(vi, en),
        bulk,
        ..ShapeCount::default()
    };
    let all = [
        shape(
            "dob:day_month_swapped",
            "ngày và tháng sinh bị đảo",
            "day and month of birth swapped",
            true,
        ),
        shape(
            "name:accents_lost",
            "họ tên mất dấu",
            "name without accents",
            true,
        ),
        shape("id:missing", "thiếu số CCCD/CMND", "number missing", true),
        shape(
            "name:letter_slip",
            "họ tên sai một chữ cái",
            "one letter of the name wrong",
            true,
        ),
        shape(
            "id:lost_zero",
            "số mất số 0 ở đầu",
            "number without its leading zero",
            true,
        ),
        shape(
            "id:one_digit",
            "số sai một chữ số",
            "one digit of the number wrong",
            false,
        ),
        shape(
            "dob:first_january+name:accents_lost",
            "chỉ biết năm sinh (01/01); họ tên mất dấu",
            "only the year of birth known (01/01); name without accents",
            true,
        ),
        shape("sex:flipped", "sai giới tính", "sex wrong", true),
    ];
    let mut left = summary.suggestions.suggested();
    let last = all.len() - 1;
    for (place, mut shape) in all.into_iter().enumerate() {
        shape.count = if place == last { left } else { left * 2 / 5 };
        shape.ready = if shape.bulk { shape.count * 9 / 10 } else { 0 };
        left -= shape.count;
        summary.shapes.push(shape);
    }
    summary
        .shapes
        .sort_by_key(|shape| std::cmp::Reverse(shape.count));
}

fn rules(summary: &mut Summary) {
    let example = |value: &str, other: Option<&str>, fix: Option<&str>| Example {
        value: value.to_owned(),
        other: other.map(str::to_owned),
        fix: fix.map(str::to_owned),
    };
    summary.rules = vec![
        RuleCount {
            id: "NM-06".to_owned(),
            severity: "W".to_owned(),
            subject: "person".to_owned(),
            message: Text::new("Họ tên không có dấu", "Name without diacritics"),
            why: Text::new(
                "Họ tên không dấu không khớp với CSDLQG về dân cư, và hộ chiếu vắc xin ghi sai tên.",
                "A name without marks does not agree with the register, and the passport would carry a wrong name.",
            ),
            fix: Text::new(
                "Lấy họ tên của CSDLQG về dân cư sau khi Công an xã xác nhận.",
                "Take the register's name once the commune police have confirmed it.",
            ),
            count: 2_710,
            examples: vec![example("N••••• V•• M•••", Some("N••••• V•• M•••"), None)],
        },
        RuleCount {
            id: "DB-05".to_owned(),
            severity: "W".to_owned(),
            subject: "person".to_owned(),
            message: Text::new(
                "Ngày và tháng sinh bị đảo",
                "Day and month of birth swapped",
            ),
            why: Text::new(
                "Ngày sinh sai thì không khớp.",
                "With a wrong birth date nothing agrees.",
            ),
            fix: Text::new("Đảo lại sau khi xác nhận.", "Swap them once confirmed."),
            count: 1_240,
            examples: vec![
                example("04/07/19••", Some("07/04/19••"), Some("07/04/19••")),
                example("02/11/19••", Some("11/02/19••"), Some("11/02/19••")),
            ],
        },
        RuleCount {
            id: "ID-17".to_owned(),
            severity: "E".to_owned(),
            subject: "person".to_owned(),
            message: Text::new(
                "Số điện thoại nằm ở ô số CCCD",
                "Phone number in the field of the identity number",
            ),
            why: Text::new("Không phải số giấy tờ.", "It is no identity number."),
            fix: Text::new("Chuyển sang ô điện thoại.", "Move it to the phone field."),
            count: 96,
            // Not masked, to prove that the report masks once more.
            examples: vec![example("0912345678", None, None)],
        },
        RuleCount {
            id: "VD-04".to_owned(),
            severity: "B".to_owned(),
            subject: "dose".to_owned(),
            message: Text::new("Ngày tiêm trước ngày sinh", "Injected before birth"),
            why: Text::new("Một trong hai ngày sai.", "One of the two dates is wrong."),
            fix: Text::new("Xem lại sổ tiêm.", "Look at the facility's book."),
            count: 14,
            examples: vec![example("2020-05-01", None, None)],
        },
    ];
}

fn doses(summary: &mut Summary) {
    let mut doses = cleaning::summary::Doses::default();
    let mut facilities: Vec<FacilityCount> = (1..=7)
        .map(|number| FacilityCount {
            code: Some(format!("19-{number:03}")),
            name: format!("Trạm Y tế số {number}"),
            ..FacilityCount::default()
        })
        .collect();
    for number in 0..summary.funnel.accepted * 12 / 5 {
        let subject = (number % 41 > 0).then(|| invented_outcome(number).0);
        let finding = number % 23 == 0;
        doses.count(subject, finding);
        let place = (number % facilities.len() as u64) as usize;
        let row = &mut facilities[place];
        row.doses += 1;
        row.with_finding += u64::from(finding);
        row.findings += u64::from(finding) * 2;
    }
    for row in &mut facilities {
        row.duplicates = row.with_finding / 3;
        row.worklist = Some(format!(
            "worklists/facilities/{}.xlsx",
            row.code.as_deref().unwrap_or_default()
        ));
    }
    doses.rejected = 3;
    doses.read = doses.accepted + 3;
    doses.duplicates = vec![
        DuplicateCount {
            rule: "DU-01".to_owned(),
            text: Text::new(
                "Cùng người, ngày, vắc xin, cơ sở",
                "Same person, date, product, facility",
            ),
            groups: 210,
            doses: 423,
        },
        DuplicateCount {
            rule: "DU-04".to_owned(),
            text: Text::new(
                "Cùng người và ngày, hai cơ sở",
                "Same person and date, two facilities",
            ),
            groups: 88,
            doses: 176,
        },
    ];
    summary.doses = Some(doses);
    summary.facilities = facilities;
}

fn inputs(summary: &mut Summary) {
    let column = |heading: &str, field: Option<&str>| ColumnMatch {
        heading: heading.to_owned(),
        field: field.map(str::to_owned),
    };
    let doses = summary.doses.clone().unwrap_or_default();
    summary.inputs = vec![
        InputFile {
            role: "subjects".to_owned(),
            file: "doi-tuong <thang 4> & 5.xlsx".to_owned(),
            format: "XLSX".to_owned(),
            encoding: None,
            read: summary.funnel.read,
            accepted: summary.funnel.accepted,
            rejected: summary.funnel.rejected,
            rejects: Some("rejects/subjects.csv".to_owned()),
            columns: vec![
                column("Mã", Some("unique_id")),
                column("Họ và tên", Some("full_name")),
                column("Số CCCD/CMND/HC", Some("id_number")),
                column("Nhóm ưu tiên", None),
            ],
        },
        InputFile {
            role: "register".to_owned(),
            file: "register.parquet".to_owned(),
            format: "Parquet".to_owned(),
            encoding: None,
            read: summary.register.read,
            accepted: summary.register.accepted,
            rejected: summary.register.rejected,
            rejects: None,
            columns: vec![column("full_name", Some("full_name"))],
        },
        InputFile {
            role: "doses".to_owned(),
            file: "mui-tiem.csv".to_owned(),
            format: "CSV".to_owned(),
            encoding: Some("UTF-8".to_owned()),
            read: doses.read,
            accepted: doses.accepted,
            rejected: doses.rejected,
            rejects: Some("rejects/doses.csv".to_owned()),
            columns: vec![column("ngày tiêm", Some("injected_at"))],
        },
    ];
}

/// As of 4 May 2022.
pub(crate) fn stamp() -> Stamp {
    Stamp {
        as_of: Date::constant(2022, 5, 4),
        version: "1".to_owned(),
    }
}

/// A list with texts of every kind.
pub(crate) fn commune_list(records: usize) -> CommuneList {
    let names = [
        ("NGUYEN THI HOA", "Nguyễn Thị Hòa", "Nữ"),
        ("Trần Văn Bảo", "Trần Văn Bảo", "Nam"),
        ("Đặng Thị Thu Hường", "Đặng Thị Thu Hường", "Nữ"),
        ("Hoàng Văn Thụ", "Hoàng Văn Thư", "Nam"),
        ("=2+5", "Lý Văn Sáng", "Nam"),
    ];
    let rows = (0..records)
        .zip(names.iter().cycle())
        .map(|(number, (held, name, sex))| {
            let category = ErrorCategory::ALL[number % 3];
            let id = format!("0190{:02}{:06}", 60 + number % 40, number);
            CommuneItem {
                record_id: format!("{number:07}"),
                version: "1".to_owned(),
                category,
                hamlet: match number % 4 {
                    0 => String::new(),
                    more => format!("Xóm {}", more * 5),
                },
                held: Held {
                    full_name: (*held).to_owned(),
                    dob: "12/03/1975".to_owned(),
                    sex: (*sex).to_owned(),
                    id_number: match category {
                        ErrorCategory::E1 => String::new(),
                        ErrorCategory::E2 => id.trim_start_matches('0').to_owned(),
                        ErrorCategory::E3 => id.clone(),
                    },
                    phone: format!("09{:08}", 12_000_000 + number),
                },
                difference: match category {
                    ErrorCategory::E1 => "Thiếu số CCCD/CMND".to_owned(),
                    ErrorCategory::E2 => "Số có 11 chữ số: mất số 0 ở đầu".to_owned(),
                    ErrorCategory::E3 => "Ngày và tháng sinh bị đảo; họ tên mất dấu".to_owned(),
                },
                suggestion: (number % 5 != 3).then(|| Suggestion {
                    id_number: id,
                    full_name: (*name).to_owned(),
                    dob: "03/12/1975".to_owned(),
                    sex: (*sex).to_owned(),
                    probability: 0.999_96,
                }),
                reason: if number % 5 == 3 {
                    "Không có ai phù hợp trong CSDLQG về dân cư".to_owned()
                } else {
                    "Trùng số CCCD, cùng xã; ngày và tháng sinh bị đảo".to_owned()
                },
            }
        })
        .collect();
    CommuneList {
        commune: "Xã Tân Thành".to_owned(),
        district: "Huyện Phú Bình".to_owned(),
        province: "Tỉnh Thái Nguyên".to_owned(),
        rows,
    }
}

/// A facility with a dose before birth.
pub(crate) fn facility_list() -> FacilityList {
    let rows = (0..12)
        .map(|number| FacilityItem {
            dose_id: format!("{:08}", 12 - number),
            version: "1".to_owned(),
            subject_id: format!("{number:07}"),
            subject_name: "Nguyễn Thị Hòa".to_owned(),
            injected_on: format!("{:02}/08/2021", 12 - number),
            injected_on_iso: format!("2021-08-{:02}", 12 - number),
            vaccine: "AstraZeneca".to_owned(),
            lot: "+ABV1234".to_owned(),
            dose_number: "1".to_owned(),
            severity: "E".to_owned(),
            findings: vec![
                "DN-02: Thứ tự mũi khai khác thứ tự ngày tiêm".to_owned(),
                "LT-05: Có chữ thừa quanh số lô".to_owned(),
            ],
            proposal: "Mũi số: 2".to_owned(),
        })
        .collect();
    FacilityList {
        code: "19-007".to_owned(),
        name: "Trạm Y tế xã Tân Thành".to_owned(),
        findings: vec!["VD-13: 62 % mũi tiêm ghi ngày 01 hằng tháng.".to_owned()],
        rows,
    }
}
