// `GET /metrics`: Prometheus' text, for anybody, without a secret or a person in it.
import { describe, expect, test } from 'vitest'
import { renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN, BASE, CONSUMER } from '../support/known.ts'
import { SMALL_ROSTER } from '../sync/small-district.ts'
import { sync } from './admin-client.ts'
import { bearer, request } from './support.ts'

const SAMPLE = /^(?<name>[a-z_]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/
const LABEL = /([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/g

interface Exposition {
  readonly text: string
  /** `name{label="value"}` without the prefix, the labels sorted → the value. */
  readonly values: ReadonlyMap<string, number>
  /** Of the family, without the prefix. */
  readonly types: ReadonlyMap<string, string>
}

/** Reads the text as strictly as the format is written, and refuses what Prometheus would. */
async function scrape(bridge: TestBridge): Promise<Exposition> {
  const answer = await request(bridge, '/metrics')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const text = await answer.text()
  const values = new Map<string, number>()
  const types = new Map<string, string>()
  let family = ''
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) oneroster_bridge_([a-z_]+) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') {
      expect(types.has(name), line).toBe(false)
      family = name
    } else if (kind === 'TYPE') {
      expect([name, rest], line).toEqual([family, expect.stringMatching(/^(?:counter|gauge|histogram)$/)])
      types.set(name, rest)
    } else {
      const { name: whole = '', labels = '', value = '' } = SAMPLE.exec(line)?.groups ?? {}
      const plain = whole.replace('oneroster_bridge_', '')
      const base = types.get(family) === 'histogram' ? plain.replace(/_(?:bucket|sum|count)$/, '') : plain
      expect(base, line).toBe(family)
      expect(labels.replaceAll(LABEL, ''), line).toBe('')
      const sorted = [...labels.matchAll(LABEL)].map(([, label, text]) => `${label}="${text}"`).sort()
      const key = sorted.length === 0 ? plain : `${plain}{${sorted.join(',')}}`
      expect(values.has(key), line).toBe(false)
      expect(Number.isFinite(Number(value)), line).toBe(true)
      values.set(key, Number(value))
    }
  }
  return { text, values, types }
}

const ofUsers = `consumer="${CONSUMER.id}",operation="getAllUsers",service="${BASE}"`

