//! QR codes: a text becomes modules, and modules become PNG, SVG or an outline for a PDF page.
//!
//! `qrcodegen` encodes (ISO/IEC 18004); an HC1 code, being made of upper-case letters, digits and nine signs, takes its alphanumeric
//! mode, 5.5 bits a character. Of the three encoders measured (example `speed`; certificate of 591 characters, level Q) it alone saves
//! the time of choosing a mask when the mask is given: `fast_qr` weighs all eight masks all the same, and `qrcode` is slower still.

use std::fmt::Write as _;
use std::num::NonZeroU8;

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, QrSegmentMode, Version};

/// Light modules that the standard wants on each side (ISO/IEC 18004, clause 6.3.8).
pub const QUIET_ZONE: u32 = 4;

/// How much of a symbol may be lost and still be read (ISO/IEC 18004, clause 6.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// 7 %.
    L,
    /// 15 %.
    M,
    /// 25 %; what the EU asks of certificates.
    Q,
    /// 30 %.
    H,
}

/// Which of the eight masks lies over the data. A reader takes the number of the mask from the symbol, so any can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mask {
    /// Always the chequerboard, mask 0. Certificates are compressed and signed, hence look random, so that no mask is likely to make
    /// large blank areas; weighing all eight would take thirty times as long.
    #[default]
    Fixed,
    /// That of the eight with the lowest penalty (ISO/IEC 18004, clause 7.8.3); for texts with patterns of their own.
    Best,
    /// This one of the eight, counted modulo eight.
    Number(u8),
}

/// A QR symbol: a square of dark and light modules without its quiet zone.
#[derive(Clone, PartialEq, Eq)]
pub struct Qr(QrCode);

impl Qr {
    /// Encodes a text in the smallest version that holds it at this level.
    ///
    /// # Errors
    ///
    /// [`QrError`] when the text is longer than the largest symbol holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use render::{Level, Mask, Qr};
    ///
    /// let qr = Qr::encode("HC1:6BF", Level::Q, Mask::Fixed)?;
    /// assert_eq!(qr.side(), 21);
    /// # Ok::<(), render::QrError>(())
    /// ```
    pub fn encode(text: &str, level: Level, mask: Mask) -> Result<Self, QrError> {
        let segments =
            alphanumeric(text).map_or_else(|| QrSegment::make_segments(text), |one| vec![one]);
        let level = match level {
            Level::L => QrCodeEcc::Low,
            Level::M => QrCodeEcc::Medium,
            Level::Q => QrCodeEcc::Quartile,
            Level::H => QrCodeEcc::High,
        };
        let mask = match mask {
            Mask::Fixed => Some(qrcodegen::Mask::new(0)),
            Mask::Best => None,
            Mask::Number(number) => Some(qrcodegen::Mask::new(number % 8)),
        };
        let (from, to) = (Version::MIN, Version::MAX);
        QrCode::encode_segments_advanced(&segments, level, from, to, mask, false)
            .map(Self)
            .map_err(|_| QrError {
                characters: text.chars().count(),
            })
    }

    /// Modules along one side, without the quiet zone: 21 (version 1) to 177 (version 40).
    pub fn side(&self) -> u32 {
        self.0.size().unsigned_abs()
    }

    /// Whether the module of this column and row is dark; what lies outside is light.
    pub fn is_dark(&self, column: i32, row: i32) -> bool {
        self.0.get_module(column, row)
    }

    /// A picture of one bit a pixel with the quiet zone around it. Four pixels a module are enough for a screen, eight for print.
    ///
    /// # Panics
    ///
    /// Never: the picture has a side of 29 to 47,175 pixels and goes into memory.
    pub fn png(&self, pixels_per_module: NonZeroU8) -> Vec<u8> {
        let scale = u32::from(pixels_per_module.get());
        let side = (self.side() + 2 * QUIET_ZONE) * scale;
        let mut file = Vec::with_capacity(8 * 1024);
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let written = encoder.write_header().and_then(|mut writer| {
            let rows = fdeflate::compress_to_vec(&self.filtered_rows(scale));
            writer.write_chunk(png::chunk::IDAT, &rows)
        });
        written
            .expect("a square of one-bit pixels is a valid picture, and a vector takes all bytes");
        file
    }

