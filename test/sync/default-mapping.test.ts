// The default mapping, whole districts at a time: what the bridge serves is what an independent reading of the tables expects.
import { describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openTestBridge } from '../support/bridge.ts'
import { differences, drain } from '../support/roster.ts'

describe('the default mapping on a messy district', () => {
  it.each([1, 2, 3, 4, 5, 6])('publishes record by record what the semantics say (seed %i)', async (seed) => {
    const district = createDistrict({ students: 500, seed, today: '2026-11-18' })
    const bridge = await openTestBridge({ district })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(differences(expectedRoster(district), await drain(bridge))).toEqual([])
  })

  it.each(['2026-08-01', '2026-07-01', '2027-01-04', '2027-06-30'])('chooses the school year on %s', async (today) => {
    const district = createDistrict({ students: 120, seed: 7, today: '2026-11-18' })
    const bridge = await openTestBridge({ district: { ...district, today } })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(differences(expectedRoster({ ...district, today }), await drain(bridge))).toEqual([])
  })

  it('keeps to the schools that the setting names', async () => {
    const district = createDistrict({ students: 400, seed: 8, today: '2026-11-18' })
    const numbers = district.db
      .prepare(`select school_number from schools where school_number not in (0, 999999)`)
      .all()
    const schools = numbers.slice(0, 1).map((row) => Number(row.school_number))
    const bridge = await openTestBridge({ district, settings: { SCHOOLS: schools.join(',') } })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(differences(expectedRoster(district, { schools }), await drain(bridge))).toEqual([])
  })
})
