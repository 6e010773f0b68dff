//! Tables: columns of fixed width, cells that wrap, rows that stay whole, heads that repeat.

use super::font;
use super::page::{Align, Ink, Sheet};

/// Space between a cell's frame and its text.
const PADDING: i32 = 18;
/// A cell that has nothing to say.
const DASH: &str = "——";
const FRAME: i32 = 5;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// Width.
    pub width: i32,
    /// Where its text stands.
    pub align: Align,
}

/// How a table is set.
#[derive(Debug, Clone)]
pub struct Table {
    /// The left end.
    pub x: i32,
    /// Size of the text.
    pub size: i32,
    /// The columns.
    pub columns: Vec<Column>,
}

/// One row: its cells' lines, and its height.
#[derive(Debug, Clone)]
pub struct Row {
    cells: Vec<Vec<String>>,
    /// Height.
    pub height: i32,
}

impl Table {
    /// Width over all columns.
    pub fn width(&self) -> i32 {
        self.columns.iter().map(|column| column.width).sum()
    }

    fn line_height(&self) -> i32 {
        self.size * 13 / 10
    }

    /// Sets the cells of a row into lines.
    pub fn row(&self, cells: &[String]) -> Row {
        let pairs = cells.iter().zip(&self.columns);
        let cells: Vec<Vec<String>> = pairs
            .map(|(text, column)| font::wrap(text, self.size, column.width - 2 * PADDING))
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        let lines = i32::try_from(lines).unwrap_or(i32::MAX / 1000);
        let height = lines * self.line_height() + 2 * PADDING;
        Row { cells, height }
    }

    /// The row of titles.
    pub fn head(&self) -> Row {
        let titles: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.title.to_owned())
            .collect();
        self.row(&titles)
    }

    /// Draws a row with its top at a height; answers where it ends.
    pub fn draw(&self, sheet: &mut Sheet, y: i32, row: &Row, head: bool) -> i32 {
        let mut x = self.x;
        for (column, lines) in self.columns.iter().zip(&row.cells) {
            sheet.frame([x, y, column.width, row.height], FRAME, Ink::Black);
            let dash = lines.first().is_some_and(|line| line == DASH);
            let align = if head || dash {
                Align::Middle
            } else {
                column.align
            };
            let at = match align {
                Align::Left => x + PADDING,
                Align::Middle => x + column.width / 2,
                Align::Right => x + column.width - PADDING,
            };
            let count = i32::try_from(lines.len()).unwrap_or(0);
            let slack = (row.height - count * self.line_height()) / 2;
            let mut base = y + slack + self.size;
            for line in lines {
                sheet.text((at, base), self.size, Ink::Black, align, line);
                base += self.line_height();
            }
            x += column.width;
        }
        y + row.height
    }
}

/// Parts rows into pages: as many as fit below the head of each page, all on the last with room
/// left for the foot.
pub fn paginate(rows: Vec<Row>, room: i32, foot: i32) -> Vec<Vec<Row>> {
    let mut pages = Vec::new();
    let mut page: Vec<Row> = Vec::new();
    let mut used = 0;
    for row in rows {
        if used + row.height > room && !page.is_empty() {
            pages.push(std::mem::take(&mut page));
            used = 0;
        }
        used += row.height;
        page.push(row);
    }
    if used + foot > room && page.len() > 1 {
        // The last row goes over with the foot, so that no page has a foot alone.
        let last = page.pop();
        pages.push(std::mem::take(&mut page));
        page.extend(last);
    }
    pages.push(page);
    pages
}
