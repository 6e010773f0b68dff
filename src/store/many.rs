//! Many rows in one statement: each statement costs a hop to the database's thread, whatever it
//! does.

use super::StoreError;

/// Rows in one statement. Few lengths, so that few statements are prepared; what is usual, a form
/// of some lines, is one statement.
const LENGTHS: [usize; 11] = [200, 40, 16, 8, 7, 6, 5, 4, 3, 2, 1];

/// Cuts a list into pieces of the lengths of [`LENGTHS`], the longest first.
pub(super) fn pieces<T>(mut rest: &[T]) -> Vec<&[T]> {
    let mut pieces = Vec::new();
    for length in LENGTHS {
        while let Some((piece, more)) = rest.split_at_checked(length) {
            pieces.push(piece);
            rest = more;
        }
    }
    pieces
}

/// Places of parameters from `$first`: `$3, $4, $5`.
pub(super) fn places(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first.saturating_add(count))
        .map(|place| format!("${place}"))
        .collect();
    names.join(", ")
}

/// Places of rows of parameters: `($1, $2), ($3, $4)`.
pub(super) fn rows_of_places(rows: usize, columns: usize) -> String {
    let rows: Vec<String> = (0..rows)
        .map(|row| format!("({})", places(row * columns + 1, columns)))
        .collect();
    rows.join(", ")
}

/// As many rows were inserted as were given.
pub(super) fn all_rows(table: &'static str, inserted: u64, given: usize) -> Result<(), StoreError> {
    if usize::try_from(inserted).is_ok_and(|inserted| inserted == given) {
        return Ok(());
    }
    Err(StoreError::value(
        table,
        format!("{inserted} of {given} rows inserted"),
    ))
}

#[cfg(test)]
mod tests {
    use super::{LENGTHS, pieces, places, rows_of_places};

    #[test]
    fn a_list_is_cut_into_pieces_of_few_lengths_without_loss() {
        for length in [0, 1, 7, 8, 47, 200, 251, 1000] {
            let list: Vec<usize> = (0..length).collect();
            let cut = pieces(&list);
            assert_eq!(cut.concat(), list);
            assert!(cut.iter().all(|piece| LENGTHS.contains(&piece.len())));
        }
        let all: Vec<usize> = (0..251).collect();
        let lengths: Vec<usize> = pieces(&all).iter().map(|piece| piece.len()).collect();
        assert_eq!(lengths, [200, 40, 8, 3]);
        assert_eq!(pieces(&all[..7]).len(), 1);
    }

    #[test]
    fn every_parameter_has_its_own_place() {
        assert_eq!(places(2, 3), "$2, $3, $4");
        assert_eq!(rows_of_places(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
