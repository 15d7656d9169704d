//! Charts as SVG, drawn by hand: few shapes, no script, the same bytes for the same numbers. Colour never carries a meaning alone.

use std::fmt::Write as _;

/// Width of every chart in its own units: a telephone shows them at nearly this size.
const WIDTH: f64 = 420.0;
const RIGHT: &str = "#1f6f5c";
const WRONG: &str = "#b3402a";
const BLUE: &str = "#1d70b8";
const SOFT: &str = "#505a5f";
const LINE: &str = "#d0d4d7";

/// One level of a comparison.
pub(crate) struct LevelBar<'a> {
    pub(crate) name: &'a str,
    /// Shares among records of one person and among those of strangers.
    pub(crate) m: f64,
    pub(crate) u: f64,
    pub(crate) bits: f64,
    /// The bits as the reader's language writes them.
    pub(crate) told: String,
}

/// For each level how often it occurs (two bars of 0 to 100 %), and its evidence in bits to either side of zero. `most` bits fill a side.
pub(crate) fn levels(title: &str, bars: &[LevelBar<'_>], most: f64) -> String {
    const ROW: f64 = 28.0;
    const SHARES: f64 = 112.0;
    const BITS: f64 = 318.0;
    const SIDE: f64 = 62.0;
    let height = ROW * bars.len() as f64 + 24.0;
    let mut svg = open(title, height);
    text(&mut svg, SHARES, 14.0, "m ■  u □", "start", SOFT);
    text(&mut svg, BITS, 14.0, "log₂(m/u)", "middle", SOFT);
    let _ = writeln!(
        svg,
        "<line x1=\"{BITS}\" x2=\"{BITS}\" y1=\"20\" y2=\"{height}\" stroke=\"{LINE}\"/>"
    );
    for (place, bar) in bars.iter().enumerate() {
        let y = 24.0 + ROW * place as f64;
        text(&mut svg, 106.0, y + 14.0, bar.name, "end", "#0b0c0c");
        let width = |share: f64| (share * 120.0).clamp(1.0, 120.0);
        rect(&mut svg, (SHARES, y), (width(bar.m), 9.0), RIGHT, RIGHT);
        rect(
            &mut svg,
            (SHARES, y + 11.0),
            (width(bar.u), 9.0),
            "#fff",
            WRONG,
        );
        let length = (bar.bits.abs() / most * SIDE).clamp(1.0, SIDE);
        let (x, colour) = if bar.bits < 0.0 {
            (BITS - length, WRONG)
        } else {
            (BITS, RIGHT)
        };
        rect(&mut svg, (x, y + 3.0), (length, 14.0), colour, colour);
        let (x, anchor) = if bar.bits < 0.0 {
            (BITS + 4.0, "start")
        } else {
            (BITS + length + 4.0, "start")
        };
        text(&mut svg, x, y + 14.0, &bar.told, anchor, "#0b0c0c");
    }
    close(svg)
}

/// A bin of the histogram: where it starts, and how many are right and wrong (or all of them as `right` where that is not known).
pub(crate) struct Bin {
    pub(crate) from: f64,
    pub(crate) right: u64,
    pub(crate) wrong: u64,
}

/// Counts on a logarithmic scale; the wrong ones as a second, hatched bar.
pub(crate) fn histogram(title: &str, bins: &[Bin], width: f64, x_title: &str) -> String {
    let most = bins
        .iter()
        .map(|bin| bin.right.max(bin.wrong))
        .max()
        .unwrap_or(1)
        .max(1);
    let (low, high) = match (bins.first(), bins.last()) {
        (Some(first), Some(last)) => (first.from, last.from + width),
        _ => (0.0, width),
    };
    let y_ticks = counts(most);
    let plot = Plot::new((low, high), ends(y_ticks.iter().map(|tick| tick.0)));
    let mut svg = open(title, HEIGHT);
    svg.push_str(HATCH);
    let step = nice_step((high - low) / 6.0);
    let first = (low / step).ceil() as i64;
    let x_ticks: Vec<(f64, String)> = (first..=(high / step).floor() as i64)
        .map(|n| {
            (
                n as f64 * step,
                format!("{:+}", n as f64 * step).replace('-', "−"),
            )
        })
        .collect();
    plot.axes(&mut svg, &x_ticks, &y_ticks, x_title);
    for bin in bins {
        let whole = plot.x(bin.from + width) - plot.x(bin.from) - 1.0;
        for (place, count, fill, stroke) in [
            (0.0, bin.right, RIGHT, RIGHT),
            (1.0, bin.wrong, "url(#h)", WRONG),
        ] {
            if count > 0 {
                let y = plot.y(logged(count));
                let x = plot.x(bin.from) + place * whole / 2.0;
                rect(
                    &mut svg,
                    (x, y),
                    (whole / 2.0 - 0.5, plot.y(0.0) - y),
                    fill,
                    stroke,
                );
            }
        }
    }
    close(svg)
}

/// A line of a chart, with the points in order of x.
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Lines, each with its own dashes and its name above.
pub(crate) fn lines(
    title: &str,
    series: &[Series<'_>],
    x_ticks: &[(f64, String)],
    y_ticks: &[(f64, String)],
    x_title: &str,
) -> String {
    const STYLES: [(&str, &str); 3] = [(RIGHT, "none"), (WRONG, "6 3"), (BLUE, "2 3")];
    let xs = series.iter().flat_map(|series| &series.points);
    let plot = Plot::new(
        ends(xs.map(|point| point.0)),
        ends(y_ticks.iter().map(|tick| tick.0)),
    );
    let mut svg = open(title, HEIGHT);
    plot.axes(&mut svg, x_ticks, y_ticks, x_title);
    for (place, (series, (colour, dashes))) in series.iter().zip(STYLES).enumerate() {
        let mut path = String::new();
        for (x, y) in &series.points {
            let _ = write!(path, "{:.1},{:.1} ", plot.x(*x), plot.y(*y));
        }
        let x = Plot::LEFT + 130.0 * place as f64;
        let stroke =
            format!("stroke=\"{colour}\" stroke-width=\"2.5\" stroke-dasharray=\"{dashes}\"");
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" {stroke}/>\
             <line x1=\"{x}\" x2=\"{}\" y1=\"10\" y2=\"10\" {stroke}/>",
            path.trim_end(),
            x + 24.0,
        );
        text(&mut svg, x + 28.0, 14.0, series.name, "start", "#0b0c0c");
    }
    close(svg)
}

/// Four equal steps of a share.
pub(crate) fn shares(low: f64, high: f64) -> Vec<(f64, String)> {
    let steps = (0..=4).map(|step| low + (high - low) * f64::from(step) / 4.0);
    steps
        .map(|value| (value, share(value, high - low)))
        .collect()
}

/// Powers of ten from 1 to the one that holds a count, by their logarithms.
pub(crate) fn counts(most: u64) -> Vec<(f64, String)> {
    let top = (most.max(9) as f64 + 1.0).log10().ceil() as u32;
    let power = |power| (f64::from(power), short(10_u64.pow(power)));
    (0..=top).map(power).collect()
}

/// Where a count stands on such a scale; one is not none.
pub(crate) fn logged(count: u64) -> f64 {
    if count == 0 {
        0.0
    } else {
        (count as f64).log10().max(0.08)
    }
}

/// Smallest and largest of some values.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    values.fold(none, |(low, high), value| (low.min(value), high.max(value)))
}

