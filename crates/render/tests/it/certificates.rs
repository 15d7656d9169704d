//! Certificates on paper, as PDF programs and readers of codes see them.

use std::path::{Path, PathBuf};

use jiff::civil::date;
use render::{Bilingual, Certificate, Form, Level, PaperError, PartialDate, read_codes};

use crate::invented::{HC1, certificate, long_certificate};
use crate::support::{output, poppler, zbar};

const FORMS: [Form; 2] = [Form::A4, Form::Card];

/// Writes the certificate into the folder.
fn printed(folder: &Path, certificate: &Certificate, form: Form) -> PathBuf {
    let path = folder.join("certificate.pdf");
    let pdf = certificate.pdf(form, Level::Q).expect("printable");
    std::fs::write(&path, pdf).expect("written");
    path
}

/// The text of a PDF with single spaces.
fn text(file: &Path) -> String {
    let text = poppler("pdftotext", &[], file);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_eleven_fields_can_be_copied_out_in_both_languages() {
    let folder = tempfile::tempdir().expect("a folder");
    for form in FORMS {
        let text = text(&printed(folder.path(), &certificate(), form));
        for wanted in [
            "Họ và tên",
            "Full name",
            "Đặng Thị Ngọc Ánh",
            "DANG<<THI<NGOC<ANH",
            "Ngày tháng năm sinh",
            "Date of birth",
            "07/03/1984",
            "7 March 1984",
            "Quốc tịch",
            "Nationality",
            "Việt Nam",
            "Viet Nam",
            "Bệnh được phòng ngừa",
            "Targeted disease",
            "COVID-19",
            "Số liều đã tiêm",
            "Number of doses received",
            "3/3",
            "Ngày tiêm",
            "Date of vaccination",
            "11/02/2026",
            "11 February 2026",
            "Liều số",
            "Dose number",
            "Vắc xin",
            "Vaccine",
            "Vắc xin mRNA ngừa SARS-CoV-2",
            "SARS-CoV-2 mRNA vaccine",
            "Sản phẩm vắc xin",
            "Vaccine product",
            "Comirnaty",
            "Nhà cung cấp hoặc sản xuất",
            "Supplier or manufacturer",
            "Biontech Manufacturing GmbH",
            "Mã chứng nhận",
            "Certificate code",
            "URN:UVCI:01:VN:F231A7D4B9E34D65A0D3F1B23D34E6F6#K",
            "Hộ chiếu vắc xin",
            "Vaccine passport",
            "Bộ Y tế",
            "Ministry of Health",
            "Có hiệu lực kỹ thuật đến hết ngày 11/11/2027; tự động gia hạn.",
            "Technically valid until 11 November 2027; renews itself.",
            "kiemtra.example.vn",
        ] {
            // A value that was too long for its line is broken.
            let found = text.replace(' ', "").contains(&wanted.replace(' ', ""));
            assert!(found, "{form:?}: {wanted} in {text}");
        }
    }
}

#[test]
fn the_code_on_paper_is_read_by_two_readers() {
    let folder = tempfile::tempdir().expect("a folder");
    for (form, dots) in [(Form::A4, "200"), (Form::Card, "300")] {
        for certificate in [certificate(), long_certificate()] {
            let file = printed(folder.path(), &certificate, form);
            let page = folder.path().join("page");
            let args = ["-png", "-gray", "-singlefile", "-r", dots];
            let (from, to) = (file.to_str().expect("plain"), page.to_str().expect("plain"));
            output(
                "poppler-utils",
                "pdftoppm",
                &[&args[..], &[from, to]].concat(),
            );
            let scan = page.with_extension("png");
            assert_eq!(zbar(&scan), [HC1], "{form:?}");
            let wanted = Ok(vec![HC1.to_owned()]);
            assert_eq!(
                read_codes(&std::fs::read(&scan).expect("a scan")),
                wanted,
                "{form:?}"
            );
            assert_eq!(
                read_codes(&std::fs::read(&file).expect("a PDF")),
                wanted,
                "{form:?}"
            );
        }
    }
}

#[test]
fn the_symbol_on_paper_is_as_large_as_the_guidance_wants() {
    let folder = tempfile::tempdir().expect("a folder");
    for (form, side) in [(Form::A4, 42.0), (Form::Card, 36.0)] {
        let file = printed(folder.path(), &certificate(), form);
        let page = folder.path().join("page");
        let (from, to) = (file.to_str().expect("plain"), page.to_str().expect("plain"));
        // A tenth of a millimetre is a dot.
        let args = ["-png", "-gray", "-singlefile", "-r", "254", from, to];
        output("poppler-utils", "pdftoppm", &args);
        let scan = image::open(page.with_extension("png"))
            .expect("a scan")
            .into_luma8();
        // The symbol alone is pure black; type is a little lighter.
        let black = scan
            .enumerate_pixels()
            .filter(|(.., pixel)| pixel.0[0] == 0);
        let columns: Vec<u32> = black.map(|(x, ..)| x).collect();
        let (left, right) = (columns.iter().min(), columns.iter().max());
        let measured = (right.expect("black") + 1 - left.expect("black")) as f32 / 10.0;
        assert!((measured - side).abs() < 0.3, "{form:?}: {measured} mm");
    }
}

#[test]
fn the_longest_texts_wrap_and_none_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = long_certificate();
    assert_eq!(certificate.name.chars().count(), 80);
    for form in FORMS {
        let text = text(&printed(folder.path(), &certificate, form)).replace(' ', "");
        for wanted in [
            &certificate.name,
            &certificate.name_transliterated,
            &certificate.vaccine.vi,
            &certificate.vaccine.en,
            &certificate.manufacturer.vi,
        ] {
            assert!(
                text.contains(&wanted.replace(' ', "")),
                "{form:?}: {wanted}"
            );
        }
    }
}

