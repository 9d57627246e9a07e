//! The name that was probably meant.

/// The known name nearest to `found`: at most a third of its letters wrong (and always one allowed), or a beginning of it.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase().replace('_', "-");
    let most = (found.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&found, &name.to_lowercase().replace('_', "-"), most), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= most)
        .map(|(_, name)| name)
}

/// Letters to insert, remove, replace or swap with their neighbour to get from `a` to `b` (optimal string alignment). Texts whose
/// lengths differ by more than `most` are not compared: any number above `most` stands for them.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(letter != other)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found_and_what_was_not_is_not() {
        let known = ["small-world", "ring", "mesh", "block_time", "count"];
        let near = |found| nearest(found, known);
        assert_eq!(near("smal-world"), Some("small-world"));
        assert_eq!(near("small_world"), Some("small-world"));
        assert_eq!(near("blocktime"), Some("block_time"));
        assert_eq!(near("block-time"), Some("block_time"));
        assert_eq!(near("Ring"), Some("ring"));
        assert_eq!(near("rnig"), Some("ring"));
        assert_eq!(near("cuont"), Some("count"));
        assert_eq!(near("moon"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"x".repeat(100_000)), None);
    }

    #[test]
    fn letters_are_counted() {
        assert_eq!(distance("kitten", "sitting", 9), 3);
        assert_eq!(distance("ab", "ba", 9), 1);
        assert_eq!(distance("", "abc", 9), 3);
        assert!(distance("a", "abcdef", 2) > 2);
    }
}
