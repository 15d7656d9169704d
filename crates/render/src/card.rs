//! The certificate on a card of the size of an identity card: name, validity and code in front, the eleven fields at the back.

use krilla::Document;
use krilla::tagging::{Node, TagTree};

use crate::page::{NAVY, Page, Paragraph, mm};
use crate::paper::{
    Table, Words, bold, column, draw_page, fitting, grey, heading, height, inline, regular,
    stacked, white,
};
use crate::qr::Qr;

const WIDTH: f32 = mm(85.6);
const HEIGHT: f32 = mm(53.98);
const MARGIN: f32 = mm(4.0);
const BAND: f32 = mm(8.0);
/// Side of the symbol: 51 mm across its diagonal, and with its quiet zone it just clears the band.
const SYMBOL: f32 = mm(36.0);
const SYMBOL_AT: f32 = WIDTH - MARGIN - SYMBOL;
/// Width of the column left of the symbol and its quiet zone.
const LEFT: f32 = SYMBOL_AT - MARGIN - mm(2.5);

/// Draws both pages; `None` when the texts don't fit in any size.
pub(crate) fn draw(
    document: &mut Document,
    tree: &mut TagTree,
    words: &Words,
    qr: &Qr,
) -> Option<()> {
    let head = fitting(|scale| head(words, scale))?;
    let table = fitting(|scale| {
        let table = table(words, scale);
        (table.height() <= HEIGHT - mm(6.0)).then_some(table)
    })?;
    draw_page(document, 0, (WIDTH, HEIGHT), |page| {
        for node in front(page, words, &head) {
            tree.push(node);
        }
        let top = BAND + (HEIGHT - BAND - SYMBOL) / 2.0;
        tree.push(page.symbol(qr, (SYMBOL_AT, top), SYMBOL, &words.alt));
    });
    draw_page(document, 1, (WIDTH, HEIGHT), |page| {
        let top = (HEIGHT - table.height()) / 2.0;
        tree.push(table.draw(page, MARGIN, top));
    });
    Some(())
}

/// The paragraphs left of the symbol, and the rooms above them.
type Head = Vec<(f32, Vec<Paragraph>)>;

/// Sets them in this scale; `None` when they would leave the card.
fn head(words: &Words, scale: f32) -> Option<Head> {
    let [name, birth, ..] = &words.fields;
    let small = |text| stacked(text, regular(5.6 * scale), grey(5.2 * scale), LEFT);
    let head = vec![
        (
            mm(2.0),
            stacked(&words.title, bold(9.5 * scale), grey(6.5 * scale), LEFT),
        ),
        (
            mm(1.6) * scale,
            stacked(&name.value, bold(8.0 * scale), grey(5.6 * scale), LEFT),
        ),
        (mm(0.6) * scale, small(&birth.value)),
        (mm(1.8) * scale, small(&words.validity)),
        (mm(1.2) * scale, small(&words.how_to_verify)),
    ];
    let needed: f32 = head.iter().map(|(room, texts)| room + height(texts)).sum();
    (BAND + needed <= HEIGHT - mm(2.0)).then_some(head)
}

/// Draws the band and the texts of the front.
fn front(page: &mut Page<'_, '_>, words: &Words, head: &Head) -> Vec<Node> {
    page.rectangle((0.0, 0.0), (WIDTH, BAND), NAVY);
    let styles = [bold(7.0), regular(6.2)].map(white);
    let issuer = inline(&words.issuer, "·", styles, WIDTH - 2.0 * MARGIN);
    let mut nodes = column(page, &issuer, MARGIN, (BAND - height(&issuer)) / 2.0);
    let mut top = BAND;
    for (at, (room, texts)) in head.iter().enumerate() {
        top += room;
        if let (0, Some((title, rest))) = (at, texts.split_first()) {
            nodes.push(heading(page, &words.title.vi, title, (MARGIN, top)));
            nodes.extend(column(page, rest, MARGIN, top + title.height()));
        } else {
            nodes.extend(column(page, texts, MARGIN, top));
        }
        top += height(texts);
    }
    nodes
}

/// The eleven fields, both languages in one line.
fn table(words: &Words, scale: f32) -> Table {
    let width = WIDTH - 2.0 * MARGIN;
    let values_at = mm(35.0);
    let (label_width, value_width) = (values_at - mm(1.5), width - values_at);
    Table::new(
        &words.fields,
        [values_at, width, mm(0.45) * scale],
        |_, field| {
            let label = [bold(4.9 * scale), grey(4.9 * scale)];
            let value = [bold(5.4 * scale), grey(5.2 * scale)];
            [
                inline(&field.label, "/", label, label_width),
                inline(&field.value, "/", value, value_width),
            ]
        },
    )
}