describe('the metrics', () => {
  test('are there before the first sync, and tell the version', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { values } = await scrape(bridge)
    expect(values.get(`build_info{version="${packageJson.version}"}`)).toBe(1)
    expect(values.get('sync_status{status="success"}')).toBe(0)
    expect(values.get('sync_failures_in_a_row')).toBe(0)
    expect([...values.keys()].filter((name) => name.startsWith('snapshot_'))).toEqual([])
    expect(values.get('store_bytes')).toBeGreaterThan(8_192)
  })

  test('tell of the snapshot and the syncs', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await sync(bridge)
    bridge.clock.now += 90_000
    const { values } = await scrape(bridge)
    expect(values.get('snapshot_generation')).toBe(1)
    expect(values.get('snapshot_published_timestamp_seconds')).toBe(Date.parse('2025-10-15T18:00:00.001Z') / 1_000)
    expect(values.get('snapshot_age_seconds')).toBeCloseTo(89.999, 3)
    for (const [collection, records] of Object.entries(SMALL_ROSTER)) {
      expect(values.get(`active_records{collection="${collection}"}`), collection).toBe(records.length)
      expect(values.get(`sync_records{change="added",collection="${collection}"}`), collection).toBe(records.length)
    }
    expect(values.get('sync_records{change="rejected",collection="users"}')).toBe(1)
    expect(values.get('sync_last_success_timestamp_seconds')).toBe(Date.parse('2025-10-15T18:00:00Z') / 1_000)
    for (const stage of ['crawl', 'map', 'wait', 'publish']) {
      expect(values.get(`sync_stage_duration_seconds{stage="${stage}"}`), stage).toBeGreaterThanOrEqual(0)
    }
    expect([...values.keys()].filter((name) => name.startsWith('sync_diagnostics{')).length).toBeGreaterThan(0)
    expect(values.get('syncs_total{status="success"}')).toBe(1)
    expect(values.get('powerschool_requests_total')).toBeGreaterThan(5)
  })

  test('tell of failures as they are, and of one status at a time', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await sync(bridge)
    bridge.powerSchool.settings.v1Level = 'NONE'
    for (let nth = 1; nth <= 4; nth += 1) await sync(bridge)
    const { values } = await scrape(bridge)
    const states = [...values].filter(([name]) => name.startsWith('sync_status{'))
    expect(states).toHaveLength(6)
    expect(states.filter(([, value]) => value === 1)).toEqual([['sync_status{status="quarantined"}', 1]])
    expect(values.get('sync_failures_in_a_row')).toBe(4)
    expect(values.get('syncs_total{status="success"}')).toBe(1)
    expect(values.get('syncs_total{status="error"}')).toBe(2)
    expect(values.get('syncs_total{status="quarantined"}')).toBe(2)
    // The last report is that of the sync that went well.
    expect(values.get('sync_records{change="added",collection="users"}')).toBe(SMALL_ROSTER.users.length)
  })

  test('count requests by what was asked, by whom, and how it ended', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await bridge.syncNow()
    const answers = [await bridge.get('/users'), await bridge.get('/users?limit=2')]
    const bytes = await Promise.all(answers.map(async (answer) => (await answer.arrayBuffer()).byteLength))
    const token = await bridge.token()
    await request(bridge, `${BASE}/users`, { method: 'HEAD', headers: bearer(token) })
    await bridge.get('/users?limit=0')
    await request(bridge, `${BASE}/users`, { headers: bearer('wrong') })
    await request(bridge, `${BASE}/users`, { method: 'PROPFIND', headers: bearer(token) })
    await bridge.get('/users/stu100001')
    const { values } = await scrape(bridge)
    const requests = (labels: string) => values.get(`requests_total{${labels}}`)
    expect(
      requests(`consumer="${CONSUMER.id}",method="GET",operation="getAllUsers",service="${BASE}",status="200"`),
    ).toBe(2)
    expect(
      requests(`consumer="${CONSUMER.id}",method="HEAD",operation="getAllUsers",service="${BASE}",status="200"`),
    ).toBe(1)
    expect(
      requests(`consumer="${CONSUMER.id}",method="GET",operation="getAllUsers",service="${BASE}",status="400"`),
    ).toBe(1)
    expect(requests(`consumer="",method="GET",operation="getAllUsers",service="${BASE}",status="401"`)).toBe(1)
    expect([...values.keys()].filter((name) => name.includes('method="other"'))).toHaveLength(1)
    expect(requests(`consumer="",method="POST",operation="token",service="token",status="200"`)).toBe(2)
    expect(values.get(`sent_rows_total{${ofUsers}}`)).toBe(SMALL_ROSTER.users.length + 2)
    expect(values.get(`sent_bytes_total{${ofUsers}}`)).toBeGreaterThan(bytes.reduce((sum, each) => sum + each, 0))
  })

  test('time requests by class of operation, each in every bucket that is long enough', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await bridge.syncNow()
    for (const path of ['/users', '/orgs', '/users/stu100001']) await bridge.get(path)
    const { values, types } = await scrape(bridge)
    expect(types.get('request_duration_seconds')).toBe('histogram')
    for (const [kind, count] of [
      ['list', 2],
      ['record', 1],
      ['token', 1],
    ] as const) {
      expect(values.get(`request_duration_seconds_count{class="${kind}"}`), kind).toBe(count)
      const buckets = [...values].filter(([name]) => name.startsWith(`request_duration_seconds_bucket{class="${kind}"`))
      const counts = buckets.map(([, value]) => value)
      expect(counts).toEqual(counts.toSorted((a, b) => a - b))
      expect(buckets.at(-1)).toEqual([`request_duration_seconds_bucket{class="${kind}",le="+Inf"}`, count])
    }
  })

  test('hold no secret, no token and nothing of a person', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await sync(bridge)
    const token = await bridge.token()
    renameStudent(bridge.district, 100_001, 'Nadia', 'Renamed')
    await bridge.get("/users?filter=familyName='Renamed'")
    await request(bridge, `${BASE}/users/stu100001`, { headers: bearer(token) })
    await sync(bridge)
    const { text } = await scrape(bridge)
    for (const secret of [CONSUMER.secret, ADMIN_TOKEN, token]) expect(text).not.toContain(secret)
    const told = Object.values(SMALL_ROSTER).flatMap((records) =>
      records.flatMap((record) =>
        ['sourcedId', 'familyName', 'email', 'identifier', 'username'].flatMap((name) => {
          const value = (record as Readonly<Record<string, unknown>>)[name]
          return typeof value === 'string' && /[a-z]/i.test(value) ? [value] : []
        }),
      ),
    )
    expect(told.length).toBeGreaterThan(30)
    expect(told.filter((value) => text.includes(value))).toEqual([])
  })
})
