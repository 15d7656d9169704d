//! What the template shows: the summary, and choices of it (largest first, the rest summed up).

use std::collections::BTreeMap;

use registry::text::Text;
use serde::Serialize;

use super::map::Shape;
use crate::summary::{
    Categories, CommuneCount, Differing, FacilityCount, Funnel, Identity, ProvinceCount, RuleCount,
    ShapeCount, Suggestions, Summary, Tally,
};

/// Shapes shown; the rest is summed up.
const SHAPES: usize = 25;
/// Communes shown.
const COMMUNES: usize = 200;
/// Facilities shown.
const FACILITIES: usize = 100;
/// Rules in the table.
const RULES: usize = 40;
/// Rules with why, how to fix and examples.
const RULE_CARDS: usize = 12;
/// Up to so many provinces with data are named on the map.
const PINS: usize = 6;

/// Context of `report.page.html`.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    s: &'a Summary,
    f: &'a Funnel,
    c: &'a Categories,
    b: &'a Suggestions,
    d: &'a Differing,
    open: u64,
    suggested: u64,
    commune_lists: usize,
    facility_lists: usize,
    reconciles: bool,
    identities: Vec<IdentityRow>,
    toc: Vec<TocItem>,
    steps: Vec<Step>,
    bands: Vec<BandRow>,
    shapes: Vec<&'a ShapeCount>,
    shapes_rest: Rest,
    provinces: Vec<ProvinceRow<'a>>,
    pins: Vec<Pin<'a>>,
    legend: Vec<Level>,
    communes: Vec<CommuneRow<'a>>,
    communes_rest: CommunesRest,
    facilities: Vec<&'a FacilityCount>,
    facilities_rest: FacilitiesRest,
    rules: Vec<&'a RuleCount>,
    rules_rest: Rest,
    rule_cards: usize,
}

#[derive(Debug, Serialize)]
struct TocItem {
    id: &'static str,
    text: Text,
}

#[derive(Debug, Serialize)]
struct Step {
    level: u8,
    text: Text,
    value: u64,
    /// A share of the accepted records.
    shared: bool,
    /// A line in bold: the next lines split it.
    total: bool,
    /// Class of its bar.
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct BandRow {
    text: Text,
    todo: Text,
    value: u64,
}

#[derive(Debug, Serialize)]
struct IdentityRow {
    total: TermRow,
    parts: Vec<TermRow>,
    holds: bool,
}

#[derive(Debug, Serialize)]
struct TermRow {
    name: Text,
    value: u64,
}

/// What is not shown line by line.
#[derive(Debug, Default, Serialize)]
struct Rest {
    kinds: usize,
    records: u64,
}

#[derive(Debug, Serialize)]
struct ProvinceRow<'a> {
    name: &'a str,
    subjects: u64,
    verified: u64,
    open: u64,
}

#[derive(Debug, Serialize)]
struct Pin<'a> {
    name: &'a str,
    x: i32,
    y: i32,
    open: u64,
    subjects: u64,
}

#[derive(Debug, Serialize)]
struct Level {
    class: &'static str,
    text: Text,
}

#[derive(Debug, Serialize)]
struct CommuneRow<'a> {
    name: &'a str,
    place: String,
    #[serde(flatten)]
    tally: Tally,
    open: u64,
    worklist: Option<&'a str>,
}

#[derive(Debug, Default, Serialize)]
struct CommunesRest {
    rows: usize,
    #[serde(flatten)]
    tally: Tally,
    open: u64,
}

#[derive(Debug, Default, Serialize)]
struct FacilitiesRest {
    rows: usize,
    doses: u64,
    with_finding: u64,
    findings: u64,
    duplicates: u64,
}

/// A shape of the map with its colour.
#[derive(Debug, Serialize)]
pub(super) struct MapShape<'a> {
    class: String,
    path: &'a str,
    name: String,
}

