//! The report as a browser shows it.
//!
//! Chromium refuses windows narrower than 500 pixels, so the page is shown in a frame of the wanted size: media queries and
//! layout inside a frame follow the frame.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell;

/// Width and height of a screen in CSS pixels.
pub(crate) type Size = (u32, u32);
/// The laptop of a district office.
pub(crate) const LAPTOP: Size = (1366, 768);
/// A small telephone.
pub(crate) const TELEPHONE: Size = (360, 800);

/// Makes a small report and checks that neither screen has to scroll sideways and that the page asks nobody for anything.
pub(crate) fn check_report() -> Result<()> {
    let minhchung = shell::build_minhchung(false)?;
    let report = demo_report(&minhchung, "2000")?;
    let html = read(&report)?;
    for tag in ["<script", "<link", "@import", "url(http", "src=\"http"] {
        ensure!(
            !html.contains(tag),
            "{} holds `{tag}`: it must stand alone",
            report.display()
        );
    }
    for size in [LAPTOP, TELEPHONE] {
        let width = page_width(&html, size)?;
        ensure!(
            width <= size.0,
            "the report is {width} pixels wide on a screen of {}",
            size.0
        );
        eprintln!("fits a screen {} pixels wide", size.0);
    }
    Ok(())
}

/// Runs the demo and returns the path of its report.
pub(crate) fn demo_report(minhchung: &Path, people: &str) -> Result<PathBuf> {
    shell::empty_folder(&work_folder())?;
    let folder = work_folder().join("demo");
    let mut demo = shell::command(
        minhchung,
        &["demo", "--no-serve", "--people", people, "--dir"],
    );
    shell::capture(demo.arg(&folder))?;
    find(&folder, "report.html")?
        .with_context(|| format!("the demo left no report.html in {}", folder.display()))
}

/// Writes a picture of the top of the page.
pub(crate) fn photograph(page: &Path, size: Size, image: &Path) -> Result<()> {
    let frame = frame(&read(page)?, size)?;
    let mut chromium = chromium(size);
    chromium
        .arg(format!("--screenshot={}", image.display()))
        .arg(&frame);
    shell::capture(&mut chromium)?;
    ensure!(image.exists(), "chromium wrote no {}", image.display());
    Ok(())
}

/// How wide the page is when it is laid out on a screen of this size.
fn page_width(html: &str, size: Size) -> Result<u32> {
    let frame = frame(html, size)?;
    let dom = shell::capture(chromium(size).arg("--dump-dom").arg(&frame))?;
    let title = dom
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    let (width, _) = title.context("chromium showed a page without a title")?;
    width
        .parse()
        .with_context(|| format!("chromium measured `{width}`"))
}

/// Writes a page that shows `html` in a frame and puts the width that it takes into the title.
fn frame(html: &str, (width, height): Size) -> Result<PathBuf> {
    let html = html.replace('&', "&amp;").replace('"', "&quot;");
    let measure = "document.title = this.contentDocument.documentElement.scrollWidth";
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title></title><body style=\"margin:0\">\
         <iframe style=\"border:0\" width=\"{width}\" height=\"{height}\" onload=\"{measure}\" srcdoc=\"{html}\"></iframe>"
    );
    let path = work_folder().join(format!("frame-{width}.html"));
    std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn chromium((width, height): Size) -> Command {
    let profile = work_folder().join("profile");
    let mut command = shell::command(
        "chromium",
        &[
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ],
    );
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("--window-size={width},{height}"));
    command
}

/// Where this module keeps files that nobody needs afterwards.
pub(crate) fn work_folder() -> PathBuf {
    shell::root().join("bench/out/browser")
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The first file of this name at or below a folder.
fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>> {
    let direct = folder.join(name);
    if direct.is_file() {
        return Ok(Some(direct));
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir()
            && let Some(found) = find(&path, name)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
