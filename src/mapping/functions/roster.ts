// The functions that know school data: e-mail addresses, the suffixes of logins, telephone numbers and class periods.
import { textOf } from '../values.ts'
import { define, listOf, MAX_TEXT_LENGTH, TEXT, TEXTS } from './define.ts'

const LOCAL_NUMBER_LENGTH = 10
const SHORTEST_E164 = 8
const LONGEST_E164 = 15
/** A larger number in a section's expression names no period. */
const LAST_PERIOD = 999
/** A longer range is a slip of the pen, and stands for its two ends. */
const LONGEST_RANGE = 50

export const ROSTER_FUNCTIONS = [
  define({
    name: 'email',
    parameters: [{ name: 'text', takes: 'text', mapsLists: true }],
    doc: 'The text when it looks like an e-mail address (something, `@`, a domain with a dot, no blanks), else blank and reported.',
    example: 'email(" ada.li@example.org ") → "ada.li@example.org"',
    gives: TEXT,
    run: ([value], context) => {
      const address = textOf(value)?.trim()
      if (!address) return undefined
      if (isEmailAddress(address)) return address
      context.report('value-unusable')
      return undefined
    },
  }),
  define({
    name: 'with_suffix',
    parameters: [
      { name: 'text', takes: 'printable', mapsLists: true },
      { name: 'suffix', takes: 'text' },
    ],
    doc: 'The text and the suffix, which is not put twice; a suffix with `@` in front is not put to a text that has an `@`.',
    example: 'with_suffix("ada.li", "@example.org") → "ada.li@example.org"',
    gives: TEXT,
    run: ([value, suffix], context) => {
      const whole = textOf(value)
      const end = textOf(suffix)
      if (whole === undefined || end === undefined || whole.endsWith(end)) return whole
      // Two domains match nobody.
      if (end.startsWith('@') && whole.includes('@')) return whole
      if (whole.length + end.length <= MAX_TEXT_LENGTH) return whole + end
      context.report('value-unusable')
      return undefined
    },
  }),
  define({
    name: 'e164',
    parameters: [
      { name: 'phone', takes: 'printable', mapsLists: true },
      { name: 'country', takes: 'printable' },
    ],
    doc: 'The telephone number in international form; ten digits get the country code; what is no such number is blank and reported.',
    example: 'e164("(785) 555-0142", "1") → "+17855550142"',
    gives: TEXT,
    run: ([value, country], context) => {
      const phone = textOf(value)?.trim()
      if (!phone) return undefined
      const international = toInternational(phone, digitsOf(textOf(country) ?? ''))
      if (international === undefined) context.report('value-unusable')
      return international
    },
  }),
  define({
    name: 'periods',
    parameters: [{ name: 'expression', takes: 'text', mapsLists: true }],
    doc: "The period numbers of a section's expression, in order, ranges opened, each once; days in parentheses are passed over.",
    example: 'periods("5-6(A-B) 1(A)") → ["5", "6", "1"]',
    gives: TEXTS,
    run: ([expression]) => {
      const text = textOf(expression)
      return text === undefined ? undefined : listOf(periodsOf(text))
    },
  }),
]

function isEmailAddress(text: string): boolean {
  const at = text.indexOf('@')
  if (at < 1 || at !== text.lastIndexOf('@') || /\s/.test(text)) return false
  const labels = text.slice(at + 1).split('.')
  return labels.length > 1 && labels.every((label) => label !== '')
}

function toInternational(phone: string, country: string): string | undefined {
  const digits = digitsOf(phone)
  if (phone.startsWith('+')) {
    return digits.length >= SHORTEST_E164 && digits.length <= LONGEST_E164 ? `+${digits}` : undefined
  }
  if (country === '') return undefined
  if (digits.length === LOCAL_NUMBER_LENGTH) return `+${country}${digits}`
  const isWhole = digits.length === country.length + LOCAL_NUMBER_LENGTH && digits.startsWith(country)
  return isWhole ? `+${digits}` : undefined
}

function digitsOf(text: string): string {
  return text.replace(/[^0-9]+/g, '')
}

function periodsOf(expression: string): string[] {
  const found = new Set<number>()
  for (const [, from, to] of withoutParentheses(expression).matchAll(/(\d+)(?:\s*-\s*(\d+))?/g)) {
    const first = Number(from)
    const last = to === undefined ? first : Number(to)
    if (first > LAST_PERIOD || last > LAST_PERIOD) continue
    if (last < first || last - first > LONGEST_RANGE) found.add(first).add(last)
    else for (let period = first; period <= last; period++) found.add(period)
  }
  return Array.from(found, String)
}

/** The text outside of parentheses, commas in place of what stood within; one that is not closed reaches to the end. */
function withoutParentheses(text: string): string {
  let outside = ''
  let depth = 0
  for (const character of text) {
    if (character === '(') depth++
    else if (character === ')') depth = Math.max(0, depth - 1)
    else if (depth === 0) {
      outside += character
      continue
    }
    outside += ','
  }
  return outside
}
