// How a sync that has ended is told to a person.
import type { SyncRecord } from '../store/syncs.ts'
import type { Removal } from '../sync/guard.ts'
import type { CrawlFacts, Durations, HeldRemoval, SyncReport } from '../sync/report.ts'
import { table } from './output.ts'

/** What was published or held, the counts, the diagnostics, and how long it took; or the error with its remedy. */
export function summarizeSync(record: SyncRecord): string {
  // Written by `syncReport` and `errorReport` only.
  const report = record.report as SyncReport | undefined
  const error = record.error as { message: string; remedy?: string } | undefined
  if (error !== undefined)
    return [`The sync ended: ${record.status}.`, error.message, error.remedy ?? ''].join('\n').trim()
  if (report === undefined) return `The sync ended: ${record.status}.`
  const rows = Object.entries(report.counts).map(([name, { active, added, changed, removed, rejected }]) =>
    [name, active, added, changed, removed, rejected].map(String),
  )
  const diagnostics = report.diagnostics.map(({ code, rule, field, count, keys }) => [
    String(count),
    code,
    field === undefined ? rule : `${rule}.${field}`,
    keysText(keys, count),
  ])
  return [
    report.isPublished
      ? `Published as generation ${report.generation} at ${report.publishedAt}.`
      : 'Nothing was published.',
    ...report.held.flatMap(describeHeld),
    ...(report.held.length === 0 ? [] : [RELEASE]),
    '',
    table([['collection', 'active', 'added', 'changed', 'removed', 'rejected'], ...rows]),
    ...(diagnostics.length === 0
      ? []
      : ['', table([['rows', 'diagnostic', 'where', 'keys of the first'], ...diagnostics])]),
    '',
    describeReadiness(report.readiness),
    describeCrawl(report.crawl),
    describeDurations(report.durations),
  ].join('\n')
}

const SHOWN_KEYS = 3

/** Of PowerSchool's rows, for `mapping explain RULE/KEY`. */
export function keysText(keys: readonly (string | number)[], count: number): string {
  const shown = keys.slice(0, SHOWN_KEYS).join(', ')
  return shown !== '' && count > SHOWN_KEYS ? `${shown} …` : shown
}

/** How a sync that is held can be let go. */
export const RELEASE =
  'If that is right, release the held sync: POST /admin/syncs/{id}/resume (docs/operation.md, "A sync"), or set GUARD_SHARE.'

export function describeRemoval({ collection, reason, removed, of, share }: Removal): string {
  const what = {
    nobody: `the first snapshot would have no ${collection}`,
    empty: `all ${of} ${collection} would be removed`,
    share: `${removed} of ${of} ${collection} would be removed (${Math.round(share * 100)} %)`,
  }
  return what[reason]
}

function describeHeld(held: HeldRemoval): string[] {
  const { removed, sourcedIds } = held
  const more = removed > sourcedIds.length ? ', …' : ''
  const ids = sourcedIds.length === 0 ? [] : [`      ${sourcedIds.join(', ')}${more}`]
  return [`Held: ${describeRemoval(held)}.`, ...ids]
}

function describeReadiness({ errors, warnings, isReady }: SyncReport['readiness']): string {
  if (isReady && warnings === 0) return 'School Data Sync would take every record as it is.'
  return `School Data Sync would reject ${errors} and spoil ${warnings}: \`npm run bridge -- readiness\` tells which.`
}

const PARTIAL = {
  rest: 'short lists that stayed the same without their count',
  powerquery: 'what has changed, and all keys',
}

function describeCrawl({ template, isFull, isReused, startedAt, requests, rows, changedRows }: CrawlFacts): string {
  if (isReused)
    return `PowerSchool was not asked: the ${rows} rows that were read from ${startedAt} on were mapped anew.`
  const kind = isFull ? 'every list with its count' : PARTIAL[template]
  return `Read PowerSchool, ${kind}: ${requests} requests, ${rows} rows, ${changedRows} of them new, changed or gone.`
}

function describeDurations({ crawlMs, mapMs, waitMs, publishMs }: Durations): string {
  const stages = { crawl: crawlMs, map: mapMs, wait: waitMs, publish: publishMs }
  return `Took ${Object.entries(stages)
    .map(([stage, ms]) => `${stage} ${(ms / 1_000).toFixed(1)} s`)
    .join(', ')}.`
}
