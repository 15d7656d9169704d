//! Setting and drawing: paragraphs that wrap, rectangles, the QR symbol; everything drawn is either tagged or an artifact.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, Identifier, Node, SpanTag, Tag, TagGroup,
};

use crate::font::Face;
use crate::qr::{QUIET_ZONE, Qr};

/// Points of 1/72 inch.
pub(crate) const fn mm(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}

/// Baseline to baseline, in sizes of the font; room for the two storeys of marks on Ễ.
const LEADING: f32 = 1.32;
/// Top of the line to the baseline, in sizes of the font.
const ASCENT: f32 = 1.02;

/// Red, green and blue of sRGB.
pub(crate) type Colour = [u8; 3];

/// Near-black for what matters.
pub(crate) const INK: Colour = [11, 12, 12];
/// For the second language; contrast 6.9 to 1 on white.
pub(crate) const GREY: Colour = [80, 90, 95];
/// Between rows.
pub(crate) const RULE: Colour = [177, 180, 182];
/// The band at the head.
pub(crate) const NAVY: Colour = [13, 49, 97];
/// On the band.
pub(crate) const WHITE: Colour = [255, 255, 255];
/// The bar beside the validity.
pub(crate) const GREEN: Colour = [0, 112, 60];

/// Language of a piece of text, for screen readers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    Vi,
    En,
}

impl Lang {
    const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

/// How a run of text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) face: &'static Face,
    /// Points.
    pub(crate) size: f32,
    pub(crate) colour: Colour,
}

impl Style {
    fn width(&self, text: &str) -> f32 {
        self.face.width(text) * self.size
    }
}

/// Text of one look and language.
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) style: Style,
    pub(crate) lang: Lang,
}

/// Runs that were wrapped to a width.
pub(crate) struct Paragraph {
    lines: Vec<Vec<Piece>>,
    /// The largest size in it.
    size: f32,
}

/// What of a run stands on one line.
struct Piece {
    run: Run,
    /// From the left edge of the paragraph.
    x: f32,
}

impl Paragraph {
    /// Wraps runs at spaces; a word wider than the line is broken where it must be.
    pub(crate) fn new(runs: &[Run], width: f32) -> Self {
        let sizes = runs.iter().map(|run| run.style.size);
        let mut paragraph = Self {
            lines: vec![Vec::new()],
            size: sizes.fold(0.0, f32::max),
        };
        let mut x = 0.0;
        for run in runs {
            let mut first = true;
            for word in run.text.split_inclusive(' ') {
                for part in parts(word, &run.style, width) {
                    if x > 0.0 && x + run.style.width(part.trim_end()) > width {
                        paragraph.lines.push(Vec::new());
                        (x, first) = (0.0, true);
                    }
                    paragraph.add(run, part, x, first);
                    first = false;
                    x += run.style.width(part);
                }
            }
        }
        paragraph
    }

    /// Adds a part of a run to the last line, as a new piece where the run begins there.
    fn add(&mut self, run: &Run, part: &str, x: f32, first: bool) {
        let Some(line) = self.lines.last_mut() else {
            return;
        };
        if let (false, Some(piece)) = (first, line.last_mut()) {
            piece.run.text.push_str(part);
        } else {
            let run = Run {
                text: part.to_owned(),
                ..*run
            };
            line.push(Piece { run, x });
        }
    }

    /// Points from the top of the first to the top of the line after the last.
    pub(crate) fn height(&self) -> f32 {
        self.lines.len() as f32 * self.size * LEADING
    }
}

/// A word, or the pieces into which it must be broken to fit: after one of its own signs if there is one late enough, else anywhere.
fn parts<'w>(word: &'w str, style: &Style, width: f32) -> Vec<&'w str> {
    let mut parts = Vec::new();
    let mut rest = word;
    while style.width(rest.trim_end()) > width {
        let fits = |end: &usize| style.width(&rest[..*end]) <= width;
        let ends = rest
            .char_indices()
            .map(|(at, letter)| at + letter.len_utf8());
        let fitting: Vec<usize> = ends.take_while(fits).collect();
        let Some(&most) = fitting.last() else {
            break;
        };
        let sign = |end: &&usize| rest[..**end].ends_with([':', '/', '-', '<', '.', '#']);
        let late = fitting
            .iter()
            .rev()
            .find(sign)
            .filter(|end| **end * 2 > most);
        let (part, remainder) = rest.split_at(*late.unwrap_or(&most));
        parts.push(part);
        rest = remainder;
    }
    parts.push(rest);
    parts
}

/// One page being drawn.
pub(crate) struct Page<'s, 'd> {
    pub(crate) surface: &'s mut Surface<'d>,
    /// Its number from 0.
    pub(crate) index: usize,
}

