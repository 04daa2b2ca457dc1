// The options of `bridge clients …` that say how a consumer is to be treated.
import type { WrittenSettings } from '../auth/client-settings.ts'
import { parseExpiry } from '../auth/expiry.ts'
import { parseDuration } from '../duration.ts'
import type { CommandInput } from './command.ts'

export const SETTING_OPTIONS = {
  name: 'value',
  scopes: 'value',
  without: 'value',
  switches: 'value',
  rate: 'value',
  expires: 'value',
} as const

export type ReadOptions<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly messages: readonly string[] }

/** What a person who gives an option without a value may have meant: mostly a variable of the shell is not set. */
const INSTEAD_OF_NOTHING: Readonly<Record<string, string>> = {
  name: 'Give a name.',
  schools: 'Name the schools, or leave it out.',
  scopes: 'Name the scopes, or write default.',
  without: 'Name what is withheld, or write none.',
  switches: 'Name the switches, or write none.',
  rate: 'Give a number, or write none.',
  expires: 'Give a time, or write never.',
  overlap: 'Give a duration; PT0S is none.',
}

/** A sentence for each option whose value is empty; what is closed is never opened by one. */
export function findEmpty({ values }: Pick<CommandInput, 'values'>): readonly string[] {
  return Object.entries(values).flatMap(([option, value]) =>
    value === '' ? [`--${option} is empty. ${INSTEAD_OF_NOTHING[option] ?? 'Give a value.'}`] : [],
  )
}

/**
 * Refuses, all at once, what is empty, no number or no time; what the words mean is checked where consumers are made.
 * `values` may hold other options too.
 */
export function readSettings({ values }: Pick<CommandInput, 'values'>, nowMs: number): ReadOptions<WrittenSettings> {
  const empty = findEmpty({ values })
  if (empty.length > 0) return { ok: false, messages: empty }
  const { name, scopes, without, switches, rate, expires } = values
  const requestsPerMinute = rate === undefined ? undefined : readRate(rate)
  const expiresMs = expires === undefined ? undefined : readExpiry(expires, nowMs)
  const messages = [requestsPerMinute, expiresMs].filter((value) => typeof value === 'string')
  if (messages.length > 0 || typeof requestsPerMinute === 'string' || typeof expiresMs === 'string') {
    return { ok: false, messages }
  }
  return {
    ok: true,
    value: {
      name,
      scopes: scopes?.split(','),
      withheld: without === undefined ? undefined : wordsOf(without),
      switches: switches === undefined ? undefined : wordsOf(switches),
      requestsPerMinute,
      expiresMs,
    },
  }
}

/** The milliseconds of `--overlap`; undefined when it is left out. */
export function readOverlap({ values }: Pick<CommandInput, 'values'>): ReadOptions<number | undefined> {
  if (values.overlap === undefined) return { ok: true, value: undefined }
  const empty = findEmpty({ values })
  if (empty.length > 0) return { ok: false, messages: empty }
  const read = parseDuration(values.overlap)
  return read.ok ? { ok: true, value: read.ms } : { ok: false, messages: [`--overlap ${read.message}.${meant(read)}`] }
}

function wordsOf(text: string): readonly string[] {
  return text === 'none' ? [] : text.split(',')
}

/** The rate, null for `none`, or what is wrong with it. */
function readRate(text: string): number | null | string {
  if (text === 'none') return null
  return /^\d+$/.test(text) ? Number(text) : '--rate is neither a whole number of requests per minute nor none.'
}

function readExpiry(text: string, nowMs: number): number | null | string {
  if (text === 'never') return null
  const instant = parseExpiry(text)
  if (instant !== undefined) return instant
  const duration = parseDuration(text)
  if (duration.ok) return nowMs + duration.ms
  return `--expires is neither a day such as 2027-06-30, an instant such as 2027-06-30T12:00:00Z, a duration such as P90D, nor never.${meant(duration)}`
}

function meant({ suggestion }: { readonly suggestion?: string }): string {
  return suggestion === undefined ? '' : ` Did you mean ${suggestion}?`
}
