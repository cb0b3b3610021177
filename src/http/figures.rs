//! Numbers as pages show them: grouped in thousands, sizes in the unit that people would use.

/// `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `512 bytes`, `1.5 kB`, `12 MB`: in thousands, as disks are sold.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "kB"),
    ];
    let unit = UNITS.into_iter().find(|(size, _)| bytes >= *size);
    let Some((size, unit)) = unit else {
        return format!("{bytes} bytes");
    };
    let whole = bytes / size;
    if whole >= 10 {
        return format!("{} {unit}", grouped(whole));
    }
    format!("{whole}.{} {unit}", bytes % size * 10 / size)
}

#[cfg(test)]
mod tests {
    use super::{grouped, size};

    #[test]
    fn digits_stand_in_threes() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_size_has_two_digits_that_matter() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_550, "1.5 kB"),
            (12_345_678, "12 MB"),
            (9_990_000_000, "9.9 GB"),
            (34_000_000_000_000, "34 TB"),
            (u64::MAX, "18,446,744 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