    /// The rows of [`Self::png`], a set bit being white, each behind the number of the filter "up" (PNG, clause 9.2) and less the row above.
    ///
    /// Filtered here because all rows of a module but its first are then known to be zeros; finding that out takes the encoder longer
    /// than all the rest.
    fn filtered_rows(&self, scale: u32) -> Vec<u8> {
        const UP: u8 = 2;
        let (side, quiet) = (self.0.size(), QUIET_ZONE as i32);
        let stride = ((side + 2 * quiet) as usize * scale as usize).div_ceil(8);
        let block = (1 + stride) * scale as usize;
        let mut rows = vec![0; block * (side + 2 * quiet) as usize];
        for row in rows.chunks_exact_mut(1 + stride) {
            row[0] = UP;
        }
        let (mut above, mut line) = (vec![0; stride], Vec::with_capacity(stride + 1));
        for (row, block) in (-quiet..).zip(rows.chunks_exact_mut(block)) {
            self.pixels(row, scale, &mut line);
            for ((byte, pixels), above) in block.iter_mut().skip(1).zip(&line).zip(&mut above) {
                *byte = pixels.wrapping_sub(*above);
                *above = *pixels;
            }
        }
        rows
    }

    /// Puts the pixels of a row of modules into the line, eight to a byte.
    fn pixels(&self, row: i32, scale: u32, line: &mut Vec<u8>) {
        let quiet = QUIET_ZONE as i32;
        line.clear();
        // The last bits are those that don't fill a byte yet.
        let (mut bits, mut waiting) = (0_u32, 0);
        for column in -quiet..self.0.size() + quiet {
            let dark = self.is_dark(column, row);
            let mut wanted = scale;
            while wanted > 0 {
                let some = wanted.min(8);
                bits = bits << some | if dark { 0 } else { (1 << some) - 1 };
                waiting += some;
                wanted -= some;
                if waiting >= 8 {
                    waiting -= 8;
                    line.push((bits >> waiting) as u8);
                }
            }
        }
        if waiting > 0 {
            line.push((bits << (8 - waiting)) as u8);
        }
    }

    /// A drawing with the quiet zone around it, one unit a module, that fills whatever box the page gives it.
    pub fn svg(&self) -> String {
        let side = self.side() + 2 * QUIET_ZONE;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\""
        );
        for contour in self.contours() {
            let mut last = None;
            for (x, y) in contour {
                // Borders run along one axis at a time.
                let _ = match last {
                    None => write!(svg, "M{} {}", x + QUIET_ZONE as i32, y + QUIET_ZONE as i32),
                    Some((before, at)) if at == y => write!(svg, "h{}", x - before),
                    Some((_, before)) => write!(svg, "v{}", y - before),
                };
                last = Some((x, y));
            }
            svg.push('z');
        }
        svg.push_str("\"/></svg>");
        svg
    }

    /// The borders between dark and light as closed polygons, corner by corner, in modules from the upper left corner of the symbol.
    ///
    /// Dark lies to the right of the way, so both fill rules paint the same. One outline instead of many squares leaves no hairlines
    /// between neighbours when a viewer smooths edges.
    pub fn contours(&self) -> Vec<Vec<(i32, i32)>> {
        let side = self.0.size();
        let mut walked = vec![false; (side * side) as usize];
        let mut contours = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let upper_edge = self.is_dark(x, y) && !self.is_dark(x, y - 1);
                if upper_edge && !walked[(y * side + x) as usize] {
                    contours.push(self.contour((x, y), &mut walked));
                }
            }
        }
        contours
    }

    /// Walks from a corner along the upper edge of its dark module, eastward, until it is back; notes the upper edges walked.
    fn contour(&self, start: (i32, i32), walked: &mut [bool]) -> Vec<(i32, i32)> {
        let side = self.0.size();
        let mut corners = vec![start];
        let (mut x, mut y) = start;
        let (mut east, mut south) = (1, 0);
        loop {
            if east == 1 {
                walked[(y * side + x) as usize] = true;
            }
            (x, y) = (x + east, y + south);
            // The modules ahead of this corner, at either hand.
            let right = match (east, south) {
                (1, _) => (x, y),
                (-1, _) => (x - 1, y - 1),
                (_, 1) => (x - 1, y),
                _ => (x, y - 1),
            };
            let left = (right.0 + south, right.1 - east);
            let turned = if !self.is_dark(right.0, right.1) {
                (-south, east)
            } else if self.is_dark(left.0, left.1) {
                (south, -east)
            } else {
                continue;
            };
            (east, south) = turned;
            if (x, y) == start && (east, south) == (1, 0) {
                return corners;
            }
            corners.push((x, y));
        }
    }
}

