// A synced bridge over a district in which everything occurs that the standard knows.
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { deleteRow, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { openSharedBridge } from '../http/support.ts'
import type { TestBridge } from '../support/bridge.ts'
import { createRichMapping } from './rich-mapping.ts'

/** A synced district of which something has left since, so that there are tombstones. */
export async function openRichBridge(settings: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  const district = createDistrict({ students: 60, seed: 5, today: '2026-11-18', perStudentEnrollments: 4 })
  const bridge = await openSharedBridge({ district, mapping: createRichMapping(), settings })
  await syncWell(bridge)
  const gone = district.db.prepare('select dcid from students where enroll_status = 0 order by dcid limit 2').all()
  for (const { dcid } of gone) transferStudent(district, Number(dcid), null)
  const taken = 'select max(n.dcid) as dcid from sections n join cc on cc.sectionid = n.id where cc.dateleft > ?'
  const section = district.db.prepare(taken).get(district.today)
  deleteRow(district, 'sections', Number(section?.dcid))
  bridge.clock.now += 3_600_000
  await syncWell(bridge)
  bridge.clock.now += 60_000
  return bridge
}

async function syncWell(bridge: TestBridge): Promise<void> {
  const { status } = await bridge.syncNow()
  if (status !== 'success') throw new Error(`the sync ended as ${status}`)
}
