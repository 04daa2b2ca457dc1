// How single values of a profile's body are read. Each message goes on after the value's name.
import * as z from 'zod/mini'
import { parseExpiry } from '../auth/expiry.ts'
import { parseDuration } from '../duration.ts'

const DAY_MS = 86_400_000
/** Runtimes' timers end at 24.8 days. */
const LONGEST_INTERVAL_MS = 14 * DAY_MS
const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/i

/** What may be left out, or be null where that is meant. */
export const maybe = <T extends z.core.$ZodType>(schema: T) => z.optional(z.nullable(schema))

export const object = <T extends z.core.$ZodShape>(shape: T) => z.strictObject(shape, 'is not an object')

export const list = <T extends z.core.$ZodType>(schema: T) => z.array(schema, 'is not a list')

const text = () => z.string('is not a text')

/** A text that passes the test. */
export const textOf = (isRight: (value: string) => boolean, message: string) =>
  text().check(z.refine(isRight, { message, abort: true }))

export const words = (max: number) =>
  textOf(
    (value) => /^[^\p{C}\u2028\u2029]+$/u.test(value) && value.trim() !== '' && [...value].length <= max,
    `is not a text of 1 to ${max} printable characters`,
  )

export const anyText = text

/** Nothing that cannot stand in a header, and no blank that came along with a copy. */
export const credential = (max: number) =>
  textOf(
    (value) => /^[\x21-\x7e]+$/.test(value) && value.length <= max,
    `is not a text of 1 to ${max} letters, digits and signs of ASCII without blanks`,
  )

export const webUrl = textOf((value) => {
  const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined
  return url !== undefined && url.username === '' && url.password === '' && !/[?#]/.test(value)
}, 'is not a URL that begins with https:// or http://, without user name, query or fragment')

export const domain = textOf(
  (value) => DOMAIN.test(value),
  'is not a domain such as students.example.org, without @ and blanks',
)

export const oneOf = <const T extends readonly string[]>(known: T) => z.enum(known, `is none of ${known.join(', ')}`)

export const whole = (min: number, max: number) => {
  const message = `is not a whole number from ${min} to ${max}`
  return z.number(message).check(z.refine((value) => Number.isInteger(value) && value >= min && value <= max, message))
}

export const share = z
  .number('is not a number from 0 to 1')
  .check(z.refine((value) => value >= 0 && value <= 1, 'is not a number from 0 to 1'))

export const interval = text().check((context) => {
  const parsed = parseDuration(context.value)
  const message = !parsed.ok
    ? parsed.message + (parsed.suggestion === undefined ? '' : `; did you mean ${parsed.suggestion}?`)
    : parsed.ms > LONGEST_INTERVAL_MS
      ? 'is longer than 14 days'
      : undefined
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value })
})

export const day = textOf(
  (value) => parseExpiry(value) !== undefined,
  'is neither a day such as 2027-06-30 nor an instant such as 2027-06-30T12:00:00Z',
)

/** A type of Graph, in whichever of the names it has had. */
export const typeName = (names: readonly string[], why: string) =>
  textOf((value) => names.includes(value), `is none of ${names.join(', ')}: ${why}`)
