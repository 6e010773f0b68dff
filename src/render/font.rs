//! The letters: an embedded Noto Sans CJK SC with all of GB 2312, and a full font where configured.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

/// Noto Sans CJK SC 2.004, subset (SIL Open Font License 1.1, `fonts/OFL.txt`).
static BUILT_IN: &[u8] = include_bytes!("fonts/NotoSansSC-GB2312.otf");

/// The process's full font, for letters outside GB 2312.
static FULL: OnceLock<Vec<u8>> = OnceLock::new();

/// A font file with what laying out needs of it.
pub struct Font {
    /// The file.
    pub bytes: &'static [u8],
    /// The font in it.
    pub face: FontRef<'static>,
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Font")
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// The fonts in the order they are asked.
pub static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    let files = [Some(BUILT_IN), FULL.get().map(Vec::as_slice)];
    files
        .into_iter()
        .flatten()
        .filter_map(|bytes| {
            let face = FontRef::from_index(bytes, 0).ok()?;
            Some(Font { bytes, face })
        })
        .collect()
});

/// Names the font for letters that the built-in one lacks: once, before anything is drawn.
///
/// # Errors
/// When the file is no font, or one was named before.
pub fn use_full_font(bytes: Vec<u8>) -> Result<(), &'static str> {
    if FontRef::from_index(&bytes, 0).is_err() {
        return Err("is not a font");
    }
    FULL.set(bytes).map_err(|_| "a font was named before")
}

/// A letter with its place in a font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    /// The letter.
    pub letter: char,
    /// Which of the fonts.
    pub font: usize,
    /// The glyph in it.
    pub glyph: u32,
    /// How far it moves the pen, in thousandths of the size.
    pub advance: i32,
}

/// The letters of the built-in font, read once.
static LETTERS: LazyLock<HashMap<char, Letter>> = LazyLock::new(|| {
    let built_in = FONTS.first();
    let mappings = built_in
        .into_iter()
        .flat_map(|of| of.face.charmap().mappings());
    let letters = mappings.filter_map(|(code, _)| char::from_u32(code));
    letters
        .filter_map(|one| Some((one, find(0, one)?)))
        .collect()
});

/// Looks a letter up; nothing when no font has it.
pub fn letter(letter: char) -> Option<Letter> {
    let built_in = LETTERS.get(&letter).copied();
    built_in.or_else(|| (1..FONTS.len()).find_map(|font| find(font, letter)))
}

/// The letters of a text that no font has, each once.
pub fn missing_letters(text: &str) -> String {
    let mut missing = String::new();
    for one in text.chars() {
        if letter(one).is_none() && !missing.contains(one) {
            missing.push(one);
        }
    }
    missing
}

fn find(font: usize, letter: char) -> Option<Letter> {
    let face = &FONTS.get(font)?.face;
    let glyph = face.charmap().map(letter)?;
    let unscaled = Size::unscaled();
    let metrics = face.glyph_metrics(unscaled, LocationRef::default());
    let em = face.metrics(unscaled, LocationRef::default()).units_per_em;
    // Advances of unscaled glyphs are whole numbers.
    let units = metrics.advance_width(glyph)? as i64;
    let advance = i32::try_from(units * 1000 / i64::from(em).max(1)).ok()?;
    Some(Letter {
        letter,
        font,
        glyph: glyph.to_u32(),
        advance,
    })
}

/// How wide a text is at a size, both in tenths of a point; letters that are missing have none.
pub fn width(text: &str, size: i32) -> i32 {
    let advance = |one: char| letter(one).map_or(0, |letter| letter.advance);
    text.chars().map(advance).sum::<i32>() * size / 1000
}

/// Cuts a text into lines not wider than given: at a blank or hyphen of Latin words where there is
/// one, between Chinese letters anywhere.
pub fn wrap(text: &str, size: i32, limit: i32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for one in text.chars() {
        if one == '\n' {
            lines.push(std::mem::take(&mut line));
            continue;
        }
        line.push(one);
        if width(&line, size) <= limit || line.chars().count() == 1 {
            continue;
        }
        let cut = line
            .char_indices()
            .rev()
            .skip(1)
            .find(|(_, letter)| *letter == ' ' || !letter.is_ascii())
            .map(|(place, letter)| place + letter.len_utf8());
        let last = line.len() - one.len_utf8();
        let rest = line.split_off(cut.unwrap_or(last).min(last));
        lines.push(line.trim_end().to_owned());
        line = rest.trim_start().to_owned();
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}