/// A point of the calibration curve.
pub(crate) struct Calibrated {
    /// Mean probability, share that is right, how many.
    pub(crate) mean: f64,
    pub(crate) right: f64,
    pub(crate) count: u64,
}

/// What was right against what was promised; the larger the dot, the more records; on the dashed line promises are kept.
pub(crate) fn calibration(title: &str, points: &[Calibrated], x_title: &str) -> String {
    let plot = Plot::new((0.0, 1.0), (0.0, 1.0));
    let mut svg = open(title, HEIGHT);
    let ticks = shares(0.0, 1.0);
    plot.axes(&mut svg, &ticks, &ticks, x_title);
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{SOFT}\" stroke-dasharray=\"4 4\"/>",
        plot.x(0.0),
        plot.y(0.0),
        plot.x(1.0),
        plot.y(1.0)
    );
    for point in points {
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"{RIGHT}\" fill-opacity=\"0.75\" stroke=\"#fff\"/>",
            plot.x(point.mean),
            plot.y(point.right),
            3.0 + 1.6 * (point.count as f64).log10()
        );
    }
    close(svg)
}

const HEIGHT: f64 = 250.0;
const RIGHT_MARGIN: f64 = 24.0;
const HATCH: &str = "<defs><pattern id=\"h\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
                     <rect width=\"6\" height=\"6\" fill=\"#f6dcd6\"/><rect width=\"3\" height=\"6\" fill=\"#b3402a\"/></pattern></defs>\n";

/// The area inside the axes.
struct Plot {
    x: (f64, f64),
    y: (f64, f64),
}

