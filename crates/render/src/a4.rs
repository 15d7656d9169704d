//! The A4 certificate: band, title and validity at the left, code at the right, the table of fields, and how to verify at the foot.

use krilla::Document;
use krilla::tagging::{Node, TagTree};

use crate::page::{GREEN, Lang, NAVY, Page, Paragraph, Run, mm};
use crate::paper::{
    Table, Words, bold, column, draw_page, fitting, grey, heading, height, regular, stacked, white,
};
use crate::qr::Qr;

const WIDTH: f32 = mm(210.0);
const HEIGHT: f32 = mm(297.0);
const MARGIN: f32 = mm(20.0);
const BAND: f32 = mm(24.0);
/// Side of the symbol; its diagonal, 59 mm, is the largest that the EU's guidance has for paper (35 to 60 mm).
const SYMBOL: f32 = mm(42.0);
/// Left edge of the symbol, whose right edge is flush with the table's.
const SYMBOL_AT: f32 = WIDTH - MARGIN - SYMBOL;
/// Top of title and symbol.
const TOP: f32 = BAND + mm(11.0);
/// Width of the column left of the symbol.
const LEFT: f32 = SYMBOL_AT - MARGIN - mm(7.0);
const INSET: f32 = mm(4.5);

/// Draws the page; `None` when the texts don't fit in any size.
pub(crate) fn draw(
    document: &mut Document,
    tree: &mut TagTree,
    words: &Words,
    qr: &Qr,
) -> Option<()> {
    let [how_to_verify, issue] = [&words.how_to_verify, &words.issue]
        .map(|text| stacked(text, regular(8.5), grey(8.0), WIDTH - 2.0 * MARGIN));
    let issue_top = HEIGHT - mm(14.0) - height(&issue);
    let foot_top = issue_top - mm(2.0) - height(&how_to_verify);
    let layout = fitting(|scale| Layout::fit(words, scale, foot_top - mm(5.0)))?;
    draw_page(document, 0, (WIDTH, HEIGHT), |page| {
        for node in band(page, words) {
            tree.push(node);
        }
        for node in layout.head(page) {
            tree.push(node);
        }
        tree.push(page.symbol(qr, (SYMBOL_AT, TOP), SYMBOL, &words.alt));
        let caption_top = TOP + SYMBOL + mm(3.0);
        let caption = stacked(&words.caption, regular(8.0), grey(7.5), SYMBOL);
        for node in column(page, &caption, SYMBOL_AT, caption_top) {
            tree.push(node);
        }
        tree.push(layout.table.draw(page, MARGIN, layout.table_top));
        for (texts, top) in [(how_to_verify, foot_top), (issue, issue_top)] {
            for node in column(page, &texts, MARGIN, top) {
                tree.push(node);
            }
        }
    });
    Some(())
}

/// The issuer on the band.
fn band(page: &mut Page<'_, '_>, words: &Words) -> Vec<Node> {
    page.rectangle((0.0, 0.0), (WIDTH, BAND), NAVY);
    let (vi, en) = (white(bold(13.0)), white(regular(10.0)));
    let issuer = stacked(&words.issuer, vi, en, WIDTH - 2.0 * MARGIN);
    let top = (BAND - height(&issuer)) / 2.0;
    column(page, &issuer, MARGIN, top)
}

/// What varies with the size of type.
struct Layout {
    heading: String,
    title: Paragraph,
    subtitle: Vec<Paragraph>,
    basis: Vec<Paragraph>,
    validity: Vec<Paragraph>,
    table: Table,
    table_top: f32,
}

impl Layout {
    /// Sets all in this scale; `None` when the table would end below the limit.
    fn fit(words: &Words, scale: f32, limit: f32) -> Option<Self> {
        let title = Run {
            text: words.title.vi.clone(),
            style: bold(25.0 * scale),
            lang: Lang::Vi,
        };
        let subtitle = Run {
            text: words.title.en.clone(),
            style: grey(15.0 * scale),
            lang: Lang::En,
        };
        let inset = LEFT - INSET;
        let mut layout = Self {
            heading: words.title.vi.clone(),
            title: Paragraph::new(&[title], LEFT),
            subtitle: vec![Paragraph::new(&[subtitle], LEFT)],
            basis: stacked(&words.basis, regular(9.0 * scale), grey(8.5 * scale), LEFT),
            validity: stacked(
                &words.validity,
                bold(10.0 * scale),
                grey(9.5 * scale),
                inset,
            ),
            table: table(words, scale),
            table_top: 0.0,
        };
        let symbol_end = TOP + SYMBOL + mm(11.0);
        layout.table_top = layout.head_end().max(symbol_end) + mm(6.0);
        (layout.table_top + layout.table.height() <= limit).then_some(layout)
    }

    /// Top of the validity, and what stands above it.
    fn validity_top(&self) -> f32 {
        TOP - mm(2.0)
            + self.title.height()
            + height(&self.subtitle)
            + mm(3.5)
            + height(&self.basis)
            + mm(5.0)
    }

    fn head_end(&self) -> f32 {
        self.validity_top() + height(&self.validity) + mm(1.0)
    }

    /// Draws title, basis and validity.
    fn head(&self, page: &mut Page<'_, '_>) -> Vec<Node> {
        let mut top = TOP - mm(2.0);
        let mut nodes = vec![heading(page, &self.heading, &self.title, (MARGIN, top))];
        top += self.title.height();
        nodes.extend(column(page, &self.subtitle, MARGIN, top));
        top += height(&self.subtitle) + mm(3.5);
        nodes.extend(column(page, &self.basis, MARGIN, top));
        let top = self.validity_top();
        let bar = (mm(1.4), height(&self.validity) + mm(2.0));
        page.rectangle((MARGIN, top - mm(1.0)), bar, GREEN);
        nodes.extend(column(page, &self.validity, MARGIN + INSET, top));
        nodes
    }
}

/// The eleven fields; the name in larger type, the long code in smaller.
fn table(words: &Words, scale: f32) -> Table {
    let width = WIDTH - 2.0 * MARGIN;
    let values_at = mm(62.0);
    let (label_width, value_width) = (values_at - mm(5.0), width - values_at);
    Table::new(
        &words.fields,
        [values_at, width, mm(1.5) * scale],
        |number, field| {
            let value = match number {
                1 => bold(13.0 * scale),
                11 => regular(9.6 * scale),
                _ => regular(10.5 * scale),
            };
            let label = [bold(9.5 * scale), grey(8.5 * scale)];
            [
                stacked(&field.label, label[0], label[1], label_width),
                stacked(&field.value, value, grey(9.5 * scale), value_width),
            ]
        },
    )
}
