//! Certificates on paper: A4, and a card of the size of an identity card, both as PDF/A-2a that is PDF/UA-1 as well.
//!
//! PDF/A-2a keeps for decades (everything embedded, nothing fetched) and PDF/UA-1 lets a screen reader read it: title, language of every
//! piece, headings, a table whose labels are headers, a description of the QR code, in reading order.
//!
//! The pages are drawn with `krilla` at places fixed here, not typeset by `typst`, whose PDF back end `krilla` is: a form whose every line
//! has its place needs no typesetter and none of the crates that come with one. A certificate takes some three milliseconds of one core
//! (example `speed`). What varies is the length of the values; they wrap, and where that isn't enough the type shrinks in steps.

use std::num::NonZeroU16;

use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{Node, TableHeaderScope, Tag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};

use crate::certificate::{Bilingual, Certificate, Field, tidy};
use crate::font::{REGULAR, SEMI_BOLD};
use crate::page::{GREY, INK, Lang, NAVY, Page, Paragraph, RULE, Run, Style, WHITE};
use crate::qr::{Level, Mask, Qr, QrError};
use crate::{a4, card};

/// The two sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// One page, 210 × 297 mm.
    A4,
    /// Two pages of 85.6 × 53.98 mm (ISO/IEC 7810 ID-1): code in front, fields at the back.
    Card,
}

/// Why a certificate can't be printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    // The certificate's fault.
    /// A field that must be there is blank.
    #[error("{field}: nothing to print; fill the field in the record")]
    Blank {
        /// English label of the field.
        field: String,
    },
    /// A letter that isn't Latin.
    #[error(
        "{field}: the letter '{letter}' can't be printed; write it in Latin letters, as in the passport of the holder"
    )]
    Letter {
        /// English label of the field.
        field: String,
        /// The letter.
        letter: char,
    },
    /// Even in the smallest type the text needs more room than the form has.
    #[error("the texts don't fit on the {form:?} form; shorten the longest, or use the A4 form")]
    TooLong {
        /// The form.
        form: Form,
    },
    /// The code is too long for a QR symbol.
    #[error(transparent)]
    Code(#[from] QrError),
    // Ours.
    /// The PDF library refused what this crate drew.
    #[error("the PDF isn't conforming: {0}; please report this with the certificate's code")]
    Conformance(String),
}

impl Certificate {
    /// Draws the certificate, with its code at this level of error correction. The same certificate gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`PaperError`] when a value is blank, in letters that the font lacks, or too long.
    pub fn pdf(&self, form: Form, level: Level) -> Result<Vec<u8>, PaperError> {
        let words = Words::of(self)?;
        let qr = Qr::encode(&self.code, level, Mask::Fixed)?;
        let mut document = Document::new_with(settings()?);
        let mut tree = TagTree::new().with_lang(Some("vi".to_owned()));
        let drawn = match form {
            Form::A4 => a4::draw(&mut document, &mut tree, &words, &qr),
            Form::Card => card::draw(&mut document, &mut tree, &words, &qr),
        };
        drawn.ok_or(PaperError::TooLong { form })?;
        document.set_tag_tree(tree);
        document.set_metadata(self.metadata(&words));
        let mut outline = Outline::new();
        let start = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
        outline.push_child(OutlineNode::new(words.title.vi.clone(), start));
        document.set_outline(outline);
        document
            .finish()
            .map_err(|error| PaperError::Conformance(format!("{error:?}")))
    }

    fn metadata(&self, words: &Words) -> Metadata {
        let [name, ..] = &words.fields;
        let title = format!("{} – {}", words.title.vi, name.value.vi);
        let issued = DateTime::new(self.issued.year().unsigned_abs())
            .month(self.issued.month().unsigned_abs())
            .day(self.issued.day().unsigned_abs());
        Metadata::new()
            .title(title)
            .authors(vec![words.issuer.vi.clone()])
            .language("vi".to_owned())
            .creation_date(issued)
            .document_id(self.certificate_code.clone())
    }
}

