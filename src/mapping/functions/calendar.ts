// Days of the calendar as text `YYYY-MM-DD`, without clock or time zone.

interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

const DATE_PARTS = ['YYYY', 'MM', 'DD'] as const
const MS_PER_DAY = 86_400_000
const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The day that the text names; undefined when it has another form or the calendar has no such day. */
export function parseDate(text: string): Day | undefined {
  if (text.length !== 10 || text[4] !== '-' || text[7] !== '-') return undefined
  // Any part that is not digits makes its number NaN, and no day has one. A regular expression took four times as long.
  return dayOf(numberAt(text, 0, 4), numberAt(text, 5, 2), numberAt(text, 8, 2))
}

/** The text of a day; undefined when the calendar has no such day in the years 100 to 9999. */
function dateText(year: number, month: number, day: number): string | undefined {
  if (!dayOf(year, month, day)) return undefined
  return `${year < 1000 ? '0' : ''}${year}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}`
}

/** The date so many days later, or earlier; undefined outside the years 100 to 9999. */
export function addDays(text: string, days: number): string | undefined {
  const from = parseDate(text)
  if (!from) return undefined
  const date = new Date(Date.UTC(from.year, from.month - 1, from.day) + Math.trunc(days) * MS_PER_DAY)
  return dateText(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
}

/**
 * The same day so many months later, or earlier: the last day of a month that has no such day. Undefined outside the years 100
 * to 9999.
 */
export function addMonths(text: string, months: number): string | undefined {
  const from = parseDate(text)
  if (!from) return undefined
  const count = from.year * 12 + from.month - 1 + Math.trunc(months)
  const year = Math.floor(count / 12)
  const month = count - year * 12 + 1
  return dateText(year, month, Math.min(from.day, lastDay(year, month)))
}

/** How many days `to` is after `from`; undefined when either is no day. */
export function daysBetween(from: string, to: string): number | undefined {
  const [first, last] = [parseDate(from), parseDate(to)]
  return first && last ? dayNumber(last) - dayNumber(first) : undefined
}

const dayNumber = ({ year, month, day }: Day) => Math.round(Date.UTC(year, month - 1, day) / MS_PER_DAY)

/**
 * Reads a date written in a format of `YYYY`, `MM`, `DD` and other characters that stand for themselves. A month or day
 * may have one digit where something stands between it and the next part. Undefined when it does not fit as a whole.
 */
export function readDate(text: string, format: string): string | undefined {
  const found = { YYYY: 0, MM: 0, DD: 0 }
  let offset = 0
  for (let i = 0; i < format.length; ) {
    const part = partAt(format, i)
    if (part === undefined) {
      if (text[offset] !== format[i]) return undefined
      offset++
      i++
      continue
    }
    i += part.length
    const isFixed = part === 'YYYY' || partAt(format, i) !== undefined
    const digits = digitsAt(text, offset, part.length)
    if (digits === 0 || (isFixed && digits < part.length)) return undefined
    found[part] = Number(text.slice(offset, offset + digits))
    offset += digits
  }
  return offset === text.length ? dateText(found.YYYY, found.MM, found.DD) : undefined
}

/** A date in such a format, months and days of two digits; undefined when the text is no date. */
export function writeDate(text: string, format: string): string | undefined {
  if (!parseDate(text)) return undefined
  return format.replace(/YYYY|MM|DD/g, (part) => WRITTEN[part]?.(text) ?? part)
}

const WRITTEN: Readonly<Record<string, (text: string) => string>> = {
  YYYY: (text) => text.slice(0, 4),
  MM: (text) => text.slice(5, 7),
  DD: (text) => text.slice(8),
}

/** Whether a format names year, month and day, each once, and has no other letters (but the `T` before a time). */
export const isDateFormat = (format: string): boolean =>
  isDatePartFormat(format) && DATE_PARTS.every((part) => format.includes(part))

/** Whether a format names some of year, month and day, each once at most, and has no other letters but `T`. */
export function isDatePartFormat(format: string): boolean {
  const others = DATE_PARTS.reduce((rest, part) => rest.replace(part, ' '), format)
  return DATE_PARTS.some((part) => format.includes(part)) && !/[A-SU-Za-z]/.test(others)
}

function partAt(format: string, offset: number): (typeof DATE_PARTS)[number] | undefined {
  return DATE_PARTS.find((part) => format.startsWith(part, offset))
}

function digitsAt(text: string, offset: number, most: number): number {
  let count = 0
  while (count < most && isDigit(text.charCodeAt(offset + count))) count++
  return count
}

function numberAt(text: string, offset: number, length: number): number {
  let number = 0
  for (let i = offset; i < offset + length; i++) {
    const unit = text.charCodeAt(i)
    number = isDigit(unit) ? number * 10 + unit - 48 : Number.NaN
  }
  return number
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}

function dayOf(year: number, month: number, day: number): Day | undefined {
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  if (!(year >= 100 && year <= 9999 && month >= 1 && month <= 12 && day >= 1)) return undefined
  return day <= lastDay(year, month) ? { year, month, day } : undefined
}

function lastDay(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0)
}
