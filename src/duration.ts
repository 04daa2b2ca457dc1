// ISO 8601 durations of settings, as milliseconds.

export type DurationResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly message: string; readonly suggestion?: string }

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const UNITS: readonly (readonly [part: string, ms: number])[] = [
  ['weeks', 7 * DAY_MS],
  ['days', DAY_MS],
  ['hours', HOUR_MS],
  ['minutes', MINUTE_MS],
  ['seconds', SECOND_MS],
]

/** Nothing that the bridge waits for is longer; above it timers and dates get into trouble. */
const LONGEST_MS = 36_500 * DAY_MS

const SHAPE =
  /^P(?:(?<weeks>\d+)W)?(?:(?<days>\d+)D)?(?:T(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+(?:\.\d{1,3})?)S)?)?$/
const YEARS_OR_MONTHS = /^P(?:[\d.]+Y|(?:[\d.]+W)?[\d.]+M)/
const TIME_WITHOUT_T = /^P(\d+[HS])$/
const DAYS_AFTER_T = /^PT(\d+[DW])$/
const SHORTHAND = /^(\d+)\s*([smhdw])/i

const FORM = 'is not an ISO 8601 duration such as PT30M, PT1H or P1DT2H'

/**
 * Reads weeks, days, hours, minutes and seconds (`P180D`, `PT1H`, `P1DT2H`, `PT0S`; seconds may have a fraction).
 * Refuses years and months, whose length depends on the calendar, signs, and anything over a hundred years.
 */
export function parseDuration(text: string): DurationResult {
  if (YEARS_OR_MONTHS.test(text)) {
    return {
      ok: false,
      message: 'uses years or months, whose length varies; write days instead, or PT for minutes',
      ...suggestion(/^P(\d+)M$/.test(text) ? `PT${text.slice(1)}` : undefined),
    }
  }
  const groups = SHAPE.exec(text)?.groups
  if (groups === undefined || text === 'P' || text.endsWith('T')) {
    return { ok: false, message: FORM, ...suggestion(guess(text)) }
  }
  const ms = UNITS.reduce((sum, [part, unitMs]) => sum + Math.round(Number(groups[part] ?? 0) * unitMs), 0)
  return ms > LONGEST_MS ? { ok: false, message: 'is longer than a hundred years' } : { ok: true, ms }
}

function guess(text: string): string | undefined {
  const upper = text.toUpperCase()
  if (upper !== text && SHAPE.test(upper)) return upper
  const time = TIME_WITHOUT_T.exec(upper)?.[1]
  if (time !== undefined) return `PT${time}`
  const days = DAYS_AFTER_T.exec(upper)?.[1]
  if (days !== undefined) return `P${days}`
  if (/^\d+$/.test(text)) return `PT${text}S`
  const [, count, unit = ''] = SHORTHAND.exec(text) ?? []
  if (count === undefined) return undefined
  return 'dw'.includes(unit.toLowerCase()) ? `P${count}${unit.toUpperCase()}` : `PT${count}${unit.toUpperCase()}`
}

function suggestion(text: string | undefined): { readonly suggestion?: string } {
  return text === undefined ? {} : { suggestion: text }
}
