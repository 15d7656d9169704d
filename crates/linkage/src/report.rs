//! The report of a model: one self-contained page in Vietnamese and English, with a table beside each chart.
//!
//! The page is a function of its inputs alone: no clock, no script, nothing fetched. What it shows of links needs a links file, and what it
//! says of right and wrong needs the truth.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use crate::chart::{self, Bin, Calibrated, LevelBar, Series, escape};
use crate::evaluate::{Proposed, Truth};
use crate::model::{ComparisonModel, Model};
use crate::shape;
use crate::spec::Spec;

/// Below this probability a candidate is not shown to anybody.
const REVIEW: f64 = 0.01;
/// Thresholds of the table.
const THRESHOLDS: [f64; 8] = [0.1, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999];
/// Where the bins of the calibration begin; the last ends at 1.
const CALIBRATION: [f64; 12] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99];
/// Bits of a bin of the histogram, and those beyond which all share the last bin.
const BIN: f64 = 4.0;
const MOST_BITS: f64 = 80.0;

/// A candidate of a record, as a links file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct WeighedLink {
    /// Who, and how probable.
    pub link: Proposed,
    /// Evidence of the pair alone, in bits; `None` where the file does not say.
    pub weight: Option<f64>,
}

/// The best candidate of each record.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    records: u64,
    best: Vec<Best>,
    /// Records with a counterpart; `None` without the truth.
    true_links: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Best {
    probability: f64,
    weight: f64,
    right: Option<bool>,
}

impl Outcomes {
    /// The best candidate of each of `records` records (of equals the smaller id), judged by the truth where there is one.
    pub fn new(records: u64, links: &[WeighedLink], truth: Option<&[Truth]>) -> Self {
        let mut best: FxHashMap<&str, &WeighedLink> = FxHashMap::default();
        for candidate in links {
            let kept = best.entry(&candidate.link.a_id).or_insert(candidate);
            let order = candidate.link.probability.total_cmp(&kept.link.probability);
            if order
                .then_with(|| kept.link.b_id.cmp(&candidate.link.b_id))
                .is_gt()
            {
                *kept = candidate;
            }
        }
        let of = |found: &WeighedLink, right: Option<bool>| {
            let probability = found.link.probability;
            Best {
                probability,
                weight: found.weight.unwrap_or_else(|| log_odds(probability)),
                right,
            }
        };
        let Some(truth) = truth else {
            let mut best: Vec<Best> = best.values().map(|found| of(found, None)).collect();
            best.sort_by(|x, y| {
                x.probability
                    .total_cmp(&y.probability)
                    .then(x.weight.total_cmp(&y.weight))
            });
            return Self {
                records,
                best,
                true_links: None,
            };
        };
        let judged = truth.iter().filter_map(|truth| {
            let found = *best.get(truth.a_id.as_str())?;
            Some(of(
                found,
                Some(Some(&found.link.b_id) == truth.b_id.as_ref()),
            ))
        });
        Self {
            records: truth.len() as u64,
            best: judged.collect(),
            true_links: Some(truth.iter().filter(|truth| truth.b_id.is_some()).count() as u64),
        }
    }

    /// What a threshold gives.
    fn at(&self, threshold: f64) -> Threshold {
        let linked = self
            .best
            .iter()
            .filter(|best| best.probability >= threshold);
        let right = linked
            .clone()
            .filter(|best| best.right == Some(true))
            .count() as f64;
        let count = linked.clone().count() as u64;
        let shown = self
            .best
            .iter()
            .filter(|best| best.probability >= REVIEW)
            .count() as u64;
        Threshold {
            linked: count,
            review: shown.saturating_sub(count),
            expected_wrong: linked.map(|best| 1.0 - best.probability).sum(),
            precision: self
                .true_links
                .filter(|_| count > 0)
                .map(|_| right / count as f64),
            recall: self
                .true_links
                .filter(|links| *links > 0)
                .map(|links| right / links as f64),
        }
    }
}

/// What a threshold gives.
struct Threshold {
    linked: u64,
    review: u64,
    /// Wrong links among them, if the probabilities are right.
    expected_wrong: f64,
    precision: Option<f64>,
    recall: Option<f64>,
}

