//! Tables for a terminal: Chinese characters are two columns wide.

/// Columns a text takes.
fn width(text: &str) -> usize {
    text.chars()
        .map(|letter| if u32::from(letter) >= 0x2e80 { 2 } else { 1 })
        .sum()
}

fn pad(text: &str, columns: usize, right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(width(text)));
    if right {
        format!("{blanks}{text}")
    } else {
        format!("{text}{blanks}")
    }
}

/// Lays rows out under a heading; columns from `right_from` on are set to the right.
pub fn lay_out(heading: &[&str], rows: &[Vec<String>], right_from: usize) -> String {
    let columns: Vec<usize> = heading
        .iter()
        .enumerate()
        .map(|(place, title)| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(place))
                .map(|cell| width(cell));
            cells.chain([width(title)]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&columns)
            .enumerate()
            .map(|(place, (cell, columns))| pad(cell, *columns, place >= right_from))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut out = vec![line(heading.to_vec())];
    let total: usize = columns.iter().sum::<usize>() + 2 * columns.len().saturating_sub(1);
    out.push("─".repeat(total));
    out.extend(
        rows.iter()
            .map(|row| line(row.iter().map(String::as_str).collect())),
    );
    out.join("\n")
}
