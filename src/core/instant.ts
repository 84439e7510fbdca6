const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:Z|[+-](\d\d):(\d\d))$/;

/** Whether a value is a time of the calendar in ISO 8601, with its zone. Engines take 31 February for a day in March. */
export function isInstant(value: unknown): boolean {
  const found = typeof value === "string" && pattern.exec(value);
  if (!found || Number.isNaN(Date.parse(found[0]))) return false;
  const [, year, month, day, hour, minute, second, zoneHour, zoneMinute] = found.map((part) => Number(part ?? 0));
  // The day before the first of the next month is a month's last.
  const days = new Date(Date.UTC(2000 + (year! % 400), month, 0)).getUTCDate();
  const isDay = month! >= 1 && month! <= 12 && day! >= 1 && day! <= days;
  return isDay && hour! < 24 && minute! < 60 && second! < 60 && zoneHour! < 24 && zoneMinute! < 60;
}