/// Log₂ of the odds, for probabilities that are neither 0 nor 1 any more.
fn log_odds(probability: f64) -> f64 {
    let p = probability.clamp(1e-15, 1.0 - 1e-15);
    (p / (1.0 - p)).log2()
}

/// The page.
pub fn model_report(model: &Model, outcomes: Option<&Outcomes>) -> String {
    let css = include_str!("../assets/report.css");
    let page = |language| {
        Page {
            language,
            model,
            spec: spec_of(model),
            html: String::new(),
        }
        .written(outcomes)
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>Báo cáo mô hình so khớp · Linkage model report · {}</title>\n<style>\n{css}</style>\n</head>\n<body>\n\
         <input class=\"choice\" type=\"radio\" name=\"l\" id=\"vi\" checked aria-label=\"Tiếng Việt\">\n\
         <input class=\"choice\" type=\"radio\" name=\"l\" id=\"en\" aria-label=\"English\">\n\
         <header><div class=\"wrap\"><p class=\"brand\">Minh Chứng</p><div class=\"langs\"><label for=\"vi\" lang=\"vi\">Tiếng Việt</label>\
         <label for=\"en\" lang=\"en\">English</label></div></div></header>\n<main class=\"wrap\">\n\
         <div class=\"vi\" lang=\"vi\">\n{}</div>\n<div class=\"en\" lang=\"en\">\n{}</div>\n</main>\n</body>\n</html>\n",
        escape(&model.spec),
        page(Language::Vi),
        page(Language::En),
    )
}

/// The built-in spec that the model belongs to; it knows the labels of the columns.
fn spec_of(model: &Model) -> Option<Spec> {
    let specs = Spec::builtin_names().filter_map(|name| Spec::builtin(name).ok());
    specs
        .into_iter()
        .find(|spec| spec.fingerprint() == model.spec)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Vi,
    En,
}

/// The page in one language.
struct Page<'a> {
    language: Language,
    model: &'a Model,
    spec: Option<Spec>,
    html: String,
}

