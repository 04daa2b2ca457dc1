import { test } from 'vitest'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { deleteRow } from '../../fixtures/powerschool/mutations.ts'
import { openTestBridge } from '../support/bridge.ts'
import { readList } from './support.ts'
test('x', async () => {
  const bridge = await openTestBridge({ district: createSmallDistrict(), settings: { TOMBSTONE_LIFETIME: 'PT30M', PIN_LIFETIME: 'PT10M' } })
  await bridge.syncNow()
  bridge.clock.now += 60000
  deleteRow(bridge.district, 'students', 100001)
  await bridge.syncNow()
  const q = { filter: "status='tobedeleted'" }
  console.log((await readList(bridge, '/users', q)).total, (await readList(bridge, '/users', q)).ids)
  bridge.clock.now += 31 * 60000
  await bridge.syncNow()
  console.log((await readList(bridge, '/users', q)).total, (await readList(bridge, '/users', q)).ids)
  console.log((await bridge.get('/users/stu100001')).status)
})