impl<'a> View<'a> {
    pub(super) fn new(summary: &'a Summary, map: &[Shape]) -> Self {
        let (shapes, shapes_rest) = top(&summary.shapes, SHAPES, |shape| shape.count);
        let (rules, rules_rest) = top(&summary.rules, RULES, |rule| rule.count);
        let (communes, communes_rest) = communes(&summary.communes);
        let (facilities, facilities_rest) = facilities(&summary.facilities);
        let identities = summary.reconcile();
        Self {
            s: summary,
            f: &summary.funnel,
            c: &summary.categories,
            b: &summary.suggestions,
            d: &summary.differing,
            open: summary.categories.open(),
            suggested: summary.suggestions.suggested(),
            commune_lists: count_lists(summary.communes.iter().map(|row| &row.worklist)),
            facility_lists: count_lists(summary.facilities.iter().map(|row| &row.worklist)),
            reconciles: identities.iter().all(Identity::holds),
            identities: identities.into_iter().map(IdentityRow::from).collect(),
            toc: toc(summary),
            steps: steps(&summary.funnel),
            bands: bands(&summary.suggestions),
            shapes,
            shapes_rest,
            provinces: provinces(&summary.provinces),
            pins: pins(&summary.provinces, map),
            legend: legend(),
            communes,
            communes_rest,
            facilities,
            facilities_rest,
            rules,
            rules_rest,
            rule_cards: RULE_CARDS,
        }
    }

    /// The map, each province in the colour of its share.
    pub(super) fn map_classes<'m>(&self, map: &'m [Shape]) -> Vec<MapShape<'m>> {
        let known: BTreeMap<&str, &ProvinceCount> = self
            .s
            .provinces
            .iter()
            .filter_map(|row| Some((row.code.as_deref()?, row)))
            .collect();
        map.iter()
            .map(|shape| {
                let row = known.get(shape.code.as_str());
                let level = row.and_then(|row| level(&row.tally));
                let islands = if shape.islands { "isles" } else { "" };
                let class = [level, Some(islands)]
                    .into_iter()
                    .flatten()
                    .filter(|class| !class.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ");
                MapShape {
                    class,
                    path: &shape.path,
                    name: province_name(&shape.code),
                }
            })
            .collect()
    }
}

impl From<Identity> for IdentityRow {
    fn from(identity: Identity) -> Self {
        let row = |term: crate::summary::Term| TermRow {
            name: term.name,
            value: term.value,
        };
        Self {
            holds: identity.holds(),
            total: row(identity.total),
            parts: identity.parts.into_iter().map(row).collect(),
        }
    }
}

/// The first `shown` of a list that is sorted by size, and the sum of the others.
fn top<T>(all: &[T], shown: usize, size: fn(&T) -> u64) -> (Vec<&T>, Rest) {
    let (first, others) = all.split_at(shown.min(all.len()));
    let rest = Rest {
        kinds: others.len(),
        records: others.iter().map(size).sum(),
    };
    (first.iter().collect(), rest)
}

fn count_lists<'a>(paths: impl Iterator<Item = &'a Option<String>>) -> usize {
    paths.flatten().count()
}

fn toc(summary: &Summary) -> Vec<TocItem> {
    let item = |id, vi: &str, en: &str| TocItem {
        id,
        text: Text::new(vi, en),
    };
    let mut items = vec![
        item(
            "funnel",
            "Từ dòng đọc vào đến đối tượng khớp",
            "From rows read to verified persons",
        ),
        item("sums", "Đối chiếu tổng", "Reconciliation"),
        item(
            "categories",
            "Ba nhóm lỗi E1, E2, E3",
            "The categories E1, E2, E3",
        ),
        item("shapes", "Dạng sai lệch", "Shapes of difference"),
        item("bands", "Gợi ý theo xác suất", "Suggestions by probability"),
        item("provinces", "Theo tỉnh, thành phố", "By province"),
        item("communes", "Theo xã, phường, thị trấn", "By commune"),
    ];
    if summary.doses.is_some() {
        items.push(item(
            "facilities",
            "Mũi tiêm và cơ sở tiêm chủng",
            "Doses and facilities",
        ));
    }
    items.extend([
        item("rules", "Quy tắc hay gặp nhất", "The most frequent rules"),
        item("duplicates", "Bản ghi trùng", "Duplicates"),
        item("inputs", "Tệp đầu vào", "Input files"),
    ]);
    items
}

