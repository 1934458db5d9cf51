//! How near two spellings are.

/// Whether two texts differ by at most one slip: a letter left out, put in, changed, or two neighbours exchanged.
pub(super) fn one_slip(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[start..], &long[start..]);
    match long.len() - short.len() {
        0 if short.is_empty() => true,
        0 => {
            short[1..] == long[1..]
                || (short.len() > 1 && short[0] == long[1] && short[1] == long[0] && short[2..] == long[2..])
        }
        1 => *short == long[1..],
        _ => false,
    }
}

/// Jaro's similarity with Winkler's bonus for a common beginning, 0 to 1. Bytes beyond the 64th are not looked at.
pub(super) fn jaro_winkler(a: &[u8], b: &[u8]) -> f64 {
    let (a, b) = (&a[..a.len().min(64)], &b[..b.len().min(64)]);
    if a.is_empty() || b.is_empty() {
        return if a.len() == b.len() { 1.0 } else { 0.0 };
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut of_a, mut of_b) = (0_u64, 0_u64);
    for (at, letter) in a.iter().enumerate() {
        let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(b.len()));
        if let Some(place) = (from..to).find(|place| of_b >> place & 1 == 0 && b[*place] == *letter) {
            of_a |= 1 << at;
            of_b |= 1 << place;
        }
    }
    let common = f64::from(of_a.count_ones());
    if common == 0.0 {
        return 0.0;
    }
    let mut crossed = 0_u32;
    let (mut left_a, mut left_b) = (of_a, of_b);
    while left_a != 0 {
        crossed += u32::from(a[left_a.trailing_zeros() as usize] != b[left_b.trailing_zeros() as usize]);
        left_a &= left_a - 1;
        left_b &= left_b - 1;
    }
    let crossed = f64::from(crossed / 2);
    let jaro = (common / a.len() as f64 + common / b.len() as f64 + (common - crossed) / common) / 3.0;
    let beginning = a.iter().zip(b).take(4).take_while(|(a, b)| a == b).count();
    if jaro > 0.7 { jaro + beginning as f64 * 0.1 * (1.0 - jaro) } else { jaro }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn similarity_is_what_another_library_says(a in "[A-D]{0,12}", b in "[A-D]{0,12}") {
            let ours = jaro_winkler(a.as_bytes(), b.as_bytes());
            proptest::prop_assert!((ours - strsim::jaro_winkler(&a, &b)).abs() < 1e-9, "{ours}");
        }

        #[test]
        fn one_slip_is_what_another_library_says(a in "[A-C]{0,7}", b in "[A-C]{0,7}") {
            proptest::prop_assert_eq!(one_slip(a.as_bytes(), b.as_bytes()), strsim::osa_distance(&a, &b) <= 1);
        }
    }
}
