//! A text as a picture that a phone's camera reads (QR code), as the data of one SVG path.

use std::fmt::Write;

use fast_qr::{ECL, QRBuilder};
use serde::Serialize;

/// The light frame that readers need, in modules.
const QUIET_MODULES: usize = 4;

/// A square picture of dark modules on a light ground, one unit a module.
#[derive(Serialize)]
pub struct Picture {
    /// Its width and height, the frame included.
    pub size: usize,
    /// The dark modules, as the `d` of a path.
    pub path: String,
}

/// Draws a text; `None` if it is too long for any picture.
#[must_use]
pub fn draw(text: &str) -> Option<Picture> {
    // Medium: a screen has no scratches, and fewer modules are read from further away.
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let mut path = String::new();
    for row in 0..code.size {
        let mut column = 0;
        while column < code.size {
            let run = code[row][column..]
                .iter()
                .take_while(|module| module.value())
                .count();
            if run > 0 {
                let (x, y) = (column + QUIET_MODULES, row + QUIET_MODULES);
                // Writing to a text cannot fail.
                let _written = write!(path, "M{x} {y}h{run}v1h-{run}z");
            }
            column += run.max(1);
        }
    }
    Some(Picture {
        size: code.size + 2 * QUIET_MODULES,
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::draw;

    /// The modules that a path paints.
    fn painted(size: usize, path: &str) -> Vec<Vec<bool>> {
        let mut modules = vec![vec![false; size]; size];
        for run in path.split_terminator('z') {
            let (start, rest) = run[1..].split_once('h').expect("a run");
            let (x, y) = start.split_once(' ').expect("a point");
            let length = rest.split_once('v').expect("a height").0;
            let (x, y): (usize, usize) = (x.parse().expect("x"), y.parse().expect("y"));
            let length: usize = length.parse().expect("a length");
            modules[y][x..x + length].fill(true);
        }
        modules
    }

    #[test]
    fn the_path_paints_the_finders_in_three_corners_and_nothing_in_the_frame() {
        let picture = draw("otpauth://totp/a?secret=b").expect("a picture");
        let modules = painted(picture.size, &picture.path);
        let finder = [
            "1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111",
        ];
        let far = picture.size - 4 - 7;
        for (left, top) in [(4, 4), (far, 4), (4, far)] {
            for (y, row) in finder.iter().enumerate() {
                for (x, module) in row.bytes().enumerate() {
                    assert_eq!(
                        modules[top + y][left + x],
                        module == b'1',
                        "{left} {top} {x} {y}"
                    );
                }
            }
        }
        let edges = (0..4).chain(picture.size - 4..picture.size);
        for edge in edges {
            assert!(!modules[edge].contains(&true));
            assert!(modules.iter().all(|row| !row[edge]));
        }
    }

    #[test]
    fn a_link_fits_and_a_book_does_not() {
        let longest = draw(&"x".repeat(250)).expect("a picture");
        assert!(longest.path.len() < 20_000, "{}", longest.path.len());
        assert!(draw(&"x".repeat(5_000)).is_none());
    }
}
