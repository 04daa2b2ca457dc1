// Long answers: sent while they are read, whole or visibly broken, and counted when they end.
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { cleanUp } from '../../src/store/clean-up.ts'
import { seeded } from '../powerschool/fake.ts'
import { openTestBridge, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts'
import { asList, request } from './support.ts'

const MINUTE = 60_000
const MORE = 9_000
/** So that a compressed answer is long too. */
const NOISE = noise(200_000)
const WHOLE = '/enrollments?limit=10000'
const ALL_OPERATIONS = `operation="getAllEnrollments"`

/** Nine thousand enrollments of 900 bytes beside the district's own. */
async function longBridge(options: Partial<TestBridgeOptions> = {}): Promise<TestBridge> {
  const bridge = await openTestBridge({ district: createSmallDistrict(), ...options })
  await bridge.syncNow()
  const { sql } = bridge
  const [row] = sql.all<{ seq: number }>('select max(seq) as seq from records_enrollments')
  const seq = row?.seq ?? 0
  sql.run(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${MORE})
     insert into records_enrollments (seq, born, died, sourcedId, status, body)
     select ? + n.i, 1, r.died, printf('zz%05d', n.i), 'active',
       printf('"sourcedId":"zz%05d","status":"active","user":{"href":"\\/users/stu%d","sourcedId":"stu%d","type":"user"},"note":"%s"}',
         n.i, n.i, n.i, substr(?, 1 + (n.i * 7919) % 190000, 800))
     from n cross join records_enrollments r where r.seq = ?`,
    seq,
    NOISE,
    seq,
  )
  sql.run(`update totals set active = active + ${MORE} where collection = 'enrollments'`)
  return bridge
}

function noise(length: number): string {
  const random = seeded(3)
  return Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join('')
}

function readerOf(answer: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (answer.body === null) throw new Error('the answer has no body')
  return answer.body.getReader()
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read()
    if (done) return bytes
    bytes += value.length
  }
}

/** The lines of the log about requests, the last first. */
function requestsOf({ logged }: TestBridge): Record<string, unknown>[] {
  const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>)
  return lines.filter(({ event }) => event === 'request').reverse()
}

async function metric(bridge: TestBridge, name: string): Promise<number> {
  const text = await (await request(bridge, '/metrics')).text()
  const line = text.split('\n').find((one) => one.includes(name) && one.includes(ALL_OPERATIONS)) ?? ''
  return Number(line.split(' ').at(-1))
}

/** As after a publish that nobody pins the old generation from. */
function cleanUpAll({ sql, clock }: TestBridge): void {
  const options = { now: () => clock.now, lifetimeMs: 60 * MINUTE, tombstoneLifetimeMs: 180 * 24 * 60 * MINUTE }
  for (const _ of cleanUp(sql, STORAGE, { ...options, remembered: new Set<string>() }));
}

describe('a long answer', () => {
  it.each([WHOLE, `${WHOLE}&sort=sourcedId&orderBy=desc`, `${WHOLE}&fields=sourcedId,user,note`])(
    'is the same as in short pages, plain and compressed, and tells as much: %s',
    async (path) => {
      const bridge = await longBridge()
      const plain = await bridge.get(path)
      const list = await asList(plain.clone())
      expect(list.total).toBe(list.records.length)
      expect(list.total).toBeGreaterThan(MORE)
      expect((await plain.text()).length).toBeGreaterThan(4_000_000)
      expect(list.headers.get('x-count')).toBe(String(list.total))

      const packed = await bridge.get(path, { 'accept-encoding': 'gzip' })
      const unpacked = JSON.parse(gunzipSync(new Uint8Array(await packed.arrayBuffer())).toString())
      expect(unpacked).toEqual(list.body)

      const pages: unknown[] = []
      for (let offset = 0; offset < list.total; offset += 400) {
        pages.push(...(await asList(await bridge.get(path.replace('10000', `400&offset=${offset}`)))).records)
      }
      expect(pages).toEqual(list.records)

      const head = await request(bridge, `/ims/oneroster/v1p1${path}`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${await bridge.token()}` },
      })
      for (const name of ['x-total-count', 'x-count', 'link', 'etag', 'content-type', 'cache-control', 'vary']) {
        expect(head.headers.get(name), name).toBe(list.headers.get(name))
        expect(packed.headers.get(name), name).toBe(list.headers.get(name))
      }
      expect([head.status, await head.text()]).toEqual([200, ''])
    },
  )

  it('is logged and counted when its last byte was taken, with what was sent', async () => {
    const bridge = await longBridge()
    const answer = await bridge.get(WHOLE)
    expect(requestsOf(bridge).filter(({ operation }) => operation === 'getAllEnrollments')).toEqual([])
    const bytes = (await answer.arrayBuffer()).byteLength
    const rows = Number(answer.headers.get('x-count'))
    const [line] = requestsOf(bridge)
    expect(line).toMatchObject({ operation: 'getAllEnrollments', status: 200, rows, bytes })
    expect(line).not.toHaveProperty('ending')
    expect([await metric(bridge, 'sent_rows_total'), await metric(bridge, 'sent_bytes_total')]).toEqual([rows, bytes])
  })

  it('that its consumer leaves is logged with what was sent till then', async () => {
    const bridge = await longBridge()
    const reader = readerOf(await bridge.get(WHOLE))
    const { value } = await reader.read()
    await reader.cancel()
    const [line] = requestsOf(bridge)
    expect(line).toMatchObject({ status: 200, bytes: value?.length, ending: 'cancelled' })
    expect(line?.rows).toBeGreaterThan(0)
    expect(line?.rows).toBeLessThan(MORE)
    expect(requestsOf(bridge).filter(({ operation }) => operation === 'getAllEnrollments')).toHaveLength(1)
  })

  it.each([{}, { 'accept-encoding': 'gzip' }])(
    'breaks when a record vanishes while it is sent (%o)',
    async (headers) => {
      const bridge = await longBridge()
      const reader = readerOf(await bridge.get(WHOLE, headers))
      await reader.read()
      bridge.sql.run(`delete from records_enrollments where sourcedId = 'zz08999'`)
      await expect(readToEnd(reader)).rejects.toThrow('missing')
      expect(requestsOf(bridge)[0]).toMatchObject({ status: 200, ending: 'broken' })
      expect(bridge.logged.join('\n')).toContain('answer-broken')
    },
  )

  it('breaks when its snapshot was cleaned up, though every record seems to be there', async () => {
    const bridge = await longBridge()
    const reader = readerOf(await bridge.get(WHOLE))
    await reader.read()
    bridge.sql.run('delete from pins')
    bridge.sql.run(
      `insert into generations (number, time, time_ms, head, sync) select number + 1, time, time_ms + 1, head, sync from generations`,
    )
    await expect(readToEnd(reader)).rejects.toThrow('cleaned up')
  })

  it('breaks when the store is closed', async () => {
    const bridge = await longBridge()
    const reader = readerOf(await bridge.get(WHOLE))
    await reader.read()
    bridge.sql.all = () => {
      throw new Error('database is not open')
    }
    await expect(readToEnd(reader)).rejects.toThrow('not open')
    expect(requestsOf(bridge)[0]).toMatchObject({ ending: 'broken' })
  })

  it('keeps its snapshot however slowly it is read', async () => {
    const bridge = await longBridge({ settings: { GUARD_MIN: '100000' } })
    const token = await bridge.token()
    const answer = await bridge.get(WHOLE, { authorization: `Bearer ${token}` })
    const total = Number(answer.headers.get('x-count'))
    const reader = readerOf(answer)
    const { report } = await bridge.syncNow()
    expect(report.isPublished).toBe(true)
    for (let round = 0; round < 5; round += 1) {
      expect((await reader.read()).done).toBe(false)
      bridge.clock.now += 40 * MINUTE
      cleanUpAll(bridge)
    }
    await readToEnd(reader)
    expect(requestsOf(bridge)[0]).toMatchObject({ status: 200, rows: total })
  })
})
