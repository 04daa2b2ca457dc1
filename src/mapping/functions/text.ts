// The functions on text.
import { flatten, isList, textOf } from '../values.ts'
import { define, INTEGER, listOf, MAX_TEXT_LENGTH, type Parameter, type Refusal, TEXT, TEXTS } from './define.ts'

const WIDEST_PAD = 255

const text: Parameter = { name: 'text', takes: 'text', mapsLists: true }
const value: Parameter = { name: 'value', takes: 'printable', mapsLists: true }
const separator: Parameter = { name: 'separator', takes: 'text' }

export const TEXT_FUNCTIONS = [
  define({
    name: 'text',
    parameters: [{ name: 'value', takes: 'scalars', mapsLists: true }],
    doc: 'A number, boolean or date as text.',
    example: 'text(12) → "12"',
    gives: TEXT,
    run: ([value]) => textOf(value),
  }),
  define({
    name: 'lower',
    parameters: [text],
    doc: 'The text in small letters.',
    example: 'lower("Ada.Li@Example.org") → "ada.li@example.org"',
    gives: TEXT,
    run: ([text]) => textOf(text)?.toLowerCase(),
  }),
  define({
    name: 'upper',
    parameters: [text],
    doc: 'The text in capital letters.',
    example: 'upper("ks") → "KS"',
    gives: TEXT,
    run: ([text]) => textOf(text)?.toUpperCase(),
  }),
  define({
    name: 'trim',
    parameters: [text],
    doc: 'The text without blanks at its ends.',
    example: 'trim("  Ada ") → "Ada"',
    gives: TEXT,
    run: ([text]) => textOf(textOf(text)?.trim()),
  }),
  define({
    name: 'join',
    parameters: [separator, { name: 'values', takes: 'scalars', isRepeated: true }],
    doc: 'The values, and the members of lists, put together with the separator between them; blanks are skipped.',
    example: 'join(" - ", "Algebra", "1(A)", 3) → "Algebra - 1(A) - 3"',
    gives: TEXT,
    run: ([separator, ...values], context) => {
      const between = textOf(separator) ?? ''
      let joined: string | undefined
      for (const value of values) {
        // Nearly every value is one text: a list of all of them would be made for nothing.
        for (const member of isList(value) ? flatten(value) : [value]) {
          const part = textOf(member)
          if (part === undefined) continue
          joined = joined === undefined ? part : joined + between + part
          if (joined.length <= MAX_TEXT_LENGTH) continue
          context.report('value-unusable')
          return undefined
        }
      }
      return joined
    },
  }),
  define({
    name: 'split',
    parameters: [text, separator],
    doc: 'The list of the parts between separators, each without blanks at its ends; empty parts vanish.',
    example: 'split("1, 2,,3", ",") → ["1", "2", "3"]',
    gives: TEXTS,
    run: ([text, separator]) => {
      const whole = textOf(text)
      const between = textOf(separator)
      const parts = whole === undefined || between === undefined ? [whole] : whole.split(between)
      return listOf(flatten(parts.map((part) => part?.trim())))
    },
  }),
  define({
    name: 'replace',
    parameters: [text, { name: 'what', takes: 'text' }, { name: 'by', takes: 'text' }],
    doc: 'The text with every occurrence of one text replaced by another; "" removes it.',
    example: 'replace("A-1-b", "-", "") → "A1b"',
    gives: TEXT,
    run: ([text, what, by], context) => {
      const whole = textOf(text)
      const wanted = textOf(what)
      if (whole === undefined || wanted === undefined) return whole
      const parts = whole.split(wanted)
      const insert = textOf(by) ?? ''
      const length = whole.length + (parts.length - 1) * (insert.length - wanted.length)
      if (length <= MAX_TEXT_LENGTH) return textOf(parts.join(insert))
      context.report('value-unusable')
      return undefined
    },
  }),
  define({
    name: 'before',
    parameters: [text, separator],
    doc: 'What stands before the first separator; blank when the text does not hold it.',
    example: 'before("ada@example.org", "@") → "ada"',
    gives: TEXT,
    run: ([text, separator]) => {
      const whole = textOf(text)
      const between = textOf(separator)
      if (whole === undefined || between === undefined) return undefined
      const at = whole.indexOf(between)
      return at > 0 ? whole.slice(0, at) : undefined
    },
  }),
  define({
    name: 'after',
    parameters: [text, separator],
    doc: 'What stands after the first separator; blank when the text does not hold it.',
    example: 'after("ada@example.org", "@") → "example.org"',
    gives: TEXT,
    run: ([text, separator]) => {
      const whole = textOf(text)
      const between = textOf(separator)
      if (whole === undefined || between === undefined) return undefined
      const at = whole.indexOf(between)
      return at < 0 ? undefined : textOf(whole.slice(at + between.length))
    },
  }),
  define({
    name: 'left',
    parameters: [text, { name: 'count', takes: 'integer' }],
    doc: 'The first so many characters.',
    example: 'left("Greenfield", 5) → "Green"',
    gives: TEXT,
    run: ([text, count]) => {
      const whole = textOf(text)
      if (whole === undefined || typeof count !== 'number' || !(count >= 1)) return undefined
      if (!SURROGATE.test(whole)) return whole.slice(0, count)
      return Array.from(whole).slice(0, count).join('')
    },
  }),
  define({
    name: 'right',
    parameters: [text, { name: 'count', takes: 'integer' }],
    doc: 'The last so many characters.',
    example: 'right("Greenfield", 5) → "field"',
    gives: TEXT,
    run: ([text, count]) => {
      const whole = textOf(text)
      if (whole === undefined || typeof count !== 'number' || !(count >= 1)) return undefined
      if (!SURROGATE.test(whole)) return whole.slice(-count)
      return Array.from(whole).slice(-count).join('')
    },
  }),
  define({
    name: 'mid',
    parameters: [text, { name: 'start', takes: 'integer' }, { name: 'count', takes: 'integer', isOptional: true }],
    doc: 'The characters from the one at the start on (the first is 1): so many, or all that follow.',
    example: 'mid("SY2026-27", 3, 4) → "2026"',
    gives: TEXT,
    refuse: ([, start]) =>
      typeof start === 'number' && start < 1
        ? {
            index: 1,
            message: `\`mid\` counts characters from 1, there is none at ${start}. \`right\` takes the last ones.`,
          }
        : undefined,
    run: (args) => {
      const whole = textOf(args[0])
      const start = args[1]
      const count = args.length < 3 ? Number.POSITIVE_INFINITY : args[2]
      if (whole === undefined || typeof start !== 'number' || !(start >= 1)) return undefined
      if (typeof count !== 'number' || !(count >= 1)) return undefined
      const from = start - 1
      if (!SURROGATE.test(whole)) return textOf(whole.slice(from, from + count))
      return textOf(
        Array.from(whole)
          .slice(from, from + count)
          .join(''),
      )
    },
  }),
  define({
    name: 'length',
    parameters: [text],
    doc: 'How many characters the text has; 0 when it is blank.',
    example: 'length("Ada") → 3',
    gives: INTEGER,
    run: ([text]) => {
      const whole = textOf(text)
      if (whole === undefined) return 0
      return SURROGATE.test(whole) ? Array.from(whole).length : whole.length
    },
  }),
  define({
    name: 'pad',
    parameters: [value, { name: 'width', takes: 'integer' }, { name: 'fill', takes: 'printable', isOptional: true }],
    doc: 'The value as text, filled on its left up to the width, with zeros unless told otherwise.',
    example: 'pad(7, 2) → "07"',
    gives: TEXT,
    refuse: ([, width]) => padRefusal(width),
    run: ([value, width, fill], context) => {
      const whole = textOf(value)
      if (whole === undefined || typeof width !== 'number') return undefined
      if (width <= WIDEST_PAD) return whole.padStart(width, textOf(fill) ?? '0')
      context.report('value-unusable')
      return undefined
    },
  }),
  define({
    name: 'digits',
    parameters: [value],
    doc: 'Only the digits 0 to 9 of the value; blank when it has none.',
    example: 'digits("(555) 010-0199") → "5550100199"',
    gives: TEXT,
    run: ([value]) => textOf(textOf(value)?.replace(/[^0-9]+/g, '')),
  }),
  define({
    name: 'alnum',
    parameters: [value],
    doc: 'Only the letters a to z and A to Z and the digits of the value; blank when it has none.',
    example: 'alnum("KS-0123 b") → "KS0123b"',
    gives: TEXT,
    run: ([value]) => textOf(textOf(value)?.replace(/[^0-9A-Za-z]+/g, '')),
  }),
]

const SURROGATE = /[\ud800-\udfff]/

function padRefusal(width: unknown): Refusal | undefined {
  if (typeof width !== 'number' || width <= WIDEST_PAD) return undefined
  return { index: 1, message: `\`pad\` fills up to ${WIDEST_PAD} characters, not ${width}.` }
}
