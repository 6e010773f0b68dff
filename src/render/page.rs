//! Abstract pages: what stands where, in tenths of a point from the upper left corner.

use super::font::{self, Letter};
use super::{PAGES_MAX, RenderError};

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Text and lines.
    Black,
    /// Less important text.
    Grey,
    /// Marks behind the text.
    Pale,
    /// Seals, and words on sheets that are no longer in force.
    Red,
    /// The same words large behind the text.
    PaleRed,
}

impl Ink {
    /// Red, green, blue.
    pub const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Black => [0x1a, 0x1a, 0x1a],
            Self::Grey => [0x60, 0x60, 0x60],
            Self::Pale => [0xe6, 0xe6, 0xe6],
            Self::Red => [0xc8, 0x1e, 0x1e],
            Self::PaleRed => [0xf4, 0xb8, 0xb8],
        }
    }
}

/// Where a text stands from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It starts there.
    Left,
    /// Its middle is there.
    Middle,
    /// It ends there.
    Right,
}

/// A rectangle: left, top, width, height.
pub type Area = [i32; 4];

/// One thing on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A line of text; its point is on the base line.
    Text {
        /// Left end.
        x: i32,
        /// Base line.
        y: i32,
        /// Size.
        size: i32,
        /// Colour.
        ink: Ink,
        /// Rising to the right, by the angle whose tangent is about a half.
        rising: bool,
        /// The letters.
        letters: Vec<Letter>,
    },
    /// A straight line.
    Line {
        /// From x, y to x, y.
        ends: [i32; 4],
        /// Width.
        width: i32,
        /// Colour.
        ink: Ink,
    },
    /// Filled rectangles, drawn as one shape.
    Areas {
        /// Where.
        areas: Vec<Area>,
        /// Colour.
        ink: Ink,
    },
    /// A circle's line.
    Circle {
        /// Centre and radius.
        at: [i32; 3],
        /// Width of the line.
        width: i32,
        /// Colour.
        ink: Ink,
    },
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// What stands on it, in the order it is drawn.
    pub marks: Vec<Mark>,
    missing: String,
}

impl Sheet {
    /// An empty A4 page.
    pub fn a4(landscape: bool) -> Self {
        let (width, height) = if landscape {
            (8419, 5953)
        } else {
            (5953, 8419)
        };
        Self {
            width,
            height,
            marks: Vec::new(),
            missing: String::new(),
        }
    }

    fn letters(&mut self, text: &str) -> Vec<Letter> {
        let mut letters = Vec::new();
        for one in text.chars() {
            match font::letter(one) {
                Some(letter) => letters.push(letter),
                None if self.missing.contains(one) => {}
                None => self.missing.push(one),
            }
        }
        letters
    }

    /// Writes a line of text.
    pub fn text(&mut self, (x, y): (i32, i32), size: i32, ink: Ink, align: Align, text: &str) {
        let width = font::width(text, size);
        let x = match align {
            Align::Left => x,
            Align::Middle => x - width / 2,
            Align::Right => x - width,
        };
        let letters = self.letters(text);
        let rising = false;
        self.marks.push(Mark::Text {
            x,
            y,
            size,
            ink,
            rising,
            letters,
        });
    }

    /// Writes a text across the page, its middle at a point.
    pub fn across(&mut self, (x, y): (i32, i32), size: i32, ink: Ink, text: &str) {
        let half = font::width(text, size) / 2;
        let letters = self.letters(text);
        let rising = true;
        self.marks.push(Mark::Text {
            x: x - half * RISING_X / 1000,
            y: y + half * RISING_Y / 1000,
            size,
            ink,
            rising,
            letters,
        });
    }

    /// Draws a line.
    pub fn line(&mut self, ends: [i32; 4], width: i32, ink: Ink) {
        self.marks.push(Mark::Line { ends, width, ink });
    }

    /// Draws the frame of a rectangle.
    pub fn frame(&mut self, [x, y, width, height]: Area, line: i32, ink: Ink) {
        let (right, bottom) = (x + width, y + height);
        for ends in [
            [x, y, right, y],
            [right, y, right, bottom],
            [right, bottom, x, bottom],
            [x, bottom, x, y],
        ] {
            self.line(ends, line, ink);
        }
    }

    /// What is written on the page, in the order of writing.
    pub fn texts(&self) -> Vec<String> {
        let text = |mark: &Mark| match mark {
            Mark::Text { letters, .. } => Some(letters.iter().map(|one| one.letter).collect()),
            _ => None,
        };
        self.marks.iter().filter_map(text).collect()
    }

    /// The letters that no font has.
    pub fn missing(&self) -> &str {
        &self.missing
    }
}

/// Cosine of the angle of a rising text, in thousandths.
pub const RISING_X: i32 = 866;
/// Its sine.
pub const RISING_Y: i32 = 500;

/// A document: its pages and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The title.
    pub title: String,
    /// The pages.
    pub pages: Vec<Sheet>,
}

impl Document {
    /// A document whose letters are all there and whose pages are not too many.
    ///
    /// # Errors
    /// [`RenderError`].
    pub fn new(title: String, pages: Vec<Sheet>) -> Result<Self, RenderError> {
        let mut missing = String::new();
        for letter in pages.iter().flat_map(|page| page.missing().chars()) {
            if !missing.contains(letter) {
                missing.push(letter);
            }
        }
        if !missing.is_empty() {
            return Err(RenderError::GlyphMissing(missing));
        }
        if pages.len() > PAGES_MAX {
            return Err(RenderError::TooLong);
        }
        Ok(Self { title, pages })
    }
}
