//! The PNG backend: the same pages in dots.

#![expect(
    clippy::disallowed_types,
    reason = "places of ink on a page, never amounts"
)]

use std::collections::HashMap;

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{GlyphId, MetadataProvider as _};
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use super::RenderError;
use super::font::FONTS;
use super::page::{Area, Ink, Mark, RISING_X, RISING_Y, Sheet};

/// Dots per inch.
const DPI: i32 = 150;
/// Tenths of a point in an inch.
const INCH: i32 = 720;

/// Dots in a tenth of a point.
fn scale() -> f32 {
    DPI as f32 / INCH as f32
}

fn dots(tenths: i32) -> Option<u32> {
    u32::try_from((tenths * DPI + INCH / 2) / INCH).ok()
}

/// The outline of a glyph, in units of its font, the y axis upwards.
struct Pen(PathBuilder);

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }
    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0.quad_to(cx, cy, x, y);
    }
    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.0.cubic_to(cx0, cy0, cx1, cy1, x, y);
    }
    fn close(&mut self) {
        self.0.close();
    }
}

/// Outlines already read, by font and glyph; a blank has none.
type Outlines = HashMap<(usize, u32), Option<Path>>;

fn outline(font: usize, glyph: u32) -> Option<Path> {
    let outlines = FONTS.get(font)?.face.outline_glyphs();
    let outline = outlines.get(GlyphId::new(glyph))?;
    let mut pen = Pen(PathBuilder::new());
    let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
    outline.draw(settings, &mut pen).ok()?;
    pen.0.finish()
}

/// Draws a page.
pub fn draw(sheet: &Sheet) -> Result<Vec<u8>, RenderError> {
    let drawing = |what: &str| RenderError::Drawing(what.to_owned());
    let size = dots(sheet.width).zip(dots(sheet.height));
    let mut map = size
        .and_then(|(width, height)| Pixmap::new(width, height))
        .ok_or_else(|| drawing("a page without size"))?;
    map.fill(Color::WHITE);
    let mut outlines = Outlines::new();
    for mark in &sheet.marks {
        draw_mark(&mut map, mark, &mut outlines);
    }
    map.encode_png()
        .map_err(|error| drawing(&error.to_string()))
}

fn paint(ink: Ink) -> Paint<'static> {
    let [red, green, blue] = ink.rgb();
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint
}

fn draw_mark(map: &mut Pixmap, mark: &Mark, outlines: &mut Outlines) {
    let page = Transform::from_scale(scale(), scale());
    match mark {
        Mark::Text {
            x,
            y,
            size,
            ink,
            rising,
            letters,
        } => {
            let (sine, cosine) = if *rising {
                (RISING_Y as f32 / 1000.0, RISING_X as f32 / 1000.0)
            } else {
                (0.0, 1.0)
            };
            let text = page
                .pre_translate(*x as f32, *y as f32)
                .pre_concat(Transform::from_row(cosine, -sine, sine, cosine, 0.0, 0.0));
            let mut pen = 0;
            for letter in letters {
                let found = outlines
                    .entry((letter.font, letter.glyph))
                    .or_insert_with(|| outline(letter.font, letter.glyph));
                let em = FONTS.get(letter.font).map(|font| {
                    let metrics = font.face.metrics(Size::unscaled(), LocationRef::default());
                    f32::from(metrics.units_per_em)
                });
                if let Some((path, em)) = found.as_ref().zip(em) {
                    let unit = *size as f32 / em;
                    let at = text
                        .pre_translate((pen * size / 1000) as f32, 0.0)
                        .pre_scale(unit, -unit);
                    map.fill_path(path, &paint(*ink), FillRule::Winding, at, None);
                }
                pen += letter.advance;
            }
        }
        Mark::Line { ends, width, ink } => {
            let [x1, y1, x2, y2] = ends.map(|one| one as f32);
            let mut path = PathBuilder::new();
            path.move_to(x1, y1);
            path.line_to(x2, y2);
            stroke(map, path.finish(), *width, *ink);
        }
        Mark::Areas { areas, ink } => {
            if let Some(path) = rectangles(areas) {
                map.fill_path(&path, &paint(*ink), FillRule::Winding, page, None);
            }
        }
        Mark::Circle { at, width, ink } => {
            let [x, y, radius] = at.map(|one| one as f32);
            stroke(map, PathBuilder::from_circle(x, y, radius), *width, *ink);
        }
    }
}

fn stroke(map: &mut Pixmap, path: Option<Path>, width: i32, ink: Ink) {
    let stroke = Stroke {
        width: width as f32,
        ..Stroke::default()
    };
    if let Some(path) = path {
        let page = Transform::from_scale(scale(), scale());
        map.stroke_path(&path, &paint(ink), &stroke, page, None);
    }
}

fn rectangles(areas: &[Area]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for area in areas {
        let [x, y, width, height] = area.map(|one| one as f32);
        path.push_rect(Rect::from_xywh(x, y, width, height)?);
    }
    path.finish()
}
