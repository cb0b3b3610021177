//! Whether two samples of times come from one distribution: the Mann-Whitney U test, and the gap of their medians.

/// The middle of a sample.
pub fn median(sample: &[f64]) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// By how much of the smaller the medians differ; negative if the first is the smaller.
pub fn gap(one: &[f64], other: &[f64]) -> f64 {
    let (one, other) = (median(one), median(other));
    (one - other) / one.min(other)
}

/// How likely two samples of one distribution are to differ as much as these, either way: the Mann-Whitney U test in its normal approximation, with
/// the corrections for ties and for continuity.
pub fn mann_whitney(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|value| (*value, true)).collect();
    all.extend(other.iter().map(|value| (*value, false)));
    all.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut ranks_of_one, mut ties, mut rank) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq()) {
        let count = number(equal.len());
        // Those that are equal share the middle of their ranks.
        let shared = rank + f64::midpoint(1.0, count);
        ranks_of_one += shared * number(equal.iter().filter(|(_, of_one)| *of_one).count());
        ties += count.powi(3) - count;
        rank += count;
    }
    let (first, second) = (number(one.len()), number(other.len()));
    let all = first + second;
    let u = ranks_of_one - first * (first + 1.0) / 2.0;
    let mean = first * second / 2.0;
    let variance = first * second / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    let distance = ((u - mean).abs() - 0.5).max(0.0);
    if variance == 0.0 {
        return 1.0;
    }
    erfc(distance / variance.sqrt() / std::f64::consts::SQRT_2)
}

/// The complement of the error function for what is not negative (Abramowitz and Stegun, 7.1.26: right to 1.5e-7).
fn erfc(x: f64) -> f64 {
    let t = 1.0 / 0.327_591_1f64.mul_add(x, 1.0);
    let terms = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let sum = terms
        .into_iter()
        .fold(0.0, |sum: f64, term| sum.mul_add(t, term));
    sum * t * (-x * x).exp()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "samples have hundreds of values"
)]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{erfc, gap, mann_whitney, median};

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-6,
            "{found} and not {expected}"
        );
    }

    #[test]
    fn the_test_gives_the_values_that_others_publish() {
        // R, `wilcox.test(x, y, exact = FALSE)`, on the data of its own documentation (Hollander and Wolfe 1973, 69): W = 35.
        let x = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let y = [1.15, 0.88, 0.90, 0.74, 1.21];
        near(mann_whitney(&x, &y), 0.244_624);
        near(mann_whitney(&y, &x), 0.244_624);
        // SciPy, `mannwhitneyu(males, females, method="asymptotic")`, on the data of its documentation: U = 17.
        let (males, females) = ([19.0, 22.0, 16.0, 29.0, 24.0], [20.0, 11.0, 17.0, 12.0]);
        near(mann_whitney(&males, &females), 0.111_346_883);
    }

    #[test]
    fn equal_values_share_their_ranks() {
        near(mann_whitney(&[1.0; 9], &[1.0; 9]), 1.0);
        // By hand: U = 0.5 of 9, variance 9/12 · (7 − 12/30), z = 3.5 / √4.95.
        near(mann_whitney(&[1.0, 1.0, 2.0], &[2.0, 3.0, 4.0]), 0.115_688);
    }

    #[test]
    fn the_error_function_and_the_middle_are_those_of_the_books() {
        near(erfc(0.0), 1.0);
        near(erfc(0.5), 0.479_500_122);
        near(erfc(2.0), 0.004_677_735);
        near(median(&[3.0, 1.0, 2.0]), 2.0);
        near(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        near(gap(&[2.1], &[2.0]), 0.05);
        near(gap(&[2.0], &[2.1]), -0.05);
    }
}
