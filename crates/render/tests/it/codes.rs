//! Every level, every mask and every size of code, read back by two readers.

use std::num::NonZeroU8;

use proptest::prelude::*;
use render::{FileKind, Form, Level, Mask, Qr, ReadError, read_codes};

use crate::invented::{HC1, certificate};
use crate::support::{output, zbar};

const SCALE: NonZeroU8 = NonZeroU8::MIN.saturating_add(3);

#[test]
fn each_mask_at_each_level_is_read_by_two_readers() {
    let folder = tempfile::tempdir().expect("a folder");
    let masks = (0..8).map(Mask::Number).chain([Mask::Fixed, Mask::Best]);
    for mask in masks {
        for level in [Level::L, Level::M, Level::Q, Level::H] {
            let qr = Qr::encode(HC1, level, mask).expect("it fits");
            let picture = qr.png(SCALE);
            assert_eq!(read_codes(&picture).as_deref(), Ok(&[HC1.to_owned()][..]));
            let path = folder.path().join("code.png");
            std::fs::write(&path, picture).expect("written");
            assert_eq!(zbar(&path), [HC1], "{mask:?} {level:?}");
        }
    }
}

#[test]
fn a_certificate_signed_with_rsa_fits_and_is_read() {
    let code: String = HC1.chars().cycle().take(825).collect();
    let versions = [
        (Level::L, 16),
        (Level::M, 19),
        (Level::Q, 23),
        (Level::H, 26),
    ];
    for (level, version) in versions {
        let qr = Qr::encode(&code, level, Mask::Fixed).expect("it fits");
        assert_eq!(qr.side(), 17 + 4 * version, "alphanumeric mode");
        assert_eq!(
            read_codes(&qr.png(SCALE)).as_deref(),
            Ok(&[code.clone()][..])
        );
    }
}

#[test]
fn each_pixel_shows_its_module_and_the_quiet_zone_is_white() {
    let qr = Qr::encode("HC1:A", Level::Q, Mask::Fixed).expect("it fits");
    for scale in [1, 2, 3, 4, 5, 8, 9, 11, 20] {
        let picture = qr.png(NonZeroU8::new(scale).expect("not zero"));
        let picture = image::load_from_memory(&picture)
            .expect("a PNG")
            .into_luma8();
        let scale = u32::from(scale);
        assert_eq!(picture.dimensions(), (29 * scale, 29 * scale));
        for (x, y, pixel) in picture.enumerate_pixels() {
            let (column, row) = ((x / scale) as i32 - 4, (y / scale) as i32 - 4);
            assert_eq!(
                pixel.0[0] == 0,
                qr.is_dark(column, row),
                "{x} {y} of {scale}"
            );
        }
    }
}

#[test]
fn the_drawing_is_read_once_a_browser_or_printer_has_painted_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (svg, png) = (
        folder.path().join("code.svg"),
        folder.path().join("code.png"),
    );
    let qr = Qr::encode(HC1, Level::Q, Mask::Fixed).expect("it fits");
    std::fs::write(&svg, qr.svg()).expect("written");
    let (from, to) = (svg.to_str().expect("plain"), png.to_str().expect("plain"));
    output(
        "librsvg2-bin",
        "rsvg-convert",
        &["-w", "640", "-o", to, from],
    );
    assert_eq!(zbar(&png), [HC1]);
    let picture = std::fs::read(&png).expect("painted");
    assert_eq!(read_codes(&picture).as_deref(), Ok(&[HC1.to_owned()][..]));
}

#[test]
fn files_that_hold_no_code_get_the_answer_that_fits() {
    let white = image::GrayImage::from_pixel(400, 300, image::Luma([255]));
    let mut blank = std::io::Cursor::new(Vec::new());
    white
        .write_to(&mut blank, image::ImageFormat::Png)
        .expect("a picture");
    let blank = blank.into_inner();
    let (png, jpeg, pdf) = (FileKind::Png, FileKind::Jpeg, FileKind::Pdf);
    let cases: [(&[u8], ReadError); 7] = [
        (b"", ReadError::Unsupported),
        (b"HC1:6BFOXN", ReadError::Unsupported),
        (b"\0\0\0\x18ftypheic", ReadError::Unsupported),
        (&blank, ReadError::NoCode { kind: png }),
        (&blank[..60], ReadError::Broken { kind: png }),
        (
            b"\xff\xd8\xff\xe0\0\x10JFIF",
            ReadError::Broken { kind: jpeg },
        ),
        (b"%PDF-1.7\nnothing more", ReadError::Broken { kind: pdf }),
    ];
    for (file, answer) in cases {
        assert_eq!(read_codes(file), Err(answer));
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 60_000, 60_000);
    encoder.set_depth(png::BitDepth::One);
    encoder
        .write_header()
        .expect("a header")
        .write_chunk(png::chunk::IDAT, &[])
        .expect("a chunk");
    let kind = FileKind::Png;
    assert_eq!(read_codes(&file), Err(ReadError::TooLarge { kind }));
}

#[test]
fn a_picture_full_of_finder_patterns_is_given_up() {
    let tile = |x: u32, y: u32| {
        let ring = (x % 20 / 2).abs_diff(3).max((y % 20 / 2).abs_diff(3));
        image::Luma([if matches!(ring, 0 | 1 | 3) { 0 } else { 255 }])
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::GrayImage::from_fn(1_200, 1_000, tile);
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("a picture");
    let kind = FileKind::Png;
    assert_eq!(read_codes(file.get_ref()), Err(ReadError::NoCode { kind }));
}

#[test]
fn a_small_pdf_that_would_fill_all_memory_is_refused() {
    let content = "0 0 500 500 re f\n".repeat(200_000);
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 4 0 R>>".to_owned(),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    for (number, object) in (1_u8..).zip(objects) {
        file.extend([&number.to_string(), " 0 obj\n", &object, "\nendobj\n"]);
    }
    file += "trailer<</Root 1 0 R>>\n";
    assert_eq!(read_codes(file.as_bytes()), Err(ReadError::TooComplex));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_comes_back(text in "[A-Z0-9 $%*+./:-]{1,300}|\\PC{1,80}") {
        let qr = Qr::encode(&text, Level::M, Mask::Fixed).expect("it fits");
        prop_assert_eq!(read_codes(&qr.png(SCALE)), Ok(vec![text]));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        start in prop::sample::select(vec![&b"%PDF-1.7\n"[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b""]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = read_codes(&[start, &bytes].concat());
    }

    #[test]
    fn a_damaged_picture_is_read_or_refused(at in 8_usize..3_000, byte in any::<u8>()) {
        let mut file = Qr::encode(HC1, Level::Q, Mask::Fixed).expect("it fits").png(SCALE);
        let at = at % file.len();
        file[at] = byte;
        if let Ok(codes) = read_codes(&file) {
            prop_assert_eq!(codes, [HC1]);
        }
    }

    #[test]
    fn a_damaged_pdf_is_read_or_refused(places in prop::collection::vec((any::<usize>(), any::<u8>()), 1..20)) {
        let mut file = certificate().pdf(Form::Card, Level::Q).expect("printable");
        for (at, byte) in places {
            let at = at % file.len();
            file[at] = byte;
        }
        if let Ok(codes) = read_codes(&file) {
            prop_assert_eq!(codes, [HC1]);
        }
    }
}
