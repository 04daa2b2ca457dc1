// After a sync the large lists lie ready in compressed pieces; what hinders that never hinders the sync.
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { runUpkeep } from '../../src/sync/upkeep.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { syncWith } from './probes.ts'

const DISTRICT = { students: 300, seed: 8, today: '2026-11-18', perStudentEnrollments: 3 }
const V1P2 = '/ims/oneroster/rostering/v1p2'

const open = () => openTestBridge({ district: createDistrict(DISTRICT) })

const piecesOf = ({ sql }: TestBridge) =>
  sql.all<{ form: string; rows: number }>(
    `select form, sum(rows) as rows from pieces group by form having form like 'enrollments %' order by form`,
  )

async function readsAlike(bridge: TestBridge, path: string): Promise<void> {
  const plain = await bridge.get(path, { 'accept-encoding': 'identity' })
  const packed = await bridge.get(path, { 'accept-encoding': 'gzip' })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(await plain.text())
}

describe('a sync', () => {
  it('leaves every enrollment in pieces, as both versions tell of it', async () => {
    const bridge = await open()
    const { report } = await bridge.syncNow()
    const active = report.counts.enrollments?.active
    expect(piecesOf(bridge)).toEqual([
      { form: 'enrollments v1p1 https://bridge.example.org/ims/oneroster/v1p1', rows: active },
      { form: 'enrollments v1p2 https://bridge.example.org/ims/oneroster/rostering/v1p2', rows: active },
    ])
    for (const collection of ['users', 'enrollments', 'classes']) {
      await readsAlike(bridge, `/${collection}?limit=250&offset=13`)
      await readsAlike(bridge, `${V1P2}/${collection}?limit=250&offset=13`)
    }
  })

  it('succeeds and is read when nothing can be deflated afterwards, and the next one makes up for it', async () => {
    const bridge = await open()
    const deflate = () => Promise.reject(new Error('no memory'))
    const { status } = await syncWith(bridge, 'first', { deflate })
    await runUpkeep({ ...bridge.sync, deflate }, 'first', new AbortController().signal)
    expect(status).toBe('success')
    expect(piecesOf(bridge)).toEqual([])
    expect(bridge.logged.join()).toContain('deflating-failed')
    await readsAlike(bridge, '/enrollments?limit=250')
    await bridge.syncNow()
    expect(piecesOf(bridge)).toHaveLength(2)
  })

  it('that is stopped while it deflates has ended well, and the next one goes on', async () => {
    const bridge = await open()
    const stopper = new AbortController()
    const deflate: typeof bridge.sync.deflate = (bytes, level) => {
      stopper.abort()
      return bridge.sync.deflate(bytes, level)
    }
    const { status } = await syncWith(bridge, 'first', { deflate }, stopper.signal)
    await runUpkeep({ ...bridge.sync, deflate }, 'first', stopper.signal)
    expect([status, stopper.signal.aborted]).toEqual(['success', true])
    expect(bridge.logged.join()).not.toContain('deflating-failed')
    expect(piecesOf(bridge)).toEqual([])
    await bridge.syncNow()
    expect(piecesOf(bridge)).toHaveLength(2)
  })
})
