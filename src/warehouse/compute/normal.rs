//! The normal curve.

/// The chance that a standard normal number is below `z`, by the series of odd powers; right to 1e-14 for any `z`.
pub fn below(z: f64) -> f64 {
    if z.abs() > 8.0 {
        return if z > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    0.5 + sum * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_curve_is_that_of_the_tables() {
        for (z, expected) in
            [(0.0, 0.5), (1.0, 0.841_344_7), (1.959_964, 0.975), (-2.326_348, 0.01), (6.0, 1.0)]
        {
            assert!((super::below(z) - expected).abs() < 1e-7, "{z}");
        }
        assert!(super::below(-40.0) < 1e-300 && super::below(40.0) > 0.999);
    }
}
