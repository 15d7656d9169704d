//! How every list looks and behaves: title block, locked and open columns, drop-downs, print set-up.

use std::fmt::Write as _;

use registry::date::Date;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, Format, FormatAlign,
    FormatBorder, ProtectionOptions, Workbook, Worksheet, XlsxError,
};

/// Rows on one sheet; a longer list goes on on the next one. More is slow on an old machine.
const ROWS_PER_SHEET: usize = 50_000;
/// A cell holds at most 32,767 UTF-16 units; no field of a person needs a tenth of it.
const LONGEST_TEXT: usize = 2_000;
/// Rows above the data: four of title, two of headings.
pub(super) const HEAD_ROWS: u32 = 6;
/// A4.
const PAPER: u8 = 9;

/// A column of a list.
pub(super) struct Column {
    /// Heading.
    pub title: &'static str,
    /// Width in characters.
    pub width: u8,
    /// Who fills it.
    pub kind: Kind,
}

/// What may be done with a column.
pub(super) enum Kind {
    /// Ours: locked.
    Locked,
    /// To be filled with text.
    Text,
    /// To be filled with an identity number.
    IdNumber,
    /// To be filled with one of these.
    Choice(&'static [&'static str]),
}

/// Columns under one common heading.
pub(super) struct Group {
    /// The heading.
    pub title: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

/// A list to be laid out.
pub(super) struct Layout<'a> {
    /// Name of the sheet.
    pub sheet: &'static str,
    /// First line, in large letters.
    pub title: &'static str,
    /// Second line: whose list.
    pub owner: String,
    /// Third line: number, version, as-of date, counts.
    pub facts: String,
    /// Fourth line: what to do.
    pub instruction: &'static str,
    /// Columns.
    pub groups: &'a [Group],
    /// Columns that stay visible when scrolling to the right.
    pub frozen_columns: u16,
    /// Foot of each printed page: who signs.
    pub footer: &'static str,
}

