//! Points in time and durations as people write them.

use std::str::FromStr;

/// Seconds of a duration such as `90s`, `30m`, `6h`, `7d`.
pub(crate) fn duration_secs(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no duration; write a number and s, m, h or d, as in `6h`");
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let scale = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(scale).ok_or_else(wrong)
}

/// A deadline: absolute, or this long after the newest block at the time of planning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// Unix seconds.
    At(u64),
    /// Seconds.
    After(u64),
}

impl Deadline {
    /// Unix seconds, on a chain whose newest block is of `now`.
    pub(crate) fn resolve(self, now: u64) -> u64 {
        match self {
            Self::At(secs) => secs,
            Self::After(secs) => now.saturating_add(secs),
        }
    }
}

impl FromStr for Deadline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(duration) = text.strip_prefix('+') {
            return duration_secs(duration).map(Self::After);
        }
        let wrong = || format!("`{text}` is no point in time; write RFC 3339, or `+7d`");
        let parsed: toml::value::Datetime = text.parse().map_err(|_| wrong())?;
        unix_secs(&parsed).map(Self::At).ok_or_else(wrong)
    }
}

/// Unix seconds of a full RFC 3339 time.
fn unix_secs(time: &toml::value::Datetime) -> Option<u64> {
    let (date, clock, offset) = (time.date?, time.time?, time.offset?);
    let east_minutes = match offset {
        toml::value::Offset::Z => 0,
        toml::value::Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_from_civil(
        i64::from(date.year),
        i64::from(date.month),
        i64::from(date.day),
    );
    let secs =
        i64::from(clock.hour) * 3_600 + i64::from(clock.minute) * 60 + i64::from(clock.second);
    u64::try_from(days * 86_400 + secs - east_minutes * 60).ok()
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// RFC 3339, in UTC.
pub(crate) fn show(unix_secs: u64) -> String {
    let days = (unix_secs / 86_400) as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (unix_secs / 3_600 % 24, unix_secs / 60 % 60, unix_secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A length of time, coarse: `6 h 5 min`.
pub(crate) fn show_duration(secs: u64) -> String {
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min {} s", secs / 60, secs % 60),
        3_600..86_400 => format!("{} h {} min", secs / 3_600, secs / 60 % 60),
        _ => format!("{} d {} h", secs / 86_400, secs / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Deadline>) {
        assert_eq!(text.parse::<Deadline>().ok(), expected, "{text}");
    }

    #[test]
    fn deadlines() {
        check("+7d", Some(Deadline::After(604_800)));
        check("+90s", Some(Deadline::After(90)));
        check("1970-01-01T00:00:00Z", Some(Deadline::At(0)));
        check("2000-03-01T00:00:00Z", Some(Deadline::At(951_868_800)));
        check(
            "2024-02-29T12:30:15+02:00",
            Some(Deadline::At(1_709_202_615)),
        );
        check("2024-02-29", None);
        check("2024-02-29T12:30:15", None);
        check("7d", None);
        check("+", None);
        check("+é", None);
        check("+99999999999999999999d", None);
    }

    #[test]
    fn shown_times_are_read_back() {
        for secs in [
            0,
            951_782_399,
            951_868_800,
            1_709_202_615,
            4_102_444_799,
            13_569_465_600,
        ] {
            check(&show(secs), Some(Deadline::At(secs)));
        }
    }
}
