//! The outlines of the 63 provinces, drawn coarser than their source.
//!
//! Points are moved to a grid of half a unit. Two neighbours share the points of their border, so these move alike and no
//! gap opens, which simplifying each outline by itself would cause.

use serde::Deserialize;
use std::fmt::Write as _;

/// Why the embedded map cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// Not the JSON that we embedded.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Not an outline of lines and curves.
    #[error("the outline of {id} cannot be read at byte {at}")]
    Outline {
        /// The shape.
        id: String,
        /// Where.
        at: usize,
    },
}

/// One outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Two-digit province code. Two provinces have a second shape: their archipelago.
    pub code: String,
    /// True for the archipelagos Hoàng Sa and Trường Sa.
    pub islands: bool,
    /// Outline as SVG path data, in half units of the source.
    pub path: String,
    /// Middle of its largest part.
    pub middle: (i32, i32),
}

#[derive(Deserialize)]
struct Source {
    id: String,
    path: String,
    code: String,
}

/// A closed outline in grid points.
type Ring = Vec<(i32, i32)>;

/// All shapes of the map.
pub(super) fn shapes() -> Result<Vec<Shape>, MapError> {
    let sources: Vec<Source> =
        serde_json::from_str(include_str!("../../../../data/vn/map/vietnam-63.json"))?;
    sources
        .into_iter()
        .map(|source| {
            let rings = rings(&source.path).map_err(|at| MapError::Outline {
                id: source.id.clone(),
                at,
            })?;
            Ok(Shape {
                code: source.code,
                islands: matches!(source.id.as_str(), "hoangsa" | "truongsa"),
                path: rings.iter().map(path).collect(),
                middle: middle(&rings),
            })
        })
        .collect()
}

/// Reads path data: `M`/`m`, `L`/`l`, `C`/`c` (only where the curve ends) and `Z`/`z`. The error is the byte where it stops.
fn rings(text: &str) -> Result<Vec<Ring>, usize> {
    let mut rings: Vec<Ring> = Vec::new();
    let mut reader = Reader { text, at: 0 };
    let (mut command, mut pen, mut start) = (b'M', (0.0, 0.0), (0.0, 0.0));
    while let Some(byte) = reader.peek() {
        if byte.is_ascii_alphabetic() {
            reader.at += 1;
            command = byte;
            if command.eq_ignore_ascii_case(&b'z') {
                pen = start;
                continue;
            }
        }
        let from = if command.is_ascii_lowercase() {
            pen
        } else {
            (0.0, 0.0)
        };
        if command.eq_ignore_ascii_case(&b'c') {
            reader.pair()?;
            reader.pair()?;
        }
        let step = reader.pair()?;
        pen = (from.0 + step.0, from.1 + step.1);
        match command {
            b'M' | b'm' => {
                start = pen;
                rings.push(Vec::new());
                // Further pairs after a move are lines.
                command = if command == b'M' { b'L' } else { b'l' };
            }
            b'L' | b'l' | b'C' | b'c' => {}
            _ => return Err(reader.at),
        }
        let point = ((pen.0 * 2.0).round() as i32, (pen.1 * 2.0).round() as i32);
        let ring = rings.last_mut().ok_or(reader.at)?;
        if ring.last() != Some(&point) {
            ring.push(point);
        }
    }
    Ok(rings)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no separator.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
        let trimmed = rest.trim_start_matches([' ', ',', '\n']);
        let next = trimmed.bytes().next();
        self.at += rest.len() - trimmed.len();
        next
    }

    fn number(&mut self) -> Result<f64, usize> {
        self.peek();
        let mut exponent = false;
        let length = self
            .rest()
            .char_indices()
            .find(|(place, letter)| {
                let sign = matches!(letter, '-' | '+') && (*place == 0 || exponent);
                exponent = *letter == 'e';
                !(letter.is_ascii_digit() || *letter == '.' || exponent || sign)
            })
            .map_or(self.rest().len(), |(place, _)| place);
        let number = self.rest().get(..length).unwrap_or_default().parse();
        let number = number.map_err(|_| self.at)?;
        self.at += length;
        Ok(number)
    }

    fn pair(&mut self) -> Result<(f64, f64), usize> {
        Ok((self.number()?, self.number()?))
    }
}

/// Path data of a ring: a move, then steps. An island smaller than the grid stays as a dot, drawn by its round stroke.
fn path(ring: &Ring) -> String {
    let mut text = String::new();
    let mut previous: Option<(i32, i32)> = None;
    for &(x, y) in ring {
        let (command, step) = match previous {
            None => ("M", (x, y)),
            Some(from) => (
                if text.contains('l') { " " } else { "l" },
                (x - from.0, y - from.1),
            ),
        };
        // A minus sign separates by itself.
        let command = if step.0 < 0 && command == " " {
            ""
        } else {
            command
        };
        let comma = if step.1 < 0 { "" } else { " " };
        let _ = write!(text, "{command}{}{comma}{}", step.0, step.1);
        previous = Some((x, y));
    }
    text.push('z');
    text
}

/// Middle of the box around the ring with the largest box.
fn middle(rings: &[Ring]) -> (i32, i32) {
    rings
        .iter()
        .filter_map(|ring| {
            let (xs, ys) = (ring.iter().map(|p| p.0), ring.iter().map(|p| p.1));
            let (left, right) = (xs.clone().min()?, xs.max()?);
            let (top, bottom) = (ys.clone().min()?, ys.max()?);
            let area = i64::from(right - left) * i64::from(bottom - top);
            Some((
                area,
                (i32::midpoint(left, right), i32::midpoint(top, bottom)),
            ))
        })
        .max()
        .map_or((0, 0), |(_, middle)| middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_has_65_shapes_of_63_provinces_and_is_light() -> Result<(), MapError> {
        let shapes = shapes()?;
        let mut codes: Vec<&str> = shapes.iter().map(|shape| shape.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!((shapes.len(), codes.len()), (65, 63));
        assert!(shapes.iter().map(|shape| shape.path.len()).sum::<usize>() < 120_000);
        Ok(())
    }

    #[test]
    fn relative_and_absolute_outlines_are_the_same() {
        let relative = rings("m 1,1 2,0 0,2 z m 5,0 l 1,0 c 9,9 9,9 0,1.5e0 z");
        let absolute = rings("M 1 1 3 1 L 3 3 Z M 6 1 L 7 1 C 9 9 9 9 7 2.5 Z");
        assert_eq!(relative, absolute);
        assert_eq!(relative.map(|rings| rings.len()), Ok(2));
    }
}