/// A value of a locked cell.
pub(super) enum Cell<'a> {
    /// Text.
    Text(&'a str),
    /// Text that differs from what is held: bold on amber.
    Changed(&'a str),
    /// A count.
    Count(u32),
    /// A share of one.
    Share(f64),
}

/// The formats of a workbook.
pub(super) struct Look {
    title: Format,
    owner: Format,
    note: Format,
    group: Format,
    fill_group: Format,
    heading: Format,
    fill_heading: Format,
    locked: Format,
    changed: Format,
    share: Format,
    fill: Format,
}

const RULE_LINE: Color = Color::RGB(0x00B1_B4B6);
const BLUE: Color = Color::RGB(0x0000_3078);
const GREEN: Color = Color::RGB(0x0000_5A30);

impl Look {
    pub(super) fn new() -> Self {
        let base = Format::new()
            .set_font_name("Times New Roman")
            .set_font_size(11);
        let cell = base
            .clone()
            .set_border(FormatBorder::Thin)
            .set_border_color(RULE_LINE)
            .set_align(FormatAlign::Top)
            .set_text_wrap();
        // "@" keeps what is typed as text: a number typed into an open column keeps its leading zero.
        let text = cell.clone().set_num_format("@");
        let head = cell
            .clone()
            .set_bold()
            .set_align(FormatAlign::Center)
            .set_align(FormatAlign::VerticalCenter);
        Self {
            title: base.clone().set_bold().set_font_size(14),
            owner: base.clone().set_bold().set_font_size(12),
            note: base.set_align(FormatAlign::Top),
            group: head
                .clone()
                .set_font_color(Color::White)
                .set_background_color(BLUE),
            fill_group: head
                .clone()
                .set_font_color(Color::White)
                .set_background_color(GREEN),
            heading: head.clone().set_background_color(Color::RGB(0x00E8_EEF5)),
            fill_heading: head.set_background_color(Color::RGB(0x00E3_F2E8)),
            changed: text
                .clone()
                .set_bold()
                .set_background_color(Color::RGB(0x00FF_F1C9)),
            share: cell.set_num_format("0.0%"),
            fill: text
                .clone()
                .set_unlocked()
                .set_background_color(Color::RGB(0x00F6_FBF8)),
            locked: text,
        }
    }
}

/// An empty workbook whose bytes don't depend on when it is written.
pub(super) fn workbook(title: &str, created: Date) -> Workbook {
    let mut workbook = Workbook::new();
    let midnight = created.at(0, 0, 0, 0);
    // Years outside Excel's range (1900 to 9999) are written as its first day.
    let created = rust_xlsxwriter::ExcelDateTime::from_ymd(
        u16::try_from(midnight.year()).unwrap_or(1900),
        u8::try_from(midnight.month()).unwrap_or(1),
        u8::try_from(midnight.day()).unwrap_or(1),
    )
    .unwrap_or_default();
    workbook.set_properties(
        &DocProperties::new()
            .set_title(title)
            .set_author("Minh Chứng")
            .set_creation_datetime(&created),
    );
    workbook
}

/// Lays the list out, on as many sheets as it needs. `cells` gives the locked cells of an item.
pub(super) fn add_list<'i, T>(
    workbook: &mut Workbook,
    layout: &Layout<'_>,
    items: &[&'i T],
    cells: impl Fn(usize, &'i T) -> Vec<Cell<'i>>,
) -> Result<(), XlsxError> {
    let look = Look::new();
    // An empty list still is a sheet with its headings.
    let parts = items.len().div_ceil(ROWS_PER_SHEET).max(1);
    for part in 0..parts {
        let first = part * ROWS_PER_SHEET;
        let rows = items
            .get(first..items.len().min(first + ROWS_PER_SHEET))
            .unwrap_or_default();
        let sheet = workbook.add_worksheet();
        sheet.set_name(match part {
            0 => layout.sheet.to_owned(),
            more => format!("{} {}", layout.sheet, more + 1),
        })?;
        write_head(sheet, layout, &look)?;
        for (index, item) in rows.iter().enumerate() {
            let row = HEAD_ROWS + index as u32;
            write_row(sheet, layout, &look, row, &cells(first + index, item))?;
        }
        finish(sheet, layout, rows.len() as u32)?;
    }
    Ok(())
}

fn write_head(sheet: &mut Worksheet, layout: &Layout<'_>, look: &Look) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, layout.title, &look.title)?;
    sheet.write_string_with_format(1, 0, clip(&layout.owner), &look.owner)?;
    sheet.write_string_with_format(2, 0, clip(&layout.facts), &look.note)?;
    sheet.write_string_with_format(3, 0, layout.instruction, &look.note)?;
    let mut column = 0;
    for group in layout.groups {
        let last = column + group.columns.len() as u16 - 1;
        let fill = group
            .columns
            .iter()
            .all(|c| !matches!(c.kind, Kind::Locked));
        let (over, under) = if fill {
            (&look.fill_group, &look.fill_heading)
        } else {
            (&look.group, &look.heading)
        };
        sheet.merge_range(
            HEAD_ROWS - 2,
            column,
            HEAD_ROWS - 2,
            last,
            group.title,
            over,
        )?;
        for definition in group.columns {
            sheet.set_column_width(column, f64::from(definition.width))?;
            sheet.write_string_with_format(HEAD_ROWS - 1, column, definition.title, under)?;
            column += 1;
        }
    }
    sheet.set_row_height(HEAD_ROWS - 1, 48)?;
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    layout: &Layout<'_>,
    look: &Look,
    row: u32,
    cells: &[Cell<'_>],
) -> Result<(), XlsxError> {
    sheet.set_row_height(row, height(layout, cells))?;
    let mut cells = cells.iter();
    let columns = layout.groups.iter().flat_map(|group| group.columns);
    for (column, definition) in columns.enumerate() {
        let column = column as u16;
        if !matches!(definition.kind, Kind::Locked) {
            sheet.write_blank(row, column, &look.fill)?;
            continue;
        }
        match cells.next() {
            Some(Cell::Text(text)) => {
                sheet.write_string_with_format(row, column, clip(text), &look.locked)?
            }
            Some(Cell::Changed(text)) => {
                sheet.write_string_with_format(row, column, clip(text), &look.changed)?
            }
            Some(Cell::Count(count)) => {
                sheet.write_number_with_format(row, column, *count, &look.locked)?
            }
            Some(Cell::Share(share)) => {
                sheet.write_number_with_format(row, column, *share, &look.share)?
            }
            None => sheet.write_blank(row, column, &look.locked)?,
        };
    }
    Ok(())
}

/// Height of a row whose longest text shows whole (a column holds a fifth more letters than its width says): programs other than Excel do not grow rows by themselves.
fn height(layout: &Layout<'_>, cells: &[Cell<'_>]) -> f64 {
    const LINE: f64 = 15.0;
    let columns = layout.groups.iter().flat_map(|group| group.columns);
    let locked = columns.filter(|column| matches!(column.kind, Kind::Locked));
    let lines = locked.zip(cells).map(|(column, cell)| match cell {
        Cell::Text(text) | Cell::Changed(text) => lines(clip(text), column.width * 6 / 5),
        Cell::Count(_) | Cell::Share(_) => 1,
    });
    // Excel's rows end at 409 points.
    (LINE * f64::from(lines.max().unwrap_or(1).max(1))).min(405.0)
}

/// Lines of a text wrapped between words in a column of this width.
fn lines(text: &str, width: u8) -> u32 {
    let width = usize::from(width).max(2);
    let (mut lines, mut used) = (1, 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        let needed = if used == 0 { length } else { used + 1 + length };
        if needed <= width {
            used = needed;
            continue;
        }
        // A word that is longer than the column is broken.
        let own = length.div_ceil(width).max(1);
        lines += if used == 0 { own - 1 } else { own };
        used = length - (own - 1) * width;
    }
    lines as u32
}

/// Protection, drop-downs, filter and print set-up.
fn finish(sheet: &mut Worksheet, layout: &Layout<'_>, rows: u32) -> Result<(), XlsxError> {
    let columns = || layout.groups.iter().flat_map(|group| group.columns);
    let last_row = HEAD_ROWS + rows.max(1) - 1;
    for (column, definition) in columns().enumerate() {
        let validation = match definition.kind {
            Kind::Locked | Kind::Text => continue,
            Kind::Choice(choices) => DataValidation::new()
                .allow_list_strings(choices)?
                .set_error_title("Chọn trong danh sách")?
                .set_error_message("Hãy chọn một giá trị trong danh sách, hoặc để trống.")?,
            Kind::IdNumber => DataValidation::new()
                .allow_text_length(rust_xlsxwriter::DataValidationRule::Between(9, 12))
                .set_input_message("CCCD có 12 chữ số, CMND có 9 chữ số. Giữ nguyên số 0 ở đầu.")?
                .set_error_title("Kiểm tra lại số")?
                .set_error_message("Số CCCD có 12 chữ số, số CMND có 9 chữ số.")?
                .set_error_style(DataValidationErrorStyle::Warning),
        };
        let column = column as u16;
        sheet.add_data_validation(HEAD_ROWS, column, last_row, column, &validation)?;
    }
    let last_column = columns().count() as u16 - 1;
    sheet.autofilter(HEAD_ROWS - 1, 0, last_row, last_column)?;
    sheet.set_freeze_panes(HEAD_ROWS, layout.frozen_columns)?;
    // Without a password: it guards against slips. What counts is checked when the list comes back.
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        use_autofilter: true,
        ..ProtectionOptions::new()
    });
    print_setup(sheet, layout.footer);
    sheet.set_repeat_rows(HEAD_ROWS - 2, HEAD_ROWS - 1)?;
    sheet.set_print_area(0, 0, last_row, last_column)?;
    Ok(())
}

