// What a run of the checker tells a person: what was tried, and how each violation came about.
import type { HistoryResult } from './run-history.ts'
import type { Tally } from './tally.ts'
import { VIOLATIONS } from './violations.ts'

const SHOWN_STEPS = 60

/** Silent about a history in which nothing was wrong. */
export function printHistory({ seed, violations, trace }: HistoryResult, rerun: string): void {
  if (violations.length === 0) return
  console.log(`\nseed ${seed}: ${violations.length} ${violations.length === 1 ? 'violation' : 'violations'}`)
  for (const { name, what } of violations) console.log(`  ${name} (${VIOLATIONS[name]})\n    ${what}`)
  const first = trace.findIndex((step) => step.includes('VIOLATION'))
  const end = first < 0 ? trace.length : first + 1
  console.log('  the steps before the first one:')
  for (const step of trace.slice(Math.max(0, end - SHOWN_STEPS), end)) console.log(`    ${step}`)
  console.log(`  again: ${rerun}`)
}

export function printTally({ counts }: Tally, violations: number, ms: number): void {
  const names = [...counts.keys()].sort()
  const width = Math.max(0, ...names.map((name) => name.length))
  console.log('\nwhat was tried')
  for (const name of names) console.log(`  ${name.padEnd(width)}  ${counts.get(name)}`)
  console.log(`\n${Math.round(ms / 1_000)} s`)
  console.log(`violations: ${violations}`)
}
