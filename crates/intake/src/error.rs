//! What can make a whole file unreadable, grouped by whose fault it is, each with what to do.

use std::fmt::Write as _;
use std::path::PathBuf;

/// Why a file can't be read or written. `Display` is English with a hint; [`IntakeError::vi`] says the same in Vietnamese.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    // The file's fault.
    /// Nothing in it.
    #[error("{file}: the file is empty; check that the export ran to its end")]
    Empty {
        /// The file.
        file: String,
    },
    /// Something that we can't read, named as precisely as its first bytes allow.
    #[error("{file}: this is {kind}, not CSV, XLSX or Parquet; {hint}")]
    Unsupported {
        /// The file.
        file: String,
        /// What it is.
        kind: &'static str,
        /// What to do.
        hint: &'static str,
        /// The same in Vietnamese.
        hint_vi: &'static str,
    },
    /// No row among the first ones looks like headings.
    #[error(
        "{file}: no row of headings among the first {searched} rows; the first one reads: {first}. Give the row with `header_row` in a --map file"
    )]
    NoHeadings {
        /// The file.
        file: String,
        /// How many rows were looked at.
        searched: usize,
        /// The first row that is not blank.
        first: String,
    },
    /// Columns that must be there are not.
    #[error("{file}, row {row}: {}", missing_en(.missing, .found))]
    MissingColumns {
        /// The file.
        file: String,
        /// The row of the headings.
        row: u64,
        /// Missing fields, each with the headings most like it.
        missing: Vec<(String, Vec<String>)>,
        /// The headings of the file.
        found: Vec<String>,
    },
    /// Two headings claim one field, or one heading stands twice.
    #[error(
        "{file}, row {row}: the headings '{first}' (column {first_column}) and '{second}' (column {second_column}) both mean `{field}`; say which with `{field} = \"…\"` under [columns] of a --map file, or rename one"
    )]
    Ambiguous {
        /// The file.
        file: String,
        /// The row of the headings.
        row: u64,
        /// The field.
        field: String,
        /// A heading.
        first: String,
        /// Its column, from 1.
        first_column: usize,
        /// Another heading.
        second: String,
        /// Its column, from 1.
        second_column: usize,
    },
    /// The headings don't end: one line of a size that no table has.
    #[error(
        "{file}, line {line}: the line is longer than {limit} bytes; a table has one line per record. Check the line ends, or export the file again"
    )]
    LineTooLong {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// Bytes that a line may have.
        limit: usize,
    },
    /// An archive that would unpack to more than it should.
    #[error(
        "{file}: the part '{part}' of the workbook {problem}; this is not a workbook that a spreadsheet program wrote, so it is not opened"
    )]
    Bomb {
        /// The file.
        file: String,
        /// Name inside the archive.
        part: String,
        /// What it would do.
        problem: String,
    },
    /// A column whose values are no text, number or date.
    #[error(
        "{file}: the column '{column}' holds {kind}; only texts, numbers and dates can be read. Convert it, or leave it out of the file"
    )]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// Damaged inside.
    #[error(
        "{file}{}: the file is damaged ({detail}); open it with the program that wrote it and save it again, or export it as CSV",
        at(.row.as_ref())
    )]
    Corrupt {
        /// The file.
        file: String,
        /// The row, where it is known.
        row: Option<u64>,
        /// What the decoder said.
        detail: String,
    },

    // The caller's fault.
    /// The `--map` file is not as it should be.
    #[error("{file}: {problem}")]
    Map {
        /// The map file, or the data file that it does not fit.
        file: String,
        /// What is wrong and what to do.
        problem: String,
        /// The same in Vietnamese.
        problem_vi: String,
    },
    /// A file name whose extension is neither `.parquet` nor `.csv`.
    #[error("{}: a result is written as .parquet or .csv; end the name with one of them", .path.display())]
    Extension {
        /// The path.
        path: PathBuf,
    },

    // The machine's fault.
    /// Opening, reading or writing failed.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// The cause.
        source: std::io::Error,
    },

    // Ours.
    /// A table that can't be written, for a reason that lies in this program.
    #[error("{file}: can't write this table: {detail}")]
    Write {
        /// The file.
        file: String,
        /// What the encoder said.
        detail: String,
    },
}

impl IntakeError {
    /// True when the file or the call has to change; false when the machine or we failed.
    pub fn is_callers(&self) -> bool {
        match self {
            // A path that is not there, or not to be read, is the caller's too.
            Self::Io { source, .. } => matches!(
                source.kind(),
                std::io::ErrorKind::NotFound
                    | std::io::ErrorKind::PermissionDenied
                    | std::io::ErrorKind::IsADirectory
            ),
            Self::Write { .. } => false,
            _ => true,
        }
    }

