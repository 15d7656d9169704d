//! QR codes out of files that people send: photos, scans and screenshots as PNG or JPEG, and PDF.
//!
//! `rxing` finds and decodes them. Of three readers tried on 540 made-up photos (turned, tilted, blurred, dim, at 2.5 to 6 pixels a
//! module) it read 262, `zbar` 113 and `rqrr` 64, and `rqrr` took five times as long. PDF pages are drawn by `hayro` and then looked at
//! like photos, so that a scan in a PDF is read as well as a code drawn with lines.
//!
//! What comes from outside never panics here: both libraries meet hostile bytes in a frame that turns a panic into
//! [`ReadError::Broken`].

use std::collections::HashSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::imageops::{FilterType, resize};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Luma};
use rxing::common::{GlobalHistogramBinarizer, HybridBinarizer};
use rxing::multi::MultipleBarcodeReader as _;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8Source};

/// Pixels that a picture may have: more than any phone takes, and at most 256 MiB when unpacked.
pub const MAX_PIXELS: u64 = 64_000_000;
/// Pages of a PDF that are looked at.
pub const MAX_PAGES: usize = 20;
/// Pixels of a picture beyond which its half is looked at first: a code fills a photo, and a photo has far more pixels than it needs.
const MANY_PIXELS: u64 = 6_000_000;
/// Pixels of a picture below which its double is looked at too: interpolated, small modules are found more exactly.
const FEW_PIXELS: u64 = 2_000_000;
/// Pixels an inch at which a PDF page is drawn.
const RESOLUTION: f32 = 250.0;
/// Longest side of a drawn page in pixels; a larger page is drawn coarser.
const MAX_SIDE: f32 = 6_000.0;

/// Why a file gives no code; each is the file's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Readable, but nothing in it is a QR code that can be decoded.
    #[error(
        "no QR code found in the {kind}; take the photo again, near and straight, in good light, with the whole code and its white border"
    )]
    NoCode {
        /// What was looked at.
        kind: FileKind,
    },
    /// Some other format.
    #[error(
        "this is no PNG, JPEG or PDF; save the picture as JPEG or PNG (a phone may have made it HEIC or WebP)"
    )]
    Unsupported,
    /// A PNG, JPEG or PDF that is damaged.
    #[error(
        "the {kind} is damaged and can't be read; send the file again, or take the photo again"
    )]
    Broken {
        /// What it claims to be.
        kind: FileKind,
    },
    /// A PDF that needs a password.
    #[error("the PDF is locked with a password; save it without one")]
    Locked,
    /// Larger than any photo.
    #[error("the {kind} has more than {MAX_PIXELS} pixels; send a smaller one")]
    TooLarge {
        /// What it is.
        kind: FileKind,
    },
}

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// Portable Document Format.
    Pdf,
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG picture",
            Self::Jpeg => "JPEG picture",
            Self::Pdf => "PDF",
        })
    }
}

impl FileKind {
    /// Names the format by its first bytes, whatever the file is called; a PDF may begin with up to 1,024 bytes of something else.
    pub fn of(file: &[u8]) -> Option<Self> {
        let head = &file[..file.len().min(1024)];
        if file.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if file.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if head.windows(5).any(|bytes| bytes == b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }
}

/// Reads the texts of all QR codes in a PNG, a JPEG or a PDF, each once. There is at least one when it succeeds.
///
/// # Errors
///
/// [`ReadError`] when the file has none, can't be read, or is too large.
pub fn read_codes(file: &[u8]) -> Result<Vec<String>, ReadError> {
    let kind = FileKind::of(file).ok_or(ReadError::Unsupported)?;
    let read = AssertUnwindSafe(|| match kind {
        FileKind::Png => Ok(codes_in(&picture(file, kind, ImageFormat::Png)?)),
        FileKind::Jpeg => Ok(codes_in(&picture(file, kind, ImageFormat::Jpeg)?)),
        FileKind::Pdf => codes_in_pdf(file),
    });
    let codes = catch_unwind(read).unwrap_or(Err(ReadError::Broken { kind }))?;
    if codes.is_empty() {
        return Err(ReadError::NoCode { kind });
    }
    Ok(codes)
}

/// Unpacks a picture that is not too large into shades of grey.
fn picture(file: &[u8], kind: FileKind, format: ImageFormat) -> Result<GrayImage, ReadError> {
    let broken = |_| ReadError::Broken { kind };
    let reader = || ImageReader::with_format(Cursor::new(file), format);
    let (width, height) = reader().into_dimensions().map_err(broken)?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ReadError::TooLarge { kind });
    }
    Ok(on_white(reader().decode().map_err(broken)?))
}