fn settings() -> Result<SerializeSettings, PaperError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| PaperError::Conformance(format!("{error:?}")))?;
    Ok(SerializeSettings {
        configuration,
        enable_tagging: true,
        ..SerializeSettings::default()
    })
}

/// All that is printed, in NFC and known to be printable.
pub(crate) struct Words {
    pub(crate) title: Bilingual,
    pub(crate) issuer: Bilingual,
    pub(crate) basis: Bilingual,
    pub(crate) fields: [Field; 11],
    pub(crate) validity: Bilingual,
    pub(crate) how_to_verify: Bilingual,
    pub(crate) issue: Bilingual,
    pub(crate) caption: Bilingual,
    /// Describes the QR code to who can't see it.
    pub(crate) alt: String,
}

impl Words {
    fn of(certificate: &Certificate) -> Result<Self, PaperError> {
        let mut fields = certificate.fields();
        for field in &mut fields {
            field.value = printable(&field.label.en, &field.value, true)?;
        }
        let [name, ..] = &fields;
        Ok(Self {
            title: printable("Title", &certificate.title, true)?,
            issuer: printable("Issuer", &certificate.issuer, true)?,
            basis: printable("Basis", &certificate.basis, false)?,
            validity: certificate.validity(),
            how_to_verify: printable("Address", &certificate.how_to_verify(), true)?,
            issue: certificate.issue(),
            caption: Bilingual::new("Mã QR đã ký số", "Digitally signed QR code"),
            alt: format!(
                "Mã QR chứa chứng nhận đã ký số của {}. QR code with the digitally signed certificate.",
                name.value.vi
            ),
            fields,
        })
    }
}

/// Checks a text in both languages and in both faces.
fn printable(field: &str, text: &Bilingual, needed: bool) -> Result<Bilingual, PaperError> {
    let text = Bilingual::new(tidy(&text.vi), tidy(&text.en));
    for language in [&text.vi, &text.en] {
        if needed && language.is_empty() {
            let field = field.to_owned();
            return Err(PaperError::Blank { field });
        }
        let missing = [&REGULAR, &SEMI_BOLD].map(|face| face.missing(language));
        if let Some(letter) = missing.into_iter().flatten().next() {
            let field = field.to_owned();
            return Err(PaperError::Letter { field, letter });
        }
    }
    Ok(text)
}

/// Opens a page, lets it be drawn and closes it.
pub(crate) fn draw_page(
    document: &mut Document,
    index: usize,
    (width, height): (f32, f32),
    draw: impl FnOnce(&mut Page<'_, '_>),
) {
    let settings = PageSettings::from_wh(width, height).unwrap_or_default();
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    draw(&mut Page {
        surface: &mut surface,
        index,
    });
    surface.finish();
    page.finish();
}

/// Regular type.
pub(crate) fn regular(size: f32) -> Style {
    Style {
        face: &REGULAR,
        size,
        colour: INK,
    }
}

/// Bold type.
pub(crate) fn bold(size: f32) -> Style {
    Style {
        face: &SEMI_BOLD,
        size,
        colour: INK,
    }
}

/// Regular type in grey, for the second language.
pub(crate) fn grey(size: f32) -> Style {
    Style {
        colour: GREY,
        ..regular(size)
    }
}

/// The same type in white, for the band.
pub(crate) fn white(style: Style) -> Style {
    Style {
        colour: WHITE,
        ..style
    }
}

/// A text in both languages as paragraphs one below the other; in one where they are the same.
pub(crate) fn stacked(text: &Bilingual, vi: Style, en: Style, width: f32) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    if !text.vi.is_empty() {
        paragraphs.push(Paragraph::new(&[run(&text.vi, vi, Lang::Vi)], width));
    }
    if text.en != text.vi && !text.en.is_empty() {
        paragraphs.push(Paragraph::new(&[run(&text.en, en, Lang::En)], width));
    }
    paragraphs
}

