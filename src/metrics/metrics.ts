// What is counted while the process lives: requests, what they cost, and how syncs ended.

import { operationsOf } from '../oneroster/operations.ts'
import { SERVICES } from '../oneroster/services.ts'
import type { SyncStatus } from '../store/syncs.ts'
import type { Family, Labels } from './format.ts'

export interface RequestFacts {
  /** The base path of a OneRoster service, or `token`. */
  readonly service: string
  /** The standard's name, `discovery`, or nothing when the path is none's. */
  readonly operation?: string | undefined
  readonly method: string
  readonly status: number
  /** The id of a consumer that has proved to be it; never what a request claims. */
  readonly consumer?: string | undefined
  readonly rows?: number | undefined
  /** Of the body, in UTF-8; left out where nobody counts them. */
  readonly bytes?: number | undefined
  readonly ms: number
}

export interface Metrics {
  request(facts: RequestFacts): void
  syncEnded(status: SyncStatus): void
  /** As they stand now. */
  families(): readonly Family[]
}

export interface MetricsSources {
  /** Requests sent to PowerSchool so far. */
  readonly powerSchoolRequests?: () => number
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Lists and single records differ by a hundred times, so they are timed apart. */
const OPERATION_CLASS: ReadonlyMap<string, string> = new Map([
  ...SERVICES.flatMap((service) =>
    operationsOf(service).map(({ name, isSingle }) => [name, isSingle ? 'record' : 'list'] as const),
  ),
  ['discovery', 'discovery'],
  ['token', 'token'],
])

/** Begins at zero. All labels are from closed lists, or ids of consumers, so that no sender can make them many. */
export function createMetrics({ powerSchoolRequests }: MetricsSources = {}): Metrics {
  const requests = createCounter()
  const rowsSent = createCounter()
  const bytesSent = createCounter()
  const syncs = createCounter()
  const durations = createHistogram(BUCKETS_SECONDS)

  return {
    request({ service, operation = 'none', method, status, consumer = '', rows, bytes, ms }) {
      const knownMethod = METHODS.has(method) ? method : 'other'
      const who = { service, operation, consumer }
      requests.add({ ...who, method: knownMethod, status: String(status) }, 1)
      const hasBody = method !== 'HEAD' && status !== 304
      if (rows !== undefined) rowsSent.add(who, hasBody ? rows : 0)
      if (bytes !== undefined) bytesSent.add(who, hasBody ? bytes : 0)
      durations.observe({ class: OPERATION_CLASS.get(operation) ?? 'none' }, ms / 1_000)
    },
    syncEnded: (status) => syncs.add({ status }, 1),
    families: () => [
      {
        name: 'requests_total',
        help: 'Requests answered since the start, by service, operation, method, status and consumer.',
        type: 'counter',
        samples: requests.samples(),
      },
      {
        name: 'request_duration_seconds',
        help: 'Time until an answer is ready, by class of operation.',
        type: 'histogram',
        samples: durations.samples(),
      },
      { name: 'sent_rows_total', help: 'Records sent since the start.', type: 'counter', samples: rowsSent.samples() },
      {
        name: 'sent_bytes_total',
        help: 'Bytes of bodies sent since the start, as they went out.',
        type: 'counter',
        samples: bytesSent.samples(),
      },
      {
        name: 'syncs_total',
        help: 'Syncs that ended since the start, by status.',
        type: 'counter',
        samples: syncs.samples(),
      },
      {
        name: 'powerschool_requests_total',
        help: 'Requests sent to PowerSchool since the start, tokens left out.',
        type: 'counter',
        samples: powerSchoolRequests === undefined ? [] : [{ value: powerSchoolRequests() }],
      },
    ],
  }
}

function createCounter() {
  const series = new Map<string, { readonly labels: Labels; value: number }>()
  return {
    add(labels: Labels, value: number): void {
      const name = Object.values(labels).join('\n')
      const found = series.get(name)
      if (found === undefined) series.set(name, { labels, value })
      else found.value += value
    },
    samples: () => [...series.values()].map(({ labels, value }) => ({ labels, value })),
  }
}

function createHistogram(bounds: readonly number[]) {
  const series = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number; count: number }>()
  return {
    observe(labels: Labels, value: number): void {
      const name = Object.values(labels).join('\n')
      const found = series.get(name) ?? { labels, counts: bounds.map(() => 0), sum: 0, count: 0 }
      series.set(name, found)
      found.sum += value
      found.count += 1
      bounds.forEach((bound, at) => {
        if (value <= bound) found.counts[at] = (found.counts[at] ?? 0) + 1
      })
    },
    samples: () =>
      [...series.values()].flatMap(({ labels, counts, sum, count }) => [
        ...[...bounds, Number.POSITIVE_INFINITY].map((bound, at) => ({
          suffix: '_bucket',
          labels: { ...labels, le: Number.isFinite(bound) ? String(bound) : '+Inf' },
          value: counts[at] ?? count,
        })),
        { suffix: '_sum', labels, value: sum },
        { suffix: '_count', labels, value: count },
      ]),
  }
}
