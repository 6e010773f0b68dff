//! The PDF backend.

#![expect(
    clippy::disallowed_types,
    reason = "places of ink on a page, never amounts"
)]

use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};

use super::RenderError;
use super::font::{FONTS, Letter};
use super::page::{Area, Document, Ink, Mark, RISING_X, RISING_Y, Sheet};

/// How far a circle's control points lie from its corners, in ten-thousandths of the radius.
const ROUND: i32 = 5523;

/// Points of a number of tenths.
fn points(tenths: i32) -> f32 {
    tenths as f32 / 10.0
}

fn drawing(what: &str) -> RenderError {
    RenderError::Drawing(what.to_owned())
}

/// Draws a document.
pub fn draw(document: &Document) -> Result<Vec<u8>, RenderError> {
    let fonts: Option<Vec<Font>> = FONTS
        .iter()
        .map(|font| Font::new(font.bytes.to_vec().into(), 0))
        .collect();
    let fonts = fonts.ok_or_else(|| drawing("a font cannot be read"))?;
    let mut out = krilla::Document::new();
    out.set_metadata(
        Metadata::new()
            .title(document.title.clone())
            .language("zh-CN".to_owned())
            .creator("caixing".to_owned()),
    );
    for sheet in &document.pages {
        let settings = PageSettings::from_wh(points(sheet.width), points(sheet.height))
            .ok_or_else(|| drawing("a page without size"))?;
        let mut page = out.start_page_with(settings);
        let mut surface = page.surface();
        draw_sheet(sheet, &mut surface, &fonts);
        surface.finish();
        page.finish();
    }
    out.finish().map_err(|error| drawing(&format!("{error:?}")))
}

fn draw_sheet(sheet: &Sheet, surface: &mut Surface<'_>, fonts: &[Font]) {
    for mark in &sheet.marks {
        match mark {
            Mark::Text {
                x,
                y,
                size,
                ink,
                rising,
                letters,
            } => {
                fill(surface, *ink);
                let (sine, cosine) = if *rising {
                    (RISING_Y as f32 / 1000.0, RISING_X as f32 / 1000.0)
                } else {
                    (0.0, 1.0)
                };
                surface.push_transform(&Transform::from_row(
                    cosine,
                    -sine,
                    sine,
                    cosine,
                    points(*x),
                    points(*y),
                ));
                text(surface, *size, letters, fonts);
                surface.pop();
            }
            Mark::Line { ends, width, ink } => {
                let [x1, y1, x2, y2] = ends.map(points);
                let mut path = PathBuilder::new();
                path.move_to(x1, y1);
                path.line_to(x2, y2);
                stroke(surface, path.finish(), *width, *ink);
            }
            Mark::Areas { areas, ink } => {
                fill(surface, *ink);
                if let Some(path) = rectangles(areas) {
                    surface.draw_path(&path);
                }
            }
            Mark::Circle { at, width, ink } => stroke(surface, circle(*at), *width, *ink),
        }
    }
}

fn color(ink: Ink) -> rgb::Color {
    let [red, green, blue] = ink.rgb();
    rgb::Color::new(red, green, blue)
}

fn fill(surface: &mut Surface<'_>, ink: Ink) {
    surface.set_stroke(None);
    surface.set_fill(Some(Fill {
        paint: color(ink).into(),
        ..Fill::default()
    }));
}

fn stroke(surface: &mut Surface<'_>, path: Option<Path>, width: i32, ink: Ink) {
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke {
        paint: color(ink).into(),
        width: points(width),
        ..Stroke::default()
    }));
    if let Some(path) = path {
        surface.draw_path(&path);
    }
}

fn rectangles(areas: &[Area]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for area in areas {
        let [x, y, width, height] = area.map(points);
        path.push_rect(Rect::from_xywh(x, y, width, height)?);
    }
    path.finish()
}

fn circle([x, y, radius]: [i32; 3]) -> Option<Path> {
    let near = radius * ROUND / 10_000;
    let mut path = PathBuilder::new();
    path.move_to(points(x + radius), points(y));
    for [x1, y1, x2, y2, x3, y3] in [
        [radius, near, near, radius, 0, radius],
        [-near, radius, -radius, near, -radius, 0],
        [-radius, -near, -near, -radius, 0, -radius],
        [near, -radius, radius, -near, radius, 0],
    ] {
        path.cubic_to(
            points(x + x1),
            points(y + y1),
            points(x + x2),
            points(y + y2),
            points(x + x3),
            points(y + y3),
        );
    }
    path.close();
    path.finish()
}

/// Writes letters from the origin, runs of one font at a time.
fn text(surface: &mut Surface<'_>, size: i32, letters: &[Letter], fonts: &[Font]) {
    let mut pen = 0;
    for run in letters.chunk_by(|one, other| one.font == other.font) {
        let mut text = String::new();
        let mut glyphs = Vec::new();
        let start = pen;
        for letter in run {
            let from = text.len();
            text.push(letter.letter);
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(letter.glyph),
                letter.advance as f32 / 1000.0,
                0.0,
                0.0,
                0.0,
                from..text.len(),
                None,
            ));
            pen += letter.advance;
        }
        let font = run.first().and_then(|letter| fonts.get(letter.font));
        if let Some(font) = font {
            let at = Point::from_xy(points(start * size / 1000), 0.0);
            surface.draw_glyphs(at, &glyphs, font.clone(), &text, points(size), false);
        }
    }
}