/// A transparent picture is meant to lie on white.
fn on_white(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let picture = picture.into_luma_alpha8();
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [shade, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        Luma([((shade * alpha + 255 * (255 - alpha)) / 255) as u8])
    })
}

/// Looks at a picture in two sizes, in its own with two thresholds; the first look that finds a code ends it.
fn codes_in(picture: &GrayImage) -> Vec<String> {
    let (width, height) = picture.dimensions();
    let own = [
        (Size::Own, Threshold::Local),
        (Size::Own, Threshold::Global),
    ];
    let half = (Size::Half, Threshold::Local);
    let looks = match u64::from(width) * u64::from(height) {
        pixels if pixels > MANY_PIXELS => [half, own[0], own[1]],
        pixels if pixels > FEW_PIXELS => [own[0], own[1], half],
        _ => [own[0], own[1], (Size::Double, Threshold::Local)],
    };
    let scaled = |w: u32, h: u32| resize(picture, w.max(1), h.max(1), FilterType::Triangle);
    let mut codes = looks.into_iter().map(|(size, threshold)| match size {
        Size::Own => decode(picture, threshold),
        Size::Half => decode(&scaled(width / 2, height / 2), threshold),
        Size::Double => decode(&scaled(width * 2, height * 2), threshold),
    });
    codes.find(|codes| !codes.is_empty()).unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Size {
    Own,
    Half,
    Double,
}

/// What tells dark from light: each neighbourhood's own brightness (for uneven light), or one for the whole picture (for blurred codes).
#[derive(Clone, Copy)]
enum Threshold {
    Local,
    Global,
}

/// All QR codes that `rxing` decodes, each text once, in the order found.
fn decode(picture: &GrayImage, threshold: Threshold) -> Vec<String> {
    let (width, height) = picture.dimensions();
    let Ok(source) = Luma8Source::new_with_slice(picture.as_raw(), width, height) else {
        return Vec::new();
    };
    let hints = DecodeHints {
        TryHarder: Some(true),
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        ..DecodeHints::default()
    };
    let results = match threshold {
        Threshold::Local => {
            let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
            QrReader.decode_multiple_with_hints(&mut bitmap, &hints)
        }
        Threshold::Global => {
            let mut bitmap = BinaryBitmap::new(GlobalHistogramBinarizer::new(source));
            QrReader.decode_multiple_with_hints(&mut bitmap, &hints)
        }
    };
    let mut texts = Vec::new();
    for result in results.unwrap_or_default() {
        let text = result.getText().to_owned();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// Draws each page and looks at it.
fn codes_in_pdf(file: &[u8]) -> Result<Vec<String>, ReadError> {
    let kind = FileKind::Pdf;
    let pdf = Pdf::new(file.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(_) => ReadError::Locked,
        LoadPdfError::Invalid => ReadError::Broken { kind },
    })?;
    let cache = RenderCache::new();
    let mut codes = Vec::new();
    for page in pdf.pages().iter().take(MAX_PAGES) {
        let (width, height) = page.render_dimensions();
        let scale = (RESOLUTION / 72.0).min(MAX_SIDE / width.max(height));
        if !(width * scale >= 1.0 && height * scale >= 1.0) {
            continue;
        }
        let drawn = hayro::render(
            page,
            &cache,
            &InterpreterSettings::default(),
            &RenderSettings::default(),
            &PixmapSettings {
                x_scale: scale,
                y_scale: scale,
                bg_color: WHITE,
            },
        );
        let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
        let shades = drawn
            .data()
            .iter()
            .map(|pixel| luma(pixel.r, pixel.g, pixel.b));
        let picture = GrayImage::from_raw(width, height, shades.collect());
        for code in codes_in(&picture.ok_or(ReadError::Broken { kind })?) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
    }
    Ok(codes)
}

/// Brightness as ITU-R BT.601 weighs it.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000) as u8
}
