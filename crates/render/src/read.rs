//! QR codes out of files that people send: photos, scans and screenshots as PNG or JPEG, and PDF.
//!
//! `rxing` finds and decodes them. Of three readers tried on 540 made-up photos (turned, tilted, blurred, dim, at 2.5 to 6 pixels a
//! module) it read 262, `zbar` 113 and `rqrr` 64, and `rqrr` took five times as long. PDF pages are drawn by `hayro` and then looked at
//! like photos, so that a scan in a PDF is read as well as a code drawn with lines.
//!
//! What comes from outside never panics here: both libraries meet hostile bytes in a frame that turns a panic into
//! [`ReadError::Broken`].

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, TransformExt as _, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::kurbo::{Affine, BezPath, Rect};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::imageops::{FilterType, resize};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Luma};
use rxing::common::{
    BitMatrix, DetectorRXingResult as _, GlobalHistogramBinarizer, HybridBinarizer,
};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::{BinaryBitmap, Luma8Source};

/// Pixels that a picture may have: more than any phone takes.
pub const MAX_PIXELS: u64 = 64_000_000;
/// Pages of a PDF that are looked at.
pub const MAX_PAGES: usize = 20;
/// Sets of finder patterns that are tried in one look: a sheet of a hundred codes needs fewer, each takes about a millisecond.
const MAX_TRIES: usize = 2_000;
/// Rows of pixels that the shapes of a PDF page may cover together, each of them some ten bytes.
const PAGE_BUDGET: f64 = 30_000_000.0;
/// Rows that a shape costs besides its own.
const OPERATION: f64 = 10.0;
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
    /// A PDF page that would take too much memory and time to draw.
    #[error("a page of the PDF is too complex to be drawn; save it as a picture and send that")]
    TooComplex,
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
    let codes = catch_unwind(read).unwrap_or_else(|cause| {
        Err(if cause.is::<TooComplex>() {
            ReadError::TooComplex
        } else {
            ReadError::Broken { kind }
        })
    })?;
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
    match threshold {
        Threshold::Local => {
            let bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
            decode_dark(bitmap.get_black_matrix())
        }
        Threshold::Global => {
            let bitmap = BinaryBitmap::new(GlobalHistogramBinarizer::new(source));
            decode_dark(bitmap.get_black_matrix())
        }
    }
}

/// Tries the likeliest sets of three finder patterns. The reader of `rxing` tries all, which takes hours when a picture is full of them.
fn decode_dark(dark: &BitMatrix) -> Vec<String> {
    let mut patterns = FindFinderPatterns(dark, true, 0);
    let mut used = Vec::new();
    let mut texts = Vec::new();
    for set in GenerateFinderPatternSets(&mut patterns)
        .into_iter()
        .take(MAX_TRIES)
    {
        let corners = [set.bl, set.tl, set.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let Ok(sample) = SampleQR(dark, &set) else {
            continue;
        };
        let Ok(decoded) = Decode(sample.getBits()) else {
            continue;
        };
        if decoded.isValid() {
            used.extend(corners);
            let text = decoded.text();
            if !texts.contains(&text) {
                texts.push(text);
            }
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
    let cache = (InterpreterCache::new(), RenderCache::new());
    let mut codes = Vec::new();
    for page in pdf.pages().iter().take(MAX_PAGES) {
        let (width, height) = page.render_dimensions();
        let scale = (RESOLUTION / 72.0).min(MAX_SIDE / width.max(height));
        if !(width * scale >= 1.0 && height * scale >= 1.0) {
            continue;
        }
        let dimensions = (width * scale, height * scale);
        Budget::check(page, &cache.0, dimensions, scale);
        let drawn = hayro::render(
            page,
            &cache.1,
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

/// What drawing a page costs, counted without drawing: the drawing library keeps every painted row of pixels until the page is done, so
/// a file of kilobytes could fill all memory.
struct Budget {
    /// The page in pixels.
    page: Rect,
    left: f64,
}

/// Carried by the unwinding that ends the interpretation of a page: nothing else can stop it.
struct TooComplex;

impl Budget {
    /// Unwinds with [`TooComplex`] when the page asks for too much.
    fn check<'p>(
        page: &'p Page<'p>,
        cache: &InterpreterCache<'p>,
        (width, height): (f32, f32),
        scale: f32,
    ) {
        let area = Rect::new(0.0, 0.0, width.into(), height.into());
        let transform = Affine::scale(scale.into()) * page.initial_transform(true).to_kurbo();
        let settings = InterpreterSettings::default();
        let mut context = Context::new(transform, area, cache, page.xref(), settings);
        let mut budget = Self {
            page: area,
            left: PAGE_BUDGET,
        };
        interpret_page(page, &mut context, &mut budget);
    }

    fn spend(&mut self, shape: Rect) {
        let rows = shape.intersect(self.page).height();
        self.left -= OPERATION + rows;
        // Not a number is too much as well.
        if self.left.is_nan() || self.left < 0.0 {
            resume_unwind(Box::new(TooComplex));
        }
    }
}

impl<'a> Device<'a> for Budget {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, _: &DrawMode) {
        self.spend(props.transform.transform_rect_bbox(path.control_box()));
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.spend(clip.path.control_box());
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.spend(self.page);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {
        for _ in run.glyphs() {
            self.spend(Rect::ZERO);
        }
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.spend(self.page);
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

/// Brightness as ITU-R BT.601 weighs it.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000) as u8
}
