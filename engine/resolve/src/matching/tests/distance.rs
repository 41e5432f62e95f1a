//! Distances by their plain definitions, for the oracle.

/// Least number of insertions, deletions and substitutions of bytes.
pub fn levenshtein(a: &str, b: &str) -> u32 {
    edits(a.as_bytes(), b.as_bytes(), false)
}

/// As [`levenshtein`]; exchanging two neighbours counts once, also when letters are put between them.
pub fn damerau(a: &str, b: &str) -> u32 {
    edits(a.as_bytes(), b.as_bytes(), true)
}

fn edits(a: &[u8], b: &[u8], exchanges: bool) -> u32 {
    let mut least = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                least[i][j] = i + j;
                continue;
            }
            let substituted = least[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted
                .min(least[i - 1][j] + 1)
                .min(least[i][j - 1] + 1);
            // Letters i and j of one text were letters l and k of the other; what stood between went, what stands came.
            for k in (1..i).filter(|k| exchanges && a[k - 1] == b[j - 1]) {
                for l in (1..j).filter(|l| b[l - 1] == a[i - 1]) {
                    best = best.min(least[k - 1][l - 1] + (i - k - 1) + 1 + (j - l - 1));
                }
            }
            least[i][j] = best;
        }
    }
    least[a.len()][b.len()] as u32
}

/// Letters that both texts have at about the same place, and of those the ones out of order (Jaro, 1989).
pub fn jaro(a: &str, b: &str) -> f64 {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    let window = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; b.len()];
    let mut common = Vec::new();
    for (i, letter) in a.iter().enumerate() {
        let near = i.saturating_sub(window)..(i + window + 1).min(b.len());
        let mut near = near.filter(|j| !taken[*j] && b[*j] == *letter);
        if let Some(j) = near.next() {
            taken[j] = true;
            common.push(*letter);
        }
    }
    if common.is_empty() {
        return 0.0;
    }
    let others = b.iter().zip(&taken).filter(|(_, taken)| **taken);
    let moved = common
        .iter()
        .zip(others)
        .filter(|(a, (b, _))| a != b)
        .count();
    let found = common.len() as f64;
    let in_order = found - (moved / 2) as f64;
    (found / a.len() as f64 + found / b.len() as f64 + in_order / found) / 3.0
}

/// Winkler's bonus for up to four common first letters, where the rest is alike at all (Winkler, 1990).
pub fn jaro_winkler(a: &str, b: &str) -> f64 {
    let jaro = jaro(a, b);
    let prefix = a
        .bytes()
        .zip(b.bytes())
        .take(4)
        .take_while(|(a, b)| a == b)
        .count();
    match jaro > 0.7 {
        true => jaro + 0.1 * prefix as f64 * (1.0 - jaro),
        false => jaro,
    }
}

/// The number of a day, counted one by one from the year 1600 on.
pub fn day(text: &str) -> Option<i64> {
    let [year, month, day] = parts(text)?;
    let mut number = 0;
    for year in 1600..year {
        number += (1..=12).map(|month| days_of(year, month)).sum::<i64>();
    }
    number += (1..month).map(|month| days_of(year, month)).sum::<i64>();
    ((1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day)).then_some(number + day)
}

fn parts(text: &str) -> Option<[i64; 3]> {
    let parts: Vec<i64> = text
        .split('-')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

fn days_of(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The text of the date with day and month swapped.
pub fn swap(text: &str) -> String {
    let mut parts: Vec<&str> = text.split('-').collect();
    if parts.len() == 3 {
        parts.swap(1, 2);
    }
    parts.join("-")
}

/// How many elements two lists have in common.
pub fn common(a: &str, b: &str) -> u32 {
    let mut elements: Vec<&str> = a.split('\u{1f}').collect();
    elements.sort();
    elements.dedup();
    let there = |element: &&&str| b.split('\u{1f}').any(|other| other == **element);
    elements.iter().filter(there).count() as u32
}

/// The way between two places on a sphere of 6371 km, by the straight line through it.
pub fn kilometres(a: &str, b: &str) -> Option<f64> {
    let (a, b) = (point(a)?, point(b)?);
    let straight: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    Some(2.0 * 6371.0 * (straight.sqrt() / 2.0).asin())
}

fn point(text: &str) -> Option<[f64; 3]> {
    let (latitude, longitude) = text.split_once(',')?;
    let latitude = latitude.parse::<f64>().ok()?.to_radians();
    let longitude = longitude.parse::<f64>().ok()?.to_radians();
    Some([
        latitude.cos() * longitude.cos(),
        latitude.cos() * longitude.sin(),
        latitude.sin(),
    ])
}

/// Soundex by its three rules, one after the other: code all letters, drop H and W, merge neighbours of one code, drop
/// vowels. Empty where there is no letter.
pub fn soundex(name: &str) -> String {
    let letters: String = name
        .to_ascii_uppercase()
        .matches(|c: char| c.is_ascii_uppercase())
        .collect();
    let Some(first) = letters.chars().next() else {
        return String::new();
    };
    let code = |letter: char| {
        let groups = ["BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"];
        let at = groups.iter().position(|group| group.contains(letter));
        at.map_or('0', |at| char::from(b'1' + at as u8))
    };
    let kept = letters
        .char_indices()
        .filter(|(at, letter)| *at == 0 || !"HW".contains(*letter));
    let mut codes: Vec<char> = kept.map(|(_, letter)| code(letter)).collect();
    codes.dedup();
    let digits = codes[1..].iter().filter(|digit| **digit != '0');
    let digits: String = digits.chain(&['0'; 3]).take(3).collect();
    format!("{first}{digits}")
}