impl Page<'_> {
    fn written(mut self, outcomes: Option<&Outcomes>) -> String {
        self.head(outcomes);
        self.evidence();
        if let Some(outcomes) = outcomes {
            self.weights(outcomes);
            self.thresholds(outcomes);
            if outcomes.true_links.is_some() {
                self.calibration(outcomes);
            }
        }
        let foot = self.t(
            "Người trong dữ liệu không xuất hiện ở đây: trang này chỉ có số đếm. Phương pháp: Fellegi–Sunter, xem docs/linkage.md.",
            "No person of the data appears here: the page holds counts only. The method is Fellegi–Sunter; see docs/linkage.md.",
        );
        let _ = writeln!(self.html, "<footer><p>{foot}</p></footer>");
        self.html
    }

    fn t<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Vi => vi,
            Language::En => en,
        }
    }

    fn head(&mut self, outcomes: Option<&Outcomes>) {
        let model = self.model;
        let learned = &model.provenance;
        let title = self.t("Báo cáo mô hình so khớp", "Linkage model report");
        let _ = writeln!(
            self.html,
            "<h1>{title}</h1>\n<p class=\"soft\"><code>{}</code></p>",
            escape(&model.spec)
        );
        let converged = match (model.converged, self.language) {
            (true, Language::Vi) => format!("hội tụ sau {} vòng", model.iterations),
            (true, Language::En) => format!("converged after {} rounds", model.iterations),
            (false, Language::Vi) => format!("CHƯA hội tụ sau {} vòng", model.iterations),
            (false, Language::En) => format!("did NOT converge in {} rounds", model.iterations),
        };
        let mut rows = vec![
            (
                self.t("Bản ghi dùng để học", "Records looked at in training"),
                self.count(learned.sampled_records),
            ),
            (
                self.t("Bản ghi, tất cả", "Records in all"),
                self.count(learned.records),
            ),
            (
                self.t("Bản ghi phía đối chiếu", "Records of the other side"),
                self.count(learned.register),
            ),
            (
                self.t("Cặp ứng viên", "Candidate pairs"),
                self.count(learned.candidate_pairs),
            ),
            (
                self.t("Cặp ngẫu nhiên", "Random pairs"),
                self.count(learned.random_pairs),
            ),
            (
                self.t(
                    "Có bản ghi tương ứng, trên mỗi bản ghi",
                    "Counterparts per record",
                ),
                self.decimal(model.match_rate, 4),
            ),
            (
                self.t(
                    "Người thân gặp phải, trên mỗi bản ghi",
                    "Relatives met per record",
                ),
                self.decimal(model.kin_rate, 4),
            ),
            (
                self.t("Bản ghi cẩu thả", "Careless records"),
                match model.careless {
                    None => self.t("không nhận thấy", "none seen").to_owned(),
                    Some(careless) => format!(
                        "{} ({} {})",
                        self.decimal(careless.share, 4),
                        self.t("số mục sai gấp", "fields wrong, times the average:"),
                        self.decimal(careless.factor, 2)
                    ),
                },
            ),
            (self.t("Huấn luyện", "Training"), converged),
        ];
        if let Some(outcomes) = outcomes {
            rows.push((
                self.t("Bản ghi trong tệp kết quả", "Records in the links file"),
                self.count(outcomes.records),
            ));
        }
        if let Some(links) = outcomes.and_then(|outcomes| outcomes.true_links) {
            rows.push((
                self.t("Thực sự có tương ứng", "Truly with a counterpart"),
                self.count(links),
            ));
        }
        self.html
            .push_str("<table style=\"max-width:34rem\"><tbody>\n");
        for (name, value) in rows {
            let _ = writeln!(
                self.html,
                "<tr><th scope=\"row\">{name}</th><td class=\"r\">{value}</td></tr>"
            );
        }
        self.html.push_str("</tbody></table>\n");
        if !learned.warnings.is_empty() {
            let notes = self.t("Cột không giúp được gì", "Columns that cannot help");
            let _ = writeln!(self.html, "<div class=\"notes\"><p><b>{notes}</b></p><ul>");
            for warning in &learned.warnings {
                let _ = writeln!(self.html, "<li lang=\"en\">{}</li>", escape(warning));
            }
            self.html.push_str("</ul></div>\n");
        }
    }

    /// m, u and bits of each level.
    fn evidence(&mut self) {
        let title = self.t("Mỗi mức khớp nói lên điều gì", "What each level says");
        let text = self.t(
            "m: tần suất của mức này khi hai bản ghi là một người; u: khi là hai người lạ. Bằng chứng tính bằng bit: cứ +1 thì khả năng là cùng một người tăng gấp đôi, −1 thì giảm một nửa.",
            "m: how often the level occurs when two records are one person; u: when they are strangers. Evidence is in bits: +1 doubles the odds that they are one person, −1 halves them.",
        );
        let _ = writeln!(self.html, "<section>\n<h2>{title}</h2>\n<p>{text}</p>");
        let model = self.model;
        let levels = model
            .comparisons
            .iter()
            .flat_map(|comparison| &comparison.levels);
        let most = levels.map(|level| level.bits().abs()).fold(1.0, f64::max);
        for comparison in &model.comparisons {
            self.comparison(comparison, most);
        }
        self.html.push_str("</section>\n");
    }

    fn comparison(&mut self, comparison: &ComparisonModel, most: f64) {
        let label = self.label(&comparison.column);
        let bars: Vec<LevelBar<'_>> = comparison
            .levels
            .iter()
            .map(|level| LevelBar {
                name: &level.level,
                m: level.m,
                u: level.u,
                bits: level.bits(),
                told: self.signed(level.bits()),
            })
            .collect();
        let chart = chart::levels(&format!("{label}: m, u, log₂(m/u)"), &bars, most);
        let kin = self.model.kin_rate > 0.0;
        let mut head = vec![self.t("mức", "level"), "m", "u"];
        if kin {
            head.push(self.t("người thân", "relatives"));
        }
        head.push(self.t("bit", "bits"));
        let rows: Vec<Vec<String>> = comparison
            .levels
            .iter()
            .map(|level| {
                let mut row = vec![
                    self.level(&level.level),
                    self.share(level.m),
                    self.share(level.u),
                ];
                if kin {
                    row.push(self.share(level.kin));
                }
                row.push(self.signed(level.bits()));
                row
            })
            .collect();
        let _ = writeln!(self.html, "<h3>{}</h3>", escape(&label));
        self.pair(&chart, &head, &rows);
    }

    /// How much evidence the best candidates have.
    fn weights(&mut self, outcomes: &Outcomes) {
        let title = self.t(
            "Bằng chứng của ứng viên tốt nhất",
            "Evidence of the best candidates",
        );
        let text = self.t(
            "Mỗi bản ghi tính một lần, theo trọng số (bit) của ứng viên có xác suất cao nhất. Trục đứng theo thang logarit. Nếu có đáp án: cột đặc là đúng, cột gạch chéo là sai.",
            "Each record counts once, by the weight (bits) of its most probable candidate. The upright axis is logarithmic. With the truth: solid bars are right, hatched ones wrong.",
        );
        let bins = histogram(&outcomes.best);
        let picture = chart::histogram(title, &bins, BIN, self.t("trọng số, bit", "weight, bits"));
        let judged = outcomes.true_links.is_some();
        let head = if judged {
            vec![
                self.t("bit", "bits"),
                self.t("đúng", "right"),
                self.t("sai", "wrong"),
            ]
        } else {
            vec![self.t("bit", "bits"), self.t("bản ghi", "records")]
        };
        let rows: Vec<Vec<String>> = bins
            .iter()
            .filter(|bin| bin.right + bin.wrong > 0)
            .map(|bin| {
                let mut row = vec![
                    format!("{} … {}", whole(bin.from), whole(bin.from + BIN)),
                    self.count(bin.right),
                ];
                if judged {
                    row.push(self.count(bin.wrong));
                }
                row
            })
            .collect();
        let _ = writeln!(self.html, "<section>\n<h2>{title}</h2>\n<p>{text}</p>");
        self.pair(&picture, &head, &rows);
        self.html.push_str("</section>\n");
    }

    /// What each threshold would link and leave to people.
    fn thresholds(&mut self, outcomes: &Outcomes) {
        let title = self.t("Chọn ngưỡng nào", "Which threshold");
        let text = self.t(
            "Từ ngưỡng trở lên thì tự động so khớp; từ 0,01 đến ngưỡng thì người xem. “Sai dự kiến” là số so khớp sai nếu các xác suất là đúng. Số bản ghi vẽ theo thang logarit.",
            "From the threshold on a link is made; from 0.01 to the threshold a person looks. “Expected wrong” is how many links would be wrong if the probabilities are right. Counts are drawn on a logarithmic scale.",
        );
        let _ = writeln!(self.html, "<section>\n<h2>{title}</h2>\n<p>{text}</p>");
        let curve: Vec<(f64, Threshold)> = (-28..=56)
            .map(|quarter| f64::from(quarter) / 4.0)
            .map(|bits| (bits, outcomes.at(bits.exp2() / (1.0 + bits.exp2()))))
            .collect();
        let of = |value: &dyn Fn(&Threshold) -> Option<f64>| -> Vec<(f64, f64)> {
            curve
                .iter()
                .filter_map(|(bits, at)| Some((*bits, value(at)?)))
                .collect()
        };
        let ticks: Vec<(f64, String)> = [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999]
            .map(|p| (log_odds(p), self.decimal(p, digits_of(p))))
            .into();
        let axis = self.t("ngưỡng xác suất", "threshold of the probability");
        let linked = Series {
            name: self.t("so khớp", "linked"),
            points: of(&|at| Some(chart::logged(at.linked))),
        };
        let review = Series {
            name: self.t("người xem", "to look at"),
            points: of(&|at| Some(chart::logged(at.review))),
        };
        let mut chart = chart::lines(
            title,
            &[linked, review],
            &ticks,
            &chart::counts(outcomes.records),
            axis,
        );
        if outcomes.true_links.is_some() {
            let precision = Series {
                name: self.t("độ chính xác", "precision"),
                points: of(&|at| at.precision),
            };
            let recall = Series {
                name: self.t("độ phủ", "recall"),
                points: of(&|at| at.recall),
            };
            let points = precision.points.iter().chain(&recall.points);
            let least = points.map(|point| point.1).fold(1.0, f64::min);
            // A scale that begins at a round share just below the smallest.
            let low = [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.998]
                .into_iter()
                .rfind(|low| *low <= least);
            chart += &chart::lines(
                title,
                &[precision, recall],
                &ticks,
                &self.localised(chart::shares(low.unwrap_or(0.0), 1.0)),
                axis,
            );
        }
        let (head, rows) = self.threshold_table(outcomes);
        self.pair(&chart, &head, &rows);
        self.html.push_str("</section>\n");
    }

    fn threshold_table(&self, outcomes: &Outcomes) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let judged = outcomes.true_links.is_some();
        let mut head = vec![
            self.t("ngưỡng", "threshold"),
            self.t("so khớp", "linked"),
            self.t("người xem", "to look at"),
            self.t("sai dự kiến", "expected wrong"),
        ];
        if judged {
            head.extend([
                self.t("độ chính xác", "precision"),
                self.t("độ phủ", "recall"),
            ]);
        }
        let row = |threshold: f64| {
            let at = outcomes.at(threshold);
            let mut row = vec![
                self.decimal(threshold, digits_of(threshold)),
                self.count(at.linked),
                self.count(at.review),
                self.decimal(at.expected_wrong, 1),
            ];
            if judged {
                let shown = |share: Option<f64>| {
                    share.map_or_else(|| "–".to_owned(), |share| self.decimal(share, 5))
                };
                row.extend([shown(at.precision), shown(at.recall)]);
            }
            row
        };
        (head, THRESHOLDS.into_iter().map(row).collect())
    }

    /// Whether the probabilities keep their promises.
    fn calibration(&mut self, outcomes: &Outcomes) {
        let title = self.t(
            "Xác suất có giữ lời không",
            "Do the probabilities keep their promises",
        );
        let text = self.t(
            "Trong các bản ghi được báo 0,9 thì phải có chín trên mười là đúng. Chấm nằm trên đường gạch là đúng như đã báo, phía trên là báo quá thấp, phía dưới là báo quá cao. Chấm càng to càng nhiều bản ghi.",
            "Of the records that are told 0.9, nine in ten should be right. A dot on the dashed line keeps its promise, above it the probability was too low, below it too high. The larger the dot, the more records.",
        );
        let bins = calibrated(&outcomes.best);
        let points: Vec<Calibrated> = bins
            .iter()
            .map(|(_, point)| Calibrated { ..*point })
            .collect();
        let picture = chart::calibration(
            title,
            &points,
            self.t("xác suất đã báo", "probability told"),
        );
        let head = vec![
            self.t("xác suất", "probability"),
            self.t("bản ghi", "records"),
            self.t("đã báo, trung bình", "told, mean"),
            self.t("đúng thực tế", "right"),
        ];
        let rows: Vec<Vec<String>> = bins
            .iter()
            .map(|((from, to), point)| {
                vec![
                    format!("{} – {}", self.decimal(*from, 2), self.decimal(*to, 2)),
                    self.count(point.count),
                    self.decimal(point.mean, 4),
                    self.decimal(point.right, 4),
                ]
            })
            .collect();
        let _ = writeln!(self.html, "<section>\n<h2>{title}</h2>\n<p>{text}</p>");
        self.pair(&picture, &head, &rows);
        self.html.push_str("</section>\n");
    }

    /// A chart with its table beside it; the first column names the row.
    fn pair(&mut self, charts: &str, head: &[&str], rows: &[Vec<String>]) {
        let _ = write!(
            self.html,
            "<div class=\"pair\"><div>\n{charts}</div><div class=\"scroll\"><table><thead><tr>"
        );
        for (place, cell) in head.iter().enumerate() {
            let class = if place == 0 { "" } else { " class=\"r\"" };
            let _ = write!(self.html, "<th scope=\"col\"{class}>{cell}</th>");
        }
        self.html.push_str("</tr></thead><tbody>\n");
        for row in rows {
            self.html.push_str("<tr>");
            for (place, cell) in row.iter().enumerate() {
                let _ = match place {
                    0 => write!(self.html, "<th scope=\"row\">{cell}</th>"),
                    _ => write!(self.html, "<td class=\"r\">{cell}</td>"),
                };
            }
            self.html.push_str("</tr>\n");
        }
        self.html.push_str("</tbody></table></div></div>\n");
    }

    /// Label of a column, as its spec has it.
    fn label(&self, column: &str) -> String {
        let field = self
            .spec
            .iter()
            .flat_map(|spec| &spec.fields)
            .find(|field| field.name == column);
        match (field, self.language) {
            (Some(field), Language::Vi) => field.label_vi.clone(),
            (Some(field), Language::En) => field.label_en.clone(),
            (None, _) => column.replace('_', " "),
        }
    }

    /// Code of a level with its words.
    fn level(&self, code: &str) -> String {
        let words = match code {
            "equal" => Some(("giống nhau", "equal")),
            "else" => Some(("khác", "differs")),
            other => shape::words_of(other),
        };
        let code = escape(code);
        match (words, self.language) {
            (Some((vi, _)), Language::Vi) => format!("<code>{code}</code> {vi}"),
            (Some((_, en)), Language::En) if en != code => format!("<code>{code}</code> {en}"),
            _ => format!("<code>{code}</code>"),
        }
    }

    fn count(&self, count: u64) -> String {
        let digits = count.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push_str(self.t(".", ","));
            }
            text.push(digit);
        }
        text
    }

    fn decimal(&self, value: f64, digits: usize) -> String {
        let text = format!("{value:.digits$}");
        if self.language == Language::Vi {
            text.replace('.', ",")
        } else {
            text
        }
    }

    /// The ticks of an axis as the language writes them.
    fn localised(&self, ticks: Vec<(f64, String)>) -> Vec<(f64, String)> {
        let point = self.t(",", ".");
        ticks
            .into_iter()
            .map(|(value, text)| (value, text.replace('.', point)))
            .collect()
    }

    fn signed(&self, bits: f64) -> String {
        let sign = if bits < 0.0 { "−" } else { "+" };
        format!("{sign}{}", self.decimal(bits.abs(), 1))
    }

    /// A share from 100 % to one in many millions.
    fn share(&self, share: f64) -> String {
        if share >= 1e-4 {
            return format!("{} %", self.decimal(share * 100.0, 2));
        }
        let power = share.log10().floor();
        format!(
            "{}·10<sup>−{}</sup>",
            self.decimal(share / 10_f64.powf(power), 1),
            -power
        )
    }
}