fn print_setup(sheet: &mut Worksheet, footer: &str) {
    sheet
        .set_paper_size(PAPER)
        .set_landscape()
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.3, 0.3, 0.4, 0.7, 0.2, 0.3)
        .set_footer(footer);
}

/// A sheet of plain lines: a heading where the first text is not empty, and what belongs to it.
pub(super) fn add_guide(workbook: &mut Workbook, guide: &[(&str, &str)]) -> Result<(), XlsxError> {
    let base = Format::new()
        .set_font_name("Times New Roman")
        .set_font_size(12)
        .set_text_wrap()
        .set_align(FormatAlign::Top);
    let bold = base.clone().set_bold();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Hướng dẫn")?;
    sheet.set_column_width(0, 30)?;
    sheet.set_column_width(1, 90)?;
    for (row, (what, text)) in guide.iter().enumerate() {
        sheet.set_row_height(row as u32, 16 * lines(text, 80).max(lines(what, 26)))?;
        sheet.write_string_with_format(row as u32, 0, clip(what), &bold)?;
        sheet.write_string_with_format(row as u32, 1, clip(text), &base)?;
    }
    sheet.protect();
    print_setup(sheet, "&R&P/&N");
    Ok(())
}

/// The text, cut where a cell could not hold it.
fn clip(text: &str) -> &str {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text,
        Some((end, _)) => text.get(..end).unwrap_or_default(),
    }
}

/// `04/05/2022`.
pub(super) fn day(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
}

/// Texts in the order in which people count: "Thôn 2" before "Thôn 10", marks and case ignored.
pub(super) fn natural_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 8);
    let folded = registry::name::fold(text);
    let mut digits = String::new();
    for letter in folded.chars().chain(std::iter::once(' ')) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            let _ = write!(key, "{digits:0>12}");
            digits.clear();
        }
        key.push(letter);
    }
    key
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_wrapped_between_words() {
        for (text, width, wanted) in [
            ("", 5, 1),
            ("một hai", 7, 1),
            ("một hai", 6, 2),
            ("một hai ba", 6, 2),
            ("aaaaaaaaaa", 4, 3),
            ("a bbbbbbbb c", 4, 4),
        ] {
            assert_eq!(super::lines(text, width), wanted, "{text}");
        }
    }

    use super::*;

    #[test]
    fn hamlets_are_in_the_order_in_which_people_count() {
        let mut hamlets = ["Tổ 10", "tổ 2", "Tổ 1", "Thôn Đông"];
        hamlets.sort_by_key(|hamlet| natural_key(hamlet));
        assert_eq!(hamlets, ["Thôn Đông", "Tổ 1", "tổ 2", "Tổ 10"]);
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        let long = "ư".repeat(LONGEST_TEXT + 5);
        assert_eq!(clip(&long).chars().count(), LONGEST_TEXT);
        assert_eq!(clip("Lý"), "Lý");
    }
}