fn steps(funnel: &Funnel) -> Vec<Step> {
    let step = |level, vi: &str, en: &str, value, kind| Step {
        level,
        text: Text::new(vi, en),
        value,
        shared: true,
        total: false,
        kind,
    };
    let total = |step: Step| Step {
        total: true,
        ..step
    };
    let unshared = |step: Step| Step {
        shared: false,
        ..step
    };
    vec![
        unshared(total(step(0, "Dòng đã đọc", "Rows read", funnel.read, ""))),
        unshared(step(
            1,
            "Loại: không đọc được",
            "Rejected: could not be read",
            funnel.rejected,
            "off",
        )),
        total(step(
            0,
            "Bản ghi được nhận",
            "Records accepted",
            funnel.accepted,
            "",
        )),
        step(
            1,
            "Người nước ngoài, không đối chiếu",
            "Foreigners, not compared",
            funnel.exempt,
            "off",
        ),
        step(
            1,
            "E1: thiếu số CCCD/CMND",
            "E1: no identity number",
            funnel.no_id,
            "bad",
        ),
        step(
            1,
            "E2: số sai định dạng",
            "E2: malformed number",
            funnel.malformed,
            "bad",
        ),
        total(step(
            1,
            "Có số hợp lệ",
            "With a usable number",
            funnel.usable,
            "",
        )),
        step(
            2,
            "E3: không tìm thấy số",
            "E3: number not in the register",
            funnel.not_found,
            "bad",
        ),
        step(
            2,
            "E3: có số, thông tin sai lệch",
            "E3: number found, data differ",
            funnel.differs,
            "bad",
        ),
        total(step(2, "Khớp", "Verified", funnel.verified, "ok")),
    ]
}

fn bands(bands: &Suggestions) -> Vec<BandRow> {
    let band = |vi: &str, en: &str, todo_vi: &str, todo_en: &str, value| BandRow {
        text: Text::new(vi, en),
        todo: Text::new(todo_vi, todo_en),
        value,
    };
    vec![
        band(
            "Gần như chắc chắn (≥ 0,99)",
            "Nearly certain (≥ 0.99)",
            "Xem một mẫu, rồi Công an xã xác nhận cả nhóm.",
            "Look at a sample, then the commune police confirm the group.",
            bands.near_certain,
        ),
        band(
            "Nhiều khả năng (0,95–0,99)",
            "Likely (0.95–0.99)",
            "Xem từng người; thường là đúng.",
            "Look at each; usually right.",
            bands.likely,
        ),
        band(
            "Có thể (0,5–0,95)",
            "Possible (0.5–0.95)",
            "So với giấy tờ của người dân.",
            "Compare with the person's papers.",
            bands.possible,
        ),
        band(
            "Ngang nhau",
            "Tie",
            "Từ hai người trở lên phù hợp như nhau: hỏi người dân.",
            "Two or more persons fit equally well: ask the person.",
            bands.tie,
        ),
        band(
            "Không bao giờ ghép tự động",
            "Never automatic",
            "Sinh đôi, cha/mẹ và con, hai số đã khớp: Công an xã quyết định từng người.",
            "Twins, parent and child, two verified numbers: the commune police decide each.",
            bands.vetoed,
        ),
        band(
            "Không có gợi ý",
            "No suggestion",
            "Chưa thấy ai phù hợp: hỏi người dân; Công an xã tra cứu, hỏi xã khác nếu cần.",
            "Nobody fits: ask the person; the commune police search, and ask other communes if needed.",
            bands.none,
        ),
    ]
}

/// Colour class by share of open records; `None` without data.
fn level(tally: &Tally) -> Option<&'static str> {
    if tally.subjects == 0 {
        return None;
    }
    let percent = u128::from(tally.open()) * 100 / u128::from(tally.subjects);
    Some(match percent {
        0..10 => "s0",
        10..20 => "s1",
        20..30 => "s2",
        30..40 => "s3",
        40..50 => "s4",
        _ => "s5",
    })
}

