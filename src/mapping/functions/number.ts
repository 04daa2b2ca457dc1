// The functions on numbers.
import { numberOf } from '../values.ts'
import { define, INTEGER, NUMBER } from './define.ts'

const MOST_PLACES = 10
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/

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