/// A text in both languages in one paragraph, parted by a sign; once where they are the same.
pub(crate) fn inline(
    text: &Bilingual,
    sign: &str,
    styles: [Style; 2],
    width: f32,
) -> Vec<Paragraph> {
    let [vi, en] = styles;
    if text.en == text.vi {
        return stacked(text, vi, en, width);
    }
    let runs = [
        run(&format!("{} ", text.vi), vi, Lang::Vi),
        run(&format!("{sign} "), en, Lang::Vi),
        run(&text.en, en, Lang::En),
    ];
    vec![Paragraph::new(&runs, width)]
}

fn run(text: &str, style: Style, lang: Lang) -> Run {
    Run {
        text: text.to_owned(),
        style,
        lang,
    }
}

/// Points that paragraphs take one below the other.
pub(crate) fn height(paragraphs: &[Paragraph]) -> f32 {
    paragraphs.iter().map(Paragraph::height).sum()
}

/// Draws the title as the heading of the document, called `text` where headings are listed.
pub(crate) fn heading(
    page: &mut Page<'_, '_>,
    text: &str,
    title: &Paragraph,
    (x, top): (f32, f32),
) -> Node {
    let mut heading = TagGroup::new(Tag::Hn(NonZeroU16::MIN, Some(text.to_owned())));
    for content in page.lines(title, x, top) {
        heading.push(content);
    }
    heading.into()
}

/// Draws paragraphs one below the other; gives them for the tree, in reading order.
pub(crate) fn column(
    page: &mut Page<'_, '_>,
    paragraphs: &[Paragraph],
    x: f32,
    top: f32,
) -> Vec<Node> {
    let mut top = top;
    let mut nodes = Vec::new();
    for paragraph in paragraphs {
        nodes.push(page.paragraph(paragraph, x, top).into());
        top += paragraph.height();
    }
    nodes
}

/// Labels and values, set for one size of type.
pub(crate) struct Table {
    rows: Vec<[Vec<Paragraph>; 2]>,
    /// Room above and below each row, in points.
    pub(crate) padding: f32,
    /// Left edge of the values from the left edge of the table, in points.
    pub(crate) values_at: f32,
    /// In points.
    pub(crate) width: f32,
}

impl Table {
    /// Sets the fields; `set` gives label and value of one, which it knows by its number from 1.
    pub(crate) fn new(
        fields: &[Field],
        [values_at, width, padding]: [f32; 3],
        set: impl Fn(usize, &Field) -> [Vec<Paragraph>; 2],
    ) -> Self {
        let rows = fields.iter().enumerate();
        Self {
            rows: rows.map(|(at, field)| set(at + 1, field)).collect(),
            padding,
            values_at,
            width,
        }
    }

    /// In points.
    pub(crate) fn height(&self) -> f32 {
        self.rows.iter().map(|row| self.row_height(row)).sum()
    }

    fn row_height(&self, [label, value]: &[Vec<Paragraph>; 2]) -> f32 {
        height(label).max(height(value)) + 2.0 * self.padding
    }

    /// Draws rows between rules; the labels are row headers.
    pub(crate) fn draw(&self, page: &mut Page<'_, '_>, x: f32, top: f32) -> TagGroup {
        let mut table = TagGroup::new(Tag::Table);
        let mut top = top;
        page.rectangle((x, top - 0.5), (self.width, 1.0), NAVY);
        for row in &self.rows {
            let [label, value] = row;
            let text_top = top + self.padding;
            let header = Tag::TH(TableHeaderScope::Row);
            let header = TagGroup::with_children(header, column(page, label, x, text_top));
            let cell = column(page, value, x + self.values_at, text_top);
            let cell = TagGroup::with_children(Tag::TD, cell);
            let row_group = vec![header.into(), cell.into()];
            table.push(TagGroup::with_children(Tag::TR, row_group));
            top += self.row_height(row);
            page.rectangle((x, top - 0.25), (self.width, 0.5), RULE);
        }
        table
    }
}

/// The largest of ten sizes, each four hundredths smaller than the one before, in which something fits.
pub(crate) fn fitting<T>(set: impl Fn(f32) -> Option<T>) -> Option<T> {
    (0..10).find_map(|step| set(1.0 - 0.04 * step as f32))
}