fn legend() -> Vec<Level> {
    let level = |class, vi: &str, en: &str| Level {
        class,
        text: Text::new(vi, en),
    };
    vec![
        level("s0", "dưới 10 %", "below 10%"),
        level("s1", "10–20 %", "10–20%"),
        level("s2", "20–30 %", "20–30%"),
        level("s3", "30–40 %", "30–40%"),
        level("s4", "40–50 %", "40–50%"),
        level("s5", "từ 50 %", "50% or more"),
        level("none", "không có dữ liệu", "no data"),
    ]
}

/// Name of a province of 2022 without its kind.
fn province_name(code: &str) -> String {
    registry::area::ProvinceCode::parse(code)
        .and_then(|code| registry::area::Vintage::Of2022.province(code))
        .map_or_else(
            || code.to_owned(),
            |province| short(province.name).to_owned(),
        )
}

/// "Thái Nguyên" for "Tỉnh Thái Nguyên".
fn short(name: &str) -> &str {
    ["Tỉnh ", "Thành phố "]
        .iter()
        .find_map(|kind| name.strip_prefix(kind))
        .unwrap_or(name)
}

fn provinces(all: &[ProvinceCount]) -> Vec<ProvinceRow<'_>> {
    let mut rows: Vec<ProvinceRow<'_>> = all
        .iter()
        .filter(|row| row.tally.subjects > 0)
        .map(|row| ProvinceRow {
            name: short(&row.name),
            subjects: row.tally.subjects,
            verified: row.tally.verified,
            open: row.tally.open(),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.open));
    rows
}

/// Names on the map, where there are few enough to be read.
fn pins<'a>(all: &'a [ProvinceCount], map: &[Shape]) -> Vec<Pin<'a>> {
    let with_data = |row: &&ProvinceCount| row.code.is_some() && row.tally.subjects > 0;
    if all.iter().filter(with_data).count() > PINS {
        return Vec::new();
    }
    all.iter()
        .filter(with_data)
        .filter_map(|row| {
            let here = |shape: &&Shape| Some(&shape.code) == row.code.as_ref() && !shape.islands;
            let (x, y) = map.iter().find(here)?.middle;
            Some(Pin {
                name: short(&row.name),
                x,
                y,
                open: row.tally.open(),
                subjects: row.tally.subjects,
            })
        })
        .collect()
}

/// The communes with most to do, and the sum of the others.
fn communes(all: &[CommuneCount]) -> (Vec<CommuneRow<'_>>, CommunesRest) {
    let mut sorted: Vec<&CommuneCount> = all.iter().collect();
    sorted.sort_by_key(|row| std::cmp::Reverse(row.tally.open()));
    let others = sorted.split_off(COMMUNES.min(sorted.len()));
    let rest = others
        .iter()
        .fold(Tally::default(), |sum, row| sum.plus(row.tally));
    let rows = sorted
        .into_iter()
        .map(|row| CommuneRow {
            name: &row.name,
            place: [row.district.as_str(), short(&row.province_name)]
                .into_iter()
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            tally: row.tally,
            open: row.tally.open(),
            worklist: row.worklist.as_deref(),
        })
        .collect();
    let rest = CommunesRest {
        rows: others.len(),
        tally: rest,
        open: rest.open(),
    };
    (rows, rest)
}

/// The facilities with most to do, and the sum of the others.
fn facilities(all: &[FacilityCount]) -> (Vec<&FacilityCount>, FacilitiesRest) {
    let mut sorted: Vec<&FacilityCount> = all.iter().collect();
    sorted.sort_by_key(|row| std::cmp::Reverse((row.with_finding, row.findings)));
    let others = sorted.split_off(FACILITIES.min(sorted.len()));
    let rest = others
        .iter()
        .fold(FacilitiesRest::default(), |sum, row| FacilitiesRest {
            rows: sum.rows + 1,
            doses: sum.doses + row.doses,
            with_finding: sum.with_finding + row.with_finding,
            findings: sum.findings + row.findings,
            duplicates: sum.duplicates + row.duplicates,
        });
    (sorted, rest)
}
