// The crawl against the simulated district: whatever faults strike, the same rows arrive, or none are taken for whole.

import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { FAULT_KINDS, type Fault } from '../../fixtures/powerschool/faults.ts'
import { createPowerSchool, type SimulatorOptions } from '../../fixtures/powerschool/simulator.ts'
import { silentLog } from '../../src/log.ts'
import { checkConnection } from '../../src/powerschool/check.ts'
import { crawl } from '../../src/powerschool/crawl.ts'
import { fakeClient, fakeClock, memoryStore, pause, source } from './fake.ts'

const district = createDistrict({ students: 260, seed: 11, today: '2026-01-15' })

const bySchool = { parent: { placeholder: 'schools.id' } }
const PLAN = [
  source('district', '/ws/v1/district', 'district', { isSingle: true, keyPath: 'uuid' }),
  source('schools', '/ws/v1/district/school', 'schools.school'),
  source('terms', '/ws/v1/school/{schools.id}/term', 'terms.term', { ...bySchool, q: 'start_year=={settings.years}' }),
  source('courses', '/ws/v1/school/{schools.id}/course', 'courses.course', bySchool),
  source('staff', '/ws/v1/school/{schools.id}/staff', 'staffs.staff', { ...bySchool, expand: ['emails'] }),
  source('students', '/ws/v1/district/student', 'students.student', { expand: ['demographics', 'school_enrollment'] }),
  source('sections', '/ws/v1/school/{schools.id}/section', 'sections.section', bySchool),
  source(
    'section_enrollments',
    '/ws/v1/section/{sections.id}/section_enrollment',
    'section_enrollments.section_enrollment',
    {
      parent: { placeholder: 'sections.id' },
    },
  ),
]

function simulated(options: Partial<SimulatorOptions> = {}, faults: readonly Fault[] = []) {
  const clock = fakeClock(Date.parse('2026-01-15T18:00:00Z'))
  const sis = createPowerSchool({ district, now: clock.now, sleep: clock.sleep, seed: 3, ...options })
  sis.faults.add(...faults)
  const { client } = fakeClient(sis, { ...sis.credentials, now: clock.now, sleep: clock.sleep })
  return { sis, client, clock }
}

async function rowsOf(options: Partial<SimulatorOptions> = {}, faults: readonly Fault[] = []) {
  const { sis, client } = simulated(options, faults)
  const store = memoryStore({ years: [2024, 2025] })
  await crawl(PLAN, store, client, { log: silentLog, pause })
  const content = Object.fromEntries(PLAN.map(({ name }) => [name, store.ids(name)]))
  return { content, sis, store }
}

const { content: WHOLE, sis: CALM } = await rowsOf()

describe('the simulated district', () => {
  it('is read whole', () => {
    const count = (sql: string) => Object.values(district.db.prepare(sql).get() ?? {})[0]
    expect(WHOLE.students).toHaveLength(Number(count('select count(*) from students')))
    expect(WHOLE.section_enrollments?.length).toBeGreaterThan(1000)
    expect(CALM.requests.count('/oauth/access_token')).toBe(1)
  })

  it.each([1000, 7])('is the same with %i rows a page', async (pageSize) => {
    expect((await rowsOf({ pageSize })).content).toEqual(WHOLE)
  })

  it.each([403, 429, 503] as const)(
    'is read whole through a request interval that answers %i',
    async (minIntervalStatus) => {
      const { content } = await rowsOf({ pageSize: 1000, minIntervalMs: 150, minIntervalStatus })
      expect(content).toEqual(WHOLE)
    },
  )

  it.each(FAULT_KINDS)('is read whole through %s, now and then', async (kind) => {
    const path = ['short-page', 'repeated-row'].includes(kind) ? /page=/ : /.*/
    const { content, sis } = await rowsOf({ pageSize: 20 }, [{ kind, path, probability: 0.02 }])
    expect(sis.faults.struck(kind)).toBeGreaterThan(0)
    expect(content).toEqual(WHOLE)
  })

  it('with a page that stays short is refused', async () => {
    const fault: Fault = { kind: 'short-page', path: '/ws/v1/district/student', times: 100 }
    await expect(rowsOf({}, [fault])).rejects.toMatchObject({ code: 'powerschool-incomplete' })
  })

  it('without v1 rights is refused with the remedy', async () => {
    await expect(rowsOf({ v1Level: 'NONE' })).rejects.toMatchObject({ code: 'powerschool-rights' })
  })
})

describe('the connection check of the simulated district', () => {
  it('finds all well', async () => {
    const { ok, steps } = await checkConnection(simulated({ pageSize: 1000 }).client)
    expect(steps.map((step) => step.ok)).toEqual([true, true, true, true, true])
    expect(ok).toBe(true)
  })

  it('finds the missing right although metadata answers', async () => {
    const { steps } = await checkConnection(simulated({ v1Level: 'NONE' }).client)
    expect(steps.map(({ name, ok }) => [name, ok])).toEqual([
      ['server', true],
      ['credentials', true],
      ['metadata', true],
      ['v1-rights', false],
    ])
  })
})