impl Page<'_, '_> {
    /// Draws a paragraph with its upper left corner here; gives the tagged content, in reading order.
    pub(crate) fn paragraph(&mut self, paragraph: &Paragraph, x: f32, top: f32) -> TagGroup {
        let mut group = TagGroup::new(Tag::P);
        for content in self.lines(paragraph, x, top) {
            group.push(content);
        }
        group
    }

    /// Draws the lines of a paragraph for a group that the caller makes.
    pub(crate) fn lines(&mut self, paragraph: &Paragraph, x: f32, top: f32) -> Vec<Identifier> {
        let mut contents = Vec::new();
        for (number, line) in paragraph.lines.iter().enumerate() {
            let line_top = top + number as f32 * paragraph.size * LEADING;
            let baseline = line_top + paragraph.size * ASCENT;
            for Piece { run, x: offset } in line {
                let span = SpanTag::empty().with_lang(Some(run.lang.tag()));
                contents.push(self.surface.start_tagged(ContentTag::Span(span)));
                self.fill(run.style.colour);
                self.surface.draw_glyphs(
                    Point::from_xy(x + offset, baseline),
                    &run.style.face.set(&run.text),
                    run.style.face.font.clone(),
                    &run.text,
                    run.style.size,
                    false,
                );
                self.surface.end_tagged();
            }
        }
        contents
    }

    /// Draws a filled rectangle that means nothing.
    pub(crate) fn rectangle(&mut self, (x, y): (f32, f32), (w, h): (f32, f32), colour: Colour) {
        let Some(rectangle) = Rect::from_xywh(x, y, w, h) else {
            return;
        };
        let mut path = PathBuilder::new();
        path.push_rect(rectangle);
        let layout = Artifact::with_kind(ArtifactType::Layout);
        self.surface.start_tagged(ContentTag::Artifact(layout));
        self.fill(colour);
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
        self.surface.end_tagged();
    }

    /// Draws a QR symbol of this side on a white ground that covers its quiet zone; x and y are the symbol's upper left corner.
    pub(crate) fn symbol(&mut self, qr: &Qr, (x, y): (f32, f32), side: f32, alt: &str) -> TagGroup {
        let module = side / qr.side() as f32;
        let quiet = QUIET_ZONE as f32 * module;
        let ground = side + 2.0 * quiet;
        self.rectangle((x - quiet, y - quiet), (ground, ground), WHITE);

        let mut path = PathBuilder::new();
        for contour in qr.contours() {
            for (at, (column, row)) in contour.into_iter().enumerate() {
                let (column, row) = (column as f32, row as f32);
                if at == 0 {
                    path.move_to(column, row);
                } else {
                    path.line_to(column, row);
                }
            }
            path.close();
        }
        // The outline keeps its whole numbers, which take a third of the bytes of places on the page.
        let place = Transform::from_row(module, 0.0, 0.0, module, x, y);
        self.surface.push_transform(&place);
        let content = self.surface.start_tagged(ContentTag::Other);
        self.fill([0, 0, 0]);
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
        self.surface.end_tagged();
        self.surface.pop();
        let bounds = Rect::from_xywh(x, y, side, side).map(|area| BBox::new(self.index, area));
        let figure = Tag::Figure(Some(alt.to_owned())).with_bbox(bounds);
        TagGroup::with_children(figure, vec![Node::from(content)])
    }

    fn fill(&mut self, [red, green, blue]: Colour) {
        self.surface.set_fill(Some(Fill {
            paint: rgb::Color::new(red, green, blue).into(),
            ..Fill::default()
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::REGULAR;

    fn lines(text: &str, width: f32) -> Vec<String> {
        let run = Run {
            text: text.to_owned(),
            style: Style {
                face: &REGULAR,
                size: 10.0,
                colour: INK,
            },
            lang: Lang::Vi,
        };
        let paragraph = Paragraph::new(&[run], width);
        let line = |line: &Vec<Piece>| line.iter().map(|piece| piece.run.text.clone()).collect();
        paragraph.lines.iter().map(line).collect()
    }

    #[test]
    fn text_wraps_at_spaces_and_loses_none() {
        let text = "Công ty cổ phần vắc xin và sinh phẩm Nha Trang";
        let lines = lines(text, 90.0);
        assert!(lines.len() > 2);
        assert_eq!(lines.concat(), text);
        for line in &lines {
            assert!(REGULAR.width(line.trim_end()) * 10.0 <= 90.0, "{line}");
        }
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken_after_its_signs() {
        let code = "URN:UVCI:01:VN:0123456789ABCDEF0123456789ABCDEF";
        let broken = lines(code, 150.0);
        assert_eq!(broken.concat(), code);
        assert_eq!(broken[0], "URN:UVCI:01:VN:");
    }

    #[test]
    fn a_line_narrower_than_a_letter_ends_all_the_same() {
        assert_eq!(lines("Ngọc", 1.0).concat(), "Ngọc");
    }
}
