//! QR codes as squares: for a page, and for a terminal.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Light squares around a code, as readers need them.
const QUIET: usize = 4;

/// The squares of a code, without the light ones around it.
pub struct Squares {
    width: usize,
    dark: Vec<bool>,
}

impl Squares {
    /// The code of a text; `None` when no code holds so much.
    pub fn of(text: &str) -> Option<Squares> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Some(Squares { width: code.width(), dark })
    }

    /// Whether a square is dark, counted from the corner of the quiet zone.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.dark.get(y * self.width + x).copied().unwrap_or_default(),
            _ => false,
        }
    }

    fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    /// A picture for a page: one path, a rectangle for each dark run of a row.
    pub fn svg(&self) -> String {
        let side = self.side();
        let mut path = String::new();
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let run = (x..side).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
                }
                x += run.max(1);
            }
        }
        format!(
            "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path d=\"{path}\"/></svg>"
        )
    }

    /// Two rows of squares in each line, light on dark terminals and dark on light ones alike:
    /// the light squares are drawn.
    pub fn text(&self) -> String {
        let side = self.side();
        let line = |y: usize| -> String {
            let square = |x: usize| match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            };
            (0..side).map(square).collect()
        };
        let lines: Vec<String> = (0..side).step_by(2).map(line).collect();
        lines.join("\n")
    }
}