/// The text in alphanumeric mode (ISO/IEC 18004, clause 7.4.4): pairs in eleven bits, a last one alone in six. `None` when a character is
/// not of that mode, or all are digits, for which there is a shorter one. The encoder's own way looks every character up in a text, twice.
fn alphanumeric(text: &str) -> Option<QrSegment> {
    let values: Option<Vec<u32>> = text.bytes().map(alphanumeric_value).collect();
    let values = values.filter(|values| values.iter().any(|value| *value > 9))?;
    let mut bits = Vec::with_capacity(values.len() * 11 / 2 + 1);
    for pair in values.chunks(2) {
        let (number, length) = match *pair {
            [first, second] => (first * 45 + second, 11),
            ref single => (single.iter().sum(), 6),
        };
        bits.extend((0..length).rev().map(|bit| number >> bit & 1 == 1));
    }
    Some(QrSegment::new(
        QrSegmentMode::Alphanumeric,
        values.len(),
        bits,
    ))
}

/// The place of a character in table 5 of ISO/IEC 18004.
fn alphanumeric_value(character: u8) -> Option<u32> {
    Some(match character {
        b'0'..=b'9' => u32::from(character - b'0'),
        b'A'..=b'Z' => u32::from(character - b'A') + 10,
        b' ' => 36,
        b'$' => 37,
        b'%' => 38,
        b'*' => 39,
        b'+' => 40,
        b'-' => 41,
        b'.' => 42,
        b'/' => 43,
        b':' => 44,
        _ => return None,
    })
}

impl std::fmt::Debug for Qr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Qr({0} × {0} modules)", self.side())
    }
}

/// The caller's text doesn't fit into any symbol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{characters} characters are more than a QR code holds at this level of error correction; take a lower level or a smaller signature (ES256 instead of RSA)"
)]
pub struct QrError {
    /// Length of the text.
    pub characters: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paints the contours back by counting how many borders lie above a module.
    fn painted(qr: &Qr) -> Vec<bool> {
        let side = qr.side() as usize;
        let mut borders = vec![0_i32; side * (side + 1)];
        for contour in qr.contours() {
            let next = contour.iter().cycle().skip(1);
            for ((x1, y1), (x2, y2)) in contour.iter().zip(next) {
                if y1 == y2 {
                    let step = if x2 > x1 { 1 } else { -1 };
                    for x in *x1.min(x2)..*x1.max(x2) {
                        borders[*y1 as usize * side + x as usize] += step;
                    }
                }
            }
        }
        let mut inside = vec![0; side];
        let mut dark = Vec::new();
        for row in borders.chunks(side).take(side) {
            for (count, border) in inside.iter_mut().zip(row) {
                *count += border;
                dark.push(*count == 1);
            }
        }
        dark
    }

    #[test]
    fn contours_enclose_exactly_the_dark_modules() {
        for text in [
            "",
            "HC1:A",
            &"HC1:6BFOXN%TSMAHN-HLSGZHH.*GS+HTOCJS4$2R25PL46".repeat(12),
        ] {
            let qr = Qr::encode(text, Level::M, Mask::Fixed).expect("a short text");
            let side = qr.side() as i32;
            let modules = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
            let wanted: Vec<bool> = modules.map(|(x, y)| qr.is_dark(x, y)).collect();
            assert_eq!(painted(&qr), wanted);
        }
    }

    #[test]
    fn the_segment_of_a_text_is_the_encoders_own() {
        for text in [
            "",
            "1",
            "0123456789",
            "A",
            "HC1:6BF ",
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:",
            "hc1:",
            "HC1:Đ",
        ] {
            let own = QrSegment::make_segments(text);
            match alphanumeric(text) {
                Some(ours) => {
                    assert_eq!(own.len(), 1);
                    assert!(matches!(own[0].mode(), QrSegmentMode::Alphanumeric));
                    assert_eq!(ours.num_chars(), own[0].num_chars());
                    assert_eq!(ours.data(), own[0].data(), "{text}");
                }
                None => assert!(
                    own.iter()
                        .all(|segment| !matches!(segment.mode(), QrSegmentMode::Alphanumeric)),
                    "{text}"
                ),
            }
        }
    }

    #[test]
    fn a_text_too_long_for_any_symbol_is_refused_with_its_length() {
        let text = "A".repeat(4_297);
        assert!(Qr::encode(&text[1..], Level::L, Mask::Fixed).is_ok());
        let refused = Qr::encode(&text, Level::L, Mask::Fixed).expect_err("one too many");
        assert_eq!(refused.characters, 4_297);
    }

    #[test]
    fn the_level_asked_for_is_the_level_given() {
        for (level, wanted) in [
            (Level::L, QrCodeEcc::Low),
            (Level::M, QrCodeEcc::Medium),
            (Level::Q, QrCodeEcc::Quartile),
            (Level::H, QrCodeEcc::High),
        ] {
            let qr = Qr::encode("HC1:A", level, Mask::Fixed).expect("a short text");
            assert_eq!(qr.0.error_correction_level(), wanted);
        }
    }
}