    /// The message in Vietnamese.
    pub fn vi(&self) -> String {
        match self {
            Self::Empty { file } => {
                format!("{file}: tệp trống; hãy kiểm tra việc xuất dữ liệu đã hoàn tất chưa")
            }
            Self::Unsupported {
                file,
                kind,
                hint_vi,
                ..
            } => {
                format!("{file}: đây là {kind}, không phải CSV, XLSX hay Parquet; {hint_vi}")
            }
            Self::NoHeadings {
                file,
                searched,
                first,
            } => format!(
                "{file}: không tìm thấy dòng tiêu đề cột trong {searched} dòng đầu; dòng đầu tiên là: {first}. Hãy ghi số dòng bằng `header_row` trong tệp --map"
            ),
            Self::MissingColumns {
                file,
                row,
                missing,
                found,
            } => {
                format!("{file}, dòng {row}: {}", missing_vi(missing, found))
            }
            Self::Ambiguous {
                file,
                row,
                field,
                first,
                first_column,
                second,
                second_column,
            } => {
                format!(
                    "{file}, dòng {row}: hai tiêu đề '{first}' (cột {first_column}) và '{second}' (cột {second_column}) cùng ứng với `{field}`; hãy chọn một bằng `{field} = \"…\"` trong mục [columns] của tệp --map, hoặc đổi tên một cột"
                )
            }
            Self::LineTooLong { file, line, limit } => format!(
                "{file}, dòng {line}: dòng dài hơn {limit} byte; mỗi bản ghi phải nằm trên một dòng. Hãy kiểm tra dấu xuống dòng hoặc xuất lại tệp"
            ),
            Self::Bomb { file, part, .. } => format!(
                "{file}: phần '{part}' của sổ tính khi giải nén lớn bất thường; tệp này không do chương trình bảng tính ghi ra nên không được mở"
            ),
            Self::ColumnType { file, column, kind } => format!(
                "{file}: cột '{column}' có kiểu {kind}; chỉ đọc được văn bản, số và ngày. Hãy chuyển đổi cột này hoặc bỏ khỏi tệp"
            ),
            Self::Corrupt { file, row, detail } => {
                let place = row.map(|row| format!(", dòng {row}")).unwrap_or_default();
                format!(
                    "{file}{place}: tệp bị hỏng ({detail}); hãy mở và lưu lại bằng chương trình đã tạo tệp, hoặc xuất ra CSV"
                )
            }
            Self::Map {
                file, problem_vi, ..
            } => format!("{file}: {problem_vi}"),
            Self::Extension { path } => format!(
                "{}: kết quả được ghi dưới dạng .parquet hoặc .csv; hãy đặt tên tệp có một trong hai đuôi này",
                path.display()
            ),
            Self::Io { file, source } => format!("{file}: không đọc hoặc ghi được tệp: {source}"),
            Self::Write { file, detail } => format!("{file}: không ghi được bảng này: {detail}"),
        }
    }

    pub(crate) fn io(file: &str) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let file = file.to_owned();
        move |source| Self::Io { file, source }
    }
}

fn at(row: Option<&u64>) -> String {
    row.map(|row| format!(", row {row}")).unwrap_or_default()
}

fn missing_en(missing: &[(String, Vec<String>)], found: &[String]) -> String {
    let mut text = String::from("missing ");
    for (i, (field, guesses)) in missing.iter().enumerate() {
        let _ = write!(text, "{}`{field}`", if i == 0 { "" } else { ", " });
        if !guesses.is_empty() {
            let _ = write!(text, " (perhaps {})", quoted(guesses, " or "));
        }
    }
    let _ = write!(
        text,
        ". The headings found are: {}. Name the columns under [columns] of a --map file",
        quoted(found, ", ")
    );
    text
}

fn missing_vi(missing: &[(String, Vec<String>)], found: &[String]) -> String {
    let mut text = String::from("thiếu cột ");
    for (i, (field, guesses)) in missing.iter().enumerate() {
        let _ = write!(text, "{}`{field}`", if i == 0 { "" } else { ", " });
        if !guesses.is_empty() {
            let _ = write!(text, " (có thể là {})", quoted(guesses, " hoặc "));
        }
    }
    let _ = write!(
        text,
        ". Các tiêu đề tìm thấy: {}. Hãy chỉ rõ các cột trong mục [columns] của tệp --map",
        quoted(found, ", ")
    );
    text
}

fn quoted(words: &[String], separator: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    quoted.join(separator)
}
