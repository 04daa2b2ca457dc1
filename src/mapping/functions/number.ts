// The functions on numbers and dates.
import { numberOf, textOf } from '../values.ts'
import { addDays, isDateFormat, parseDate, readDate } from './calendar.ts'
import { DATE, define, INTEGER, NUMBER, type Parameter } from './define.ts'

const MOST_PLACES = 10
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/

const date: Parameter = { name: 'date', takes: 'date', mapsLists: true }

export const NUMBER_FUNCTIONS = [
  define({
    name: 'number',
    parameters: [{ name: 'text', takes: 'printable', mapsLists: true }],
    doc: 'The number that the text writes with digits, sign and decimal point; else blank.',
    example: 'number(" 12.50 ") → 12.5',
    gives: NUMBER,
    run: ([value]) => {
      if (typeof value === 'number') return numberOf(value)
      const written = typeof value === 'string' ? value.trim() : ''
      return DECIMAL.test(written) ? numberOf(Number(written)) : undefined
    },
  }),
  define({
    name: 'round',
    parameters: [
      { name: 'number', takes: 'number', mapsLists: true },
      { name: 'places', takes: 'integer', isOptional: true },
    ],
    doc: 'The number rounded to a whole one or to so many decimal places, halves away from zero.',
    example: 'round(2.345, 2) → 2.35',
    gives: ([, places]) => (places ? NUMBER : INTEGER),
    run: ([value, places]) => {
      const number = numberOf(value)
      return number === undefined ? undefined : roundTo(number, typeof places === 'number' ? places : 0)
    },
  }),
  define({
    name: 'today',
    parameters: [],
    doc: "The day of the run in the district's time zone.",
    example: 'today() → "2026-03-02"',
    gives: DATE,
    run: (_, { today }) => today,
  }),
  define({
    name: 'add_days',
    parameters: [date, { name: 'days', takes: 'integer' }],
    doc: 'The date so many days later, or earlier when the number is negative.',
    example: 'add_days("2026-02-28", 1) → "2026-03-01"',
    gives: DATE,
    run: ([date, days]) => {
      const from = textOf(date)
      return from === undefined || typeof days !== 'number' ? undefined : addDays(from, days)
    },
  }),
  define({
    name: 'date',
    parameters: [
      { name: 'text', takes: 'text', mapsLists: true },
      { name: 'format', takes: 'text' },
    ],
    doc: 'The date that the text writes in a format of YYYY, MM and DD; blank when it does not, or there is no such day.',
    example: 'date("3/14/2026", "MM/DD/YYYY") → "2026-03-14"',
    gives: DATE,
    refuse: ([, format]) =>
      typeof format !== 'string' || isDateFormat(format)
        ? undefined
        : { index: 1, message: `A date format has YYYY, MM and DD once each, not "${format}".` },
    run: ([text, format]) => {
      const written = textOf(text)?.trim()
      const form = textOf(format)
      return written === undefined || form === undefined ? undefined : readDate(written, form)
    },
  }),
  define({
    name: 'year',
    parameters: [date],
    doc: 'The year of the date.',
    example: 'year("2026-03-14") → 2026',
    gives: INTEGER,
    run: ([date]) => parseDate(textOf(date) ?? '')?.year,
  }),
  define({
    name: 'month',
    parameters: [date],
    doc: 'The month of the date, 1 to 12.',
    example: 'month("2026-03-14") → 3',
    gives: INTEGER,
    run: ([date]) => parseDate(textOf(date) ?? '')?.month,
  }),
]

/** Shifts the decimal point in the written number: 1.005 * 100 would be 100.49999999999999. */
function roundTo(number: number, places: number): number {
  const size = Math.abs(number)
  const kept = Math.min(Math.max(Math.trunc(places), 0), MOST_PLACES)
  const written = String(size)
  let rounded = size
  if (!written.includes('e')) rounded = Number(`${Math.round(Number(`${written}e${kept}`))}e-${kept}`)
  else if (size < 1) rounded = Math.round(size * 10 ** kept) / 10 ** kept // a larger one with an exponent is whole
  return rounded === 0 ? 0 : Math.sign(number) * rounded
}
