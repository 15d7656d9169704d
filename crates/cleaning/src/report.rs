//! `report.html`: one self-contained page, in Vietnamese and English, that a clerk, a head and a ministry can read.
//!
//! The page is a function of the [`Summary`] alone: no clock, no other file, no script, nothing fetched. The same summary
//! gives the same bytes. Both languages are in the page; two radio buttons and a style sheet choose, Vietnamese first.

mod map;
mod view;
mod words;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

use crate::summary::Summary;
use words::Language;

/// Why the report could not be made. Always a fault of this program: a summary cannot be wrong in a way that prevents it.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A template does not fit the numbers.
    #[error("the report's template: {0}")]
    Template(#[from] minijinja::Error),
    /// The embedded map is damaged.
    #[error("the map of the provinces: {0}")]
    Map(#[from] map::MapError),
}

/// Renders the report.
///
/// # Errors
/// Never for a whole program: its templates and its map are embedded, and tests render them.
pub fn render(summary: &Summary) -> Result<String, ReportError> {
    let shapes = map::shapes()?;
    let view = view::View::new(summary, &shapes);
    let vi = page(&view, Language::Vi)?;
    let en = page(&view, Language::En)?;
    let mut frame = environment()?;
    frame.add_template("report.html", include_str!("../assets/report.html"))?;
    let context = minijinja::context! {
        as_of => &summary.as_of,
        css => Value::from_safe_string(include_str!("../assets/report.css").to_owned()),
        map => Value::from(Serde(view.map_classes(&shapes))),
        vi => Value::from_safe_string(vi),
        en => Value::from_safe_string(en),
    };
    Ok(frame.get_template("report.html")?.render(context)?)
}

/// The page in one language.
fn page(view: &view::View<'_>, language: Language) -> Result<String, ReportError> {
    let mut page = environment()?;
    words::teach(&mut page, language);
    page.add_template("page.html", include_str!("../assets/report.page.html"))?;
    Ok(page
        .get_template("page.html")?
        .render(Value::from(Serde(view)))?)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    Ok(environment)
}
