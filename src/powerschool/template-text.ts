// Says what is missing for a template, and what to do about it.

import type { VerdictState } from './query-probe.ts'
import type { Finding } from './template.ts'

type Teller = (findings: readonly Finding[]) => string

const TELLERS: Readonly<Record<Exclude<VerdictState, 'allowed'>, Teller>> = {
  'not-granted': (findings) => `the plugin may not read ${columnsOf(findings).join(', ')}`,
  'not-installed': (findings) => `the plugin lacks the queries of ${sourcesOf(findings)}`,
  'v1-denied': (findings) => `the plugin may not read /ws/v1 (${sourcesOf(findings)})`,
  failed: (findings) => sentences(findings.map(({ detail }) => detail)).join('; '),
}

/** All that the findings say is missing, as a part of a sentence; every column and every source is named. */
export function lackText(findings: readonly Finding[]): string {
  return Object.entries(TELLERS)
    .map(([state, tell]) => ({ tell, found: findings.filter((finding) => finding.state === state) }))
    .filter(({ found }) => found.length > 0)
    .map(({ tell, found }) => tell(found))
    .join('; ')
}

/** What the findings say to do, each once, and then `more`. */
export function remedyText(findings: readonly Finding[], more: string | undefined): string {
  return [...new Set(findings.flatMap(({ remedy }) => remedy ?? [])), ...(more === undefined ? [] : [more])].join(' ')
}

/** The columns that are not granted, each once and sorted. */
function columnsOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.flatMap(({ missing }) => missing ?? []))].sort()
}

function sourcesOf(findings: readonly Finding[]): string {
  return [...new Set(findings.map(({ source }) => source))].join(', ')
}

/** As parts of one: without their full stops, each once. */
function sentences(texts: readonly string[]): string[] {
  return [...new Set(texts.map((text) => text.replace(/\.$/, '')))]
}