#[test]
fn nothing_is_drawn_outside_the_page_or_over_something_else() {
    let folder = tempfile::tempdir().expect("a folder");
    for (form, width, height) in [(Form::A4, 595.3, 841.9), (Form::Card, 242.7, 153.1)] {
        for certificate in [certificate(), long_certificate()] {
            let file = printed(folder.path(), &certificate, form);
            let words = poppler("pdftotext", &["-bbox"], &file);
            let mut boxes: Vec<[f32; 4]> = Vec::new();
            for line in words.lines() {
                if line.contains("<page ") {
                    boxes.clear();
                }
                let numbers = line.split('"').skip(1).step_by(2);
                let numbers: Vec<f32> = numbers.filter_map(|text| text.parse().ok()).collect();
                let Ok(word) = <[f32; 4]>::try_from(numbers) else {
                    continue;
                };
                let [left, top, right, bottom] = word;
                assert!(
                    left > 0.0 && top > 0.0 && right < width && bottom < height,
                    "{line}"
                );
                // Boxes reach from the highest to the lowest mark of the font: two lines overlap by nature, by a third of their height.
                let inner = (top + (bottom - top) * 0.3, bottom - (bottom - top) * 0.3);
                let overlaps = boxes.iter().any(|[l, t, r, b]| {
                    let (t, b) = (t + (b - t) * 0.3, b - (b - t) * 0.3);
                    left + 0.1 < *r && l + 0.1 < right && inner.0 < b && t < inner.1
                });
                assert!(!overlaps, "{form:?}: {line}");
                boxes.push(word);
            }
            assert!(!boxes.is_empty());
        }
    }
}

#[test]
fn the_file_is_archivable_tagged_and_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    for form in FORMS {
        let file = printed(folder.path(), &certificate(), form);
        let path = file.to_str().expect("plain");
        let checked = output("qpdf", "qpdf", &["--check", path]);
        assert!(
            checked.contains("No syntax or stream encoding errors found"),
            "{checked}"
        );

        let info = poppler("pdfinfo", &[], &file);
        for line in [
            "Tagged: yes",
            "JavaScript: no",
            "Encrypted: no",
            "PDF version: 1.7",
        ] {
            let squeezed = info
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
            assert!(
                squeezed.into_iter().any(|info| info == line),
                "{line} in {info}"
            );
        }
        assert!(
            info.contains("Hộ chiếu vắc xin – Đặng Thị Ngọc Ánh"),
            "{info}"
        );

        let xmp = poppler("pdfinfo", &["-meta"], &file);
        let claims = [
            "<pdfaid:part>2</",
            "<pdfaid:conformance>A</",
            "<pdfuaid:part>1</",
        ];
        for claim in claims {
            assert!(xmp.contains(claim), "{claim} in {xmp}");
        }

        let plain = output(
            "qpdf",
            "qpdf",
            &["--qdf", "--object-streams=disable", path, "-"],
        );
        for entry in [
            "/OutputIntents",
            "/GTS_PDFA1",
            "/Lang (vi)",
            "/Lang(en)",
            "/DisplayDocTitle true",
            "/Marked true",
        ] {
            assert!(plain.contains(entry), "{entry}");
        }
        assert!(
            !plain.contains("/URI") && !plain.contains("/Launch"),
            "nothing leads outside"
        );
    }
}

