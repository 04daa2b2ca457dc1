// Reads how long PowerSchool asks us to wait.

import type { Answer } from './ask.ts'

const IN_TEXT = /(?:wait|again (?:in|after)|retry (?:in|after))[^0-9]{0,40}(\d+(?:\.\d+)?)\s*(ms|milli|min|m\b)?/i

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, milli: 1, min: 60_000, m: 60_000 }

/** Milliseconds from `Retry-After` (seconds or a date, RFC 9110 10.2.3) or from a text such as "wait 3 seconds"; the longer. */
export function waitHintMs({ status, headers, text }: Answer, nowMs: number): number | undefined {
  const hints = [fromHeader(headers.get('retry-after'), nowMs), status >= 400 ? fromText(text) : undefined]
  const known = hints.filter((hint) => hint !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

function fromHeader(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000
  const dateMs = Date.parse(value)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}

function fromText(text: string): number | undefined {
  const found = IN_TEXT.exec(text)
  if (found === null) return undefined
  return Number(found[1]) * (UNIT_MS[found[2]?.toLowerCase() ?? ''] ?? 1000)
}