impl Plot {
    const LEFT: f64 = 60.0;
    const TOP: f64 = 26.0;
    const BOTTOM: f64 = HEIGHT - 42.0;

    /// A plot of two ranges, neither of them empty.
    fn new(x: (f64, f64), y: (f64, f64)) -> Self {
        let wide = |(low, high): (f64, f64)| {
            if high > low {
                (low, high)
            } else {
                (low, low + 1.0)
            }
        };
        Self {
            x: wide(x),
            y: wide(y),
        }
    }

    fn x(&self, value: f64) -> f64 {
        Self::LEFT
            + (value - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - RIGHT_MARGIN - Self::LEFT)
    }

    fn y(&self, value: f64) -> f64 {
        Self::BOTTOM - (value - self.y.0) / (self.y.1 - self.y.0) * (Self::BOTTOM - Self::TOP)
    }

    fn axes(
        &self,
        svg: &mut String,
        x_ticks: &[(f64, String)],
        y_ticks: &[(f64, String)],
        x_title: &str,
    ) {
        for (value, label) in y_ticks {
            let y = self.y(*value);
            let _ = writeln!(
                svg,
                "<line x1=\"{}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{LINE}\"/>",
                Self::LEFT,
                WIDTH - RIGHT_MARGIN
            );
            text(svg, Self::LEFT - 5.0, y + 4.0, label, "end", SOFT);
        }
        for (value, label) in x_ticks {
            let x = self.x(*value);
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{}\" stroke=\"{SOFT}\"/>",
                Self::BOTTOM,
                Self::BOTTOM + 4.0
            );
            text(svg, x, Self::BOTTOM + 17.0, label, "middle", SOFT);
        }
        text(
            svg,
            f64::midpoint(Self::LEFT, WIDTH - RIGHT_MARGIN),
            HEIGHT - 6.0,
            x_title,
            "middle",
            "#0b0c0c",
        );
    }
}

fn open(title: &str, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-family=\"inherit\" font-size=\"12\">\n\
         <title>{}</title>\n",
        escape(title)
    )
}

fn close(mut svg: String) -> String {
    svg.push_str("</svg>\n");
    svg
}

fn rect(
    svg: &mut String,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    fill: &str,
    stroke: &str,
) {
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\" stroke=\"{stroke}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, words: &str, anchor: &str, colour: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
        escape(words)
    );
}

/// A share as a percentage, with as many digits as the range of the axis needs.
fn share(value: f64, range: f64) -> String {
    let digits = if range >= 0.2 {
        0
    } else if range >= 0.02 {
        1
    } else {
        2
    };
    format!("{:.digits$} %", value * 100.0)
}

/// 1, 2, 5, 10, 20, …: the next at or above a value.
fn nice_step(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| *step >= value)
        .unwrap_or(power * 10.0)
}

/// 1, 10, 1k, 1M: a power of ten.
fn short(count: u64) -> String {
    match count {
        1_000_000.. => format!("{}M", count / 1_000_000),
        1_000.. => format!("{}k", count / 1_000),
        _ => count.to_string(),
    }
}

/// Text that may stand in SVG and HTML, between tags and in attributes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Bin, Plot, Series, histogram, lines, nice_step, share, shares};

    #[test]
    fn steps_and_shares_are_round() {
        assert_eq!(
            [0.3, 1.2, 7.0, 13.0].map(|value| nice_step(value) as u32),
            [1, 2, 10, 20]
        );
        assert_eq!(share(0.5, 1.0), "50 %");
        assert_eq!(share(0.9995, 0.01), "99.95 %");
    }

    #[test]
    fn charts_of_nothing_and_of_one_point_are_pictures_all_the_same() {
        let one = Series {
            name: "a",
            points: vec![(0.5, 0.5)],
        };
        let none = Series {
            name: "b",
            points: Vec::new(),
        };
        let pictures = [
            histogram("empty", &[], 4.0, "bits"),
            histogram(
                "one",
                &[Bin {
                    from: 0.0,
                    right: 1,
                    wrong: 0,
                }],
                4.0,
                "bits",
            ),
            lines("one", &[one], &[], &shares(0.0, 1.0), "p"),
            lines("none", &[none], &[], &[], "p"),
        ];
        for picture in pictures {
            assert!(
                picture.ends_with("</svg>\n")
                    && !picture.contains("NaN")
                    && !picture.contains("inf"),
                "{picture}"
            );
        }
        assert!(Plot::new((1.0, 1.0), (0.0, 0.0)).x(1.0).is_finite());
    }
}
