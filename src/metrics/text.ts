// What `GET /metrics` answers: what was counted, and what the store tells of the snapshot and of syncs.
import type { Context } from '../context.ts'
import type { GroupReport } from '../groups/report.ts'
import { COLLECTIONS } from '../oneroster/model.ts'
import { readinessMetrics } from '../readiness/report-samples.ts'
import { activeTotals, currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { failuresInARow, latestEnded, latestReport, latestSuccessMs, listSyncs, SYNC_STATUSES } from '../store/syncs.ts'
import { countPins } from '../store/usage.ts'
import type { SyncReport } from '../sync/report.ts'
import { VERSION } from '../version.ts'
import type { Family, Sample } from './format.ts'

/** Anybody may read it: it holds counts, times and ids of consumers; no secret, and nothing of a person. */
export function metricsFamilies({ sql, now, metrics }: Pick<Context, 'sql' | 'now' | 'metrics'>): readonly Family[] {
  return [
    {
      name: 'build_info',
      help: 'Always 1; the labels tell the version.',
      type: 'gauge',
      samples: [{ labels: { version: VERSION }, value: 1 }],
    },
    ...metrics.families(),
    ...snapshotFamilies(sql, now()),
    ...syncFamilies(sql),
    ...reportFamilies(sql),
    ...memberFamilies(sql),
    gauge('store_bytes', 'Size of the database file.', sql.bytes()),
    gauge('pins', 'Queries whose later pages are pinned to a generation.', countPins(sql)),
  ]
}

function gauge(name: string, help: string, value: number | readonly Sample[] | undefined): Family {
  const samples = typeof value === 'number' ? [{ value }] : (value ?? [])
  return { name, help, type: 'gauge', samples }
}

function snapshotFamilies(sql: Sql, nowMs: number): readonly Family[] {
  const snapshot = currentSnapshot(sql)
  const totals = snapshot && activeTotals(sql, snapshot.generation)
  // Narrowed rosters are left out: they would count the same people again.
  const active = COLLECTIONS.flatMap((collection) => {
    const value = totals?.get(collection)
    return value === undefined ? [] : [{ labels: { collection }, value }]
  })
  const publishedMs = snapshot?.timeMs
  return [
    gauge('snapshot_generation', 'Number of the published snapshot.', snapshot?.generation),
    gauge('snapshot_published_timestamp_seconds', 'When the snapshot was published.', seconds(publishedMs)),
    gauge('snapshot_age_seconds', 'Since then.', seconds(publishedMs && Math.max(0, nowMs - publishedMs))),
    gauge('active_records', 'Active records of the snapshot, by collection.', active),
  ]
}

function syncFamilies(sql: Sql): readonly Family[] {
  const [latest] = listSyncs(sql, 1)
  const ended = latestEnded(sql)
  // An alert on a held sync should not fall silent while the next one runs.
  const shown = new Set([ended?.status, latest?.status === 'inProgress' ? 'inProgress' : undefined])
  const states = SYNC_STATUSES.map((status) => ({ labels: { status }, value: shown.has(status) ? 1 : 0 }))
  return [
    gauge(
      'sync_status',
      '1 for the status of the latest sync that has ended, and for inProgress while one runs.',
      states,
    ),
    gauge(
      'sync_last_success_timestamp_seconds',
      'When the latest sync that went well ended.',
      seconds(latestSuccessMs(sql)),
    ),
    gauge('sync_failures_in_a_row', 'Failed syncs since the last that went well.', failuresInARow(sql).count),
  ]
}

/** Of the latest sync that came far enough to have a report. */
function reportFamilies(sql: Sql): readonly Family[] {
  // Written by `syncReport` only; an earlier version of it may have left things out.
  const report = (latestReport(sql)?.report ?? {}) as Partial<SyncReport>
  const stages = Object.entries(report.durations ?? {}).map(([name, ms]) => ({
    labels: { stage: name.replace(/Ms$/, '') },
    value: ms / 1_000,
  }))
  const records = Object.entries(report.counts ?? {}).flatMap(([collection, counts]) =>
    (['added', 'changed', 'removed', 'rejected'] as const).map((change) => ({
      labels: { collection, change },
      value: counts[change],
    })),
  )
  return [
    gauge('sync_stage_duration_seconds', 'Duration of each stage of the latest sync with a report.', stages),
    gauge('sync_records', 'What that sync found, by collection.', records),
    gauge(
      'readiness_findings',
      'Records that School Data Sync would reject (error) or spoil (warning), by rule.',
      report.readiness && readinessMetrics(report.readiness),
    ),
    gauge('sync_diagnostics', 'Rows with a problem in that sync, by code and rule.', diagnosticSamples(report)),
  ]
}

/** Of a group: one that stands still for long is what to be told of. A profile that is no group has no samples. */
function memberFamilies(sql: Sql): readonly Family[] {
  // Written by the group's sync only.
  const { members = [] } = (latestReport(sql)?.report ?? {}) as Partial<GroupReport>
  const states = members.map(({ id, state, problem }) => ({
    labels: { member: id, state, problem: problem?.code ?? '' },
    value: 1,
  }))
  const times = members.flatMap(({ id, publishedAt }) =>
    publishedAt === undefined ? [] : [{ labels: { member: id }, value: Date.parse(publishedAt) / 1_000 }],
  )
  return [
    gauge('group_member', 'Always 1; the labels tell how the latest sync found the member of the group.', states),
    gauge(
      'group_member_snapshot_timestamp_seconds',
      "When the member's snapshot was published that the group has.",
      times,
    ),
  ]
}

/** A rule may have a code in several fields. */
function diagnosticSamples({ diagnostics = [] }: Partial<SyncReport>): readonly Sample[] {
  const byCode = Map.groupBy(diagnostics, ({ code, rule }) => `${code} ${rule}`)
  return [...byCode.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { code, rule } = first
    return [{ labels: { code, rule }, value: group.reduce((sum, { count }) => sum + count, 0) }]
  })
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000
}
