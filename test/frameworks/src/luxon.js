import { DateTime, Duration, Interval } from "luxon";

const berlin = DateTime.fromISO("2026-03-29T01:30:00", { zone: "Europe/Berlin" });

globalThis.run = () => ({
  overDst: berlin.plus({ hours: 1 }).toISO(),
  zone: berlin.setZone("America/New_York").toFormat("yyyy-MM-dd HH:mm ZZ"),
  german: berlin.setLocale("de").toLocaleString(DateTime.DATE_FULL),
  weekday: berlin.setLocale("fr").toFormat("cccc"),
  diff: berlin.diff(DateTime.fromISO("2026-01-01", { zone: "Europe/Berlin" }), ["months", "days", "minutes"]).toObject(),
  parsed: DateTime.fromFormat("May 25 1982", "LLLL dd yyyy", { zone: "utc" }).toISODate(),
  days: Interval.fromISO("2026-01-01/2026-01-04").splitBy({ days: 1 }).length,
  hours: Duration.fromISO("PT1H30M").as("hours"),
  human: Duration.fromObject({ hours: 1, minutes: 30 }).toHuman(),
  humanGerman: Duration.fromObject({ hours: 2, minutes: 1 }).reconfigure({ locale: "de" }).toHuman({ unitDisplay: "short" }),
  invalid: DateTime.fromISO("2026-02-30").invalidReason,
});

globalThis.expected = {
  overDst: "2026-03-29T03:30:00.000+02:00",
  zone: "2026-03-28 20:30 -04:00",
  german: "29. März 2026",
  weekday: "dimanche",
  diff: { months: 2, days: 28, minutes: 90 },
  parsed: "1982-05-25",
  days: 3,
  hours: 1.5,
  human: "1 hour, 30 minutes",
  humanGerman: "2 Std. und 1 Min.",
  invalid: "unit out of range",
};
