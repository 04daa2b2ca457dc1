// Reads the dates and times of filter values.

const FORM =
  /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?(Z|[+\- ](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$/i

/**
 * Milliseconds since 1970 of `YYYY-MM-DD` (midnight UTC) or a date and time with or without fraction, zone or offset
 * (UTC when absent). ` hh:mm` at the end is an offset whose `+` was lost in a query string. Digits below the
 * millisecond stay as a fraction. Undefined for anything else.
 */
export function parseInstant(text: string): number | undefined {
  const match = FORM.exec(text.trim())
  if (!match) return undefined
  const [, date = '', hours = '00', minutes = '00', seconds = '00', fraction = '', zone = 'Z'] = match
  const midnight = Date.parse(`${date}T00:00:00Z`)
  // Date.parse takes February 31 for a day in March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== date) return undefined
  const millis = Number(fraction.slice(0, 3).padEnd(3, '0')) + Number(`0.${fraction.slice(3)}`)
  const instant = midnight + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + millis
  const shifted = instant - offsetMinutes(zone) * 60_000
  return shifted >= FIRST && shifted < END ? shifted : undefined
}

/** An instant as text that sorts right among `YYYY-MM-DD` texts: the bare date at midnight, else with its time. */
export function dateText(instant: number): string {
  const text = new Date(Math.floor(instant)).toISOString()
  return text.endsWith('T00:00:00.000Z') && Number.isInteger(instant) ? text.slice(0, 10) : text
}

const FIRST = Date.parse('0000-01-01T00:00:00Z')
const END = Date.parse('9999-12-31T23:59:59.999Z') + 1

function offsetMinutes(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return zone.startsWith('-') ? -minutes : minutes
}
