//! The five fields of a schedule, read as local wall times. Zones and summer time are `schedule`'s business.
use chrono::NaiveDateTime;
use std::str::FromStr;

/// A schedule's five fields: minute, hour, day of the month, month, day of the week.
#[derive(Clone, Debug)]
pub(super) struct Fields(cron::Schedule);

/// What is wrong with the fields, and what to write instead.
pub(super) type Wrong = (String, &'static str);

const FORM: &str = "five fields: minute hour day-of-month month weekday, as in \"15 5 * * mon-fri\" (quarter past five on weekdays)";
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Fields {
    /// Reads five fields. Weekdays go by name, because programs disagree on whether the first day is 0 or 1 and which
    /// day that is; a day of the month together with a weekday is refused, because programs disagree on *and* or *or*.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err((format!("`{text}` does not have five fields"), FORM));
        };
        for (name, field) in [("minute", minute), ("hour", hour), ("day-of-month", day)] {
            if !field.bytes().all(|byte| byte.is_ascii_digit() || b"*,-/".contains(&byte)) {
                return Err((
                    format!("the {name} field `{field}` is not made of numbers, `*`, `,`, `-`, `/`"),
                    FORM,
                ));
            }
        }
        if weekday.bytes().any(|byte| byte.is_ascii_digit()) {
            let hint = "write weekdays by name: mon, tue, wed, thu, fri, sat, sun; mon-fri for all five";
            return Err((
                format!(
                    "the weekday `{weekday}` is a number, which means different days to different programs"
                ),
                hint,
            ));
        }
        if *day != "*" && *weekday != "*" {
            let hint = "leave one of them `*`: programs disagree on whether both must fit or either";
            return Err(("both the day of the month and the weekday are restricted".into(), hint));
        }
        let weekday = named_days(weekday)?;
        let translated = format!("0 {minute} {hour} {day} {month} {weekday} *");
        // The package's own words speak of seven fields, which nobody here wrote.
        let schedule = cron::Schedule::from_str(&translated)
            .map_err(|_| (format!("`{text}` is not a schedule: a field is out of its range"), FORM))?;
        let fields = Self(schedule);
        let start = chrono::DateTime::UNIX_EPOCH.naive_utc();
        if fields.after(start).next().is_none() {
            return Err((format!("`{text}` names a day that never comes"), FORM));
        }
        Ok(fields)
    }

    /// The wall times strictly after one, in order. The package is asked in UTC, which has no summer time, so what it
    /// gives is the plain calendar.
    pub(super) fn after(&self, local: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let (mut at, from) = (None, local.and_utc());
        std::iter::from_fn(move || {
            let next = self.0.after(&at.unwrap_or(from)).next()?;
            at = Some(next);
            Some(next.naive_utc())
        })
    }
}

/// Weekdays as a list of single names, so that a range may run over the end of the week.
fn named_days(field: &str) -> Result<String, Wrong> {
    if field == "*" {
        return Ok("*".into());
    }
    let mut named = Vec::new();
    for part in field.split(',') {
        for at in day_range(part)? {
            named.push(DAYS[at]);
        }
    }
    Ok(named.join(","))
}

/// One weekday or a range of them, as positions from Monday; `fri-mon` runs over the end of the week.
pub(super) fn day_range(text: &str) -> Result<Vec<usize>, Wrong> {
    let position = |name: &str| {
        DAYS.iter().position(|day| day.eq_ignore_ascii_case(name.trim())).ok_or_else(|| {
            (format!("`{name}` is not a weekday"), "write mon, tue, wed, thu, fri, sat or sun")
        })
    };
    let Some((first, last)) = text.split_once('-') else { return Ok(vec![position(text)?]) };
    let (first, last) = (position(first)?, position(last)?);
    Ok((0..=(last + 7 - first) % 7).map(|step| (first + step) % 7).collect())
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use proptest::prelude::*;

    fn refused(text: &str) -> String {
        Fields::parse(text).expect_err(text).0
    }

    #[test]
    fn what_programs_disagree_on_is_refused() {
        assert!(refused("15 5 * * 1-5").contains("is a number"));
        assert!(refused("15 5 1 * mon").contains("both the day of the month"));
        assert!(refused("0 15 5 * * mon").contains("five fields"));
        assert!(refused("15 5 * *").contains("five fields"));
        assert!(refused("@daily").contains("five fields"));
        assert!(refused("15 5 L * *").contains("day-of-month"));
        assert!(refused("15 5 ? * mon").contains("day-of-month"));
        assert!(refused("15 5 * * mon#1").contains("is a number"));
        assert!(refused("15 5 * * monday").contains("not a weekday"));
        assert!(refused("60 5 * * *").contains("out of its range"));
        assert!(refused("*/0 5 * * *").contains("out of its range"));
        assert!(refused("30-10 5 * * *").contains("out of its range"));
        assert!(refused("0 0 31 feb *").contains("never comes"));
        for good in
            ["15 5 * * mon-fri", "*/15 6-18 * * fri-mon", "0 0 29 2 *", "5,35 * 1 jan,jul *", "0 2 * * SUN"]
        {
            assert!(Fields::parse(good).is_ok(), "{good}");
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "[-0-9*,/a-z? ]{0,24}") {
            let _ = Fields::parse(&text);
        }
    }
}