/// A whole number with its sign.
fn whole(bits: f64) -> String {
    format!("{bits:+}").replace('-', "−")
}

/// Digits that show a threshold, at least two.
fn digits_of(threshold: f64) -> usize {
    (2..8)
        .find(|digits| {
            let scaled = threshold * 10_f64.powi(*digits);
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(8) as usize
}

/// Records by the weight of their best candidate, without gaps from the lowest bin to the highest.
fn histogram(best: &[Best]) -> Vec<Bin> {
    let bin_of =
        |best: &Best| (best.weight.clamp(-MOST_BITS, MOST_BITS - BIN) / BIN).floor() as i64;
    let (Some(low), Some(high)) = (best.iter().map(bin_of).min(), best.iter().map(bin_of).max())
    else {
        return Vec::new();
    };
    let mut bins: Vec<Bin> = (low..=high)
        .map(|bin| Bin {
            from: bin as f64 * BIN,
            right: 0,
            wrong: 0,
        })
        .collect();
    for record in best {
        if let Some(bin) = bins.get_mut((bin_of(record) - low) as usize) {
            match record.right {
                Some(false) => bin.wrong += 1,
                _ => bin.right += 1,
            }
        }
    }
    bins
}

/// Bins of probability with what was told and what was right, those with records.
fn calibrated(best: &[Best]) -> Vec<((f64, f64), Calibrated)> {
    let ends = CALIBRATION.iter().copied().skip(1).chain([1.0]);
    let bins = CALIBRATION.into_iter().zip(ends);
    let of = |(from, to): (f64, f64)| {
        let inside = best
            .iter()
            .filter(|best| best.probability >= from && (best.probability < to || to >= 1.0));
        let count = inside.clone().count();
        let right = inside
            .clone()
            .filter(|best| best.right == Some(true))
            .count();
        let told: f64 = inside.map(|best| best.probability).sum();
        (count > 0).then(|| {
            let point = Calibrated {
                mean: told / count as f64,
                right: right as f64 / count as f64,
                count: count as u64,
            };
            ((from, to), point)
        })
    };
    bins.filter_map(of).collect()
}
