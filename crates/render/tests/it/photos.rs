//! Photos as people take them, made from an exact picture: turned, tilted, blurred, dim, noisy, pressed to JPEG.

use std::num::NonZeroU8;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{blur, overlay};
use image::{GrayImage, Luma};
use render::{Level, Mask, Qr, ReadError, read_codes};

use crate::invented::HC1;

/// How a photo differs from the paper.
#[derive(Clone, Copy, Debug)]
struct Shot {
    /// Pixels a module in the middle of the photo.
    module: f32,
    /// Degrees that the camera is turned.
    turned: f32,
    /// How much smaller things get towards the right and the lower edge, in parts of the photo's side.
    tilt: (f32, f32),
    /// Standard deviation of the blur, in modules.
    blur: f32,
    /// Brightness of white paper at the upper left and the lower right, of 255.
    light: (f32, f32),
    /// Largest error of a pixel.
    noise: f32,
}

const STRAIGHT: Shot = Shot {
    module: 5.0,
    turned: 0.0,
    tilt: (0.0, 0.0),
    blur: 0.0,
    light: (255.0, 255.0),
    noise: 0.0,
};

/// The code on a sheet of white paper, ten pixels a module.
fn sheet() -> GrayImage {
    let scale = NonZeroU8::MIN.saturating_add(9);
    let code = Qr::encode(HC1, Level::Q, Mask::Fixed).expect("it fits");
    let code = image::load_from_memory(&code.png(scale))
        .expect("a PNG")
        .into_luma8();
    let mut sheet = GrayImage::from_pixel(code.width() * 2, code.height() * 2, Luma([255]));
    overlay(
        &mut sheet,
        &code,
        i64::from(code.width() / 2),
        i64::from(code.height() / 2),
    );
    sheet
}

/// Takes a photo of the sheet.
fn take(sheet: &GrayImage, shot: Shot) -> Vec<u8> {
    let zoom = shot.module / 10.0;
    let side = (sheet.width() as f32 * zoom * 0.95) as u32;
    let (sin, cos) = shot.turned.to_radians().sin_cos();
    let middle = side as f32 / 2.0;
    let seen = GrayImage::from_fn(side, side, |x, y| {
        // From a pixel of the photo back to the place on the sheet.
        let (x, y) = (x as f32 - middle, y as f32 - middle);
        let depth = zoom * (1.0 - (x * shot.tilt.0 + y * shot.tilt.1) / side as f32);
        let (x, y) = ((x * cos + y * sin) / depth, (y * cos - x * sin) / depth);
        let at = sheet.width() as f32 / 2.0;
        image::imageops::interpolate_bilinear(sheet, x + at, y + at).unwrap_or(Luma([90]))
    });
    let mut photo = if shot.blur > 0.0 {
        blur(&seen, shot.blur * shot.module)
    } else {
        seen
    };
    let mut state = 12_345_u64;
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let noise = ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * shot.noise;
        let place = (x + y) as f32 / (2 * side) as f32;
        let light = shot.light.0 + (shot.light.1 - shot.light.0) * place;
        // Ink in bad light is no black.
        let shade = 0.2 + 0.8 * f32::from(pixel.0[0]) / 255.0;
        pixel.0[0] = (light * shade + noise).clamp(0.0, 255.0) as u8;
    }
    let mut file = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut file, 75).encode_image(&photo);
    encoded.expect("a picture");
    file
}

#[test]
fn a_photo_is_read_however_it_was_taken() {
    let sheet = sheet();
    let shots = [
        ("straight", STRAIGHT),
        (
            "from afar",
            Shot {
                module: 2.6,
                ..STRAIGHT
            },
        ),
        (
            "turned a little",
            Shot {
                turned: 7.0,
                ..STRAIGHT
            },
        ),
        (
            "turned far",
            Shot {
                turned: 33.0,
                ..STRAIGHT
            },
        ),
        (
            "upside down",
            Shot {
                turned: 178.0,
                ..STRAIGHT
            },
        ),
        (
            "tilted",
            Shot {
                tilt: (0.12, 0.06),
                ..STRAIGHT
            },
        ),
        (
            "tilted and turned",
            Shot {
                turned: 21.0,
                tilt: (0.1, -0.08),
                ..STRAIGHT
            },
        ),
        (
            "blurred",
            Shot {
                blur: 0.4,
                ..STRAIGHT
            },
        ),
        (
            "in uneven light",
            Shot {
                light: (60.0, 240.0),
                noise: 8.0,
                ..STRAIGHT
            },
        ),
        (
            "in the dark",
            Shot {
                light: (30.0, 75.0),
                noise: 4.0,
                ..STRAIGHT
            },
        ),
        (
            "by a shaky hand at dusk",
            Shot {
                turned: -12.0,
                tilt: (0.05, 0.05),
                blur: 0.25,
                light: (50.0, 120.0),
                noise: 5.0,
                ..STRAIGHT
            },
        ),
    ];
    let failed: Vec<_> = shots
        .into_iter()
        .filter(|(_, shot)| read_codes(&take(&sheet, *shot)).as_deref() != Ok(&[HC1.to_owned()]))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_photo_too_blurred_to_read_gives_no_code_and_no_wrong_one() {
    let shot = Shot {
        blur: 2.0,
        ..STRAIGHT
    };
    let answer = read_codes(&take(&sheet(), shot));
    assert!(
        matches!(answer, Err(ReadError::NoCode { .. })),
        "{answer:?}"
    );
}

#[test]
fn two_codes_in_one_photo_are_both_read() {
    let scale = NonZeroU8::MIN.saturating_add(4);
    let mut photo = GrayImage::from_pixel(1_400, 700, Luma([230]));
    for (at, text) in ["HC1:FIRST", "HC1:SECOND"].into_iter().enumerate() {
        let code = Qr::encode(text, Level::H, Mask::Fixed).expect("it fits");
        let code = image::load_from_memory(&code.png(scale))
            .expect("a PNG")
            .into_luma8();
        overlay(&mut photo, &code, 100 + 700 * at as i64, 200);
    }
    let mut file = Vec::new();
    JpegEncoder::new(&mut file)
        .encode_image(&photo)
        .expect("a picture");
    let mut codes = read_codes(&file).expect("two codes");
    codes.sort();
    assert_eq!(codes, ["HC1:FIRST", "HC1:SECOND"]);
}

#[test]
fn a_transparent_picture_lies_on_white() {
    let code = Qr::encode("HC1:A", Level::Q, Mask::Fixed).expect("it fits");
    let side = code.side() + 8;
    let picture = image::GrayAlphaImage::from_fn(side * 6, side * 6, |x, y| {
        let dark = code.is_dark((x / 6) as i32 - 4, (y / 6) as i32 - 4);
        image::LumaA([0, if dark { 255 } else { 0 }])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("a picture");
    assert_eq!(
        read_codes(file.get_ref()).as_deref(),
        Ok(&["HC1:A".to_owned()][..])
    );
}
