// The functions on dates.
import { textOf } from '../values.ts'
import {
  addDays,
  addMonths,
  daysBetween,
  isDateFormat,
  isDatePartFormat,
  parseDate,
  readDate,
  writeDate,
} from './calendar.ts'
import { DATE, define, INTEGER, type Parameter, TEXT } from './define.ts'

const date: Parameter = { name: 'date', takes: 'date', mapsLists: true }
const format: Parameter = { name: 'format', takes: 'text' }

export const DATE_FUNCTIONS = [
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
    name: 'add_months',
    parameters: [date, { name: 'months', takes: 'integer' }],
    doc: 'The same day so many months later, or earlier when the number is negative; the last day of a month that is too short.',
    example: 'add_months("2026-01-31", 1) → "2026-02-28"',
    gives: DATE,
    run: ([date, months]) => {
      const from = textOf(date)
      return from === undefined || typeof months !== 'number' ? undefined : addMonths(from, months)
    },
  }),
  define({
    name: 'days_between',
    parameters: [
      { name: 'from', takes: 'date' },
      { name: 'to', takes: 'date' },
    ],
    doc: 'How many days the second date is after the first; negative when it is before.',
    example: 'days_between("2026-02-27", "2026-03-02") → 3',
    gives: INTEGER,
    run: ([from, to]) => daysBetween(textOf(from) ?? '', textOf(to) ?? ''),
  }),
  define({
    name: 'date',
    parameters: [{ name: 'text', takes: 'text', mapsLists: true }, format],
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
    name: 'format_date',
    parameters: [date, format],
    doc: 'The date as text in a format of YYYY, MM and DD, or of some of them.',
    example: 'format_date("2026-03-14", "MM/DD/YYYY") → "03/14/2026"',
    gives: TEXT,
    refuse: ([, format]) =>
      typeof format !== 'string' || isDatePartFormat(format)
        ? undefined
        : { index: 1, message: `A date is written with YYYY, MM and DD, each once at most, not "${format}".` },
    run: ([date, format]) => {
      const form = textOf(format)
      return form === undefined ? undefined : writeDate(textOf(date) ?? '', form)
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