#[test]
fn all_fonts_are_embedded_as_subsets_that_can_be_copied_from() {
    let folder = tempfile::tempdir().expect("a folder");
    for form in FORMS {
        let fonts = poppler(
            "pdffonts",
            &[],
            &printed(folder.path(), &certificate(), form),
        );
        let fonts: Vec<&str> = fonts.lines().skip(2).collect();
        assert_eq!(fonts.len(), 2, "{fonts:?}");
        for font in fonts {
            assert!(font.contains("+BeVietnamPro-"), "{font}");
            let columns: Vec<&str> = font.split_whitespace().rev().skip(2).take(3).collect();
            assert_eq!(
                columns, ["yes"; 3],
                "embedded, a subset, with Unicode: {font}"
            );
        }
    }
}

#[test]
fn a_screen_reader_meets_heading_validity_code_and_fields_in_this_order() {
    let folder = tempfile::tempdir().expect("a folder");
    for form in FORMS {
        let file = printed(folder.path(), &certificate(), form);
        let tree = poppler("pdfinfo", &["-struct-text"], &file);
        let order = [
            "Bộ Y tế",
            "H1",
            "Hộ chiếu vắc xin",
            "Có hiệu lực",
            "Figure",
            "Table",
            "Họ và tên",
            "Mã chứng nhận",
        ];
        let mut from = 0;
        for landmark in order {
            let found = tree[from..].find(landmark);
            from += found.unwrap_or_else(|| panic!("{form:?}: {landmark} in {tree}"));
        }
        let count = |tag: &str| {
            tree.lines()
                .filter(|line| line.trim_start().starts_with(tag))
                .count()
        };
        assert_eq!((count("TR"), count("TH"), count("TD")), (11, 11, 11));
        let alt = "Mã QR chứa chứng nhận đã ký số của Đặng Thị Ngọc Ánh.";
        let digits = alt.encode_utf16().flat_map(u16::to_be_bytes);
        let digits = digits.flat_map(|byte| [byte >> 4, byte & 15]);
        let alt: String = digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect();
        let raw = std::fs::read(&file).expect("a PDF");
        let raw = String::from_utf8_lossy(&raw);
        assert!(
            raw.contains(&format!("/Alt<FEFF{}", alt.to_uppercase())),
            "a description of the code"
        );
    }
}

#[test]
fn the_same_certificate_gives_the_same_bytes_and_another_gives_others() {
    for form in FORMS {
        let first = certificate().pdf(form, Level::Q).expect("printable");
        assert_eq!(certificate().pdf(form, Level::Q), Ok(first.clone()));
        let renewed = Certificate {
            issued: date(2027, 11, 12),
            ..certificate()
        };
        assert_ne!(renewed.pdf(form, Level::Q), Ok(first));
    }
}

#[test]
fn a_certificate_that_renews_not_and_is_checked_nowhere_says_neither() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = Certificate {
        renews: false,
        verify_at: String::new(),
        basis: Bilingual::default(),
        birth_date: PartialDate::Year(date(1951, 1, 1)),
        ..certificate()
    };
    let text = text(&printed(folder.path(), &certificate, Form::A4));
    assert!(text.contains("đến hết ngày 11/11/2027."), "{text}");
    for unwanted in [
        "gia hạn",
        "renews",
        "hoặc tại",
        " or at ",
        "5772",
        "01/1951",
        "January",
    ] {
        assert!(!text.contains(unwanted), "{unwanted}");
    }
}

#[test]
fn what_cannot_be_printed_is_refused_with_the_field_at_fault() {
    let blank = Certificate {
        product: Bilingual::same(" \n"),
        ..certificate()
    };
    let foreign = Certificate {
        name: "阮氏玉".to_owned(),
        ..certificate()
    };
    let endless = Certificate {
        manufacturer: Bilingual::same("Công ty ".repeat(2_000)),
        ..certificate()
    };
    let field = |name: &str| name.to_owned();
    for form in FORMS {
        let refusals = [
            (
                &blank,
                PaperError::Blank {
                    field: field("Vaccine product"),
                },
            ),
            (
                &foreign,
                PaperError::Letter {
                    field: field("Full name"),
                    letter: '阮',
                },
            ),
            (&endless, PaperError::TooLong { form }),
        ];
        for (certificate, refusal) in refusals {
            assert_eq!(certificate.pdf(form, Level::Q), Err(refusal));
        }
    }
}

#[test]
fn decomposed_letters_print_like_composed_ones() {
    let decomposed = Certificate {
        name: "Đa\u{306}\u{323}ng Thi\u{323} Ngo\u{323}c A\u{301}nh".to_owned(),
        ..certificate()
    };
    assert_eq!(
        decomposed.pdf(Form::A4, Level::Q),
        certificate().pdf(Form::A4, Level::Q)
    );
}
