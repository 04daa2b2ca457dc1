// The simulated PowerSchool as a process of its own. The parent has it change so many things: `{ change, salt }`.
import { parseArgs } from 'node:util'
import { datesInZone } from '../../fixtures/powerschool/calendar.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { servePowerSchool } from '../../fixtures/powerschool/server.ts'
import { createPowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { defaultPlugin } from '../support/plugin.ts'
import { changeDistrict } from './district-changes.ts'
import { endWithParent } from './parent.ts'

const { values } = parseArgs({
  options: { students: { type: 'string', default: '1200' }, enrollments: { type: 'string', default: '7' } },
})
endWithParent()
const district = createDistrict({
  students: Number(values.students),
  seed: 1,
  today: datesInZone('America/Phoenix')(Date.now()),
  perStudentEnrollments: Number(values.enrollments),
})
const simulator = createPowerSchool({ district, now: Date.now })
simulator.plugins.install(defaultPlugin())
const { url } = await servePowerSchool(simulator, 0, { hasControl: true })
process.on('message', ({ change, salt }: { change: number; salt: number }) => {
  changeDistrict(district, change, salt)
  process.send?.({ changed: change })
})
process.send?.({ url, ...simulator.credentials })
